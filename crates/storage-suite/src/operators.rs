//! Operators.

use licentia_model::operator::Role;
use licentia_storage::StorageError;

use crate::Backend;
use crate::fixtures::{change, operator};

/// By name, with every role; a name is taken once.
pub async fn operators_are_listed_by_name(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let mut all = Vec::new();
        for (n, role) in (1..).zip(Role::ALL) {
            let mut operator = operator(n);
            operator.role = *role;
            all.push(operator);
        }
        assert_eq!(tx.operators().await?, []);
        for operator in all.iter().rev() {
            tx.insert_operator(operator).await?;
        }
        assert_eq!(tx.operators().await?, all);
        Ok(())
    })
    .unwrap();
    let mut same = operator(9);
    same.name = "operator-1".into();
    let refused = change!(store, |tx| tx.insert_operator(&same).await);
    assert_eq!(refused, Err(StorageError::Conflict("operator name".into())));
}

/// Found by id and name; everything but its origin is replaced; removed once nothing depends on it.
pub async fn an_operator_is_changed_and_removed(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        for n in 1..=3 {
            tx.insert_operator(&operator(n)).await?;
        }
        let mut changed = operator(2);
        changed.role = Role::Owner;
        changed.password = Some("$argon2id$…".into());
        (changed.totp, changed.totp_pending, changed.totp_step) =
            (Some(vec![1, 2]), Some(vec![3]), i64::MAX);
        changed.updated_at += 1;
        tx.update_operator(&changed).await?;
        assert_eq!(tx.operator(changed.id).await?, Some(changed.clone()));
        assert_eq!(tx.operator_by_name("operator-2").await?, Some(changed.clone()));
        assert_eq!(tx.operator_by_name("Operator-2").await?, None);
        assert_eq!(tx.operators_after("operator-1", 1).await?, [changed.clone()]);
        assert_eq!(tx.operators_after("", 9).await?.len(), 3);
        tx.delete_operator(changed.id).await?;
        assert_eq!(tx.operator(changed.id).await?, None);
        Ok(())
    })
    .unwrap();
    let refused = change!(store, |tx| tx.update_operator(&operator(2)).await);
    assert_eq!(refused, Err(StorageError::Stale("operator")));
    let refused = change!(store, |tx| tx.delete_operator(operator(2).id).await);
    assert_eq!(refused, Err(StorageError::Stale("operator")));
}

/// A recovery code opens once; new ones take the place of all.
pub async fn a_recovery_code_is_used_once(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let (one, two) = (operator(1), operator(2));
        tx.insert_operator(&one).await?;
        tx.insert_operator(&two).await?;
        tx.put_recovery_codes(one.id, &[[1; 32], [2; 32]]).await?;
        tx.put_recovery_codes(two.id, &[[1; 32]]).await?;
        assert_eq!(tx.recovery_codes(one.id).await?, 2);
        assert!(tx.use_recovery_code(one.id, &[1; 32]).await?);
        assert!(!tx.use_recovery_code(one.id, &[1; 32]).await?, "used up");
        assert!(tx.use_recovery_code(two.id, &[1; 32]).await?, "another's");
        tx.put_recovery_codes(one.id, &[[3; 32]]).await?;
        assert!(!tx.use_recovery_code(one.id, &[2; 32]).await?, "replaced");
        assert_eq!(tx.recovery_codes(one.id).await?, 1);
        Ok(())
    })
    .unwrap();
}
