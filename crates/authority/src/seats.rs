//! Who may have a seat: one rule for activation and heartbeat.

use licentia_license::License as Claims;
use licentia_model::{Plan, Seat};
use licentia_protocol::Code;
use licentia_protocol::problem::Holder;
use licentia_storage::Transaction;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::denied::Denied;
use crate::error::AuthorityError;

/// How many holders a refusal names.
const HOLDERS_SHOWN: u32 = 20;

/// A seat that may be had.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Claimed {
    /// It is beyond those paid for.
    pub(crate) overage: bool,
    /// Seats taken, with this one.
    pub(crate) taken: u32,
    /// Leases that run beside it and beyond what is allowed: the plan gave the seats of silent holders away.
    pub(crate) overlap: u32,
}

/// Whether this activation may have a seat. Seats are counted as they were held at `as_of`: now, or the beginning
/// of an outage that still counts.
///
/// Call under `lock_license`. A seat that the activation still holds is its own and needs no free one.
pub(crate) async fn claim(
    tx: &mut dyn Transaction,
    license_id: Uuid,
    claims: &Claims,
    plan: &Plan,
    own: Option<&Seat>,
    as_of: i64,
) -> Result<Result<Claimed, Denied>, AuthorityError> {
    let Some(seats) = claims.seats else { return Ok(Ok(Claimed::default())) };
    let except = own.map(|seat| seat.activation_id);
    let others = tx.count_live_seats(license_id, as_of, plan.reclaim_after_s, except).await?;
    let holds = own.is_some_and(|seat| seat.is_live(as_of, plan.reclaim_after_s));
    let most = seats.saturating_add(plan.overage);
    if holds || others < most {
        let taken = others.saturating_add(1);
        let overlap = match plan.reclaim_after_s {
            Some(_) => {
                let leases = tx.count_live_seats(license_id, as_of, None, except).await?;
                leases.saturating_add(1).saturating_sub(most)
            }
            None => 0,
        };
        return Ok(Ok(Claimed { overage: others >= seats, taken, overlap }));
    }
    let mut denied = Denied::new(Code::NoFreeSeat)
        .of(license_id)
        .because(format!("{others} of {seats} seats are taken."));
    for seat in tx.live_seats(license_id, as_of, plan.reclaim_after_s, HOLDERS_SHOWN).await? {
        if let Some(activation) = tx.activation(seat.activation_id).await? {
            denied.holders.push(Holder {
                cluster_id: mask(&activation.cluster_id),
                hostname: activation.hostname.as_deref().map(mask),
                last_seen: timestamp(seat.last_seen),
                lease_until: timestamp(seat.lease_until),
            });
        }
    }
    Ok(Err(denied))
}

/// Whether a cluster of this size is within the licence.
pub(crate) fn check_nodes(
    license_id: Uuid,
    claims: &Claims,
    nodes: Option<u32>,
) -> Result<(), Denied> {
    match (claims.nodes, nodes) {
        (Some(most), Some(nodes)) if nodes > most => Err(Denied::new(Code::TooManyNodes)
            .of(license_id)
            .because(format!("The cluster has {nodes} nodes, the licence allows {most}."))),
        _ => Ok(()),
    }
}

/// Enough of a name for its owner to know it, and not for a stranger.
fn mask(name: &str) -> String {
    let count = name.chars().count();
    let shown = (count / 3).min(6);
    let head: String = name.chars().take(shown).collect();
    let tail: String = name.chars().skip(count - shown.min(3)).collect();
    format!("{head}…{tail}")
}

/// A stored second as a time; outside the calendar's range it is the nearest one.
pub(crate) fn timestamp(seconds: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(seconds).unwrap_or(if seconds < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    })
}

/// What the trail says of a seat.
pub(crate) fn said(seat: &Seat) -> Value {
    json!({ "generation": seat.generation, "lease_until": seat.lease_until })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_shows_neither_all_nor_nothing() {
        assert_eq!(mask("bzzz-cluster-abc123-walnut"), "bzzz-c…nut");
        assert_eq!(mask("walnut"), "wa…ut");
        assert_eq!(mask("a"), "…");
        assert_eq!(mask(""), "…");
    }

    #[test]
    fn times_outside_the_calendar_do_not_fail() {
        assert_eq!(timestamp(0), jiff::Timestamp::UNIX_EPOCH);
        assert_eq!(timestamp(i64::MAX), jiff::Timestamp::MAX);
    }
}
