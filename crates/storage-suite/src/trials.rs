//! Who had a trial.

use licentia_storage::trials::TrialMark;

use crate::Backend;
use crate::fixtures::{change, id, licensed};

/// Kept once for each licence; machines are forgotten by themselves.
pub async fn a_trial_is_found_by_its_mark(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let license = licensed(tx).await?;
        let product_id = license.product_id;
        let mark = TrialMark { product_id, mark: [1; 32], license_id: id(1), fingerprint: None };
        let machine = TrialMark { mark: [2; 32], fingerprint: Some("f".into()), ..mark.clone() };
        for mark in [&mark, &mark, &machine] {
            tx.put_trial_mark(mark).await?;
        }
        assert_eq!(tx.trial_marks(product_id, &[1; 32], 9).await?, std::slice::from_ref(&mark));
        assert_eq!(tx.trial_marks(product_id, &[2; 32], 9).await?, std::slice::from_ref(&machine));
        assert_eq!(tx.trial_marks(product_id, &[3; 32], 9).await?, []);
        assert_eq!(tx.trial_marks(id(2), &[1; 32], 9).await?, []);
        assert_eq!(tx.forget_trial_machines(id(1)).await?, 1);
        assert_eq!(tx.trial_marks(product_id, &[2; 32], 9).await?, []);
        assert_eq!(tx.trial_marks(product_id, &[1; 32], 9).await?, [mark]);
        Ok(())
    })
    .unwrap();
}
