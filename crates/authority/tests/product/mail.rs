//! What a mail tells is looked up when it is sent, and what is no longer true is not told.

use licentia_authority::jobs::{Backoff, Outcome};
use licentia_authority::licenses::issue::{Order, Term};
use licentia_authority::mail::{Composed, KIND, Letter};
use licentia_model::{Job, Scheme};
use licentia_protocol::activate::Request;
use licentia_protocol::licenses::{EditCustomer, ReplaceKey};
use licentia_testing::{TestAuthority, actor, order};

use crate::support::{CATALOG, activate, request, rows};

async fn due(test: &TestAuthority) -> Vec<Job> {
    while test.authority.dispatch(true).await.unwrap() > 0 {}
    test.authority.claim_jobs(KIND, 100).await.unwrap()
}

async fn letter(test: &TestAuthority, job: &Job) -> Letter {
    let Composed::Letter(letter) = test.authority.compose_mail(job).await.unwrap() else {
        unreachable!("no letter: {}", job.event)
    };
    *letter
}

async fn void(test: &TestAuthority, job: &Job) -> bool {
    matches!(test.authority.compose_mail(job).await.unwrap(), Composed::Void(_))
}

#[tokio::test]
async fn t6_a_key_that_is_kept_nowhere_is_mailed_once_and_gone_then() {
    let test = TestAuthority::new().await;
    test.import(CATALOG).await;
    let short = Order { scheme: Some(Scheme::Short), ..order("bzzz") };
    let key = test.authority.issue(short, actor()).await.unwrap().key.unwrap();
    for sql in ["SELECT hex(sealed) FROM outbox", "SELECT encode(sealed, 'hex') FROM outbox"] {
        let on_postgres = sql.contains("encode");
        if on_postgres == test.database.is_some() {
            let sealed = rows(&test, sql).remove(0).to_lowercase();
            let plain: String = key.bytes().map(|byte| format!("{byte:02x}")).collect();
            assert!(sealed.len() > 20 && !sealed.contains(&plain));
        }
    }
    let jobs = due(&test).await;
    let letter = letter(&test, &jobs[0]).await;
    assert_eq!(
        (letter.email.as_str(), letter.context["key"].as_str()),
        ("ada@example.com", Some(&*key))
    );
    assert!(letter.file.unwrap().1.contains(&key));
    let done = Outcome::Done("250".into());
    test.authority.settle_job(&jobs[0], done, Backoff::MAIL).await.unwrap();
    test.authority.resend_job(jobs[0].id, actor()).await.unwrap();
    let again = due(&test).await.remove(0);
    let composed = test.authority.compose_mail(&again).await.unwrap();
    assert!(matches!(composed, Composed::Hopeless(why) if why.contains("reissue")));
}

#[tokio::test]
async fn who_gets_a_new_key_for_one_that_leaked_is_mailed_it() {
    let test = TestAuthority::new().await;
    test.import(CATALOG).await;
    let short = Order { scheme: Some(Scheme::Short), ..order("bzzz") };
    let license = test.authority.issue(short, actor()).await.unwrap();
    let request = ReplaceKey::default();
    let new = test.authority.replace_key(license.id, request, actor()).await.unwrap().key.unwrap();
    assert_ne!(Some(&new), license.key.as_ref());
    let mut told = Vec::new();
    for job in due(&test).await {
        if !void(&test, &job).await {
            told.extend(letter(&test, &job).await.context["key"].as_str().map(str::to_owned));
        }
    }
    assert_eq!(told.last(), Some(&new), "{told:?}");
}

#[tokio::test]
async fn what_is_no_longer_true_is_not_mailed() {
    let test = TestAuthority::new().await;
    test.import(CATALOG).await;
    let id = test.issue("bzzz").await.id;
    let delivered = due(&test).await.remove(0);
    letter(&test, &delivered).await;
    test.authority.suspend(id, None, actor()).await.unwrap();
    let suspended = due(&test).await.remove(0);
    assert_eq!(letter(&test, &suspended).await.context["license"]["state"], "suspended");
    test.authority.resume(id, actor()).await.unwrap();
    assert!(void(&test, &suspended).await);
    let soon = Order { term: Term::Days(20), ..order("bzzz") };
    let soon = test.authority.issue(soon, actor()).await.unwrap().id;
    test.authority.notice(7, &[7]).await.unwrap();
    test.clock.advance(14 * 86_400);
    test.authority.notice(7, &[7]).await.unwrap();
    let notice = due(&test).await.into_iter().find(|job| job.event == "license_expiring").unwrap();
    let told = letter(&test, &notice).await;
    assert_eq!((&told.context["days"], told.file.is_none()), (&serde_json::json!(6), true));
    let term = licentia_protocol::licenses::Term { perpetual: true, ..Default::default() };
    test.authority.renew(soon, term, actor()).await.unwrap();
    assert!(void(&test, &notice).await, "it was renewed meanwhile");
    test.authority.revoke(id, None, 0, actor()).await.unwrap();
    assert!(void(&test, &delivered).await);
}

#[tokio::test]
async fn a_machine_is_told_of_once_and_one_without_a_name_never() {
    let test = TestAuthority::new().await;
    test.import(CATALOG).await;
    let key = test.issue_key("bzzz").await;
    let at = |cluster: &str, machine: Option<&str>| Request {
        fingerprint: machine.map(ToOwned::to_owned),
        hostname: Some("build-7".into()),
        ..request(&key, cluster)
    };
    due(&test).await;
    activate(&test.authority, at("c1", Some("m1"))).await.unwrap();
    activate(&test.authority, at("c2", Some("m1"))).await.unwrap();
    let jobs = due(&test).await;
    assert_eq!(jobs.iter().map(|job| job.event.as_str()).collect::<Vec<_>>(), ["new_seat"]);
    let told = letter(&test, &jobs[0]).await;
    assert_eq!(told.context["machine"]["hostname"], "build-7");
    let other = test.issue_key("bzzz").await;
    due(&test).await;
    activate(&test.authority, request(&other, "c9")).await.unwrap();
    assert_eq!(due(&test).await, []);
}

#[tokio::test]
async fn a_link_to_log_in_goes_first_and_is_not_mailed_once_it_is_no_longer_good() {
    let test = TestAuthority::new().await;
    test.import(CATALOG).await;
    test.issue("bzzz").await;
    while test.authority.dispatch(true).await.unwrap() > 0 {}
    test.authority.mail_log_in("ADA@example.com").await.unwrap();
    test.authority.mail_log_in("ada@example.com").await.unwrap();
    test.authority.mail_log_in("grace@example.com").await.unwrap();
    let jobs = test.authority.claim_jobs(KIND, 2).await.unwrap();
    assert_eq!(jobs.iter().map(|job| &*job.event).collect::<Vec<_>>(), ["log_in"; 2]);
    let kept = rows(&test, "SELECT once || event || payload FROM jobs").join("\n");
    assert!(!kept.contains("ada@") && !kept.contains("grace@"), "{kept}");
    let told = letter(&test, &jobs[0]).await;
    assert_eq!(told.email, "ada@example.com");
    let url = told.context["link"]["url"].as_str().unwrap();
    assert!(url.starts_with("https://authority.example/portal/link?t="), "{url}");
    // Nobody of that address: asked for in the same way, and nothing is sent.
    assert!(void(&test, &jobs[1]).await);
    test.clock.advance(15 * 60);
    assert!(void(&test, &jobs[0]).await);
}

/// The link that is mailed to an address.
async fn link_for(test: &TestAuthority, email: &str) -> String {
    test.authority.mail_log_in(email).await.unwrap();
    let job = test.authority.claim_jobs(KIND, 1).await.unwrap().remove(0);
    let told = letter(test, &job).await;
    test.authority.settle_job(&job, Outcome::Done("250".into()), Backoff::MAIL).await.unwrap();
    told.context["link"]["url"].as_str().unwrap().split_once("?t=").unwrap().1.to_owned()
}

#[tokio::test]
async fn t6_a_mailed_link_opens_the_licences_of_its_address_once_and_for_minutes() {
    let test = TestAuthority::new().await;
    test.import(CATALOG).await;
    let (one, two) = (test.issue("bzzz").await.id, test.issue("bzzz").await.id);
    let other = Order { email: "eve@example.com".into(), ..order("bzzz") };
    let other = test.authority.issue(other, actor()).await.unwrap().id;
    let link = link_for(&test, "Ada@Example.com").await;
    let spent = |done: Result<_, licentia_authority::AuthorityError>| {
        let code = licentia_protocol::Code::LinkSpent;
        matches!(done, Err(licentia_authority::AuthorityError::Refused(it)) if it == code)
    };
    let choices = test.authority.look_at_portal_link(&link).await.unwrap();
    let mut offered: Vec<_> = choices.iter().map(|choice| choice.license.id).collect();
    offered.sort_unstable();
    assert_eq!(offered, [one, two]);
    // Looking spends nothing, another's licence is not entered, and what is not ours is nothing.
    let by = "192.0.2.7";
    assert!(spent(test.authority.enter_portal_by_link(&link, other, by).await.map(drop)));
    let (first, rest) = link.split_at(1);
    let forged = format!("{}{rest}", if first == "A" { "B" } else { "A" });
    for wrong in ["", "x", &forged, &link[1..]] {
        assert!(spent(test.authority.look_at_portal_link(wrong).await.map(drop)), "{wrong}");
    }
    let visit = test.authority.enter_portal_by_link(&link, two, by).await.unwrap();
    let visit = test.authority.portal_visit(visit.expose()).await.unwrap().unwrap();
    assert_eq!(visit.license_id, two);
    assert_eq!(test.authority.own_license(visit).await.unwrap().license.id, two);
    assert!(spent(test.authority.look_at_portal_link(&link).await.map(drop)));
    assert!(spent(test.authority.enter_portal_by_link(&link, one, by).await.map(drop)));
    // One that was not used ends by its time, and with the address that it went to.
    test.clock.advance(300);
    let late = link_for(&test, "ada@example.com").await;
    let moved = link_for(&test, "eve@example.com").await;
    let eve = test.authority.show_license(other).await.unwrap().customer.id;
    let update = EditCustomer { email: Some("new@example.com".into()), ..EditCustomer::default() };
    test.authority.update_customer(eve, update, actor()).await.unwrap();
    assert!(spent(test.authority.look_at_portal_link(&moved).await.map(drop)));
    test.authority.look_at_portal_link(&late).await.unwrap();
    test.clock.advance(15 * 60);
    assert!(spent(test.authority.enter_portal_by_link(&late, one, by).await.map(drop)));
    assert!(test.authority.verify_audit().await.unwrap().valid);
}
