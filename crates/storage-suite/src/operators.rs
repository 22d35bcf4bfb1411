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
