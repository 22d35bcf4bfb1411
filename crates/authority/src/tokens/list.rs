//! Tokens as operators see them.

use licentia_model::ApiToken;
use licentia_protocol::resource;
use uuid::Uuid;

use crate::access::Principal;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::export::Row;
use crate::seats::timestamp;

impl Row for resource::ApiToken {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "name",
        "operator",
        "prefix",
        "scopes",
        "created_at",
        "expires_at",
        "last_used_at",
        "revoked_at",
    ];
}

impl Authority {
    /// A page of tokens, newest first: an operator's own, or for an owner those of one or of all.
    pub async fn list_tokens(
        &self,
        operator: Option<String>,
        by: &Principal,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<resource::ApiToken>, AuthorityError> {
        let by = by.clone();
        self.read(move |_, tx| {
            Box::pin(async move {
                let mut of = (!by.is_over_others()).then_some(by.operator_id);
                if let Some(name) = operator {
                    match tx.operator_by_name(&name).await? {
                        Some(operator) if by.reaches(operator.id) => of = Some(operator.id),
                        _ => return Ok(Vec::new()),
                    }
                }
                let mut list = Vec::new();
                for token in tx.api_tokens(of, after, limit).await? {
                    let operator = tx.operator(token.operator_id).await?;
                    list.push(view(&token, &operator.map(|o| o.name).unwrap_or_default()));
                }
                Ok(list)
            })
        })
        .await
    }

    /// One token.
    pub async fn show_token(
        &self,
        id: Uuid,
        by: &Principal,
    ) -> Result<resource::ApiToken, AuthorityError> {
        let by = by.clone();
        self.read(move |_, tx| {
            Box::pin(async move {
                let token = tx.api_token_by_id(id).await?;
                // Another's token is not there, rather than forbidden: ids tell nothing.
                let token = token.filter(|token| by.reaches(token.operator_id));
                let token = token.ok_or_else(|| missing(id))?;
                let operator = tx.operator(token.operator_id).await?;
                Ok(view(&token, &operator.map(|o| o.name).unwrap_or_default()))
            })
        })
        .await
    }
}

pub(crate) fn view(token: &ApiToken, operator: &str) -> resource::ApiToken {
    resource::ApiToken {
        id: token.id,
        name: token.name.clone(),
        operator: operator.to_owned(),
        prefix: token.prefix.clone(),
        scopes: token.scopes.iter().map(ToString::to_string).collect(),
        token: None,
        created_at: timestamp(token.created_at),
        expires_at: token.expires_at.map(timestamp),
        last_used_at: token.last_used_at.map(timestamp),
        revoked_at: token.revoked_at.map(timestamp),
    }
}

pub(crate) fn missing(id: Uuid) -> AuthorityError {
    AuthorityError::NotFound { what: "token", name: id.to_string() }
}

pub(crate) fn subject(id: Uuid) -> String {
    format!("token:{id}")
}
