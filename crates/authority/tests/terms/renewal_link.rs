//! Renewal by link.

use licentia_authority::AuthorityError;
use licentia_protocol::licenses::{NewRenewalLink, RenewalLink, Term};
use licentia_protocol::resource::License;
use licentia_testing::{START, TestAuthority, actor, order};

use crate::support::{DAY, activate, with};

async fn link(test: &TestAuthority, license: &License) -> (RenewalLink, String) {
    let request = NewRenewalLink { days: 365, valid_days: Some(14) };
    let link = test.authority.renewal_link(license.id, request, actor()).await.unwrap();
    let token = link.url.strip_prefix("https://authority.example/renew/").unwrap().to_owned();
    (link, token)
}

fn at(seconds: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(seconds).unwrap()
}

#[tokio::test]
async fn a_link_renews_once_under_the_same_id_and_seats_stay() {
    let test = with("", "").await;
    let license = test.authority.issue(order("bzzz"), actor()).await.unwrap();
    let seat = activate(&test, &license, "walnut").await.unwrap();
    let (made, token) = link(&test, &license).await;
    assert_eq!((made.expires_at, made.renews_until), (at(START + 14 * DAY), at(START + 395 * DAY)));
    let looked = test.authority.look_at_renewal(&token).await.unwrap();
    assert!(!looked.renewed && looked.license_id == license.id);
    let unchanged = test.authority.show_license(license.id).await.unwrap();
    assert_eq!(unchanged.expires_at, license.expires_at);
    for _ in 0..3 {
        let done = test.authority.renew_by_link(&token, "192.0.2.9".into()).await.unwrap();
        assert!(done.renewed && done.expires_at == Some(at(START + 395 * DAY)));
    }
    let renewed = test.authority.show_license(license.id).await.unwrap();
    assert_eq!((renewed.id, renewed.expires_at), (license.id, Some(at(START + 395 * DAY))));
    // The former key is still his licence's, and the new one takes the same seat.
    for license in [&license, &renewed] {
        assert_eq!(
            activate(&test, license, "walnut").await.unwrap().activation_id,
            seat.activation_id
        );
    }
    assert!(test.authority.verify_audit().await.unwrap().valid);
}

#[tokio::test]
async fn a_link_that_is_old_or_made_up_or_whose_licence_has_changed_does_nothing() {
    let test = with("", "").await;
    let license = test.authority.issue(order("bzzz"), actor()).await.unwrap();
    let (_, token) = link(&test, &license).await;
    let renew = async |token: &str| {
        let done = test.authority.renew_by_link(token, "192.0.2.9".into()).await;
        done.map_err(|problem| problem.code)
    };
    let spent = || Err("link_spent".to_owned());
    for (at, letter) in token.char_indices().step_by(7) {
        let other = if letter == 'A' { "B" } else { "A" };
        let mut forged = token.clone();
        forged.replace_range(at..=at, other);
        assert_eq!(renew(&forged).await, spent(), "{at}");
    }
    for wrong in ["", "x", &token[1..], &format!("{token}A"), &"A".repeat(10_000)] {
        assert_eq!(renew(wrong).await, spent());
    }
    // Renewed in another way since.
    let term = Term { days: Some(1), ..Term::default() };
    test.authority.renew(license.id, term, actor()).await.unwrap();
    assert_eq!(renew(&token).await, spent());
    let (_, token) = link(&test, &license).await;
    test.authority.suspend(license.id, None, actor()).await.unwrap();
    let (_, other) = link(&test, &license).await;
    test.authority.cancel(license.id, None, actor()).await.unwrap();
    assert_eq!(renew(&token).await, spent());
    assert_eq!(renew(&other).await, spent());
    let third = test.authority.issue(order("bzzz"), actor()).await.unwrap();
    let (_, token) = link(&test, &third).await;
    test.clock.advance(14 * DAY);
    assert_eq!(renew(&token).await, spent());
}

#[tokio::test]
async fn what_cannot_be_renewed_by_days_has_no_link() {
    let test = with("", "").await;
    let license = test.authority.issue(order("bzzz"), actor()).await.unwrap();
    let make = async |days, valid_days| {
        let request = NewRenewalLink { days, valid_days };
        test.authority.renewal_link(license.id, request, actor()).await
    };
    for (days, valid) in [(0, None), (40_000, None), (1, Some(0)), (1, Some(366))] {
        let made = make(days, valid).await;
        assert!(matches!(made, Err(AuthorityError::Invalid { .. })), "{days} {valid:?}");
    }
    let term = Term { perpetual: true, ..Term::default() };
    test.authority.renew(license.id, term, actor()).await.unwrap();
    assert!(matches!(make(1, None).await, Err(AuthorityError::NotAllowed { .. })));
}
