//! What a key or a licence file says, who signed it, and what comes of it: offline, as a product judges it, and
//! online, as the authority does.

use jiff::Timestamp;
use licentia_license::decide::{Circumstances, decide};
use licentia_license::file::LicenseFile;
use licentia_license::fingerprint::Fingerprint;
use licentia_license::scheme::{Decoded, Plan, Rules, check, decode};
use licentia_license::{Invalid, License as Claims, Verified};
use licentia_model::Product;
use licentia_storage::Transaction;
use serde::Serialize;
use uuid::Uuid;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::keys;
use crate::licenses::customer_key::rules_of;

/// What was found out about a text.
#[derive(Debug, Clone, Serialize)]
pub struct Examined {
    /// What it says, unchecked.
    pub decoded: Option<Decoded>,
    /// How a product with today's keyset judges it, without asking anybody.
    pub offline: Judged,
    /// How the authority judges it; `None` where it knows no licence by it.
    pub online: Option<Judged>,
    /// The licence.
    pub license_id: Option<Uuid>,
    /// The signing key: the one that it names, or the one whose signature holds.
    pub signed_by: Option<String>,
    /// What is known of that key here.
    pub key: Option<licentia_protocol::resource::SigningKey>,
    /// What is granted, where its signature holds.
    pub claims: Option<Claims>,
}

/// A verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// Whether it is good.
    pub valid: bool,
    /// `valid`, or the code of what is wrong.
    pub code: String,
    /// What is wrong, and what to do.
    pub detail: String,
}

impl Judged {
    fn good() -> Self {
        Self { valid: true, code: "valid".into(), detail: String::new() }
    }

    fn bad(invalid: &Invalid) -> Self {
        let detail = format!("{invalid}. {}", invalid.advice());
        Self { valid: false, code: invalid.code().to_owned(), detail }
    }
}

impl Authority {
    /// Examines a key of any scheme, or a licence file, as of a time; `None` is now.
    pub async fn examine(
        &self,
        text: String,
        machine: Option<Fingerprint>,
        at: Option<Timestamp>,
    ) -> Result<Examined, AuthorityError> {
        let file = match LicenseFile::parse(&text) {
            Ok(file) => file,
            Err(invalid) => return Ok(nothing(&invalid)),
        };
        let key = file.license;
        let decoded = match decode(&key) {
            Ok(decoded) => decoded,
            Err(invalid) => return Ok(nothing(&invalid)),
        };
        self.read(move |this, tx| {
            Box::pin(async move {
                let now = at.map_or_else(|| this.clock().now(), Timestamp::as_second);
                let product = product_of(tx, &decoded).await?;
                let rules = this.rules(tx, product.as_ref(), machine.as_ref()).await?;
                let checked = check(&key, &this.trust(), &rules, now);
                let offline = checked.as_ref().map_err(Clone::clone).and_then(|license| {
                    decide(license, &Circumstances::at(now).machine(machine.as_slice()))
                });
                let license_id = this.license_of_key(tx, &key).await?.ok();
                let online = match license_id {
                    None => None,
                    Some(id) => {
                        let license = tx.license(id).await?;
                        let license = license.ok_or_else(|| super::list::missing(id))?;
                        let known = this.know(tx, license).await?;
                        let machine = machine.as_ref().map(ToString::to_string);
                        Some(match known.standing(now, None, machine.as_deref()) {
                            Ok(_) => Judged::good(),
                            Err(denied) => Judged {
                                valid: false,
                                code: denied.code.as_str().to_owned(),
                                detail: format!(
                                    "{}. {}",
                                    denied.code.title(),
                                    denied.code.advice()
                                ),
                            },
                        })
                    }
                };
                let named = decoded.header.as_ref().and_then(|header| header["kid"].as_str());
                let signed_by = match &checked {
                    Ok(license) => Some(license.kid().to_owned()),
                    Err(_) => named.map(str::to_owned),
                };
                let signed_by = signed_by.filter(|kid| !kid.is_empty());
                let known = tx.signing_keys().await?;
                let known = known.into_iter().find(|key| Some(&key.kid) == signed_by.as_ref());
                Ok(Examined {
                    decoded: Some(decoded),
                    offline: offline.as_ref().err().map_or_else(Judged::good, Judged::bad),
                    online,
                    license_id,
                    signed_by,
                    key: known.map(keys::view),
                    claims: checked.ok().map(|license: Verified<Claims>| license.claims().clone()),
                })
            })
        })
        .await
    }

    /// What a product built from this catalogue accepts.
    async fn rules(
        &self,
        tx: &mut dyn Transaction,
        product: Option<&Product>,
        machine: Option<&Fingerprint>,
    ) -> Result<Rules, AuthorityError> {
        let Some(product) = product else { return Ok(Rules::new()) };
        let mut rules = rules_of(product, &self.product_secrets(tx, product.id).await?)?;
        rules = rules.default_plan(&product.default_plan);
        if let Some(profile) = product.profile {
            rules = rules.profile(profile);
        }
        for (scheme, from) in &product.sunset {
            rules = rules.off(*scheme, Some(*from));
        }
        for plan in tx.plans(product.id).await? {
            rules = rules.plan(Plan {
                code: plan.code.into(),
                tier: plan.tier.into(),
                rank: plan.rank,
                features: plan.features.into_iter().map(Into::into).collect(),
                limits: plan.limits.into_iter().map(|(name, most)| (name.into(), most)).collect(),
                seats: plan.seats,
                nodes: plan.nodes,
            });
        }
        if let Some(machine) = machine {
            rules = rules.fingerprint(machine.to_string());
            if let Fingerprint::HostMac(hash) = machine {
                rules = rules.fingerprint(hash.digits());
            }
        }
        Ok(rules)
    }
}

/// The product that a key names, or whose prefix it begins with.
async fn product_of(
    tx: &mut dyn Transaction,
    decoded: &Decoded,
) -> Result<Option<Product>, AuthorityError> {
    let named = decoded.claims.as_ref().and_then(|claims| claims["aud"].as_str());
    if let Some(named) = named
        && let Some(product) = tx.product_by_code(named).await?
    {
        return Ok(Some(product));
    }
    let Some(prefix) = decoded.parts.get("prefix") else { return Ok(None) };
    Ok(tx.products_by_prefix(prefix).await?.into_iter().next())
}

fn nothing(invalid: &Invalid) -> Examined {
    Examined {
        decoded: None,
        offline: Judged::bad(invalid),
        online: None,
        license_id: None,
        signed_by: None,
        key: None,
        claims: None,
    }
}
