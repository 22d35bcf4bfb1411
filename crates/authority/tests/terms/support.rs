//! Products with terms.

use licentia_authority::AuthorityError;
use licentia_authority::licenses::issue::Order;
use licentia_protocol::activate::{Answer, Request};
use licentia_protocol::resource::License;
use licentia_testing::{TestAuthority, actor, order};

pub(crate) const DAY: i64 = 86_400;

/// An authority with one product, whose section `[product]` and plan have these lines more.
pub(crate) async fn with(product: &str, plan: &str) -> TestAuthority {
    let test = TestAuthority::new().await;
    test.import(&format!(
        "[product]\ncode = \"bzzz\"\nname = \"BZZZ\"\ndefault_plan = \"standard\"\n{product}\n\
         [[plan]]\ncode = \"standard\"\ntier = \"STANDARD\"\nrank = 2\nseats = 9\ntrial = \"30d\"\n\
         features = [\"a\"]\n{plan}\n"
    ))
    .await;
    test
}

pub(crate) async fn trial(test: &TestAuthority, email: &str) -> Result<License, AuthorityError> {
    let order = Order { trial: true, email: email.into(), ..order("bzzz") };
    test.authority.issue(order, actor()).await
}

pub(crate) async fn activate(
    test: &TestAuthority,
    license: &License,
    fingerprint: &str,
) -> Result<Answer, String> {
    let request = Request {
        license_key: license.key.clone().unwrap(),
        cluster_id: format!("cluster-of-{}", &fingerprint[..fingerprint.len().min(40)]),
        nonce: "nonce-0001".into(),
        fingerprint: Some(fingerprint.into()),
        ..Request::default()
    };
    let answer = test.authority.activate(request, "192.0.2.1".into()).await;
    answer.map(|activated| activated.answer).map_err(|problem| problem.code)
}
