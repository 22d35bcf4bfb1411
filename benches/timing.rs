//! Whether the time in which a wrong v1 key is refused depends on where its first wrong digit is.
//!
//! `cargo bench -p licentia-benches --bench timing`: Welch's t of every position against the first, over a
//! million checks in random order. 4.5 and more would be a leak (Goodwill et al., a testing methodology for
//! side-channel resistance validation), and the exit status is 1.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use licentia_benches::sample::{Failure, NOW};
use licentia_license::Trust;
use licentia_license::scheme::{Plan, Rules, check, v1};

const RUNS: usize = 1_000_000;
/// Digits of a v1 key's signature.
const DIGITS: usize = 16;
/// Keys of each class.
const KEYS: usize = 2048;
const LEAK: f64 = 4.5;
const SECRET: &[u8] = b"a secret of the timing test alone";

fn main() -> Result<ExitCode, Failure> {
    let plan = Plan { code: "pro".into(), tier: "PRO".into(), ..Plan::default() };
    let rules = Rules::new().plan(plan).default_plan("pro").secret(SECRET, None)?;
    let trust = Trust::default();
    let secret = v1::Secret::new(SECRET)?;
    // The time to read a key depends a little on its text, which tells nothing about the right one. So each class is
    // made of many keys, and only where their first wrong digit is sets the classes apart.
    let mut wrong = vec![Vec::new(); DIGITS];
    for n in 0..KEYS {
        let id = format!("550e8400-e29b-41d4-a716-{n:012}");
        let good = v1::make(&secret, "TMWS", "PRO", &id, "PERPETUAL", None)?;
        check(&good, &trust, &rules, NOW)?;
        for (place, class) in wrong.iter_mut().enumerate() {
            class.push(with_wrong_digit(&good, place, n));
        }
    }

    let mut times = vec![Vec::new(); DIGITS];
    // All keys are checked in one place, so that no address tells them apart.
    let mut key = String::with_capacity(100);
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..RUNS {
        // xorshift64*; the order need only be unforeseeable to the processor.
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        let random = usize::try_from(state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32)?;
        let (place, n) = ((random >> 28) % DIGITS, random % KEYS);
        key.clear();
        key.push_str(&wrong[place][n]);
        let began = Instant::now();
        let refused = black_box(check(black_box(&key), &trust, &rules, NOW)).is_err();
        times[place].push(began.elapsed().as_nanos() as f64);
        if !refused {
            return Err("a wrong key passes".into());
        }
    }
    Ok(judge(times))
}

/// The signature's digit at `place` changed to one of the others, all others right.
fn with_wrong_digit(key: &str, place: usize, n: usize) -> String {
    let at = key.len() - DIGITS + place;
    let others: Vec<char> =
        "0123456789abcdef".chars().filter(|d| !key[at..].starts_with(*d)).collect();
    format!("{}{}{}", &key[..at], others[n % others.len()], &key[at + 1..])
}

fn judge(mut times: Vec<Vec<f64>>) -> ExitCode {
    // Interrupts are no part of the comparison: what took longer than 19 in 20 is left out, by one limit for all.
    let mut all: Vec<f64> = times.iter().flatten().copied().collect();
    all.sort_unstable_by(f64::total_cmp);
    let limit = all[all.len() / 20 * 19];
    for class in &mut times {
        class.retain(|time| *time <= limit);
    }
    let mut worst = 0.0_f64;
    for (place, class) in times.iter().enumerate() {
        let t = welch(&times[0], class);
        worst = worst.max(t.abs());
        let (mean, _) = mean_and_variance(class);
        println!(
            "first wrong digit {place:>2}: {:>6} runs, mean {mean:>7.1} ns, t {t:>6.2}",
            class.len()
        );
    }
    println!("largest |t| {worst:.2}, below {LEAK} wanted");
    ExitCode::from(u8::from(worst >= LEAK))
}

fn welch(a: &[f64], b: &[f64]) -> f64 {
    let ((mean_a, var_a), (mean_b, var_b)) = (mean_and_variance(a), mean_and_variance(b));
    (mean_a - mean_b) / (var_a / a.len() as f64 + var_b / b.len() as f64).sqrt()
}

fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, squares / (values.len() - 1) as f64)
}
