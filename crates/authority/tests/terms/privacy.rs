//! What is kept of a customer, and that it is kept no more.

use licentia_authority::AuthorityError;
use licentia_authority::jobs::{Backoff, Filter, Outcome};
use licentia_authority::mail::Composed;
use licentia_authority::payments::{Buyer, Event, Fact, Price, Rules};
use licentia_authority::webhooks::NewWebhook;
use licentia_license::erasure::Erasure;
use licentia_license::verify::verify;
use licentia_model::Job;
use licentia_protocol::activate::Request;
use licentia_protocol::licenses::Transfer;
use licentia_protocol::privacy::Erase;
use licentia_testing::{TestAuthority, actor, order};
use uuid::Uuid;

use crate::support::with;

/// Words that are about Ada and nobody else.
const ADA: &[&str] = &[
    "ada@analytical.example",
    "Countess",
    "Analytical",
    "walnut-of-ada",
    "203.0.113.7",
    "charge-of-ada",
];

/// Every text and every blob in the database, sealed ones apart.
fn everything(test: &TestAuthority) -> String {
    let dump = |tables: Vec<String>, rows: &dyn Fn(&str) -> String| {
        tables.iter().map(|table| rows(table)).collect::<String>()
    };
    if let Some(url) = &test.database {
        let cluster = licentia_testing_postgres::Cluster::shared();
        let name = url.rsplit('/').next().unwrap();
        let tables =
            cluster.sql_in(name, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
        return dump(tables.lines().map(str::to_owned).collect(), &|table| {
            cluster.sql_in(name, &format!("SELECT t::text FROM {table} t"))
        });
    }
    let database = rusqlite::Connection::open(test.folder.path().join("licentia.db")).unwrap();
    let mut found =
        database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let tables = found.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap);
    dump(tables.collect(), &|table| {
        let mut rows = database.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let width = rows.column_count();
        let text = |row: &rusqlite::Row<'_>| {
            let cells =
                (0..width).map(|at| format!("{:?}", row.get::<_, rusqlite::types::Value>(at)));
            Ok(cells.collect::<String>())
        };
        rows.query_map([], text).unwrap().map(Result::unwrap).collect()
    })
}

async fn paid(test: &TestAuthority) -> Uuid {
    let fact = Fact::Paid {
        amount: 1,
        prices: vec!["p1".into()],
        until: Some(test.authority.now() + 86_400),
        buyer: Some(Buyer {
            email: "ada@analytical.example".into(),
            name: Some("Ada Countess".into()),
        }),
        license: None,
    };
    let event = Event {
        id: "evt_1".into(),
        kind: "invoice.paid".into(),
        at: test.authority.now(),
        references: vec!["sub_1".into()],
        fact,
    };
    let price = Price { product: "bzzz".into(), plan: "standard".into() };
    let rules = Rules { prices: [("p1".to_owned(), price)].into(), ..Rules::default() };
    let taken = test.authority.take_payment("stripe", event, rules, "192.0.2.9".into()).await;
    taken.unwrap().license_id.unwrap()
}

/// Mails and calls in every state; a mail about the licence that waits.
async fn messages(test: &TestAuthority, first: Uuid, second: Uuid) -> Job {
    while test.authority.dispatch(true).await.unwrap() > 0 {}
    let claim = async |kind, license| {
        let jobs = test.authority.claim_jobs(kind, 100).await.unwrap();
        let mut about = jobs.into_iter().filter(move |job| job.license_id == Some(license));
        about.next().unwrap()
    };
    let dead = Outcome::Hopeless("550".into());
    let mail = claim("mail", second).await;
    test.authority.settle_job(&mail, dead, Backoff::MAIL).await.unwrap();
    test.authority.mail_log_in("Ada@analytical.example").await.unwrap();
    let call = claim("webhook", first).await;
    test.authority.settle_job(&call, Outcome::Done("200".into()), Backoff::WEBHOOKS).await.unwrap();
    let mails =
        Filter { license: Some(first), kind: Some("mail".into()), limit: 9, ..Filter::default() };
    let id = test.authority.list_jobs(mails).await.unwrap().items[0].id;
    test.clock.advance(3_600);
    let again = test.authority.claim_jobs("mail", 100).await.unwrap();
    again.into_iter().find(|job| job.id == id).unwrap()
}

#[tokio::test]
async fn t14_a_customer_is_exported_and_erased_and_the_trail_still_proves_what_happened() {
    let test = with("", "").await;
    let hook = NewWebhook { url: "https://example.com/hook".into(), ..NewWebhook::default() };
    test.authority.create_webhook(hook, actor()).await.unwrap();
    let license = paid(&test).await;
    let shown = test.authority.show_license(license).await.unwrap();
    let customer = shown.customer.id;
    let request = Request {
        license_key: shown.key.clone().unwrap(),
        cluster_id: "walnut-of-ada".into(),
        nonce: "nonce-0001".into(),
        hostname: Some("walnut-of-ada.local".into()),
        addresses: vec!["203.0.113.7".into()],
        email: Some("ada@analytical.example".into()),
        organization_name: Some("Analytical Engines".into()),
        ..Request::default()
    };
    let activated = test.authority.activate(request.clone(), "203.0.113.7".into()).await;
    assert!(activated.is_ok_and(|activated| activated.created));
    let mut second = order("bzzz");
    second.email = "ada@analytical.example".into();
    second.name = Some("Ada Countess".into());
    second.attributes = [("chargeId".to_owned(), "charge-of-ada".to_owned())].into();
    let second = test.authority.issue(second, actor()).await.unwrap();
    // Somebody else's data stays.
    let other = test.authority.issue(order("bzzz"), actor()).await.unwrap();

    let waiting = messages(&test, license, second.id).await;
    let data = test.authority.customer_data("ada@analytical.example".into()).await.unwrap();
    let mut told: Vec<_> =
        data.messages.iter().map(|job| (&*job.kind, &*job.state, &*job.event)).collect();
    told.sort_unstable();
    let mail = |state, event| ("mail", state, event);
    assert_eq!(
        told,
        [
            mail("dead", "license_delivered"),
            mail("waiting", "license_delivered"),
            mail("waiting", "log_in"),
            ("webhook", "done", "license.issued"),
            ("webhook", "waiting", "activation.created"),
            ("webhook", "waiting", "license.issued"),
            ("webhook", "waiting", "payment.paid"),
        ]
    );
    assert_eq!((data.licenses.len(), data.installations.len(), data.payments.len()), (2, 1, 1));
    let told = serde_json::to_string(&data).unwrap();
    for word in ADA.iter().filter(|word| **word != "charge-of-ada") {
        assert!(told.contains(word), "{word}");
    }
    assert!(data.audit.iter().any(|row| row.personal.get("email").is_some_and(|e| e == ADA[0])));

    let erase = |end_licenses| Erase { end_licenses };
    let early = test.authority.erase_customer(customer, erase(false), actor()).await;
    assert!(matches!(early, Err(AuthorityError::NotAllowed { what: "customer", .. })));
    let rows = test.authority.verify_audit().await.unwrap().rows;
    let receipt = test.authority.erase_customer(customer, erase(true), actor()).await.unwrap();
    assert_eq!((receipt.licenses, receipt.activations, receipt.payments), (2, 1, 1));
    assert!(receipt.keys >= 2 && receipt.audit_values >= 3, "{receipt:?}");
    // Two mails, a link, and a call that was made.
    assert_eq!(receipt.mails, 4, "{receipt:?}");
    let signed = verify::<Erasure>(&receipt.receipt, &test.authority.trust()).unwrap();
    assert_eq!(
        (signed.sub.clone(), signed.audit_values, signed.mails),
        (customer.to_string(), receipt.audit_values, receipt.mails)
    );
    // What was under way at that moment is not sent, and nothing new is mailed to nobody.
    let composed = test.authority.compose_mail(&waiting).await.unwrap();
    assert!(matches!(composed, Composed::Void(_)));
    while test.authority.dispatch(true).await.unwrap() > 0 {}
    for job in test.authority.claim_jobs("mail", 100).await.unwrap() {
        let composed = test.authority.compose_mail(&job).await.unwrap();
        let to_him = job.license_id.is_some_and(|id| id == license || id == second.id);
        assert!(!to_him || matches!(composed, Composed::Void(_)), "{job:?}");
    }

    let kept = everything(&test);
    for word in ADA {
        assert!(!kept.contains(word), "{word} is still there");
    }
    assert!(kept.contains("ada@example.com"), "the other customer's");
    let verified = test.authority.verify_audit().await.unwrap();
    assert!(verified.valid, "{:?}", verified.findings);
    assert!(verified.rows > rows);
    let data = test.authority.customer_data(customer.to_string()).await.unwrap();
    let told = serde_json::to_string(&data).unwrap();
    assert!(ADA.iter().all(|word| !told.contains(word)), "{told}");
    assert_eq!(data.licenses.len(), 2);
    for license in &data.licenses {
        assert_eq!(license.state, "cancelled");
        assert!(license.customer.email.ends_with("@erased.invalid"));
    }
    let gone = test.authority.activate(request, "203.0.113.7".into()).await.err().unwrap();
    assert_eq!(gone.code, "cancelled");
    assert_eq!(test.authority.show_license(other.id).await.unwrap().state, "active");
    assert_ne!(second.id, other.id);

    // A second time there is nothing more to forget; and the address is free for whoever comes.
    let again = test.authority.erase_customer(customer, erase(false), actor()).await.unwrap();
    assert_eq!((again.payments, again.customer_id), (0, customer));
    let mut back = order("bzzz");
    back.email = "ada@analytical.example".into();
    back.name = None;
    let back = test.authority.issue(back, actor()).await.unwrap();
    assert_ne!(back.customer.id, customer);
}

#[tokio::test]
async fn a_licence_that_was_transferred_is_its_new_holders() {
    let test = with("", "").await;
    let license = test.authority.issue(order("bzzz"), actor()).await.unwrap();
    let to = Transfer { email: "grace@example.com".into(), ..Transfer::default() };
    let moved = test.authority.transfer(license.id, to, actor()).await.unwrap();
    let former = license.customer.id;
    let receipt = test.authority.erase_customer(former, Erase::default(), actor()).await.unwrap();
    assert_eq!(receipt.licenses, 0);
    let kept = test.authority.show_license(license.id).await.unwrap();
    assert_eq!(
        (kept.state.as_str(), kept.customer.email.as_str()),
        ("active", "grace@example.com")
    );
    assert_eq!(kept.key, moved.key);
}
