//! Activations.

use licentia_storage::{Place, StorageError};

use crate::Backend;
use crate::fixtures::{
    NOW, activated, activation, change, customer, id, license, licensed, look, plan, product,
};

/// Found by id, by licence and cluster; each licence has cluster ids of its own.
pub async fn an_activation_is_found(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let here = licensed(tx).await?;
        let there = license(2, &plan(1, &product(1)), &customer(1));
        tx.insert_license(&there).await?;
        let one = activated(tx, 1, &here).await?;
        let mut same_cluster = activation(2, &there);
        same_cluster.cluster_id.clone_from(&one.cluster_id);
        tx.insert_activation(&same_cluster).await?;
        assert_eq!(tx.activation(id(1)).await?.as_ref(), Some(&one));
        assert_eq!(tx.activation(id(3)).await?, None);
        assert_eq!(tx.activation_of_cluster(here.id, "cluster-1").await?, Some(one));
        assert_eq!(tx.activation_of_cluster(there.id, "cluster-1").await?, Some(same_cluster));
        assert_eq!(tx.activation_of_cluster(here.id, "cluster-2").await?, None);
        Ok(())
    })
    .unwrap();
}

/// One row for each pair of licence and cluster.
pub async fn a_cluster_id_is_taken_once_in_a_license(backend: &impl Backend) {
    let store = backend.open().await;
    let license = change!(store, |tx| {
        let license = licensed(tx).await?;
        activated(tx, 1, &license).await?;
        Ok(license)
    })
    .unwrap();
    let mut same = activation(2, &license);
    same.cluster_id = "cluster-1".into();
    let refused = change!(store, |tx| tx.insert_activation(&same).await);
    assert_eq!(refused, Err(StorageError::Conflict("cluster id".into())));
}

/// An update keeps what ties the activation to its cluster and its chain of actions, and needs a row.
pub async fn an_activation_is_replaced_but_for_its_roots(backend: &impl Backend) {
    let store = backend.open().await;
    let changed = change!(store, |tx| {
        let license = licensed(tx).await?;
        let mut changed = activated(tx, 1, &license).await?;
        changed.hostname = None;
        changed.addresses = Vec::new();
        changed.fingerprint = Some("fingerprint".into());
        changed.email = None;
        changed.organization = Some("Example".into());
        changed.terms_accepted_at = None;
        changed.artifacts_digest = Some("digest".into());
        changed.activated_at = NOW + 1;
        let mut too_much = changed.clone();
        too_much.license_id = id(9);
        too_much.cluster_id = "other".into();
        too_much.salt = Vec::new();
        too_much.created_at = 0;
        tx.update_activation(&too_much).await?;
        Ok(changed)
    })
    .unwrap();
    assert_eq!(look!(store, |tx| tx.activation(id(1)).await).unwrap(), Some(changed.clone()));
    let mut absent = changed;
    absent.id = id(9);
    let refused = change!(store, |tx| tx.update_activation(&absent).await);
    assert_eq!(refused, Err(StorageError::Stale("activation")));
}

/// Of one licence or of all, either way round, no more than asked for, behind any place.
pub async fn activations_are_walked_in_pages(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let here = licensed(tx).await?;
        let there = license(2, &plan(1, &product(1)), &customer(1));
        tx.insert_license(&there).await?;
        for (n, license, at) in [(1, &here, 0), (2, &there, 2), (3, &here, 1), (4, &here, 1)] {
            let mut activation = activation(n, license);
            activation.created_at = NOW + at;
            tx.insert_activation(&activation).await?;
        }
        let (newest, oldest) = (Place::start(true), Place::start(false));
        let third = Place { at: NOW + 1, id: id(3) };
        for (license_id, descending, after, limit, wanted) in [
            (None, true, newest, 10, vec![2, 4, 3, 1]),
            (None, true, newest, 2, vec![2, 4]),
            (None, true, third, 10, vec![1]),
            (None, false, oldest, 10, vec![1, 3, 4, 2]),
            (None, false, third, 10, vec![4, 2]),
            (Some(here.id), true, newest, 10, vec![4, 3, 1]),
            (Some(here.id), true, newest, 1, vec![4]),
            (Some(here.id), true, third, 10, vec![1]),
            (Some(here.id), false, third, 10, vec![4]),
            (Some(here.id), true, newest, 0, vec![]),
            (Some(id(9)), true, newest, 10, vec![]),
        ] {
            let found = tx.walk_activations(license_id, descending, after, limit).await?;
            let found: Vec<_> = found.into_iter().map(|activation| activation.id).collect();
            assert_eq!(found, wanted.into_iter().map(id).collect::<Vec<_>>());
        }
        Ok(())
    })
    .unwrap();
}

/// By the beginning of their cluster id, whatever licence they are of.
pub async fn activations_are_found_by_their_cluster(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let here = licensed(tx).await?;
        for (n, cluster) in [(1, "b"), (2, "ba"), (3, "a"), (4, "B"), (5, "c")] {
            let mut activation = activation(n, &here);
            activation.cluster_id = cluster.into();
            tx.insert_activation(&activation).await?;
        }
        let found = tx.find_clusters("b", None, 9).await?;
        assert_eq!(found.iter().map(|a| a.id).collect::<Vec<_>>(), [id(1), id(2)]);
        let rest = tx.find_clusters("b", Some(("b", id(1))), 9).await?;
        assert_eq!(rest, found[1..]);
        assert_eq!(tx.find_clusters("b", None, 1).await?, found[..1]);
        assert_eq!(tx.find_clusters("%", None, 9).await?, []);
        assert_eq!(tx.first_cluster(here.id, "b").await?, Some(id(1)));
        assert_eq!(tx.first_cluster(here.id, "ba").await?, Some(id(2)));
        assert_eq!(tx.first_cluster(here.id, "bb").await?, None);
        assert_eq!(tx.first_cluster(id(9), "b").await?, None);
        Ok(())
    })
    .unwrap();
}

/// Counted from a time on, that second included; each activation its own; older notes are gone.
pub async fn takeovers_are_counted_since_a_time(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let license = licensed(tx).await?;
        activated(tx, 1, &license).await?;
        activated(tx, 2, &license).await?;
        for at in [NOW, NOW, NOW + 1, NOW + 2] {
            tx.insert_takeover(id(1), at).await?;
        }
        tx.insert_takeover(id(2), NOW).await?;
        assert_eq!(tx.takeovers_since(id(1), NOW).await?, 4);
        assert_eq!(tx.takeovers_since(id(1), NOW + 1).await?, 2);
        assert_eq!(tx.takeovers_since(id(1), NOW).await?, 2, "older notes were dropped");
        assert_eq!(tx.takeovers_since(id(1), NOW + 3).await?, 0);
        assert_eq!(tx.takeovers_since(id(2), NOW).await?, 1);
        assert_eq!(tx.takeovers_since(id(9), 0).await?, 0);
        Ok(())
    })
    .unwrap();
}
