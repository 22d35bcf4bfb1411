//! Checks that cost a few nanoseconds, in turns, by one thread and by two.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::Instant;

use crate::sample::Failure;

/// Rounds of a contest; the median of an odd number is one that was measured.
pub const ROUNDS: usize = 201;
const CHECKS: usize = 20_000;

/// Times of each contender, by one thread and by two.
#[derive(Default)]
pub struct Contest {
    times: Vec<(&'static str, [Vec<f64>; 2])>,
}

impl Contest {
    /// One round of one contender, by its own type, so that no call through a pointer is measured along.
    pub fn run(
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

    /// Nanoseconds a check: median, first and ninth decile of the rounds.
    #[must_use]
    pub fn table(&mut self) -> String {
        let mut text = format!(
            "{:<22} {:>24} {:>24} {:>6}\n",
            "ns a check", "one thread", "two threads", "ratio"
        );
        for (name, [one, two]) in &mut self.times {
            let (one, two) = (deciles(one), deciles(two));
            let show =
                |[low, median, high]: [f64; 3]| format!("{median:.2} ({low:.2} to {high:.2})");
            let ratio = two[1] / one[1];
            text += &format!("{name:<22} {:>24} {:>24} {ratio:>6.2}\n", show(one), show(two));
        }
        text
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

/// First decile, median, ninth decile.
pub fn deciles(values: &mut [f64]) -> [f64; 3] {
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len() - 1;
    [last / 10, last / 2, last - last / 10].map(|at| values[at])
}
