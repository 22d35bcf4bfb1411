//! Revocation lists: by file, by licence file, by the network; and lists that somebody keeps back.

use std::path::Path;
use std::sync::{Arc, Mutex};

use licentia::{Builder, Environment, Policy, Reason, Standing, StartError};
use licentia_issue::sign::sign;
use licentia_license::file::LicenseFile;
use licentia_license::revocations::{RevocationList, Revoked, VALID_S, flatten};

use crate::support::http::{Reply, Server};
use crate::support::log::Log;
use crate::support::*;

const DAY: i64 = 86_400;

fn list(at: i64, seq: u64, revoked: &[(&str, Option<i64>)]) -> RevocationList {
    let revoked = revoked.iter().map(|(id, grace_until)| Revoked {
        id: (*id).into(),
        at,
        reason: None,
        grace_until: *grace_until,
    });
    RevocationList {
        iss: "https://authority.example".into(),
        iat: at,
        exp: at + VALID_S,
        seq,
        revoked: revoked.collect(),
    }
}

fn signed(world: &World, list: &RevocationList) -> String {
    flatten(&sign(list, &world.authority.signer).unwrap()).unwrap()
}

fn revoked(reason: Option<&Reason>) -> bool {
    reason.is_some_and(|reason| reason.code() == "revoked")
}

/// A product without network beside whose program files can be dropped.
fn beside(world: &World) -> Builder {
    let folder = world.folder.path();
    std::fs::create_dir_all(folder.join("licenses")).unwrap();
    world
        .offline()
        .environment(Environment::default().program_folder(folder))
        .state_dir(folder.join("state"))
}

fn drop_in(world: &World, text: &str) {
    write(&world.folder.path().join("licenses/revocations.json"), text);
}

/// As a copy does that is not seen half done.
fn write(path: &Path, text: &str) {
    let aside = path.with_extension("new");
    std::fs::write(&aside, text).unwrap();
    std::fs::rename(aside, path).unwrap();
}

#[test]
fn a_product_without_network_stops_honouring_a_revoked_key_given_only_a_newer_list_as_a_file() {
    for (policy, fits) in [
        (Policy::strict(), is_stopped as fn(&Standing) -> bool),
        (Policy::degrade(), is_free),
        (Policy::lenient(), is_free),
    ] {
        for id in ["key-1", "00000000-0000-0000-0000-000000000001"] {
            let world = World::new();
            drop_in_first(&world, &signed(&world, &list(T0, 1, &[("another", None)])));
            let guard = beside(&world).policy(policy).start().unwrap();
            assert_eq!(guard.standing(), Standing::Licensed);
            let mut watch = guard.watch();
            drop_in(&world, &signed(&world, &list(T0, 2, &[("another", None), (id, None)])));
            world.clock.advance(10);
            assert!(revoked(until(&mut watch, fits).reason()), "{id}");
            drop(guard);
            // The file's disappearance, and an older one, give nothing back.
            for older in [None, Some(list(T0 + 10, 1, &[]))] {
                match older {
                    None => {
                        std::fs::remove_file(world.folder.path().join("licenses/revocations.json"))
                            .unwrap();
                    }
                    Some(older) => drop_in(&world, &signed(&world, &older)),
                }
                match beside(&world).policy(policy).start() {
                    Ok(guard) => {
                        assert!(is_free(&guard.standing()) && revoked(guard.snapshot().reason()));
                    }
                    Err(StartError::Unlicensed(reason)) => assert!(revoked(Some(&reason))),
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }
}

fn drop_in_first(world: &World, text: &str) {
    std::fs::create_dir_all(world.folder.path().join("licenses")).unwrap();
    drop_in(world, text);
}

#[test]
fn a_kept_list_that_is_thrown_away_takes_nothing_back() {
    let world = World::new();
    drop_in_first(&world, &signed(&world, &list(T0, 2, &[("key-1", None)])));
    let refused = |world: &World| match beside(world).start() {
        Err(StartError::Unlicensed(reason)) => revoked(Some(&reason)),
        _ => false,
    };
    assert!(refused(&world));
    for file in ["licenses/revocations.json", "state/license-revocations.jwt"] {
        std::fs::remove_file(world.folder.path().join(file)).unwrap();
        assert!(refused(&world), "{file}");
    }
    // A newer list that does not name it any more gives it back.
    drop_in(&world, &signed(&world, &list(T0, 3, &[])));
    assert_eq!(beside(&world).start().unwrap().standing(), Standing::Licensed);
}

#[test]
fn a_list_in_a_licence_file_counts() {
    let world = World::new();
    let file = |revoked: &[(&str, Option<i64>)]| LicenseFile {
        license: world.key(),
        revocations: Some(sign(&list(T0, 5, revoked), &world.authority.signer).unwrap()),
        ..LicenseFile::default()
    };
    let start = |file: LicenseFile| world.offline().license_key(file.to_string()).start();
    assert!(start(file(&[("another", None)])).is_ok());
    let Err(StartError::Unlicensed(reason)) = start(file(&[("key-1", None)])) else { panic!() };
    assert!(revoked(Some(&reason)));
}

#[test]
fn t10_a_revocation_with_grace_is_full_until_the_grace_is_over() {
    for (policy, fits) in
        [(Policy::strict(), is_stopped as fn(&Standing) -> bool), (Policy::lenient(), is_free)]
    {
        let world = World::new();
        let until_then = T0 + 7 * DAY;
        drop_in_first(&world, &signed(&world, &list(T0, 1, &[("key-1", Some(until_then))])));
        let guard = beside(&world).policy(policy).start().unwrap();
        assert_eq!(guard.standing(), Standing::Grace { until: until_then });
        assert!(guard.has_feature("advanced"));
        let mut watch = guard.watch();
        world.clock.advance(7 * DAY);
        assert!(revoked(until(&mut watch, fits).reason()));
    }
}

#[test]
fn a_list_that_is_no_news_changes_nothing_and_is_logged() {
    let log = Log::read();
    let world = World::new();
    let path = world.folder.path().join("followed-lists.json");
    write(&path, &signed(&world, &list(T0, 10, &[])));
    let guard = world.offline().revocation_file(&path).start().unwrap();
    let ours = [("key-1", None)];
    let other = RevocationList { iss: "https://other.example".into(), ..list(T0, 11, &ours) };
    let future = u64::try_from(T0 + 400).unwrap() * 1_000_000;
    for (no_news, code) in [
        (signed(&world, &list(T0, 9, &ours)), "rolled_back"),
        (signed(&world, &list(T0, 10, &ours)), "forked"),
        (signed(&world, &other), "other_issuer"),
        (signed(&world, &list(T0, future, &ours)), "from_the_future"),
        (signed(&world, &list(T0 - VALID_S, 12, &ours)), "out_of_date"),
        (flatten(&sign(&list(T0, 13, &ours), &signer(9)).unwrap()).unwrap(), "unknown_key"),
        ("{}".to_owned(), "malformed"),
    ] {
        write(&path, &no_news);
        world.clock.advance(10);
        log.until("followed-lists.json", code, 1);
        assert_eq!(guard.standing(), Standing::Licensed, "{code}");
    }
    // What was refused was not remembered: the next honest one counts.
    let mut watch = guard.watch();
    write(&path, &signed(&world, &list(T0, 11, &ours)));
    world.clock.advance(10);
    assert!(revoked(until(&mut watch, is_stopped).reason()));
}

#[test]
fn a_followed_list_that_is_not_renewed_takes_the_unreachable_arm_at_its_end() {
    for (policy, fits) in [
        (Policy::strict(), is_stopped as fn(&Standing) -> bool),
        (Policy::degrade(), is_free),
        (Policy::lenient(), is_licensed),
    ] {
        let world = World::new();
        let path = world.folder.path().join("lists.json");
        write(&path, &signed(&world, &list(T0, 1, &[])));
        let guard = world.offline().policy(policy).revocation_file(&path).start().unwrap();
        let mut watch = guard.watch();
        world.clock.advance(3_600);
        write(&path, &signed(&world, &list(T0 + 3_600, 2, &[])));
        world.clock.advance(10);
        world.clock.advance(VALID_S - 11);
        assert_eq!(guard.standing(), Standing::Licensed, "renewed by an hour");
        world.clock.advance(1);
        let then = until(&mut watch, fits);
        if policy != Policy::lenient() {
            assert_eq!(then.reason(), Some(&Reason::Unreachable));
        }
    }
}

#[test]
fn a_product_that_never_got_a_list_waits_as_long_as_one_would_count() {
    let world = World::new();
    let nowhere = world.folder.path().join("nowhere.json");
    let start = || {
        world
            .offline()
            .revocation_file(&nowhere)
            .state_dir(world.folder.path().join("state"))
            .start()
    };
    let guard = start().unwrap();
    world.clock.advance(VALID_S - 1);
    drop(guard);
    let guard = start().unwrap();
    let mut watch = guard.watch();
    world.clock.advance(1);
    assert_eq!(
        until(&mut watch, is_stopped).reason(),
        Some(&Reason::Unreachable),
        "a restart gives nothing back"
    );
}

/// A bucket behind HTTP.
fn bucket(document: &Arc<Mutex<String>>, asked: &Arc<Mutex<Vec<Option<String>>>>) -> Server {
    let (document, asked) = (Arc::clone(document), Arc::clone(asked));
    Server::start(move |request| {
        assert_eq!(request.path, "/lists/mine.json");
        let text = document.lock().unwrap().clone();
        let etag = format!("\"{}\"", text.len());
        asked.lock().unwrap().push(request.if_none_match.clone());
        if request.if_none_match.as_ref() == Some(&etag) {
            return Reply::empty(304);
        }
        let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\netag: {etag}\r\n");
        Reply::Bytes(format!("{head}content-length: {}\r\n\r\n{text}", text.len()).into_bytes())
    })
}

#[test]
fn a_list_is_fetched_by_the_hour_with_a_conditional_request() {
    let world = World::new();
    let document = Arc::new(Mutex::new(signed(&world, &list(T0, 1, &[]))));
    let asked = Arc::default();
    let server = bucket(&document, &asked);
    let address = format!("{}/lists/mine.json", server.address());
    let guard = world.offline().revocations_url(address).start().unwrap();
    let mut watch = guard.watch();
    let wait_for = |count: usize| {
        while asked.lock().unwrap().len() < count {
            std::thread::yield_now();
        }
    };
    wait_for(1);
    for count in 2..4 {
        // Not before nine tenths of an hour, and not after the whole.
        advance_slowly(&world, 3_600, || asked.lock().unwrap().len() >= count);
        wait_for(count);
    }
    assert_eq!(asked.lock().unwrap()[0], None);
    assert!(asked.lock().unwrap()[2].is_some());
    *document.lock().unwrap() = signed(&world, &list(world.clock.now(), 2, &[("key-1", None)]));
    advance_slowly(&world, 3_600, || asked.lock().unwrap().len() >= 4);
    assert!(revoked(until(&mut watch, is_stopped).reason()));
}

/// Moves the clock by minutes, and waits for what was asked for by them.
fn advance_slowly(world: &World, seconds: i64, enough: impl Fn() -> bool) {
    for _ in 0..seconds / 60 {
        world.clock.advance(60);
    }
    let patience = std::time::Instant::now() + PATIENCE;
    while !enough() && std::time::Instant::now() < patience {
        world.clock.advance(1);
        std::thread::yield_now();
    }
    assert!(enough());
}

#[test]
fn a_number_in_a_lease_makes_a_product_fetch_and_a_frozen_list_is_found_out() {
    let log = Log::read();
    let world = World::new();
    let newest = Arc::new(Mutex::new((5_u64, signed(&world, &list(T0, 5, &[])))));
    let told = Arc::clone(&newest);
    world.behave(move |authority, request| {
        let (seq, document) = told.lock().unwrap().clone();
        match request.path.as_str() {
            "/revocations.json" => Reply::text(200, "application/jose+json", &document),
            "/v1/license/activate" => {
                let mut lease = authority.lease(request);
                lease.cluster_id = request.body["cluster_id"].as_str().unwrap().into();
                lease.revocations_seq = seq;
                Reply::json(201, &authority.activation_with(&lease))
            }
            _ => {
                let mut lease = authority.lease(request);
                lease.revocations_seq = seq;
                Reply::json(
                    200,
                    &authority.heartbeat_with(&sign(&lease, &authority.signer).unwrap()),
                )
            }
        }
    });
    let guard = world.online().cluster_id("the-cluster").start().unwrap();
    let fetched = || world.authority.seen("/revocations.json").len();
    advance_slowly(&world, 60, || fetched() >= 1);
    // A lease says six, and somebody serves five for ever.
    newest.lock().unwrap().0 = 6;
    advance_slowly(&world, HEARTBEAT, || {
        log.count("its number 5 is lower than 6", "rolled_back") > 0
    });
    assert_eq!(guard.standing(), Standing::Licensed, "a fresh lease is the authority's own word");
}
