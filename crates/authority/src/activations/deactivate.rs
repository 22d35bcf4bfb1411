//! Gives a seat back; a second time too.

use licentia_protocol::deactivate::Request;
use licentia_protocol::{Code, Problem};
use licentia_storage::Transaction;
use uuid::Uuid;

use crate::audit::{Actor, Entry, PRODUCT};
use crate::authority::Authority;
use crate::credential::subject;
use crate::denied::{Asker, Denied, failure};
use crate::error::AuthorityError;
use crate::idempotency::{Attempt, Caller};
use crate::seats::said;

impl Authority {
    /// `POST /v1/license/deactivate`.
    pub async fn deactivate(&self, request: Request, caller: Caller) -> Result<(), Problem> {
        let Caller { origin, idempotency_key } = caller;
        let asker = Asker { nonce: None, cluster_id: None };
        let credential = request.access_token.as_ref().or(request.license_key.as_ref());
        let attempt = self
            .attempt(
                "deactivate",
                credential.map_or("", String::as_str),
                idempotency_key.as_deref(),
                &request,
            )
            .map_err(|denied| self.refuse(denied, &asker))?;
        let _running = attempt.clone();
        let actor = Actor::new(PRODUCT, origin);
        self.write(move |this, tx| {
            Box::pin(async move { this.give_back(tx, &request, attempt.as_ref(), &actor).await })
        })
        .await
        .map_err(|e| failure(&e))?
        .map_err(|denied| self.refuse(denied, &asker))
    }

    async fn give_back(
        &self,
        tx: &mut dyn Transaction,
        request: &Request,
        attempt: Option<&Attempt>,
        actor: &Actor,
    ) -> Result<Result<(), Denied>, AuthorityError> {
        let id = match self.named_activation(tx, request).await? {
            Ok(Some(id)) => id,
            // Key and cluster are right, and there is nothing to give back.
            Ok(None) => return Ok(Ok(())),
            Err(denied) => return Ok(Err(denied)),
        };
        let Some(activation) = tx.activation(id).await? else {
            return Ok(Err(Code::InvalidToken.into()));
        };
        tx.lock_license(activation.license_id).await?;
        if let Some(attempt) = attempt {
            let now = self.clock().now();
            match attempt.done_before(tx, now).await? {
                Ok(None) => attempt.done(tx, id, now).await?,
                // It was given back, and may have been taken again since.
                Ok(Some(_)) => return Ok(Ok(())),
                Err(denied) => return Ok(Err(denied)),
            }
        }
        let Some(mut seat) = tx.seat(id).await? else { return Ok(Ok(())) };
        if seat.lease_until == 0 {
            return Ok(Ok(()));
        }
        let before = said(&seat);
        seat.lease_until = 0;
        seat.token_hash = [0; 32];
        seat.previous_token_hash = None;
        tx.put_seat(&seat).await?;
        let entry = Entry::change(before, said(&seat))
            .fact("activation", id.to_string())
            .personal("cluster_id", Some(&activation.cluster_id));
        self.record(tx, actor, "activation.deactivate", subject(activation.license_id), entry)
            .await?;
        Ok(Ok(()))
    }

    /// By any token of the activation, even a stale one, or by key and cluster.
    async fn named_activation(
        &self,
        tx: &mut dyn Transaction,
        request: &Request,
    ) -> Result<Result<Option<Uuid>, Denied>, AuthorityError> {
        if let Some(token) = &request.access_token {
            let owner = tx.access_token_owner(&self.token_hash(token)).await?;
            let named = owner.filter(|owner| request.activation_id.is_none_or(|id| id == *owner));
            return Ok(named.map(Some).ok_or_else(|| Code::InvalidToken.into()));
        }
        let (Some(key), Some(cluster)) = (&request.license_key, &request.cluster_id) else {
            return Ok(Err(Denied::malformed(
                "Send `activation_id` and `access_token`, or `license_key` and `cluster_id`.",
            )));
        };
        match self.license_of_key(tx, key).await? {
            Ok(license) => Ok(Ok(tx.activation_of_cluster(license, cluster).await?.map(|a| a.id))),
            Err(denied) => Ok(Err(denied)),
        }
    }
}
