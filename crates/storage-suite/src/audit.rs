//! The audit trail.

use licentia_model::AuditRow;
use licentia_model::audit::AuditSecret;
use licentia_storage::StorageError;
use licentia_storage::audit::AuditFilter;

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

/// Newest first, narrowed by every column, in pages.
pub async fn the_trail_is_filtered_and_read_backwards(backend: &impl Backend) {
    let store = backend.open().await;
    let rows: Vec<AuditRow> = (1..=6)
        .map(|seq| AuditRow {
            at_micros: i64::try_from(seq * 10).unwrap(),
            actor: if seq % 2 == 0 { "even".into() } else { "odd".into() },
            action: if seq < 4 { "first".into() } else { "second".into() },
            subject: format!("s{}", seq % 3),
            ..row(seq)
        })
        .collect();
    let kept = rows.clone();
    change!(store, |tx| {
        for row in &kept {
            tx.append_audit(row, &[]).await?;
        }
        Ok(())
    })
    .unwrap();
    let all = AuditFilter {
        actor: None,
        action: None,
        subject: None,
        since: i64::MIN,
        until: i64::MAX,
        before: None,
        limit: 100,
    };
    let some = |word: &str| Some(word.to_owned());
    for (filter, expected) in [
        (all.clone(), vec![6, 5, 4, 3, 2, 1]),
        (AuditFilter { limit: 2, before: Some(5), ..all.clone() }, vec![4, 3]),
        (AuditFilter { actor: some("even"), ..all.clone() }, vec![6, 4, 2]),
        (AuditFilter { action: some("second"), ..all.clone() }, vec![6, 5, 4]),
        (AuditFilter { subject: some("s1"), ..all.clone() }, vec![4, 1]),
        (AuditFilter { subject: some("s1"), actor: some("odd"), ..all.clone() }, vec![1]),
        (AuditFilter { subject: some("s1"), before: Some(4), ..all.clone() }, vec![1]),
        (AuditFilter { since: 20, until: 40, ..all.clone() }, vec![3, 2]),
        (AuditFilter { actor: some("nobody"), ..all }, vec![]),
    ] {
        let asked = filter.clone();
        let found = look!(store, |tx| tx.audit_page(&asked).await).unwrap();
        let seqs: Vec<u64> = found.iter().map(|row| row.seq).collect();
        assert_eq!(seqs, expected, "{filter:?}");
        assert!(found.iter().all(|row| rows.contains(row)));
    }
    let last = look!(store, |tx| tx.last_audit_row().await).unwrap();
    assert_eq!(last.as_ref(), rows.last());
}
