//! Seats: what a heartbeat changes, and the access tokens of activations.

use crate::params;
use async_trait::async_trait;
use licentia_model::{HeldSeat, Seat};
use licentia_storage::seats::Seats;
use licentia_storage::{Result, StorageError};
use uuid::Uuid;

use crate::columns::{Columns, signed};
use crate::licenses::license_beside;
use crate::params::Param;
use crate::statements;
use crate::transaction::PostgresTransaction;

statements! {
    // An activation never moves to another licence: with another one, no row is touched.
    PUT = "
        INSERT INTO seats (activation_id, license_id, generation, nonce, server_nonce, lease_until,
                           last_seen, nodes, overage, token_hash, previous_token_hash, token_issued_at,
                           token_version, previous_server_nonce, lease_day)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $6::bigint / 86400)
        ON CONFLICT (activation_id) DO UPDATE
        SET generation = excluded.generation, nonce = excluded.nonce,
            server_nonce = excluded.server_nonce, lease_until = excluded.lease_until,
            last_seen = excluded.last_seen, nodes = excluded.nodes, overage = excluded.overage,
            token_hash = excluded.token_hash, previous_token_hash = excluded.previous_token_hash,
            token_issued_at = excluded.token_issued_at, token_version = excluded.token_version,
            previous_server_nonce = excluded.previous_server_nonce, lease_day = excluded.lease_day
        WHERE seats.license_id = excluded.license_id";
    BY_ACTIVATION = "SELECT * FROM seats WHERE activation_id = $1";
    // Each row's licence before its seat, in one order for all who hold many.
    HELD = "
        SELECT s.*, a.cluster_id, a.fingerprint, a.activated_at,
               l.id, l.product_id, l.plan_id, l.customer_id, l.state, l.state_at, l.state_reason, l.grace_until,
               l.token_version AS license_token_version, l.jti, l.key_jti, l.tier, l.expires_at, l.trial, l.created_at,
               l.updated_at
        FROM licenses l
        JOIN seats s ON s.license_id = l.id
        JOIN activations a ON a.id = s.activation_id
        WHERE s.activation_id = ANY ($1::uuid[])
        ORDER BY s.license_id, s.activation_id
        FOR SHARE OF l FOR NO KEY UPDATE OF s";
    KEEP = "
        UPDATE seats
        SET generation = kept.generation, nonce = kept.nonce, server_nonce = kept.server_nonce,
            previous_server_nonce = kept.previous_server_nonce, lease_until = kept.lease_until,
            last_seen = kept.last_seen, nodes = kept.nodes, lease_day = kept.lease_until / 86400
        FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
                    $8::bigint[])
          AS kept (activation_id, generation, nonce, server_nonce, previous_server_nonce, lease_until, last_seen,
                   nodes)
        WHERE seats.activation_id = kept.activation_id";
    LIVE = "
        SELECT * FROM seats
        WHERE license_id = $1 AND lease_day >= $2::bigint / 86400 AND lease_until > $2 AND last_seen > $3
        ORDER BY last_seen DESC, activation_id LIMIT $4";
    COUNT_LIVE = "
        SELECT count(*) FROM seats
        WHERE license_id = $1 AND lease_day >= $2::bigint / 86400 AND lease_until > $2 AND last_seen > $3
          AND activation_id IS DISTINCT FROM $4";
    INSERT_TOKEN = "INSERT INTO access_tokens (hash, activation_id, expires_at) VALUES ($1, $2, $3)";
    TOKEN_OWNER = "SELECT activation_id FROM access_tokens WHERE hash = $1";
    PRUNE_TOKENS = "DELETE FROM access_tokens WHERE expires_at < $1";
}

#[async_trait]
impl Seats for PostgresTransaction {
    async fn put_seat(&mut self, seat: &Seat) -> Result<()> {
        let params = params![
            seat.activation_id,
            seat.license_id,
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
        self.write_one("seat", PUT, params).await
    }

    async fn seat(&mut self, activation_id: Uuid) -> Result<Option<Seat>> {
        self.one("seats", BY_ACTIVATION, params![activation_id], seat).await
    }

    async fn hold_seats(&mut self, activation_ids: &[Uuid]) -> Result<Vec<HeldSeat>> {
        self.writable()?;
        self.all("seats", HELD, &[&activation_ids], held).await
    }

    async fn keep_seats(&mut self, seats: &[&Seat]) -> Result<()> {
        let generations =
            seats.iter().map(|seat| signed(seat.generation)).collect::<Result<Vec<_>>>()?;
        fn each<'a, T>(seats: &[&'a Seat], of: impl Fn(&'a Seat) -> T) -> Vec<T> {
            seats.iter().map(|seat| of(seat)).collect()
        }
        let params: &[Param<'_>] = &[
            &each(seats, |seat| seat.activation_id),
            &generations,
            &each(seats, |seat| seat.nonce.as_str()),
            &each(seats, |seat| seat.server_nonce.as_str()),
            &each(seats, |seat| seat.previous_server_nonce.as_deref()),
            &each(seats, |seat| seat.lease_until),
            &each(seats, |seat| seat.last_seen),
            &each(seats, |seat| seat.nodes.map(i64::from)),
        ];
        let written = self.write(KEEP, params).await?;
        match usize::try_from(written) {
            Ok(written) if written == seats.len() => Ok(()),
            _ => Err(StorageError::Stale("seat")),
        }
    }

    async fn live_seats(
        &mut self,
        license_id: Uuid,
        now: i64,
        reclaim_after_s: Option<u32>,
        limit: u32,
    ) -> Result<Vec<Seat>> {
        let silent_since = silent_since(now, reclaim_after_s);
        self.all("seats", LIVE, params![license_id, now, silent_since, limit], seat).await
    }

    async fn count_live_seats(
        &mut self,
        license_id: Uuid,
        now: i64,
        reclaim_after_s: Option<u32>,
        except: Option<Uuid>,
    ) -> Result<u32> {
        let silent_since = silent_since(now, reclaim_after_s);
        let count =
            self.integer(COUNT_LIVE, params![license_id, now, silent_since, except]).await?;
        u32::try_from(count).map_err(|_| StorageError::Internal(format!("{count} seats")))
    }

    async fn insert_access_token(
        &mut self,
        hash: &[u8; 32],
        activation_id: Uuid,
        expires_at: i64,
    ) -> Result<()> {
        self.write_one("access token", INSERT_TOKEN, params![hash, activation_id, expires_at]).await
    }

    async fn access_token_owner(&mut self, hash: &[u8; 32]) -> Result<Option<Uuid>> {
        self.one("access_tokens", TOKEN_OWNER, params![hash], |row| row.uuid("activation_id")).await
    }

    async fn prune_access_tokens(&mut self, expired_before: i64) -> Result<u64> {
        self.write(PRUNE_TOKENS, params![expired_before]).await
    }
}

/// A seat seen last at this time or before is given away; without the rule, none is.
fn silent_since(now: i64, reclaim_after_s: Option<u32>) -> i64 {
    reclaim_after_s.map_or(i64::MIN, |seconds| now.saturating_sub(i64::from(seconds)))
}

fn held(row: &Columns<'_>) -> Result<HeldSeat> {
    Ok(HeldSeat {
        seat: seat(row)?,
        cluster_id: row.plain("cluster_id")?,
        fingerprint: row.plain("fingerprint")?,
        activated_at: row.plain("activated_at")?,
        license: license_beside(row, "license_token_version")?,
    })
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
