//! The full offline check of a licence against the bare signature check of the same bytes (goals P1, P2).
//!
//! `cargo bench -p licentia-benches --bench verify`; needs valgrind for the instruction counts.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use licentia_benches::race::{Contender, race, table};
use licentia_benches::sample::{Failure, Sample};

fn main() -> Result<(), Failure> {
    let (small, large) = (Sample::of(400)?, Sample::of(1000)?);
    let mut contenders = vec![
        Contender::new("bare-400", small.bare()?),
        Contender::new("licence-400", || small.check()),
        Contender::new("bare-1000", large.bare()?),
        Contender::new("licence-1000", || large.check()),
    ];
    let results = race(&mut contenders)?;
    for (pair, sample) in results.chunks(2).zip([&small, &large]) {
        println!("{} bytes of claims, a token of {}", sample.claims.len(), sample.token.len());
        println!("{}", table(pair, pair[0].name));
    }
    Ok(())
}
