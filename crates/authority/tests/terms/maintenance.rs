//! Updates for a while; the right to use for ever.

use licentia_authority::licenses::issue::{Order, Term};
use licentia_license::License as Claims;
use licentia_license::verify::verify;
use licentia_protocol::licenses;
use licentia_testing::{START, TestAuthority, actor, order};

use crate::support::{DAY, with};

fn days(days: u32) -> licenses::Term {
    licenses::Term { days: Some(days), ..licenses::Term::default() }
}

async fn maintain(test: &TestAuthority, id: uuid::Uuid, term: licenses::Term) -> Option<i64> {
    let license = test.authority.maintain(id, term, actor()).await.unwrap();
    assert_eq!((license.state.as_str(), license.expires_at), ("active", None));
    license.maintained_until.map(jiff::Timestamp::as_second)
}

#[tokio::test]
async fn a_perpetual_licence_stays_when_its_updates_end_and_updates_are_bought_apart() {
    let test = with("", "distribution = { maintenance = \"365d\" }").await;
    let perpetual = Order { term: Term::Perpetual, ..order("bzzz") };
    let license = test.authority.issue(perpetual, actor()).await.unwrap();
    let id = license.id;
    assert_eq!(license.maintained_until.unwrap().as_second(), START + 365 * DAY);
    // Days count from the former end, and from now once it has passed.
    assert_eq!(maintain(&test, id, days(10)).await, Some(START + 375 * DAY));
    test.clock.advance(500 * DAY);
    let shown = test.authority.show_license(id).await.unwrap();
    assert_eq!((shown.state.as_str(), shown.expires_at), ("active", None));
    assert_eq!(maintain(&test, id, days(10)).await, Some(START + 510 * DAY));
    let always = licenses::Term { perpetual: true, ..licenses::Term::default() };
    assert!(maintain(&test, id, always).await.unwrap() > START + 100_000 * DAY);
}

#[tokio::test]
async fn a_product_may_report_what_its_licence_limits_and_the_rest_where_the_plan_says_so() {
    let claims = async |plan: &str| {
        let test = with("", plan).await;
        let license = test.authority.issue(order("bzzz"), actor()).await.unwrap();
        let key = license.key.unwrap();
        verify::<Claims>(&key, &test.authority.trust()).unwrap().claims().clone()
    };
    let said = claims("limits = { tokens = 5 }").await;
    assert_eq!((said.reports("tokens"), said.reports("clicks")), (true, false));
    assert!(claims("limits = { tokens = 5 }\ntelemetry = true").await.reports("clicks"));
}
