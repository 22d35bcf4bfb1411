//! Many who take seats of one licence, beside a few who take seats of others: what the few notice of it. The same many
//! on as many licences are what they are compared with, so that the load on the machine is the same.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::load::{self, Kind, Measured, Work};
use super::place::Place;
use crate::failure::Failure;
use crate::output::{Output, facts};

const CROWD: usize = 256;
const OTHERS: usize = 16;
/// Each is measured so often, in turns.
const TURNS: u32 = 3;

pub(crate) async fn run(place: &Place, time: Duration, out: Output) -> Result<(), Failure> {
    let keys = place.keys();
    if keys.len() < 2 * OTHERS {
        return Err(Failure::usage("there are too few licences", "give --licenses 1000"));
    }
    let (of_others, of_crowd) = keys.split_at(keys.len() / 2);
    let one = Arc::new(vec![of_crowd[0].clone()]);
    let (of_others, of_crowd) = (Arc::new(of_others.to_vec()), Arc::new(of_crowd.to_vec()));
    let mut beside = [Measured::default(), Measured::default()];
    let mut crowded = [Measured::default(), Measured::default()];
    for _ in 0..TURNS {
        for (at, crowd_keys) in [&of_crowd, &one].into_iter().enumerate() {
            let (others, crowd) = tokio::try_join!(
                load::run_with(
                    place,
                    Arc::clone(&of_others),
                    Kind::Crowd,
                    Work::Real,
                    OTHERS,
                    time / TURNS
                ),
                load::run_with(
                    place,
                    Arc::clone(crowd_keys),
                    Kind::Crowd,
                    Work::Real,
                    CROWD,
                    time / TURNS
                ),
            )?;
            beside[at].add(others);
            crowded[at].add(crowd);
        }
    }
    let p50 = |measured: &Measured| measured.quantile_ms(500);
    let [spread, concentrated] = &beside;
    let errors: usize = beside.iter().chain(&crowded).map(|measured| measured.errors).sum();
    let result = json!({
        "bench": "crowd", "crowd": CROWD, "others": OTHERS,
        "p50_ms_beside_many": p50(spread), "p50_ms_beside_one": p50(concentrated),
        "slowed_by": p50(concentrated) / p50(spread),
        "crowd_a_second_on_many": crowded[0].rate(), "crowd_a_second_on_one": crowded[1].rate(),
        "errors": errors,
    });
    out.one(&result, |_| {
        facts(&[
            ("others, p50, crowd on many licences", format!("{:.2} ms", p50(spread))),
            ("others, p50, crowd on one licence", format!("{:.2} ms", p50(concentrated))),
            ("slowed by", format!("{:.2}", p50(concentrated) / p50(spread))),
            ("crowd a second, on many", format!("{:.0}", crowded[0].rate())),
            ("crowd a second, on one", format!("{:.0}", crowded[1].rate())),
            ("errors", errors.to_string()),
        ])
    })
}
