//! The chain of actions between what was recorded, the disk and the heartbeats.

use licentia_protocol::heartbeat;

use super::Engine;
use crate::contact::{Chained, Delivery};

impl Engine {
    /// What goes along with the next heartbeat; on disk before it is sent.
    pub(super) fn next_chain(&mut self) -> Option<heartbeat::Chain> {
        self.save_chain();
        self.chain.as_ref()?.report()
    }

    /// Takes what was recorded, and brings it to the disk.
    pub(super) fn save_chain(&mut self) {
        let Some(chain) = &mut self.chain else { return };
        if !self.store.leads() {
            // Who follows keeps it until it leads.
            return;
        }
        if !chain.is_loaded() {
            let left = self.store.load_chain();
            self.records.kept(left.len());
            chain.load(left);
        }
        chain.extend(self.records.drain());
        if let Some(kept) = chain.unsaved() {
            self.store.save_chain(kept);
        }
    }

    /// So many do not wait for the next heartbeat.
    pub(super) fn deliver_many(&mut self) {
        let pressing = self.chain.as_ref().is_some_and(super::Chain::is_pressing);
        if pressing && self.session.is_some() {
            self.hurry();
        }
    }

    /// What came of the chain with a contact that granted; whether the rest should follow at once.
    pub(super) fn chained(&mut self, chained: Chained, server_nonce: &str) -> bool {
        self.save_chain();
        let Some(chain) = &mut self.chain else { return false };
        let activation = self.session.as_ref().map(|session| session.activation_id);
        let done = match (chained, activation) {
            (Chained::Begins(beginning), Some(activation)) => {
                chain.begin(activation, beginning, server_nonce)
            }
            (Chained::Sent(head), _) => {
                chain.renewed(server_nonce);
                let done = head.and_then(|head| chain.acknowledged(&head));
                if done.is_none() {
                    // Nobody knows where it stands: an activation tells.
                    self.session = None;
                }
                done.unwrap_or_default()
            }
            (Chained::Begins(_) | Chained::Nothing, _) => {
                chain.renewed(server_nonce);
                0
            }
        };
        self.records.done(done);
        let more = done > 0 && !chain.is_empty();
        self.save_chain();
        more
    }

    /// The heartbeat that brought it was no good.
    pub(super) fn chain_reported(&mut self, delivery: Delivery) {
        let Some(chain) = self.chain.as_mut().filter(|_| delivery == Delivery::Malformed) else {
            return;
        };
        let dropped = chain.drop_sent();
        self.records.done(dropped);
        tracing::warn!(target: "license", dropped,
            "[License] The authority does not take the actions that were recorded; they are dropped");
        self.save_chain();
    }
}
