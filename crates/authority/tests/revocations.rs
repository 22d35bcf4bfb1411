//! Revocations that reach products without a network: by key id, from a text of others, on a signed list.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::sync::Arc;

use licentia_authority::AuthorityError;
use licentia_authority::audit::list::Filter;
use licentia_license::Verified;
use licentia_license::revocations::{VALID_S, open};
use licentia_license::verify::verify;
use licentia_license::{License, RevocationList};
use licentia_protocol::licenses::ReplaceKey;
use licentia_protocol::revocations::RevokeKey;
use licentia_testing::{TestAuthority, actor};
use uuid::Uuid;

const CATALOG: &str = include_str!("../../../examples/catalogs/bzzz.toml");

async fn authority() -> TestAuthority {
    let test = TestAuthority::new().await;
    test.import(CATALOG).await;
    test
}

async fn published(test: &TestAuthority) -> Verified<RevocationList> {
    let listed = test.authority.publish_revocations(false).await.unwrap();
    open(&listed.list.document, &test.authority.trust()).unwrap()
}

fn ids(list: &Verified<RevocationList>) -> Vec<String> {
    list.revoked.iter().map(|entry| entry.id.to_string()).collect()
}

fn of(key_id: &str) -> RevokeKey {
    RevokeKey { key_id: key_id.into(), reason: Some("leaked".into()), ..RevokeKey::default() }
}

async fn actions(test: &TestAuthority) -> Vec<(String, String)> {
    let filter = Filter { limit: 1_000, ..Filter::default() };
    let rows = test.authority.list_audit(filter).await.unwrap();
    rows.into_iter().map(|row| (row.action, row.subject)).collect()
}

#[tokio::test]
async fn v3_a_list_is_made_at_each_change_and_by_the_hour_and_its_number_grows() {
    let test = authority().await;
    let first = published(&test).await;
    assert_eq!((first.revoked.len(), first.exp - first.iat), (0, VALID_S));
    assert_eq!(test.authority.newest_list(), first.seq);
    test.clock.advance(1);
    assert_eq!(published(&test).await.seq, first.seq, "nothing happened");
    let license = test.issue("bzzz").await;
    test.authority.revoke(license.id, Some("refund".into()), 0, actor()).await.unwrap();
    let second = published(&test).await;
    assert!(second.seq > first.seq);
    assert_eq!(ids(&second), [license.id.to_string()]);
    assert_eq!(second.revoked[0].reason.as_deref(), Some("refund"));
    test.clock.advance(3_599);
    assert_eq!(published(&test).await.seq, second.seq);
    test.clock.advance(1);
    let third = published(&test).await;
    assert!(third.seq > second.seq && third.iat == second.iat + 3_600);
    // A clock that is set back loses no number.
    test.clock.advance(-7_200);
    let again = test.authority.publish_revocations(true).await.unwrap();
    assert!(again.list.seq > third.seq || third.seq > again.list.seq + 300_000_000);
}

#[tokio::test]
async fn t10_grace_and_a_private_reason_on_the_list() {
    let test = authority().await;
    let license = test.issue("bzzz").await;
    let reason = Some("charge-back by Ada".to_owned());
    test.authority.revoke(license.id, reason, 7 * 86_400, actor()).await.unwrap();
    let list = published(&test).await;
    let entry = &list.revoked[0];
    assert_eq!(entry.grace_until, Some(entry.at + 7 * 86_400));
    assert_eq!(entry.reason.as_deref(), Some("other"), "why is nobody else's business");
}

#[tokio::test]
async fn v2_lines_revoke_once_and_their_absence_takes_nothing_back() {
    let test = authority().await;
    let text = |text: &str| test.authority.import_revocations(text.as_bytes().to_vec(), 0);
    let read = text("daS7y8sioiecYy # 2015-03-31 12:31 (key posted online)\ntwo words\nb\n")
        .await
        .unwrap();
    assert_eq!((read.lines, read.bad_lines, read.problems[0].line), (2, 1, 2));
    assert_eq!(ids(&published(&test).await), ["b", "daS7y8sioiecYy"]);
    assert_eq!(text("b\nc # leaked\n").await.unwrap().missing, 1);
    let list = published(&test).await;
    assert_eq!(ids(&list), ["b", "c", "daS7y8sioiecYy"]);
    assert_eq!(list.revoked[1].reason.as_deref(), Some("leaked"));
    let keys = test.authority.list_key_revocations(None, 100).await.unwrap().items;
    let gone = &keys[2];
    assert_eq!(gone.comment.as_deref(), Some("2015-03-31 12:31 (key posted online)"));
    assert!(gone.missing_since.is_some() && gone.lifted_at.is_none());
    // The operator is asked, and says so.
    test.authority.lift_revocation("daS7y8sioiecYy".into(), actor()).await.unwrap();
    assert_eq!(ids(&published(&test).await), ["b", "c"]);
    text("b\n").await.unwrap();
    text("b\nc\n").await.unwrap();
    assert_eq!(
        ids(&published(&test).await),
        ["b", "c"],
        "a line that is back is no second revocation"
    );
    // A line that was lifted while it stands stays lifted, until it was gone and comes again.
    test.authority.lift_revocation("b".into(), actor()).await.unwrap();
    text("b\nc\nd\n").await.unwrap();
    assert_eq!(ids(&published(&test).await), ["c", "d"]);
    text("c\nd\n").await.unwrap();
    text("b\nc\nd\n").await.unwrap();
    assert_eq!(ids(&published(&test).await), ["b", "c", "d"]);
    let actions = actions(&test).await;
    for action in ["key.revoke", "key.line_gone", "key.line_back", "key.lift"] {
        assert!(
            actions.iter().any(|(a, subject)| a == action && subject.starts_with("key:")),
            "{action}"
        );
    }
    assert!(test.authority.verify_audit().await.unwrap().valid);
}

#[tokio::test]
async fn c8_a_line_with_a_key_of_ours_revokes_its_licence_online_too() {
    let test = authority().await;
    for name in ["licence", "key"] {
        let license = test.issue("bzzz").await;
        let key_id = if name == "key" { license.key_id } else { license.id };
        let line = format!("{key_id} # terms\n");
        test.authority.import_revocations(line.into_bytes(), 0).await.unwrap();
        let now = test.authority.show_license(license.id).await.unwrap();
        assert_eq!(now.state, "revoked", "{name}");
        assert!(ids(&published(&test).await).contains(&key_id.to_string()));
        let refused = test.authority.lift_revocation(key_id.to_string(), actor()).await;
        assert!(matches!(refused, Err(AuthorityError::NotAllowed { .. })), "{name}");
    }
}

#[tokio::test]
async fn a_key_reissued_after_a_leak_leaves_the_licence_and_its_seats_as_they_are() {
    let test = authority().await;
    let license = test.issue("bzzz").await;
    let leaked = license.key_id;
    let held = activate(&test, license.key.as_deref().unwrap(), "cluster-one").await.unwrap();
    let reissued = test.authority.reissue(license.id, actor()).await.unwrap();
    test.authority.revoke_key(of(&leaked.to_string()), actor()).await.unwrap();
    let after = test.authority.show_license(license.id).await.unwrap();
    assert_eq!(after.state, "active");
    assert_eq!(ids(&published(&test).await), [leaked.to_string()]);
    let seats = test.authority.count_seats().await.unwrap();
    assert_eq!(seats, 1, "the seat is held as it was");
    assert!(activate(&test, license.key.as_deref().unwrap(), "cluster-two").await.is_err());
    let again = activate(&test, reissued.key.as_deref().unwrap(), "cluster-two").await.unwrap();
    assert_ne!(again.answer.activation_id, held.answer.activation_id);
}

#[tokio::test]
async fn a_leaked_key_is_replaced_in_one_step_whatever_its_scheme() {
    for scheme in ["jwt", "short", "v2"] {
        let test = authority().await;
        let mut order = licentia_testing::order("bzzz");
        order.scheme = Some(scheme.parse().unwrap());
        let license = test.authority.issue(order, actor()).await.unwrap();
        let leaked = license.key.clone().unwrap();
        let held = activate(&test, &leaked, "cluster-one").await.unwrap();
        let seats = test.authority.list_activations(Some(license.id), 10).await.unwrap();

        let wrong = ReplaceKey { reason: Some("because".into()), ..ReplaceKey::default() };
        let refused = test.authority.replace_key(license.id, wrong, actor()).await;
        assert!(matches!(refused, Err(AuthorityError::Invalid { field: "reason", .. })));
        let replaced =
            test.authority.replace_key(license.id, ReplaceKey::default(), actor()).await.unwrap();
        assert_eq!((replaced.id, replaced.state.as_str()), (license.id, "active"), "{scheme}");
        assert_eq!(replaced.expires_at, license.expires_at);
        let after = test.authority.list_activations(Some(license.id), 10).await.unwrap();
        assert_eq!(after, seats, "{scheme}: the seats are as they were");

        // On the list are what was signed and, where that is another, the key that stands for it.
        let record = verify::<License>(&held.answer.license, &test.authority.trust()).unwrap();
        let listed = ids(&published(&test).await);
        assert!(listed.contains(&record.jti.to_string()), "{scheme}");
        assert_eq!(listed.len(), if scheme == "jwt" { 1 } else { 2 }, "{scheme}");

        // The installation that runs goes on, and hears of its new licence.
        let beat = licentia_protocol::heartbeat::Request {
            activation_id: Some(held.answer.activation_id),
            access_token: Some(held.answer.access_token.clone()),
            token_version: held.answer.token_version,
            nonce: "nonce-of-heartbeat".into(),
            generation: 1,
            ..Default::default()
        };
        let answer = test.authority.heartbeat(beat, "192.0.2.1".into()).await.unwrap();
        let told = verify::<License>(&answer.license.unwrap(), &test.authority.trust()).unwrap();
        assert!(!listed.contains(&told.jti.to_string()), "{scheme}");

        let refused = activate(&test, &leaked, "cluster-one").await.err().unwrap();
        assert_eq!(refused.code, "unknown_license", "{scheme}");
        let again = activate(&test, replaced.key.as_deref().unwrap(), "cluster-one").await;
        let again = again.unwrap().answer;
        assert_eq!(again.activation_id, held.answer.activation_id, "{scheme}: the same seat");
        assert_eq!(test.authority.count_seats().await.unwrap(), 1);
        assert!(test.authority.verify_audit().await.unwrap().valid);
    }
}

async fn activate(
    test: &TestAuthority,
    key: &str,
    cluster: &str,
) -> Result<licentia_authority::activations::activate::Activated, licentia_protocol::Problem> {
    let request = licentia_protocol::activate::Request {
        license_key: key.into(),
        cluster_id: cluster.into(),
        nonce: format!("nonce-of-{cluster}"),
        ..Default::default()
    };
    test.authority.activate(request, "192.0.2.1".into()).await
}

#[tokio::test]
async fn a_key_id_that_makes_no_sense_is_refused_and_a_revocation_never_gets_milder() {
    let test = authority().await;
    for (key_id, reason) in [("two words", None), ("", None), ("k", Some("because"))] {
        let request = RevokeKey {
            reason: reason.map(str::to_owned),
            ..RevokeKey { key_id: key_id.into(), ..RevokeKey::default() }
        };
        let refused = test.authority.revoke_key(request, actor()).await;
        assert!(matches!(refused, Err(AuthorityError::Invalid { .. })), "{key_id}");
    }
    test.authority.revoke_key(of("k"), actor()).await.unwrap();
    let milder = RevokeKey { grace_s: 86_400, ..of("k") };
    assert_eq!(test.authority.revoke_key(milder, actor()).await.unwrap().grace_until, None);
    let missing = test.authority.lift_revocation(Uuid::nil().to_string(), actor()).await;
    assert!(matches!(missing, Err(AuthorityError::NotFound { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn publishers_that_race_lose_no_revocation_and_numbers_only_grow() {
    let test = authority().await;
    let publishers = (0..4).map(|publisher| {
        let authority = test.authority.clone();
        tokio::spawn(async move {
            let mut seqs = Vec::new();
            for round in 0..5 {
                let id = format!("key-{publisher}-{round}");
                authority.revoke_key(of(&id), actor()).await.unwrap();
                let listed = authority.publish_revocations(true).await.unwrap();
                let list = open(&listed.list.document, &authority.trust()).unwrap();
                assert!(ids(&list).contains(&id), "{id}");
                seqs.push(list.seq);
            }
            seqs
        })
    });
    let mut all = Vec::new();
    for publisher in publishers.collect::<Vec<_>>() {
        let seqs = publisher.await.unwrap();
        assert!(seqs.is_sorted_by(|a, b| a < b), "{seqs:?}");
        all.extend(seqs);
    }
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 20, "no number was given twice");
    assert_eq!(published(&test).await.revoked.len(), 20);
}

#[tokio::test]
async fn a_list_is_made_anew_when_the_key_that_signs_it_is_another() {
    let test = authority().await;
    let first = published(&test).await;
    let keys = test.authority.list_keys().await.unwrap();
    let old = keys.iter().find(|key| key.kid == first.kid()).unwrap().kid.clone();
    let root = licentia_testing::root();
    test.authority.compromise_key(old.clone(), Arc::new(root), actor()).await.unwrap();
    let second = published(&test).await;
    assert!(second.kid() != old && second.seq > first.seq);
}
