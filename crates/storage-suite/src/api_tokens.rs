//! API tokens.

use licentia_model::scope::Resource;
use licentia_model::{ApiToken, Scope};
use licentia_storage::StorageError;

use crate::Backend;
use crate::fixtures::{NOW, change, id, operator};

fn token(n: u8) -> ApiToken {
    ApiToken {
        id: id(n.into()),
        operator_id: id(1),
        name: "pipeline".into(),
        prefix: "lap_abcd".into(),
        hash: [n; 32],
        scopes: vec![Scope::Admin, Scope::read(Resource::Licenses)],
        created_at: NOW,
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
    }
}

/// Found by its hash and by nothing near it.
pub async fn an_api_token_is_found_by_its_hash(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let mut ending = token(2);
        ending.expires_at = Some(NOW);
        ending.scopes = Vec::new();
        tx.insert_operator(&operator(1)).await?;
        tx.insert_api_token(&token(1)).await?;
        tx.insert_api_token(&ending).await?;
        assert_eq!(tx.api_token(&[1; 32]).await?, Some(token(1)));
        assert_eq!(tx.api_token_by_id(id(1)).await?, Some(token(1)));
        assert_eq!(tx.api_token(&[2; 32]).await?, Some(ending));
        assert_eq!(tx.api_token(&[0; 32]).await?, None);
        assert_eq!(tx.api_token_by_id(id(9)).await?, None);
        Ok(())
    })
    .unwrap();
    let mut same = token(3);
    same.hash = [1; 32];
    let refused = change!(store, |tx| tx.insert_api_token(&same).await);
    assert_eq!(refused, Err(StorageError::Conflict("API token".into())));
}

/// Revoked, given another secret, and used: the rest stays.
pub async fn an_api_token_is_revoked_and_used(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        tx.insert_operator(&operator(1)).await?;
        tx.insert_api_token(&token(1)).await?;
        let mut other = token(1);
        (other.hash, other.prefix, other.revoked_at) = ([7; 32], "lap_efgh".into(), Some(NOW));
        other.name = "another name is not stored".into();
        tx.update_api_token(&other).await?;
        other.name = token(1).name;
        assert_eq!(tx.api_token(&[7; 32]).await?, Some(other));
        assert_eq!(tx.api_token(&[1; 32]).await?, None);

        assert!(tx.touch_api_token(id(1), NOW + 60).await?);
        assert!(!tx.touch_api_token(id(1), NOW + 60).await?, "not twice");
        assert!(!tx.touch_api_token(id(1), NOW).await?, "not backwards");
        assert!(!tx.touch_api_token(id(9), NOW).await?);
        let used = tx.api_token_by_id(id(1)).await?.map(|token| token.last_used_at);
        assert_eq!(used, Some(Some(NOW + 60)));
        Ok(())
    })
    .unwrap();
    let refused = change!(store, |tx| tx.update_api_token(&token(9)).await);
    assert_eq!(refused, Err(StorageError::Stale("API token")));
}

/// Newest first, of one operator or of all, in pages.
pub async fn api_tokens_are_listed_in_pages(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        tx.insert_operator(&operator(1)).await?;
        tx.insert_operator(&operator(2)).await?;
        let mut all: Vec<ApiToken> = (1..=5).map(token).collect();
        all[4].created_at += 1;
        all[1].operator_id = id(2);
        for token in &all {
            tx.insert_api_token(token).await?;
        }
        all.reverse();
        assert_eq!(tx.api_tokens(None, None, 100).await?, all);
        assert_eq!(tx.api_tokens(None, Some(id(4)), 2).await?, all[2..4]);
        assert_eq!(tx.api_tokens(None, Some(id(1)), 2).await?, []);
        assert_eq!(tx.api_tokens(None, Some(id(99)), 2).await?, []);
        assert_eq!(tx.api_tokens(Some(id(2)), None, 2).await?, all[3..4]);
        assert_eq!(tx.api_tokens(Some(id(1)), Some(id(3)), 9).await?, all[4..]);
        assert_eq!(tx.delete_api_tokens(id(1)).await?, 4);
        assert_eq!(tx.api_tokens(None, None, 100).await?, all[3..4]);
        Ok(())
    })
    .unwrap();
}
