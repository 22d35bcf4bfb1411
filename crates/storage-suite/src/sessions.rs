//! Sessions of operators.

use licentia_model::Session;
use licentia_storage::StorageError;

use crate::Backend;
use crate::fixtures::{NOW, change, id, operator};

fn session(n: u8) -> Session {
    Session {
        id: id(n.into()),
        operator_id: id(1),
        hash: [n; 32],
        origin: "192.0.2.1".into(),
        agent: Some("a browser".into()),
        created_at: NOW,
        last_used_at: NOW,
        expires_at: NOW + 3600,
    }
}

/// Found by its hash, used, and ended.
pub async fn a_session_is_found_used_and_ended(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        tx.insert_operator(&operator(1)).await?;
        let mut plain = session(2);
        plain.agent = None;
        tx.insert_session(&session(1)).await?;
        tx.insert_session(&plain).await?;
        assert_eq!(tx.session(&[1; 32]).await?, Some(session(1)));
        assert_eq!(tx.session_by_id(id(2)).await?, Some(plain));
        assert_eq!(tx.session(&[0; 32]).await?, None);
        assert!(tx.touch_session(id(1), NOW + 60).await?);
        assert!(!tx.touch_session(id(1), NOW + 60).await?);
        let used = tx.session_by_id(id(1)).await?.map(|session| session.last_used_at);
        assert_eq!(used, Some(NOW + 60));
        assert!(tx.delete_session(id(1)).await?);
        assert!(!tx.delete_session(id(1)).await?);
        assert_eq!(tx.session(&[1; 32]).await?, None);
        Ok(())
    })
    .unwrap();
    let mut same = session(3);
    same.hash = [2; 32];
    let refused = change!(store, |tx| tx.insert_session(&same).await);
    assert_eq!(refused, Err(StorageError::Conflict("session".into())));
}

/// Newest first in pages; an operator's end together but for one; old ones are forgotten.
pub async fn sessions_are_listed_and_end_together(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        tx.insert_operator(&operator(1)).await?;
        tx.insert_operator(&operator(2)).await?;
        let mut all: Vec<Session> = (1..=5).map(session).collect();
        all[1].operator_id = id(2);
        all[4].expires_at = NOW - 1;
        for session in &all {
            tx.insert_session(session).await?;
        }
        all.reverse();
        assert_eq!(tx.sessions(None, None, 100).await?, all);
        assert_eq!(tx.sessions(None, Some(id(4)), 2).await?, all[2..4]);
        assert_eq!(tx.sessions(Some(id(2)), None, 2).await?, all[3..4]);
        assert_eq!(tx.sessions(None, Some(id(99)), 2).await?, []);
        assert_eq!(tx.prune_sessions(NOW).await?, 1);
        assert_eq!(tx.delete_sessions(id(1), Some(id(3))).await?, 2);
        assert_eq!(tx.sessions(Some(id(1)), None, 9).await?, all[2..3]);
        assert_eq!(tx.delete_sessions(id(1), None).await?, 1);
        assert_eq!(tx.sessions(None, None, 9).await?, all[3..4]);
        Ok(())
    })
    .unwrap();
}
