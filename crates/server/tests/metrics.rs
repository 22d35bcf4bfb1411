//! `/metrics`: what is counted, in a form that Prometheus' own checker accepts, and for whom.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::io::Write;
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use licentia_server::config::Config;
use licentia_server::serve::Server;
use licentia_testing::TestAuthority;
use serde_json::{Value, json};
use tokio::sync::oneshot;

const CATALOG: &str = "[product]\ncode = \"p\"\nname = \"P\"\ndefault_plan = \"a\"\n\n[[plan]]\ncode = \"a\"\n\
                       tier = \"A\"\nrank = 1\nseats = 1\n";

/// The value of a series.
fn value(text: &str, series: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map(|value| value.parse().unwrap())
}

#[tokio::test]
async fn b12_what_is_counted_is_told_in_a_form_that_prometheus_accepts() {
    let test = TestAuthority::new().await;
    test.import(CATALOG).await;
    let key = test.issue_key("p").await;
    let server = Server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = server.address();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(server.run(test.authority.clone(), Config::default(), async {
        let _ = stopped.await;
    }));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let post = |path: &str, body: Value| {
        let request = client.post(format!("http://{address}{path}")).json(&body);
        async move { request.send().await.unwrap().json::<Value>().await.unwrap_or_default() }
    };
    let activation =
        |cluster: &str| json!({ "license_key": key, "cluster_id": cluster, "nonce": "nonce-0001" });
    let answer = post("/v1/license/activate", activation("c1")).await;
    post("/v1/license/activate", activation("c2")).await;
    let beat = json!({
        "activation_id": answer["activation_id"],
        "access_token": answer["access_token"],
        "token_version": answer["token_version"],
        "nonce": "nonce-0002",
        "generation": 1,
    });
    post("/v1/license/heartbeat", beat).await;
    post("/v1/licenses/validate", json!({ "license_key": "nobody's key" })).await;
    let metrics = || client.get(format!("http://{address}/metrics"));
    let text = metrics().send().await.unwrap().text().await.unwrap();
    for (series, expected) in [
        ("licentia_activations_total", 1.0),
        ("licentia_heartbeats_total", 1.0),
        ("licentia_verdicts_total{call=\"activate\",code=\"no_free_seat\"}", 1.0),
        ("licentia_verdicts_total{call=\"activate\",code=\"ok\"}", 1.0),
        ("licentia_verdicts_total{call=\"validate\",code=\"unknown_license\"}", 1.0),
        (
            "licentia_requests_total{method=\"POST\",route=\"/v1/license/activate\",status=\"409\"}",
            1.0,
        ),
        (
            "licentia_request_duration_seconds_count{method=\"POST\",route=\"/v1/license/activate\"}",
            2.0,
        ),
        ("licentia_requests_in_flight", 1.0),
    ] {
        assert_eq!(value(&text, series), Some(expected), "{series}\n{text}");
    }
    assert!(
        value(&text, "licentia_seats_held").is_some()
            // How many is for jobs of the server's own to say; that they are counted right, the unit's test.
            && value(&text, "licentia_database_queue_depth{access=\"read\"}").is_some()
            && value(&text, "licentia_database_queue_depth{access=\"write\"}").is_some()
            && value(&text, "licentia_keyset_age_seconds").is_some()
    );
    assert!(!text.contains(&key[..20]));

    // Somebody behind a proxy is not this machine.
    for header in ["x-forwarded-for", "forwarded", "via"] {
        let refused = metrics().header(header, "for=127.0.0.1").send().await.unwrap();
        assert_eq!(refused.status(), 403, "{header}");
    }
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();

    let checker = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut checker = checker
        .expect("promtool is needed: Debian's package `prometheus`, which scripts/test installs");
    checker.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let checked = checker.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&checked.stderr).into_owned()
        + &String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{said}\n{text}");
}
