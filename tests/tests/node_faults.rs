//! The example node killed in the middle of whatever it does, its clock changed under it, its stream of events cut:
//! each start after that runs, holds the one seat it held, and gives it back at the end.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::time::Duration;

use licentia_tests::gate::{Gate, Hold};
use licentia_tests::node::{Node, Place};
use licentia_tests::{Home, Server};
use serde_json::Value;

const ACTIVATE: &str = "/activate";
const HEARTBEAT: &str = "/heartbeat";
const DEACTIVATE: &str = "/deactivate";

struct Scene {
    home: Home,
    license: Value,
    server: Server,
    gate: Gate,
    place: Place,
}

impl Scene {
    /// One seat, so that a second one taken for the same installation would be refused.
    async fn new(heartbeat: &str) -> Self {
        let home = Home::with_catalog(&format!(
            "[product]\ncode = \"bzzz\"\nname = \"BZZZ\"\ndefault_plan = \"a\"\nheartbeat = \"{heartbeat}\"\n\
             grace = \"24h\"\n\n[[plan]]\ncode = \"a\"\ntier = \"A\"\nrank = 1\nseats = 1\nfeatures = [\"task-distribution\"]\n"
        ));
        let license = home.issue("bzzz", "a");
        let trust = home.path("trust.pem");
        std::fs::write(&trust, home.run(&["key", "export", "--public"]).done().stdout).unwrap();
        let place = Place::new(home.folder.path(), "walnut", trust.as_ref());
        let server = home.serve();
        let gate = Gate::before(&server.url).await;
        Self { home, license, server, gate, place }
    }

    fn section(&self) -> String {
        format!("  server_url: \"{}\"\n  license_key: {}\n", self.gate.url, self.license["key"])
    }

    fn start(&self) -> Node {
        self.place.start(&self.section())
    }

    fn live(&self) -> usize {
        let list = self.home.run(&["activation", "list", "--json"]).done();
        list.stdout.lines().filter(|line| line.contains("\"live\":true")).count()
    }

    /// A start after what happened: it runs and has the one seat.
    async fn runs_again(&self, after: &str) {
        self.gate.hold(Hold::Nothing);
        let mut node = self.start();
        node.until_standing("licensed").await;
        assert_eq!(self.live(), 1, "after {after}");
        let (status, stderr) = node.terminate().await;
        assert_eq!((status, self.live()), (Some(0), 0), "after {after}: {stderr}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_a_call_is_under_way_locks_nobody_out_and_costs_no_seat() {
    let scene = Scene::new("15m").await;
    for (phase, hold, live) in [
        ("an activation that did not arrive", Hold::Question(ACTIVATE), 0),
        ("an activation whose answer was not heard", Hold::Answer(ACTIVATE), 1),
        ("a heartbeat that did not arrive", Hold::Question(HEARTBEAT), 1),
        ("a heartbeat whose answer was not heard", Hold::Answer(HEARTBEAT), 1),
    ] {
        scene.gate.hold(hold);
        let node = scene.start();
        scene.gate.held().await;
        node.kill().await;
        assert_eq!(scene.live(), live, "{phase}");
        scene.runs_again(phase).await;
    }
    for (phase, hold, live) in [
        ("a farewell that did not arrive", Hold::Question(DEACTIVATE), 1),
        ("a farewell whose answer was not heard", Hold::Answer(DEACTIVATE), 0),
    ] {
        scene.gate.hold(hold);
        let mut node = scene.start();
        node.until_standing("licensed").await;
        node.signal("TERM").await;
        scene.gate.held().await;
        node.kill().await;
        assert_eq!(scene.live(), live, "{phase}");
        scene.runs_again(phase).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_idle_keeps_the_lease_and_one_while_the_seat_is_given_back_does_not() {
    let mut scene = Scene::new("15m").await;
    let mut node = scene.start();
    node.until_standing("licensed").await;
    scene.gate.answered(HEARTBEAT, 1).await;
    node.kill().await;
    scene.server.kill();
    let mut node = scene.start();
    node.until_standing("grace").await;
    node.kill().await;
    scene.server = scene.home.serve();
    scene.gate = Gate::before(&scene.server.url).await;

    scene.gate.hold(Hold::Answer(DEACTIVATE));
    let mut node = scene.start();
    node.until_standing("licensed").await;
    node.signal("TERM").await;
    scene.gate.held().await;
    node.kill().await;
    assert_eq!(scene.live(), 0, "the seat is free for others");
    scene.gate.hold(Hold::Question(ACTIVATE));
    scene.server.kill();
    scene.gate = Gate::before("127.0.0.1:1").await;
    let (status, stderr) = scene.start().ended().await;
    assert_eq!(status, Some(1), "so its lease is not run on: {stderr}");
    assert!(stderr.contains("could not be reached"), "{stderr}");
    scene.server = scene.home.serve();
    scene.gate = Gate::before(&scene.server.url).await;
    scene.runs_again("a farewell").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_save_of_a_whole_life_locks_nobody_out_and_costs_no_seat() {
    let scene = Scene::new("2s").await;
    let mut killed = 0;
    for call in 1..=40 {
        let trace = scene.home.path("trace");
        let calls = "fsync,rename,renameat2";
        let (only, inject) =
            (format!("trace={calls}"), format!("inject={calls}:signal=SIGKILL:when={call}"));
        // -D: the node itself is the child, so what kills the child kills no strace that would let the node go on.
        let strace = ["strace", "-D", "-f", "-qq", "-o", &trace, "-e", &only, "-e", &inject];
        let before = scene.gate.count(HEARTBEAT);
        let node = scene.place.start_under(&strace, &scene.section());
        // Start, activation, a heartbeat that is saved before the next, and then it is told to end.
        let ended = node.terminate_once(scene.gate.answered(HEARTBEAT, before + 2)).await;
        if ended == Some(0) {
            break;
        }
        assert_eq!(ended, None, "killed at save {call}");
        killed += 1;
        scene.runs_again(&format!("a kill at call {call}")).await;
    }
    // Three calls a save: of the activation and of the farewell always, of a heartbeat where it was not cut off.
    assert!((6..40).contains(&killed), "killed {killed} times");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_reaches_a_node_that_hears_no_events_by_its_next_heartbeat() {
    let scene = Scene::new("2s").await;
    scene.gate.hold(Hold::Question("/events"));
    let mut node = scene.start();
    node.until_standing("licensed").await;
    scene.gate.held().await;
    scene.gate.answered(HEARTBEAT, 2).await;
    let id = scene.license["id"].as_str().unwrap();
    let _ = scene.home.run(&["license", "suspend", id]).done();
    let before = scene.gate.count(HEARTBEAT);
    let stopped = node.until_standing("stopped").await;
    assert_eq!(stopped["reason"], "suspended");
    // The one that was under way at the suspension, and the one that brought it.
    assert!(scene.gate.count(HEARTBEAT) <= before + 2);
    assert_eq!(scene.gate.count("/events"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_changed_under_a_running_node_ends_no_right_and_gives_none() {
    let mut scene = Scene::new("2s").await;
    let clock = scene.home.path("clock");
    let variables = [
        ("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1"),
        ("FAKETIME_TIMESTAMP_FILE", clock.as_str()),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    // In one step: half a file would be no time.
    let set = |offset: &str| {
        let next = format!("{clock}.next");
        std::fs::write(&next, offset).unwrap();
        std::fs::rename(&next, &clock).unwrap();
    };
    let id = scene.license["id"].as_str().unwrap().to_owned();

    // A week asleep, an hour back, beyond 2038, before 1970, and right again.
    set("+0");
    let mut node = scene.place.start_with(&scene.section(), &variables);
    node.until_standing("licensed").await;
    for offset in ["+7d", "-1h", "+4700d", "-20000d", "+0"] {
        set(offset);
        // The first may have been under way already.
        scene.gate.answered(HEARTBEAT, scene.gate.count(HEARTBEAT) + 2).await;
    }
    let _ = scene.home.run(&["license", "suspend", &id]).done();
    let stopped = node.until_standing("stopped").await;
    assert_eq!(stopped["reason"], "suspended", "no clock stopped it before");
    let _ = node.ended().await;
    let _ = scene.home.run(&["license", "resume", &id]).done();

    // Forward past the lease with nobody to ask.
    let mut node = scene.place.start_with(&scene.section(), &variables);
    node.until_standing("licensed").await;
    scene.server.kill();
    set("+2d");
    let stopped = node.until_standing("stopped").await;
    assert_eq!(stopped["reason"], "unreachable", "which is no invalid licence");
    tokio::time::timeout(Duration::from_secs(30), node.ended()).await.unwrap();
}
