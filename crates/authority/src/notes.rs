//! What the log tells of licences: a line a change, in the words of the trail, and never before the change is committed.

use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

/// Something that was done to a licence, or found about it.
#[derive(Debug)]
pub(crate) struct Note {
    /// As in the trail, e.g. `license.suspend`.
    pub(crate) action: String,
    pub(crate) license_id: Uuid,
    /// As in the trail.
    pub(crate) actor: String,
}

/// The notes of one transaction.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<Note>>>);

impl Notes {
    pub(crate) fn add(&self, note: Note) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    }

    /// The transaction is committed.
    pub(crate) fn tell(&self) {
        let notes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for Note { action, license_id: license, actor } in notes {
            match action.as_str() {
                // Told where it was found.
                "license.tampered_row" => {}
                "activation.clone_detected"
                | "activation.taken_over"
                | "chain.broken"
                | "chain.gapped"
                | "chain.forked" => {
                    tracing::warn!(target: "anti_tamper", %license, actor, "[AntiTamper] {action}");
                }
                _ => tracing::info!(target: "license", %license, actor, "[License] {action}"),
            }
        }
    }
}
