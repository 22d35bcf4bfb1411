//! Whether the time of an answer tells one unknown key from another. Statistics need many answers and a quiet
//! machine, so `./scripts/soak` runs it: `LICENTIA_TIMING_ROUNDS=5000`.

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
async fn the_time_of_an_answer_tells_no_unknown_key_from_another() {
    let told = std::env::vars().find(|(name, _)| name == "LICENTIA_TIMING_ROUNDS");
    let rounds: usize = told.and_then(|(_, rounds)| rounds.parse().ok()).unwrap_or(0);
    if rounds == 0 {
        return;
    }
    let home = Home::with_catalog(&catalog(5));
    let key = home.issue("p", "a")["key"].as_str().unwrap_or_default().to_owned();
    let (head, signature) = key.rsplit_once('.').unwrap_or_default();
    let forged = format!("{head}.{}", signature.chars().rev().collect::<String>());
    let mut command = home.command();
    for limit in ["ADDRESS_PER_MINUTE", "UNKNOWN_KEYS_PER_MINUTE"] {
        command.env(format!("LICENTIA_LIMITS__{limit}"), "0");
    }
    let server = Server::start_as(command.stderr(Stdio::null()));
    let kinds = ["P-AB3DE-FGH4J-KLM5N-PQR6S", "no-such-key-at-all", &forged];
    let mut times = vec![Vec::with_capacity(rounds); kinds.len()];
    for _ in 0..rounds {
        for (kind, times) in kinds.iter().zip(&mut times) {
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
    for (at, kind) in kinds.iter().enumerate().skip(1) {
        let t = welch(&times[0], &times[at]);
        assert!(t.abs() < LEAK, "{kind:.30}: t = {t:.2}");
    }
}
