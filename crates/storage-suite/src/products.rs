//! Products.

use licentia_model::{Enforcement, Meter, ProductSecret, Profile};
use licentia_storage::StorageError;

use crate::Backend;
use crate::fixtures::{NOW, change, id, look, product};

/// Stored, found by id and by code, listed by code.
pub async fn a_product_is_found(backend: &impl Backend) {
    let store = backend.open().await;
    let (one, two) = (product(1), product(2));
    let both = vec![one.clone(), two.clone()];
    change!(store, |tx| {
        tx.insert_product(&two).await?;
        tx.insert_product(&one).await
    })
    .unwrap();
    look!(store, |tx| {
        assert_eq!(tx.product(id(1)).await?.as_ref(), Some(&both[0]));
        assert_eq!(tx.product_by_code("product-2").await?.as_ref(), Some(&both[1]));
        assert_eq!(tx.products().await?, both);
        assert_eq!(tx.product(id(3)).await?, None);
        assert_eq!(tx.product_by_code("PRODUCT-1").await?, None);
        Ok(())
    })
    .unwrap();
}

/// Codes are unique, ids as well.
pub async fn a_product_code_is_taken_once(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| tx.insert_product(&product(1)).await).unwrap();
    let mut same_code = product(2);
    same_code.code = product(1).code;
    let refused = change!(store, |tx| tx.insert_product(&same_code).await);
    assert_eq!(refused, Err(StorageError::Conflict("product code".into())));
    let mut same_id = product(3);
    same_id.id = id(1);
    let refused = change!(store, |tx| tx.insert_product(&same_id).await);
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    assert_eq!(look!(store, |tx| tx.products().await).unwrap(), [product(1)]);
}

/// An update keeps id and code, and needs a row.
pub async fn a_product_is_replaced_but_for_id_and_code(backend: &impl Backend) {
    let store = backend.open().await;
    let mut changed = product(1);
    changed.name = "Another".into();
    changed.key_prefix = "OTHER".into();
    changed.enforcement = Enforcement::Lenient;
    changed.heartbeat_s = 0;
    changed.grace_s = 1;
    changed.default_plan = "other".into();
    changed.profile = Some(Profile::Caio);
    changed.sunset.clear();
    changed.project_seed = Vec::new();
    changed.updated_at = NOW + 1;
    let mut with_other_code = changed.clone();
    with_other_code.code = "other".into();
    change!(store, |tx| {
        tx.insert_product(&product(1)).await?;
        tx.update_product(&with_other_code).await?;
        assert_eq!(tx.product(id(1)).await?, Some(changed));
        Ok(())
    })
    .unwrap();
    let refused = change!(store, |tx| tx.update_product(&product(2)).await);
    assert_eq!(refused, Err(StorageError::Stale("product")));
}

/// Meters are replaced as a whole, listed by name, and belong to one product.
pub async fn meters_are_replaced_as_a_whole(backend: &impl Backend) {
    let store = backend.open().await;
    let meter = |name: &str, scale| Meter { name: name.into(), unit: "h".into(), scale };
    let (a, b, c) = (meter("a", 0), meter("b", 255), meter("c", 3));
    change!(store, |tx| {
        tx.insert_product(&product(1)).await?;
        tx.insert_product(&product(2)).await?;
        tx.replace_meters(id(1), &[b.clone(), a.clone()]).await?;
        tx.replace_meters(id(2), std::slice::from_ref(&a)).await?;
        assert_eq!(tx.meters(id(1)).await?, [a.clone(), b.clone()]);
        tx.replace_meters(id(1), &[c.clone(), b.clone()]).await?;
        assert_eq!(tx.meters(id(1)).await?, [b, c]);
        assert_eq!(tx.meters(id(2)).await?, [a]);
        tx.replace_meters(id(2), &[]).await?;
        assert_eq!(tx.meters(id(2)).await?, []);
        Ok(())
    })
    .unwrap();
    let twice = [meter("a", 0), meter("a", 1)];
    let refused = change!(store, |tx| tx.replace_meters(id(1), &twice).await);
    assert_eq!(refused, Err(StorageError::Conflict("meter name".into())));
    assert_eq!(look!(store, |tx| tx.meters(id(1)).await).unwrap().len(), 2, "as before");
}

/// Secrets rest with their product, newest first, and are forgotten one by one.
pub async fn a_product_has_several_secrets(backend: &impl Backend) {
    let store = backend.open().await;
    let secret = |n: u32, product: u32| ProductSecret {
        id: id(100 + n),
        product_id: id(product),
        sealed: vec![0; 60],
        created_at: NOW + i64::from(n),
    };
    change!(store, |tx| {
        tx.insert_product(&product(1)).await?;
        tx.insert_product(&product(2)).await?;
        for secret in [secret(1, 1), secret(2, 1), secret(3, 2)] {
            tx.insert_product_secret(&secret).await?;
        }
        assert_eq!(tx.product_secrets(id(1)).await?, [secret(2, 1), secret(1, 1)]);
        tx.delete_product_secret(id(102)).await?;
        assert_eq!(tx.product_secrets(id(1)).await?, [secret(1, 1)]);
        assert_eq!(tx.products_by_prefix("PRD").await?, [product(1), product(2)]);
        assert_eq!(tx.products_by_prefix("prd").await?, Vec::new());
        Ok(())
    })
    .unwrap();
    let refused = change!(store, |tx| tx.delete_product_secret(id(102)).await);
    assert_eq!(refused, Err(StorageError::Stale("product secret")));
}
