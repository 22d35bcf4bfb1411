//! Sessions as operators see them.

use licentia_model::Session;
use licentia_protocol::resource;
use uuid::Uuid;

use crate::access::{Credential, Principal};
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::export::Row;
use crate::seats::timestamp;

impl Row for resource::Session {
    const COLUMNS: &'static [&'static str] =
        &["id", "operator", "origin", "agent", "created_at", "last_used_at", "expires_at"];
}

impl Authority {
    /// A page of the sessions that go on, newest first: an operator's own, or for an owner those of one or of all.
    pub async fn list_sessions(
        &self,
        operator: Option<String>,
        by: &Principal,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<resource::Session>, AuthorityError> {
        let by = by.clone();
        self.read(move |this, tx| {
            Box::pin(async move {
                let now = this.clock().now();
                let mut of = (!by.is_over_others()).then_some(by.operator_id);
                if let Some(name) = operator {
                    match tx.operator_by_name(&name).await? {
                        Some(operator) if by.reaches(operator.id) => of = Some(operator.id),
                        _ => return Ok(Vec::new()),
                    }
                }
                let (mut list, mut after) = (Vec::new(), after);
                // What has ended is there until it is pruned, and is not shown.
                while list.len() < limit as usize {
                    let rows = tx.sessions(of, after, limit).await?;
                    after = rows.last().map(|session| session.id);
                    let last = rows.len() < limit as usize;
                    for session in rows.iter().filter(|session| session.is_good(now)) {
                        let operator = tx.operator(session.operator_id).await?;
                        let name = operator.map(|operator| operator.name).unwrap_or_default();
                        list.push(view(session, &name, current(&by)));
                    }
                    if last {
                        break;
                    }
                }
                list.truncate(limit as usize);
                Ok(list)
            })
        })
        .await
    }
}

pub(crate) fn current(by: &Principal) -> Option<Uuid> {
    match by.credential {
        Credential::Session(id) => Some(id),
        _ => None,
    }
}

pub(crate) fn view(session: &Session, operator: &str, current: Option<Uuid>) -> resource::Session {
    resource::Session {
        id: session.id,
        operator_id: session.operator_id,
        operator: operator.to_owned(),
        origin: session.origin.clone(),
        agent: session.agent.clone(),
        current: current == Some(session.id),
        token: None,
        csrf_token: None,
        created_at: timestamp(session.created_at),
        last_used_at: timestamp(session.last_used_at),
        expires_at: timestamp(session.expires_at),
    }
}
