//! A crash at the n-th write of the authority, by the kernel's hand: what it had acknowledged is there.

use std::process::Stdio;

use licentia_tests::{Home, Server, catalog, heartbeat};
use serde_json::{Value, json};

/// How many crash points; `./scripts/soak` takes five hundred.
fn points() -> usize {
    let told = std::env::vars().find(|(name, _)| name == "LICENTIA_CRASH_POINTS");
    told.and_then(|(_, points)| points.parse().ok()).unwrap_or(6)
}

/// What the authority said yes to.
#[derive(Default)]
struct Acknowledged {
    held: Vec<Value>,
    given_back: Vec<Value>,
}

/// Clients come and go until the authority is gone.
async fn day(server: &Server, key: &Value, round: usize, steps: usize) -> Acknowledged {
    let mut acknowledged = Acknowledged::default();
    for step in 0..steps {
        let cluster = format!("cluster-{round}-{step}");
        let (status, held) = server.activate(key, &cluster, "nonce-0001").await;
        if status != 201 {
            break;
        }
        if step % 3 == 2 {
            let back = json!({ "activation_id": held["activation_id"],
                               "access_token": held["access_token"] });
            match server.post("/v1/license/deactivate", &back).await.0 {
                204 => acknowledged.given_back.push(held),
                _ => break,
            }
        } else {
            acknowledged.held.push(held);
        }
    }
    acknowledged
}

/// `None` where it is killed before it listens.
fn traced(home: &Home, point: usize) -> Option<Server> {
    Server::try_start(home.killed_at(point).stderr(Stdio::null()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_the_nth_write_loses_nothing_that_was_acknowledged() {
    let home = Home::with_catalog(&catalog(1_000_000));
    let (points, mut acknowledged, mut crashed) = (points(), 0, 0);
    for round in 0..points {
        let key = home.issue("p", "a")["key"].clone();
        // Opening an existing database writes a page or two; the points are spread over what comes then.
        let point = 3 + round * if points > 100 { 1 } else { 40 };
        let done = match traced(&home, point) {
            Some(server) => {
                let done = day(&server, &key, round, 200).await;
                crashed += usize::from(server.get("/health").await.0 == 0);
                done
            }
            None => {
                crashed += 1;
                Acknowledged::default()
            }
        };

        let server = home.serve();
        for held in &done.held {
            let beat = heartbeat(held, 1, "nonce-0002");
            let (status, body) = server.post("/v1/license/heartbeat", &beat).await;
            assert_eq!(status, 200, "point {point}: an acknowledged seat is gone: {body}");
        }
        for gone in &done.given_back {
            let beat = heartbeat(gone, 1, "nonce-0002");
            let (status, _) = server.post("/v1/license/heartbeat", &beat).await;
            assert_eq!(status, 401, "point {point}: a seat that was given back is held");
        }
        acknowledged += done.held.len() + done.given_back.len();
        drop(server);
        let audit = home.run(&["audit", "verify"]);
        assert_eq!(audit.status, 0, "point {point}: {audit:?}");
    }
    assert!(crashed * 10 >= points * 9, "only {crashed} of {points} runs crashed");
    assert!(acknowledged >= points, "{acknowledged} answers in all: too few to mean anything");
}
