//! The lines an administrator looks for, in the seeds' words; keys and tokens are in none of them.

use licentia_license::License;
use licentia_protocol::heartbeat::Advice;

use crate::reason::Reason;
use crate::standing::{Machine, Standing};

/// One line for a change of standing.
pub(crate) fn standing(machine: &Machine, license: Option<&License>) {
    let reason = machine.reason();
    let code = reason.map(Reason::code);
    let advice = reason.map(Reason::advice).unwrap_or_default();
    let why = reason.map(ToString::to_string).unwrap_or_default();
    match machine.standing() {
        Standing::Licensed => {
            let tier = license.map_or("", |license| license.tier.as_str());
            let end = match license.and_then(|license| license.exp) {
                // The last second that is valid: a licence to the end of a day names that day.
                Some(at) => format!("expires {}", day(at.saturating_sub(1))),
                None => "PERPETUAL".to_owned(),
            };
            tracing::info!(target: "license", tier, "[License] License validated: {tier} ({end})");
        }
        Standing::Grace { until } if matches!(reason, Some(Reason::Unreachable)) => {
            tracing::warn!(target: "license", code,
                "[License] Heartbeat failed. Grace period active until {}", time(*until));
        }
        Standing::Grace { until } => {
            tracing::warn!(target: "license", code,
                "[License] Grace period active until {}: {why}. {advice}", time(*until));
        }
        Standing::Free => {
            tracing::warn!(target: "license", code, "[License] Running in the free tier: {why}. {advice}");
        }
        Standing::Stopped { reason: Reason::ShutDown } => {
            tracing::info!(target: "license", code, "[License] Shut down");
        }
        Standing::Stopped { .. } => {
            tracing::error!(target: "license", code, "[License] Stopped: {why}. {advice}");
        }
    }
}

/// One line for what would have been decided, where enforcement is off.
pub(crate) fn observed(decided: &Machine) {
    let reason = decided.reason();
    tracing::warn!(target: "policy", standing = decided.standing().as_str(), code = reason.map(Reason::code),
        "[Policy] Enforcement is off; otherwise the product would be {}{}", decided.standing().as_str(),
        reason.map(|reason| format!(": {reason}")).unwrap_or_default());
}

/// One line for a hint of the authority.
pub(crate) fn advice(advice: &Advice) {
    let meter = advice.meter.as_deref().unwrap_or("seats");
    let plan = advice.plan.as_ref().map(|plan| plan.code.as_str());
    let fits = plan.map(|plan| format!("; the plan {plan} would fit")).unwrap_or_default();
    tracing::warn!(target: "policy", kind = ?advice.kind, meter, used = advice.used, limit = advice.limit, plan,
        "[Policy] {} of {} {meter} are used{fits}", advice.used, advice.limit);
}

/// RFC 3339, UTC.
pub(crate) fn time(seconds: i64) -> String {
    let at = jiff::Timestamp::from_second(seconds);
    at.map_or_else(|_| "the end of time".to_owned(), |at| at.to_string())
}

fn day(seconds: i64) -> String {
    time(seconds).chars().take(10).collect()
}
