//! M9: the chain of actions, as it goes over the wire. Against the real check: `simulation/chain.rs`.

use licentia::NotRecorded;
use licentia_license::chain::{ChainKey, Entry, Link, START};
use serde_json::Value;

use crate::support::http::Reply;
use crate::support::*;

const SEED: &[u8] = b"seed";

fn chains(world: &World) -> Vec<Value> {
    let beats = world.authority.seen("/v1/license/heartbeat");
    beats.iter().map(|beat| beat.body["chain"].clone()).filter(|chain| !chain.is_null()).collect()
}

/// Whether every entry is sealed, and follows the one before.
fn holds(world: &World, chain: &Value) -> bool {
    let license = world.key();
    let signature = license.rsplit('.').next().unwrap();
    let nonce = chain["server_nonce"].as_str().unwrap();
    let key = ChainKey::derive(signature, SEED, "c2FsdA", nonce);
    let mut previous: Link = chain["previous"].as_str().unwrap().parse().unwrap();
    chain["entries"].as_array().unwrap().iter().all(|entry| {
        let text = |name: &str| entry[name].as_str().unwrap_or_default();
        let sealed = Entry {
            sequence: entry["sequence"].as_u64().unwrap(),
            tenant: text("tenant"),
            action: text("action"),
            hash: text("hash"),
            time: text("time"),
        };
        let mac = text("mac").parse().unwrap();
        let holds = key.holds(&previous, &sealed, &mac);
        previous = mac;
        holds
    })
}

fn actions(chain: &Value) -> Vec<&str> {
    let entries = chain["entries"].as_array().unwrap();
    entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect()
}

#[test]
fn m9_actions_are_sealed_delivered_and_kept_over_a_restart() {
    let world = World::new();
    let start = || world.online().cluster_id("the-cluster").chain(SEED).start().unwrap();
    let guard = start();
    let mut watch = guard.watch();
    until(&mut watch, is_licensed);
    guard.record("one", "acme", b"rules").unwrap();
    guard.record("two", "", b"").unwrap();
    let end = guard.snapshot().lease_until();
    advance_far_until(&world, &mut watch, |now| now.lease_until() > end);
    let delivered = chains(&world).pop().unwrap();
    assert_eq!((actions(&delivered), holds(&world, &delivered)), (vec!["one", "two"], true));
    assert_eq!(delivered["previous"], START.to_string());
    assert!(!delivered.to_string().contains("rules"), "of the data only the hash leaves");

    guard.record("three", "acme", b"").unwrap();
    drop(watch);
    world.kill(guard);
    let head = delivered_head(&delivered);
    world.behave(move |authority, request| {
        if request.path != "/v1/license/activate" {
            return authority.grant(request);
        }
        let mut reply = authority.activation(request);
        reply["chain"] = head.clone();
        Reply::json(201, &reply)
    });
    let guard = start();
    let mut watch = guard.watch();
    until(&mut watch, is_licensed);
    let end = guard.snapshot().lease_until();
    advance_far_until(&world, &mut watch, |now| now.lease_until() > end);
    let kept = chains(&world).pop().unwrap();
    assert_eq!((actions(&kept), holds(&world, &kept)), (vec!["three"], true));
    assert_eq!(kept["entries"][0]["sequence"], 3);
}

fn delivered_head(chain: &Value) -> Value {
    let last = chain["entries"].as_array().unwrap().last().unwrap();
    serde_json::json!({ "sequence": last["sequence"], "head": last["mac"] })
}

#[test]
fn without_a_seed_or_an_authority_nothing_is_recorded() {
    let world = World::new();
    let offline = world.offline().chain(SEED).start().unwrap();
    assert_eq!(offline.record("a", "t", b""), Err(NotRecorded::Off));
    let seedless = world.online().start().unwrap();
    assert_eq!(seedless.record("a", "t", b""), Err(NotRecorded::Off));
}
