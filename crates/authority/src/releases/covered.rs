//! What a customer may fetch of a product.

use licentia_model::{Product, Release};
use licentia_protocol::Code;
use licentia_protocol::distribution::{CoveredRelease, Download};
use licentia_storage::Transaction;
use uuid::Uuid;

use crate::access::Principal;
use crate::authority::Authority;
use crate::distribution::puller::MOST_RELEASES;
use crate::error::AuthorityError;
use crate::releases::list::artifact_view;
use crate::seats::timestamp;

/// The releases of a product that are open to somebody.
pub(crate) struct Covered {
    pub(crate) product: Product,
    /// The one published last first.
    pub(crate) releases: Vec<Release>,
    /// On whose account; `None`: an operator's.
    pub(crate) license_id: Option<Uuid>,
}

impl Authority {
    /// The releases of a product that are open to whoever shows this: a pull token, a licence key, or an operator's
    /// token. And the licence, where it is one.
    pub async fn covered_releases(
        &self,
        password: Option<String>,
        product: String,
        version: Option<String>,
    ) -> Result<(Vec<CoveredRelease>, Option<Uuid>), AuthorityError> {
        self.with_covered(password, product, move |this, tx, covered| {
            Box::pin(async move {
                let license_id = covered.license_id;
                let mut list = Vec::new();
                for release in &covered.releases {
                    if version.as_ref().is_none_or(|version| *version == release.version) {
                        list.push(this.covered_view(tx, &covered, release, None).await?);
                    }
                }
                if version.is_some() && list.is_empty() {
                    return Err(AuthorityError::Refused(Code::NotCovered));
                }
                Ok((list, license_id))
            })
        })
        .await
    }

    /// Lets `work` look at what is covered. A product that is not the licence's is not covered, whether there is one
    /// of that name or not.
    pub(crate) async fn with_covered<R, F>(
        &self,
        password: Option<String>,
        product: String,
        work: F,
    ) -> Result<R, AuthorityError>
    where
        R: Send + 'static,
        F: for<'t> FnOnce(
                Self,
                &'t mut dyn Transaction,
                Covered,
            )
                -> licentia_storage::BoxFuture<'t, Result<R, AuthorityError>>
            + Send
            + 'static,
    {
        let counted = async {
            let password = password.ok_or(AuthorityError::Refused(Code::WrongCredentials))?;
            let operator = self.pulling_operator(&password).await?;
            self.read(move |this, tx| {
                Box::pin(async move {
                    let covered = this.covered(tx, operator.as_ref(), &password, &product).await?;
                    work(this.clone(), tx, covered).await
                })
            })
            .await
        };
        let result = counted.await;
        if let Err(AuthorityError::Refused(code)) = &result {
            self.refusals().count(*code);
        }
        result
    }

    async fn covered(
        &self,
        tx: &mut dyn Transaction,
        operator: Option<&Principal>,
        password: &str,
        product: &str,
    ) -> Result<Covered, AuthorityError> {
        let not_covered = || AuthorityError::Refused(Code::NotCovered);
        if operator.is_some() {
            let product = tx.product_by_code(product).await?.ok_or_else(not_covered)?;
            let releases = tx.published_releases(product.id, MOST_RELEASES).await?;
            return Ok(Covered { product, releases, license_id: None });
        }
        let customer = self.customer_of(tx, password).await?;
        if customer.product != product {
            return Err(not_covered());
        }
        let releases = customer.covered(tx).await?;
        let product = tx.product(customer.product_id).await?.ok_or_else(not_covered)?;
        Ok(Covered { product, releases, license_id: Some(customer.license_id) })
    }

    /// A release with links, all of it or what is for a platform.
    pub(crate) async fn covered_view(
        &self,
        tx: &mut dyn Transaction,
        covered: &Covered,
        release: &Release,
        platform: Option<&str>,
    ) -> Result<CoveredRelease, AuthorityError> {
        let artifacts = tx.artifacts(release.id).await?;
        let is_for =
            |of: &str| platform.is_none_or(|wanted| of == wanted || of == super::announce::ANY);
        let downloads =
            artifacts.iter().filter(|artifact| is_for(&artifact.platform)).map(|artifact| {
                let link = self.link(artifact, covered.license_id);
                Download { artifact: artifact_view(artifact), link }
            });
        Ok(CoveredRelease {
            product: covered.product.code.clone(),
            version: release.version.clone(),
            channel: release.channel.clone(),
            notes: release.notes.clone(),
            published_at: release.published_at.map(timestamp),
            downloads: downloads.collect(),
        })
    }
}
