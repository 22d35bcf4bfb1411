//! Machines without network: what is carried or typed, by whom their seats are held and given back.

use licentia_issue::signer::{Ed25519Signer, Signer};

use licentia_issue::sign::sign;
use licentia_license::activation::ActivationProof;
use licentia_license::offline::{ActivationFile, OfflineLease, OfflineRequest, OfflineReturn};
use licentia_license::typed::{TypedAnswer, TypedLease, parse_word, request_of, secret};
use licentia_license::verify::verify;
use licentia_license::{License, RevocationList};
use licentia_protocol::Problem;
use licentia_protocol::offline::{Answer, Request};
use licentia_testing::{START, TestAuthority, actor};

use crate::support::{activate, audited, code, nonce, request, with};

const TERM: i64 = 60 * 86_400;

async fn bring(test: &TestAuthority, request: Request) -> Result<Answer, Box<Problem>> {
    test.authority.offline(request, "192.0.2.1".into()).await.map_err(Box::new)
}

async fn carry(test: &TestAuthority, document: &str) -> Result<Answer, Box<Problem>> {
    bring(test, Request { document: Some(document.to_owned()), ..Request::default() }).await
}

async fn type_in(test: &TestAuthority, word: &str, key: &str) -> Result<Answer, Box<Problem>> {
    let (code, license_key) = (Some(word.to_owned()), Some(key.to_owned()));
    bring(test, Request { code, license_key, document: None }).await
}

/// A machine's key of its own.
fn machine(seed: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed([seed; 32]).unwrap()
}

fn asked(key: &str, cluster: &str, machine: &Ed25519Signer) -> String {
    let asked = OfflineRequest {
        iss: cluster.to_owned(),
        // The clock of such a machine may be dead.
        iat: 60,
        exp: 120,
        aud: "bzzz".to_owned(),
        license_key: key.to_owned(),
        cluster_id: cluster.to_owned(),
        fingerprint: None,
        nonce: nonce(),
        jwk: machine.public_key().to_jwk(),
    };
    sign(&asked, machine).unwrap()
}

fn returned(answer: &Answer, test: &TestAuthority, cluster: &str, by: &Ed25519Signer) -> String {
    let file = ActivationFile::parse(answer.activation.as_deref().unwrap()).unwrap();
    let license = verify::<License>(&file.license, &test.authority.trust()).unwrap();
    let returned = OfflineReturn {
        iss: cluster.to_owned(),
        iat: 70,
        aud: "bzzz".to_owned(),
        sub: license.sub.to_string(),
        act: answer.activation_id.to_string(),
        cluster_id: cluster.to_owned(),
        jwk: by.public_key().to_jwk(),
    };
    sign(&returned, by).unwrap()
}

#[tokio::test]
async fn a_carried_seat_is_held_for_the_plans_term_and_no_silence_gives_it_away() {
    let (test, key) = with("offline = \"20d\"\nreclaim_after = \"20m\"").await;
    let request_file = asked(&key, "c1", &machine(1));
    let answer = carry(&test, &request_file).await.unwrap();
    let end = START + 20 * 86_400;
    assert_eq!(answer.lease_until.unwrap().as_second(), end);

    let trust = test.authority.trust();
    let file = ActivationFile::parse(answer.activation.as_deref().unwrap()).unwrap();
    let lease = verify::<OfflineLease>(&file.lease, &trust).unwrap().claims().0.clone();
    assert_eq!((lease.iat, lease.exp, lease.next_at), (START, end, end));
    assert_eq!(lease.nonce, OfflineRequest::open(&request_file).unwrap().nonce);
    let proof = verify::<ActivationProof>(&file.proof, &trust).unwrap();
    assert_eq!((proof.act.as_str(), proof.cluster_id.as_str()), (lease.act.as_str(), "c1"));
    assert!(file.keyset.is_some());
    let brief = ActivationFile::parse(answer.brief.as_deref().unwrap()).unwrap();
    assert_eq!(brief, ActivationFile { keyset: None, revocations: None, ..file });
    // What a QR code holds at most.
    assert!(answer.brief.unwrap().len() <= 2_953);

    // Two seats: this one, and one more. Neither silence nor the grace of the plan frees it.
    test.clock.advance(19 * 86_400);
    activate(&test.authority, request(&key, "c2")).await.unwrap();
    assert_eq!(code(activate(&test.authority, request(&key, "c3")).await), "no_free_seat");
    test.clock.advance(86_400);
    activate(&test.authority, request(&key, "c3")).await.unwrap();
}

#[tokio::test]
async fn the_newest_list_is_carried_along() {
    let (test, key) = with("").await;
    let seq = test.authority.publish_revocations(true).await.unwrap().list.seq;
    let answer = carry(&test, &asked(&key, "c1", &machine(1))).await.unwrap();
    let file = ActivationFile::parse(answer.activation.as_deref().unwrap()).unwrap();
    let list = verify::<RevocationList>(&file.revocations.unwrap(), &test.authority.trust());
    assert_eq!(list.unwrap().seq, seq);
}

#[tokio::test]
async fn a_seat_comes_back_by_the_word_of_its_machine_alone() {
    let (test, key) = with("").await;
    let (one, other) = (machine(1), machine(2));
    let request_file = asked(&key, "c1", &one);
    let answer = carry(&test, &request_file).await.unwrap();
    let again = carry(&test, &request_file).await.unwrap();
    assert_eq!(again.activation_id, answer.activation_id, "the same request, the same seat");
    activate(&test.authority, request(&key, "c2")).await.unwrap();
    assert_eq!(code(carry(&test, &asked(&key, "c3", &other)).await), "no_free_seat");

    let foreign = returned(&answer, &test, "c1", &other);
    assert_eq!(code(carry(&test, &foreign).await), "not_the_holder");
    let proof = returned(&answer, &test, "c1", &one);
    for _ in 0..2 {
        assert_eq!(carry(&test, &proof).await.unwrap().lease_until, None);
    }
    let rows = audited(&test, "activation.return");
    assert_eq!(rows.len(), 1, "once is enough");
    // The machine has thrown its activation away; whoever kept the request gets no other.
    assert_eq!(code(carry(&test, &request_file).await), "request_spent");
    carry(&test, &asked(&key, "c3", &other)).await.unwrap();
    assert_eq!(code(carry(&test, &asked(&key, "c1", &one)).await), "no_free_seat");

    // An old proof says nothing of a new activation.
    let (test, key) = with("").await;
    let answer = carry(&test, &asked(&key, "c1", &one)).await.unwrap();
    let old = returned(&answer, &test, "c1", &one);
    carry(&test, &old).await.unwrap();
    let renewed = carry(&test, &asked(&key, "c1", &other)).await.unwrap();
    assert_eq!(renewed.activation_id, answer.activation_id);
    assert_eq!(code(carry(&test, &old).await), "not_the_holder");
}

#[tokio::test]
async fn what_is_refused_is_refused_to_a_file_as_well() {
    let (test, key) = with("").await;
    let request_file = asked(&key, "c1", &machine(1));
    let mut changed = request_file.clone();
    changed.replace_range(40..41, if &changed[40..41] == "A" { "B" } else { "A" });
    for document in [changed.as_str(), "", "eyJ", &key] {
        assert_eq!(code(carry(&test, document).await), "malformed", "{document}");
    }
    assert_eq!(code(bring(&test, Request::default()).await), "malformed");
    let license = verify::<License>(&key, &test.authority.trust()).unwrap();
    let id = license.sub.parse().unwrap();
    test.authority.suspend(id, None, actor()).await.unwrap();
    let refused = carry(&test, &request_file).await.err().unwrap();
    assert_eq!((refused.code.as_str(), refused.refusal.is_some()), ("suspended", true));
    let word = request_of(&secret(&[7; 32], "bzzz", "l", "c", None)).to_string();
    assert_eq!(code(type_in(&test, &word, &key).await), "suspended");
    let stranger = asked("eyJ.eyJ.AAAA", "c1", &machine(1));
    assert_eq!(code(carry(&test, &stranger).await), "unknown_license");
}

#[tokio::test]
async fn where_nothing_may_be_carried_it_is_typed() {
    let (test, key) = with("offline = \"60d\"").await;
    test.clock.advance(1_234);
    let trust = test.authority.trust();
    let license = verify::<License>(&key, &trust).unwrap();
    let secret = secret(&[7; 32], "bzzz", &license.sub, "c1", None);
    let word = request_of(&secret);
    let answer = type_in(&test, &word.to_string().to_lowercase(), &key).await.unwrap();
    let end = TypedLease::hour(START + 1_234 + TERM).min(license.exp.unwrap());
    assert_eq!(answer.lease_until.unwrap().as_second(), end);
    let typed = TypedAnswer::parse(answer.typed.as_deref().unwrap()).unwrap();
    let lease = verify::<TypedLease>(&typed.token(&license, &word).unwrap(), &trust).unwrap();
    let wanted = (TypedLease::hour(START + 1_234), TypedLease::hour(end));
    assert_eq!((lease.iat, lease.exp), wanted);
    // It signs nothing for another machine.
    let other = parse_word("REQUEST-BDF9P-XWM4F-6TYT5-EFJMH").unwrap();
    assert!(verify::<TypedLease>(&typed.token(&license, &other).unwrap(), &trust).is_err());

    activate(&test.authority, request(&key, "c2")).await.unwrap();
    assert_eq!(code(type_in(&test, &other.to_string(), &key).await), "no_free_seat");
    let guessed = licentia_license::typed::secret(&[8; 32], "bzzz", "l", "c", None).to_string();
    assert_eq!(code(type_in(&test, &guessed, &key).await), "not_the_holder");
    assert_eq!(code(type_in(&test, "RETURN-00000-00000-00000-00001", &key).await), "malformed");
    for _ in 0..2 {
        let freed = type_in(&test, &secret.to_string(), &key).await.unwrap();
        assert_eq!(freed.lease_until, None);
    }
    assert_eq!(code(type_in(&test, &word.to_string(), &key).await), "request_spent");
    type_in(&test, &other.to_string(), &key).await.unwrap();
}
