//! What every change of a licence's record has in common: a new signature, a new key where the customer's one says
//! what has changed, an event for running products, an audit row with before and after.

use licentia_license::License as Claims;
use licentia_model::{EventKind, License, Product, Scheme};
use licentia_storage::Transaction;
use serde_json::{Map, Value, json};

use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::change::Changed;
use crate::distribution::coverage::maintained_until;
use crate::error::AuthorityError;
use crate::licenses::grant::addons;

/// What becomes of the customer's key where it is not the record itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// A key that repeats what the licence says is made anew; one that only names it stays.
    Follows,
    /// A new one in any case, and those from before count no more.
    Voids,
    /// A new one in any case; what becomes of the one before is for the caller to say.
    Replaces,
}

/// A change of what a licence says.
pub(crate) struct Amendment<'a> {
    /// What it is called in the trail, e.g. `license.renew`.
    pub(crate) action: &'static str,
    /// Who.
    pub(crate) actor: &'a Actor,
    /// The licence's product.
    pub(crate) product: &'a Product,
    /// What it said.
    pub(crate) before: &'a Claims,
    /// What it is to say.
    pub(crate) after: Claims,
    /// Products have to activate again.
    pub(crate) stale_tokens: bool,
    pub(crate) key: Key,
    /// More for the trail.
    pub(crate) entry: Entry,
}

impl Authority {
    /// Signs and keeps an amendment of a licence that is locked.
    pub(crate) async fn amend(
        &self,
        tx: &mut dyn Transaction,
        mut license: License,
        amendment: Amendment<'_>,
    ) -> Result<Changed, AuthorityError> {
        let Amendment { action, actor, product, before, after, stale_tokens, key, entry } =
            amendment;
        let now = self.clock().now();
        let said = |claims: &Claims, license: &License| Value::Object(summary(claims, license));
        let was = (said(before, &license), license.jti, license.key_jti);
        let claims = Claims { jti: self.uuid().to_string().into(), iat: now, ..after };
        let record = self.sign_record(tx, &license, claims, now).await?;
        license.jti = record.jti;
        license.tier = record.claims.tier.to_string();
        license.expires_at = record.claims.exp;
        license.trial = record.claims.trial;
        license.updated_at = now;
        if stale_tokens {
            license.token_version += 1;
        }
        let (mut shown_once, mut made_short) = (None, false);
        if was.1 == was.2 {
            license.key_jti = record.jti;
        } else {
            let held = tx.license_key(was.2).await?.map(|key| key.scheme);
            let scheme = match held {
                Some(Scheme::Jwt) => None,
                Some(Scheme::V2) => Some(Scheme::V2),
                // Whoever renews while old keys are on their way out gets a new one.
                Some(Scheme::V1) if key == Key::Follows && product.is_retiring(Scheme::V1, now) => {
                    Some(product.scheme).filter(|scheme| *scheme != Scheme::V1)
                }
                Some(Scheme::V1) if key == Key::Follows => Some(Scheme::V1),
                // Somebody else's key cannot be made anew, and the same `v1` key would come out again.
                _ if key != Key::Follows => Some(Scheme::Short),
                _ => None,
            };
            match scheme {
                Some(Scheme::Jwt) => license.key_jti = record.jti,
                Some(scheme) => {
                    let made =
                        self.make_key(tx, product, &license, &record.claims, scheme, now).await?;
                    license.key_jti = made.0;
                    shown_once = Some(made.1);
                    made_short = scheme == Scheme::Short;
                }
                None if held == Some(Scheme::Jwt) => license.key_jti = record.jti,
                None => {}
            }
        }
        if key == Key::Voids {
            tx.void_license_keys(license.id, [license.jti, license.key_jti], now).await?;
        }
        tx.update_license(&license).await?;
        tx.insert_event(Some(license.id), EventKind::Changed, now).await?;
        let entry = entry.fact("before", was.0).fact("after", said(&record.claims, &license));
        let once = shown_once.as_deref().filter(|_| made_short);
        self.announce_key(tx, actor, action, license.id, entry, once).await?;
        Ok(Changed { license, shown_once })
    }
}

/// What the trail says of a licence; nothing personal.
fn summary(claims: &Claims, license: &License) -> Map<String, Value> {
    let mut summary = Map::new();
    summary.insert("key_id".into(), json!(claims.jti));
    summary.insert("plan".into(), json!(claims.plan));
    summary.insert("expires_at".into(), json!(claims.exp));
    summary.insert("trial".into(), json!(claims.trial));
    summary.insert("seats".into(), json!(claims.seats));
    summary.insert("nodes".into(), json!(claims.nodes));
    if let Ok(Some(until)) = maintained_until(claims) {
        summary.insert("maintained_until".into(), json!(until));
    }
    summary.insert("customer".into(), json!(claims.customer.as_ref().map(|c| &c.id)));
    summary.insert("token_version".into(), json!(license.token_version));
    if let Some(addons) = addons(claims) {
        summary.insert("addons".into(), json!(addons));
    }
    summary
}
