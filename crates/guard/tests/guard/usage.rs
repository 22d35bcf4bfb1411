//! Usage: delivered with a heartbeat, counted once, kept over a restart, and never a reason for anything.

use licentia::{Policy, Standing};
use serde_json::{Value, json};

use crate::support::http::Reply;
use crate::support::*;

const HEARTBEAT_PATH: &str = "/v1/license/heartbeat";

fn reports(world: &World) -> Vec<(Value, Value)> {
    let beats = world.authority.seen(HEARTBEAT_PATH);
    let report = |body: &Value| (body["usage_id"].clone(), body["usage"].clone());
    beats.iter().map(|beat| report(&beat.body)).filter(|(id, _)| !id.is_null()).collect()
}

#[test]
fn a_report_keeps_its_name_until_it_is_acknowledged_and_over_a_restart() {
    let world = World::new();
    let guard = world.online().cluster_id("the-cluster").start().unwrap();
    let mut watch = guard.watch();
    until(&mut watch, is_licensed);
    guard.meter("tokens", 5);
    guard.meter("tokens", 7);
    world.behave(|_, _| Reply::Nothing);
    world.clock.advance(2 * HEARTBEAT);
    until(&mut watch, is_grace);
    guard.meter("tokens", 100);
    drop((guard, watch));

    world.behave_well();
    let guard = world.online().cluster_id("the-cluster").start().unwrap();
    let mut watch = guard.watch();
    for times in 1..=2 {
        let end = guard.snapshot().lease_until();
        advance_far_until(&world, &mut watch, |now| now.lease_until() > end);
        assert!(times <= 2);
    }
    let reports = reports(&world);
    let first = reports[0].clone();
    assert_eq!(first.1, json!({ "tokens": 12 }));
    assert!(reports.iter().filter(|report| report.0 == first.0).all(|report| *report == first));
    let last = reports.last().unwrap();
    assert_ne!(last.0, first.0);
    assert_eq!(last.1, json!({ "tokens": 100 }));
    assert_eq!(guard.standing(), Standing::Licensed);
}

#[test]
fn t9_a_report_that_the_authority_does_not_take_is_dropped_and_the_seat_is_kept() {
    let world = World::new();
    let guard = world.online().policy(Policy::strict()).cluster_id("the-cluster").start().unwrap();
    let mut watch = guard.watch();
    until(&mut watch, is_licensed);
    guard.meter("jobs", 1);
    world.behave(|authority, request| {
        if request.path == HEARTBEAT_PATH && !request.body["usage"].is_null() {
            return problem(422, None);
        }
        authority.grant(request)
    });
    world.clock.advance(2 * HEARTBEAT);
    let end = T0 + GRACE;
    advance_far_until(&world, &mut watch, |now| {
        now.lease_until() > Some(end) && is_licensed(now.standing())
    });
    assert_eq!(reports(&world).len(), 1);
}

#[test]
fn b10_advice_is_surfaced_and_usage_that_was_not_counted_is_sent_again() {
    let world = World::new();
    let guard = world.online().cluster_id("the-cluster").start().unwrap();
    let mut watch = guard.watch();
    until(&mut watch, is_licensed);
    guard.meter("tokens", 9);
    let mut counted = false;
    world.behave(move |authority, request| {
        if request.path != HEARTBEAT_PATH {
            return authority.grant(request);
        }
        let mut answer = authority.heartbeat(request);
        answer["usage_counted"] = std::mem::replace(&mut counted, true).into();
        answer["advice"] = json!([{
            "kind": "quota_near", "meter": "tokens", "used": 9, "limit": 10,
            "plan": { "code": "enterprise", "tier": "ENTERPRISE" },
        }]);
        Reply::json(200, &answer)
    });
    let now = advance_far_until(&world, &mut watch, |now| !now.advice().is_empty());
    let advice = &now.advice()[0];
    assert_eq!((advice.meter.as_deref(), advice.used, advice.limit), (Some("tokens"), 9, 10));
    let end = now.lease_until();
    advance_far_until(&world, &mut watch, |now| now.lease_until() > end);
    let end = guard.snapshot().lease_until();
    advance_far_until(&world, &mut watch, |now| now.lease_until() > end);
    let reports = reports(&world);
    assert_eq!(reports.len(), 2, "not counted, counted, and no more: {reports:?}");
    assert_eq!(reports[0], reports[1]);
}
