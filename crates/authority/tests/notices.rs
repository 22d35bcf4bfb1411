//! Notices of licences that end: whom, when, once, and how many at a time.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use licentia_authority::jobs::Filter;
use licentia_authority::licenses::issue::Term;
use licentia_protocol::licenses;
use licentia_testing::{START, TestAuthority, actor, order};

const DAY: i64 = 86_400;
const ALL: [u32; 4] = [30, 7, 1, 0];
const CATALOG: &str = "[product]\ncode = \"p\"\nname = \"P\"\ndefault_plan = \"a\"\n\n[[plan]]\ncode = \"a\"\n\
                       tier = \"A\"\nrank = 1\nseats = 2\ntrial = \"14d\"\n";

async fn look(test: &TestAuthority) {
    for days in ALL {
        while test.authority.notice(days, &ALL).await.unwrap().more {}
    }
    while test.authority.dispatch(true).await.unwrap() > 0 {}
}

/// Mails so far, oldest first, but for those that bring a licence.
async fn told(test: &TestAuthority) -> Vec<String> {
    let filter = Filter { kind: Some("mail".into()), limit: 1_000, ..Filter::default() };
    let mut mails: Vec<_> = test.authority.list_jobs(filter).await.unwrap().items;
    mails.reverse();
    mails
        .into_iter()
        .map(|job| job.event)
        .filter(|event| !matches!(event.as_str(), "license_delivered" | "license_renewed"))
        .collect()
}

async fn issue(test: &TestAuthority, days: u32, trial: bool) -> uuid::Uuid {
    let order = licentia_authority::licenses::issue::Order {
        term: if trial { Term::OfPlan } else { Term::Days(days) },
        trial,
        ..order("p")
    };
    test.authority.issue(order, actor()).await.unwrap().id
}

#[tokio::test]
async fn t8_notices_come_thirty_seven_and_one_days_before_and_at_the_end_each_once() {
    let test = TestAuthority::new().await;
    test.import(CATALOG).await;
    look(&test).await;
    issue(&test, 365, false).await;
    let mut days_left = Vec::new();
    for day in 0..=367 {
        let before = told(&test).await.len();
        look(&test).await;
        look(&test).await;
        let new = told(&test).await.len() - before;
        days_left.extend(std::iter::repeat_n(365 - day, new));
        test.clock.advance(DAY);
    }
    assert_eq!(days_left, [30, 7, 1, 0]);
    let count = told(&test).await;
    assert_eq!(
        count,
        ["license_expiring", "license_expiring", "license_expiring", "license_expired"]
    );
    assert_eq!(test.authority.now(), START + 368 * DAY);
}

#[tokio::test]
async fn a_month_has_no_notice_of_thirty_days_and_a_trial_has_its_own() {
    let test = TestAuthority::new().await;
    test.import(CATALOG).await;
    look(&test).await;
    issue(&test, 30, false).await;
    for _ in 0..31 {
        look(&test).await;
        test.clock.advance(DAY);
    }
    assert_eq!(told(&test).await, ["license_expiring", "license_expiring", "license_expired"]);
    issue(&test, 0, true).await;
    for _ in 0..15 {
        look(&test).await;
        test.clock.advance(DAY);
    }
    assert_eq!(told(&test).await[3..], ["trial_ending", "trial_ending", "license_expired"]);
}

#[tokio::test]
async fn after_a_time_away_only_the_nearest_notice_comes_and_none_of_what_was_renewed() {
    let test = TestAuthority::new().await;
    test.import(CATALOG).await;
    look(&test).await;
    issue(&test, 60, false).await;
    let renewed = issue(&test, 60, false).await;
    let suspended = issue(&test, 60, false).await;
    test.authority.suspend(suspended, None, actor()).await.unwrap();
    test.clock.advance(55 * DAY);
    let term = licenses::Term { days: Some(365), ..licenses::Term::default() };
    test.authority.renew(renewed, term, actor()).await.unwrap();
    look(&test).await;
    let mails = told(&test).await;
    assert_eq!(mails, ["license_suspended", "license_expiring"], "of three, the one that ends");
    test.clock.advance(9 * DAY);
    look(&test).await;
    assert_eq!(told(&test).await[2..], ["license_expired", "license_expired"]);
}

/// How many end on the one day; `./scripts/soak` takes a hundred thousand.
fn crowd() -> u32 {
    let told = std::env::vars().find(|(name, _)| name == "LICENTIA_CROWD");
    told.and_then(|(_, count)| count.parse().ok()).unwrap_or(2_300)
}

/// A page at a time, and on from where it was cut short.
#[tokio::test]
async fn all_that_end_on_one_day_are_told_of_once_in_pages_that_go_on_where_they_ended() {
    let test = TestAuthority::new().await;
    test.import(CATALOG).await;
    look(&test).await;
    let mut left = crowd();
    while left > 0 {
        let count = left.min(10_000);
        let like = serde_json::json!({ "product": "p", "email": "ada@example.com", "days": 365 });
        let request = serde_json::from_value(serde_json::json!({ "count": count, "like": like }));
        test.authority.issue_many(request.unwrap(), actor()).await.unwrap();
        left -= count;
    }
    while test.authority.dispatch(true).await.unwrap() > 0 {}
    test.clock.advance(336 * DAY);
    let (mut pages, mut noticed) = (0, 0);
    loop {
        // As after a restart: nothing but the database knows where it was.
        let step = test.authority.notice(30, &ALL).await.unwrap();
        assert!(step.looked_at <= 500, "a page");
        (pages, noticed) = (pages + 1, noticed + step.told);
        if !step.more {
            break;
        }
    }
    // The last page is the one that is not full.
    assert_eq!((noticed, pages), (u64::from(crowd()), crowd() / 500 + 1));
    assert_eq!(test.authority.notice(30, &ALL).await.unwrap().told, 0);
    while test.authority.dispatch(true).await.unwrap() > 0 {}
    let (messages, jobs) = test.authority.count_jobs().await.unwrap();
    let mails: u64 = jobs.iter().filter(|job| job.0 == "mail").map(|job| job.2).sum();
    assert_eq!((messages, mails), (0, u64::from(crowd())));
}
