//! API tokens.

use licentia_model::ApiToken;
use licentia_storage::StorageError;

use crate::Backend;
use crate::fixtures::{NOW, change, id, operator};

fn token(n: u8) -> ApiToken {
    ApiToken {
        id: id(n.into()),
        operator_id: id(1),
        name: "pipeline".into(),
        hash: [n; 32],
        scopes: vec!["admin".into(), "read".into()],
        created_at: NOW,
        expires_at: None,
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
        assert_eq!(tx.api_token(&[2; 32]).await?, Some(ending));
        assert_eq!(tx.api_token(&[0; 32]).await?, None);
        Ok(())
    })
    .unwrap();
    let mut same = token(3);
    same.hash = [1; 32];
    let refused = change!(store, |tx| tx.insert_api_token(&same).await);
    assert_eq!(refused, Err(StorageError::Conflict("API token".into())));
}
