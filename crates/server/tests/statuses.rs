//! Every row of the protocol's status table, reached over HTTP, on a clock of the test's own.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::net::{IpAddr, SocketAddr, UdpSocket};

use licentia_authority::licenses::issue::Order;
use licentia_license::fingerprint::Bind;
use licentia_license::refusal::Refusal;
use licentia_license::verify::verify;
use licentia_protocol::problem::MEDIA_TYPE;
use licentia_server::config::Config;
use licentia_server::serve::Server;
use licentia_testing::{TestAuthority, actor, order};
use serde_json::{Value, json};
use tokio::sync::oneshot;

const CATALOG: &str = r#"
[product]
code = "bzzz"
name = "BZZZ"
default_plan = "standard"
project_seed = "00"

[[plan]]
code = "standard"
tier = "STANDARD"
rank = 1
seats = 1
nodes = 3
takeovers_per_day = 0
on_chain_broken = "revoke"
features = ["a"]
"#;

struct Served {
    test: TestAuthority,
    address: SocketAddr,
    client: reqwest::Client,
    stop: oneshot::Sender<()>,
    running: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Served {
    async fn new() -> Self {
        Self::at([127, 0, 0, 1].into(), Config::default()).await
    }

    async fn at(host: IpAddr, config: Config) -> Self {
        let test = TestAuthority::new().await;
        test.import(CATALOG).await;
        let server = Server::bind(SocketAddr::from((host, 0))).await.unwrap();
        let address = server.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(server.run(test.authority.clone(), config, async {
            let _ = stopped.await;
        }));
        Self {
            test,
            address,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            stop,
            running,
        }
    }

    /// Status and body of a call.
    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("http://{}{path}", self.address);
        let request = self.client.post(url).header("content-type", "application/json");
        let response = request.body(body.to_string()).send().await.unwrap();
        let status = response.status().as_u16();
        let problem = response.headers()["content-type"] == MEDIA_TYPE;
        let text = response.text().await.unwrap();
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        assert_eq!(problem, status >= 400, "{text}");
        (status, body)
    }

    /// A call that is refused as it should be.
    async fn refused(&self, path: &str, body: &Value, status: u16, code: &str) {
        let (found, problem) = self.post(path, body).await;
        assert_eq!((found, problem["code"].as_str()), (status, Some(code)), "{problem}");
        assert_eq!(problem["status"], status);
        // What can stop a product is signed and echoes the nonce; nothing else is.
        match problem["refusal"].as_str() {
            Some(token) => {
                let refusal = verify::<Refusal>(token, &self.test.authority.trust()).unwrap();
                assert_eq!((refusal.code.as_str(), &body["nonce"]), (code, &json!(refusal.nonce)));
            }
            None => assert!(![403, 404, 409].contains(&status), "{code} is not signed"),
        }
    }

    async fn activate(&self, key: &str) -> Value {
        let (status, answer) = self.post(ACTIVATE, &activation(key)).await;
        assert!([200, 201].contains(&status), "{answer}");
        answer
    }

    async fn end(self) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap().unwrap();
    }
}

const ACTIVATE: &str = "/v1/license/activate";
const HEARTBEAT: &str = "/v1/license/heartbeat";

fn activation(key: &str) -> Value {
    json!({ "license_key": key, "cluster_id": "c1", "nonce": "nonce-0001", "fingerprint": "machine" })
}

fn beat(answer: &Value, generation: u64) -> Value {
    json!({
        "activation_id": answer["activation_id"],
        "access_token": answer["access_token"],
        "token_version": answer["token_version"],
        "nonce": "nonce-0002",
        "generation": generation,
    })
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

#[tokio::test]
async fn each_401_makes_a_product_activate_again() {
    let served = Served::new().await;
    let license = served.test.issue("bzzz").await;
    let key = license.key.clone().unwrap();
    let answer = served.activate(&key).await;
    let wrong = with(beat(&answer, 1), "access_token", json!("lat_wrong"));
    served.refused(HEARTBEAT, &wrong, 401, "invalid_token").await;
    served.refused(HEARTBEAT, &beat(&answer, 0), 401, "stale_generation").await;
    served.test.authority.suspend(license.id, None, actor()).await.unwrap();
    served.test.authority.resume(license.id, actor()).await.unwrap();
    served.refused(HEARTBEAT, &beat(&answer, 1), 401, "stale_token_version").await;
    served.test.clock.advance(86_400);
    served.refused(HEARTBEAT, &beat(&answer, 1), 401, "token_expired").await;
    served.activate(&key).await;
    served.end().await;
}

#[tokio::test]
async fn each_403_and_404_is_signed() {
    let served = Served::new().await;
    let issue = || async { served.test.issue("bzzz").await };
    let nobody = activation("no key");
    served.refused(ACTIVATE, &nobody, 404, "unknown_license").await;

    let license = issue().await;
    let key = license.key.unwrap();
    let other = with(activation(&key), "product", json!("other"));
    served.refused(ACTIVATE, &other, 403, "wrong_product").await;
    served.test.authority.suspend(license.id, None, actor()).await.unwrap();
    served.refused(ACTIVATE, &activation(&key), 403, "suspended").await;
    served.test.authority.cancel(license.id, None, actor()).await.unwrap();
    served.refused(ACTIVATE, &activation(&key), 403, "cancelled").await;
    served.test.authority.revoke(license.id, None, 0, actor()).await.unwrap();
    served.refused(ACTIVATE, &activation(&key), 403, "revoked").await;

    let bound = Order {
        // A scheme that no machine here is known in.
        bind: Some(Bind::Unknown(json!({ "scheme": "of a later version" }))),
        ..order("bzzz")
    };
    let bound = served.test.authority.issue(bound, actor()).await.unwrap();
    served.refused(ACTIVATE, &activation(&bound.key.unwrap()), 403, "wrong_machine").await;

    // The chain of actions does not hold, and the plan says that this is the end.
    let broken = issue().await;
    let key = broken.key.unwrap();
    let answer = served.activate(&key).await;
    let entry = json!({
        "sequence": 1, "action": "a", "time": "2026-01-01T00:00:00Z", "mac": "11".repeat(32),
    });
    let chain = json!({
        "server_nonce": answer["server_nonce"], "previous": "0".repeat(64), "entries": [entry],
    });
    let reported = with(beat(&answer, 1), "chain", chain);
    served.refused(HEARTBEAT, &reported, 403, "chain_broken").await;

    let old = issue().await.key.unwrap();
    served.test.clock.advance(30 * 86_400);
    served.refused(ACTIVATE, &activation(&old), 403, "expired").await;
    served.end().await;
}

#[tokio::test]
async fn each_409_is_signed_and_names_holders_masked() {
    let served = Served::new().await;
    let key = served.test.issue_key("bzzz").await;
    served.activate(&key).await;
    let second = with(activation(&key), "cluster_id", json!("another-cluster"));
    served.refused(ACTIVATE, &second, 409, "no_free_seat").await;
    let (_, problem) = served.post(ACTIVATE, &second).await;
    assert_eq!(problem["holders"].as_array().unwrap().len(), 1);
    assert!(!problem["holders"].to_string().contains("\"c1\""));
    let grown = with(activation(&key), "nodes", json!(4));
    served.refused(ACTIVATE, &grown, 409, "too_many_nodes").await;
    let stranger = json!({ "license_key": key, "cluster_id": "c1", "nonce": "nonce-0009" });
    served.refused(ACTIVATE, &stranger, 409, "cluster_in_use").await;
    served.end().await;
}

#[tokio::test]
async fn what_is_malformed_is_422_and_what_fails_is_500_and_unsigned() {
    let served = Served::new().await;
    let key = served.test.issue_key("bzzz").await;
    let short = with(activation(&key), "nonce", json!("short"));
    served.refused(ACTIVATE, &short, 422, "malformed").await;
    let database =
        rusqlite::Connection::open(served.test.folder.path().join("licentia.db")).unwrap();
    database.execute_batch("ALTER TABLE seats RENAME TO gone").unwrap();
    served.refused(ACTIVATE, &activation(&key), 500, "internal").await;
    served.test.authority.close().await;
    served.refused(ACTIVATE, &activation(&key), 503, "unavailable").await;
    served.end().await;
}

/// An address of this machine that is not loopback; nothing is sent to find it.
fn own_address() -> IpAddr {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    // Needs a network interface beside loopback.
    socket.connect("192.0.2.254:9").unwrap();
    socket.local_addr().unwrap().ip()
}

#[tokio::test]
async fn decision_19_plain_http_from_a_stranger_is_misdirected() {
    let own = own_address();
    let config = |networks: &str| {
        let file = format!("[server]\nproxies = [{networks}]\n");
        Config::load(Some(&file), std::iter::empty()).unwrap()
    };
    // Served for a proxy elsewhere: whoever comes by himself is a stranger, whatever he asks.
    let served = Served::at(own, config("\"198.51.100.0/24\"")).await;
    let nonce = json!({ "license_key": "x", "nonce": "nonce-0000" });
    served.refused("/v1/licenses/validate", &nonce, 421, "plain_http").await;
    served.refused("/nowhere", &nonce, 421, "plain_http").await;
    let health = served.client.get(format!("http://{}/health", served.address));
    assert_eq!(health.send().await.unwrap().status(), 200, "a sign of life is for anybody");
    served.end().await;

    let served = Served::at(own, config(&format!("\"{own}\""))).await;
    let (status, answer) = served.post("/v1/licenses/validate", &nonce).await;
    assert_eq!((status, answer["code"].as_str()), (200, Some("unknown_license")), "from the proxy");
    served.end().await;
}
