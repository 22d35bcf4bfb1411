//! What a mail tells is looked up when it is sent, and what is no longer true is not told.

use licentia_authority::jobs::{Backoff, Outcome};
use licentia_authority::licenses::issue::{Order, Term};
use licentia_authority::mail::{Composed, KIND, Letter};
use licentia_issue::Secret;
use licentia_model::{Job, Scheme};
use licentia_protocol::activate::Request;
use licentia_protocol::licenses::ReplaceKey;
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
    let link = Secret::new("https://licenses.example.com/in?t=secret".to_owned());
    test.authority.mail_log_in("grace@example.com", link, 15).await.unwrap();
    let first = test.authority.claim_jobs(KIND, 1).await.unwrap().remove(0);
    assert_eq!(first.event, "log_in");
    assert!(!first.payload.contains("secret") && !first.payload.contains("grace"));
    let told = letter(&test, &first).await;
    assert_eq!(told.email, "grace@example.com");
    assert_eq!(told.context["link"]["url"], "https://licenses.example.com/in?t=secret");
    test.clock.advance(15 * 60);
    assert!(void(&test, &first).await);
}
