//! One trial.

use licentia_authority::AuthorityError;
use licentia_authority::licenses::issue::Order;
use licentia_license::fingerprint::{Component, Fingerprint, Parts};
use licentia_protocol::licenses::{Convert, NewLicense, NewLicenses, Term};
use licentia_testing::{actor, order};

use crate::support::{DAY, activate, trial, with};

fn is_second(result: &Result<licentia_protocol::resource::License, AuthorityError>) -> bool {
    matches!(result, Err(AuthorityError::NotAllowed { what: "trial", .. }))
}

#[tokio::test]
async fn a_customer_has_one_trial_of_a_product_whatever_his_address_is_tagged_with() {
    let test = with("", "").await;
    trial(&test, "ada@example.com").await.unwrap();
    for again in ["ada@example.com", "ADA@example.com", "ada+2@example.com"] {
        assert!(is_second(&trial(&test, again).await), "{again}");
    }
    // Not even when the first is long over, or was turned into a licence.
    test.clock.advance(400 * DAY);
    assert!(is_second(&trial(&test, "ada@example.com").await));
    trial(&test, "grace@example.com").await.unwrap();
    // What is no trial is issued as ever, and a trial where the vendor means it.
    test.authority.issue(order("bzzz"), actor()).await.unwrap();
    let meant = Order { trial: true, another_trial: true, ..order("bzzz") };
    test.authority.issue(meant, actor()).await.unwrap();
}

#[tokio::test]
async fn a_company_has_one_trial_where_its_domain_counts_and_strangers_at_a_mail_provider_one_each()
{
    let test = with("trial_once_per = [\"customer\", \"domain\"]", "").await;
    trial(&test, "ada@engines.example").await.unwrap();
    assert!(is_second(&trial(&test, "grace@Engines.Example").await));
    trial(&test, "ada@gmail.com").await.unwrap();
    trial(&test, "grace@gmail.com").await.unwrap();
    assert!(is_second(&trial(&test, "grace+x@gmail.com").await));
}

#[tokio::test]
async fn trials_are_counted_in_bulk_too_and_of_a_call_all_or_none_are_issued() {
    let test = with("", "").await;
    let new = |email: &str| NewLicense {
        product: "bzzz".into(),
        email: email.into(),
        trial: true,
        ..NewLicense::default()
    };
    let many = |emails: &[&str]| NewLicenses {
        licenses: emails.iter().map(|email| new(email)).collect(),
        ..NewLicenses::default()
    };
    let both = many(&["ada@example.com", "ada@example.com"]);
    let refused = test.authority.issue_many(both, actor()).await.unwrap_err();
    assert!(matches!(refused, AuthorityError::One { place: 2, .. }), "{refused}");
    test.authority.issue_many(many(&["ada@example.com"]), actor()).await.unwrap();
    let again = many(&["grace@example.com", "ada@example.com"]);
    let refused = test.authority.issue_many(again, actor()).await.unwrap_err();
    assert!(matches!(refused, AuthorityError::One { place: 2, .. }), "{refused}");
    trial(&test, "grace@example.com").await.unwrap();
    assert!(is_second(&trial(&test, "ada@example.com").await));
}

#[tokio::test]
async fn as_many_trials_as_wanted_where_nothing_counts() {
    let test = with("trial_once_per = []", "").await;
    for _ in 0..3 {
        trial(&test, "ada@example.com").await.unwrap();
    }
}

fn machine(id: &str, card: &str) -> String {
    let parts = Parts::default()
        .with("bzzz", Component::Machine, id)
        .with("bzzz", Component::Board, "a board")
        .with("bzzz", Component::Cpu, "a processor")
        .with("bzzz", Component::Disk, &format!("disk of {id}"))
        .with("bzzz", Component::Network, card);
    Fingerprint::Parts(parts).to_string()
}

#[tokio::test]
async fn a_machine_has_one_trial_where_it_counts_and_a_paid_licence_runs_on_it_all_the_same() {
    let test = with("trial_once_per = [\"machine\"]", "").await;
    let [first, second] = [
        trial(&test, "ada@example.com").await.unwrap(),
        trial(&test, "ada+2@example.com").await.unwrap(),
    ];
    let (one, changed) = (machine("one", "card 1"), machine("one", "card 2"));
    activate(&test, &first, &one).await.unwrap();
    // The same trial again, and with a new network card; another machine of the same model.
    activate(&test, &first, &one).await.unwrap();
    activate(&test, &first, &changed).await.unwrap();
    assert_eq!(activate(&test, &second, &one).await.err().unwrap(), "trial_used");
    assert_eq!(activate(&test, &second, &changed).await.err().unwrap(), "trial_used");
    activate(&test, &second, &machine("two", "card 3")).await.unwrap();
    let convert = Convert { plan: None, term: Term { days: Some(365), ..Term::default() } };
    let paid = test.authority.convert(second.id, convert, actor()).await.unwrap();
    activate(&test, &paid, &one).await.unwrap();
}

#[tokio::test]
async fn of_two_at_the_same_moment_one_is_the_trial() {
    let test = with("", "").await;
    let tries = (0..8).map(|n| {
        let authority = test.authority.clone();
        let order = Order { trial: true, email: format!("ada+{n}@example.com"), ..order("bzzz") };
        tokio::spawn(async move { authority.issue(order, actor()).await.is_ok() })
    });
    let mut issued = 0;
    for tried in tries.collect::<Vec<_>>() {
        issued += usize::from(tried.await.unwrap());
    }
    assert_eq!(issued, 1);
}
