//! Fills a throw-away database for `licentia bench`: activations as if each had come by itself, many in one
//! transaction, without an audit entry each.

use licentia_model::{Activation, Seat};
use uuid::Uuid;

use crate::activations::activate::TOKEN_LIFE_S;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::lease::Terms;
use crate::secrets::{ACCESS_TOKEN, nonce, token};

/// An activation that was made, and the token of its next heartbeat, whose generation is 1.
pub struct Filled {
    /// The activation.
    pub activation_id: Uuid,
    /// Its token.
    pub access_token: String,
}

impl Authority {
    /// Makes so many activations of a licence, whatever its seats.
    pub async fn fill_activations(
        &self,
        license_id: Uuid,
        count: usize,
    ) -> Result<Vec<Filled>, AuthorityError> {
        self.write(move |this, tx| {
            Box::pin(async move {
                let license = tx
                    .lock_license(license_id)
                    .await?
                    .ok_or_else(|| crate::licenses::list::missing(license_id))?;
                let known = this.know(tx, license).await?;
                let (product, plan) = this.terms_of(tx, &known).await?;
                let terms = Terms::of(&product, &plan);
                // After the licence was issued, so that no heartbeat brings it along as news.
                let now = this.clock().now().max(known.claims.iat.saturating_add(1));
                let mut filled = Vec::with_capacity(count);
                for _ in 0..count {
                    let id = this.uuid();
                    let access_token = token(ACCESS_TOKEN, this.random());
                    let token_hash = this.token_hash(access_token.expose());
                    tx.insert_activation(&Activation {
                        id,
                        license_id,
                        cluster_id: format!("bench-cluster-{id}"),
                        hostname: Some("bench".into()),
                        addresses: Vec::new(),
                        fingerprint: None,
                        email: None,
                        organization: None,
                        terms_accepted_at: None,
                        artifacts_digest: None,
                        salt: this.random().bytes::<16>().to_vec(),
                        record: None,
                        carried: None,
                        created_at: now,
                        activated_at: now,
                    })
                    .await?;
                    tx.put_seat(&Seat {
                        activation_id: id,
                        license_id,
                        generation: 1,
                        nonce: nonce(this.random()),
                        server_nonce: nonce(this.random()),
                        previous_server_nonce: None,
                        lease_until: terms.lease_until(now, known.claims.exp),
                        last_seen: now,
                        nodes: None,
                        overage: false,
                        token_hash,
                        previous_token_hash: None,
                        token_issued_at: now,
                        token_version: known.license.token_version,
                    })
                    .await?;
                    tx.insert_access_token(&token_hash, id, now.saturating_add(TOKEN_LIFE_S))
                        .await?;
                    let access_token = access_token.expose().clone();
                    filled.push(Filled { activation_id: id, access_token });
                }
                Ok(filled)
            })
        })
        .await
    }
}
