//! What operators say about licences that another system issued.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::licenses::{Addons, Term};

/// Licences of another system.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ImportLicenses {
    /// Product code.
    pub product: String,
    /// At most 1,000.
    pub rows: Vec<NewImport>,
    /// Only say what would be done.
    #[serde(default)]
    pub dry_run: bool,
}

/// A licence of another system.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewImport {
    /// The key that the customer has.
    pub key: String,
    /// The customer's e-mail address.
    pub email: String,
    /// The customer's personal name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The customer's organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Plan code; none: by the tier, else the product's default plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Name of a tier, in any case; a `v1` key says its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// When it ends, past or not; a `v1` key says so itself, every other row has to.
    #[serde(flatten)]
    pub term: Term,
    /// A trial licence.
    #[serde(default)]
    pub trial: bool,
    /// What it is now.
    #[serde(default)]
    pub state: State,
    /// The machine it is bound to: as `licentia fingerprint` prints it, or the 16 digits that a `v1` key is signed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Free attributes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// What is granted beside the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addons: Option<Addons>,
}

/// What a licence of another system is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ImportState))]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// In force, or expired.
    #[default]
    Active,
    /// Stopped for a while.
    Suspended,
    /// Ended for good.
    Revoked,
}

/// What an import did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportReport {
    /// Whether nothing was done.
    pub dry_run: bool,
    /// Rows that are imported.
    pub imported: usize,
    /// Rows that were here already; they stay as they are.
    pub known: usize,
    /// Rows that are not imported.
    pub refused: usize,
    /// Each of them.
    pub rows: Vec<ImportedRow>,
}

impl ImportReport {
    /// One row more.
    pub fn add(&mut self, row: ImportedRow) {
        match row.outcome {
            Outcome::Imported => self.imported += 1,
            Outcome::Known => self.known += 1,
            Outcome::Refused => self.refused += 1,
        }
        self.rows.push(row);
    }
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportedRow {
    /// Its place, from 1.
    pub row: usize,
    /// What became of it.
    pub outcome: Outcome,
    /// The licence here; `null` in a dry run where the key says none.
    pub license_id: Option<Uuid>,
    /// Code of its plan.
    pub plan: Option<String>,
    /// When it ends; `null`: never, or not imported.
    pub expires_at: Option<Timestamp>,
    /// What is wrong with it.
    pub problem: Option<String>,
}

impl ImportedRow {
    /// One that is not imported.
    #[must_use]
    pub fn wrong(row: usize, problem: String) -> Self {
        let (outcome, problem) = (Outcome::Refused, Some(problem));
        Self { row, outcome, license_id: None, plan: None, expires_at: None, problem }
    }

    /// One that was here.
    #[must_use]
    pub fn known(row: usize, license_id: Uuid) -> Self {
        let (outcome, license_id) = (Outcome::Known, Some(license_id));
        Self { row, outcome, license_id, plan: None, expires_at: None, problem: None }
    }
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ImportOutcome))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is imported, or would be.
    Imported,
    /// Its key was here already.
    Known,
    /// It is wrong.
    Refused,
}
