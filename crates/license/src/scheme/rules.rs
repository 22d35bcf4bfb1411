//! What a product accepts, beside the keys it trusts.

use std::collections::BTreeMap;

use crate::claims::{License, Text};
use crate::scheme::v1::{Secret, WeakSecret};
use crate::scheme::{Profile, Scheme};

/// What a key may look like and what it then grants, where it does not say so itself.
///
/// Nothing said, it accepts keys of any product that bring all their claims: `jwt` and `v2`.
#[derive(Debug, Default)]
pub struct Rules {
    pub(super) product: Option<String>,
    pub(super) prefix: Option<String>,
    pub(super) profile: Option<Profile>,
    pub(super) plans: Vec<Plan>,
    pub(super) default_plan: Option<String>,
    pub(super) secrets: Vec<(Secret, Option<i64>)>,
    pub(super) fingerprints: Vec<String>,
    off: BTreeMap<Scheme, Option<i64>>,
}

/// What a plan grants to a key that carries no features of its own. The default grants the least: no
/// feature, no limit, one seat with one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Plan code.
    pub code: Text,
    /// Tier name, as v1 keys spell it.
    pub tier: Text,
    /// Order of tiers.
    pub rank: u32,
    /// Features granted.
    pub features: Vec<Text>,
    /// Limits by name; `None` is unlimited.
    pub limits: BTreeMap<Text, Option<u64>>,
    /// Clusters at a time; `None` is unlimited.
    pub seats: Option<u32>,
    /// Nodes in one cluster; `None` is unlimited.
    pub nodes: Option<u32>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            code: Text::default(),
            tier: Text::default(),
            rank: 0,
            features: Vec::new(),
            limits: BTreeMap::new(),
            seats: Some(1),
            nodes: Some(1),
        }
    }
}

impl Rules {
    /// No rules yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Product code: the `aud` of keys that name none.
    #[must_use]
    pub fn product(mut self, code: impl Into<String>) -> Self {
        self.product = Some(code.into());
        self
    }

    /// What `v2` and `v1` keys must begin with.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// Also accepts the keys of a legacy issuer.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// Adds a plan. Of several with one tier the first is the tier's.
    #[must_use]
    pub fn plan(mut self, plan: Plan) -> Self {
        self.plans.push(plan);
        self
    }

    /// Code of the plan that supplies what a key under a profile does not say.
    #[must_use]
    pub fn default_plan(mut self, code: impl Into<String>) -> Self {
        self.default_plan = Some(code.into());
        self
    }

    /// Accepts `v1` keys that were made with this secret, until that second (exclusive), if one is given.
    /// There may be several secrets.
    pub fn secret(mut self, secret: &[u8], until: Option<i64>) -> Result<Self, WeakSecret> {
        self.secrets.push((Secret::new(secret)?, until));
        Ok(self)
    }

    /// A fingerprint of the machine, in the text form that its `v1` keys were made with. There may be several.
    #[must_use]
    pub fn fingerprint(mut self, fingerprint: impl Into<String>) -> Self {
        self.fingerprints.push(fingerprint.into());
        self
    }

    /// Switches a scheme off, from that second on if one is given.
    #[must_use]
    pub fn off(mut self, scheme: Scheme, from: Option<i64>) -> Self {
        self.off.insert(scheme, from);
        self
    }

    pub(super) fn is_off(&self, scheme: Scheme, now: i64) -> bool {
        self.off.get(&scheme).is_some_and(|from| from.is_none_or(|from| now >= from))
    }

    /// The plan of a tier; without any catalogue the tier's bare name. `None`: no such tier.
    pub(super) fn plan_of_tier(&self, tier: &str) -> Option<Plan> {
        if self.plans.is_empty() {
            return Some(Plan { tier: tier.into(), ..Plan::default() });
        }
        self.plans.iter().find(|plan| plan.tier == tier).cloned()
    }

    /// The plan that a code, or a tier, or failing both the default names.
    pub(super) fn plan_for(&self, code: Option<&str>, tier: Option<&str>) -> Plan {
        let by_code = |code: &str| self.plans.iter().find(|plan| plan.code == code).cloned();
        code.and_then(by_code)
            .or_else(|| tier.and_then(|tier| self.plan_of_tier(tier)))
            .or_else(|| self.default_plan.as_deref().and_then(by_code))
            .unwrap_or_default()
    }
}

impl Plan {
    /// The licence that this plan makes of a key whose only names are `id`.
    pub(super) fn license(self, product: impl Into<Text>, id: &str) -> License {
        License {
            iss: Text::default(),
            sub: id.into(),
            aud: product.into(),
            jti: id.into(),
            iat: 0,
            nbf: None,
            exp: None,
            tier: self.tier,
            rank: self.rank,
            plan: self.code,
            features: self.features,
            limits: self.limits,
            seats: self.seats,
            nodes: self.nodes,
            trial: false,
            telemetry: false,
            bind: None,
            customer: None,
            attributes: serde_json::Map::new(),
        }
    }
}
