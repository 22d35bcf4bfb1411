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
