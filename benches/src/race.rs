//! Several ways to do one thing, in turns: instructions, time and spread of each.

use std::hint::black_box;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Rounds of a race; the median of an odd number is one that was measured.
const ROUNDS: usize = 201;
/// Runs of one contender in one round.
const RUNS: usize = 20;
/// Two counts whose difference leaves out start-up and set-up.
const FEW: u32 = 10;
const MANY: u32 = 60;

/// One way to do it.
pub struct Contender<'a> {
    name: &'static str,
    run: Box<dyn FnMut() -> bool + 'a>,
}

impl<'a> Contender<'a> {
    /// A name without white space, and what to run; it says whether it went well.
    pub fn new(name: &'static str, run: impl FnMut() -> bool + 'a) -> Self {
        Self { name, run: Box::new(run) }
    }
}

/// What was measured of one contender.
#[derive(Debug, Clone)]
pub struct Result {
    /// Its name.
    pub name: &'static str,
    /// Instructions a run; `None` where there is no valgrind.
    pub instructions: Option<u64>,
    /// Nanoseconds a run: first decile, median, ninth decile of the rounds.
    pub nanos: [f64; 3],
}

/// Runs the race, or the one contender whose instructions a child process is to spend.
///
/// A contender that fails is an error: something else than the work would be measured.
pub fn race(contenders: &mut [Contender<'_>]) -> std::result::Result<Vec<Result>, String> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, name, runs] = &arguments[..]
        && flag == "--spend"
    {
        let runs: u32 = runs.parse().map_err(|_| "how many runs?")?;
        for contender in contenders.iter_mut().filter(|c| c.name == name) {
            for _ in 0..runs {
                spend(contender)?;
            }
        }
        return Ok(Vec::new());
    }
    let mut times = vec![Vec::with_capacity(ROUNDS); contenders.len()];
    for _ in 0..ROUNDS {
        for (contender, times) in contenders.iter_mut().zip(&mut times) {
            let began = Instant::now();
            for _ in 0..RUNS {
                spend(contender)?;
            }
            times.push(began.elapsed().as_secs_f64() * 1e9 / RUNS as f64);
        }
    }
    let measured = contenders.iter().zip(times).map(|(contender, mut times)| {
        times.sort_unstable_by(f64::total_cmp);
        let nanos = [ROUNDS / 10, ROUNDS / 2, ROUNDS - 1 - ROUNDS / 10].map(|at| times[at]);
        Result { name: contender.name, instructions: instructions(contender.name), nanos }
    });
    Ok(measured.collect())
}

fn spend(contender: &mut Contender<'_>) -> std::result::Result<(), String> {
    if black_box((contender.run)()) { Ok(()) } else { Err(format!("{} failed", contender.name)) }
}

/// Instructions of one run, from two runs of this very program under valgrind.
fn instructions(name: &str) -> Option<u64> {
    let (few, many) = (instructions_of(name, FEW)?, instructions_of(name, MANY)?);
    Some(many.checked_sub(few)? / u64::from(MANY - FEW))
}

fn instructions_of(name: &str, runs: u32) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().ok()?)
        .args(["--spend", name, &runs.to_string()])
        .stdin(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    // ==PID== Collected : 1234
    let text = String::from_utf8(output.stderr).ok()?;
    text.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
}

/// A table of the results, as ratios to the contender `base`.
#[must_use]
pub fn table(results: &[Result], base: &str) -> String {
    let mut text = format!(
        "{:<26} {:>12} {:>7}   {:>8} {:>7}  {}\n",
        "", "instructions", "ratio", "median", "ratio", "first to ninth decile"
    );
    let base = results.iter().find(|result| result.name == base);
    for result in results {
        let count = |n: Option<u64>| n.map_or_else(|| "-".to_owned(), |n| n.to_string());
        let more =
            base.and_then(|base| Some(result.instructions? as f64 / base.instructions? as f64));
        let longer = base.map_or(f64::NAN, |base| result.nanos[1] / base.nanos[1]);
        text += &format!(
            "{:<26} {:>12} {:>7}   {:>5.1} µs {longer:>6.3}×  {:.1} to {:.1} µs\n",
            result.name,
            count(result.instructions),
            more.map_or_else(|| "-".to_owned(), |more| format!("{more:.3}×")),
            result.nanos[1] / 1e3,
            result.nanos[0] / 1e3,
            result.nanos[2] / 1e3,
        );
    }
    text
}
