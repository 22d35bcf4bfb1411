//! A change that somebody asks for: by whom, as a repetition of what, and of which version of the thing.
//!
//! A use case takes `impl Into<Ask>`, so that whoever has neither an idempotency key nor a version, such as the
//! local command line, just hands over the [`Actor`].

use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_storage::{BoxFuture, Transaction};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::audit::Actor;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::idempotency::Attempt;

/// A request for a change.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Who asks.
    pub actor: Actor,
    /// What makes a repetition of it known.
    pub once: Option<Once>,
    /// The versions of the thing that may be changed; `None`: whatever it is now.
    pub only_if: Option<Vec<String>>,
}

/// A request that may be sent again.
#[derive(Debug, Clone)]
pub struct Once {
    /// Its `Idempotency-Key`.
    pub key: String,
    /// Method and path.
    pub route: String,
    /// Who sends it.
    pub credential: String,
    /// What it says.
    pub request: String,
}

impl From<Actor> for Ask {
    fn from(actor: Actor) -> Self {
        Self { actor, once: None, only_if: None }
    }
}

impl Ask {
    /// Refuses to change what is not as it was when it was read. `current` is the resource as it is shown, read in
    /// the transaction of the change, under its lock.
    pub fn check(&self, current: &impl Serialize) -> Result<(), AuthorityError> {
        match &self.only_if {
            Some(versions) if !versions.contains(&version(current)) => Err(AuthorityError::Changed),
            _ => Ok(()),
        }
    }
}

/// The version of a resource: a digest of all that is shown of it.
#[must_use]
pub fn version(resource: &impl Serialize) -> String {
    // Resources are text, numbers and lists of them: this cannot fail.
    let text = serde_json::to_vec(resource).unwrap_or_default();
    let digest: [u8; 32] = Sha256::digest(text).into();
    Base64UrlUnpadded::encode_string(&digest[..16])
}

impl Authority {
    /// Carries out a change once, however often it is asked for under one idempotency key. `work` makes it and names
    /// the thing that came of it, `again` shows that thing to whoever asks again.
    pub(crate) async fn carry_out<R, W, A>(
        &self,
        ask: Ask,
        work: W,
        again: A,
    ) -> Result<R, AuthorityError>
    where
        R: Send + 'static,
        W: for<'t> FnOnce(
                Self,
                &'t mut dyn Transaction,
                Ask,
            ) -> BoxFuture<'t, Result<(Uuid, R), AuthorityError>>
            + Send
            + 'static,
        A: for<'t> FnOnce(
                Self,
                &'t mut dyn Transaction,
                Uuid,
            ) -> BoxFuture<'t, Result<R, AuthorityError>>
            + Send
            + 'static,
    {
        let attempt = self.attempt_of(&ask)?;
        self.write(move |this, tx| {
            Box::pin(async move {
                let now = this.clock().now();
                if let Some(attempt) = &attempt {
                    attempt.alone(tx).await?;
                    match attempt.done_before(tx, now).await? {
                        Ok(None) => {}
                        Ok(Some(id)) => return again(this, tx, id).await,
                        Err(denied) => return Err(AuthorityError::Refused(denied.code)),
                    }
                }
                let (id, result) = work(this, tx, ask).await?;
                if let Some(attempt) = &attempt {
                    attempt.done(tx, id, now).await?;
                }
                Ok(result)
            })
        })
        .await
    }

    /// The same for what cannot be looked up again: the answer itself is kept, as long as the key counts. Nothing secret
    /// may be in it.
    pub(crate) async fn carry_out_and_keep<R, W>(
        &self,
        ask: Ask,
        work: W,
    ) -> Result<R, AuthorityError>
    where
        R: Serialize + DeserializeOwned + Send + Sync + 'static,
        W: for<'t> FnOnce(
                Self,
                &'t mut dyn Transaction,
                Ask,
            ) -> BoxFuture<'t, Result<R, AuthorityError>>
            + Send
            + 'static,
    {
        let attempt = self.attempt_of(&ask)?;
        self.write(move |this, tx| {
            Box::pin(async move {
                let Some(attempt) = attempt else { return work(this, tx, ask).await };
                let now = this.clock().now();
                attempt.alone(tx).await?;
                if let Some(answer) = attempt.answered_before(&this, tx, now).await? {
                    return Ok(answer);
                }
                let answer = work(this.clone(), tx, ask).await?;
                attempt.answered(&this, tx, &answer, now).await?;
                Ok(answer)
            })
        })
        .await
    }

    /// The attempt that it is, where it has an idempotency key.
    pub(crate) fn attempt_of(&self, ask: &Ask) -> Result<Option<Attempt>, AuthorityError> {
        let Some(once) = &ask.once else { return Ok(None) };
        self.attempt(&once.route, &once.credential, Some(&once.key), &once.request)
            .map_err(|denied| AuthorityError::Refused(denied.code))
    }
}
