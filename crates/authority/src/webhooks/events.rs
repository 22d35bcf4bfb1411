//! What webhooks are told, and when. `docs/webhooks.md` is made of this, with an example of each that really was sent.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// A kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventType {
    /// Its name, the `type` of a call.
    pub name: &'static str,
    /// The action in the audit trail, or the notice, that it tells of.
    pub action: &'static str,
    /// When it happens.
    pub about: &'static str,
}

/// The call that an operator makes to try a webhook.
pub const TEST: &str = "webhook.test";

/// Every kind but the test.
pub const EVENTS: &[EventType] = &[
    event("license.issued", "license.issue", "A licence was issued."),
    event("license.renewed", "license.renew", "A licence has another end."),
    event("license.plan_changed", "license.change_plan", "A licence is of another plan."),
    event("license.addons_changed", "license.addons", "What is granted beside the plan changed."),
    event("license.converted", "license.convert", "A trial was turned into a full licence."),
    event(
        "license.transferred",
        "license.transfer",
        "A licence belongs to another customer; its former keys are void.",
    ),
    event(
        "license.reissued",
        "license.reissue",
        "A licence was signed anew; what it grants is the same.",
    ),
    event(
        "license.key_replaced",
        "license.replace_key",
        "A licence has a new key, and the one before is revoked.",
    ),
    event(
        "license.imported",
        "license.import",
        "A licence of another system was taken over, with its key.",
    ),
    event(
        "license.maintained",
        "license.maintain",
        "Updates are part of a licence until another day; the right to use it is the same.",
    ),
    event(
        "license.ends_earlier",
        "license.ends_earlier",
        "A licence ends earlier: a subscription was cancelled, and what is paid runs out.",
    ),
    event(
        "license.renewal_requested",
        "license.renewal_requested",
        "A customer asks in the portal that his licence be renewed.",
    ),
    event(
        "license.key_revoked",
        "key.revoke",
        "One key of a licence counts no more; the licence and its other keys do.",
    ),
    event("license.suspended", "license.suspend", "A licence is suspended; its products stop."),
    event("license.resumed", "license.resume", "A suspended licence is in force again."),
    event("license.cancelled", "license.cancel", "A licence was given up."),
    event("license.revoked", "license.revoke", "A licence was revoked, for good."),
    event("license.expiring", EXPIRING, "A licence ends in so many days."),
    event("license.trial_ending", TRIAL_ENDING, "A trial ends in so many days."),
    event("license.expired", EXPIRED, "A licence has ended."),
    event(
        "license.tampered",
        "license.tampered_row",
        "A row of the database contradicts the signed licence, which counts.",
    ),
    event(
        "activation.created",
        "activation.activate",
        "An installation has taken a seat for the first time.",
    ),
    event("activation.released", "activation.release", "An operator has given a seat back."),
    event(
        "activation.taken_over",
        "activation.taken_over",
        "Another machine took over an installation's seat.",
    ),
    event(
        "activation.clone_detected",
        "activation.clone_detected",
        "Two copies of one installation are running.",
    ),
    event(
        "activation.chain_broken",
        "chain.broken",
        "An entry of an installation's chain of actions does not hold.",
    ),
    event(
        "activation.chain_gapped",
        "chain.gapped",
        "Entries of an installation's chain of actions are missing.",
    ),
    event(
        "activation.chain_forked",
        "chain.forked",
        "An installation's chain of actions goes on in two ways: it was copied.",
    ),
    event("payment.paid", "payment.paid", "Something was paid for a licence."),
    event("payment.failed", "payment.failed", "A payment failed; the provider tries again."),
    event("payment.refunded", "payment.refunded", "All of a payment went back."),
    event("payment.disputed", "payment.disputed", "A payment is disputed."),
    event("payment.dispute_won", "payment.dispute_won", "A dispute ended in the vendor's favour."),
    event(
        "payment.subscription_changed",
        "payment.subscription",
        "A subscription is another one from now on: its plan, its state, whether it goes on.",
    ),
    event("payment.subscription_ended", "payment.subscription_ended", "A subscription has ended."),
];

/// What is announced, and is nobody's business outside: a debug build stops at any other that has no kind.
const INSIDE: &[&str] = &["license.show_key"];

/// Notices by the clock, as they stand in the outbox.
pub(crate) const EXPIRING: &str = "license.expiring";
pub(crate) const TRIAL_ENDING: &str = "license.trial_ending";
pub(crate) const EXPIRED: &str = "license.expired";

const fn event(name: &'static str, action: &'static str, about: &'static str) -> EventType {
    EventType { name, action, about }
}

/// The kind that tells of an action; `None`: nobody outside cares.
pub(crate) fn of_action(action: &str) -> Option<&'static EventType> {
    EVENTS.iter().find(|event| event.action == action)
}

/// Whether it was thought of who is told of an action.
pub(crate) fn is_settled(action: &str) -> bool {
    INSIDE.contains(&action) || of_action(action).is_some()
}

/// Whether there is such a kind.
pub(crate) fn is_known(name: &str) -> bool {
    EVENTS.iter().any(|event| event.name == name)
}

/// The body of a call. Facts are those of the audit trail, with times as RFC 3339.
pub(crate) fn body(name: &str, at: i64, license: Option<uuid::Uuid>, facts: Value) -> Value {
    let mut data = Map::new();
    if let Some(id) = license {
        data.insert("license_id".into(), json!(id));
    }
    if let Value::Object(facts) = facts {
        // What is kept only as a commitment says nothing to others.
        data.extend(facts.into_iter().filter(|(_, value)| !is_commitment(value)).map(readable));
    }
    json!({ "type": name, "timestamp": time(at), "data": data })
}

fn is_commitment(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with("sha256:"))
}

fn readable((name, value): (String, Value)) -> (String, Value) {
    let value = match (name.as_str(), value) {
        (_, Value::Object(map)) => Value::Object(map.into_iter().map(readable).collect()),
        ("expires_at" | "grace_until" | "starts_at", Value::Number(at)) => {
            at.as_i64().map_or(Value::Null, time)
        }
        (_, value) => value,
    };
    (name, value)
}

fn time(at: i64) -> Value {
    json!(Timestamp::from_second(at).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_readable_times_and_nothing_committed() {
        let facts = json!({
            "before": { "expires_at": 0, "seats": 3 }, "expires_at": null, "email": "sha256:ab", "days": 7,
        });
        let body = body("license.renewed", 60, Some(uuid::Uuid::nil()), facts);
        assert_eq!(
            body,
            json!({
                "type": "license.renewed", "timestamp": "1970-01-01T00:01:00Z",
                "data": {
                    "license_id": uuid::Uuid::nil(), "days": 7, "expires_at": null,
                    "before": { "expires_at": "1970-01-01T00:00:00Z", "seats": 3 },
                },
            })
        );
    }

    #[test]
    fn names_and_actions_are_each_there_once() {
        for (place, event) in EVENTS.iter().enumerate() {
            assert_eq!(EVENTS.iter().position(|other| other.name == event.name), Some(place));
            assert_eq!(EVENTS.iter().position(|other| other.action == event.action), Some(place));
        }
    }
}
