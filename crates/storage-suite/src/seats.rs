//! Seats and access tokens.

use licentia_model::{LicenseState, Seat};
use licentia_storage::StorageError;

use crate::Backend;
use crate::fixtures::{
    NOW, activated, activation, change, customer, id, license, licensed, look, plan, product, seat,
};

/// Inserted, then replaced with all it holds.
pub async fn a_seat_is_put_and_replaced(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let license = licensed(tx).await?;
        let mut seat = seat(&activated(tx, 1, &license).await?);
        assert_eq!(tx.seat(id(1)).await?, None);
        tx.put_seat(&seat).await?;
        assert_eq!(tx.seat(id(1)).await?.as_ref(), Some(&seat));
        seat.generation = u64::from(u32::MAX) + 1;
        seat.nonce = "another".into();
        seat.server_nonce = "yet another".into();
        seat.previous_server_nonce = Some("server nonce".into());
        seat.lease_until = 0;
        seat.last_seen = NOW + 1;
        seat.nodes = Some(u32::MAX);
        seat.overage = true;
        seat.previous_token_hash = Some(seat.token_hash);
        seat.token_hash = [255; 32];
        seat.token_issued_at = NOW + 1;
        seat.token_version = 2;
        tx.put_seat(&seat).await?;
        assert_eq!(tx.seat(id(1)).await?, Some(seat));
        Ok(())
    })
    .unwrap();
}

/// Many are held and kept at once: each with its activation and licence, and only what a heartbeat changes.
pub async fn seats_are_held_and_kept_together(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let here = licensed(tx).await?;
        let there = license(2, &plan(1, &product(1)), &customer(1));
        tx.insert_license(&there).await?;
        let mut seats = Vec::new();
        for (n, license) in [(1, &here), (2, &there), (3, &here)] {
            let activation = activated(tx, n, license).await?;
            let seat = seat(&activation);
            tx.put_seat(&seat).await?;
            seats.push((seat, activation, license));
        }
        let mut held = tx.hold_seats(&[id(3), id(9), id(1), id(2)]).await?;
        held.sort_by_key(|held| held.seat.activation_id);
        assert_eq!(held.len(), 3);
        for (held, (seat, activation, license)) in held.iter().zip(&seats) {
            assert_eq!(&held.seat, seat);
            assert_eq!(held.cluster_id, activation.cluster_id);
            assert_eq!(held.fingerprint, activation.fingerprint);
            assert_eq!(held.activated_at, activation.activated_at);
            assert_eq!(&held.license, *license);
        }
        assert_eq!(tx.hold_seats(&[]).await?, []);

        let kept = |n: i64, seat: &Seat| Seat {
            generation: seat.generation + 1,
            nonce: format!("nonce {n}"),
            server_nonce: format!("server nonce {n}"),
            previous_server_nonce: (n > 0).then(|| seat.server_nonce.clone()),
            // The same day, the next, and one in between.
            lease_until: seat.lease_until + n * 86_400,
            last_seen: NOW + n,
            nodes: (n > 0).then_some(7),
            ..seat.clone()
        };
        let next: Vec<Seat> = (0..).zip(&seats).map(|(n, (seat, ..))| kept(n, seat)).collect();
        tx.keep_seats(&next.iter().collect::<Vec<_>>()).await?;
        for seat in &next {
            assert_eq!(tx.seat(seat.activation_id).await?.as_ref(), Some(seat));
            let until = seat.lease_until;
            let live = tx.count_live_seats(seat.license_id, until - 1, None, None).await?;
            let after = tx.count_live_seats(seat.license_id, until, None, None).await?;
            assert_eq!(live, after + 1, "counted by its new end");
        }
        let gone = Seat { activation_id: id(9), ..next[0].clone() };
        assert_eq!(tx.keep_seats(&[&gone]).await, Err(StorageError::Stale("seat")));
        Ok(())
    })
    .unwrap();
}

/// What was changed in a job that came to nothing, or by another connection, is not what a later one is told.
pub async fn a_held_license_is_the_one_of_the_database(backend: &impl Backend) {
    let (store, other) = (backend.open().await, backend.open().await);
    let license = change!(store, |tx| {
        let license = licensed(tx).await?;
        let activation = activated(tx, 1, &license).await?;
        tx.put_seat(&seat(&activation)).await?;
        tx.hold_seats(&[id(1)]).await?;
        Ok(license)
    })
    .unwrap();
    let mut suspended = license.clone();
    suspended.state = LicenseState::Suspended { at: NOW, reason: None };
    let now = suspended.clone();
    let undone: Result<(), StorageError> = change!(store, |tx| {
        tx.update_license(&now).await?;
        assert_eq!(tx.hold_seats(&[id(1)]).await?[0].license, now);
        assert_eq!(tx.lock_license(now.id).await?.as_ref(), Some(&now));
        Err(StorageError::Stale("on purpose"))
    });
    undone.unwrap_err();
    let held = change!(store, |tx| tx.hold_seats(&[id(1)]).await).unwrap();
    assert_eq!(held[0].license, license);
    assert_eq!(look!(store, |tx| tx.license(id(1)).await).unwrap(), Some(license));
    let now = suspended.clone();
    change!(other, |tx| tx.update_license(&now).await).unwrap();
    let held = change!(store, |tx| tx.hold_seats(&[id(1)]).await).unwrap();
    assert_eq!(held[0].license, suspended);
    assert_eq!(look!(store, |tx| tx.license(id(1)).await).unwrap(), Some(suspended));
}

/// A seat stays with the licence of its activation.
pub async fn a_seat_never_moves_to_another_license(backend: &impl Backend) {
    let store = backend.open().await;
    let put = change!(store, |tx| {
        let here = licensed(tx).await?;
        tx.insert_license(&license(2, &plan(1, &product(1)), &customer(1))).await?;
        let seat = seat(&activated(tx, 1, &here).await?);
        tx.put_seat(&seat).await?;
        Ok(seat)
    })
    .unwrap();
    let mut moved = put.clone();
    moved.license_id = id(2);
    let refused = change!(store, |tx| tx.put_seat(&moved).await);
    assert_eq!(refused, Err(StorageError::Stale("seat")));
    assert_eq!(look!(store, |tx| tx.seat(id(1)).await).unwrap(), Some(put));
}

/// What the database counts as live is what [`licentia_model::Seat::is_live`] calls so, at every edge.
pub async fn live_seats_are_those_of_the_model(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let here = licensed(tx).await?;
        let there = license(2, &plan(1, &product(1)), &customer(1));
        tx.insert_license(&there).await?;
        let mut seats = Vec::new();
        let edges = [NOW - 61, NOW - 60, NOW - 59, NOW - 1, NOW, NOW + 1];
        for lease_until in edges {
            for last_seen in edges {
                let n = u32::try_from(seats.len() + 1).unwrap();
                let mut seat = seat(&activated(tx, n, &here).await?);
                (seat.lease_until, seat.last_seen) = (lease_until, last_seen);
                tx.put_seat(&seat).await?;
                seats.push(seat);
            }
        }
        let elsewhere = activated(tx, 100, &there).await?;
        tx.put_seat(&seat(&elsewhere)).await?;
        for now in [NOW - 61, NOW - 60, NOW - 1, NOW, NOW + 1] {
            for reclaim in [None, Some(0), Some(1), Some(60), Some(u32::MAX)] {
                let mut live: Vec<_> =
                    seats.iter().filter(|seat| seat.is_live(now, reclaim)).cloned().collect();
                live.sort_by_key(|seat| (-seat.last_seen, seat.activation_id));
                assert_eq!(
                    tx.live_seats(here.id, now, reclaim, 100).await?,
                    live,
                    "{now} {reclaim:?}"
                );
                assert_eq!(
                    tx.live_seats(here.id, now, reclaim, 2).await?,
                    live[..live.len().min(2)]
                );
                let count =
                    usize::try_from(tx.count_live_seats(here.id, now, reclaim, None).await?);
                assert_eq!(count, Ok(live.len()));
            }
        }
        assert_eq!(tx.count_live_seats(there.id, NOW, None, None).await?, 1);
        assert_eq!(tx.count_live_seats(id(9), NOW, None, None).await?, 0);
        Ok(())
    })
    .unwrap();
}

/// One's own seat is not in one's way.
pub async fn a_seat_is_not_counted_against_itself(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let license = licensed(tx).await?;
        for n in 1..=3 {
            let activation = activated(tx, n, &license).await?;
            tx.put_seat(&seat(&activation)).await?;
        }
        assert_eq!(tx.count_live_seats(license.id, NOW, None, None).await?, 3);
        assert_eq!(tx.count_live_seats(license.id, NOW, None, Some(id(2))).await?, 2);
        assert_eq!(tx.count_live_seats(license.id, NOW, None, Some(id(9))).await?, 3);
        Ok(())
    })
    .unwrap();
}

/// A seat needs its activation; without one it is a defect of the caller.
pub async fn a_seat_needs_its_activation(backend: &impl Backend) {
    let store = backend.open().await;
    let refused = change!(store, |tx| {
        let license = licensed(tx).await?;
        tx.put_seat(&seat(&activation(1, &license))).await
    });
    assert!(matches!(refused, Err(StorageError::Internal(_))), "{refused:?}");
}

/// Tokens lead to their activation, current or not, until they are pruned.
pub async fn access_tokens_lead_to_their_activation(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let license = licensed(tx).await?;
        activated(tx, 1, &license).await?;
        activated(tx, 2, &license).await?;
        tx.insert_access_token(&[1; 32], id(1), NOW).await?;
        tx.insert_access_token(&[2; 32], id(1), NOW + 1).await?;
        tx.insert_access_token(&[3; 32], id(2), NOW + 2).await?;
        assert_eq!(tx.access_token_owner(&[1; 32]).await?, Some(id(1)));
        assert_eq!(tx.access_token_owner(&[3; 32]).await?, Some(id(2)));
        assert_eq!(tx.access_token_owner(&[4; 32]).await?, None);
        assert_eq!(tx.prune_access_tokens(NOW).await?, 0, "one that ends now did not end before");
        assert_eq!(tx.prune_access_tokens(NOW + 2).await?, 2);
        assert_eq!(tx.access_token_owner(&[1; 32]).await?, None);
        assert_eq!(tx.access_token_owner(&[3; 32]).await?, Some(id(2)));
        Ok(())
    })
    .unwrap();
    let refused = change!(store, |tx| tx.insert_access_token(&[3; 32], id(1), NOW).await);
    assert_eq!(refused, Err(StorageError::Conflict("access token".into())));
}
