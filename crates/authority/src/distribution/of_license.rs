//! What a licence covers, for those who may see the licence: its customer in the portal, operators in the console.

use licentia_model::License;
use licentia_protocol::Code;
use licentia_protocol::distribution::{Link, Release};
use licentia_storage::Transaction;
use serde::Serialize;
use uuid::Uuid;

use crate::authority::Authority;
use crate::distribution::coverage::WhyNot;
use crate::error::AuthorityError;
use crate::licenses::list::missing;
use crate::releases::announce::no_artifact;
use crate::releases::list::{missing as no_release, view};

/// What a licence covers now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Covered {
    /// Why it is nothing at all: the licence is not in force.
    pub refused: Option<Code>,
    /// The releases, the one published last first.
    pub releases: Vec<Release>,
    /// There are more of them.
    pub more: bool,
}

/// Whether a licence covers a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", content = "why", rename_all = "snake_case")]
pub enum Verdict {
    /// It does.
    Covered,
    /// It does not.
    NotCovered(WhyNot),
    /// The licence is not in force.
    Refused(Code),
}

impl Authority {
    /// The releases that a licence covers, at most so many.
    pub async fn releases_of_license(
        &self,
        id: Uuid,
        most: usize,
    ) -> Result<Covered, AuthorityError> {
        self.read(move |this, tx| {
            Box::pin(async move {
                let license = found(tx, id).await?;
                let holder = match this.holder_of(tx, license).await {
                    Ok(holder) => holder,
                    Err(AuthorityError::Refused(code)) => {
                        let refused = Some(code);
                        return Ok(Covered { refused, releases: Vec::new(), more: false });
                    }
                    Err(error) => return Err(error),
                };
                let covered = holder.covered(tx).await?;
                let mut releases = Vec::new();
                for release in covered.iter().take(most) {
                    let artifacts = tx.artifacts(release.id).await?;
                    releases.push(view(release, &holder.product, &artifacts));
                }
                Ok(Covered { refused: None, releases, more: covered.len() > most })
            })
        })
        .await
    }

    /// A link to a file on the account of a licence that covers it.
    pub async fn link_of_license(
        &self,
        license_id: Uuid,
        artifact_id: Uuid,
    ) -> Result<Link, AuthorityError> {
        let made = self
            .read(move |this, tx| {
                Box::pin(async move {
                    let artifact =
                        tx.artifact(artifact_id).await?.ok_or_else(|| no_artifact(artifact_id))?;
                    let license = found(tx, license_id).await?;
                    let verdict = this.judged(tx, license, artifact.release_id).await?;
                    match verdict {
                        Verdict::Covered => Ok(this.link(&artifact, Some(license_id))),
                        Verdict::NotCovered(_) => Err(AuthorityError::Refused(Code::NotCovered)),
                        Verdict::Refused(code) => Err(AuthorityError::Refused(code)),
                    }
                })
            })
            .await;
        if let Err(AuthorityError::Refused(code)) = &made {
            self.refusals().count(*code);
        }
        made
    }

    /// Whether a licence covers a release, and why not.
    pub async fn license_covers(
        &self,
        license_id: Uuid,
        release_id: Uuid,
    ) -> Result<Verdict, AuthorityError> {
        self.read(move |this, tx| {
            Box::pin(async move {
                let license = found(tx, license_id).await?;
                this.judged(tx, license, release_id).await
            })
        })
        .await
    }

    async fn judged(
        &self,
        tx: &mut dyn Transaction,
        license: License,
        release_id: Uuid,
    ) -> Result<Verdict, AuthorityError> {
        let release = tx.release_by_id(release_id).await?.ok_or_else(|| no_release(release_id))?;
        if license.product_id != release.product_id {
            return Ok(Verdict::NotCovered(WhyNot::Product));
        }
        match self.holder_of(tx, license).await {
            Ok(holder) => {
                Ok(holder.coverage.why_not(&release).map_or(Verdict::Covered, Verdict::NotCovered))
            }
            Err(AuthorityError::Refused(code)) => Ok(Verdict::Refused(code)),
            Err(error) => Err(error),
        }
    }
}

async fn found(tx: &mut dyn Transaction, id: Uuid) -> Result<License, AuthorityError> {
    tx.license(id).await?.ok_or_else(|| missing(id))
}
