//! How another system's words are ours.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use licentia_protocol::import::{NewImport, State};
use licentia_protocol::licenses::Term;
use serde::Deserialize;

use crate::commands::license::issue::end_of_day;

/// Our names of columns.
pub(super) const COLUMNS: &[&str] = &[
    "key",
    "email",
    "name",
    "organization",
    "plan",
    "tier",
    "expires",
    "days",
    "trial",
    "state",
    "fingerprint",
];

/// A mapping, as its file says it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Mapping {
    /// Our column by the name of theirs that holds it: `key = "License Key"`.
    pub(super) columns: BTreeMap<String, String>,
    /// Our plan by their word.
    pub(super) plans: BTreeMap<String, String>,
    /// Our state by their word.
    pub(super) states: BTreeMap<String, State>,
    /// What an empty cell means, by our column.
    pub(super) defaults: BTreeMap<String, String>,
    /// Our attribute by the name of their column.
    pub(super) attributes: BTreeMap<String, String>,
}

impl Mapping {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mapping: Self = toml::from_str(text).map_err(|e| e.to_string())?;
        let known = |name: &&String| !COLUMNS.contains(&name.as_str());
        match mapping.columns.keys().chain(mapping.defaults.keys()).find(known) {
            Some(other) => Err(format!("`{other}` is not one of {}", COLUMNS.join(", "))),
            None => Ok(mapping),
        }
    }

    /// A row by what stands in its columns, which `cell` tells by our names.
    pub(super) fn row(&self, cell: impl Fn(&str) -> Option<String>) -> Result<NewImport, String> {
        let told = |name: &str| {
            let cell = cell(name).map(|cell| cell.trim().to_owned());
            cell.filter(|cell| !cell.is_empty()).or_else(|| self.defaults.get(name).cloned())
        };
        let needed = |name: &str| told(name).ok_or_else(|| format!("it has no `{name}`"));
        let plan = told("plan").map(|word| self.plans.get(&word).cloned().unwrap_or(word));
        let state = match told("state") {
            None => State::Active,
            Some(word) => self.state(&word)?,
        };
        Ok(NewImport {
            key: needed("key")?,
            email: needed("email")?,
            name: told("name"),
            organization: told("organization"),
            plan,
            tier: told("tier"),
            term: term(told("expires").as_deref(), told("days").as_deref())?,
            trial: told("trial").map_or(Ok(false), |word| truth(&word))?,
            state,
            fingerprint: told("fingerprint"),
            ..NewImport::default()
        })
    }

    /// As mapped, else by words that say it themselves.
    pub(super) fn state(&self, word: &str) -> Result<State, String> {
        if let Some(state) = self.states.get(word) {
            return Ok(*state);
        }
        match word.to_ascii_lowercase().as_str() {
            "active" | "expired" | "expiring" | "inactive" => Ok(State::Active),
            "suspended" => Ok(State::Suspended),
            "revoked" | "banned" => Ok(State::Revoked),
            _ => Err(format!("`{word}` is no state that is known; say in `[states]` what it is")),
        }
    }
}

fn truth(word: &str) -> Result<bool, String> {
    match word.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(format!("`{word}` is neither true nor false")),
    }
}

/// A day is valid through its end, UTC.
fn term(expires: Option<&str>, days: Option<&str>) -> Result<Term, String> {
    let wrong =
        |word: &str| format!("`{word}` is no time such as 2027-12-31 or 2027-12-31T12:00:00Z");
    match (expires, days) {
        (None, None) => Ok(Term::default()),
        (Some(_), Some(_)) => Err("it has both `expires` and `days`".into()),
        (None, Some(days)) => {
            let days = days.parse().map_err(|_| format!("`{days}` is no number of days"))?;
            Ok(Term { days: Some(days), ..Term::default() })
        }
        (Some(word), None)
            if ["perpetual", "never", "lifetime"].contains(&word.to_ascii_lowercase().as_str()) =>
        {
            Ok(Term { perpetual: true, ..Term::default() })
        }
        (Some(word), None) => {
            let day = Date::strptime("%Y%m%d", word).or_else(|_| Date::strptime("%Y-%m-%d", word));
            let at = match day {
                Ok(day) => end_of_day(day).map_err(|_| wrong(word))?,
                Err(_) => word.parse::<Timestamp>().map_err(|_| wrong(word))?,
            };
            Ok(Term { expires_at: Some(at), ..Term::default() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_theirs_are_ours_by_the_mapping_and_a_mistake_is_told() {
        let mapping = Mapping::parse(
            "[columns]\nkey = \"License\"\n[plans]\nGold = \"pro\"\n[states]\nFrozen = \"suspended\"\n\
             [defaults]\nexpires = \"perpetual\"\n",
        )
        .unwrap();
        let cell = |name: &str| match name {
            "key" => Some("ABCD-EFGH".to_owned()),
            "email" => Some(" ada@example.com ".to_owned()),
            "plan" => Some("Gold".to_owned()),
            "state" => Some("Frozen".to_owned()),
            _ => None,
        };
        let row = mapping.row(cell).unwrap();
        assert_eq!((row.email.as_str(), row.plan.as_deref()), ("ada@example.com", Some("pro")));
        assert_eq!((row.state, row.term.perpetual), (State::Suspended, true));
        assert!(mapping.state("Melted").unwrap_err().contains("[states]"));
        assert!(mapping.row(|_| None).is_err());
        for wrong in ["[columns]\nkee = \"x\"", "[column]\nkey = \"x\"", "[states]\nx = \"frozen\""]
        {
            assert!(Mapping::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_day_is_valid_through_its_end() {
        let end = |word| term(Some(word), None).unwrap().expires_at.unwrap().to_string();
        assert_eq!(end("20271231"), "2028-01-01T00:00:00Z");
        assert_eq!(end("2027-12-31"), "2028-01-01T00:00:00Z");
        assert_eq!(end("2027-12-31T12:00:00+01:00"), "2027-12-31T11:00:00Z");
        assert!(term(Some("soon"), None).is_err() && term(Some("20271231"), Some("5")).is_err());
    }
}
