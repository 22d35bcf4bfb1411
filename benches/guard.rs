//! What a check in a running product costs, and a start without a network (goals P3, P12).
//!
//! `cargo bench -p licentia-benches --bench guard`: the contenders run in turns; nanoseconds a check, first decile,
//! median and ninth decile of the rounds. With two threads it is the time in which each made its checks.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::sync::Arc;
use std::time::Instant;

use licentia::clock::{Clock, Wait};
use licentia::{Environment, Guard};
use licentia_benches::contest::{Contest, ROUNDS, deciles};
use licentia_benches::sample::{FEATURE, Failure, NOW, PRODUCT, Sample};

const STARTS: usize = 51;

/// The time of the sample, for ever.
struct Then;

impl Clock for Then {
    fn now_micros(&self) -> i64 {
        NOW * 1_000_000
    }

    fn wait_until(&self, _: i64) -> Wait<'_> {
        Box::pin(std::future::pending())
    }
}

fn main() -> Result<(), Failure> {
    let sample = Sample::of(400)?;
    let guard = start(&sample)?;
    let handle = guard.feature(FEATURE);
    let mut contest = Contest::default();
    for _ in 0..ROUNDS {
        contest.run("handle", &|| handle.is_on())?;
        contest.run("by name", &|| guard.has_feature(FEATURE))?;
        contest.run("ensure by handle", &|| handle.ensure().is_ok())?;
        contest.run("ensure by name", &|| guard.ensure(FEATURE).is_ok())?;
    }
    println!("{}", contest.table());
    let mut starts = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let began = Instant::now();
        let guard = start(&sample)?;
        starts.push(began.elapsed().as_secs_f64() * 1e3);
        drop(guard);
    }
    let [low, median, high] = deciles(&mut starts);
    println!("start, offline: {median:.2} ms ({low:.2} to {high:.2})");
    Ok(())
}

fn start(sample: &Sample) -> Result<Guard, Failure> {
    let guard = Guard::builder(PRODUCT, sample.trust.to_text())
        .license_key(sample.token.clone())
        .environment(Environment::default())
        .clock(Arc::new(Then))
        .start()?;
    Ok(guard)
}
