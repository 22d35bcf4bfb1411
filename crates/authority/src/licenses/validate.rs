//! Asks about a key without taking a seat: an invalid licence is an answer, not an error.

use std::collections::BTreeMap;

use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_license::verdict::OnlineVerdict;
use licentia_model::License;
use licentia_protocol::validate::{Answer, Request};
use licentia_protocol::{Code, Problem};
use licentia_storage::Transaction;
use sha2::{Digest, Sha256};

use crate::activations::activate::{MAX_FINGERPRINT, check_nonce, text};
use crate::authority::Authority;
use crate::credential::Known;
use crate::denied::{Asker, Denied, failure};
use crate::error::AuthorityError;
use crate::licenses::{feature_names, named_limits};
use crate::seats::timestamp;

/// How long a signed verdict counts, in seconds.
const VERDICT_LIFE_S: i64 = 300;

impl Authority {
    /// `POST /v1/licenses/validate`.
    pub async fn validate(&self, request: Request) -> Result<Answer, Problem> {
        let nonce = request.nonce.clone();
        if let Err(denied) = check(&request) {
            return Err(self.refuse(denied, &Asker { nonce: None, cluster_id: None }));
        }
        let key = key_digest(&request.license_key);
        let (mut answer, tampered) = self
            .read(move |this, tx| Box::pin(async move { this.judge(tx, &request).await }))
            .await
            .map_err(|e| failure(&e))?;
        if let Some((license, columns)) = tampered
            && let Err(error) = self
                .write(move |this, tx| {
                    Box::pin(async move { this.report_columns(tx, &license, columns).await })
                })
                .await
        {
            tracing::error!(%error, "tampered_row: it could not be put on record");
        }
        if let Some(nonce) = nonce {
            let now = self.clock().now();
            let verdict = OnlineVerdict {
                iss: self.issuer().to_owned(),
                iat: now,
                exp: now.saturating_add(VERDICT_LIFE_S),
                nonce,
                valid: answer.valid,
                code: answer.code.clone(),
                sub: answer.license_id.map(|id| id.to_string()),
                key: Some(key),
                aud: answer.product.clone(),
                plan: answer.plan.clone(),
                tier: answer.tier.clone(),
                features: answer.features.clone(),
                limits: answer.limits.clone(),
                license_exp: answer.expires_at.map(jiff::Timestamp::as_second),
            };
            answer.verdict = Some(self.sign(&verdict).map_err(|e| failure(&e))?);
        }
        Ok(answer)
    }

    async fn judge(
        &self,
        tx: &mut dyn Transaction,
        request: &Request,
    ) -> Result<(Answer, Option<Tampered>), AuthorityError> {
        let license = match self.license_of_key(tx, &request.license_key).await? {
            Ok(id) => tx.license(id).await?,
            Err(_) => None,
        };
        let Some(license) = license else { return Ok((no(Code::UnknownLicense), None)) };
        let known = self.know(tx, license).await?;
        let columns = known.contradictions();
        let news = !columns.is_empty() && self.is_news(&known.license, &columns);
        let tampered = news.then(|| (known.license.clone(), columns));
        let verdict = known.standing(
            self.clock().now(),
            request.product.as_deref(),
            request.fingerprint.as_deref(),
        );
        if let Err(Denied { code: Code::WrongProduct, .. }) = verdict {
            return Ok((no(Code::WrongProduct), tampered));
        }
        let Known { license, claims } = known;
        let answer = Answer {
            valid: verdict.is_ok(),
            code: verdict.err().map_or("valid", |denied| denied.code.as_str()).to_owned(),
            license_id: Some(license.id),
            product: Some(claims.aud.to_string()),
            plan: Some(claims.plan.to_string()),
            tier: Some(claims.tier.to_string()),
            features: feature_names(&claims),
            limits: named_limits(&claims),
            expires_at: claims.exp.map(timestamp),
            advice: self.key_advice(tx, &license, &claims).await?,
            verdict: None,
        };
        Ok((answer, tampered))
    }
}

/// A licence whose row contradicts it, and in what.
type Tampered = (License, Vec<&'static str>);

/// What a verdict says which key it is about: SHA-256 of the key as sent, base64url.
fn key_digest(key: &str) -> String {
    Base64UrlUnpadded::encode_string(&Sha256::digest(key))
}

fn no(code: Code) -> Answer {
    Answer {
        valid: false,
        code: code.as_str().to_owned(),
        license_id: None,
        product: None,
        plan: None,
        tier: None,
        features: Vec::new(),
        limits: BTreeMap::new(),
        expires_at: None,
        advice: Vec::new(),
        verdict: None,
    }
}

fn check(request: &Request) -> Result<(), Denied> {
    if let Some(nonce) = &request.nonce {
        check_nonce(nonce)?;
    }
    if let Some(product) = &request.product {
        text("product", product, 1, 64)?;
    }
    request
        .fingerprint
        .iter()
        .try_for_each(|fingerprint| text("fingerprint", fingerprint, 1, MAX_FINGERPRINT))
}
