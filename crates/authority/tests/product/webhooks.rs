//! Every kind of event is told to a webhook, and `docs/webhooks.md` shows each as it was told here:
//! `UPDATE_DOCS=1 cargo test -p licentia-authority --test product webhooks`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use licentia_authority::jobs::Filter;
use licentia_authority::licenses::issue::{Order, Term};
use licentia_authority::payments::{Buyer, Event, Fact, Price, Rules, Stage};
use licentia_authority::webhooks::NewWebhook;
use licentia_authority::webhooks::events::{EVENTS, TEST};
use licentia_issue::Secret;
use licentia_protocol::activate::Request;
use licentia_protocol::heartbeat::{Chain, ChainEntry};
use licentia_protocol::import::{ImportLicenses, NewImport};
use licentia_protocol::licenses::{self, Addons, ChangePlan, Convert, ReplaceKey, Transfer};
use licentia_testing::{TestAuthority, actor, order};
use serde_json::Value;
use uuid::Uuid;

use crate::support::{CATALOG, activate, beat, heartbeat, lease, request, run};

/// Two plans, so that one can be changed for the other.
fn catalog() -> String {
    format!(
        "{CATALOG}\n[[plan]]\ncode = \"enterprise\"\ntier = \"ENTERPRISE\"\nrank = 3\nseats = 10\nnodes = 10\n\
         features = [\"a\", \"b\"]\n"
    )
}

/// A day in the life of some licences, in which everything happens once at least; what was told, by event.
async fn told() -> BTreeMap<String, Value> {
    let test = TestAuthority::new().await;
    test.import(&catalog()).await;
    let authority = &test.authority;
    let new = NewWebhook { url: "https://example.com/hook".into(), ..NewWebhook::default() };
    let webhook = authority.create_webhook(new, actor()).await.unwrap();
    authority.test_webhook(webhook.id, actor()).await.unwrap();
    for days in [7, 1, 0] {
        authority.notice(days, &[7, 1]).await.unwrap();
    }

    let id = licence_and_its_changes(&test).await;
    authority.revoke(id, Some("refund".into()), 3_600, actor()).await.unwrap();
    installations(&test).await;
    payments(&test).await;
    from_elsewhere(&test).await;

    let trial = Order { trial: true, term: Term::Days(14), ..order("bzzz") };
    let trial = authority.issue(trial, actor()).await.unwrap();
    test.clock.advance(7 * 86_400 + 1);
    authority.notice(7, &[7, 1]).await.unwrap();
    let convert = Convert { plan: None, term: term(30) };
    authority.convert(trial.id, convert, actor()).await.unwrap();
    test.clock.advance(25 * 86_400);
    authority.notice(7, &[7, 1]).await.unwrap();
    test.clock.advance(9 * 86_400);
    authority.notice(0, &[7, 1]).await.unwrap();

    while authority.dispatch(false).await.unwrap() > 0 {}
    let filter = Filter { kind: Some("webhook".into()), limit: 1_000, ..Filter::default() };
    let mut told = BTreeMap::new();
    for job in authority.list_jobs(filter).await.unwrap().items {
        let shown = authority.show_job(job.id).await.unwrap();
        told.insert(job.event, shown.payload.unwrap());
    }
    told
}

fn term(days: u32) -> licenses::Term {
    licenses::Term { days: Some(days), ..licenses::Term::default() }
}

async fn licence_and_its_changes(test: &TestAuthority) -> Uuid {
    let authority = &test.authority;
    let id = test.issue("bzzz").await.id;
    authority.renew(id, term(365), actor()).await.unwrap();
    let plan = ChangePlan { plan: "enterprise".into(), drop_addons: false };
    authority.change_plan(id, plan, actor()).await.unwrap();
    let addons = Addons { seats: Some(Some(25)), ..Addons::default() };
    authority.set_addons(id, addons, actor()).await.unwrap();
    let to = Transfer { email: "grace@example.com".into(), ..Transfer::default() };
    authority.transfer(id, to, actor()).await.unwrap();
    authority.reissue(id, actor()).await.unwrap();
    authority.replace_key(id, ReplaceKey::default(), actor()).await.unwrap();
    authority.suspend(id, Some("a private reason".into()), actor()).await.unwrap();
    authority.resume(id, actor()).await.unwrap();
    let other = test.issue("bzzz").await.id;
    authority.cancel(other, None, actor()).await.unwrap();
    id
}

async fn installations(test: &TestAuthority) {
    let authority = &test.authority;
    let key = test.issue_key("bzzz").await;
    let first = activate(authority, request(&key, "c1")).await.unwrap();
    let elsewhere = Request { fingerprint: Some("ff00".into()), ..request(&key, "c1") };
    let second = activate(authority, elsewhere).await.unwrap();
    let _ = heartbeat(authority, beat(&first, 1)).await;
    // Entries that are missing, wrong, and of another continuation.
    for (previous, sequence) in [("ab".repeat(32), 7), ("00".repeat(32), 1)] {
        let entry = ChainEntry {
            sequence,
            tenant: "t".into(),
            action: "a".into(),
            hash: "00ff".into(),
            time: "2026-01-01T00:00:00Z".into(),
            mac: "cd".repeat(32),
        };
        let again = Request { generation: None, ..request(&key, "c2") };
        let seat = activate(authority, again).await.unwrap();
        let chain =
            Chain { server_nonce: seat.server_nonce.clone(), previous, entries: vec![entry] };
        let generation = lease(authority, &seat.lease).generation;
        let asked =
            licentia_protocol::heartbeat::Request { chain: Some(chain), ..beat(&seat, generation) };
        let _ = heartbeat(authority, asked).await;
    }
    authority.release(second.activation_id, actor()).await.unwrap();
    crate::chain::goes_wrong(test, &test.issue_key("bzzz").await).await;
    let edit =
        "UPDATE licenses SET expires_at = 4102358400 WHERE state = 'active' AND tier = 'STANDARD'";
    run(test, edit);
    let _ = activate(authority, request(&key, "c3")).await;
}

/// A subscription that is paid, disputed, refunded and cancelled.
async fn payments(test: &TestAuthority) {
    let price = Price { product: "bzzz".into(), plan: "standard".into() };
    let rules = Rules { prices: [("p1".to_owned(), price)].into(), ..Rules::default() };
    let buyer = Buyer { email: "ada@example.com".into(), name: None };
    let until = Some(test.authority.now() + 30 * 86_400);
    let subscription = |stage| Fact::Subscription {
        stage,
        prices: vec!["p1".into()],
        trial_until: None,
        license: None,
    };
    let paid = Fact::Paid {
        amount: 4_900,
        prices: vec!["p1".into()],
        until,
        buyer: Some(buyer),
        license: None,
    };
    for (n, (kind, fact)) in [
        ("invoice.paid", paid),
        ("customer.subscription.updated", subscription(Stage::Running)),
        ("invoice.payment_failed", Fact::Failed),
        ("charge.dispute.created", Fact::Disputed),
        ("charge.dispute.closed", Fact::DisputeWon),
        ("charge.refunded", Fact::Refunded),
        ("customer.subscription.updated", subscription(Stage::Ending)),
        ("customer.subscription.deleted", subscription(Stage::Ended)),
    ]
    .into_iter()
    .enumerate()
    {
        let (id, at) = (format!("evt_{n}"), test.authority.now() + i64::try_from(n).unwrap());
        let event = Event { id, kind: kind.into(), at, references: vec!["sub_1".into()], fact };
        let origin = "192.0.2.9".to_owned();
        test.authority.take_payment("stripe", event, rules.clone(), origin).await.unwrap();
    }
}

/// A licence of another system, maintained, whose customer asks for more of it.
async fn from_elsewhere(test: &TestAuthority) {
    let row = NewImport {
        key: "MRR-2025-ABCDEF".into(),
        email: "grace@example.com".into(),
        term: term(90),
        ..NewImport::default()
    };
    let import = ImportLicenses { product: "bzzz".into(), rows: vec![row], dry_run: false };
    let report = test.authority.import_licenses(import, actor()).await.unwrap();
    let id = report.rows[0].license_id.unwrap();
    test.authority.maintain(id, term(365), actor()).await.unwrap();
    let key = Secret::new("MRR-2025-ABCDEF".to_owned());
    let visit = test.authority.enter_portal(&key, "192.0.2.7").await.unwrap();
    let visit = test.authority.portal_visit(visit.expose()).await.unwrap().unwrap();
    let words = Some("a private word".to_owned());
    test.authority.request_renewal(visit, words, "192.0.2.7").await.unwrap();
}

/// As it was told, with ids that do not change from run to run.
fn example(body: &Value) -> String {
    let text = serde_json::to_string_pretty(body).unwrap();
    let mut ids: Vec<&str> = Vec::new();
    for word in text.split('"') {
        if Uuid::parse_str(word).is_ok() && !ids.contains(&word) {
            ids.push(word);
        }
    }
    let mut shown = text.clone();
    for (place, id) in ids.iter().enumerate() {
        shown = shown.replace(id, &format!("019b7d5e-0000-7000-8000-{:012}", place + 1));
    }
    shown
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "UPDATE_DOCS is told to the test itself")]
async fn v4_every_event_is_told_and_documented_with_an_example() {
    let told = told().await;
    for event in EVENTS {
        let shown = told.contains_key(event.name);
        assert!(shown, "{} was not told: {:?}", event.name, told.keys());
    }
    for (name, body) in &told {
        let text = body.to_string();
        assert!(
            !text.contains('@') && !text.contains("private") && !text.contains("sha256:"),
            "{text}"
        );
        assert_eq!(body["type"], name.as_str());
    }
    let mut page = include_str!("webhooks.md").to_owned();
    for event in EVENTS {
        let _ = write!(page, "\n### `{}`\n\n{}\n", event.name, event.about);
        let _ = write!(page, "\n```json\n{}\n```\n", example(&told[event.name]));
    }
    let body = example(&told[TEST]);
    let _ =
        write!(page, "\n### `{TEST}`\n\nAn operator tries the webhook.\n\n```json\n{body}\n```\n");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/webhooks.md");
    if env::var("UPDATE_DOCS").is_ok() {
        fs::write(&path, &page).unwrap();
    }
    let stale = fs::read_to_string(path).unwrap_or_default() != page;
    assert!(
        !stale,
        "docs/webhooks.md is stale: UPDATE_DOCS=1 cargo test -p licentia-authority --test product webhooks"
    );
}
