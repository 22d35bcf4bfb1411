//! Usage: saved while it waits, sent under a name so that it counts once, and never a reason for anything.

use std::collections::BTreeMap;

use super::Engine;
use crate::clock::unguessable;
use crate::contact::Delivery;
use crate::state::Report;

impl Engine {
    /// What to send with the next heartbeat; the same until the authority has acknowledged it.
    pub(super) fn next_report(&mut self) -> Option<Report> {
        self.usage.drain_into(&mut self.state.usage);
        if self.state.report.is_none() && !self.state.usage.is_empty() {
            let id = unguessable(&*self.settings.random).ok()?;
            let usage = std::mem::take(&mut self.state.usage);
            // What the licence neither limits nor allows to be told does not leave the machine.
            let told = |meter: &str| self.license.as_ref().is_some_and(|l| l.reports(meter));
            let usage: BTreeMap<_, _> =
                usage.into_iter().filter(|(meter, _)| told(meter)).collect();
            if !usage.is_empty() {
                self.state.report = Some(Report { id, usage });
            }
        }
        // On disk before it is sent: after a crash it is sent under the same name.
        self.store.save(&self.state);
        self.state.report.clone()
    }

    pub(super) fn reported(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Unknown => return,
            Delivery::Counted => {}
            Delivery::Malformed => {
                tracing::warn!(target: "license", "[License] The authority does not take the usage that was reported; it is dropped");
            }
        }
        self.state.report = None;
        self.store.save(&self.state);
    }

    /// Brings what was counted to the disk.
    pub(super) fn save_usage(&mut self) {
        if !self.store.leads() {
            // Who follows keeps it until it leads.
            return;
        }
        self.usage.drain_into(&mut self.state.usage);
        self.store.save(&self.state);
    }
}
