//! Signs what a release consists of (M4), with the key of purpose `manifest`. The audit row is all that is kept of it.

use licentia_license::manifest::{Artifact, Manifest};

use serde_json::Value;

use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::licenses::waive::check_text;

impl Authority {
    /// Signs the manifest of a release; the document.
    pub async fn sign_manifest(
        &self,
        product: String,
        version: String,
        artifacts: Vec<Artifact>,
        actor: Actor,
    ) -> Result<String, AuthorityError> {
        check_text("version", &version)?;
        self.write(move |this, tx| {
            Box::pin(async move {
                let found = tx.product_by_code(&product).await?;
                let product = found.ok_or_else(|| AuthorityError::NotFound {
                    what: "product",
                    name: product.clone(),
                })?;
                let manifest = Manifest {
                    iss: this.issuer().to_owned(),
                    iat: this.clock().now(),
                    exp: None,
                    product: product.code,
                    version,
                    artifacts,
                };
                let files = u64::try_from(manifest.artifacts.len()).unwrap_or(u64::MAX);
                let entry = Entry::change(Value::Null, "signed")
                    .fact("version", manifest.version.clone())
                    .fact("files", files);
                let subject = format!("product:{}", manifest.product);
                this.record(tx, &actor, "manifest.sign", subject, entry).await?;
                this.sign(&manifest)
            })
        })
        .await
    }
}
