//! Plans.

use std::collections::BTreeMap;

use licentia_model::Distribution;
use licentia_model::plan::OnClone;
use licentia_storage::StorageError;

use crate::Backend;
use crate::fixtures::{change, id, look, plan, product};

/// Stored, found by id and by code, listed by rank and code, each product's own.
pub async fn a_plan_is_found(backend: &impl Backend) {
    let store = backend.open().await;
    let (here, there) = (product(1), product(2));
    let (mut first, second, third) = (plan(1, &here), plan(2, &here), plan(3, &here));
    first.rank = 7;
    let mut other = plan(4, &there);
    other.code = "plan-1".into();
    let ordered = [second.clone(), third.clone(), first.clone()];
    change!(store, |tx| {
        tx.insert_product(&here).await?;
        tx.insert_product(&there).await?;
        for plan in [&first, &third, &second, &other] {
            tx.insert_plan(plan).await?;
        }
        assert_eq!(tx.plan(id(1)).await?, Some(first.clone()));
        assert_eq!(tx.plan(id(9)).await?, None);
        assert_eq!(tx.plan_by_code(id(1), "plan-1").await?, Some(first));
        assert_eq!(tx.plan_by_code(id(2), "plan-1").await?, Some(other));
        assert_eq!(tx.plan_by_code(id(2), "plan-2").await?, None);
        assert_eq!(tx.plans(id(1)).await?, ordered);
        assert_eq!(tx.plans(id(3)).await?, []);
        Ok(())
    })
    .unwrap();
}

/// Codes are unique within a product.
pub async fn a_plan_code_is_taken_once_in_a_product(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        tx.insert_product(&product(1)).await?;
        tx.insert_plan(&plan(1, &product(1))).await
    })
    .unwrap();
    let mut same = plan(2, &product(1));
    same.code = "plan-1".into();
    let refused = change!(store, |tx| tx.insert_plan(&same).await);
    assert_eq!(refused, Err(StorageError::Conflict("plan code".into())));
}

/// A plan of a product that is not there is a defect of the caller.
pub async fn a_plan_needs_its_product(backend: &impl Backend) {
    let store = backend.open().await;
    let refused = change!(store, |tx| tx.insert_plan(&plan(1, &product(1))).await);
    assert!(matches!(refused, Err(StorageError::Internal(_))), "{refused:?}");
}

/// An update keeps id, product and code, and needs a row.
pub async fn a_plan_is_replaced_but_for_its_name(backend: &impl Backend) {
    let store = backend.open().await;
    let mut changed = plan(1, &product(1));
    changed.tier = "FREE".into();
    changed.rank = 0;
    changed.seats = None;
    changed.overage = 0;
    changed.reclaim_after_s = Some(600);
    changed.takeovers_per_day = 0;
    changed.on_clone = OnClone::Warn;
    changed.nodes = None;
    changed.trial_s = Some(86_400);
    changed.heartbeat_s = None;
    changed.grace_s = Some(u32::MAX);
    changed.offline_s = None;
    changed.contacts_per_minute = None;
    changed.features = Vec::new();
    changed.limits = BTreeMap::new();
    changed.distribution = Distribution::default();
    changed.info = BTreeMap::new();
    let mut moved = changed.clone();
    moved.code = "other".into();
    moved.product_id = id(9);
    change!(store, |tx| {
        tx.insert_product(&product(1)).await?;
        tx.insert_plan(&plan(1, &product(1))).await?;
        tx.update_plan(&moved).await
    })
    .unwrap();
    assert_eq!(look!(store, |tx| tx.plan(id(1)).await).unwrap(), Some(changed));
    let refused = change!(store, |tx| tx.update_plan(&plan(2, &product(1))).await);
    assert_eq!(refused, Err(StorageError::Stale("plan")));
}
