//! What an application's `/health` says of its licence (T7).

use serde::Serialize;

use crate::log::time;
use crate::snapshot::Snapshot;
use crate::standing::Standing;

/// A fragment for a health document. It never holds a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// `licensed`, `grace`, `free` or `stopped`.
    pub standing: &'static str,
    /// The tier in force.
    pub tier: String,
    /// The licence's id.
    pub license: Option<String>,
    /// End of the licence, RFC 3339; `null` is perpetual, or none is there.
    pub expires_at: Option<String>,
    /// End of the grace that runs, RFC 3339.
    pub grace_until: Option<String>,
    /// Stable code of why it is not licensed.
    pub reason: Option<String>,
    /// The same in words.
    pub message: Option<String>,
    /// What to do about it.
    pub advice: Option<String>,
    /// Whether the guard acts on what it decides.
    pub enforced: bool,
    /// What the last look at the program found, e.g. `changed rules/default.json`.
    pub findings: Vec<String>,
}

impl Health {
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let license = snapshot.license();
        let reason = snapshot.reason();
        let grace_until = match snapshot.standing() {
            Standing::Grace { until } => Some(time(*until)),
            _ => None,
        };
        Self {
            standing: snapshot.standing().as_str(),
            tier: snapshot.tier().to_owned(),
            license: license.map(|license| license.sub.to_string()),
            expires_at: license.and_then(|license| license.exp).map(time),
            grace_until,
            reason: reason.map(|reason| reason.code().to_owned()),
            message: reason.map(ToString::to_string),
            advice: reason.map(|reason| reason.advice().into_owned()),
            enforced: snapshot.enforcement().is_on(),
            findings: snapshot.findings().iter().map(ToString::to_string).collect(),
        }
    }
}
