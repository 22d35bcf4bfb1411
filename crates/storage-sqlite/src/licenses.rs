//! Licences.

use async_trait::async_trait;
use licentia_model::{License, LicenseState};
use licentia_storage::Result;
use licentia_storage::licenses::{Licenses, Path, Walk};
use rusqlite::{Params, params};
use uuid::Uuid;

use crate::columns::{Columns, signed};
use crate::statements;
use crate::transaction::SqliteTransaction;

statements! {
    INSERT = "
        INSERT INTO licenses (id, plan_id, state, state_at, state_reason, grace_until, token_version, jti,
                              key_jti, tier, expires_at, updated_at, customer_id, trial, ends_at,
                              product_id, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
    UPDATE = "
        UPDATE licenses
        SET plan_id = ?2, state = ?3, state_at = ?4, state_reason = ?5, grace_until = ?6,
            token_version = ?7, jti = ?8, key_jti = ?9, tier = ?10, expires_at = ?11, updated_at = ?12,
            customer_id = ?13, trial = ?14, ends_at = ?15
        WHERE id = ?1";
    BY_ID = "SELECT * FROM licenses WHERE id = ?1";
}

/// Both directions of a path: a page begins behind the place where the last one ended.
macro_rules! both_ways {
    ($path:literal, $key:literal, $at:literal, $id:literal, $limit:literal) => {
        [
            concat!(
                "SELECT * FROM licenses WHERE ",
                $path,
                "(",
                $key,
                ", id) > (",
                $at,
                ", ",
                $id,
                ") ORDER BY ",
                $key,
                ", id LIMIT ",
                $limit
            ),
            concat!(
                "SELECT * FROM licenses WHERE ",
                $path,
                "(",
                $key,
                ", id) < (",
                $at,
                ", ",
                $id,
                ") ORDER BY ",
                $key,
                " DESC, id DESC LIMIT ",
                $limit
            ),
        ]
    };
}

const ALL: [&str; 2] = both_ways!("", "created_at", "?1", "?2", "?3");
const OF_PRODUCT: [&str; 2] = both_ways!("product_id = ?1 AND ", "created_at", "?2", "?3", "?4");
const OF_PLAN: [&str; 2] = both_ways!("plan_id = ?1 AND ", "created_at", "?2", "?3", "?4");
const OF_CUSTOMER: [&str; 2] = both_ways!("customer_id = ?1 AND ", "created_at", "?2", "?3", "?4");
const IN_STATE: [&str; 2] =
    both_ways!("state <> 'active' AND state = ?1 AND ", "created_at", "?2", "?3", "?4");
const OF_PRODUCT_IN_STATE: [&str; 2] = both_ways!(
    "state <> 'active' AND product_id = ?1 AND state = ?2 AND ",
    "created_at",
    "?3",
    "?4",
    "?5"
);
const ON_TRIAL: [&str; 2] = both_ways!("trial = 1 AND ", "created_at", "?1", "?2", "?3");
const ENDING: [&str; 2] = both_ways!("", "ends_at", "?1", "?2", "?3");
const OF_PRODUCT_ENDING: [&str; 2] =
    both_ways!("product_id = ?1 AND ", "ends_at", "?2", "?3", "?4");
const REVOKED: [&str; 2] = both_ways!("state = 'revoked' AND ", "state_at", "?1", "?2", "?3");

#[cfg(test)]
pub(crate) const WALKS: &[[&str; 2]] = &[
    ALL,
    OF_PRODUCT,
    OF_PLAN,
    OF_CUSTOMER,
    IN_STATE,
    OF_PRODUCT_IN_STATE,
    ON_TRIAL,
    ENDING,
    OF_PRODUCT_ENDING,
    REVOKED,
];

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
            license.customer_id.to_string(),
            license.trial,
            Path::Ending.place(license).at,
            license.product_id.to_string(),
            license.created_at,
        ];
        self.forget_license(license.id);
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
            license.customer_id.to_string(),
            license.trial,
            Path::Ending.place(license).at,
        ];
        self.forget_license(license.id);
        self.write_one("licence", UPDATE, params)
    }

    async fn license(&mut self, id: Uuid) -> Result<Option<License>> {
        self.kept_license(id)
    }

    async fn lock_license(&mut self, id: Uuid) -> Result<Option<License>> {
        // Nothing to lock: a writing transaction begins immediate, so it is the only writer of the whole
        // database, other processes included, from its first statement to its end.
        self.writable()?;
        self.kept_license(id)
    }

    async fn walk_licenses(&mut self, walk: &Walk) -> Result<Vec<License>> {
        let way = usize::from(walk.descending);
        let (at, id, limit) = (walk.after.at, walk.after.id.to_string(), walk.limit);
        match walk.path {
            Path::All => self.walked(ALL[way], params![at, id, limit]),
            Path::OnTrial => self.walked(ON_TRIAL[way], params![at, id, limit]),
            Path::Ending => self.walked(ENDING[way], params![at, id, limit]),
            Path::Revoked => self.walked(REVOKED[way], params![at, id, limit]),
            Path::OfProduct(product) => {
                self.walked(OF_PRODUCT[way], params![product.to_string(), at, id, limit])
            }
            Path::OfPlan(plan) => {
                self.walked(OF_PLAN[way], params![plan.to_string(), at, id, limit])
            }
            Path::OfCustomer(customer) => {
                self.walked(OF_CUSTOMER[way], params![customer.to_string(), at, id, limit])
            }
            Path::InState(state) => self.walked(IN_STATE[way], params![state, at, id, limit]),
            Path::OfProductInState(product, state) => {
                let params = params![product.to_string(), state, at, id, limit];
                self.walked(OF_PRODUCT_IN_STATE[way], params)
            }
            Path::OfProductEnding(product) => {
                self.walked(OF_PRODUCT_ENDING[way], params![product.to_string(), at, id, limit])
            }
        }
    }
}

impl SqliteTransaction {
    fn walked(&mut self, sql: &'static str, params: impl Params) -> Result<Vec<License>> {
        self.all("licenses", sql, params, license)
    }
}

impl SqliteTransaction {
    /// A licence, from memory where it is sure.
    pub(crate) fn kept_license(&mut self, id: Uuid) -> Result<Option<License>> {
        self.keep_license(id, |tx| tx.one("licenses", BY_ID, params![id.to_string()], license))
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
        trial: row.flag("trial")?,
        created_at: row.plain("created_at")?,
        updated_at: row.plain("updated_at")?,
    })
}
