//! Usage counters.

use std::collections::BTreeMap;

use crate::Backend;
use crate::fixtures::{activated, change, id, licensed};

const DAY: i64 = 86_400;

fn amounts<const N: usize>(of: [(&str, i64); N]) -> BTreeMap<String, i64> {
    of.into_iter().map(|(meter, amount)| (meter.to_owned(), amount)).collect()
}

/// Added up by meter; a licence's clusters count together.
pub async fn usage_is_added_up_by_meter(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let license = licensed(tx).await?;
        activated(tx, 1, &license).await?;
        activated(tx, 2, &license).await?;
        let reports =
            [(1, amounts([("cpu", 2), ("gb", 1)])), (2, amounts([("cpu", 3)])), (2, amounts([]))];
        for (n, report) in reports {
            assert!(tx.add_usage(license.id, id(n), None, &report, DAY).await?);
        }
        assert_eq!(tx.usage(license.id, 0, 9 * DAY).await?, amounts([("cpu", 5), ("gb", 1)]));
        assert_eq!(tx.usage(id(9), 0, 9 * DAY).await?, amounts([]));
        Ok(())
    })
    .unwrap();
}

/// A report that is repeated counts once; its name is its activation's own.
pub async fn a_report_counts_once(backend: &impl Backend) {
    let store = backend.open().await;
    let license = change!(store, |tx| {
        let license = licensed(tx).await?;
        activated(tx, 1, &license).await?;
        activated(tx, 2, &license).await?;
        assert!(tx.add_usage(license.id, id(1), Some("r"), &amounts([("cpu", 1)]), DAY).await?);
        Ok(license.id)
    })
    .unwrap();
    change!(store, |tx| {
        assert!(!tx.add_usage(license, id(1), Some("r"), &amounts([("cpu", 100)]), 2 * DAY).await?);
        assert!(tx.add_usage(license, id(2), Some("r"), &amounts([("cpu", 10)]), DAY).await?);
        assert!(tx.add_usage(license, id(1), Some("s"), &amounts([("cpu", 1000)]), DAY).await?);
        assert_eq!(tx.usage(license, 0, 9 * DAY).await?, amounts([("cpu", 1011)]));
        Ok(())
    })
    .unwrap();
}

/// Whole days, UTC; the end is not part of the time, so that months that meet count nothing twice.
pub async fn usage_is_told_by_whole_days(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let license = licensed(tx).await?;
        let cluster = activated(tx, 1, &license).await?.id;
        for (at, amount) in [(-1, 1), (0, 10), (DAY - 1, 100), (DAY, 1000)] {
            tx.add_usage(license.id, cluster, None, &amounts([("cpu", amount)]), at).await?;
        }
        for (from, to, total) in [
            (0, DAY, 110),
            (DAY / 2, DAY / 2 + 1, 110),
            (0, DAY + 1, 1110),
            (DAY, 2 * DAY, 1000),
            (-DAY, 0, 1),
            (i64::MIN, i64::MAX, 1111),
        ] {
            assert_eq!(
                tx.usage(license.id, from, to).await?,
                amounts([("cpu", total)]),
                "{from} to {to}"
            );
        }
        assert_eq!(tx.usage(license.id, 2 * DAY, 3 * DAY).await?, amounts([]));
        Ok(())
    })
    .unwrap();
}

/// Nonsense from a product ends at the end of the range instead of failing or wrapping.
pub async fn totals_stay_within_their_range(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let license = licensed(tx).await?;
        let cluster = activated(tx, 1, &license).await?.id;
        for day in [DAY, 2 * DAY] {
            for amount in [i64::MAX, i64::MAX, 1] {
                let report = amounts([("up", amount), ("down", -amount)]);
                tx.add_usage(license.id, cluster, None, &report, day).await?;
            }
        }
        let totals = amounts([("up", i64::MAX), ("down", i64::MIN)]);
        assert_eq!(tx.usage(license.id, 0, 9 * DAY).await?, totals);
        Ok(())
    })
    .unwrap();
}
