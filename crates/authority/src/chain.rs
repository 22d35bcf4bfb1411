//! Checks the chain of actions that a heartbeat brings and keeps its head (decisions 35 and 36).
//!
//! What does not hold is told once: the head moves to where the product stands, so that the next report is judged
//! by itself. A report that was acknowledged and comes again, alone or as the beginning of a longer one, holds.

use licentia_license::chain::{ChainKey, Entry as Sealed, Link, START};
use licentia_model::plan::OnChainBroken;
use licentia_model::{Activation, ChainHead, LicenseState, Plan, Product, Seat};
use licentia_protocol::Code;
use licentia_protocol::heartbeat::{self, Chain, MAX_CHAIN_ENTRIES};
use licentia_storage::Transaction;
use uuid::Uuid;

use crate::activations::activate::salt_text;
use crate::activations::clone::Copied;
use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::credential::{CHAIN_BROKEN, Known};
use crate::denied::Denied;
use crate::error::AuthorityError;

/// Grace of a revocation for a broken chain, in seconds.
const GRACE_S: u32 = 24 * 3600;
/// Largest sequence: what every reader of JSON keeps exact (RFC 8259 section 6).
const MAX_SEQUENCE: u64 = (1 << 53) - 1;

/// What is wrong with a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Sealed under a nonce that does not count, or an entry was changed.
    Broken { at: u64 },
    /// Entries are missing.
    Gap { expected: u64, found: u64 },
    /// Another continuation of a head that has one: the installation was copied.
    Fork { at: u64 },
}

/// What has come of a report.
pub(crate) enum Checked {
    /// The heartbeat goes on.
    Head(heartbeat::ChainHead),
    /// It ends here.
    Refused(Denied),
}

/// A report whose texts have the right shape.
struct Report<'a> {
    nonce: &'a str,
    previous: Link,
    entries: Vec<(Sealed<'a>, Link)>,
}

impl Authority {
    /// Where an activation's chain stands, as products are told.
    pub(crate) async fn chain_of(
        &self,
        tx: &mut dyn Transaction,
        activation: Uuid,
    ) -> Result<heartbeat::ChainHead, AuthorityError> {
        Ok(told(tx.chain_head(activation).await?.as_ref()))
    }

    /// Checks a report and keeps the head. `seat` is as the last answer left it.
    #[expect(
        clippy::too_many_arguments,
        reason = "the rule looks at everything that the key is made of"
    )]
    pub(crate) async fn check_chain(
        &self,
        tx: &mut dyn Transaction,
        chain: &Chain,
        known: &mut Known,
        (product, plan): (&Product, &Plan),
        activation: &Activation,
        seat: &mut Seat,
        actor: &Actor,
    ) -> Result<Checked, AuthorityError> {
        let head = tx.chain_head(activation.id).await?;
        let Some(report) = Report::read(chain) else {
            return Ok(Checked::Refused(malformed()));
        };
        let Some((last, mac)) = report.entries.last().copied() else {
            return Ok(Checked::Head(told(head.as_ref())));
        };
        let counts = report.nonce == seat.server_nonce
            || seat.previous_server_nonce.as_deref() == Some(report.nonce);
        let key = match activation.record.filter(|_| counts) {
            Some(record) => {
                let claims = self.claims_of_record(tx, known.license.id, record).await?;
                Some(ChainKey::derive(
                    claims.signature(),
                    &product.project_seed,
                    &salt_text(activation),
                    report.nonce,
                ))
            }
            None => None,
        };
        let judged = report.judge(key.as_ref(), head.as_ref());
        let moved = ChainHead {
            activation_id: activation.id,
            sequence: last.sequence,
            mac: *mac.as_bytes(),
        };
        if head.as_ref() != Some(&moved) {
            tx.put_chain_head(&moved).await?;
        }
        if let Err(fault) = judged
            && let Some(denied) =
                self.chain_fails(tx, fault, known, plan, activation, seat, actor).await?
        {
            return Ok(Checked::Refused(denied));
        }
        Ok(Checked::Head(told(Some(&moved))))
    }

    /// Event, audit row, and what the plan says; the refusal, where it says one.
    #[expect(clippy::too_many_arguments, reason = "the rule looks at everything")]
    async fn chain_fails(
        &self,
        tx: &mut dyn Transaction,
        fault: Fault,
        known: &mut Known,
        plan: &Plan,
        activation: &Activation,
        seat: &mut Seat,
        actor: &Actor,
    ) -> Result<Option<Denied>, AuthorityError> {
        let id = known.license.id;
        let entry = Entry::new().fact("activation", activation.id.to_string());
        let (action, entry) = match fault {
            Fault::Broken { at } => ("chain.broken", entry.fact("at", at)),
            Fault::Gap { expected, found } => {
                ("chain.gapped", entry.fact("at", expected).fact("found", found))
            }
            Fault::Fork { at } => ("chain.forked", entry.fact("at", at)),
        };
        self.announce(tx, actor, action, id, entry).await?;

        let revocable = !matches!(known.license.state, LicenseState::Revoked { .. });
        let mut denied = None;
        if plan.on_chain_broken == OnChainBroken::Revoke && revocable {
            let license = known.license.clone();
            let reason = Some(CHAIN_BROKEN.to_owned());
            known.license = self.revoke_in(tx, license, reason, GRACE_S, actor).await?;
            let mut refusal = Denied::new(Code::ChainBroken).of(id);
            if let LicenseState::Revoked { grace_until, .. } = known.license.state {
                refusal.grace_until = grace_until;
            }
            denied = Some(refusal);
        }
        if let Fault::Fork { at } = fault {
            let entry =
                Entry::new().fact("activation", activation.id.to_string()).fact("chain_at", at);
            match self.clone_detected(tx, known, plan, entry, actor).await? {
                Copied::GoesOn => {}
                Copied::ActivatesAgain => {
                    seat.make_stale();
                    tx.put_seat(seat).await?;
                    denied.get_or_insert(Code::StaleGeneration.into());
                }
                Copied::Suspended => {
                    denied.get_or_insert(Denied::new(Code::Suspended).of(id));
                }
            }
        }
        Ok(denied)
    }
}

impl<'a> Report<'a> {
    /// `None` where a text has not the right shape.
    fn read(chain: &'a Chain) -> Option<Self> {
        let short = |text: &str| text.chars().count() <= 128;
        let hex = |text: &str| {
            text.len() <= 128 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        let time = |text: &str| {
            text.len() <= 40 && text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok()
        };
        if chain.entries.len() > MAX_CHAIN_ENTRIES || !short(&chain.server_nonce) {
            return None;
        }
        let mut entries = Vec::with_capacity(chain.entries.len());
        for entry in &chain.entries {
            if !(1..=MAX_SEQUENCE).contains(&entry.sequence)
                || !short(&entry.tenant)
                || entry.action.is_empty()
                || !short(&entry.action)
                || !hex(&entry.hash)
                || !time(&entry.time)
            {
                return None;
            }
            let sealed = Sealed {
                sequence: entry.sequence,
                tenant: &entry.tenant,
                action: &entry.action,
                hash: &entry.hash,
                time: &entry.time,
            };
            entries.push((sealed, entry.mac.parse().ok()?));
        }
        Some(Self { nonce: &chain.server_nonce, previous: chain.previous.parse().ok()?, entries })
    }

    /// Whether the report holds in itself, and goes on from the head.
    fn judge(&self, key: Option<&ChainKey>, head: Option<&ChainHead>) -> Result<(), Fault> {
        let Some(first) = self.entries.first().map(|(entry, _)| entry.sequence) else {
            return Ok(());
        };
        let (known, mac) =
            head.map_or((0, START), |head| (head.sequence, Link::from_bytes(head.mac)));
        let Some(key) = key else { return Err(Fault::Broken { at: first }) };
        let (mut previous, mut expected) = (self.previous, first);
        for (entry, mac) in &self.entries {
            if entry.sequence != expected {
                return Err(Fault::Gap { expected, found: entry.sequence });
            }
            if !key.holds(&previous, entry, mac) {
                return Err(Fault::Broken { at: expected });
            }
            (previous, expected) = (*mac, expected + 1);
        }
        if first > known + 1 {
            return Err(Fault::Gap { expected: known + 1, found: first });
        }
        let continues = if first == known + 1 {
            self.previous == mac
        } else {
            // It begins before the head: a repeat holds the head itself.
            self.entries.iter().any(|(entry, sealed)| entry.sequence == known && *sealed == mac)
        };
        match (continues, known) {
            (true, _) => Ok(()),
            (false, 0) => Err(Fault::Broken { at: first }),
            (false, _) => Err(Fault::Fork { at: first }),
        }
    }
}

pub(crate) fn told(head: Option<&ChainHead>) -> heartbeat::ChainHead {
    let (sequence, mac) =
        head.map_or((0, START), |head| (head.sequence, Link::from_bytes(head.mac)));
    heartbeat::ChainHead { sequence, head: mac.to_string() }
}

fn malformed() -> Denied {
    Denied::malformed(format!(
        "`chain` holds at most {MAX_CHAIN_ENTRIES} entries, each with a sequence from 1, a tenant and an action of at \
         most 128 characters, a hash in lower-case hex, a time such as 2026-01-01T00:00:00Z, and MACs of 64 hex digits."
    ))
}
