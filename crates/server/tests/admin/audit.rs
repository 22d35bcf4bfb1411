//! The audit trail over HTTP.

use serde_json::{Value, json};

use crate::support::Served;

const AUDIT: &str = "/v1/admin/audit";

#[tokio::test]
async fn b11_a_change_says_who_what_before_after_when_and_from_where() {
    let served = Served::new().await;
    let id = served.operator("ada", "support").await;
    served.test.clock.advance(60);
    let path = format!("/v1/admin/operators/{id}");
    let etag = served.get(&path).await.etag.unwrap();
    let request = served.by(&served.owner(), "PATCH", &path).header("if-match", etag);
    crate::support::send(request.json(&json!({ "role": "operator" }))).await.done();
    let list = served.get(&format!("{AUDIT}?subject=operator:{id}")).await.done();
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    let entry = &items[0];
    assert_eq!(
        [&entry["actor"], &entry["origin"], &entry["action"], &entry["at"]],
        [
            &json!("operator:owner"),
            &json!("127.0.0.1"),
            &json!("operator.role"),
            &json!("2026-01-01T00:01:00Z")
        ]
    );
    assert_eq!(
        entry["details"],
        json!({ "name": "ada", "before": "support", "after": "operator" })
    );

    let since = served.get(&format!("{AUDIT}?since=2026-01-01T00:00:30Z")).await.done();
    assert_eq!(since["items"].as_array().unwrap().len(), 1);
    let none = served.get(&format!("{AUDIT}?actor=operator:nobody")).await.done();
    assert_eq!(none["items"], json!([]));
    served.get(&format!("{AUDIT}?since=yesterday")).await.refused(422, "malformed");
    let report = served.get(&format!("{AUDIT}/verify")).await.done();
    assert_eq!(report["valid"], true);
    served.end().await;
}

#[tokio::test]
async fn the_trail_is_exported_whole_in_both_formats() {
    let served = Served::new().await;
    // Each that is refused would be counted; each that is made is a row.
    for n in 0..1_050 {
        let new = licentia_authority::tokens::create::NewToken {
            name: format!("n{n}"),
            operator: Some("owner".into()),
            scopes: vec!["admin".into()],
            expires_at: None,
        };
        let local = licentia_authority::Principal::local();
        served.test.authority.create_token(new, &local, licentia_testing::actor()).await.unwrap();
    }
    let json = served.get(&format!("{AUDIT}/export")).await;
    let rows: Vec<Value> = serde_json::from_str(&json.text).unwrap();
    let seqs: Vec<u64> = rows.iter().map(|row| row["seq"].as_u64().unwrap()).collect();
    assert!(seqs.len() > 1_050 && seqs.is_sorted_by(|a, b| *a == b + 1), "{}", seqs.len());
    let csv = served.get(&format!("{AUDIT}/export?format=csv")).await;
    assert!(csv.text.starts_with("seq,at,actor,origin,action,subject,details,personal,hash\r\n"));
    assert_eq!(csv.text.lines().count(), seqs.len() + 1);
    assert_eq!(csv.headers["content-disposition"], "attachment; filename=\"audit.csv\"");
    served.get(&format!("{AUDIT}/export?format=xml")).await.refused(422, "invalid");
    served.end().await;
}
