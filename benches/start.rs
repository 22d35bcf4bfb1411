//! How long a product takes to its first standing with a cached lease and no authority, as a process, and the memory
//! that is its own then (goal P12).
//!
//! `cargo build --release -p licentia-cli -p licentia-cluster-node && cargo bench -p licentia-tests --bench start`: the
//! example node activates at a real authority and is killed, so that its lease stays; then the authority ends. A process
//! that does nothing is started in turns with it.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints what it measured"
)]

use std::process::Command;
use std::time::Instant;

use licentia_tests::node::Place;
use licentia_tests::{Home, checkout};
use serde_json::Value;

const STARTS: usize = 51;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let home = Home::empty();
    let _ = home.run(&["init"]).done();
    let catalog = checkout().join("examples/catalogs/bzzz.toml");
    let _ = home.run(&["product", "import", &catalog.display().to_string()]).done();
    let license = home.issue("bzzz", "standard");
    let trust = home.folder.path().join("trust.pem");
    std::fs::write(&trust, home.run(&["key", "export", "--public"]).done().stdout).unwrap();
    let server = home.serve();
    let section = format!(
        "  server_url: \"{}\"\n  license_key: {}\n  cluster_id: \"c1\"\n  email: ada@example.com\n",
        server.url, license["key"]
    );
    let place = Place::new(home.folder.path(), "walnut", &trust);
    let mut node = place.start(&section);
    node.until_standing("licensed").await;
    node.kill().await;
    drop(server);

    let (mut starts, mut nothing, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let began = Instant::now();
        assert!(Command::new("true").status().unwrap().success());
        nothing.push(began.elapsed().as_secs_f64() * 1e3);
        let began = Instant::now();
        let mut node = place.start(&section);
        let runs = |line: &Value| {
            let standing = line["standing"].as_str();
            standing.is_some_and(|standing| ["licensed", "grace"].contains(&standing))
        };
        node.until("a standing on the cached lease", runs).await;
        starts.push(began.elapsed().as_secs_f64() * 1e3);
        memory.extend(node.memory_kib());
        node.kill().await;
    }
    println!("start, cached lease, no authority: {} ms", deciles(&mut starts));
    println!("a process that does nothing: {} ms", deciles(&mut nothing));
    memory.sort_unstable();
    println!("memory of its own: {} KiB", memory.get(memory.len() / 2).unwrap());
}

fn deciles(times: &mut [f64]) -> String {
    times.sort_by(f64::total_cmp);
    let at = |tenth: usize| times[(times.len() - 1) * tenth / 10];
    format!("{:.2} ({:.2} to {:.2})", at(5), at(1), at(9))
}
