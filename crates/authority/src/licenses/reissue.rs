//! A new key for a licence that stays what it is: same id, same claims, another signature.

use std::sync::Arc;

use licentia_license::keyset::Purpose;
use licentia_license::{License as Claims, Verified};
use licentia_model::{EventKind, License, LicenseKey, Scheme};
use licentia_protocol::licenses::{ReissueAll, Reissued};
use licentia_protocol::resource;
use licentia_storage::Transaction;
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::credential::{Known, seal_name};
use crate::error::AuthorityError;

/// Licences that one transaction re-issues.
const BATCH: u32 = 100;

impl Authority {
    /// Re-issues one licence.
    pub async fn reissue(
        &self,
        id: Uuid,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::License, AuthorityError> {
        self.change_license(id, ask.into(), |this, tx, license, actor| {
            Box::pin(async move { Ok(this.reissue_in(tx, license, &actor).await?.license.into()) })
        })
        .await
    }

    /// Re-issues every licence in force that a key signed; how many. `progress` hears the count so far.
    pub async fn reissue_signed_by(
        &self,
        kid: String,
        actor: Actor,
        mut progress: impl FnMut(u64) + Send,
    ) -> Result<u64, AuthorityError> {
        let (mut count, mut after) = (0_u64, None);
        loop {
            let request = ReissueAll { signed_by: kid.clone(), after };
            let done = self.reissue_some(request, actor.clone()).await?;
            count += u64::from(done.count);
            progress(count);
            after = done.next;
            if after.is_none() {
                return Ok(count);
            }
        }
    }

    /// The next of them.
    pub async fn reissue_some(
        &self,
        request: ReissueAll,
        ask: impl Into<Ask> + Send,
    ) -> Result<Reissued, AuthorityError> {
        let ask = ask.into();
        self.carry_out_and_keep(ask, move |this, tx, ask| {
            Box::pin(async move {
                let ReissueAll { signed_by, after } = request;
                if !tx.signing_keys().await?.iter().any(|key| key.kid == signed_by) {
                    return Err(AuthorityError::NotFound { what: "signing key", name: signed_by });
                }
                let now = this.clock().now();
                let ids = tx.licenses_signed_by(&signed_by, now, after, BATCH).await?;
                // All locks before the first audit row: whoever waits for the trail holds a licence.
                let mut licenses = Vec::with_capacity(ids.len());
                for id in &ids {
                    licenses.extend(tx.lock_license(*id).await?);
                }
                let count = u32::try_from(licenses.len()).unwrap_or(BATCH);
                for license in licenses {
                    this.reissue_in(tx, license, &ask.actor).await?;
                }
                Ok(Reissued { count, next: ids.last().copied() })
            })
        })
        .await
    }

    /// The licence with its claims; where the signer of its record fell from grace, under a new signature.
    pub(crate) async fn know_and_mend(
        &self,
        tx: &mut dyn Transaction,
        license: License,
    ) -> Result<Known, AuthorityError> {
        let known = self.know(tx, license).await?;
        if self.keyring().stands.contains(known.claims.kid()) {
            return Ok(known);
        }
        self.reissue_in(tx, known.license, &Actor::new("system", "local")).await
    }

    async fn reissue_in(
        &self,
        tx: &mut dyn Transaction,
        license: License,
        actor: &Actor,
    ) -> Result<Known, AuthorityError> {
        let now = self.clock().now();
        let before = self.claims_of(tx, &license).await?;
        let claims =
            Claims { jti: self.uuid().to_string().into(), iat: now, ..before.claims().clone() };
        let mut license = license;
        let was = license.jti;
        let record = self.sign_record(tx, &license, claims, now).await?;
        license.jti = record.jti;
        // The customer held the record itself: he gets the new one. A key in another scheme is untouched.
        if license.key_jti == was {
            license.key_jti = record.jti;
        }
        license.updated_at = now;
        tx.update_license(&license).await?;
        tx.insert_event(Some(license.id), EventKind::Changed, now).await?;
        let entry = Entry::change(was.to_string(), record.jti.to_string());
        self.announce(tx, actor, "license.reissue", license.id, entry).await?;
        Ok(Known { license, claims: record.claims })
    }

    /// Signs claims as a licence's record and keeps it sealed.
    pub(crate) async fn sign_record(
        &self,
        tx: &mut dyn Transaction,
        license: &License,
        claims: Claims,
        now: i64,
    ) -> Result<Record, AuthorityError> {
        let (key, verified) = self.draw_record(license.id, &claims, now)?;
        tx.insert_license_key(&key).await?;
        Ok(Record { jti: key.jti, claims: Arc::new(verified) })
    }

    /// Signs claims as a licence's record: its row, and what it says.
    pub(crate) fn draw_record(
        &self,
        license_id: Uuid,
        claims: &Claims,
        now: i64,
    ) -> Result<(LicenseKey, Verified<Claims>), AuthorityError> {
        let keyring = self.keyring();
        let signer = keyring.signer(Purpose::License)?;
        let token = licentia_issue::sign::sign(claims, signer)?;
        // What does not verify must not reach a customer, whatever went wrong.
        let verified = licentia_license::verify::verify::<Claims>(&token, &keyring.trust)
            .map_err(|e| AuthorityError::Keys(format!("the new licence does not verify: {e}")))?;
        let jti = Uuid::parse_str(&verified.jti)
            .map_err(|_| AuthorityError::Keys("the new licence has no id".into()))?;
        let sealed =
            self.master().seal(&seal_name(jti), token.as_bytes(), self.random().bytes())?;
        let key = LicenseKey {
            jti,
            license_id,
            scheme: Scheme::Jwt,
            kid: Some(signer.public_key().kid().to_owned()),
            sealed: Some(sealed),
            lookup: None,
            issued_at: now,
            voided_at: None,
        };
        Ok((key, verified))
    }
}

/// A record that was signed and kept.
pub(crate) struct Record {
    pub(crate) jti: Uuid,
    pub(crate) claims: Arc<Verified<Claims>>,
}
