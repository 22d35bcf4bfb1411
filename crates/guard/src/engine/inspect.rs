//! When the program is looked at, and what follows from what was found (M4, M5).

use std::sync::Arc;

use licentia_license::activation::ActivationProof;
use licentia_license::verify::verify;

use super::Engine;
use crate::clock::SECOND;
use crate::finding::{Area, Finding};
use crate::inspection::{Inspection, News};
use crate::integrity::Proof;
use crate::standing::{Event, Standing};

/// How often it is looked at by itself.
const EVERY: i64 = 600 * SECOND;

impl Engine {
    /// The next look, if now is the time.
    pub(crate) fn inspection(&mut self) -> Option<Inspection> {
        if !self.is_inspected() || self.inspecting || self.next_inspection > self.now_micros() {
            return None;
        }
        self.inspecting = true;
        let proof = self.state.proof.as_deref();
        let proof = proof.and_then(|text| verify::<ActivationProof>(text, &self.trust).ok());
        Some(Inspection {
            inspector: Arc::clone(&self.inspector),
            trust: self.trust.clone(),
            license: self.license.clone(),
            proof: proof.and_then(|proof| proof.artifacts.clone()).map(|digest| Proof { digest }),
        })
    }

    /// Somebody wants to know now.
    pub(crate) fn inspect_now(&mut self) {
        self.next_inspection = i64::MIN;
    }

    /// Whether a look is due or under way.
    pub(crate) fn is_looking(&self) -> bool {
        self.inspecting || self.inspect_at().is_some_and(|at| at <= self.now_micros())
    }

    pub(super) fn is_inspected(&self) -> bool {
        self.inspector.has_work() && !matches!(self.machine.standing(), Standing::Stopped { .. })
    }

    /// When to look next.
    pub(super) fn inspect_at(&self) -> Option<i64> {
        (self.is_inspected() && !self.inspecting).then_some(self.next_inspection)
    }

    /// What was found. A look that failed itself counts as an authority that cannot be reached.
    pub(crate) fn inspected(&mut self, findings: Option<Vec<Finding>>) {
        self.inspecting = false;
        self.next_inspection = self.now_micros().saturating_add(EVERY);
        let Some(findings) = findings else {
            tracing::error!(target: "integrity", "[Integrity] The look at the program failed");
            return self.apply(Event::Unreachable);
        };
        let news = News::of(&findings, &self.findings);
        for finding in &news.fresh {
            self.tell(finding);
        }
        let had = std::mem::replace(&mut self.findings, findings);
        if news.altered {
            self.apply(Event::Integrity);
        }
        if news.tampered {
            self.apply(Event::Tampered);
        }
        if !news.altered && !news.tampered && had.iter().any(|finding| finding.fact.counts()) {
            self.clean();
        }
    }

    /// Nothing is found any more: the way up is open again where the policy leaves it open.
    fn clean(&mut self) {
        tracing::info!(target: "license", "[License] Nothing is found any more that speaks against the program");
        self.apply(Event::Clean);
        if self.online {
            self.hurry();
        } else if self.license.is_some() && self.fault.is_none() {
            self.apply(Event::Verified { expires: self.expires() });
        }
    }

    /// One line, and an entry in the chain of actions where there is one.
    fn tell(&mut self, finding: &Finding) {
        let (fact, name) = (finding.fact.as_str(), finding.name.as_str());
        let detail = finding.detail.as_str();
        match (finding.area, finding.fact.counts()) {
            (Area::Integrity, true) => {
                tracing::error!(target: "integrity", fact, name, detail, "[Integrity] {finding}");
            }
            (Area::Integrity, false) => {
                tracing::warn!(target: "integrity", fact, name, detail, "[Integrity] {finding}");
            }
            (Area::Tamper, _) => {
                tracing::warn!(target: "anti_tamper", fact, name, detail, "[AntiTamper] {finding}");
            }
        }
        let action = match finding.area {
            Area::Integrity => format!("integrity.{fact}"),
            Area::Tamper => format!("anti_tamper.{fact}"),
        };
        // Without a chain, or with a full one, it is in the log.
        let _ = self.records.add(&action, "", name.as_bytes());
    }
}
