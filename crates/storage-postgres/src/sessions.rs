//! Sessions of operators.

use crate::params;
use async_trait::async_trait;
use licentia_model::Session;
use licentia_storage::Result;
use licentia_storage::sessions::Sessions;
use uuid::Uuid;

use crate::columns::Columns;
use crate::statements;
use crate::transaction::PostgresTransaction;

statements! {
    INSERT = "
        INSERT INTO sessions
            (id, operator_id, hash, origin, agent, created_at, last_used_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    BY_HASH = "SELECT * FROM sessions WHERE hash = $1";
    BY_ID = "SELECT * FROM sessions WHERE id = $1";
    OF_OPERATOR = "
        SELECT * FROM sessions WHERE operator_id = $1 AND (created_at, id) < ($2, $3)
        ORDER BY created_at DESC, id DESC LIMIT $4";
    ALL = "
        SELECT * FROM sessions WHERE (created_at, id) < ($1, $2)
        ORDER BY created_at DESC, id DESC LIMIT $3";
    TOUCH = "UPDATE sessions SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2";
    DELETE = "DELETE FROM sessions WHERE id = $1";
    DELETE_OF = "DELETE FROM sessions WHERE operator_id = $1 AND id <> $2";
    PRUNE = "DELETE FROM sessions WHERE expires_at < $1";
}

#[async_trait]
impl Sessions for PostgresTransaction {
    async fn insert_session(&mut self, session: &Session) -> Result<()> {
        let params = params![
            session.id,
            session.operator_id,
            session.hash,
            session.origin,
            session.agent,
            session.created_at,
            session.last_used_at,
            session.expires_at,
        ];
        self.write_one("session", INSERT, params).await
    }

    async fn session(&mut self, hash: &[u8; 32]) -> Result<Option<Session>> {
        self.one("sessions", BY_HASH, params![hash], session).await
    }

    async fn session_by_id(&mut self, id: Uuid) -> Result<Option<Session>> {
        self.one("sessions", BY_ID, params![id], session).await
    }

    async fn sessions(
        &mut self,
        operator_id: Option<Uuid>,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Session>> {
        // As with licences: a page begins below the last one's end.
        let (before, before_id) = match after {
            None => (i64::MAX, Uuid::nil()),
            Some(after) => match self.session_by_id(after).await? {
                None => return Ok(Vec::new()),
                Some(last) => (last.created_at, last.id),
            },
        };
        match operator_id {
            Some(id) => {
                let params = params![id, before, before_id, limit];
                self.all("sessions", OF_OPERATOR, params, session).await
            }
            None => {
                let params = params![before, before_id, limit];
                self.all("sessions", ALL, params, session).await
            }
        }
    }

    async fn touch_session(&mut self, id: Uuid, at: i64) -> Result<bool> {
        Ok(self.write(TOUCH, params![id, at]).await? == 1)
    }

    async fn delete_session(&mut self, id: Uuid) -> Result<bool> {
        Ok(self.write(DELETE, params![id]).await? == 1)
    }

    async fn delete_sessions(&mut self, operator_id: Uuid, keep: Option<Uuid>) -> Result<u64> {
        // No session has the nil id.
        let keep = keep.unwrap_or_default();
        self.write(DELETE_OF, params![operator_id, keep]).await
    }

    async fn prune_sessions(&mut self, before: i64) -> Result<u64> {
        self.write(PRUNE, params![before]).await
    }
}

fn session(row: &Columns<'_>) -> Result<Session> {
    Ok(Session {
        id: row.uuid("id")?,
        operator_id: row.uuid("operator_id")?,
        hash: row.hash("hash")?,
        origin: row.plain("origin")?,
        agent: row.plain("agent")?,
        created_at: row.plain("created_at")?,
        last_used_at: row.plain("last_used_at")?,
        expires_at: row.plain("expires_at")?,
    })
}
