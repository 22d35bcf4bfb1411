//! Seats: what a heartbeat changes, and the access tokens of activations.

use async_trait::async_trait;
use licentia_model::{HeldSeat, Seat};
use uuid::Uuid;

use crate::Result;

/// Seats and access tokens.
#[async_trait]
pub trait Seats {
    /// Inserts or replaces the seat of an activation. Call under `lock_license`.
    async fn put_seat(&mut self, seat: &Seat) -> Result<()>;
    /// The seat of an activation.
    async fn seat(&mut self, activation_id: Uuid) -> Result<Option<Seat>>;
    /// The seats of these activations, each once, with what a heartbeat is judged by; those that are not there are
    /// left out, and the order is the database's. Keeps out whoever takes or changes a seat of the same licences
    /// under `lock_license`, but not others who hold seats in this way.
    async fn hold_seats(&mut self, activation_ids: &[Uuid]) -> Result<Vec<HeldSeat>>;
    /// Writes what a heartbeat that only goes on changes in seats that [`hold_seats`](Seats::hold_seats) gave:
    /// generation, nonces, end of the lease, last seen, nodes.
    async fn keep_seats(&mut self, seats: &[&Seat]) -> Result<()>;
    /// Seats of a licence that are taken at `now` (see [`Seat::is_live`]), last seen first; at most `limit`.
    async fn live_seats(
        &mut self,
        license_id: Uuid,
        now: i64,
        reclaim_after_s: Option<u32>,
        limit: u32,
    ) -> Result<Vec<Seat>>;
    /// How many are taken at `now`, this activation's own not counted.
    async fn count_live_seats(
        &mut self,
        license_id: Uuid,
        now: i64,
        reclaim_after_s: Option<u32>,
        except: Option<Uuid>,
    ) -> Result<u32>;
    /// Remembers a token of an activation, so that even a stale one can give the seat back.
    async fn insert_access_token(
        &mut self,
        hash: &[u8; 32],
        activation_id: Uuid,
        expires_at: i64,
    ) -> Result<()>;
    /// The activation that a token, current or stale, belongs to.
    async fn access_token_owner(&mut self, hash: &[u8; 32]) -> Result<Option<Uuid>>;
    /// Forgets tokens that ended before; how many.
    async fn prune_access_tokens(&mut self, expired_before: i64) -> Result<u64>;
}
