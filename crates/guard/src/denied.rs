//! Errors, split by who must act: the product's user, or whoever configured the product.

use std::borrow::Cow;
use std::fmt;

use serde_json::json;

use crate::reason::Reason;

/// How much of something is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Without end.
    Unlimited,
    /// So much.
    AtMost(u64),
    /// The licence does not name it.
    NotGranted,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlimited => f.write_str("unlimited"),
            Self::AtMost(most) => most.fmt(f),
            Self::NotGranted => f.write_str("none"),
        }
    }
}

/// The least plan that has a feature.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlanNeeded {
    /// Its name.
    pub name: String,
    /// Its tier, where the builder was told.
    pub tier: Option<String>,
}

/// The licence does not cover what was asked. The text names what, the tier in force, and what to do; a web
/// service answers it with 403.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Denied {
    /// A feature that is not granted.
    Feature {
        /// Which.
        feature: String,
        /// The least plan that has it, where the builder was told the plans.
        plan: Option<Box<PlanNeeded>>,
        /// The tier in force.
        tier: String,
        /// Why the licence is not in force, if so.
        reason: Option<Reason>,
    },
    /// A higher tier is needed.
    Tier {
        /// Which, or from which rank on.
        wanted: String,
        /// The tier in force.
        tier: String,
        /// Why the licence is not in force, if so.
        reason: Option<Reason>,
    },
    /// More than is granted.
    Limit {
        /// Of what.
        name: String,
        /// How much was asked for.
        amount: u64,
        /// How much is granted.
        limit: Limit,
        /// The tier in force.
        tier: String,
        /// Why the licence is not in force, if so.
        reason: Option<Reason>,
    },
    /// The product is stopped.
    Stopped {
        /// Why.
        reason: Reason,
    },
}

impl Denied {
    /// The HTTP status that a service answers with.
    pub const STATUS: u16 = 403;

    /// The body of that answer: a problem document (RFC 9457, `application/problem+json`) that names what is needed.
    #[must_use]
    pub fn problem_json(&self) -> String {
        let (code, title, needed) = match self {
            Self::Feature { feature, plan, .. } => (
                "feature_needed",
                "The licence does not have this feature",
                json!({
                    "feature": feature,
                    "plan": plan.as_ref().map(|plan| &plan.name),
                    "tier": plan.as_ref().and_then(|plan| plan.tier.as_ref()),
                }),
            ),
            Self::Tier { wanted, .. } => {
                ("tier_needed", "This requires a higher tier", json!({ "tier": wanted }))
            }
            Self::Limit { name, amount, .. } => (
                "limit_reached",
                "This is more than the licence allows",
                json!({ "limit": name, "amount": amount }),
            ),
            Self::Stopped { .. } => ("stopped", "The product is stopped", json!({})),
        };
        let problem = json!({
            "type": format!("urn:licentia:error:{code}"),
            "title": title,
            "status": Self::STATUS,
            "detail": self.to_string(),
            "code": code,
            "needed": needed,
        });
        problem.to_string()
    }

    /// What to do about it, one sentence.
    #[must_use]
    pub fn advice(&self) -> Cow<'static, str> {
        match self {
            Self::Stopped { reason } => reason.advice(),
            Self::Feature { plan: Some(plan), reason: None, .. } => {
                let plan = &plan.name;
                format!("The plan {plan} includes it: ask the vendor for an upgrade.").into()
            }
            Self::Feature { reason, .. }
            | Self::Tier { reason, .. }
            | Self::Limit { reason, .. } => {
                let upgrade = Cow::Borrowed("Ask the vendor for a plan that includes it.");
                reason.as_ref().map_or(upgrade, Reason::advice)
            }
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Feature { feature, tier, plan, .. } => {
                write!(f, "the feature `{feature}` is not part of the tier {tier}")?;
                if let Some(plan) = plan {
                    write!(f, " but of the plan {}", plan.name)?;
                }
            }
            Self::Tier { wanted, tier, .. } => {
                write!(f, "this requires the tier {wanted} or higher, not {tier}")?;
            }
            Self::Limit { name, amount, limit, tier, .. } => {
                write!(f, "{amount} {name} are more than the tier {tier} allows ({limit})")?;
            }
            Self::Stopped { .. } => f.write_str("the product is stopped")?,
        }
        if let Self::Feature { reason: Some(reason), .. }
        | Self::Tier { reason: Some(reason), .. }
        | Self::Limit { reason: Some(reason), .. }
        | Self::Stopped { reason } = self
        {
            write!(f, ", since {reason}")?;
        }
        write!(f, ". {}", self.advice())
    }
}

impl std::error::Error for Denied {}

/// Why the guard did not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The policy lets the product run only with a licence, and there is none that counts.
    #[error("the product cannot start: {0}")]
    Unlicensed(Reason),
    /// The builder was told something that cannot be; the vendor's developer or the administrator acts.
    #[error("the licence guard is configured wrongly: {0}")]
    Misconfigured(String),
    /// The guard itself failed and the policy does not let the product run without it.
    #[error("the licence guard failed: {0}")]
    Defect(String),
}

impl StartError {
    /// What to do about it, one sentence.
    #[must_use]
    pub fn advice(&self) -> Cow<'static, str> {
        match self {
            Self::Unlicensed(reason) => reason.advice(),
            Self::Misconfigured(_) => Cow::Borrowed("Correct the setting that is named."),
            Self::Defect(_) => {
                Cow::Borrowed("Start again; if it stays, report it to the vendor with the log.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn t4_a_service_answers_403_with_what_is_needed() {
        let denied = Denied::Tier { wanted: "ENTERPRISE".into(), tier: "PRO".into(), reason: None };
        let problem: Value = serde_json::from_str(&denied.problem_json()).unwrap();
        assert_eq!((Denied::STATUS, &problem["status"]), (403, &json!(403)));
        assert_eq!(
            (&problem["code"], &problem["needed"]["tier"]),
            (&json!("tier_needed"), &json!("ENTERPRISE"))
        );
        let detail = problem["detail"].as_str().unwrap();
        assert!(
            detail.starts_with("this requires the tier ENTERPRISE or higher, not PRO."),
            "{detail}"
        );
        let denied = Denied::Feature {
            feature: "x\"y".into(),
            plan: Some(Box::new(PlanNeeded { name: "pro".into(), tier: Some("PRO".into()) })),
            tier: "FREE".into(),
            reason: None,
        };
        let problem: Value = serde_json::from_str(&denied.problem_json()).unwrap();
        assert_eq!(problem["needed"], json!({ "feature": "x\"y", "plan": "pro", "tier": "PRO" }));
    }
}
