//! Seats: what a heartbeat changes, and the access tokens of activations.

use async_trait::async_trait;
use licentia_model::{HeldSeat, Seat};
use licentia_storage::seats::Seats;
use licentia_storage::{Result, StorageError};
use rusqlite::params;
use uuid::Uuid;

use crate::columns::{Columns, signed};
use crate::statements;
use crate::transaction::SqliteTransaction;

statements! {
    // An activation never moves to another licence: with another one, no row is touched.
    PUT = "
        INSERT INTO seats (activation_id, license_id, generation, nonce, server_nonce, lease_until,
                           last_seen, nodes, overage, token_hash, previous_token_hash, token_issued_at,
                           token_version, previous_server_nonce, lease_day)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?6 / 86400)
        ON CONFLICT (activation_id) DO UPDATE
        SET generation = excluded.generation, nonce = excluded.nonce,
            server_nonce = excluded.server_nonce, lease_until = excluded.lease_until,
            last_seen = excluded.last_seen, nodes = excluded.nodes, overage = excluded.overage,
            token_hash = excluded.token_hash, previous_token_hash = excluded.previous_token_hash,
            token_issued_at = excluded.token_issued_at, token_version = excluded.token_version,
            previous_server_nonce = excluded.previous_server_nonce, lease_day = excluded.lease_day
        WHERE seats.license_id = excluded.license_id";
    BY_ACTIVATION = "SELECT * FROM seats WHERE activation_id = ?1";
    HELD = "
        SELECT seats.*, cluster_id, fingerprint, activated_at
        FROM seats JOIN activations ON activations.id = seats.activation_id
        WHERE activation_id = ?1";
    // The day is in an index, which only a day that changes has to touch.
    KEEP = "
        UPDATE seats
        SET generation = ?2, nonce = ?3, server_nonce = ?4, previous_server_nonce = ?5, lease_until = ?6,
            last_seen = ?7, nodes = ?8
        WHERE activation_id = ?1 AND lease_day = ?6 / 86400";
    KEEP_TO_ANOTHER_DAY = "
        UPDATE seats
        SET generation = ?2, nonce = ?3, server_nonce = ?4, previous_server_nonce = ?5, lease_until = ?6,
            last_seen = ?7, nodes = ?8, lease_day = ?6 / 86400
        WHERE activation_id = ?1";
    LIVE = "
        SELECT * FROM seats
        WHERE license_id = ?1 AND lease_day >= ?2 / 86400 AND lease_until > ?2 AND last_seen > ?3
        ORDER BY last_seen DESC, activation_id LIMIT ?4";
    COUNT_LIVE = "
        SELECT count(*) FROM seats
        WHERE license_id = ?1 AND lease_day >= ?2 / 86400 AND lease_until > ?2 AND last_seen > ?3
          AND activation_id IS DISTINCT FROM ?4";
    INSERT_TOKEN = "INSERT INTO access_tokens (hash, activation_id, expires_at) VALUES (?1, ?2, ?3)";
    TOKEN_OWNER = "SELECT activation_id FROM access_tokens WHERE hash = ?1";
    PRUNE_TOKENS = "DELETE FROM access_tokens WHERE expires_at < ?1";
}

#[async_trait]
impl Seats for SqliteTransaction {
    async fn put_seat(&mut self, seat: &Seat) -> Result<()> {
        let params = params![
            seat.activation_id.to_string(),
            seat.license_id.to_string(),
            signed(seat.generation)?,
            seat.nonce,
            seat.server_nonce,
            seat.lease_until,
            seat.last_seen,
            seat.nodes,
            seat.overage,
            seat.token_hash,
            seat.previous_token_hash,
            seat.token_issued_at,
            signed(seat.token_version)?,
            seat.previous_server_nonce,
        ];
        self.write_one("seat", PUT, params)
    }

    async fn seat(&mut self, activation_id: Uuid) -> Result<Option<Seat>> {
        self.one("seats", BY_ACTIVATION, params![activation_id.to_string()], seat)
    }

    async fn hold_seats(&mut self, activation_ids: &[Uuid]) -> Result<Vec<HeldSeat>> {
        // Nothing to lock, see `lock_license`.
        self.writable()?;
        let mut held = Vec::with_capacity(activation_ids.len());
        let mut text = Uuid::encode_buffer();
        for id in activation_ids {
            let id: &str = id.hyphenated().encode_lower(&mut text);
            let Some((seat, holder)) =
                self.one("seats", HELD, params![id], |row| Ok((seat(row)?, holder(row)?)))?
            else {
                continue;
            };
            let Some(license) = self.kept_license(seat.license_id)? else { continue };
            let (cluster_id, fingerprint, activated_at) = holder;
            held.push(HeldSeat { seat, cluster_id, fingerprint, activated_at, license });
        }
        Ok(held)
    }

    async fn keep_seats(&mut self, seats: &[&Seat]) -> Result<()> {
        let mut text = Uuid::encode_buffer();
        for seat in seats {
            let id: &str = seat.activation_id.hyphenated().encode_lower(&mut text);
            let params = params![
                id,
                signed(seat.generation)?,
                seat.nonce,
                seat.server_nonce,
                seat.previous_server_nonce,
                seat.lease_until,
                seat.last_seen,
                seat.nodes,
            ];
            if self.write(KEEP, params)? == 0 {
                self.write_one("seat", KEEP_TO_ANOTHER_DAY, params)?;
            }
        }
        Ok(())
    }

    async fn live_seats(
        &mut self,
        license_id: Uuid,
        now: i64,
        reclaim_after_s: Option<u32>,
        limit: u32,
    ) -> Result<Vec<Seat>> {
        let silent_since = silent_since(now, reclaim_after_s);
        self.all("seats", LIVE, params![license_id.to_string(), now, silent_since, limit], seat)
    }

    async fn count_live_seats(
        &mut self,
        license_id: Uuid,
        now: i64,
        reclaim_after_s: Option<u32>,
        except: Option<Uuid>,
    ) -> Result<u32> {
        let params = params![
            license_id.to_string(),
            now,
            silent_since(now, reclaim_after_s),
            except.map(|id| id.to_string())
        ];
        let count = self.integer(COUNT_LIVE, params)?;
        u32::try_from(count).map_err(|_| StorageError::Internal(format!("{count} seats")))
    }

    async fn insert_access_token(
        &mut self,
        hash: &[u8; 32],
        activation_id: Uuid,
        expires_at: i64,
    ) -> Result<()> {
        self.write_one(
            "access token",
            INSERT_TOKEN,
            params![hash, activation_id.to_string(), expires_at],
        )
    }

    async fn access_token_owner(&mut self, hash: &[u8; 32]) -> Result<Option<Uuid>> {
        self.one("access_tokens", TOKEN_OWNER, params![hash], |row| row.uuid("activation_id"))
    }

    async fn prune_access_tokens(&mut self, expired_before: i64) -> Result<u64> {
        self.write(PRUNE_TOKENS, params![expired_before])
    }
}

/// A seat seen last at this time or before is given away; without the rule, none is.
fn silent_since(now: i64, reclaim_after_s: Option<u32>) -> i64 {
    reclaim_after_s.map_or(i64::MIN, |seconds| now.saturating_sub(i64::from(seconds)))
}

/// Of its activation.
fn holder(row: &Columns<'_>) -> Result<(String, Option<String>, i64)> {
    Ok((row.plain("cluster_id")?, row.plain("fingerprint")?, row.plain("activated_at")?))
}

fn seat(row: &Columns<'_>) -> Result<Seat> {
    Ok(Seat {
        activation_id: row.uuid("activation_id")?,
        license_id: row.uuid("license_id")?,
        generation: row.number("generation")?,
        nonce: row.plain("nonce")?,
        server_nonce: row.plain("server_nonce")?,
        previous_server_nonce: row.plain("previous_server_nonce")?,
        lease_until: row.plain("lease_until")?,
        last_seen: row.plain("last_seen")?,
        nodes: row.optional("nodes", Columns::number)?,
        overage: row.flag("overage")?,
        token_hash: row.hash("token_hash")?,
        previous_token_hash: row.optional("previous_token_hash", Columns::hash)?,
        token_issued_at: row.plain("token_issued_at")?,
        token_version: row.number("token_version")?,
    })
}
