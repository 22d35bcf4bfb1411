//! Pull tokens as operators see them.

use licentia_model::PullToken;
use licentia_protocol::distribution;
use uuid::Uuid;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::seats::timestamp;

impl Authority {
    /// A page of a licence's pull tokens, newest first.
    pub async fn list_pull_tokens(
        &self,
        license_id: Uuid,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<distribution::PullToken>, AuthorityError> {
        self.read(move |_, tx| {
            Box::pin(async move {
                if tx.license(license_id).await?.is_none() {
                    let name = license_id.to_string();
                    return Err(AuthorityError::NotFound { what: "licence", name });
                }
                let tokens = tx.pull_tokens(license_id, after, limit).await?;
                Ok(tokens.iter().map(view).collect())
            })
        })
        .await
    }
}

pub(crate) fn view(token: &PullToken) -> distribution::PullToken {
    distribution::PullToken {
        id: token.id,
        license_id: token.license_id,
        name: token.name.clone(),
        prefix: token.prefix.clone(),
        token: None,
        created_at: timestamp(token.created_at),
        expires_at: token.expires_at.map(timestamp),
        revoked_at: token.revoked_at.map(timestamp),
    }
}

pub(crate) fn missing(id: Uuid) -> AuthorityError {
    AuthorityError::NotFound { what: "pull token", name: id.to_string() }
}
