//! Comma-separated values, under the mapping.

use super::Row;
use super::mapping::{COLUMNS, Mapping};
use crate::commands::license::csv::Records;

pub(super) fn read(text: &str, mapping: &Mapping) -> Result<Vec<Row>, String> {
    let mut records = Records::new(text.as_bytes());
    let head = records.next().ok_or("it is empty")??.1;
    let at = |name: &str| head.iter().position(|column| column.trim() == name);
    for theirs in mapping.columns.values().chain(mapping.attributes.values()) {
        at(theirs).ok_or_else(|| format!("line 1: there is no column `{theirs}`"))?;
    }
    // Where a column goes by our name, nothing has to be said.
    let place = |ours: &str| match mapping.columns.get(ours) {
        Some(theirs) => at(theirs),
        None => at(ours),
    };
    let places: Vec<(&str, Option<usize>)> =
        COLUMNS.iter().map(|ours| (*ours, place(ours))).collect();
    if !places.iter().any(|(ours, place)| *ours == "key" && place.is_some()) {
        return Err("line 1: no column holds the key; say in `[columns]` which one does".into());
    }
    let mut rows = Vec::new();
    for record in records {
        let (line, cells) = record?;
        let row = if cells.len() == head.len() {
            let cell = |ours: &str| {
                let place = places.iter().find(|(name, _)| *name == ours)?.1?;
                cells.get(place).cloned()
            };
            mapping.row(cell).map(|mut row| {
                for (ours, theirs) in &mapping.attributes {
                    let value = at(theirs).and_then(|place| cells.get(place));
                    if let Some(value) = value.filter(|value| !value.trim().is_empty()) {
                        row.attributes.insert(ours.clone(), value.trim().to_owned());
                    }
                }
                row
            })
        } else {
            Err(format!("{} cells where the first line has {}", cells.len(), head.len()))
        };
        rows.push(Row { place: format!("line {line}"), row });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_go_by_our_names_or_by_the_mapping() {
        let mapping = Mapping::parse(
            "[columns]\nkey = \"License Key\"\nexpires = \"Valid until\"\n[attributes]\norder = \"Order\"\n",
        )
        .unwrap();
        let text = "email,License Key,Valid until,Order\nada@example.com,ABCD-EFGH,20271231,17\n,WXYZ-WXYZ,,\na,b\n";
        let rows = read(text, &mapping).unwrap();
        let first = rows[0].row.as_ref().unwrap();
        assert_eq!((first.key.as_str(), first.attributes["order"].as_str()), ("ABCD-EFGH", "17"));
        assert!(rows[1].row.as_ref().err().unwrap().contains("email"));
        assert_eq!(rows[2].place, "line 4");
        assert!(rows[2].row.as_ref().err().unwrap().contains("cells"));
        assert!(read("email,other\n", &mapping).err().unwrap().contains("Valid until"));
        assert!(read("email,other\n", &Mapping::default()).err().unwrap().contains("[columns]"));
    }
}
