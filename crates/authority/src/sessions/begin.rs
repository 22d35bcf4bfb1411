//! A log-in. Its failures are told alike and cost alike, whether there is such an operator or not.

use licentia_issue::Secret;
use licentia_model::{Operator, Session};
use licentia_protocol::{Code, resource};
use licentia_storage::Transaction;
use serde_json::Value;

use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::operators::list::subject;
use crate::secrets::{SESSION, token};
use crate::sessions::list::view;

/// How long a session lasts at most, in seconds.
const LIFE_S: i64 = 12 * 3600;
const LONGEST_AGENT: usize = 200;

/// Who logs in.
pub struct LogIn {
    /// Name.
    pub name: String,
    /// Password.
    pub password: Secret<String>,
    /// A one-time code or a recovery code, where there is a second factor.
    pub code: Option<String>,
    /// The program, in its own words.
    pub agent: Option<String>,
    /// The address.
    pub origin: String,
}

impl Authority {
    /// Begins a session; [`Code::WrongLogin`] or [`Code::CodeNeeded`] where it does not.
    pub async fn log_in(&self, log_in: LogIn) -> Result<resource::Session, AuthorityError> {
        let LogIn { name, password, code, agent, origin } = log_in;
        let shown = self
            .read(move |_, tx| Box::pin(async move { Ok(tx.operator_by_name(&name).await?) }))
            .await?;
        let stored = shown.as_ref().and_then(|operator| operator.password.clone());
        let right = self.is_password(stored.clone(), password).await?;
        let Some(operator) = shown.filter(|_| right) else {
            return Err(self.refuse_log_in(Code::WrongLogin));
        };
        if operator.totp.is_some() && code.is_none() {
            return Err(AuthorityError::Refused(Code::CodeNeeded));
        }
        let begun = self
            .write(move |this, tx| {
                Box::pin(async move {
                    tx.lock_audit_head().await?;
                    // As it is now: it may have been removed, or given another password, in between.
                    let operator = tx.operator(operator.id).await?;
                    let operator = operator.filter(|operator| operator.password == stored);
                    let Some(mut operator) = operator else { return Ok(None) };
                    if !this
                        .take_code(tx, &mut operator, code.as_deref().unwrap_or_default())
                        .await?
                    {
                        return Ok(None);
                    }
                    this.begin_session(tx, &operator, "password", agent, origin).await.map(Some)
                })
            })
            .await?;
        begun.ok_or_else(|| self.refuse_log_in(Code::WrongLogin))
    }

    /// The session of an operator who has shown what he had to; `by` is told in the trail.
    pub(super) async fn begin_session(
        &self,
        tx: &mut dyn Transaction,
        operator: &Operator,
        by: &'static str,
        agent: Option<String>,
        origin: String,
    ) -> Result<resource::Session, AuthorityError> {
        let agent = agent.map(|agent| {
            agent.chars().filter(|c| !c.is_control()).take(LONGEST_AGENT).collect::<String>()
        });
        let (now, secret) = (self.clock().now(), token(SESSION, self.random()));
        let session = Session {
            id: self.uuid(),
            operator_id: operator.id,
            hash: self.session_hash(secret.expose()),
            origin: origin.clone(),
            agent,
            created_at: now,
            last_used_at: now,
            expires_at: now.saturating_add(LIFE_S),
        };
        tx.insert_session(&session).await?;
        let actor = Actor::new(format!("operator:{}", operator.name), origin);
        let entry = Entry::change(Value::Null, "good")
            .fact("session", session.id.to_string())
            .fact("by", by);
        self.record(tx, &actor, "session.begin", subject(operator.id), entry).await?;
        let mut view = view(&session, &operator.name, Some(session.id));
        view.csrf_token = Some(self.csrf_token(secret.expose()));
        view.token = Some(secret.expose().clone());
        Ok(view)
    }

    pub(super) fn refuse_log_in(&self, code: Code) -> AuthorityError {
        self.refusals().count(code);
        AuthorityError::Refused(code)
    }
}
