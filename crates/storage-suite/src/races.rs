//! Many at once, for things that are scarce.

use std::sync::Arc;

use licentia_model::{AuditRow, License};
use licentia_storage::{Result, StorageError, Store, Transaction};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::Backend;
use crate::fixtures::{NOW, activated, activation, change, id, licensed, look, seat};

const CLIENTS: u32 = 32;
const SEATS: u32 = 5;
const ROUNDS: u32 = 50;

/// 32 clients for 5 seats: exactly 5 get one, every round.
pub async fn seats_are_never_one_too_many(backend: &impl Backend) {
    let store = backend.open().await;
    race_for_seats(&[store], ROUNDS).await;
}

/// The same with two stores open on one database, as two processes have it.
pub async fn seats_hold_across_two_stores(backend: &impl Backend) {
    let stores = [backend.open().await, backend.open().await];
    race_for_seats(&stores, 10).await;
}

/// 32 writers that each append after the head: one chain, no gap.
pub async fn the_audit_head_has_one_successor(backend: &impl Backend) {
    let stores = [backend.open().await, backend.open().await];
    let mut writers = JoinSet::new();
    for n in 0..CLIENTS {
        let store = pick(&stores, n);
        writers.spawn(async move { change!(store, |tx| append(tx, n).await) });
    }
    for outcome in writers.join_all().await {
        outcome.unwrap();
    }
    let rows = look!(stores[0], |tx| tx.audit_rows(0, 1000).await).unwrap();
    assert!(rows.iter().map(|row| row.seq).eq(1..=u64::from(CLIENTS)));
    assert!(rows.is_sorted_by(|a, b| a.hash == b.previous));
}

/// One of many wins a name; the others are told so.
pub async fn a_cluster_id_has_one_winner(backend: &impl Backend) {
    let stores = [backend.open().await, backend.open().await];
    let license = change!(stores[0], |tx| licensed(tx).await).unwrap();
    let mut clients = JoinSet::new();
    for n in 0..CLIENTS {
        let store = pick(&stores, n);
        let mut same = activation(n, &license);
        same.cluster_id = "same".into();
        clients.spawn(async move { change!(store, |tx| tx.insert_activation(&same).await) });
    }
    let outcomes = clients.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let conflict = Err(StorageError::Conflict("cluster id".into()));
    assert!(outcomes.iter().filter(|outcome| outcome.is_err()).all(|outcome| *outcome == conflict));
}

async fn race_for_seats(stores: &[Arc<dyn Store>], rounds: u32) {
    change!(stores[0], |tx| {
        licensed(tx).await?;
        for round in 2..=rounds {
            let first = tx.license(id(1)).await?.unwrap();
            tx.insert_license(&License { id: id(round), ..first }).await?;
        }
        Ok(())
    })
    .unwrap();
    for round in 1..=rounds {
        let mut clients = JoinSet::new();
        for n in 0..CLIENTS {
            let store = pick(stores, n);
            clients.spawn(async move {
                change!(store, |tx| claim(tx, id(round), round * CLIENTS + n).await)
            });
        }
        let outcomes = clients.join_all().await;
        let mut won =
            outcomes.into_iter().filter_map(|outcome| outcome.unwrap()).collect::<Vec<_>>();
        let seats = look!(stores[0], |tx| tx.live_seats(id(round), NOW, None, 100).await).unwrap();
        let mut held: Vec<Uuid> = seats.into_iter().map(|seat| seat.activation_id).collect();
        won.sort();
        held.sort();
        assert_eq!(won.len(), usize::try_from(SEATS).unwrap(), "round {round}");
        assert_eq!(held, won, "those who were told so hold the seats, round {round}");
    }
}

/// One transaction: lock, count, take. `None` where all seats are taken.
async fn claim(tx: &mut dyn Transaction, license: Uuid, n: u32) -> Result<Option<Uuid>> {
    let license = tx.lock_license(license).await?.unwrap();
    if tx.count_live_seats(license.id, NOW, None, None).await? >= SEATS {
        return Ok(None);
    }
    let activation = activated(tx, n, &license).await?;
    tx.put_seat(&seat(&activation)).await?;
    Ok(Some(activation.id))
}

async fn append(tx: &mut dyn Transaction, n: u32) -> Result<()> {
    let head = tx.lock_audit_head().await?;
    let mut hash = [0; 32];
    hash[..4].copy_from_slice(&(n + 1).to_be_bytes());
    let row = AuditRow {
        seq: head.as_ref().map_or(1, |head| head.seq + 1),
        at_micros: 0,
        actor: "system".into(),
        origin: "local".into(),
        action: "test".into(),
        subject: "test".into(),
        details: "{}".into(),
        previous: head.map_or([0; 32], |head| head.hash),
        hash,
    };
    tx.append_audit(&row, &[]).await
}

fn pick(stores: &[Arc<dyn Store>], n: u32) -> Arc<dyn Store> {
    let n = usize::try_from(n).unwrap() % stores.len();
    Arc::clone(&stores[n])
}
