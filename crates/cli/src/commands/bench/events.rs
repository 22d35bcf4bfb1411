//! How long it takes until every connected product hears of a suspension that another process makes.

use std::time::{Duration, Instant};

use licentia_authority::Actor;
use serde_json::json;
use tokio::task::JoinSet;

use super::http::Connection;
use super::place::Place;
use crate::failure::Failure;
use crate::output::{Output, facts};

const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn run(place: &Place, out: Output) -> Result<(), Failure> {
    let (data, licenses) = place.own().ok_or_else(|| {
        Failure::usage("a licence of yours would be suspended", "leave --server out")
    })?;
    let shares = place.share(0, 1);
    let products = shares.take(0).await;
    let mut streams = Vec::with_capacity(products.len());
    let failed = |e| {
        Failure::undone(
            format!("a stream does not open: {e}"),
            "raise `ulimit -n`, or --activations less",
        )
    };
    for product in products.iter() {
        let connection = Connection::open(place.host()).await.map_err(failed)?;
        let stream = connection.listen("/v1/license/events", &product.access_token).await;
        streams.push(stream.map_err(failed)?);
    }
    let open = streams.len();
    let authority = data.open().await?;
    let begun = Instant::now();
    let mut listening = JoinSet::new();
    for mut stream in streams {
        listening.spawn(async move {
            let heard = tokio::time::timeout(PATIENCE, stream.until("suspended")).await;
            heard.is_ok_and(|heard| heard.is_ok()).then(|| begun.elapsed())
        });
    }
    for &license in licenses {
        authority.suspend(license, None, Actor::new("cli:bench", "local")).await?;
    }
    let suspended = begun.elapsed();
    let mut times = Vec::with_capacity(open);
    while let Some(ended) = listening.join_next().await {
        times.extend(ended.ok().flatten().map(|time| time.as_secs_f64() * 1000.0));
    }
    authority.close().await;
    times.sort_by(f64::total_cmp);
    let at = |per_mille: usize| {
        times.get(times.len().saturating_sub(1) * per_mille / 1000).copied().unwrap_or(f64::NAN)
    };
    let result = json!({
        "bench": "events", "streams": open, "heard": times.len(),
        "suspended_ms": suspended.as_secs_f64() * 1000.0,
        "p50_ms": at(500), "p99_ms": at(990), "last_ms": at(1000),
    });
    out.one(&result, |_| {
        facts(&[
            ("streams", open.to_string()),
            ("heard", times.len().to_string()),
            ("suspended after", format!("{:.0} ms", suspended.as_secs_f64() * 1000.0)),
            ("heard, half of them", format!("{:.0} ms", at(500))),
            ("heard, all but 1 %", format!("{:.0} ms", at(990))),
            ("heard, the last", format!("{:.0} ms", at(1000))),
        ])
    })
}
