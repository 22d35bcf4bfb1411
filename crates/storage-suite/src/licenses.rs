//! Licences.

use licentia_model::LicenseState;
use licentia_storage::licenses::{Path, Walk};
use licentia_storage::{Place, StorageError};

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

/// An update keeps id, product and the time of issue, and needs a row.
pub async fn a_license_is_replaced_but_for_its_origin(backend: &impl Backend) {
    let store = backend.open().await;
    let mut changed = license(1, &plan(1, &product(1)), &customer(1));
    changed.plan_id = id(2);
    changed.token_version = u64::from(u32::MAX) + 1;
    changed.jti = id(77);
    changed.key_jti = id(78);
    changed.tier = "ENTERPRISE".into();
    changed.trial = true;
    changed.customer_id = id(2);
    changed.updated_at = NOW + 9;
    let mut too_much = changed.clone();
    too_much.product_id = id(9);
    too_much.created_at = 0;
    let mut absent = changed.clone();
    absent.id = id(9);
    change!(store, |tx| {
        licensed(tx).await?;
        tx.insert_plan(&plan(2, &product(1))).await?;
        tx.insert_customer(&customer(2)).await?;
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

/// The order of a path, the higher id after the lower among those of one moment, and the other way round; pages
/// neither repeat nor skip, and a page may begin at a row that is gone.
pub async fn licenses_are_walked_in_pages(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        licensed(tx).await?;
        for n in 2..=10 {
            let mut license = license(n, &plan(1, &product(1)), &customer(1));
            license.created_at = NOW + i64::from(n / 3);
            license.expires_at = (n % 3 != 0).then(|| NOW - i64::from(n / 2));
            tx.insert_license(&license).await?;
        }
        for (path, wanted) in [
            (Path::All, vec![1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
            (Path::Ending, vec![10, 8, 7, 4, 5, 2, 1, 3, 6, 9]),
        ] {
            for descending in [false, true] {
                let mut order: Vec<_> = wanted.iter().copied().map(id).collect();
                if descending {
                    order.reverse();
                }
                let mut after = Place::start(descending);
                while !order.is_empty() {
                    let walk = Walk { path, descending, after, limit: 4 };
                    let page = tx.walk_licenses(&walk).await?;
                    let rest = order.split_off(page.len());
                    assert_eq!(page.iter().map(|l| l.id).collect::<Vec<_>>(), order, "{walk:?}");
                    after = path.place(page.last().unwrap());
                    order = rest;
                }
                for (after, limit) in [(after, 4), (Place::start(descending), 0)] {
                    let walk = Walk { path, descending, after, limit };
                    assert_eq!(tx.walk_licenses(&walk).await?, [], "{walk:?}");
                }
            }
        }
        let gone = Place { at: NOW + 1, id: id(99) };
        let walk = Walk { path: Path::All, descending: false, after: gone, limit: 1 };
        assert_eq!(tx.walk_licenses(&walk).await?[0].id, id(6));
        Ok(())
    })
    .unwrap();
}

/// Every path walks through its licences and no others.
pub async fn every_path_has_its_licenses(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        licensed(tx).await?;
        tx.insert_product(&product(2)).await?;
        tx.insert_plan(&plan(2, &product(2))).await?;
        tx.insert_customer(&customer(2)).await?;
        // Licence 1 has product 1, customer 1; then one of each other pair.
        let suspended = LicenseState::Suspended { at: NOW, reason: None };
        let revoked = |at| LicenseState::Revoked { at, reason: None, grace_until: None };
        for (n, product_n, customer_n, state) in [
            (2, 1, 2, LicenseState::Active),
            (3, 2, 1, revoked(NOW + 2)),
            (4, 2, 2, LicenseState::Active),
            (5, 2, 2, suspended),
            (6, 1, 2, revoked(NOW + 1)),
        ] {
            let plan = plan(product_n, &product(product_n));
            let mut license = license(n, &plan, &customer(customer_n));
            license.state = state;
            license.trial = n == 4;
            tx.insert_license(&license).await?;
        }
        for (path, wanted) in [
            (Path::All, vec![6, 5, 4, 3, 2, 1]),
            (Path::OfProduct(id(1)), vec![6, 2, 1]),
            (Path::OfProduct(id(9)), vec![]),
            (Path::OfPlan(id(2)), vec![5, 4, 3]),
            (Path::OfCustomer(id(1)), vec![3, 1]),
            (Path::InState("suspended"), vec![5]),
            (Path::InState("cancelled"), vec![]),
            (Path::InState("active"), vec![]),
            (Path::OfProductInState(id(1), "revoked"), vec![6]),
            (Path::OfProductInState(id(1), "suspended"), vec![]),
            (Path::OnTrial, vec![4]),
            (Path::OfProductEnding(id(2)), vec![5, 4, 3]),
            (Path::Revoked, vec![3, 6]),
        ] {
            for descending in [true, false] {
                let after = Place::start(descending);
                let walk = Walk { path, descending, after, limit: 100 };
                let mut found: Vec<_> =
                    tx.walk_licenses(&walk).await?.into_iter().map(|license| license.id).collect();
                if !descending {
                    found.reverse();
                }
                assert_eq!(found, wanted.iter().copied().map(id).collect::<Vec<_>>(), "{walk:?}");
            }
        }
        Ok(())
    })
    .unwrap();
}
