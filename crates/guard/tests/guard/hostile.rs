//! Whatever speaks for the authority without its keys is silence: it neither stops a product nor keeps it.

use licentia::{Guard, Policy, Reason, Standing, StartError};
use licentia_issue::sign::sign;
use licentia_license::Lease;
use licentia_license::refusal::Refusal;

use crate::support::http::{Reply, Request};
use crate::support::*;

type Forgery = (&'static str, fn(&Authority, &Request) -> Reply);

/// A heartbeat's answer whose lease was changed and then signed by the real key.
fn lease(authority: &Authority, request: &Request, change: fn(&mut Lease)) -> Reply {
    let mut lease = authority.lease(request);
    change(&mut lease);
    Reply::json(200, &authority.heartbeat_with(&sign(&lease, &authority.signer).unwrap()))
}

/// A refusal that was changed and then signed by the real key.
fn refusal(authority: &Authority, request: &Request, change: fn(&mut Refusal)) -> Reply {
    let mut refusal = authority.refusal(request, "revoked");
    change(&mut refusal);
    authority.problem(403, Some(&refusal))
}

const FORGERIES: &[Forgery] = &[
    ("an empty grant", |_, _| Reply::text(200, "application/json", "{}")),
    ("a page", |_, _| Reply::text(200, "text/html", "<html>Log in to the hotel's network</html>")),
    ("a page with 403", |_, _| Reply::text(403, "text/html", "<h1>Forbidden by policy</h1>")),
    ("a page with 404", |_, _| Reply::text(404, "text/html", "<h1>Not found</h1>")),
    ("an unsigned 403", |_, _| problem(403, None)),
    ("an unsigned 404", |_, _| problem(404, None)),
    ("an unsigned 409", |_, _| problem(409, None)),
    ("an unsigned 422", |_, _| problem(422, None)),
    ("a refusal that is no token", |_, _| problem(403, Some("a.b.c"))),
    ("a refusal under another key", |authority, request| {
        let refusal = authority.refusal(request, "revoked");
        problem(403, Some(&sign(&refusal, &signer(9)).unwrap()))
    }),
    ("a lease in a refusal's place", |authority, request| {
        problem(403, Some(&sign(&authority.lease(request), &authority.signer).unwrap()))
    }),
    ("a recorded refusal", |a, r| refusal(a, r, |refusal| refusal.nonce = "of-yesterday".into())),
    ("a refusal out of date", |a, r| refusal(a, r, |refusal| refusal.exp = T0 - 3600)),
    ("another cluster's refusal", |a, r| {
        refusal(a, r, |refusal| refusal.cluster_id = Some("other".into()))
    }),
    ("another licence's refusal", |a, r| {
        refusal(a, r, |refusal| refusal.sub = Some("other".into()))
    }),
    ("another authority's refusal", |a, r| {
        refusal(a, r, |refusal| refusal.iss = "https://other".into())
    }),
    ("a refusal with 500", |authority, request| {
        authority.problem(500, Some(&authority.refusal(request, "revoked")))
    }),
    ("a lease under another key", |authority, request| {
        let token = sign(&authority.lease(request), &signer(9)).unwrap();
        Reply::json(200, &authority.heartbeat_with(&token))
    }),
    ("a recorded lease", |a, r| lease(a, r, |lease| lease.nonce = "of-yesterday".into())),
    ("another product's lease", |a, r| lease(a, r, |lease| lease.aud = "tmws".into())),
    ("another cluster's lease", |a, r| lease(a, r, |lease| lease.cluster_id = "other".into())),
    ("another licence's lease", |a, r| lease(a, r, |lease| lease.sub = "other".into())),
    ("another activation's lease", |a, r| lease(a, r, |lease| lease.act = "other".into())),
    ("another authority's lease", |a, r| lease(a, r, |lease| lease.iss = "https://other".into())),
    ("a lease that has ended", |a, r| lease(a, r, |lease| lease.exp = T0)),
    ("an endless page", |_, _| {
        Reply::Endless(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n"
                .to_vec(),
        )
    }),
    ("an endless refusal", |_, _| {
        Reply::Endless(b"HTTP/1.1 403 X\r\nconnection: close\r\n\r\n".to_vec())
    }),
    ("a grant of more than 1 MiB", |authority, request| {
        let grant = authority.heartbeat(request).to_string() + &" ".repeat(1024 * 1024);
        Reply::text(200, "application/json", &grant)
    }),
    ("half an answer", |_, _| {
        Reply::Bytes(
            b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\nconnection: close\r\n\r\n{\"lease\":"
                .to_vec(),
        )
    }),
    ("a redirect", |_, _| {
        Reply::Bytes(
            b"HTTP/1.1 307 X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
                .to_vec(),
        )
    }),
    ("no HTTP at all", |_, _| Reply::Bytes(b"220 mail.example.com ESMTP\r\n".to_vec())),
    ("nothing", |_, _| Reply::Nothing),
    ("a fault", |_, _| Reply::text(500, "text/plain", "oops")),
    ("too many requests", |_, _| Reply::text(429, "text/plain", "slow down")),
];

fn world() -> (World, Guard) {
    let world = World::new();
    let guard = world.online().cluster_id("the-cluster").start().unwrap();
    (world, guard)
}

#[test]
fn a_running_product_hears_nothing_but_its_authority() {
    for (name, forge) in FORGERIES {
        let (world, guard) = world();
        let mut watch = guard.watch();
        until(&mut watch, is_licensed);
        world.behave(*forge);
        world.clock.advance(2 * HEARTBEAT);
        let current = until(&mut watch, |standing| *standing != Standing::Licensed);
        assert_eq!(*current.standing(), Standing::Grace { until: T0 + GRACE }, "{name}");
        assert_eq!(current.reason(), Some(&Reason::Unreachable), "{name}");
        assert!(guard.has_feature("advanced"), "{name}");

        world.behave_well();
        world.clock.advance(2 * HEARTBEAT);
        until(&mut watch, is_licensed);
    }
}

#[test]
fn an_unsigned_401_costs_one_activation_and_no_more() {
    let (world, guard) = world();
    let mut watch = guard.watch();
    until(&mut watch, is_licensed);
    world.behave(|_, _| Reply::text(401, "text/plain", "who are you"));
    world.clock.advance(2 * HEARTBEAT);
    assert_eq!(*until(&mut watch, is_grace).standing(), Standing::Grace { until: T0 + GRACE });
    assert_eq!(world.authority.seen("/v1/license/heartbeat").len(), 1);
    assert_eq!(world.authority.seen("/v1/license/activate").len(), 2);
}

#[test]
fn a_first_start_believes_nobody_else_either() {
    for (name, forge) in FORGERIES {
        let world = World::new();
        world.behave(*forge);
        let error = world.online().cluster_id("the-cluster").start().expect_err(name);
        assert_eq!(error, StartError::Unlicensed(Reason::Unreachable), "{name}");
        let guard =
            world.online().cluster_id("the-cluster").policy(Policy::lenient()).start().expect(name);
        assert_eq!(guard.standing(), Standing::Licensed, "{name}: the licence itself checks out");
    }
}

#[test]
fn a_redirect_takes_the_key_nowhere() {
    let (world, elsewhere) = (World::new(), World::new());
    let location = elsewhere.server.address();
    world.behave(move |_, request| {
        let head = format!("HTTP/1.1 307 X\r\nlocation: {location}{}\r\n", request.path);
        Reply::Bytes(format!("{head}connection: close\r\ncontent-length: 0\r\n\r\n").into_bytes())
    });
    assert!(world.online().start().is_err());
    assert!(elsewhere.authority.seen.lock().unwrap().is_empty());
}

#[test]
fn broken_tls_and_a_closed_port_are_silence() {
    let world = World::new();
    let gone = World::new().server.address();
    for address in [world.server.address().replace("http://", "https://"), gone] {
        let error = world.online().server(&address).start().expect_err(&address);
        assert_eq!(error, StartError::Unlicensed(Reason::Unreachable), "{address}");
    }
    assert!(world.authority.seen.lock().unwrap().is_empty(), "the key went nowhere");
}

#[test]
fn an_activation_that_was_tampered_with_is_no_activation() {
    type Tamper = fn(&Authority, &Request, &mut serde_json::Value);
    let tampers: [(&str, Tamper); 6] = [
        ("a lease as proof", |_, _, answer| answer["activation_proof"] = answer["lease"].clone()),
        ("another cluster's proof", |authority, request, answer| {
            let mut lease = authority.lease(request);
            lease.cluster_id = "other".into();
            answer["activation_proof"] =
                authority.activation_with(&lease)["activation_proof"].clone();
        }),
        ("another activation's id", |_, _, answer| {
            answer["activation_id"] = "00000000-0000-0000-0000-000000000009".into();
        }),
        ("another product's licence", |authority, _, answer| {
            answer["license"] = sign(&license("tmws"), &authority.signer).unwrap().into();
        }),
        ("another licence", |authority, _, answer| {
            let mut other = license("bzzz");
            other.sub = "other".into();
            answer["license"] = sign(&other, &authority.signer).unwrap().into();
        }),
        ("all of another licence", |authority, request, answer| {
            authority.license.lock().unwrap().sub = "other".into();
            *answer = authority.activation(request);
        }),
    ];
    for (name, tamper) in tampers {
        let world = World::new();
        world.behave(move |authority, request| {
            let mut answer = authority.activation(request);
            tamper(authority, request, &mut answer);
            Reply::json(201, &answer)
        });
        let error = world.online().start().expect_err(name);
        assert_eq!(error, StartError::Unlicensed(Reason::Unreachable), "{name}");
    }
}
