//! Makes the draft of a release.

use licentia_model::{Release, ReleaseState};
use licentia_protocol::distribution;
use licentia_protocol::distribution::NewRelease;
use semver::Version;
use serde_json::Value;

use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::catalog::{CODE, is_code};
use crate::error::AuthorityError;
use crate::products::edit::of_code;
use crate::releases::list::{subject, view};

/// What is meant where no channel is told.
pub(crate) const STABLE: &str = "stable";
const LONGEST_VERSION: usize = 100;
const LONGEST_NOTES: usize = 20_000;

impl Authority {
    /// Makes a draft, which nobody but operators sees.
    pub async fn create_release(
        &self,
        new: NewRelease,
        ask: impl Into<Ask>,
    ) -> Result<distribution::Release, AuthorityError> {
        let channel = new.channel.clone().unwrap_or_else(|| STABLE.to_owned());
        check(&new, &channel)?;
        self.carry_out(
            ask.into(),
            move |this, tx, ask| {
                Box::pin(async move {
                    tx.lock_audit_head().await?;
                    let product = of_code(tx, &new.product).await?;
                    if tx.release_by_version(product.id, &new.version).await?.is_some() {
                        return Err(AuthorityError::Exists { what: "release", name: new.version });
                    }
                    let now = this.clock().now();
                    let release = Release {
                        id: this.uuid(),
                        product_id: product.id,
                        version: new.version,
                        channel,
                        state: ReleaseState::Draft,
                        notes: new.notes,
                        reason: None,
                        created_at: now,
                        published_at: None,
                        updated_at: now,
                    };
                    tx.insert_release(&release).await?;
                    let entry = Entry::change(Value::Null, release.state.as_str())
                        .fact("product", product.code.clone())
                        .fact("version", release.version.clone())
                        .fact("channel", release.channel.clone());
                    let subject = subject(release.id);
                    this.record(tx, &ask.actor, "release.create", subject, entry).await?;
                    Ok((release.id, view(&release, &product.code, &[])))
                })
            },
            |this, tx, id| Box::pin(async move { this.release_view(tx, id).await }),
        )
        .await
    }
}

fn check(new: &NewRelease, channel: &str) -> Result<(), AuthorityError> {
    let invalid = |field, problem: String| Err(AuthorityError::Invalid { field, problem });
    if new.version.len() > LONGEST_VERSION || Version::parse(&new.version).is_err() {
        return invalid("version", "wants a semantic version such as `1.4.2`".into());
    }
    if !is_code(channel) {
        return invalid("channel", format!("wants {CODE}"));
    }
    let unprintable = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if new
        .notes
        .as_ref()
        .is_some_and(|notes| notes.len() > LONGEST_NOTES || notes.contains(unprintable))
    {
        return invalid("notes", format!("may have {LONGEST_NOTES} bytes of text"));
    }
    Ok(())
}
