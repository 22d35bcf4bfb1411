//! The guard inside a product, against the real authority: the example node as its users see it.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::path::PathBuf;

use licentia_tests::node::Place;
use licentia_tests::{Home, Server, checkout};
use serde_json::{Value, json};

struct Scene {
    home: Home,
    license: Value,
    trust: PathBuf,
}

impl Scene {
    fn of(product: &str, plan: &str) -> Self {
        let home = Home::empty();
        let _ = home.run(&["init"]).done();
        let catalog = checkout().join(format!("examples/catalogs/{product}.toml"));
        let _ = home.run(&["product", "import", &catalog.display().to_string()]).done();
        let license = home.issue(product, plan);
        let trust = PathBuf::from(home.path("trust.pem"));
        std::fs::write(&trust, home.run(&["key", "export", "--public"]).done().stdout).unwrap();
        Self { home, license, trust }
    }

    fn id(&self) -> &str {
        self.license["id"].as_str().unwrap()
    }

    fn place(&self, name: &str) -> Place {
        Place::new(self.home.folder.path(), name, &self.trust)
    }

    fn section(&self, url: &str, cluster: &str, more: &str) -> String {
        format!(
            "  server_url: \"{url}\"\n  license_key: {}\n  cluster_id: \"{cluster}\"\n  email: ada@example.com\n{more}",
            self.license["key"]
        )
    }

    fn live(&self) -> usize {
        let list = self.home.run(&["activation", "list", "--json"]).done();
        list.stdout.lines().filter(|line| line.contains("\"live\":true")).count()
    }
}

fn free_port() -> String {
    // Bound and let go: nothing listens there now.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    format!("http://{address}")
}

#[tokio::test]
async fn it_activates_gates_features_and_stops_at_once_when_suspended() {
    let scene = Scene::of("bzzz", "standard");
    let server = scene.home.serve();
    let place = scene.place("walnut");
    let mut node = place.start(&scene.section(&server.url, "c1", ""));
    let licensed = node.until_standing("licensed").await;
    assert_eq!((&licensed["tier"], &licensed["cluster_id"]), (&json!("STANDARD"), &json!("c1")));
    node.until_gate("task-distribution", true).await;
    node.until_gate("advanced-ai-integration", true).await;
    assert_eq!(scene.live(), 1);

    // Heartbeats are 15 minutes apart: it is the event that brings this.
    let _ = scene.home.run(&["license", "suspend", scene.id()]).done();
    let stopped = node.until_standing("stopped").await;
    assert_eq!(stopped["reason"], "suspended");
    let (status, stderr) = node.ended().await;
    assert_eq!(status, Some(1));
    assert!(stderr.contains("suspended") && stderr.contains("Ask the vendor"), "{stderr}");

    let (status, stderr) = place.start(&scene.section(&server.url, "c1", "")).ended().await;
    assert_eq!(status, Some(1), "{stderr}");
    let _ = scene.home.run(&["license", "resume", scene.id()]).done();
    let mut node = place.start(&scene.section(&server.url, "c1", ""));
    node.until_standing("licensed").await;
    let (status, stderr) = node.terminate().await;
    assert_eq!(status, Some(0), "{stderr}");
    assert_eq!(scene.live(), 0, "the seat is given back");
}

#[tokio::test]
async fn without_a_licence_it_refuses_to_start_and_says_why() {
    let scene = Scene::of("bzzz", "evaluation");
    let server = scene.home.serve();
    let place = scene.place("walnut");
    let none = format!("  server_url: \"{}\"\n  cluster_id: c1\n", server.url);
    let (status, stderr) = place.start(&none).ended().await;
    assert_eq!(status, Some(1), "{stderr}");
    assert!(stderr.contains("no licence"), "{stderr}");

    let garbage = format!("{none}  license_key: eyJ-garbage\n");
    let (status, stderr) = place.start(&garbage).ended().await;
    assert_eq!(status, Some(1), "{stderr}");
    assert!(!stderr.contains("eyJ-garbage"), "{stderr}");

    let other = Scene::of("tmws", "pro");
    let (status, stderr) = place.start(&other.section(&server.url, "c1", "")).ended().await;
    assert_eq!(status, Some(1), "{stderr}");
    assert_eq!(scene.live(), 0);
}

#[tokio::test]
async fn a_seat_too_many_does_not_start() {
    let scene = Scene::of("bzzz", "evaluation");
    let server = scene.home.serve();
    let mut first = scene.place("first").start(&scene.section(&server.url, "c1", ""));
    first.until_standing("licensed").await;
    first.until_gate("advanced-ai-integration", false).await;
    let (status, stderr) =
        scene.place("second").start(&scene.section(&server.url, "c2", "")).ended().await;
    assert_eq!(status, Some(1));
    assert!(stderr.contains("seats"), "{stderr}");
    let (status, stderr) =
        scene.place("third").start(&scene.section(&server.url, "c1", "  nodes: 4\n")).ended().await;
    assert_eq!(status, Some(1), "{stderr}");
}

#[tokio::test]
async fn where_the_product_degrades_it_drops_to_free_and_stays_there() {
    let scene = Scene::of("muonroi", "enterprise");
    let server = scene.home.serve();
    let more = "  product: muonroi\n  env_prefix: MUONROI\n  enforcement: degrade\n  \
                gates: [rule-engine, http.request]\n  free_features: [http.request]\n";
    let mut node = scene.place("rules").start(&scene.section(&server.url, "c1", more));
    node.until_standing("licensed").await;
    node.until_gate("rule-engine", true).await;
    let _ = scene.home.run(&["license", "suspend", scene.id()]).done();
    node.until_standing("free").await;
    let refused = node.until_gate("rule-engine", false).await;
    assert!(refused["message"].as_str().unwrap().contains("rule-engine"), "{refused}");
    node.until_gate("http.request", true).await;
    let (status, stderr) = node.terminate().await;
    assert_eq!(status, Some(0), "{stderr}");
}

#[tokio::test]
async fn decision_8_a_start_without_the_authority_runs_on_an_unexpired_lease_or_as_the_preset_says()
{
    let scene = Scene::of("bzzz", "standard");
    let server = scene.home.serve();
    let place = scene.place("walnut");
    let section = scene.section(&server.url, "c1", "");
    let mut node = place.start(&section);
    node.until_standing("licensed").await;
    node.kill().await;
    drop(server);

    let mut node = place.start(&section);
    node.until("running on its lease", |line| {
        line["event"] == "standing"
            && (line["standing"] == "licensed" || line["standing"] == "grace")
    })
    .await;
    node.until_gate("task-distribution", true).await;
    node.kill().await;

    // Another cluster has no lease of its own.
    let away = free_port();
    let (status, stderr) =
        scene.place("strict").start(&scene.section(&away, "c2", "")).ended().await;
    assert_eq!(status, Some(1), "{stderr}");
    assert!(!stderr.contains("invalid"), "a network failure is no invalid licence: {stderr}");
    let degrade = scene.section(&away, "c3", "  enforcement: degrade\n");
    scene.place("degrade").start(&degrade).until_standing("free").await;
    let lenient = scene.section(&away, "c4", "  enforcement: lenient\n");
    scene.place("lenient").start(&lenient).until_standing("licensed").await;
}

#[tokio::test]
async fn a_fake_authority_cannot_keep_it_alive_nor_stop_it() {
    let scene = Scene::of("bzzz", "standard");
    let fake = Scene::of("bzzz", "standard");
    let impostor: Server = fake.home.serve();
    // The impostor knows another vendor's keys only, so to this build it is not there.
    let section = scene.section(&impostor.url, "c1", "");
    let (status, stderr) = scene.place("strict").start(&section).ended().await;
    assert_eq!(status, Some(1), "{stderr}");
    let lenient = scene.section(&impostor.url, "c1", "  enforcement: lenient\n");
    scene.place("lenient").start(&lenient).until_standing("licensed").await;
}

#[tokio::test]
async fn a_licence_bound_to_this_machine_runs_here_and_one_bound_elsewhere_does_not() {
    let mut scene = Scene::of("bzzz", "standard");
    let server = scene.home.serve();
    let machine = scene.home.run(&["fingerprint", "--product", "bzzz", "--json"]).done().json();
    let [parts, host_mac] =
        ["parts", "host_mac"].map(|scheme| machine[scheme].as_str().unwrap().to_owned());
    let elsewhere = "host-mac:0123456789abcdef".to_owned();
    for (bind, standing) in [(parts, "licensed"), (host_mac, "licensed"), (elsewhere, "stopped")] {
        let issue =
            ["license", "issue", "--json", "--product", "bzzz", "--email", "ada@example.com"];
        scene.license =
            scene.home.run(&[&issue[..], &["--days", "9", "--bind", &bind]].concat()).done().json();
        for (name, url) in [("online", server.url.as_str()), ("offline", "")] {
            let section = scene.section(url, "c1", "");
            let mut node = scene.place(&format!("{}-{name}", bind.len())).start(&section);
            if standing == "licensed" {
                node.until_standing(standing).await;
                node.kill().await;
            } else {
                let (status, stderr) = node.ended().await;
                assert_eq!(status, Some(1), "{stderr}");
                assert!(stderr.contains("another machine"), "{stderr}");
            }
        }
    }
}
