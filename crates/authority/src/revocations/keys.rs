//! Revoking by the id of a key, which may be nobody's here; and taking that back.

use licentia_model::{LicenseState, Revocation, RevocationSource};
use licentia_protocol::resource::Page;
use licentia_protocol::revocations::{KeyRevocation, RevokeKey};
use licentia_storage::Transaction;
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::export::Row;
use crate::paging::limit_of;
use crate::revocations::text::check_id;
use crate::seats::timestamp;

impl Row for KeyRevocation {
    const COLUMNS: &'static [&'static str] = &[
        "key_id",
        "revoked_at",
        "reason",
        "comment",
        "grace_until",
        "source",
        "missing_since",
        "lifted_at",
    ];
}

/// The revocation that is asked for.
pub(crate) fn revocation(request: RevokeKey, now: i64) -> Result<Revocation, AuthorityError> {
    let wrong = |field, problem: &str| AuthorityError::Invalid { field, problem: problem.into() };
    check_id(&request.key_id).map_err(|problem| wrong("key_id", problem))?;
    let reason = request.reason.as_deref().unwrap_or("other");
    if !licentia_model::PUBLIC_REASONS.contains(&reason) {
        let known = licentia_model::PUBLIC_REASONS.join(", ");
        let problem = format!("it must be one of {known}; a `comment` stays private");
        return Err(wrong("reason", &problem));
    }
    crate::licenses::check_reason(request.comment.as_deref())?;
    let grace = i64::from(request.grace_s);
    Ok(Revocation {
        reason: reason.to_owned(),
        key_id: request.key_id,
        at: now,
        comment: request.comment,
        grace_until: (grace > 0).then(|| now.saturating_add(grace)),
        source: RevocationSource::Operator,
        missing_since: None,
        lifted_at: None,
    })
}

impl Authority {
    /// Revokes a key by its id. A licence whose key in force it is, or whose id it is, is revoked with it; of a key
    /// from before only that key is.
    pub async fn revoke_key(
        &self,
        request: RevokeKey,
        ask: impl Into<Ask> + Send,
    ) -> Result<KeyRevocation, AuthorityError> {
        let ask = ask.into();
        let revocation = revocation(request, self.clock().now())?;
        self.carry_out_and_keep(ask, move |this, tx, ask| {
            Box::pin(async move {
                let stands = tx.revocation(&revocation.key_id).await?;
                if let Some(stands) = stands.filter(|stands| stands.lifted_at.is_none()) {
                    // What is revoked stays as strictly revoked as it was.
                    return Ok(shown(stands));
                }
                this.revoke_key_in(tx, revocation.clone(), &ask.actor).await?;
                Ok(shown(revocation))
            })
        })
        .await
    }

    pub(crate) async fn revoke_key_in(
        &self,
        tx: &mut dyn Transaction,
        revocation: Revocation,
        actor: &Actor,
    ) -> Result<(), AuthorityError> {
        let of = self.license_of_key_id(tx, &revocation.key_id).await?;
        if let Some((license_id, key)) = of
            && let Some(license) = tx.lock_license(license_id).await?
        {
            let in_force = key.is_none_or(|jti| [license.jti, license.key_jti].contains(&jti));
            if !in_force {
                tx.void_license_key(key.unwrap_or_default(), revocation.at).await?;
            } else if !matches!(license.state, LicenseState::Revoked { .. }) {
                let grace =
                    revocation.grace_until.map_or(0, |until| until.saturating_sub(revocation.at));
                let grace = u32::try_from(grace).unwrap_or(u32::MAX);
                let reason = Some(revocation.reason.clone());
                self.revoke_in(tx, license, reason, grace, actor).await?;
            }
        }
        let before = tx.revocation(&revocation.key_id).await?;
        let before = before.as_ref().map(state);
        tx.put_revocation(&revocation).await?;
        tx.insert_event(None, licentia_model::EventKind::Listed, revocation.at).await?;
        let entry = Entry::change(before, state(&revocation))
            .fact("source", revocation.source.as_str())
            .fact("reason", revocation.reason.as_str())
            .fact("grace_until", revocation.grace_until)
            .personal("comment", revocation.comment.as_deref());
        match of {
            Some((license_id, _)) => {
                let entry = entry.fact("key_id", revocation.key_id.as_str());
                self.announce(tx, actor, "key.revoke", license_id, entry).await
            }
            None => {
                let subject = format!("key:{}", revocation.key_id);
                self.record(tx, actor, "key.revoke", subject, entry).await
            }
        }
    }

    /// The licence that an id names, by itself or by a key.
    async fn license_of_key_id(
        &self,
        tx: &mut dyn Transaction,
        key_id: &str,
    ) -> Result<Option<(Uuid, Option<Uuid>)>, AuthorityError> {
        let Ok(id) = Uuid::parse_str(key_id) else { return Ok(None) };
        if let Some(key) = tx.license_key(id).await? {
            return Ok(Some((key.license_id, Some(id))));
        }
        Ok(tx.license(id).await?.map(|license| (license.id, None)))
    }

    /// Takes the revocation of a key back. A licence that was revoked with it stays revoked: that is for good.
    pub async fn lift_revocation(
        &self,
        key_id: String,
        ask: impl Into<Ask> + Send,
    ) -> Result<KeyRevocation, AuthorityError> {
        let ask = ask.into();
        self.carry_out_and_keep(ask, move |this, tx, ask| {
            Box::pin(async move {
                let missing =
                    || AuthorityError::NotFound { what: "revocation", name: key_id.clone() };
                let mut revocation = tx.revocation(&key_id).await?.ok_or_else(missing)?;
                if let Some((license_id, key)) = this.license_of_key_id(tx, &key_id).await? {
                    let state = match key {
                        Some(_) => "the key of a licence; issue a new one",
                        None => "a licence, and a licence is revoked for good",
                    };
                    tracing::debug!(%license_id, "a revocation that cannot be lifted");
                    return Err(AuthorityError::NotAllowed {
                        what: "revocation",
                        action: "lifted",
                        state,
                    });
                }
                let now = this.clock().now();
                if revocation.lifted_at.is_none() {
                    revocation.lifted_at = Some(now);
                    tx.put_revocation(&revocation).await?;
                    tx.insert_event(None, licentia_model::EventKind::Listed, now).await?;
                    let subject = format!("key:{key_id}");
                    let entry = Entry::change("revoked", "lifted");
                    this.record(tx, &ask.actor, "key.lift", subject, entry).await?;
                }
                Ok(shown(revocation))
            })
        })
        .await
    }

    /// A page of keys that were revoked by their id, in the order of the ids.
    pub async fn list_key_revocations(
        &self,
        after: Option<String>,
        limit: u32,
    ) -> Result<Page<KeyRevocation>, AuthorityError> {
        let limit = limit_of(limit)?;
        self.read(move |_, tx| {
            Box::pin(async move {
                let after = after.unwrap_or_default();
                let items = tx.revocations_after(&after, limit).await?;
                let full = items.len() == limit as usize;
                let next = items.last().filter(|_| full).map(|last| last.key_id.clone());
                Ok(Page { items: items.into_iter().map(shown).collect(), next })
            })
        })
        .await
    }
}

/// As the trail has it.
fn state(revocation: &Revocation) -> &'static str {
    if revocation.lifted_at.is_some() { "lifted" } else { "revoked" }
}

fn shown(revocation: Revocation) -> KeyRevocation {
    KeyRevocation {
        key_id: revocation.key_id,
        revoked_at: timestamp(revocation.at),
        reason: revocation.reason,
        comment: revocation.comment,
        grace_until: revocation.grace_until.map(timestamp),
        source: revocation.source.to_string(),
        missing_since: revocation.missing_since.map(timestamp),
        lifted_at: revocation.lifted_at.map(timestamp),
    }
}
