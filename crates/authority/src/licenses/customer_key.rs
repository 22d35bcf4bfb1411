//! The key that the customer holds: the signed record itself (`jwt`), or one in another scheme beside it.
//!
//! What is granted is always in the record. A `v2` key carries the same claims under the same signature key;
//! a `v1` or `short` key names the licence and is exchanged for the record online. Every key but a `jwt` is
//! found by the keyed hash of its text.

use jiff::tz::TimeZone;
use licentia_issue::Secret;
use licentia_license::fingerprint::Bind;
use licentia_license::keyset::Purpose;
use licentia_license::scheme::{Rules, check, scheme_of, short, v1};
use licentia_license::{Invalid, License as Claims};
use licentia_model::{License, LicenseKey, Product, ProductSecret, Scheme};
use licentia_protocol::validate::KeyAdvice;
use licentia_storage::Transaction;
use serde_json::Value;
use uuid::Uuid;

use crate::ask::Ask;
use crate::authority::Authority;
use crate::credential::seal_name;
use crate::error::AuthorityError;
use crate::seats::timestamp;

/// The name under which a product's secret is sealed.
pub(crate) fn secret_name(id: Uuid) -> String {
    format!("product_secrets/{id}")
}

impl Authority {
    /// Makes and keeps the customer's key of a licence in another scheme than `jwt`; its id and text.
    pub(crate) async fn make_key(
        &self,
        tx: &mut dyn Transaction,
        product: &Product,
        license: &License,
        claims: &Claims,
        scheme: Scheme,
        now: i64,
    ) -> Result<(Uuid, String), AuthorityError> {
        let secret = match scheme {
            Scheme::V1 => self.product_secrets(tx, product.id).await?.into_iter().next(),
            _ => None,
        };
        let (key, text) = self.draw_key(product, license, claims, scheme, secret.as_ref(), now)?;
        // A `v1` key says little, so that the same one may come out again.
        if let Some(lookup) = key.lookup.filter(|_| scheme == Scheme::V1)
            && let Some(same) = tx.license_key_by_lookup(&lookup).await?
            && same.license_id == license.id
        {
            return Ok((same.jti, text));
        }
        tx.insert_license_key(&key).await?;
        Ok((key.jti, text))
    }

    /// The customer's key of a licence in another scheme than `jwt`: its row and its text. `secret` is the newest of
    /// the product.
    pub(crate) fn draw_key(
        &self,
        product: &Product,
        license: &License,
        claims: &Claims,
        scheme: Scheme,
        secret: Option<&Secret<Vec<u8>>>,
        now: i64,
    ) -> Result<(LicenseKey, String), AuthorityError> {
        let jti = self.uuid();
        let keyring = self.keyring();
        let (text, kid) = match scheme {
            Scheme::Jwt | Scheme::Opaque => {
                return Err(AuthorityError::Invalid {
                    field: "scheme",
                    problem: format!("`{scheme}` keys are not made here"),
                });
            }
            Scheme::V2 => {
                let signer = keyring.signer(Purpose::License)?;
                let claims = Claims { jti: jti.to_string().into(), ..claims.clone() };
                let key = licentia_issue::sign::sign_v2(&product.key_prefix, &claims, signer)?;
                (key, Some(signer.public_key().kid().to_owned()))
            }
            Scheme::V1 => {
                let newest = secret.ok_or_else(|| AuthorityError::Invalid {
                    field: "scheme",
                    problem: format!(
                        "the product `{}` has no secret for `v1` keys; import one with `licentia key import`",
                        product.code
                    ),
                })?;
                let secret = v1::Secret::new(newest.expose()).map_err(|_| weak())?;
                let (id, expiry) = (license.id.to_string(), last_day(claims.exp));
                let key = v1::make(&secret, &product.key_prefix, &claims.tier, &id, &expiry, None)
                    .map_err(|e| AuthorityError::Invalid {
                        field: "scheme",
                        problem: e.to_string(),
                    })?;
                (key, None)
            }
            Scheme::Short => {
                let key =
                    short::make(&product.key_prefix, &self.random().bytes()).map_err(|e| {
                        AuthorityError::Invalid { field: "scheme", problem: e.to_string() }
                    })?;
                (key.to_string(), None)
            }
        };
        // Only what is signed by a key of ours may be sent again; the others are known by their hash alone.
        let sealed = match scheme {
            Scheme::V2 => {
                Some(self.master().seal(&seal_name(jti), text.as_bytes(), self.random().bytes())?)
            }
            _ => None,
        };
        let key = LicenseKey {
            jti,
            license_id: license.id,
            scheme,
            kid,
            sealed,
            lookup: Some(self.lookup(&text)),
            issued_at: now,
            voided_at: None,
        };
        Ok((key, text))
    }

    /// The scheme of the key that the customer holds.
    pub(crate) async fn scheme_of_key(
        &self,
        tx: &mut dyn Transaction,
        license: &License,
    ) -> Result<Scheme, AuthorityError> {
        Ok(tx.license_key(license.key_jti).await?.map_or(Scheme::Jwt, |key| key.scheme))
    }

    /// The licence of a key in any scheme but `jwt`; `None` for everything that is not to be accepted.
    pub(crate) async fn license_of_other_key(
        &self,
        tx: &mut dyn Transaction,
        key: &str,
    ) -> Result<Option<Uuid>, AuthorityError> {
        let row = tx.license_key_by_lookup(&self.lookup(key)).await?;
        let Some(row) = row.filter(|row| row.voided_at.is_none()) else { return Ok(None) };
        let Some(license) = tx.license(row.license_id).await? else { return Ok(None) };
        // By the licence's own word: a row that names another product changes nothing.
        let claims = self.claims_of(tx, &license).await?;
        let Some(product) = tx.product_by_code(&claims.aud).await? else { return Ok(None) };
        let now = self.clock().now();
        if product.refuses(row.scheme, now) {
            return Ok(None);
        }
        // The text is the very one that was issued. A `v1` key is good only while its secret is configured.
        if row.scheme == Scheme::V1 && !self.secret_stands(tx, &product, &claims, key).await? {
            return Ok(None);
        }
        Ok(Some(row.license_id))
    }

    async fn secret_stands(
        &self,
        tx: &mut dyn Transaction,
        product: &Product,
        claims: &Claims,
        key: &str,
    ) -> Result<bool, AuthorityError> {
        let mut rules = rules_of(product, &self.product_secrets(tx, product.id).await?)?;
        // A key for one machine is signed over it too.
        if let Some(Bind::HostMac(machine)) = &claims.bind {
            rules = rules.fingerprint(machine.digits());
        }
        // Expiry is the record's to judge; here only the tag counts.
        let judged = check(key, &self.keyring().trust, &rules, i64::MIN);
        Ok(!matches!(
            judged,
            Err(Invalid::BadSignature | Invalid::SchemeDisabled | Invalid::Malformed(_))
        ))
    }

    /// The keyed hash by which a key is found; one that people type, in its canonical spelling.
    pub(crate) fn lookup(&self, key: &str) -> [u8; 32] {
        let canonical = short::parse(key).map(|key| key.to_string());
        self.master().hash("license key", canonical.as_deref().unwrap_or(key).as_bytes())
    }

    /// That the customer's key is of a scheme which is on its way out, and from when on it is refused.
    pub(crate) async fn retiring(
        &self,
        tx: &mut dyn Transaction,
        license: &License,
        product: &Product,
    ) -> Result<Option<Option<i64>>, AuthorityError> {
        if product.warning.is_empty() {
            return Ok(None);
        }
        let scheme = self.scheme_of_key(tx, license).await?;
        let retiring = product.is_retiring(scheme, self.clock().now());
        Ok(retiring.then(|| product.sunset.get(&scheme).copied()))
    }

    /// The same in words.
    pub(crate) async fn key_advice(
        &self,
        tx: &mut dyn Transaction,
        license: &License,
        claims: &Claims,
    ) -> Result<Vec<KeyAdvice>, AuthorityError> {
        let Some(product) = tx.product_by_code(&claims.aud).await? else { return Ok(Vec::new()) };
        let from = self.retiring(tx, license, &product).await?;
        let advice = |from: Option<i64>| KeyAdvice {
            kind: "key_retiring".to_owned(),
            from: from.map(timestamp),
        };
        Ok(from.map(advice).into_iter().collect())
    }

    /// Secrets of a product, newest first.
    pub(crate) async fn product_secrets(
        &self,
        tx: &mut dyn Transaction,
        product_id: Uuid,
    ) -> Result<Vec<Secret<Vec<u8>>>, AuthorityError> {
        let rows = tx.product_secrets(product_id).await?;
        rows.iter().map(|row| Ok(self.master().open(&secret_name(row.id), &row.sealed)?)).collect()
    }

    /// Adds a secret for `v1` keys to a product: it signs from now on, the former ones still verify.
    pub async fn import_secret(
        &self,
        product: String,
        secret: Secret<Vec<u8>>,
        actor: crate::Actor,
    ) -> Result<Uuid, AuthorityError> {
        v1::Secret::new(secret.expose()).map_err(|_| weak())?;
        self.write(move |this, tx| {
            Box::pin(async move {
                let product = tx
                    .product_by_code(&product)
                    .await?
                    .ok_or(AuthorityError::NotFound { what: "product", name: product })?;
                let id = this.uuid();
                let sealed =
                    this.master().seal(&secret_name(id), secret.expose(), this.random().bytes())?;
                let created_at = this.clock().now();
                let row = ProductSecret { id, product_id: product.id, sealed, created_at };
                tx.insert_product_secret(&row).await?;
                let entry = crate::audit::Entry::change(Value::Null, id.to_string());
                this.record(
                    tx,
                    &actor,
                    "product.secret",
                    format!("product:{}", product.code),
                    entry,
                )
                .await?;
                Ok(id)
            })
        })
        .await
    }

    /// Makes somebody else's key the customer's key of a licence: it is exchanged online like a short one.
    pub async fn import_key(
        &self,
        license_id: Uuid,
        key: String,
        ask: impl Into<Ask> + Send,
    ) -> Result<(), AuthorityError> {
        let ask = ask.into();
        let scheme = match scheme_of(&key) {
            Ok(scheme) => scheme,
            // Another system's key may look like one of ours and yet not be: only its hash counts.
            Err(_)
                if (8..=200).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) =>
            {
                Scheme::Opaque
            }
            Err(e) => return Err(AuthorityError::Invalid { field: "key", problem: e.to_string() }),
        };
        self.carry_out_and_keep(ask, move |this, tx, ask| {
            Box::pin(async move {
                let license = tx
                    .lock_license(license_id)
                    .await?
                    .ok_or_else(|| crate::licenses::list::missing(license_id))?;
                match tx.license_key_by_lookup(&this.lookup(&key)).await? {
                    None => {}
                    Some(known) if known.license_id == license_id && known.voided_at.is_none() => {
                        return Ok(());
                    }
                    Some(_) => {
                        return Err(AuthorityError::NotAllowed {
                            what: "key",
                            action: "imported",
                            state: "known already, of another licence or from before a transfer",
                        });
                    }
                }
                let (jti, now) = (this.uuid(), this.clock().now());
                tx.insert_license_key(&LicenseKey {
                    jti,
                    license_id: license.id,
                    scheme,
                    kid: None,
                    sealed: None,
                    lookup: Some(this.lookup(&key)),
                    issued_at: now,
                    voided_at: None,
                })
                .await?;
                let entry = crate::audit::Entry::change(Value::Null, jti.to_string())
                    .fact("scheme", scheme.as_str());
                let subject = crate::credential::subject(license.id);
                this.record(tx, &ask.actor, "license.import_key", subject, entry).await
            })
        })
        .await
    }
}

/// `PERPETUAL`, or the last day before `exp`, UTC.
fn last_day(exp: Option<i64>) -> String {
    exp.map_or_else(
        || "PERPETUAL".to_owned(),
        |exp| {
            timestamp(exp.saturating_sub(1)).to_zoned(TimeZone::UTC).strftime("%Y%m%d").to_string()
        },
    )
}

/// What a key of this product is checked by: its name, its prefix, the secrets of its `v1` keys.
pub(crate) fn rules_of(
    product: &Product,
    secrets: &[Secret<Vec<u8>>],
) -> Result<Rules, AuthorityError> {
    let rules = Rules::new().product(&product.code).prefix(&product.key_prefix);
    let with = |rules: Rules, secret: &Secret<Vec<u8>>| rules.secret(secret.expose(), None);
    secrets.iter().try_fold(rules, with).map_err(|_| weak())
}

fn weak() -> AuthorityError {
    AuthorityError::Invalid {
        field: "secret",
        problem: "it must have at least 32 characters".into(),
    }
}
