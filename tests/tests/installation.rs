//! `licentia activate | status | deactivate`, and the exceptions that the authority signs, beside the example.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use licentia_tests::node::Place;
use licentia_tests::{Home, Outcome, checkout};
use serde_json::{Value, json};

struct Scene {
    home: Home,
    license: Value,
    trust: String,
}

impl Scene {
    fn new() -> Self {
        let home = Home::empty();
        let _ = home.run(&["init"]).done();
        let catalog = checkout().join("examples/catalogs/bzzz.toml");
        let _ = home.run(&["product", "import", &catalog.display().to_string()]).done();
        let license = home.issue("bzzz", "standard");
        let trust = home.path("trust.pem");
        std::fs::write(&trust, home.run(&["key", "export", "--public"]).done().stdout).unwrap();
        Self { home, license, trust }
    }

    fn on_installation(&self, verb: &str, url: &str) -> Outcome {
        let state = self.home.path("walnut/state");
        let key = self.license["key"].as_str().unwrap();
        let args = [verb, "--json", "--product", "bzzz", "--trust", &self.trust, "--state-dir"];
        let more = [state.as_str(), "--license-server", url, "--key", "-"];
        self.home.run_with_input(&[&args[..], &more[..]].concat(), key)
    }

    fn live(&self) -> usize {
        let list = self.home.run(&["activation", "list", "--json"]).done();
        list.stdout.lines().filter(|line| line.contains("\"live\":true")).count()
    }

    fn place(&self) -> Place {
        Place::new(self.home.folder.path(), "walnut", self.trust.as_ref())
    }
}

#[tokio::test]
async fn the_command_takes_a_seat_that_the_application_then_uses_and_gives_it_back() {
    let scene = Scene::new();
    let server = scene.home.serve();
    let fresh = scene.on_installation("status", &server.url);
    assert_eq!((fresh.status, &fresh.json()["state"]), (1, &json!("new")), "{fresh:?}");

    let active = scene.on_installation("activate", &server.url).done().json();
    assert_eq!((&active["standing"], &active["tier"]), (&json!("licensed"), &json!("STANDARD")));
    assert_eq!(scene.live(), 1);
    let status = scene.on_installation("status", &server.url).done().json();
    assert_eq!((&status["in_use"], &status["state"]), (&json!(false), &json!("kept")));
    assert_eq!(status["cluster_id"], active["cluster_id"]);

    let section =
        format!("  server_url: \"{}\"\n  license_key: {}\n", server.url, scene.license["key"]);
    let mut node = scene.place().start(&section);
    let licensed = node.until_standing("licensed").await;
    assert_eq!(licensed["cluster_id"], active["cluster_id"]);
    assert_eq!(scene.live(), 1, "the application uses the same seat");
    assert_eq!(scene.on_installation("status", &server.url).done().json()["in_use"], true);
    node.kill().await;

    let _ = scene.on_installation("deactivate", &server.url).done();
    assert_eq!(scene.live(), 0);
    let _ = scene.on_installation("deactivate", &server.url).done();
    drop(server);
    let away = scene.on_installation("activate", "http://127.0.0.1:1");
    assert_eq!(away.status, 3, "{away:?}");
    assert!(!away.stderr.contains(scene.license["key"].as_str().unwrap()));
}

#[tokio::test]
async fn two_processes_on_one_state_directory_hold_one_seat_and_the_second_survives_the_first() {
    let scene = Scene::new();
    let server = scene.home.serve();
    let section =
        format!("  server_url: \"{}\"\n  license_key: {}\n", server.url, scene.license["key"]);
    let mut first = scene.place().start(&section);
    let one = first.until_standing("licensed").await;
    let mut second = scene.place().start(&section);
    let other = second.until_standing("licensed").await;
    assert_eq!(one["cluster_id"], other["cluster_id"]);
    assert_eq!(scene.live(), 1);
    first.kill().await;
    // The second takes the seat over, so an event reaches it at once.
    let id = scene.license["id"].as_str().unwrap();
    let _ = scene.home.run(&["license", "suspend", id]).done();
    let stopped = second.until_standing("stopped").await;
    assert_eq!(stopped["reason"], "suspended");
}

#[tokio::test]
async fn decision_41_exceptions_are_signed_on_record_and_taken_by_the_application() {
    let scene = Scene::new();
    let before = scene.home.run(&["audit", "verify", "--json"]).done().json()["rows"].as_u64();
    let waive = ["license", "waive", "--product", "bzzz", "--for", "1h", "--by", "ada"];
    let waiver = scene.home.run(&[&waive[..], &["--reason", "a move", "--json"]].concat());
    let waiver = waiver.done().json();
    let grace = ["license", "grace", "--product", "bzzz", "--for", "14d", "--plan", "evaluation"];
    let grace = scene.home.run(&[&grace[..], &["--json"]].concat()).done().json();
    let nothing = "  server_url: \"\"\n  cluster_id: c1\n";
    for (name, token, feature, allowed) in [
        ("LICENTIA_LICENSE_WAIVER", &waiver["token"], "advanced-ai-integration", true),
        ("LICENTIA_LICENSE_GRACE", &grace["token"], "task-distribution", true),
        ("LICENTIA_LICENSE_GRACE", &grace["token"], "advanced-ai-integration", false),
    ] {
        let mut node = scene.place().start_with(nothing, &[(name, token.as_str().unwrap())]);
        node.until_gate(feature, allowed).await;
        node.kill().await;
    }
    let (status, _) = scene.place().start(nothing).ended().await;
    assert_eq!(status, Some(1));
    let rows = || scene.home.run(&["audit", "verify", "--json"]).done().json()["rows"].as_u64();
    assert_eq!(rows(), before.map(|before| before + 2));
    // A file that is there already is left alone, and then nothing is signed.
    let kept = scene.home.path("kept.jwt");
    std::fs::write(&kept, "mine").unwrap();
    let refused = [&waive[..], &["--reason", "a move", "--out", &kept]].concat();
    let refused = scene.home.run(&refused);
    assert_eq!(refused.status, 3, "{}", refused.stderr);
    assert_eq!(
        (std::fs::read_to_string(&kept).unwrap(), rows()),
        ("mine".to_owned(), before.map(|b| b + 2))
    );
    for wrong in [
        &["license", "waive", "--product", "bzzz", "--for", "91d", "--by", "a", "--reason", "r"][..],
        &["license", "waive", "--product", "nope", "--for", "1h", "--by", "a", "--reason", "r"],
        &["license", "grace", "--product", "bzzz", "--for", "1h", "--fingerprint", "x"],
    ] {
        assert_eq!(scene.home.run(wrong).status, 2, "{wrong:?}");
    }
}

#[tokio::test]
async fn the_application_takes_its_licence_from_an_env_file_beside_its_configuration() {
    let scene = Scene::new();
    let server = scene.home.serve();
    let place = scene.place();
    let key = scene.license["key"].as_str().unwrap();
    let lines =
        format!("# ours\nexport LICENSE_KEY=\"{key}\"\nLICENSE_SERVER_URL={}\n", server.url);
    std::fs::write(scene.home.path("walnut/.env"), lines).unwrap();
    let mut node = place.start("  cluster_id: c1\n");
    assert_eq!(node.until_standing("licensed").await["cluster_id"], "c1");
    node.kill().await;
    let other = [("LICENSE_KEY", "eyJ-of-the-process")];
    let (status, _) = place.start_with("  cluster_id: c1\n", &other).ended().await;
    assert_eq!(status, Some(1), "the process's own variables come first");
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_put_right_by_the_authority_and_gives_no_time_without_it() {
    let scene = Scene::new();
    let server = scene.home.serve();
    let section =
        format!("  server_url: \"{}\"\n  license_key: {}\n", server.url, scene.license["key"]);
    let place = scene.place();
    let clock = scene.home.path("clock");
    let variables = [
        ("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1"),
        ("FAKETIME_TIMESTAMP_FILE", clock.as_str()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    let start = |offset: &str| {
        std::fs::write(&clock, offset).unwrap();
        place.start_with(&section, &variables)
    };
    for offset in ["+0", "-2d", "+400d"] {
        let mut node = start(offset);
        node.until_standing("licensed").await;
        node.kill().await;
    }
    drop(server);
    let mut ends = Vec::new();
    // The last start shows that a clock which ran ahead for a while has locked nobody out.
    for (offset, reason) in
        [("+0", "unreachable"), ("-2d", "clock_set_back"), ("+400d", ""), ("+0", "unreachable")]
    {
        let mut node = start(offset);
        if reason.is_empty() {
            let (status, stderr) = node.ended().await;
            assert_eq!(status, Some(1));
            assert!(stderr.contains("has expired"), "{stderr}");
            continue;
        }
        let grace = node.until_standing("grace").await;
        assert_eq!(grace["reason"], reason);
        ends.push(grace["grace_until"].clone());
        node.kill().await;
    }
    assert!(
        ends.iter().all(|end| *end == ends[0]),
        "no clock moves the end of the lease: {ends:?}"
    );
}

#[tokio::test]
async fn a_kill_at_any_write_of_a_start_costs_no_seat_and_no_later_start() {
    let scene = Scene::new();
    let server = scene.home.serve();
    let section =
        format!("  server_url: \"{}\"\n  license_key: {}\n", server.url, scene.license["key"]);
    // Killed at the first, second, … call of a thread that writes, until a start makes fewer than that.
    let mut killed = 0;
    for call in 1..=32 {
        let trace = scene.home.path("trace");
        let calls = "write,fsync,fdatasync,rename,renameat2";
        let (only, inject) =
            (format!("trace={calls}"), format!("inject={calls}:signal=SIGKILL:when={call}"));
        // -D: the node itself is the child, so what kills the child kills no strace that would let the node go on.
        let strace = ["strace", "-D", "-f", "-qq", "-o", &trace, "-e", &only, "-e", &inject];
        let mut node = scene.place().start_under(&strace, &section);
        let survived = node.reaches("licensed").await;
        node.kill().await;
        if survived {
            break;
        }
        killed += 1;
    }
    assert!(killed >= 3, "killed {killed} times");
    let mut node = scene.place().start(&section);
    node.until_standing("licensed").await;
    assert_eq!(scene.live(), 1);
    let (status, stderr) = node.terminate().await;
    assert_eq!((status, scene.live()), (Some(0), 0), "{stderr}");
}
