//! Lists as files: CSV (RFC 4180) or JSON, a row at a time, so that their length does not matter.

use std::str::FromStr;

use serde::Serialize;
use serde_json::Value;

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// A heading and a line a row.
    Csv,
    /// One array, a row a line.
    #[default]
    Json,
}

/// Not the name of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("wants `csv` or `json`")]
pub struct UnknownFormat;

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(word: &str) -> Result<Self, UnknownFormat> {
        match word {
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            _ => Err(UnknownFormat),
        }
    }
}

/// What can be a row.
pub trait Row: Serialize {
    /// The columns of the CSV, which are fields of the row; `customer.email` is a field of a field.
    const COLUMNS: &'static [&'static str];
}

/// Writes one file.
#[derive(Debug, Clone, Copy)]
pub struct Writer {
    format: Format,
    begun: bool,
}

impl Writer {
    /// Begins a file.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self { format, begun: false }
    }

    /// The text of so many rows.
    pub fn rows<T: Row>(&mut self, rows: &[T]) -> Result<String, serde_json::Error> {
        let mut text = String::new();
        if !self.begun {
            match self.format {
                Format::Csv => line(&mut text, T::COLUMNS.iter().map(|name| (*name).to_owned())),
                Format::Json => text.push('['),
            }
        }
        for row in rows {
            match self.format {
                Format::Csv => {
                    let row = serde_json::to_value(row)?;
                    line(&mut text, T::COLUMNS.iter().map(|name| cell(field(&row, name))));
                }
                Format::Json => {
                    text.push_str(if self.begun { ",\n" } else { "\n" });
                    text.push_str(&serde_json::to_string(row)?);
                }
            }
            self.begun = true;
        }
        self.begun = true;
        Ok(text)
    }

    /// What ends the file.
    #[must_use]
    pub fn end(&self) -> &'static str {
        match self.format {
            Format::Csv => "",
            Format::Json => "\n]\n",
        }
    }
}

fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            text.push(',');
        }
        if cell.contains([',', '"', '\r', '\n']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(&cell);
        }
    }
    text.push_str("\r\n");
}

fn field<'a>(row: &'a Value, name: &str) -> &'a Value {
    name.split('.').fold(row, |value, name| &value[name])
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        // A spreadsheet takes what begins so for a formula.
        Value::String(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
            format!("'{text}")
        }
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Named {
        name: &'static str,
        count: Option<u32>,
        list: Vec<u8>,
    }

    impl Row for Named {
        const COLUMNS: &'static [&'static str] = &["name", "count", "list"];
    }

    fn rows() -> [Named; 3] {
        let row = |name, count| Named { name, count, list: vec![1, 2] };
        [row("a \"b\", c\nd", None), row("=1+1", Some(2)), row("plain", Some(3))]
    }

    fn file(format: Format, pages: &[&[Named]]) -> String {
        let mut writer = Writer::new(format);
        let pages: String = pages.iter().map(|page| writer.rows(page).unwrap()).collect();
        pages + writer.end()
    }

    #[test]
    fn csv_is_quoted_and_holds_no_formula() {
        let expected = "name,count,list\r\n\"a \"\"b\"\", c\nd\",,\"[1,2]\"\r\n'=1+1,2,\"[1,2]\"\r\nplain,3,\"[1,2]\"\r\n";
        assert_eq!(file(Format::Csv, &[&rows()[..1], &rows()[1..]]), expected);
        assert_eq!(file(Format::Csv, &[&[]]), "name,count,list\r\n");
    }

    #[test]
    fn json_is_one_array_however_it_is_cut() {
        for pages in [vec![], vec![rows().len()], vec![1, 0, 2]] {
            let all = rows();
            let mut rest = &all[..];
            let mut parts = Vec::new();
            for length in &pages {
                let (part, others) = rest.split_at(*length);
                parts.push(part);
                rest = others;
            }
            if parts.is_empty() {
                parts.push(&all[..0]);
            }
            let read: Vec<Value> = serde_json::from_str(&file(Format::Json, &parts)).unwrap();
            assert_eq!(read.len(), pages.iter().sum::<usize>());
        }
    }
}
