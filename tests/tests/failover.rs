//! The database dies, is replaced, comes back: through the real server, as products and operators see it.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::process::Command;
use std::time::Duration;

use licentia_testing_postgres::{Cluster, Disk};
use licentia_tests::{Home, Server, catalog, heartbeat};
use serde_json::{Value, json};
use tokio::time::{Instant, interval};

/// Longer than anything takes that works.
const LONG: Duration = Duration::from_secs(60);

/// A primary, its standby and an authority that knows both.
struct Pair {
    old: Cluster,
    new: Cluster,
    home: Home,
}

impl Pair {
    fn start() -> Self {
        let old = Cluster::start(Disk::Durable);
        let database = old.database();
        let name = database.rsplit('/').next().unwrap().to_owned();
        let new = old.standby("standby");
        let home = Home::on(Cluster::url_of_all(&[&old, &new], &name));
        let _ = home.run(&["init"]).done();
        home.import(&catalog(50));
        Self { old, new, home }
    }

    /// The standby has all that the primary had.
    async fn in_step(&self) {
        let behind =
            "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn >= pg_current_wal_lsn()";
        until("the standby is in step", async || self.old.sql(behind).trim() == "1").await;
    }
}

/// Asks until it is so.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    let mut ticks = interval(Duration::from_millis(50));
    while !holds().await {
        ticks.tick().await;
        assert!(began.elapsed() < LONG, "{what}");
    }
}

async fn beats(server: &Server, activation: &Value, generation: u64) -> u16 {
    let beat = heartbeat(activation, generation, "nonce-beat-1");
    server.post("/v1/license/heartbeat", &beat).await.0
}

#[tokio::test]
async fn without_a_primary_it_is_503_with_a_time_and_after_a_promotion_it_goes_on() {
    let pair = Pair::start();
    let server = pair.home.serve();
    let key = pair.home.issue("p", "a")["key"].clone();
    let (status, activation) = server.activate(&key, "c1", "nonce-0001").await;
    assert_eq!(status, 201, "{activation}");
    pair.in_step().await;

    pair.old.kill();
    let beat = heartbeat(&activation, 1, "nonce-0002");
    let refused = server.send("/v1/license/heartbeat", &[], &beat).await;
    assert_eq!((refused.status, &refused.json()["code"]), (503, &json!("unavailable")));
    assert!(refused.retry_after().is_some_and(|seconds| seconds > 0), "{refused:?}");
    assert!(refused.json()["refusal"].is_null(), "no verdict comes of a database that is away");
    let (status, _) = server.activate(&key, "c2", "nonce-0001").await;
    assert_eq!(status, 503);
    let (status, ready) = server.get("/ready").await;
    assert_eq!(status, 503, "{ready}");
    assert_eq!(
        server.get("/health").await.0,
        200,
        "it is the database that is away, not the server"
    );

    pair.new.promote();
    let mut answer = (0, Value::Null);
    until("service is back", async || {
        answer = server.post("/v1/license/heartbeat", &beat).await;
        answer.0 != 503
    })
    .await;
    assert_eq!(answer.0, 200, "{}", answer.1);
    assert_eq!(server.get("/ready").await.0, 200);
}

#[tokio::test]
async fn a_restarted_server_is_not_taken_in_by_a_primary_of_the_past() {
    let pair = Pair::start();
    let key = pair.home.issue("p", "a")["key"].clone();
    pair.in_step().await;
    pair.old.kill();
    pair.new.promote();
    let server = pair.home.serve();
    let (status, activation) = server.activate(&key, "c1", "nonce-0001").await;
    assert_eq!(status, 201, "{activation}");
    assert_eq!(server.terminate(), Some(0));

    // The old one is back and takes itself for the primary; the new one is away.
    let Pair { old, new, home } = pair;
    old.restart();
    new.kill();
    let outcome = home.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_ne!(outcome.status, 0);
    assert!(outcome.stderr.contains("replaced by a promotion"), "{}", outcome.stderr);
    assert_ne!(home.run(&["license", "list"]).status, 0, "the command line is not taken in either");

    new.restart();
    let server = home.serve();
    assert_eq!(beats(&server, &activation, 1).await, 200, "what was acknowledged is there");
}

/// With asynchronous replication what the standby had not received is lost with the primary. It is found, not glossed
/// over, and the product that lost its seat gets one again.
#[tokio::test]
async fn what_asynchronous_replication_loses_is_found_by_the_audit_check() {
    let pair = Pair::start();
    let server = pair.home.serve();
    let key = pair.home.issue("p", "a")["key"].clone();
    let (status, kept) = server.activate(&key, "kept", "nonce-0001").await;
    assert_eq!(status, 201, "{kept}");
    pair.in_step().await;

    pair.new.sql("ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port=1'");
    pair.new.sql("SELECT pg_reload_conf()");
    let streams = "SELECT count(*) FROM pg_stat_replication";
    until("the standby is cut off", async || pair.old.sql(streams).trim() == "0").await;
    let (status, lost) = server.activate(&key, "lost", "nonce-0001").await;
    assert_eq!(status, 201, "acknowledged by the primary alone: {lost}");
    // Told to end, a server writes down where the trail stands.
    assert_eq!(server.terminate(), Some(0));
    pair.old.kill();
    pair.new.promote();

    let report = pair.home.run(&["audit", "verify", "--json"]);
    assert_ne!(report.status, 0);
    let findings = report.json()["findings"].to_string();
    assert!(
        findings.contains("an older backup was restored, or the end was removed"),
        "{findings}"
    );

    let server = pair.home.serve();
    assert_eq!(beats(&server, &kept, 1).await, 200);
    let (status, told) =
        server.post("/v1/license/heartbeat", &heartbeat(&lost, 1, "nonce-0002")).await;
    assert_eq!(status, 401, "{told}");
    let (status, again) = server.activate(&key, "lost", "nonce-0003").await;
    assert_eq!(status, 201, "{again}");
}

#[tokio::test]
async fn the_way_to_the_database_is_encrypted_and_its_certificate_is_checked() {
    let cluster = Cluster::start(Disk::Careless);
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path(), "ours");
    certificate(folder.path(), "other");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let pem = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    cluster.serve_tls(&pem("ours.crt"), &pem("ours.key"));
    let database = cluster.database();

    let home = Home::on(format!("{database}?sslmode=verify-full&sslrootcert={}", at("ours.crt")));
    let _ = home.run(&["init"]).done();
    let server = home.serve();
    assert_eq!(server.get("/ready").await.0, 200);
    let clear = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                 WHERE usename = 'licentia' AND NOT ssl";
    let all = "SELECT count(*) > 0 FROM pg_stat_activity WHERE usename = 'licentia'";
    assert_eq!(cluster.sql(all).trim(), "t");
    assert_eq!(cluster.sql(clear).trim(), "0");

    for wrong in [
        format!("{database}?sslmode=verify-full&sslrootcert={}", at("other.crt")),
        format!("{database}?sslmode=require&sslrootcert={}", at("other.crt")),
    ] {
        let outcome = Home { database: Some(wrong), ..home.replica() }.run(&["product", "list"]);
        assert_ne!(outcome.status, 0);
        assert!(outcome.stderr.to_lowercase().contains("certificate"), "{}", outcome.stderr);
    }
}

/// A certificate for this machine by its own key.
fn certificate(folder: &std::path::Path, name: &str) {
    let (key, crt) = (format!("{name}.key"), format!("{name}.crt"));
    let made = Command::new("openssl")
        .current_dir(folder)
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj"])
        .args(["/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-addext"])
        .args(["basicConstraints=critical,CA:FALSE", "-keyout", &key, "-out", &crt])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
