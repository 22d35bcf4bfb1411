//! An export of Keygen's: licences as its API lists them (JSON:API 1.0), with the policies, owners and users that were
//! asked for along with them.

use std::collections::HashMap;

use licentia_protocol::import::NewImport;
use licentia_protocol::licenses::{Addons, Term};
use serde_json::Value;

use super::Row;
use super::mapping::Mapping;

pub(super) fn read(text: &str, mapping: &Mapping) -> Result<Vec<Row>, String> {
    let whole: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let pages = match whole {
        Value::Array(pages) => pages,
        page => vec![page],
    };
    let mut included = HashMap::new();
    for item in pages.iter().flat_map(|page| list(&page["included"])) {
        if let (Some(kind), Some(id)) = (item["type"].as_str(), item["id"].as_str()) {
            included.insert((kind, id), item);
        }
    }
    let mut rows = Vec::new();
    for item in pages.iter().flat_map(|page| list(&page["data"])) {
        if item["type"] != "licenses" {
            return Err("its `data` holds something else than licences".into());
        }
        let id = item["id"].as_str().unwrap_or("without id");
        rows.push(Row { place: format!("licence {id}"), row: row(item, &included, mapping) });
    }
    Ok(rows)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    // One alone stands there without brackets.
    let one = value.is_object().then_some(value);
    value.as_array().into_iter().flatten().chain(one)
}

fn row(
    item: &Value,
    included: &HashMap<(&str, &str), &Value>,
    mapping: &Mapping,
) -> Result<NewImport, String> {
    let attributes = &item["attributes"];
    let related = |name: &str| {
        let data = &item["relationships"][name]["data"];
        Some((data["type"].as_str()?, data["id"].as_str()?))
    };
    let (policy, owner) = (related("policy"), related("owner").or_else(|| related("user")));
    let of = |found: Option<(&str, &str)>, path: &str| {
        let item = included.get(&found?)?;
        item.pointer(path)?.as_str().map(str::to_owned)
    };
    let metadata = |name: &str| attributes["metadata"][name].as_str().map(str::to_owned);
    let plan = policy.and_then(|(_, id)| mapping.plans.get(id)).cloned().or_else(|| {
        let name = of(policy, "/attributes/name")?;
        Some(mapping.plans.get(&name).cloned().unwrap_or(name))
    });
    let name = of(owner, "/attributes/fullName").or_else(|| {
        let first = of(owner, "/attributes/firstName")?;
        Some(format!("{first} {}", of(owner, "/attributes/lastName").unwrap_or_default()))
    });
    let state = match attributes["suspended"].as_bool() {
        Some(true) => Some("suspended".to_owned()),
        _ => attributes["status"].as_str().map(str::to_owned),
    };
    let cell = |column: &str| match column {
        "key" => attributes["key"].as_str().map(str::to_owned),
        "email" => of(owner, "/attributes/email").or_else(|| metadata("email")),
        "name" => name.clone().or_else(|| attributes["name"].as_str().map(str::to_owned)),
        "organization" => metadata("organization").or_else(|| metadata("company")),
        "plan" => plan.clone(),
        "expires" => attributes["expiry"].as_str().map(str::to_owned),
        "state" => state.clone(),
        _ => None,
    };
    let mut row = mapping.row(cell)?;
    // There `null` is never.
    if row.term == Term::default() {
        row.term.perpetual = true;
    }
    if let Some(machines) = attributes["maxMachines"].as_u64() {
        let seats = u32::try_from(machines).map_err(|_| "`maxMachines` is too large")?;
        row.addons = Some(Addons { seats: Some(Some(seats)), ..Addons::default() });
    }
    for (ours, theirs) in &mapping.attributes {
        let value = match &attributes["metadata"][theirs] {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        row.attributes.insert(ours.clone(), value);
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use licentia_protocol::import::State;

    use super::*;

    const PAGE: &str = r#"{
      "data": [{
        "id": "lic-1", "type": "licenses",
        "attributes": {
          "name": "Laptop", "key": "C1B6DE-39A6E3-DE1529-8559A0-4AF593-V3", "expiry": "2027-03-01T12:00:00.000Z",
          "status": "ACTIVE", "suspended": false, "maxMachines": 3, "protected": true,
          "metadata": { "company": "Analytical Engines", "order": 17 }
        },
        "relationships": {
          "policy": { "data": { "type": "policies", "id": "pol-1" } },
          "owner": { "data": { "type": "users", "id": "usr-1" } }
        }
      }, {
        "id": "lic-2", "type": "licenses",
        "attributes": { "key": "ANOTHER-KEY-2", "expiry": null, "status": "BANNED", "metadata": { "email": "grace@example.com" } },
        "relationships": { "policy": { "data": { "type": "policies", "id": "pol-2" } }, "owner": { "data": null } }
      }, {
        "id": "lic-3", "type": "licenses",
        "attributes": { "key": "ANOTHER-KEY-3", "expiry": null, "status": "ACTIVE", "suspended": true, "metadata": {} },
        "relationships": {}
      }],
      "included": [
        { "id": "usr-1", "type": "users", "attributes": { "email": "ada@example.com", "firstName": "Ada", "lastName": "Lovelace" } },
        { "id": "pol-1", "type": "policies", "attributes": { "name": "Pro" } },
        { "id": "pol-2", "type": "policies", "attributes": { "name": "basic" } }
      ]
    }"#;

    #[test]
    fn an_export_is_read_with_what_belongs_to_its_licences() {
        let mapping =
            Mapping::parse("[plans]\npol-1 = \"pro\"\n[attributes]\norder = \"order\"\n").unwrap();
        let rows = read(&format!("[{PAGE}]"), &mapping).unwrap();
        let first = rows[0].row.as_ref().unwrap();
        assert_eq!(
            (first.email.as_str(), first.name.as_deref()),
            ("ada@example.com", Some("Ada Lovelace"))
        );
        assert_eq!(
            (first.plan.as_deref(), first.organization.as_deref()),
            (Some("pro"), Some("Analytical Engines"))
        );
        assert_eq!(first.term.expires_at.unwrap().to_string(), "2027-03-01T12:00:00Z");
        assert_eq!(first.addons.as_ref().unwrap().seats, Some(Some(3)));
        assert_eq!(first.attributes["order"], "17");
        let second = rows[1].row.as_ref().unwrap();
        assert_eq!((second.state, second.term.perpetual), (State::Revoked, true));
        assert_eq!(
            (second.email.as_str(), second.plan.as_deref()),
            ("grace@example.com", Some("basic"))
        );
        assert_eq!(rows[2].place, "licence lic-3");
        assert!(rows[2].row.as_ref().err().unwrap().contains("email"));
    }

    #[test]
    fn what_is_no_list_of_licences_is_refused() {
        for wrong in ["", "7x", "{\"data\": [{\"type\": \"machines\", \"id\": \"m\"}]}"] {
            assert!(read(wrong, &Mapping::default()).is_err(), "{wrong}");
        }
        assert!(read("{\"errors\": []}", &Mapping::default()).unwrap().is_empty());
    }
}
