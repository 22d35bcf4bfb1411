//! Pull tokens.

use licentia_model::PullToken;
use licentia_storage::StorageError;

use crate::Backend;
use crate::fixtures::{NOW, change, customer, id, license, licensed, plan, product};

fn token(n: u8) -> PullToken {
    PullToken {
        id: id(n.into()),
        license_id: id(1),
        name: "cluster".into(),
        prefix: "lpt_abcd".into(),
        hash: [n; 32],
        created_at: NOW,
        expires_at: None,
        revoked_at: None,
    }
}

/// Found by its hash and by nothing near it; revoked and given another secret, the rest stays.
pub async fn a_pull_token_is_found_by_its_hash_and_revoked(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        licensed(tx).await?;
        let mut ending = token(2);
        ending.expires_at = Some(NOW);
        tx.insert_pull_token(&token(1)).await?;
        tx.insert_pull_token(&ending).await?;
        assert_eq!(tx.pull_token(&[1; 32]).await?, Some(token(1)));
        assert_eq!(tx.pull_token_by_id(id(2)).await?, Some(ending));
        assert_eq!(tx.pull_token(&[0; 32]).await?, None);
        assert_eq!(tx.pull_token_by_id(id(9)).await?, None);
        let mut other = token(1);
        (other.hash, other.prefix, other.revoked_at) = ([7; 32], "lpt_efgh".into(), Some(NOW));
        other.name = "another name is not stored".into();
        tx.update_pull_token(&other).await?;
        other.name = token(1).name;
        assert_eq!(tx.pull_token(&[7; 32]).await?, Some(other));
        assert_eq!(tx.pull_token(&[1; 32]).await?, None);
        Ok(())
    })
    .unwrap();
    let refused = change!(store, |tx| tx.update_pull_token(&token(9)).await);
    assert_eq!(refused, Err(StorageError::Stale("pull token")));
    let mut same = token(3);
    same.hash = [7; 32];
    let refused = change!(store, |tx| tx.insert_pull_token(&same).await);
    assert_eq!(refused, Err(StorageError::Conflict("pull token".into())));
}

/// Newest first, each licence's own, in pages.
pub async fn pull_tokens_are_listed_in_pages(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        licensed(tx).await?;
        tx.insert_license(&license(2, &plan(1, &product(1)), &customer(1))).await?;
        let mut all: Vec<PullToken> = (1..=4).map(token).collect();
        all[3].created_at += 1;
        all[1].license_id = id(2);
        for token in &all {
            tx.insert_pull_token(token).await?;
        }
        all.reverse();
        let own = [all[0].clone(), all[1].clone(), all[3].clone()];
        assert_eq!(tx.pull_tokens(id(1), None, 100).await?, own);
        assert_eq!(tx.pull_tokens(id(1), Some(id(4)), 1).await?, own[1..2]);
        assert_eq!(tx.pull_tokens(id(2), None, 100).await?, all[2..3]);
        assert_eq!(tx.pull_tokens(id(1), Some(id(99)), 100).await?, []);
        Ok(())
    })
    .unwrap();
}
