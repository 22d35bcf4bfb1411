//! Many licences at once.

use licentia_model::audit::AuditSecret;
use licentia_model::{AuditRow, LicenseKey, LicenseState, Scheme};
use licentia_storage::bulk::Issued;

use crate::Backend;
use crate::fixtures::{NOW, change, customer, id, license, licensed, look, plan, product};

fn issued(n: u32) -> Issued {
    let mut license = license(n, &plan(1, &product(1)), &customer(1));
    license.trial = n == 2;
    license.expires_at = (n == 3).then_some(NOW + 9);
    if n == 3 {
        license.state = LicenseState::Suspended { at: NOW, reason: Some("unpaid".into()) };
    }
    let record = LicenseKey {
        jti: license.jti,
        license_id: license.id,
        scheme: Scheme::Jwt,
        kid: Some("kid".into()),
        sealed: Some(vec![0, 1, 255]),
        lookup: None,
        issued_at: NOW,
        voided_at: None,
    };
    let typed = LicenseKey {
        jti: license.key_jti,
        scheme: Scheme::Short,
        kid: None,
        sealed: None,
        lookup: Some([u8::try_from(n).unwrap(); 32]),
        ..record.clone()
    };
    let seq = u64::from(n) - 1;
    Issued {
        keys: if n == 2 { vec![record] } else { vec![record, typed] },
        facts: format!(r#"{{"n":{n}}}"#),
        sealed: (n == 3).then(|| vec![1, 2]),
        audit: AuditRow {
            seq,
            at_micros: NOW,
            actor: "cli:test".into(),
            origin: "local".into(),
            action: "license.issue".into(),
            subject: format!("license:{}", license.id),
            details: "{}".into(),
            previous: [0; 32],
            hash: [1; 32],
        },
        secrets: vec![AuditSecret {
            seq,
            field: "email".into(),
            salt: vec![n.to_le_bytes()[0]; 16],
            value: "a'b".into(),
        }],
        license,
    }
}

/// Every row of each is there as if it had been added alone, and messages are in order; no row is no row.
pub async fn licenses_are_added_with_all_their_rows(backend: &impl Backend) {
    let store = backend.open().await;
    let all: Vec<_> = (2..=4).map(issued).collect();
    let rows = all.clone();
    change!(store, |tx| {
        licensed(tx).await?;
        tx.insert_issued(&[]).await?;
        tx.lock_audit_head().await?;
        tx.insert_issued(&rows).await
    })
    .unwrap();
    change!(store, |tx| {
        for one in &all {
            assert_eq!(tx.license(one.license.id).await?.as_ref(), Some(&one.license));
            assert_eq!(tx.license_keys(one.license.id).await?, one.keys);
            assert_eq!(tx.audit_secrets(one.audit.seq).await?, one.secrets);
        }
        let trail: Vec<_> = all.iter().map(|one| one.audit.clone()).collect();
        assert_eq!(tx.audit_rows(0, 9).await?, trail);
        let messages = tx.messages(9).await?;
        for (one, message) in all.iter().zip(&messages) {
            assert_eq!(message.license_id, one.license.id);
            assert_eq!((message.kind.as_str(), &message.facts), ("license.issue", &one.facts));
            assert_eq!((message.at, &message.sealed), (one.license.created_at, &one.sealed));
        }
        assert_eq!(messages.len(), all.len());
        Ok(())
    })
    .unwrap();
}

/// One that cannot be added keeps all of them out.
pub async fn licenses_are_added_all_or_none(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| licensed(tx).await.map(drop)).unwrap();
    let twice = [issued(2), issued(3), issued(2)];
    change!(store, |tx| tx.insert_issued(&twice).await).unwrap_err();
    assert_eq!(look!(store, |tx| tx.license(id(2)).await).unwrap(), None);
}
