//! What a licence grants: what its plan says, and what was agreed beside it.
//!
//! The agreement rests in the signed licence, as an attribute: no column of the database grants anything.

use std::collections::BTreeMap;

use licentia_license::License as Claims;
use licentia_license::claims::Text;
use licentia_model::Plan;
use licentia_protocol::licenses::Addons;

use crate::distribution::coverage::MAINTAINED;
use crate::error::AuthorityError;

/// The attribute that holds what was agreed beside the plan.
const ADDONS: &str = "licentia.addons";
/// Most names in an agreement, and the longest of them.
const MOST_NAMES: usize = 200;
const LONGEST_NAME: usize = 200;

/// What a plan grants, in the words of the claims.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Grant {
    pub(crate) features: Vec<Text>,
    pub(crate) limits: BTreeMap<Text, Option<u64>>,
    seats: Option<u32>,
    nodes: Option<u32>,
}

impl Grant {
    /// The plan alone.
    pub(crate) fn of(plan: &Plan) -> Self {
        Self {
            features: plan.features.iter().map(Text::from).collect(),
            limits: plan.limits.iter().map(|(name, most)| (name.into(), *most)).collect(),
            seats: plan.seats,
            nodes: plan.nodes,
        }
    }

    fn with(mut self, addons: &Addons) -> Self {
        self.features.retain(|feature| !addons.without.contains(feature.as_str()));
        for feature in &addons.features {
            if !self.features.iter().any(|granted| granted == feature.as_str()) {
                self.features.push(feature.into());
            }
        }
        self.limits.extend(addons.limits.iter().map(|(name, most)| (name.into(), *most)));
        self.seats = addons.seats.unwrap_or(self.seats);
        self.nodes = addons.nodes.unwrap_or(self.nodes);
        self
    }
}

/// Puts a plan, and what was agreed beside it, into the claims.
pub(crate) fn grant(claims: &mut Claims, plan: &Plan, addons: Option<&Addons>) {
    let addons = addons.filter(|addons| **addons != Addons::default());
    let grant = Grant::of(plan);
    let grant = match addons {
        Some(addons) => grant.with(addons),
        None => grant,
    };
    claims.tier = plan.tier.as_str().into();
    claims.rank = plan.rank;
    claims.plan = plan.code.as_str().into();
    claims.features = grant.features;
    claims.limits = grant.limits;
    claims.seats = grant.seats;
    claims.nodes = grant.nodes;
    maintain(claims, plan);
    claims.telemetry = plan.telemetry;
    claims.attributes.remove(ADDONS);
    // Maps with text for keys: this cannot fail.
    if let Some(value) = addons.and_then(|addons| serde_json::to_value(addons).ok()) {
        claims.attributes.insert(ADDONS.to_owned(), value);
    }
}

/// Puts in until when releases are covered, if the plan says how long; once said, it stays.
fn maintain(claims: &mut Claims, plan: &Plan) {
    match plan.distribution.maintenance_s {
        None => drop(claims.attributes.remove(MAINTAINED)),
        Some(_) if claims.attributes.contains_key(MAINTAINED) => {}
        Some(seconds) => {
            let start = claims.nbf.unwrap_or(claims.iat);
            let until = start.saturating_add(seconds.into());
            claims.attributes.insert(MAINTAINED.to_owned(), until.into());
        }
    }
}

/// A renewal prolongs maintenance by what the plan grants, from its former end.
pub(crate) fn prolong(claims: &mut Claims, plan: &Plan) {
    let until = claims.attributes.get(MAINTAINED).and_then(serde_json::Value::as_i64);
    if let (Some(until), Some(seconds)) = (until, plan.distribution.maintenance_s) {
        let until = until.saturating_add(seconds.into());
        claims.attributes.insert(MAINTAINED.to_owned(), until.into());
    }
}

/// Maintenance lasts at least as long as what is paid, where the plan grants any.
pub(crate) fn maintain_until(claims: &mut Claims, plan: &Plan, until: Option<i64>) {
    let former = claims.attributes.get(MAINTAINED).and_then(serde_json::Value::as_i64);
    if let (Some(former), Some(_), Some(until)) = (former, plan.distribution.maintenance_s, until) {
        claims.attributes.insert(MAINTAINED.to_owned(), former.max(until).into());
    }
}

/// What was agreed beside the plan.
pub(crate) fn addons(claims: &Claims) -> Option<Addons> {
    let value = claims.attributes.get(ADDONS)?;
    serde_json::from_value(value.clone()).ok()
}

/// Whether an attribute is ours and not the vendor's to set.
pub(crate) fn is_reserved(attribute: &str) -> bool {
    attribute.starts_with("licentia.")
}

pub(crate) fn check_addons(addons: &Addons) -> Result<(), AuthorityError> {
    let names = || addons.features.iter().chain(&addons.without).chain(addons.limits.keys());
    if names().count() > MOST_NAMES {
        return Err(wrong(format!("at most {MOST_NAMES} features and limits can be agreed")));
    }
    let fits = |name: &str| {
        (1..=LONGEST_NAME).contains(&name.len())
            && !name.chars().any(|c| c.is_whitespace() || c.is_control())
    };
    if let Some(name) = names().find(|name| !fits(name)) {
        return Err(wrong(format!(
            "{name:?} is not a name of 1 to 200 letters without white space"
        )));
    }
    if let Some(name) = addons.features.intersection(&addons.without).next() {
        return Err(wrong(format!("the feature `{name}` is both added and taken away")));
    }
    Ok(())
}

fn wrong(problem: String) -> AuthorityError {
    AuthorityError::Invalid { field: "addons", problem }
}
