//! Several servers on one database, behind a balancer and without.

#![expect(clippy::panic, clippy::unwrap_used, reason = "helpers of tests are tests")]
#![expect(clippy::print_stdout, reason = "how long it took is told with --nocapture")]

use std::collections::HashMap;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use licentia_testing_postgres::Cluster;
use licentia_tests::{Home, Server, catalog, heartbeat};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, timeout};

const CLIENTS: usize = 32;
const LONG: Duration = Duration::from_secs(30);

/// Two replicas, and the first one's home for the command line.
fn pair(seats: u32) -> (Home, Home) {
    let one = Home::on(Cluster::shared().database());
    let _ = one.run(&["init"]).done();
    one.import(&catalog(seats));
    let other = one.replica();
    (one, other)
}

#[tokio::test]
async fn a_suspension_on_one_replica_is_heard_on_the_other_within_a_second() {
    let (one, other) = pair(5);
    let (first, second) = (one.serve(), other.serve());
    let license = one.issue("p", "a");
    let id = license["id"].as_str().unwrap();
    let (status, activation) = first.activate(&license["key"], "c1", "nonce-0001").await;
    assert_eq!(status, 201);
    // The other replica knows token and generation, and what it knows it has from the database.
    let beat = heartbeat(&activation, 1, "nonce-0002");
    assert_eq!(second.post("/v1/license/heartbeat", &beat).await.0, 200);

    let mut stream = reqwest::Client::new()
        .get(format!("{}/v1/license/events", second.url))
        .bearer_auth(activation["access_token"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(stream.status(), 200);
    let (heard_at, heard) = oneshot::channel();
    tokio::spawn(async move {
        let mut text = String::new();
        while let Ok(Some(chunk)) = stream.chunk().await {
            text.push_str(&String::from_utf8_lossy(&chunk));
            if text.contains("suspended") {
                let _ = heard_at.send(Instant::now());
                return;
            }
        }
    });
    let _ = one.run(&["license", "suspend", id]).done();
    let suspended = Instant::now();
    let heard = timeout(LONG, heard).await.unwrap().unwrap();
    let took = heard.saturating_duration_since(suspended);
    println!("heard {took:?} after the command had ended");
    assert!(took < Duration::from_secs(1), "{took:?}");
    let beat = heartbeat(&activation, 2, "nonce-0003");
    let (status, problem) = second.post("/v1/license/heartbeat", &beat).await;
    assert_eq!((status, &problem["code"]), (403, &json!("suspended")));
    assert!(problem["refusal"].is_string());
}

/// A credential that is good on both replicas is good on neither from the moment it ends on one.
#[tokio::test]
async fn t5_a_token_revoked_or_expired_and_a_session_ended_fail_on_every_replica_at_the_next_request()
 {
    let (one, other) = pair(1);
    let clock = one.path("clock");
    let start = |home: &Home| {
        let mut command = home.command();
        // Their clock is moved by this file, the same for both.
        command.env("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1");
        command.env("FAKETIME_TIMESTAMP_FILE", &clock).env("FAKETIME_NO_CACHE", "1");
        command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        Server::start(command)
    };
    std::fs::write(&clock, "+0").unwrap();
    let servers = [start(&one), start(&other)];
    let client = reqwest::Client::new();
    let ask =
        async |method: reqwest::Method, server: usize, path: &str, token: &str, body: &Value| {
            let url = format!("{}/v1/admin/{path}", servers[server].url);
            let request = client.request(method, url).bearer_auth(token).json(body);
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap_or_default())
        };
    let nothing = json!({});
    let looks = async |token: &str| {
        let mut statuses = [0; 2];
        for (server, status) in statuses.iter_mut().enumerate() {
            *status = ask(reqwest::Method::GET, server, "licenses", token, &nothing).await.0;
        }
        statuses
    };
    let password = one.path("password");
    std::fs::write(&password, "correct horse battery").unwrap();
    let _ = one
        .run(&["operator", "create", "ada", "--role", "owner", "--password-file", &password])
        .done();
    let make = |name: &str, more: &[&str]| {
        let args = ["token", "create", name, "--operator", "ada", "--scope", "admin", "--json"];
        one.run(&[&args[..], more].concat()).done().json()
    };
    let text = |made: &Value, field: &str| made[field].as_str().unwrap().to_owned();
    let owner = text(&make("mine", &[]), "token");
    let ending = make("ending", &["--expires", "2099-12-31"]);
    let log_in = json!({ "name": "ada", "password": "correct horse battery" });

    for server in [0, 1] {
        let elsewhere = 1 - server;
        let token = make("revoked", &[]);
        let path = format!("tokens/{}", text(&token, "id"));
        let token = text(&token, "token");
        // Known to both, and lately used.
        assert_eq!((looks(&token).await, looks(&token).await), ([200; 2], [200; 2]));
        let revoked = ask(reqwest::Method::DELETE, server, &path, &owner, &nothing).await;
        assert_eq!(revoked.0, 200, "{revoked:?}");
        let refused = ask(reqwest::Method::GET, elsewhere, "licenses", &token, &nothing).await;
        assert_eq!((refused.0, &refused.1["code"]), (401, &json!("unauthenticated")));
        assert_eq!(looks(&token).await, [401; 2]);

        let session = ask(reqwest::Method::POST, server, "sessions", "", &log_in).await;
        assert_eq!(session.0, 201, "{session:?}");
        let path = format!("sessions/{}", text(&session.1, "id"));
        let session = text(&session.1, "token");
        assert_eq!(looks(&session).await, [200; 2]);
        let ended = ask(reqwest::Method::DELETE, server, &path, &owner, &nothing).await;
        assert_eq!(ended.0, 204, "{ended:?}");
        assert_eq!(
            ask(reqwest::Method::GET, elsewhere, "licenses", &session, &nothing).await.0,
            401
        );
    }

    let ending = text(&ending, "token");
    assert_eq!(looks(&ending).await, [200; 2]);
    // In one step: half a file would be no time.
    let next = one.path("clock.next");
    std::fs::write(&next, "+36500d").unwrap();
    std::fs::rename(&next, &clock).unwrap();
    assert_eq!(looks(&ending).await, [401; 2]);
    assert_eq!(looks(&owner).await, [200; 2]);
}

#[tokio::test]
async fn a_replica_without_the_master_key_is_told_what_is_missing_and_makes_none() {
    let (one, _) = pair(1);
    let stranger = Home::on(one.database.clone().unwrap());
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["init"]] {
        let outcome = stranger.run(command);
        assert_eq!(outcome.status, 3, "{outcome:?}");
        assert!(outcome.stderr.contains("master.key is missing"), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("try: copy master.key"), "{}", outcome.stderr);
        assert!(!stranger.data().join("master.key").exists());
    }
}

#[test]
fn the_password_of_the_database_is_told_to_nobody() {
    let secret = "hunter2hunter2";
    for url in [
        format!("postgres://licentia:{secret}@127.0.0.1:1/absent"),
        format!("postgres://licentia:{secret}@127.0.0.1/x?colour=blue"),
        format!("mysql://licentia:{secret}@127.0.0.1/x"),
    ] {
        let home = Home::on(url.clone());
        for outcome in [home.run(&["init"]), home.run(&["license", "list", "--database", &url])] {
            assert_ne!(outcome.status, 0);
            assert!(!outcome.stderr.contains(secret), "{}", outcome.stderr);
        }
        assert!(!home.run(&["init", "--help"]).done().stdout.contains(secret));
    }
    let home = Home::on(Cluster::shared().database());
    let mut init = home.command();
    let output = init.env("RUST_LOG", "trace").arg("init").output().unwrap();
    assert!(output.status.success());
    let said = [output.stdout, output.stderr].concat();
    assert!(!String::from_utf8_lossy(&said).contains(Cluster::password()));
}

#[tokio::test]
async fn a_file_may_name_the_database_and_a_wrong_key_is_named() {
    let (one, _) = pair(1);
    let home = Home { database: None, ..one.replica() };
    std::fs::write(home.data().join("url"), one.database.as_deref().unwrap()).unwrap();
    let url_file = home.data().join("url").display().to_string();
    std::fs::write(
        home.data().join("licentia.toml"),
        format!("[database]\nurl_file = {url_file:?}\n"),
    )
    .unwrap();
    let listed = home.run(&["product", "list", "--json"]).done();
    assert!(listed.stdout.contains("\"code\":\"p\""), "{}", listed.stdout);
    assert_eq!(home.serve().get("/ready").await.0, 200);
}

/// Told to stop, a replica says so before it closes its port; its own answers all arrive.
#[tokio::test]
async fn a_stopping_replica_is_not_ready_first_and_answers_meanwhile() {
    let (one, _) = pair(1);
    let mut command = one.command();
    command.env("LICENTIA_SERVER__DRAIN_S", "2");
    let server = Server::start(command);
    assert_eq!(server.get("/ready").await.0, 200);
    server.signal("TERM");
    let mut ticks = interval(Duration::from_millis(10));
    let began = Instant::now();
    while server.get("/ready").await.0 != 503 {
        ticks.tick().await;
        assert!(began.elapsed() < LONG, "it never says that it stops");
    }
    assert_eq!(server.get("/health").await.0, 200, "it still answers");
    assert_eq!(server.wait(), Some(0));
}

/// Tells a balancer's configuration where the replicas are.
struct Balancer {
    child: Child,
    url: String,
    _folder: TempDir,
}

impl Balancer {
    fn before(servers: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let mut text = format!(
            "defaults\n mode http\n timeout connect 1s\n timeout client 30s\n timeout server 30s\n \
             timeout check 2s\nlisten licentia\n bind 127.0.0.1:{port}\n balance roundrobin\n \
             option httpchk GET /ready\n option redispatch 1\n retries 3\n \
             retry-on conn-failure\n default-server check inter 100ms fall 1 rise 1\n"
        );
        for (n, server) in servers.iter().enumerate() {
            text.push_str(&format!(" server r{n} {}\n", server.trim_start_matches("http://")));
        }
        let path = folder.path().join("haproxy.cfg");
        std::fs::write(&path, text).unwrap();
        let child = Command::new("haproxy")
            .arg("-f")
            .arg(&path)
            .env("PATH", "/usr/sbin:/usr/bin:/bin")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("haproxy: {e}; on Debian: apt-get install haproxy"));
        Self { child, url: format!("http://127.0.0.1:{port}"), _folder: folder }
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Posts once; status 0 where no answer came back.
async fn post(client: &reqwest::Client, url: String, body: Value) -> (u16, Value) {
    let Ok(answer) = client.post(url).json(&body).send().await else { return (0, Value::Null) };
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or(Value::Null))
}

async fn answers(client: &reqwest::Client, url: &str) {
    let mut ticks = interval(Duration::from_millis(20));
    let began = Instant::now();
    loop {
        ticks.tick().await;
        if let Ok(answer) = client.get(format!("{url}/ready")).send().await
            && answer.status().is_success()
        {
            return;
        }
        assert!(began.elapsed() < LONG, "the balancer has no replica");
    }
}

/// Two replicas behind a balancer, 32 clients for five seats; in every third round one replica is killed in the
/// middle. The clients ask again with the same nonce until they have an answer.
#[tokio::test(flavor = "multi_thread")]
async fn exactly_the_limit_behind_a_balancer_while_replicas_are_killed() {
    let (one, other) = pair(5);
    let homes = [&one, &other];
    let mut servers = [one.serve(), other.serve()];
    let rounds = rounds();
    let mut kills = 0;
    for round in 0..rounds {
        let balancer = Balancer::before(&[&servers[0].url, &servers[1].url]);
        let client = reqwest::Client::new();
        answers(&client, &balancer.url).await;
        let key = one.issue("p", "a")["key"].clone();
        let mut racers = JoinSet::new();
        for n in 0..CLIENTS {
            let (client, key) = (client.clone(), key.clone());
            let url = format!("{}/v1/license/activate", balancer.url);
            racers.spawn(async move {
                let cluster = format!("cluster-{n}");
                let body =
                    json!({ "license_key": key, "cluster_id": cluster, "nonce": "nonce-0001" });
                let began = Instant::now();
                loop {
                    let (status, answer) = post(&client, url.clone(), body.clone()).await;
                    match status {
                        200 | 201 => return (cluster, Some(answer)),
                        409 if answer["code"] == "no_free_seat" => return (cluster, None),
                        0 | 502 | 503 | 504 => tokio::time::sleep(Duration::from_millis(20)).await,
                        other => panic!("{cluster}: {other} {answer}"),
                    }
                    assert!(began.elapsed() < LONG, "{cluster} never had an answer");
                }
            });
        }
        let victim = round % 2;
        if round % 3 == 0 {
            // Some clients have their answer by then, the others are on their way.
            let first = racers.join_next().await.unwrap().unwrap();
            racers.spawn(async move { first });
            servers[victim].kill();
            kills += 1;
        }
        let granted: HashMap<String, Value> = racers
            .join_all()
            .await
            .into_iter()
            .filter_map(|(cluster, answer)| Some((cluster, answer?)))
            .collect();
        assert_eq!(granted.len(), 5, "round {round}");
        if round % 3 == 0 {
            servers[victim] = homes[victim].serve();
        }
        let server = &servers[1 - victim];
        for (cluster, activation) in &granted {
            // Asked twice, the first answer being lost, the seat is at its second generation.
            let generation = licentia_tests::claims(&activation["lease"])["generation"].as_u64();
            let beat = heartbeat(activation, generation.unwrap(), "nonce-0002");
            let (status, body) = server.post("/v1/license/heartbeat", &beat).await;
            assert_eq!(status, 200, "round {round}: {cluster} lost its seat: {body}");
        }
    }
    assert!(kills > 0);
    let report = one.run(&["audit", "verify", "--json"]).done().json();
    assert_eq!(report["valid"], true, "{report}");
}

/// A rolling restart under load: every request has its answer from one replica or the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_drops_no_request() {
    let (one, other) = pair(5);
    let start = |home: &Home| {
        let mut command = home.command();
        command.env("LICENTIA_SERVER__DRAIN_S", "1");
        Server::start(command)
    };
    let (first, second) = (start(&one), start(&other));
    let balancer = Balancer::before(&[&first.url, &second.url]);
    let client = reqwest::Client::new();
    answers(&client, &balancer.url).await;
    let key = one.issue("p", "a")["key"].clone();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut clients = JoinSet::new();
    for _ in 0..8 {
        let (client, url, stopped, key) = (
            client.clone(),
            format!("{}/v1/licenses/validate", balancer.url),
            stopped.clone(),
            key.clone(),
        );
        clients.spawn(async move {
            let mut answered = 0;
            while !*stopped.borrow() {
                let (status, body) =
                    post(&client, url.clone(), json!({ "license_key": key })).await;
                assert_eq!(status, 200, "after {answered} answers: {body}");
                answered += 1;
            }
            answered
        });
    }
    assert_eq!(tokio::task::spawn_blocking(|| first.terminate()).await.unwrap(), Some(0));
    stop.send(true).unwrap();
    let answered: u32 = clients.join_all().await.into_iter().sum();
    assert!(answered > 20, "{answered}");
    drop(second);
}

/// Six rounds as a rule, two of them with a kill; the soak asks for a thousand.
#[expect(clippy::disallowed_methods, reason = "the soak says how many")]
fn rounds() -> usize {
    std::env::var("LICENTIA_REPLICA_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(6)
}
