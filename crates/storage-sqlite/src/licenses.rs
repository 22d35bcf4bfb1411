//! Licences.

use async_trait::async_trait;
use licentia_model::{License, LicenseState};
use licentia_storage::Result;
use licentia_storage::licenses::{LicenseFilter, Licenses};
use rusqlite::params;
use uuid::Uuid;

use crate::columns::{Columns, signed};
use crate::statements;
use crate::transaction::SqliteTransaction;

statements! {
    INSERT = "
        INSERT INTO licenses (id, plan_id, state, state_at, state_reason, grace_until, token_version, jti,
                              key_jti, tier, expires_at, updated_at, product_id, customer_id, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
    UPDATE = "
        UPDATE licenses
        SET plan_id = ?2, state = ?3, state_at = ?4, state_reason = ?5, grace_until = ?6,
            token_version = ?7, jti = ?8, key_jti = ?9, tier = ?10, expires_at = ?11, updated_at = ?12
        WHERE id = ?1";
    BY_ID = "SELECT * FROM licenses WHERE id = ?1";
    // A list by product, by customer, or of all: each walks its own index in order. Two of them at once are
    // rare, and filtered on the way.
    OF_PRODUCT = "
        SELECT * FROM licenses
        WHERE product_id = ?1 AND (?2 IS NULL OR customer_id = ?2) AND (?3 IS NULL OR state = ?3)
          AND (created_at, id) < (?4, ?5)
        ORDER BY created_at DESC, id DESC LIMIT ?6";
    OF_CUSTOMER = "
        SELECT * FROM licenses
        WHERE (?1 IS NULL OR product_id = ?1) AND customer_id = ?2 AND (?3 IS NULL OR state = ?3)
          AND (created_at, id) < (?4, ?5)
        ORDER BY created_at DESC, id DESC LIMIT ?6";
    ALL = "
        SELECT * FROM licenses
        WHERE ?1 IS NULL AND ?2 IS NULL AND (?3 IS NULL OR state = ?3)
          AND (created_at, id) < (?4, ?5)
        ORDER BY created_at DESC, id DESC LIMIT ?6";
}

#[async_trait]
impl Licenses for SqliteTransaction {
    async fn insert_license(&mut self, license: &License) -> Result<()> {
        let (state_at, state_reason, grace_until) = facts(&license.state);
        let params = params![
            license.id.to_string(),
            license.plan_id.to_string(),
            license.state.as_str(),
            state_at,
            state_reason,
            grace_until,
            signed(license.token_version)?,
            license.jti.to_string(),
            license.key_jti.to_string(),
            license.tier,
            license.expires_at,
            license.updated_at,
            license.product_id.to_string(),
            license.customer_id.to_string(),
            license.created_at,
        ];
        self.write_one("licence", INSERT, params)
    }

    async fn update_license(&mut self, license: &License) -> Result<()> {
        let (state_at, state_reason, grace_until) = facts(&license.state);
        let params = params![
            license.id.to_string(),
            license.plan_id.to_string(),
            license.state.as_str(),
            state_at,
            state_reason,
            grace_until,
            signed(license.token_version)?,
            license.jti.to_string(),
            license.key_jti.to_string(),
            license.tier,
            license.expires_at,
            license.updated_at,
        ];
        self.write_one("licence", UPDATE, params)
    }

    async fn license(&mut self, id: Uuid) -> Result<Option<License>> {
        self.one("licenses", BY_ID, params![id.to_string()], license)
    }

    async fn lock_license(&mut self, id: Uuid) -> Result<Option<License>> {
        // Nothing to lock: a writing transaction begins immediate, so it is the only writer of the whole
        // database, other processes included, from its first statement to its end.
        self.writable()?;
        self.one("licenses", BY_ID, params![id.to_string()], license)
    }

    async fn licenses(&mut self, filter: &LicenseFilter) -> Result<Vec<License>> {
        let sql = match (filter.customer_id, filter.product_id) {
            (Some(_), _) => OF_CUSTOMER,
            (None, Some(_)) => OF_PRODUCT,
            (None, None) => ALL,
        };
        // A page begins below the last one's end, which the index finds at once however far down it is.
        let (before, before_id) = match filter.after {
            None => (i64::MAX, Uuid::nil()),
            Some(after) => match self.license(after).await? {
                None => return Ok(Vec::new()),
                Some(last) => (last.created_at, last.id),
            },
        };
        let params = params![
            filter.product_id.map(|id| id.to_string()),
            filter.customer_id.map(|id| id.to_string()),
            filter.state,
            before,
            before_id.to_string(),
            filter.limit,
        ];
        self.all("licenses", sql, params, license)
    }
}

/// The facts of a state, as its columns have them: since when, why, and until when products may go on.
fn facts(state: &LicenseState) -> (Option<i64>, Option<&str>, Option<i64>) {
    match state {
        LicenseState::Active => (None, None, None),
        LicenseState::Suspended { at, reason } | LicenseState::Cancelled { at, reason } => {
            (Some(*at), reason.as_deref(), None)
        }
        LicenseState::Revoked { at, reason, grace_until } => {
            (Some(*at), reason.as_deref(), *grace_until)
        }
    }
}

fn license(row: &Columns<'_>) -> Result<License> {
    let state = match row.plain::<String>("state")?.as_str() {
        "active" => LicenseState::Active,
        "suspended" => LicenseState::Suspended {
            at: row.plain("state_at")?,
            reason: row.plain("state_reason")?,
        },
        "cancelled" => LicenseState::Cancelled {
            at: row.plain("state_at")?,
            reason: row.plain("state_reason")?,
        },
        "revoked" => LicenseState::Revoked {
            at: row.plain("state_at")?,
            reason: row.plain("state_reason")?,
            grace_until: row.plain("grace_until")?,
        },
        _ => return Err(row.corrupt("state")),
    };
    Ok(License {
        id: row.uuid("id")?,
        product_id: row.uuid("product_id")?,
        plan_id: row.uuid("plan_id")?,
        customer_id: row.uuid("customer_id")?,
        state,
        token_version: row.number("token_version")?,
        jti: row.uuid("jti")?,
        key_jti: row.uuid("key_jti")?,
        tier: row.plain("tier")?,
        expires_at: row.plain("expires_at")?,
        created_at: row.plain("created_at")?,
        updated_at: row.plain("updated_at")?,
    })
}
