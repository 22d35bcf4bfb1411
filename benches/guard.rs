//! What a check in a running product costs, and a start without a network (goals P3, P12).
//!
//! `cargo bench -p licentia-benches --bench guard`: the contenders run in turns; nanoseconds a check, first decile,
//! median and ninth decile of the rounds. With two threads it is the time in which each made its checks.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::hint::black_box;
use std::sync::{Arc, Barrier};
use std::time::Instant;

use licentia::clock::{Clock, Wait};
use licentia::{Environment, Guard};
use licentia_benches::sample::{FEATURE, Failure, NOW, PRODUCT, Sample};

const ROUNDS: usize = 201;
const CHECKS: usize = 20_000;
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
    // By value of their own type, so that no call through a pointer is measured along.
    let mut contest = Contest::default();
    for _ in 0..ROUNDS {
        contest.run("handle", &|| handle.is_on())?;
        contest.run("by name", &|| guard.has_feature(FEATURE))?;
        contest.run("ensure by handle", &|| handle.ensure().is_ok())?;
        contest.run("ensure by name", &|| guard.ensure(FEATURE).is_ok())?;
    }
    println!("{:<18} {:>24} {:>24} {:>6}", "ns a check", "one thread", "two threads", "ratio");
    for (name, [one, two]) in &mut contest.times {
        let (one, two) = (deciles(one), deciles(two));
        let text = |[low, median, high]: [f64; 3]| format!("{median:.2} ({low:.2} to {high:.2})");
        println!("{name:<18} {:>24} {:>24} {:>6.2}", text(one), text(two), two[1] / one[1]);
    }
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

/// Times of each contender, by one thread and by two.
#[derive(Default)]
struct Contest {
    times: Vec<(&'static str, [Vec<f64>; 2])>,
}

impl Contest {
    fn run(
        &mut self,
        name: &'static str,
        check: &(impl Fn() -> bool + Sync),
    ) -> Result<(), Failure> {
        let (one, two) = (one(check)?, two(check)?);
        let at = self.times.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            self.times.push((name, Default::default()));
            self.times.len() - 1
        });
        self.times[at].1[0].push(one);
        self.times[at].1[1].push(two);
        Ok(())
    }
}

/// Nanoseconds a check.
fn one(check: &impl Fn() -> bool) -> Result<f64, Failure> {
    let began = Instant::now();
    for _ in 0..CHECKS {
        if !black_box(check()) {
            return Err("a feature that is granted was refused".into());
        }
    }
    Ok(began.elapsed().as_secs_f64() * 1e9 / CHECKS as f64)
}

/// The slower of two threads that begin together.
fn two(check: &(impl Fn() -> bool + Sync)) -> Result<f64, Failure> {
    let together = Barrier::new(2);
    let timed = || {
        together.wait();
        one(check)
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(timed);
        let own = timed()?;
        let other = other.join().map_err(|_| "a thread panicked")??;
        Ok(own.max(other))
    })
}

fn deciles(values: &mut [f64]) -> [f64; 3] {
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len() - 1;
    [last / 10, last / 2, last - last / 10].map(|at| values[at])
}
