//! The audit trail.

use licentia_model::AuditRow;
use licentia_model::audit::AuditSecret;
use licentia_storage::StorageError;

use crate::Backend;
use crate::fixtures::{change, look};

fn row(seq: u64) -> AuditRow {
    AuditRow {
        seq,
        at_micros: i64::MAX,
        actor: "cli:root".into(),
        origin: "local".into(),
        action: "license.suspend".into(),
        subject: "license:1".into(),
        details: r#"{"b":1,"a":"ü"}"#.into(),
        previous: [u8::try_from(seq).unwrap(); 32],
        hash: [255; 32],
    }
}

fn secret(seq: u64, field: &str) -> AuditSecret {
    AuditSecret { seq, field: field.into(), salt: vec![9; 16], value: "someone@example.com".into() }
}

/// Byte for byte, in order, from anywhere; the head is the last.
pub async fn rows_come_back_as_they_were_appended(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        assert_eq!(tx.lock_audit_head().await?, None);
        for seq in 1..=5 {
            tx.append_audit(&row(seq), &[]).await?;
            assert_eq!(tx.lock_audit_head().await?, Some(row(seq)));
        }
        Ok(())
    })
    .unwrap();
    look!(store, |tx| {
        assert_eq!(tx.audit_rows(0, 100).await?, [1, 2, 3, 4, 5].map(row));
        assert_eq!(tx.audit_rows(2, 2).await?, [3, 4].map(row));
        assert_eq!(tx.audit_rows(5, 100).await?, []);
        assert_eq!(tx.audit_rows(0, 0).await?, []);
        Ok(())
    })
    .unwrap();
}

/// A number is given once: two that append without the lock cannot both win.
pub async fn a_number_is_taken_once(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| tx.append_audit(&row(1), &[]).await).unwrap();
    let refused = change!(store, |tx| tx.append_audit(&row(1), &[secret(1, "email")]).await);
    assert_eq!(refused, Err(StorageError::Conflict("audit number".into())));
    assert_eq!(look!(store, |tx| tx.audit_secrets(1).await).unwrap(), []);
}

/// Personal values stay with their row, listed by field.
pub async fn personal_values_stay_with_their_row(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        tx.append_audit(&row(1), &[secret(1, "name"), secret(1, "email")]).await?;
        tx.append_audit(&row(2), &[secret(2, "email")]).await?;
        assert_eq!(tx.audit_secrets(1).await?, [secret(1, "email"), secret(1, "name")]);
        assert_eq!(tx.audit_secrets(2).await?, [secret(2, "email")]);
        assert_eq!(tx.audit_secrets(3).await?, []);
        Ok(())
    })
    .unwrap();
}
