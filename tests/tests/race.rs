//! Seats under racing clients, and `kill -9` in the middle of it.

#![expect(clippy::panic, clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use licentia_tests::{Home, Server, catalog, heartbeat};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const CLIENTS: usize = 32;
const SEATS: u32 = 5;

/// Rounds, or as many as `LICENTIA_RACE_ROUNDS` says; `./scripts/soak` runs a thousand.
fn rounds(usual: usize) -> usize {
    let told = std::env::vars().find(|(name, _)| name == "LICENTIA_RACE_ROUNDS");
    told.map_or(usual, |(_, rounds)| rounds.parse().unwrap())
}

fn clusters() -> impl Iterator<Item = String> {
    (0..CLIENTS).map(|n| format!("cluster-{n}"))
}

/// All clients at once; who was granted, who was refused.
async fn race(server: &Arc<Server>, key: &Value, round: usize) -> (HashMap<String, Value>, usize) {
    let mut racers = JoinSet::new();
    for cluster in clusters() {
        let (server, key) = (Arc::clone(server), key.clone());
        racers.spawn(async move {
            let (status, body) =
                server.activate(&key, &cluster, &format!("nonce-{round:05}")).await;
            (cluster, status, body)
        });
    }
    let (mut granted, mut refused) = (HashMap::new(), 0);
    while let Some(ended) = racers.join_next().await {
        let (cluster, status, body) = ended.unwrap();
        match status {
            200 | 201 => drop(granted.insert(cluster, body)),
            409 if body["code"] == "no_free_seat" => refused += 1,
            other => panic!("{cluster}: {other} {body}"),
        }
    }
    (granted, refused)
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_five_of_thirty_two_get_a_seat_every_round() {
    let home = Home::with_catalog(&catalog(SEATS));
    let server = Arc::new(home.serve());
    let key = home.issue("p", "a")["key"].clone();
    for round in 0..rounds(100) {
        let (granted, refused) = race(&server, &key, round).await;
        assert_eq!((granted.len(), refused), (5, CLIENTS - 5), "round {round}");
        for activation in granted.values() {
            let back = json!({
                "activation_id": activation["activation_id"],
                "access_token": activation["access_token"],
            });
            assert_eq!(server.post("/v1/license/deactivate", &back).await.0, 204);
        }
    }
}

/// The server is killed as soon as the n-th client has its answer, while the others are on their way.
#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_seat_is_lost_or_doubled_over_a_kill() {
    let home = Home::with_catalog(&catalog(SEATS));
    let mut cut_short = 0;
    for round in 0..rounds(12) {
        let key = home.issue("p", "a")["key"].clone();
        let server = home.serve();
        let url = server.url.clone();
        let answers = Arc::new(AtomicUsize::new(0));
        let client = reqwest::Client::new();
        let mut racers = JoinSet::new();
        for cluster in clusters() {
            let (client, url, key, answers) =
                (client.clone(), url.clone(), key.clone(), Arc::clone(&answers));
            racers.spawn(async move {
                let body =
                    json!({ "license_key": key, "cluster_id": cluster, "nonce": "nonce-0001" });
                let answer = client
                    .post(format!("{url}/v1/license/activate"))
                    .json(&body)
                    .send()
                    .await
                    .ok()?;
                let granted = answer.status().is_success();
                let body: Value = answer.json().await.ok()?;
                answers.fetch_add(1, Ordering::SeqCst);
                granted.then_some((cluster, body))
            });
        }
        let mut server = server;
        while answers.load(Ordering::SeqCst) < round % 4 {
            tokio::task::yield_now().await;
        }
        server.kill();
        let mut acknowledged = HashMap::new();
        while let Some(ended) = racers.join_next().await {
            acknowledged.extend(ended.unwrap());
        }
        drop(server);
        cut_short += usize::from(answers.load(Ordering::SeqCst) < CLIENTS);

        let server = Arc::new(home.serve());
        for (cluster, activation) in &acknowledged {
            let (status, body) =
                server.post("/v1/license/heartbeat", &heartbeat(activation, 1, "nonce-0002")).await;
            assert_eq!(status, 200, "round {round}: {cluster} lost its seat: {body}");
        }
        // A grant that was committed but not heard of is its client's: the same nonce brings it back.
        let mut holders = 0;
        for cluster in clusters().filter(|cluster| !acknowledged.contains_key(cluster)) {
            holders += usize::from(server.activate(&key, &cluster, "nonce-0001").await.0 < 300);
        }
        assert_eq!(
            holders + acknowledged.len(),
            5,
            "round {round}: {} were acknowledged",
            acknowledged.len()
        );
        let list = home.run(&["activation", "list", "--json"]).done();
        let live = list.stdout.lines().filter(|line| line.contains("\"live\":true")).count();
        assert_eq!(live, 5 * (round + 1));
    }
    assert!(cut_short > 0, "the kill never came in the middle: nothing was tested");
    assert_eq!(home.run(&["audit", "verify"]).status, 0);
}
