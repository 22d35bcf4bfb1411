//! One look at the program: integrity and tampering together, on a thread where nothing waits for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use licentia_license::{License, Trust, Verified};

use crate::environment::Environment;
use crate::finding::{Area, Finding};
use crate::integrity::{Checker, Proof};
use crate::tamper::Tamper;

/// What is looked at; the same all the while.
#[derive(Clone, Default)]
pub(crate) struct Inspector {
    pub(crate) checker: Option<Checker>,
    pub(crate) tamper: Option<Tamper>,
    pub(crate) environment: Environment,
}

impl Inspector {
    pub(crate) fn has_work(&self) -> bool {
        self.checker.is_some() || self.tamper.is_some()
    }
}

/// One look, complete, so that it can be taken elsewhere.
pub(crate) struct Inspection {
    pub(crate) inspector: Arc<Inspector>,
    pub(crate) trust: Trust,
    pub(crate) license: Option<Arc<Verified<License>>>,
    pub(crate) proof: Option<Proof>,
}

impl Inspection {
    pub(crate) fn run(self) -> Vec<Finding> {
        let checker = self.inspector.checker.as_ref();
        let mut findings = checker
            .map(|checker| checker.check(&self.trust, self.proof.as_ref()))
            .unwrap_or_default();
        if let Some(tamper) = &self.inspector.tamper {
            let license = self.license.as_deref().map(Verified::claims);
            findings.extend(tamper.check(&self.inspector.environment, license));
        }
        findings
    }
}

/// What a look came to, beside what the last one did.
pub(crate) struct News {
    pub(crate) tampered: bool,
    pub(crate) altered: bool,
    pub(crate) fresh: Vec<Finding>,
}

impl News {
    pub(crate) fn of(findings: &[Finding], before: &[Finding]) -> Self {
        let counts = |area| findings.iter().any(|f| f.area == area && f.fact.counts());
        let before: BTreeSet<&Finding> = before.iter().collect();
        Self {
            tampered: counts(Area::Tamper),
            altered: counts(Area::Integrity),
            fresh: findings.iter().filter(|f| !before.contains(f)).cloned().collect(),
        }
    }
}
