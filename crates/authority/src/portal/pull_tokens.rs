//! A customer's own tokens for a container registry: what `docker login` sends, so that no licence key stands in a
//! cluster's configuration.

use licentia_protocol::distribution::PullToken;
use uuid::Uuid;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::portal::actor;
use crate::portal::enter::Visit;
use crate::pull_tokens::create::NewPullToken;

/// Tokens of one licence that a customer may have at a time.
const MOST: u32 = 20;

impl Authority {
    /// Makes one, which ends with its licence. It is shown this once.
    pub async fn own_pull_token(
        &self,
        visit: Visit,
        name: String,
        origin: &str,
    ) -> Result<PullToken, AuthorityError> {
        let listed = self.list_pull_tokens(visit.license_id, None, 1_000).await?;
        let open = listed.iter().filter(|token| token.revoked_at.is_none()).count();
        if open >= MOST as usize {
            let problem = format!("there are {MOST} already; revoke one that is not used");
            return Err(AuthorityError::Invalid { field: "name", problem });
        }
        let new = NewPullToken { license_id: visit.license_id, name, expires_at: None };
        self.create_pull_token(new, actor(origin)).await
    }

    /// Revokes one of the visited licence.
    pub async fn revoke_own_pull_token(
        &self,
        visit: Visit,
        id: Uuid,
        origin: &str,
    ) -> Result<(), AuthorityError> {
        let own = self.list_pull_tokens(visit.license_id, None, 1_000).await?;
        if !own.iter().any(|token| token.id == id) {
            return Err(AuthorityError::NotFound { what: "pull token", name: id.to_string() });
        }
        self.revoke_pull_token(id, actor(origin)).await.map(drop)
    }
}
