//! Makes a token, which is shown this once.

use licentia_model::{ApiToken, Scope};
use licentia_protocol::resource;
use licentia_storage::Transaction;
use serde_json::Value;
use uuid::Uuid;

use crate::access::Principal;
use crate::ask::Ask;
use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::secrets::{API_TOKEN, recognised_by, token};
use crate::tokens::list::{missing, subject, view};

const LONGEST_NAME: usize = 100;

/// What the token is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// Whose it is; `None`: of whoever asks.
    pub operator: Option<String>,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it ends, in seconds since the epoch; `None`: never.
    pub expires_at: Option<i64>,
}

impl Authority {
    /// Makes a token. It may do no more than what the one who asks was given, and never more than its operator.
    pub async fn create_token(
        &self,
        new: NewToken,
        by: &Principal,
        ask: impl Into<Ask>,
    ) -> Result<resource::ApiToken, AuthorityError> {
        let scopes = checked(&new, by, self.clock().now())?;
        let (by, ask) = (by.clone(), ask.into());
        let again = ask.actor.clone();
        self.carry_out(
            ask,
            move |this, tx, ask| {
                Box::pin(async move { this.make_token(tx, new, scopes, &by, &ask.actor).await })
            },
            move |this, tx, id| {
                Box::pin(async move { this.make_token_again(tx, id, &again).await })
            },
        )
        .await
    }

    async fn make_token(
        &self,
        tx: &mut dyn Transaction,
        new: NewToken,
        scopes: Vec<Scope>,
        by: &Principal,
        actor: &Actor,
    ) -> Result<(Uuid, resource::ApiToken), AuthorityError> {
        let name = new.operator.as_deref().unwrap_or(&by.name);
        let operator = tx
            .operator_by_name(name)
            .await?
            .ok_or_else(|| AuthorityError::NotFound { what: "operator", name: name.to_owned() })?;
        if !by.reaches(operator.id) {
            let what =
                "tokens of other operators need the scope `operators:write` and the role `owner`";
            return Err(AuthorityError::Forbidden(what.into()));
        }
        let secret = token(API_TOKEN, self.random());
        let row = ApiToken {
            id: self.uuid(),
            operator_id: operator.id,
            name: new.name.trim().to_owned(),
            prefix: recognised_by(&secret),
            hash: self.api_token_hash(secret.expose()),
            scopes,
            created_at: self.clock().now(),
            expires_at: new.expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        tx.insert_api_token(&row).await?;
        let shown = view(&row, &operator.name);
        let entry = Entry::change(Value::Null, "good")
            .fact("prefix", row.prefix.clone())
            .fact("operator", operator.name)
            .fact("name", row.name.clone())
            .fact("scopes", shown.scopes.clone())
            .fact("expires_at", row.expires_at);
        self.record(tx, actor, "token.create", subject(row.id), entry).await?;
        Ok((row.id, resource::ApiToken { token: Some(secret.expose().clone()), ..shown }))
    }

    /// The same request once more: the token is not kept, so it is made anew, and the former one is void.
    async fn make_token_again(
        &self,
        tx: &mut dyn Transaction,
        id: Uuid,
        actor: &Actor,
    ) -> Result<resource::ApiToken, AuthorityError> {
        let mut row = tx.api_token_by_id(id).await?.ok_or_else(|| missing(id))?;
        let secret = token(API_TOKEN, self.random());
        row.hash = self.api_token_hash(secret.expose());
        let former = std::mem::replace(&mut row.prefix, recognised_by(&secret));
        tx.update_api_token(&row).await?;
        let entry = Entry::change(former, row.prefix.clone()).fact("name", row.name.clone());
        self.record(tx, actor, "token.show", subject(id), entry).await?;
        let operator = tx.operator(row.operator_id).await?.ok_or_else(|| missing(id))?;
        let shown = view(&row, &operator.name);
        Ok(resource::ApiToken { token: Some(secret.expose().clone()), ..shown })
    }
}

/// What a token is called, and until when it is good.
pub(crate) fn check_name_and_end(
    name: &str,
    expires_at: Option<i64>,
    now: i64,
) -> Result<(), AuthorityError> {
    let invalid = |field, problem: String| Err(AuthorityError::Invalid { field, problem });
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control)
    {
        return invalid("name", format!("wants 1 to {LONGEST_NAME} printable characters"));
    }
    if expires_at.is_some_and(|end| end <= now) {
        return invalid("expires_at", "lies in the past".into());
    }
    Ok(())
}

fn checked(new: &NewToken, by: &Principal, now: i64) -> Result<Vec<Scope>, AuthorityError> {
    check_name_and_end(&new.name, new.expires_at, now)?;
    let invalid = |field, problem: String| Err(AuthorityError::Invalid { field, problem });
    let mut scopes = Vec::new();
    for word in &new.scopes {
        let Ok(scope) = word.parse::<Scope>() else {
            return invalid("scopes", "wants `RESOURCE:read`, `RESOURCE:write` or `admin`".into());
        };
        if !by.was_given(scope) {
            return Err(AuthorityError::Forbidden(format!(
                "a token with the scope `{scope}` can only be made by one that has it"
            )));
        }
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    if scopes.is_empty() {
        return invalid("scopes", "wants at least one, such as `licenses:read`".into());
    }
    Ok(scopes)
}
