//! Revocation lists: their form, and what a product does with one that is not the newest.
//!
//! The cases of the TUF conformance suite on rollback and expiry stand here one by one, ported to a list that has one
//! role instead of four.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use licentia_license::keyset::{KeyEntry, KeyState, Keyset, Purpose};
use licentia_license::revocations::{
    Mark, NoNews, RevocationList, Revoked, VALID_S, flatten, next_seq, open, weigh,
};
use licentia_license::{Invalid, Trust};
use serde_json::{Value, json};

use support::{Key, license};

const NOW: i64 = 1_800_000_000;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const ISSUER: &str = "https://authority.example";

/// A vendor that publishes, honestly or not.
struct Repository {
    root: Key,
    key: Key,
    keyset_version: u64,
}

impl Repository {
    fn new() -> Self {
        Self { root: Key::ed25519(1), key: Key::ed25519(2), keyset_version: 1 }
    }

    fn keyset(&self) -> String {
        let keys = vec![KeyEntry {
            jwk: self.key.jwk(),
            purposes: vec![Purpose::Revocation],
            state: KeyState::Active,
            not_before: None,
            not_after: None,
        }];
        let (iss, version) = (ISSUER.to_owned(), self.keyset_version);
        self.root.document(&Keyset { iss, iat: 1, exp: None, version, keys })
    }

    fn rotate(&mut self) -> String {
        self.key = Key::ed25519(3);
        self.keyset_version += 1;
        self.keyset()
    }

    fn list(&self, at: i64, seq: u64, revoked: &[&str]) -> String {
        self.key.document(&list(at, seq, revoked))
    }
}

fn list(at: i64, seq: u64, revoked: &[&str]) -> RevocationList {
    let revoked = revoked.iter().map(|id| Revoked {
        id: (*id).into(),
        at,
        reason: Some("leaked".into()),
        grace_until: None,
    });
    RevocationList {
        iss: ISSUER.into(),
        iat: at,
        exp: at + VALID_S,
        seq,
        revoked: revoked.collect(),
    }
}

fn seq_at(at: i64) -> u64 {
    u64::try_from(at).unwrap() * 1_000_000
}

/// A product that remembers.
struct Client {
    trust: Trust,
    seen: Option<Mark>,
    now: i64,
}

impl Client {
    fn of(repository: &Repository) -> Self {
        let mut trust = repository.root.trust();
        trust.accept_keyset(&repository.keyset()).unwrap();
        Self { trust, seen: None, now: NOW }
    }

    fn refresh(&mut self, text: &str) -> Result<bool, NoNews> {
        let list = open(text, &self.trust).unwrap();
        let news = weigh(&list, ISSUER, self.seen.as_ref(), self.now * 1_000_000)?;
        if news {
            self.seen = Some(Mark::of(&list));
        }
        Ok(news)
    }

    fn seq(&self) -> u64 {
        self.seen.as_ref().map_or(0, |seen| seen.seq)
    }
}

fn updated_twice() -> (Repository, Client) {
    let repository = Repository::new();
    let mut client = Client::of(&repository);
    for (at, seq) in [(NOW - 2 * HOUR, 1), (NOW - HOUR, 2)] {
        assert_eq!(client.refresh(&repository.list(at, seq, &[])), Ok(true));
    }
    (repository, client)
}

#[test]
fn tuf_rollback_simple_snapshot_rollback() {
    let (repository, mut client) = updated_twice();
    let former = repository.list(NOW - 2 * HOUR, 1, &[]);
    assert_eq!(client.refresh(&former), Err(NoNews::RolledBack { seq: 1, seen: 2 }));
    assert_eq!(client.seq(), 2);
    assert_eq!(client.refresh(&repository.list(NOW - HOUR, 2, &[])), Ok(false), "the same again");
}

#[test]
fn tuf_rollback_new_timestamp_version_rollback() {
    let (repository, mut client) = updated_twice();
    let fresh_but_lower = repository.list(NOW, 1, &[]);
    assert_eq!(client.refresh(&fresh_but_lower), Err(NoNews::RolledBack { seq: 1, seen: 2 }));
    assert_eq!(client.seq(), 2);
}

#[test]
fn tuf_rollback_snapshot_rollback_basic() {
    let (repository, mut client) = updated_twice();
    assert!(client.refresh(&repository.list(NOW, 1, &["other"])).is_err());
    assert_eq!(client.seq(), 2);
    assert_eq!(client.refresh(&repository.list(NOW, 3, &["other"])), Ok(true));
}

#[test]
fn tuf_rollback_snapshot_rollback_with_hashes() {
    let (repository, mut client) = updated_twice();
    let fork = repository.list(NOW, 2, &["other"]);
    assert_eq!(client.refresh(&fork), Err(NoNews::Forked { seq: 2 }));
    assert_eq!(client.refresh(&repository.list(NOW - HOUR, 2, &[])), Ok(false));
}

#[test]
fn tuf_rollback_targets_rollback_basic() {
    // A list cannot give back what a newer one took.
    let repository = Repository::new();
    let mut client = Client::of(&repository);
    assert_eq!(client.refresh(&repository.list(NOW, 7, &["key"])), Ok(true));
    assert!(client.refresh(&repository.list(NOW, 6, &[])).is_err());
    assert_eq!(client.seq(), 7);
}

#[test]
fn tuf_rollback_targets_rollback_with_hashes() {
    let repository = Repository::new();
    let mut client = Client::of(&repository);
    assert_eq!(client.refresh(&repository.list(NOW, 7, &["key"])), Ok(true));
    assert_eq!(client.refresh(&repository.list(NOW, 7, &[])), Err(NoNews::Forked { seq: 7 }));
}

#[test]
fn tuf_rollback_new_snapshot_version_mismatch() {
    // What says a number and what has it must agree: the number is in the signature, so nobody can lift a list.
    let (repository, mut client) = updated_twice();
    let lifted = repository.list(NOW - 2 * HOUR, 1, &[]);
    let claims = serde_json::to_vec(&list(NOW - 2 * HOUR, 3, &[])).unwrap();
    let parts: Vec<&str> = lifted.split('.').collect();
    let encoded = <base64ct::Base64UrlUnpadded as base64ct::Encoding>::encode_string(&claims);
    let lifted = format!("{}.{encoded}.{}", parts[0], parts[2]);
    assert_eq!(open(&lifted, &client.trust).unwrap_err(), Invalid::BadSignature);
    assert_eq!(client.refresh(&repository.list(NOW, 3, &[])), Ok(true));
}

fn fast_forward_recovery(rotate: bool) {
    let mut repository = Repository::new();
    let mut client = Client::of(&repository);
    // As far ahead as anybody can come.
    let most = seq_at(NOW + 5 * 60);
    assert_eq!(client.refresh(&repository.list(NOW, most, &[])), Ok(true));
    let beyond = repository.list(NOW, most + 1, &[]);
    assert_eq!(client.refresh(&beyond), Err(NoNews::Future { seq: most + 1 }));
    assert_eq!(
        client.refresh(&repository.list(NOW, u64::MAX, &[])),
        Err(NoNews::Future { seq: u64::MAX })
    );
    assert_eq!(client.seq(), most, "what is refused is not remembered");
    if rotate {
        assert_eq!(client.trust.accept_keyset(&repository.rotate()), Ok(true));
        assert!(open(&beyond, &client.trust).is_err(), "the former key signs nothing any more");
    }
    // The vendor's own numbers are above it within five minutes.
    client.now = NOW + 6 * 60;
    let own = next_seq(Some(u64::MAX), client.now * 1_000_000);
    assert_eq!(client.refresh(&repository.list(client.now, own, &[])), Ok(true));
}

#[test]
fn tuf_rollback_new_timestamp_fast_forward_recovery() {
    fast_forward_recovery(true);
}

#[test]
fn tuf_rollback_new_snapshot_fast_forward_recovery() {
    // Without a rotation too: no product remembers a number that is far ahead.
    fast_forward_recovery(false);
}

#[test]
fn tuf_rollback_new_targets_fast_forward_recovery() {
    // A mark made while the clock was a year ahead does not outlive the clock.
    let repository = Repository::new();
    let mut client = Client::of(&repository);
    client.now = NOW + 365 * DAY;
    assert_eq!(client.refresh(&repository.list(client.now, seq_at(client.now), &[])), Ok(true));
    client.now = NOW;
    assert_eq!(client.refresh(&repository.list(NOW, seq_at(NOW), &["key"])), Ok(true));
}

#[test]
fn tuf_expiration_root_expired() {
    // An expired root (keyset) still tells which keys there are; nothing but lists has to be fresh here.
    let mut repository = Repository::new();
    let mut client = Client::of(&repository);
    client.trust.accept_keyset(&repository.rotate()).unwrap();
    let old = repository.list(NOW - VALID_S, 1, &[]);
    assert_eq!(client.refresh(&old), Err(NoNews::Expired { at: NOW }));
    assert_eq!((client.trust.keyset_version(), client.seq()), (Some(2), 0));
}

#[test]
fn tuf_expiration_timestamp_expired() {
    let (repository, mut client) = updated_twice();
    client.now = NOW + 5 * DAY;
    let newer_but_over = repository.list(NOW + DAY, 3, &[]);
    assert_eq!(client.refresh(&newer_but_over), Err(NoNews::Expired { at: NOW + DAY + VALID_S }));
    assert_eq!(client.seq(), 2);
}

#[test]
fn tuf_expiration_snapshot_expired() {
    let repository = Repository::new();
    let mut client = Client::of(&repository);
    let over = repository.list(NOW - 5 * DAY, 1, &[]);
    assert!(matches!(client.refresh(&over), Err(NoNews::Expired { .. })), "with none before it");
    // To the second.
    assert!(client.refresh(&repository.list(NOW - VALID_S, 2, &[])).is_err());
    assert_eq!(client.refresh(&repository.list(NOW - VALID_S + 1, 3, &[])), Ok(true));
}

#[test]
fn tuf_expiration_targets_expired() {
    let (repository, mut client) = updated_twice();
    client.now = NOW + 4 * DAY;
    let same = repository.list(NOW - HOUR, 2, &[]);
    assert!(matches!(client.refresh(&same), Err(NoNews::Expired { .. })), "the same, frozen");
}

#[test]
fn tuf_expiration_expired_metadata() {
    // What is remembered may be out of date; it still says what is newer.
    let (repository, mut client) = updated_twice();
    client.now = NOW + 18 * DAY;
    assert!(client.refresh(&repository.list(client.now, 1, &[])).is_err());
    assert_eq!(client.refresh(&repository.list(client.now, 3, &[])), Ok(true));
}

#[test]
fn another_issuers_list_is_not_a_list() {
    let repository = Repository::new();
    let mut client = Client::of(&repository);
    let other = RevocationList { iss: "https://other.example".into(), ..list(NOW, 9, &["key"]) };
    assert_eq!(client.refresh(&repository.key.document(&other)), Err(NoNews::OtherIssuer));
    assert_eq!(client.seen, None);
}

#[test]
fn a_list_is_flattened_and_nothing_unsigned_is_in_it() {
    let key = Key::rsa();
    let token = key.document(&list(NOW, 1, &["daS7y8sioiecYy"]));
    let flat = flatten(&token).unwrap();
    let json: Value = serde_json::from_str(&flat).unwrap();
    assert_eq!(json.as_object().unwrap().len(), 3);
    let opened = open(&flat, &key.trust()).unwrap();
    assert_eq!((opened.token(), opened.seq), (&*token, 1));
    for (member, value) in [("header", json!({ "kid": "x" })), ("signatures", json!([]))] {
        let mut hostile = json.clone();
        hostile[member] = value;
        let refused = open(&hostile.to_string(), &key.trust());
        assert!(matches!(refused, Err(Invalid::Malformed(_))), "{member}");
    }
    let twice = flat.replacen('{', "{\"payload\":\"e30\",", 1);
    assert!(open(&twice, &key.trust()).is_err());
    let long = format!("{{\"payload\":\"{}\"", "A".repeat(9 * 1024 * 1024));
    assert!(matches!(open(&long, &key.trust()), Err(Invalid::Malformed(_))));
}

#[test]
fn t10_a_key_or_a_licence_is_revoked_at_once_or_after_its_grace() {
    let license = license();
    let entry = |id: &str, grace_until| Revoked {
        id: id.into(),
        at: NOW,
        reason: Some("refund".into()),
        grace_until,
    };
    let with = |revoked| RevocationList { revoked, ..list(NOW, 1, &[]) };
    let refused = Err(Invalid::Revoked { at: NOW, reason: Some("refund".into()) });
    for id in [&license.jti, &license.sub] {
        assert_eq!(with(vec![entry(id, None)]).admits(&license, NOW), refused, "{id}");
        let graced = with(vec![entry(id, Some(NOW + 7 * DAY))]);
        assert_eq!(graced.admits(&license, NOW + 7 * DAY - 1), Ok(()));
        assert_eq!(graced.admits(&license, NOW + 7 * DAY), refused);
    }
    let both = with(vec![entry(&license.sub, Some(NOW + 7 * DAY)), entry(&license.jti, None)]);
    assert_eq!(both.admits(&license, NOW), refused, "the stricter of two counts");
    assert_eq!(with(vec![entry("another", None)]).admits(&license, NOW), Ok(()));
}

#[test]
fn a_number_grows_and_stays_near_the_clock() {
    let now = NOW * 1_000_000;
    let micros = seq_at(NOW);
    assert_eq!(next_seq(None, now), micros);
    assert_eq!(next_seq(Some(1), now), micros);
    assert_eq!(next_seq(Some(micros), now), micros + 1);
    assert_eq!(next_seq(Some(micros + 60_000_000), now), micros + 60_000_001, "a clock set back");
    assert_eq!(next_seq(Some(u64::MAX), now), micros);
}
