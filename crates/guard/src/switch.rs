//! Enforcement that is off, for a while or for good: waivers and graces that the authority signs (decision
//! 41), and the vendor's own *observe only*.

use std::path::Path;

use licentia_license::fingerprint::Fingerprint;
use licentia_license::verify::verify;
use licentia_license::waiver::{GraceGrant, Waiver};
use licentia_license::{Document, Invalid, LEEWAY_S, Trust, Verified};

use crate::discovery::read_text;
use crate::environment::{Environment, Names};
use crate::log;

/// Whether the guard acts on what it decides.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Enforcement {
    /// It does.
    On,
    /// The vendor's developer wants to see only: every check passes, and a refusal is logged.
    ObserveOnly,
    /// As above, since the authority waived it until this second since the epoch.
    Waived {
        /// First second in which it is back.
        until: i64,
        /// Why, as the authority signed it.
        reason: String,
    },
}

impl Enforcement {
    /// Whether the guard acts.
    #[must_use]
    pub fn is_on(&self) -> bool {
        *self == Self::On
    }
}

/// Documents as found; nothing in them is checked yet.
#[derive(Clone, Default)]
pub(crate) struct Papers {
    pub(crate) waiver: Option<String>,
    pub(crate) grace: Option<String>,
}

impl Papers {
    /// What the builder was told, else the environment, else the files beside the program.
    pub(crate) fn find(self, names: &Names, environment: &Environment) -> Self {
        let look = |told: Option<String>, variable: &str, file: &str| {
            told.or_else(|| {
                let (name, value) = names.find(environment, variable)?;
                Some(text_or_file(&name, value))
            })
            .or_else(|| environment.dropped(file).and_then(|path| read_text(&path).ok()))
        };
        Self {
            waiver: look(self.waiver, "LICENSE_WAIVER", "waiver.jwt"),
            grace: look(self.grace, "LICENSE_GRACE", "grace.jwt"),
        }
    }

    /// The waiver, where it counts for this product at this time.
    pub(crate) fn waiver(
        &self,
        product: &str,
        trust: &Trust,
        now: i64,
    ) -> Option<Verified<Waiver>> {
        let waiver: Verified<Waiver> = self.waiver.as_deref().and_then(|text| read(text, trust))?;
        let counts = is_in_force("waiver", &waiver.aud, product, (waiver.iat, waiver.exp), now);
        if counts {
            tracing::warn!(target: "license", until = %log::time(waiver.exp), reason = waiver.reason, who = waiver.who,
                "[License] Enforcement is off until {}: {} ({})", log::time(waiver.exp), waiver.reason, waiver.who);
        }
        counts.then_some(waiver)
    }

    /// The grace, where it counts for this product on this machine at this time.
    pub(crate) fn grace(
        &self,
        product: &str,
        machine: &[Fingerprint],
        trust: &Trust,
        now: i64,
    ) -> Option<Verified<GraceGrant>> {
        let grace: Verified<GraceGrant> =
            self.grace.as_deref().and_then(|text| read(text, trust))?;
        if !is_in_force("grace", &grace.aud, product, (grace.iat, grace.exp), now) {
            return None;
        }
        let here = grace.fingerprint.as_deref().is_none_or(|text| {
            text.parse::<Fingerprint>()
                .is_ok_and(|wanted| machine.iter().any(|own| wanted.is_same_machine(own)))
        });
        if !here {
            tracing::warn!(target: "license", "[License] The grace is for another machine");
        }
        here.then_some(grace)
    }
}

fn text_or_file(name: &str, value: &str) -> String {
    if value.starts_with("eyJ") {
        return value.to_owned();
    }
    read_text(Path::new(value)).unwrap_or_else(|error| {
        tracing::warn!(target: "license", name, %error, "[License] A document cannot be read");
        String::new()
    })
}

fn read<T: Document>(text: &str, trust: &Trust) -> Option<Verified<T>> {
    match verify::<T>(text.trim(), trust) {
        Ok(document) => Some(document),
        Err(invalid) => {
            tracing::warn!(target: "license", typ = T::TYP, code = Invalid::code(&invalid),
                "[License] A document does not count: {invalid}");
            None
        }
    }
}

fn is_in_force(what: &str, aud: &str, product: &str, (iat, exp): (i64, i64), now: i64) -> bool {
    let why = if aud != product {
        "it is for another product"
    } else if iat > now.saturating_add(LEEWAY_S) {
        "it is not valid yet"
    } else if exp <= now {
        "it has ended"
    } else {
        return true;
    };
    tracing::warn!(target: "license", what, "[License] The {what} does not count: {why}");
    false
}
