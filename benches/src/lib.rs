//! What the benchmarks share: sample licences of a given size, and a race of several ways to do one thing.
//!
//! Only ratios out of one run mean anything: the machines this runs on are shared and noisy. [`race`] runs
//! the contenders in turns, and counts the instructions of each under valgrind, which are steady.
//! `docs/performance.md` says how to run them and what came out.

pub mod contest;
pub mod race;
pub mod sample;
