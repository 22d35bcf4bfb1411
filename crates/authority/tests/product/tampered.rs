//! Decision 20: the signed licence is the record, columns are its index.

use licentia_authority::licenses::issue::{Order, Term};
use licentia_protocol::{activate, validate};
use licentia_testing::{START, TestAuthority, actor, order};

use crate::support::{CATALOG, activate, audited, beat, code, heartbeat, lease, request, run};

const END: i64 = START + 30 * 86_400;

/// The licence that the attacker has, and one that is worth more, of another product and customer.
async fn victim() -> (TestAuthority, String) {
    let test = TestAuthority::new().await;
    let better = "\n[[plan]]\ncode = \"enterprise\"\ntier = \"ENTERPRISE\"\nrank = 9\nseats = 99\n\
        overage = 99\ngrace = \"720h\"\nfeatures = [\"a\", \"b\"]\nlimits = { tokens = \"unlimited\" }\n";
    test.import(&format!("{CATALOG}{better}")).await;
    let other = CATALOG.replace("bzzz", "other").replace("BZZZ", "OTHER");
    test.import(&format!("{other}{better}")).await;
    let worth_more = Order {
        plan: Some("enterprise".into()),
        email: "eve@example.com".into(),
        term: Term::Perpetual,
        ..order("other")
    };
    test.authority.issue(worth_more, actor()).await.unwrap();
    let key = test.issue_key("bzzz").await;
    (test, key)
}

/// Every column of the licence that repeats what its signed key says.
const EDITS: [(&str, &str); 7] = [
    ("expires_at", "expires_at = 4102358400"),
    ("expires_at", "expires_at = NULL"),
    ("tier", "tier = 'ENTERPRISE'"),
    ("plan_id", "plan_id = (SELECT id FROM plans WHERE code = 'enterprise' LIMIT 1)"),
    ("plan_id", "plan_id = (SELECT plan_id FROM licenses WHERE tier = 'ENTERPRISE')"),
    ("product_id", "product_id = (SELECT id FROM products WHERE code = 'other')"),
    (
        "customer_id",
        "customer_id = (SELECT id FROM customers WHERE email_folded = 'eve@example.com')",
    ),
];

#[tokio::test]
async fn decision_20_no_column_that_is_edited_changes_a_verdict_and_each_is_reported() {
    for (column, edit) in EDITS {
        let (test, key) = victim().await;
        let before = activate(&test.authority, request(&key, "c1")).await.unwrap();
        let sql = format!("UPDATE licenses SET {edit} WHERE tier = 'STANDARD'");
        run(&test, &sql);

        let asked = validate::Request {
            license_key: key.clone(),
            product: Some("bzzz".into()),
            ..validate::Request::default()
        };
        let verdict = test.authority.validate(asked.clone()).await.map_err(Box::new).unwrap();
        assert_eq!(verdict.tier.as_deref(), Some("STANDARD"));
        assert_eq!(verdict.expires_at.unwrap().as_second(), END);
        heartbeat(&test.authority, beat(&before, 1)).await.unwrap();
        let again = activate::Request { generation: Some(2), ..request(&key, "c1") };
        let after = activate(&test.authority, again).await.unwrap();
        assert_eq!(
            (&after.tier, &after.features, &after.limits, after.max_nodes, after.expires_at),
            (&before.tier, &before.features, &before.limits, before.max_nodes, before.expires_at),
            "{edit}"
        );
        assert_eq!((after.grace_s, after.license), (before.grace_s, before.license), "{edit}");
        assert_eq!(lease(&test.authority, &after.lease).exp, START + 86_400, "{edit}");
        // Seats and overage as the licence has them.
        activate(&test.authority, request(&key, "c2")).await.unwrap();
        let third = activate(&test.authority, request(&key, "c3")).await;
        assert_eq!(code(third), "no_free_seat", "{edit}");
        test.clock.advance(30 * 86_400);
        let late = activate(&test.authority, request(&key, "c1")).await;
        assert_eq!(code(late), "expired", "{edit}");
        let verdict = test.authority.validate(asked).await.map_err(Box::new).unwrap();
        assert_eq!((verdict.valid, verdict.code.as_str()), (false, "expired"), "{edit}");

        let reports = audited(&test, "license.tampered_row");
        assert_eq!(reports.len(), 1, "{edit}: told once, {reports:?}");
        assert!(reports[0].contains(column), "{edit}: {reports:?}");
        assert!(test.authority.verify_audit().await.unwrap().valid);
    }
}

#[tokio::test]
async fn decision_20_validation_alone_reports_too() {
    let (test, key) = victim().await;
    let edit = "UPDATE licenses SET expires_at = 4102358400 WHERE tier = 'STANDARD'";
    run(&test, edit);
    for _ in 0..3 {
        let asked = validate::Request { license_key: key.clone(), ..validate::Request::default() };
        test.authority.validate(asked).await.map_err(Box::new).unwrap();
    }
    assert_eq!(audited(&test, "license.tampered_row").len(), 1);
}

#[tokio::test]
async fn decision_20_a_sunset_follows_the_licence_and_not_the_row() {
    let (test, key) = victim().await;
    let sunset = CATALOG.replace("default_plan", "sunset = { jwt = \"2025-12-31\" }\ndefault_plan");
    test.import(&sunset).await;
    let edit = "UPDATE licenses SET product_id = (SELECT id FROM products WHERE code = 'other')";
    run(&test, edit);
    let refused = activate(&test.authority, request(&key, "c1")).await;
    assert_eq!(code(refused), "unknown_license");
}
