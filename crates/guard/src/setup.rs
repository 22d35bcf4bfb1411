//! Set-up in the product (B1): a page on which the customer enters key, e-mail, organisation and his consent to the
//! terms, or the same from a command line. The authority judges, the guard begins anew, and the product's YAML
//! configuration keeps what was entered. The access token is never written. Behind the feature `setup`.
//!
//! ```no_run
//! # async fn f() -> Result<(), Box<dyn std::error::Error>> {
//! use licentia::setup::{SetUp, router};
//! let guard = licentia::Guard::builder("bzzz", "…").setup_mode().start_async().await?;
//! let set_up = SetUp::new("BZZZ", "config.yaml").terms("You may …");
//! let app: axum::Router = axum::Router::new().nest("/setup", router(&guard, set_up));
//! # Ok(())
//! # }
//! ```
//!
//! Serve it to whoever installs the product, on loopback or behind the product's own log-in: until a licence is in
//! force, whoever reaches the page may enter one. After that it only shows the standing.

mod form;
mod page;
mod save;
mod web;
mod yaml;

use std::path::PathBuf;

use jiff::Timestamp;

use crate::denied::StartError;
use crate::guard::Guard;
use crate::settings::Setup;

pub use self::save::{SaveError, convert};
pub use self::web::router;
pub use self::yaml::YamlError;

/// The section of the configuration, as the seeds have it.
const SECTION: &str = "license";
/// Longest e-mail address (RFC 5321 section 4.5.3.1.3) and organisation, in characters.
const MAX_EMAIL: usize = 254;
const MAX_ORGANIZATION: usize = 200;

/// What the set-up of a product is about.
#[derive(Debug, Clone)]
#[must_use]
pub struct SetUp {
    name: String,
    configuration: PathBuf,
    terms: Option<String>,
    server_url: Option<String>,
}

/// What a customer entered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// The key, or the text of a licence file.
    pub license: String,
    /// Who sets it up.
    pub email: String,
    /// For which organisation; may be empty.
    pub organization: String,
    /// Whether the terms are accepted.
    pub terms_accepted: bool,
}

/// What stands after a set-up.
#[derive(Debug)]
#[non_exhaustive]
pub struct Done {
    /// Why the configuration was not written, if so: the licence is in force all the same, until a restart.
    pub unsaved: Option<SaveError>,
}

/// Why nothing was set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetUpError {
    /// Fields that have to be corrected, by their names.
    #[error("{}", fields(.0))]
    Fields(Vec<(&'static str, &'static str)>),
    /// A licence is in force already; another one is put into the configuration.
    #[error("a licence is in force already")]
    Licensed,
    /// The guard did not start with it.
    #[error("{0}")]
    Refused(#[from] StartError),
}

fn fields(fields: &[(&str, &str)]) -> String {
    let all: Vec<String> = fields.iter().map(|(name, why)| format!("{name}: {why}")).collect();
    all.join("; ")
}

impl SetUp {
    /// For the product of this name, whose configuration is this YAML file.
    pub fn new(name: impl Into<String>, configuration: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            configuration: configuration.into(),
            terms: None,
            server_url: None,
        }
    }

    /// The terms that have to be accepted, as text.
    pub fn terms(mut self, text: impl Into<String>) -> Self {
        self.terms = Some(text.into());
        self
    }

    /// The authority's address, for the configuration.
    pub fn server_url(mut self, address: impl Into<String>) -> Self {
        self.server_url = Some(address.into());
        self
    }

    /// Sets the product up with what was entered: from the page, or from a command line.
    pub async fn enter(&self, guard: &Guard, entry: &Entry) -> Result<Done, SetUpError> {
        let faults = self.faults(entry);
        if !faults.is_empty() {
            return Err(SetUpError::Fields(faults));
        }
        if guard.is_licensed() {
            return Err(SetUpError::Licensed);
        }
        let accepted = self.terms.as_ref().map(|_| guard.timestamp());
        let organization = entry.organization.trim();
        let setup = Setup {
            email: Some(entry.email.trim().to_owned()),
            organization_name: (!organization.is_empty()).then(|| organization.to_owned()),
            terms_accepted_at: accepted,
        };
        guard.set_up_async(entry.license.trim(), setup.clone()).await?;
        if !guard.is_licensed() {
            // Free without a licence is a start, too, and no set-up.
            let reason = guard.snapshot().reason().cloned().unwrap_or(crate::Reason::Missing);
            return Err(StartError::Unlicensed(reason).into());
        }
        let saved = self.save(guard, entry.license.trim(), &setup, guard.timestamp());
        if let Err(error) = &saved {
            tracing::error!(target: "license", %error, "[License] The licence is in force, but the configuration was not written");
        }
        Ok(Done { unsaved: saved.err() })
    }

    /// What has to be corrected, by field.
    fn faults(&self, entry: &Entry) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        let too_long = |text: &str, most: usize| text.trim().chars().count() > most;
        let control = |text: &str| text.trim().chars().any(char::is_control);
        if entry.license.trim().is_empty() {
            faults.push(("license_key", "Enter the licence key that you were sent."));
        }
        let email = entry.email.trim();
        let (name, host) = email.rsplit_once('@').unwrap_or_default();
        let blank = email.chars().any(|c| c.is_whitespace() || c.is_control());
        if name.is_empty() || host.is_empty() || blank || too_long(email, MAX_EMAIL) {
            faults.push(("email", "Enter an e-mail address such as ada@example.com."));
        }
        if too_long(&entry.organization, MAX_ORGANIZATION) || control(&entry.organization) {
            faults.push(("organization", "Enter at most 200 characters."));
        }
        if self.terms.is_some() && !entry.terms_accepted {
            faults.push(("terms", "The terms have to be accepted."));
        }
        faults
    }
}

impl Guard {
    fn is_licensed(&self) -> bool {
        self.snapshot().decided().is_full()
    }

    fn timestamp(&self) -> Timestamp {
        let seconds = self.now_micros().div_euclid(crate::clock::SECOND);
        Timestamp::from_second(seconds).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_entered_is_checked_field_by_field() {
        let set_up = SetUp::new("BZZZ", "config.yaml").terms("…");
        let names = |entry: &Entry| -> Vec<_> {
            set_up.faults(entry).into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names(&Entry::default()), ["license_key", "email", "terms"]);
        let good = Entry {
            license: " BZZZ-1 ".into(),
            email: "ada@example.com".into(),
            organization: String::new(),
            terms_accepted: true,
        };
        assert_eq!(names(&good), [] as [&str; 0]);
        for email in ["@example.com", "ada@", "a b@c", "ada", &format!("{}@b", "a".repeat(253))] {
            assert_eq!(names(&Entry { email: email.into(), ..good.clone() }), ["email"], "{email}");
        }
        let long = Entry { organization: "é".repeat(201), ..good.clone() };
        assert_eq!(names(&long), ["organization"]);
        let without = SetUp::new("BZZZ", "config.yaml");
        assert_eq!(without.faults(&Entry { terms_accepted: false, ..good }), []);
    }
}
