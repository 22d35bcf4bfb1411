//! The audit trail: what was edited, removed or cut off is named.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod tamper;

use licentia_testing::{TestAuthority, actor};

const CATALOG: &str = r#"
[product]
code = "p"
name = "P"
default_plan = "a"
[[plan]]
code = "a"
tier = "A"
rank = 1
seats = 1
"#;

async fn findings(sql: &str) -> Vec<String> {
    let test = TestAuthority::new().await;
    test.import(CATALOG).await;
    let license = test.issue("p").await;
    test.authority.suspend(license.id, Some("a private reason".into()), actor()).await.unwrap();
    test.authority.resume(license.id, actor()).await.unwrap();
    assert!(test.authority.verify_audit().await.unwrap().valid);
    assert!(tamper::edit(&test, sql) > 0, "{sql}");
    let report = test.authority.verify_audit().await.unwrap();
    assert_eq!(report.valid, report.findings.is_empty());
    report.findings
}

#[tokio::test]
async fn every_column_counts() {
    for column in ["actor", "origin", "action", "subject", "details"] {
        let found =
            findings(&format!("UPDATE audit SET {column} = {column} || ' ' WHERE seq = 3")).await;
        assert!(found.iter().any(|f| f == "row 3 was edited"), "{column}: {found:?}");
    }
    let found = findings("UPDATE audit SET at_micros = at_micros - 1 WHERE seq = 2").await;
    assert_eq!(found, ["row 2 was edited"]);
}

#[tokio::test]
async fn a_removed_row_a_cut_tail_and_an_edited_personal_value_are_named() {
    let gap = findings("DELETE FROM audit WHERE seq = 2").await;
    assert!(gap.iter().any(|f| f == "rows 2 to 2 are missing"), "{gap:?}");
    let cut = findings("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)").await;
    assert!(cut.iter().any(|f| f.contains("not where the authority ended it")), "{cut:?}");
    let personal = findings("UPDATE audit_secrets SET value = 'x'").await;
    assert!(personal.iter().any(|f| f.contains("`email`")), "{personal:?}");
}

#[tokio::test]
async fn erasing_a_personal_value_keeps_the_trail_whole() {
    assert_eq!(findings("DELETE FROM audit_secrets").await, Vec::<String>::new());
}

#[tokio::test]
async fn no_key_token_or_personal_value_stands_in_clear_in_the_database() {
    let test = TestAuthority::new().await;
    test.import(CATALOG).await;
    let key = test.issue_key("p").await;
    let request = licentia_protocol::activate::Request {
        license_key: key.clone(),
        cluster_id: "c1".into(),
        nonce: "nonce-00000001".into(),
        ..Default::default()
    };
    let token = test
        .authority
        .activate(request, "192.0.2.1".into())
        .await
        .map_err(Box::new)
        .unwrap()
        .answer
        .access_token;
    test.authority.close().await;
    let secrets =
        [key.rsplit('.').next().unwrap().to_owned(), token, test.login.api_token.expose().clone()];
    for entry in std::fs::read_dir(test.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{}", path.display());
        }
    }
}

#[tokio::test]
async fn b11_the_other_columns_count_too() {
    let hash = findings("UPDATE audit SET hash = previous WHERE seq = 2").await;
    assert!(hash.iter().any(|f| f == "row 2 was edited"), "{hash:?}");
    let previous = findings("UPDATE audit SET previous = hash WHERE seq = 3").await;
    assert!(previous.iter().any(|f| f == "row 3 was edited"), "{previous:?}");
    // Numbers with a place that is free.
    let last = findings("UPDATE audit SET seq = seq + 10 WHERE seq = (SELECT max(seq) FROM audit) AND NOT EXISTS (SELECT 1 FROM audit_secrets s WHERE s.seq = audit.seq)").await;
    assert!(last.iter().any(|f| f.contains("are missing")), "{last:?}");
    for column in ["field", "value"] {
        let found = findings(&format!("UPDATE audit_secrets SET {column} = {column} || 'x'")).await;
        assert!(found.iter().any(|f| f.starts_with("the personal value")), "{column}: {found:?}");
    }
}

#[tokio::test]
async fn b11_rows_that_changed_places_are_named_with_their_places() {
    let test = story().await;
    // Two rows without personal values, so that nothing refers to them.
    for (from, to) in [(3, 100), (4, 3), (100, 4)] {
        tamper::edit(&test, "DELETE FROM audit_secrets");
        assert_eq!(
            tamper::edit(&test, &format!("UPDATE audit SET seq = {to} WHERE seq = {from}")),
            1
        );
    }
    let found = test.authority.verify_audit().await.unwrap().findings;
    for named in ["row 4 was moved to the place of row 3", "row 3 was moved to the place of row 4"]
    {
        assert!(found.iter().any(|f| f == named), "{found:?}");
    }
}

async fn story() -> TestAuthority {
    let test = TestAuthority::new().await;
    test.import(CATALOG).await;
    let license = test.issue("p").await;
    test.authority.suspend(license.id, None, actor()).await.unwrap();
    test.authority.resume(license.id, actor()).await.unwrap();
    test
}

#[tokio::test]
async fn d42_a_checkpoint_outside_the_database_recognises_an_older_backup() {
    let test = story().await;
    let path = test.folder.path().join(licentia_authority::audit::checkpoints::FILE);
    assert!(test.authority.checkpoint_audit().await.unwrap());
    assert!(!test.authority.checkpoint_audit().await.unwrap(), "nothing new");
    let earlier = backup(&test);
    test.clock.advance(3600);
    test.issue("p").await;
    assert!(test.authority.checkpoint_audit().await.unwrap());
    let report = test.authority.verify_audit().await.unwrap();
    assert_eq!((report.valid, report.checkpoints), (true, 2));
    // An older backup is whole in itself: rows and mark are those of then.
    restore(&test, &earlier);
    let report = test.authority.verify_audit().await.unwrap();
    assert_eq!(report.findings.len(), 1, "{report:?}");
    assert!(report.findings[0].contains("an older backup was restored"), "{report:?}");
    assert!(report.findings[0].contains("2026-01-01T01:00:00Z"), "{report:?}");

    // What is written into the file by others is told from what the authority wrote.
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen('.', ".A", 1)).unwrap();
    let report = test.authority.verify_audit().await.unwrap();
    assert!(report.findings[0].starts_with("line 1 of the checkpoints"), "{report:?}");
    std::fs::remove_file(&path).unwrap();
    assert!(test.authority.verify_audit().await.unwrap().valid, "nothing to compare with");
}

#[tokio::test]
async fn d42_a_trail_that_was_written_anew_is_not_that_of_the_checkpoint() {
    let test = story().await;
    assert!(test.authority.checkpoint_audit().await.unwrap());
    // The mark of an end is made with the next row; which one does not matter here.
    let (last, mark) = backup(&test);
    let before = (last - 1, mark);
    // Another end in place of the one that the checkpoint knows, by the authority itself on a cut trail.
    restore(&test, &before);
    test.clock.advance(1);
    test.issue("p").await;
    test.issue("p").await;
    let report = test.authority.verify_audit().await.unwrap();
    let found =
        report.findings.iter().find(|f| f.contains("is not the one that the checkpoint of"));
    assert!(found.is_some(), "{report:?}");
}

/// What a backup of now holds of the trail's end: its number, and the mark of it.
fn backup(test: &TestAuthority) -> (u64, String) {
    let last = tamper::read(test, "SELECT CAST(max(seq) AS TEXT) FROM audit");
    let mark = tamper::read(test, "SELECT value FROM settings WHERE name = 'audit_head'");
    (last.parse().unwrap(), mark)
}

/// Brings the trail back to where it stood.
fn restore(test: &TestAuthority, (last, mark): &(u64, String)) {
    tamper::edit(test, &format!("DELETE FROM audit_secrets WHERE seq > {last}"));
    tamper::edit(test, &format!("DELETE FROM audit WHERE seq > {last}"));
    tamper::edit(test, &format!("UPDATE settings SET value = '{mark}' WHERE name = 'audit_head'"));
}
