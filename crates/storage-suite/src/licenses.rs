//! Licences.

use licentia_model::LicenseState;
use licentia_storage::StorageError;
use licentia_storage::licenses::LicenseFilter;

use crate::Backend;
use crate::fixtures::{NOW, change, customer, id, license, licensed, look, plan, product};

/// Every state with its facts, perpetual or not.
pub async fn a_license_keeps_its_state_and_facts(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let mut license = licensed(tx).await?;
        assert_eq!(tx.license(license.id).await?, Some(license.clone()));
        assert_eq!(tx.lock_license(license.id).await?, Some(license.clone()));
        assert_eq!(tx.license(id(9)).await?, None);
        assert_eq!(tx.lock_license(id(9)).await?, None);
        for state in [
            LicenseState::Suspended { at: NOW, reason: None },
            LicenseState::Suspended { at: NOW, reason: Some("unpaid".into()) },
            LicenseState::Cancelled { at: NOW, reason: Some("moved on".into()) },
            LicenseState::Revoked { at: NOW, reason: None, grace_until: Some(NOW + 5) },
            LicenseState::Revoked { at: NOW, reason: Some("refund".into()), grace_until: None },
            LicenseState::Active,
        ] {
            license.state = state;
            license.expires_at = license.expires_at.xor(Some(NOW));
            tx.update_license(&license).await?;
            assert_eq!(tx.license(license.id).await?, Some(license.clone()));
        }
        Ok(())
    })
    .unwrap();
}

/// An update keeps id, product, customer and the time of issue, and needs a row.
pub async fn a_license_is_replaced_but_for_its_origin(backend: &impl Backend) {
    let store = backend.open().await;
    let mut changed = license(1, &plan(1, &product(1)), &customer(1));
    changed.plan_id = id(2);
    changed.token_version = u64::from(u32::MAX) + 1;
    changed.jti = id(77);
    changed.key_jti = id(78);
    changed.tier = "ENTERPRISE".into();
    changed.updated_at = NOW + 9;
    let mut too_much = changed.clone();
    too_much.product_id = id(9);
    too_much.customer_id = id(9);
    too_much.created_at = 0;
    let mut absent = changed.clone();
    absent.id = id(9);
    change!(store, |tx| {
        licensed(tx).await?;
        tx.insert_plan(&plan(2, &product(1))).await?;
        tx.update_license(&too_much).await
    })
    .unwrap();
    assert_eq!(look!(store, |tx| tx.license(id(1)).await).unwrap(), Some(changed));
    let refused = change!(store, |tx| tx.update_license(&absent).await);
    assert_eq!(refused, Err(StorageError::Stale("licence")));
}

/// A number that no database of ours can hold is refused, not bent.
pub async fn a_token_version_out_of_range_is_refused(backend: &impl Backend) {
    let store = backend.open().await;
    let refused = change!(store, |tx| {
        let mut license = licensed(tx).await?;
        license.token_version = u64::MAX;
        tx.update_license(&license).await
    });
    assert!(matches!(refused, Err(StorageError::Internal(_))), "{refused:?}");
    assert_eq!(look!(store, |tx| tx.license(id(1)).await).unwrap(), None);
}

/// Newest first, the higher id first among those of one second; pages neither repeat nor skip.
pub async fn licenses_are_listed_in_pages(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        licensed(tx).await?;
        for n in 2..=10 {
            let mut license = license(n, &plan(1, &product(1)), &customer(1));
            license.created_at = NOW + i64::from(n / 3);
            tx.insert_license(&license).await?;
        }
        let mut order: Vec<_> =
            tx.licenses(&LicenseFilter { limit: 100, ..Default::default() }).await?;
        assert_eq!(
            order.iter().map(|l| l.id).collect::<Vec<_>>(),
            [10, 9, 8, 7, 6, 5, 4, 3, 2, 1].map(id)
        );
        let mut after = None;
        while !order.is_empty() {
            let page =
                tx.licenses(&LicenseFilter { after, limit: 4, ..Default::default() }).await?;
            let rest = order.split_off(page.len());
            assert_eq!(page, order);
            after = page.last().map(|license| license.id);
            order = rest;
        }
        for (after, limit) in [(after, 4), (Some(id(99)), 4), (None, 0)] {
            assert_eq!(
                tx.licenses(&LicenseFilter { after, limit, ..Default::default() }).await?,
                []
            );
        }
        Ok(())
    })
    .unwrap();
}

/// By product, customer and state, alone and together, on every page.
pub async fn licenses_are_filtered(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        licensed(tx).await?;
        tx.insert_product(&product(2)).await?;
        tx.insert_plan(&plan(2, &product(2))).await?;
        tx.insert_customer(&customer(2)).await?;
        // Licence 1 has product 1, customer 1; then one of each other pair; 5 is suspended.
        for (n, product_n, customer_n) in [(2, 1, 2), (3, 2, 1), (4, 2, 2), (5, 2, 2)] {
            let plan = plan(product_n, &product(product_n));
            let mut license = license(n, &plan, &customer(customer_n));
            if n == 5 {
                license.state = LicenseState::Suspended { at: NOW, reason: None };
            }
            tx.insert_license(&license).await?;
        }
        for (product, customer, state, after, wanted) in [
            (None, None, None, None, vec![5, 4, 3, 2, 1]),
            (Some(1), None, None, None, vec![2, 1]),
            (None, Some(1), None, None, vec![3, 1]),
            (Some(2), Some(2), None, None, vec![5, 4]),
            (Some(2), Some(2), None, Some(5), vec![4]),
            (Some(2), Some(2), Some("active"), None, vec![4]),
            (None, None, Some("suspended"), None, vec![5]),
            (None, None, Some("active"), Some(3), vec![2, 1]),
            (Some(2), None, Some("active"), Some(4), vec![3]),
            (None, Some(2), Some("active"), Some(4), vec![2]),
            (None, None, Some("revoked"), None, vec![]),
            (Some(9), None, None, None, vec![]),
        ] {
            let filter = LicenseFilter {
                product_id: product.map(id),
                customer_id: customer.map(id),
                state: state.map(str::to_owned),
                after: after.map(id),
                limit: 100,
            };
            let found: Vec<_> =
                tx.licenses(&filter).await?.into_iter().map(|license| license.id).collect();
            assert_eq!(found, wanted.into_iter().map(id).collect::<Vec<_>>(), "{filter:?}");
        }
        Ok(())
    })
    .unwrap();
}
