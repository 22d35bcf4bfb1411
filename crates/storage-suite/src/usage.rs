//! Usage counters.

use std::collections::BTreeMap;

use crate::Backend;
use crate::fixtures::{activated, change, customer, id, license, licensed, plan, product};

const HOUR: i64 = 3_600;

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
            assert!(tx.add_usage(license.id, id(n), None, &report, HOUR).await?);
        }
        assert_eq!(tx.usage_totals(license.id).await?, amounts([("cpu", 5), ("gb", 1)]));
        assert_eq!(tx.usage(license.id, "cpu", 0, 9 * HOUR).await?, 5);
        assert_eq!(tx.usage(license.id, "hops", 0, 9 * HOUR).await?, 0);
        assert_eq!(tx.usage_totals(id(9)).await?, amounts([]));
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
        assert!(tx.add_usage(license.id, id(1), Some("r"), &amounts([("cpu", 1)]), HOUR).await?);
        Ok(license.id)
    })
    .unwrap();
    change!(store, |tx| {
        assert!(
            !tx.add_usage(license, id(1), Some("r"), &amounts([("cpu", 100)]), 2 * HOUR).await?
        );
        assert!(tx.add_usage(license, id(2), Some("r"), &amounts([("cpu", 10)]), HOUR).await?);
        assert!(tx.add_usage(license, id(1), Some("s"), &amounts([("cpu", 1000)]), HOUR).await?);
        assert_eq!(tx.usage_totals(license).await?, amounts([("cpu", 1011)]));
        Ok(())
    })
    .unwrap();
}

/// Whole hours, UTC; the end is not part of the time, so that windows that meet count nothing twice.
pub async fn usage_is_told_by_whole_hours(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let license = licensed(tx).await?;
        let cluster = activated(tx, 1, &license).await?.id;
        for (at, amount) in [(-1, 1), (0, 10), (HOUR - 1, 100), (HOUR, 1000)] {
            tx.add_usage(license.id, cluster, None, &amounts([("cpu", amount)]), at).await?;
        }
        for (from, to, total) in [
            (0, HOUR, 110),
            (HOUR / 2, HOUR / 2 + 1, 110),
            (0, HOUR + 1, 1110),
            (HOUR, 2 * HOUR, 1000),
            (-HOUR, 0, 1),
            (i64::MIN, i64::MAX, 1111),
        ] {
            assert_eq!(tx.usage(license.id, "cpu", from, to).await?, total, "{from} to {to}");
        }
        assert_eq!(tx.usage(license.id, "cpu", 2 * HOUR, 3 * HOUR).await?, 0);
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
        for hour in [HOUR, 2 * HOUR] {
            for amount in [i64::MAX, i64::MAX, 1] {
                let report = amounts([("up", amount), ("down", -amount)]);
                tx.add_usage(license.id, cluster, None, &report, hour).await?;
            }
        }
        assert_eq!(
            tx.usage_totals(license.id).await?,
            amounts([("up", i64::MAX), ("down", i64::MIN)])
        );
        assert_eq!(tx.usage(license.id, "up", 0, 9 * HOUR).await?, i64::MAX);
        assert_eq!(tx.usage(license.id, "down", 0, 9 * HOUR).await?, i64::MIN);
        Ok(())
    })
    .unwrap();
}

/// Old hours and the names of old reports are forgotten; what was counted in all stays.
pub async fn hours_are_pruned_and_totals_stay(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let license = licensed(tx).await?;
        let cluster = activated(tx, 1, &license).await?.id;
        for (report, at) in [("old", HOUR), ("new", 5 * HOUR)] {
            tx.add_usage(license.id, cluster, Some(report), &amounts([("cpu", 1)]), at).await?;
        }
        assert_eq!(tx.prune_usage(5 * HOUR).await?, 2);
        assert_eq!(tx.prune_usage(5 * HOUR).await?, 0);
        assert_eq!(tx.usage(license.id, "cpu", 0, 9 * HOUR).await?, 1);
        assert_eq!(tx.usage_totals(license.id).await?, amounts([("cpu", 2)]));
        let again = amounts([("cpu", 1)]);
        assert!(!tx.add_usage(license.id, cluster, Some("new"), &again, 6 * HOUR).await?);
        assert!(tx.add_usage(license.id, cluster, Some("old"), &again, 6 * HOUR).await?);
        Ok(())
    })
    .unwrap();
}

/// Totals by licence and meter, of one licence or of all, behind any place.
pub async fn totals_are_walked_in_pages(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let one = licensed(tx).await?;
        let cluster = activated(tx, 1, &one).await?.id;
        let other = license(2, &plan(1, &product(1)), &customer(1));
        tx.insert_license(&other).await?;
        tx.add_usage(other.id, cluster, None, &amounts([("cpu", 3)]), HOUR).await?;
        tx.add_usage(one.id, cluster, None, &amounts([("cpu", 1), ("gb", 2)]), HOUR).await?;
        let row = |n, meter: &str, amount| (id(n), meter.to_owned(), amount);
        let all = [row(1, "cpu", 1), row(1, "gb", 2), row(2, "cpu", 3)];
        assert_eq!(tx.walk_usage(None, None, 9).await?, all);
        assert_eq!(tx.walk_usage(None, None, 2).await?, all[..2]);
        assert_eq!(tx.walk_usage(None, Some((id(1), "cpu")), 9).await?, all[1..]);
        assert_eq!(tx.walk_usage(Some(id(1)), None, 9).await?, all[..2]);
        assert_eq!(tx.walk_usage(Some(id(1)), Some((id(1), "cpu")), 9).await?, all[1..2]);
        assert_eq!(tx.walk_usage(Some(id(9)), None, 9).await?, []);
        Ok(())
    })
    .unwrap();
}

/// Hours by licence, meter and time, of one licence or of all, behind any place.
pub async fn hours_are_walked_in_pages(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let one = licensed(tx).await?;
        let cluster = activated(tx, 1, &one).await?.id;
        let other = license(2, &plan(1, &product(1)), &customer(1));
        tx.insert_license(&other).await?;
        for (license, meter, at, amount) in [
            (other.id, "cpu", 3 * HOUR + 1, 4),
            (one.id, "gb", 2 * HOUR, 3),
            (one.id, "cpu", 2 * HOUR + 59, 2),
            (one.id, "cpu", HOUR, 1),
        ] {
            tx.add_usage(license, cluster, None, &amounts([(meter, amount)]), at).await?;
        }
        let row =
            |n, meter: &str, hours: i64, amount| (id(n), meter.to_owned(), hours * HOUR, amount);
        let all =
            [row(1, "cpu", 1, 1), row(1, "cpu", 2, 2), row(1, "gb", 2, 3), row(2, "cpu", 3, 4)];
        assert_eq!(tx.walk_usage_hours(None, None, 9).await?, all);
        assert_eq!(tx.walk_usage_hours(None, None, 2).await?, all[..2]);
        for place in 0..all.len() {
            let (license, meter, at, _) = &all[place];
            let after = Some((*license, meter.as_str(), *at));
            assert_eq!(tx.walk_usage_hours(None, after, 9).await?, all[place + 1..]);
        }
        assert_eq!(tx.walk_usage_hours(Some(id(1)), None, 9).await?, all[..3]);
        let after = Some((id(1), "cpu", 2 * HOUR));
        assert_eq!(tx.walk_usage_hours(Some(id(1)), after, 9).await?, all[2..3]);
        assert_eq!(tx.walk_usage_hours(Some(id(9)), None, 9).await?, []);
        Ok(())
    })
    .unwrap();
}
