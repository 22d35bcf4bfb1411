//! Whether the time of an answer tells a key that comes near a real one from one that does not. Keys of one shape
//! and length are compared: those are the sender's own, and longer texts take longer to read. Statistics need many
//! answers and a quiet machine, so `./scripts/soak` runs it: `LICENTIA_TIMING_ROUNDS=5000`.

#![expect(clippy::cast_precision_loss, reason = "counts and microseconds, far below 2^52")]

use std::process::Stdio;
use std::time::Instant;

use licentia_tests::{Home, Server, catalog};
use serde_json::json;

/// Welch's t beyond this is a leak.
const LEAK: f64 = 10.0;

fn welch(one: &[f64], other: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let spread = |values: &[f64]| {
        let middle = mean(values);
        let squares = values.iter().map(|value| (value - middle).powi(2)).sum::<f64>();
        squares / (values.len() as f64 - 1.0) / values.len() as f64
    };
    (mean(one) - mean(other)) / (spread(one) + spread(other)).sqrt()
}

#[tokio::test]
async fn the_time_of_an_answer_does_not_tell_what_an_unknown_key_comes_near_to() {
    let told = std::env::vars().find(|(name, _)| name == "LICENTIA_TIMING_ROUNDS");
    let rounds: usize = told.and_then(|(_, rounds)| rounds.parse().ok()).unwrap_or(0);
    if rounds == 0 {
        return;
    }
    let reversed = |home: &Home| {
        let key = home.issue("p", "a")["key"].as_str().unwrap_or_default().to_owned();
        let (head, signature) = key.rsplit_once('.').unwrap_or_default();
        format!("{head}.{}", signature.chars().rev().collect::<String>())
    };
    let home = Home::with_catalog(&catalog(5));
    // Forged upon a licence that exists here, and upon one of another authority.
    let (near, far) = (reversed(&home), reversed(&Home::with_catalog(&catalog(5))));
    let mut command = home.command();
    for limit in ["ADDRESS_PER_MINUTE", "UNKNOWN_KEYS_PER_MINUTE"] {
        command.env(format!("LICENTIA_LIMITS__{limit}"), "0");
    }
    let server = Server::start_as(command.stderr(Stdio::null()));
    let kinds = [&far, &near, "no-such-key-at-all-1", "no-such-key-at-all-2"];
    let mut times = vec![Vec::with_capacity(rounds); kinds.len()];
    for round in 0..rounds {
        // Each comes first as often as last: what one leaves behind, the next one's time shows.
        for place in 0..kinds.len() {
            let at = (round + place) % kinds.len();
            let (kind, times) = (kinds[at], &mut times[at]);
            let body = json!({ "license_key": kind, "cluster_id": "c", "nonce": "nonce-0001" });
            let begun = Instant::now();
            assert_eq!(server.post("/v1/license/activate", &body).await.0, 404);
            times.push(begun.elapsed().as_secs_f64() * 1e6);
        }
    }
    for times in &mut times {
        // What the machine did meanwhile is no property of a key.
        times.sort_by(f64::total_cmp);
        times.truncate(rounds * 9 / 10);
    }
    for (pair, kinds) in times.chunks(2).zip(kinds.chunks(2)) {
        let t = welch(&pair[0], &pair[1]);
        assert!(t.abs() < LEAK, "{:.30}: t = {t:.2}", kinds[1]);
    }
}
