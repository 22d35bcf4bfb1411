//! How much there is of everything.

use std::collections::BTreeMap;

use licentia_model::{License, LicenseState};
use licentia_storage::counts::Standing;

use crate::Backend;
use crate::fixtures::{NOW, activated, change, id, licensed, seat};

/// Seats whose lease runs, and no others.
pub async fn seats_are_counted_while_their_lease_runs(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        assert_eq!(tx.count_seats(NOW).await?, 0);
        let license = licensed(tx).await?;
        for n in 1..=3 {
            let mut seat = seat(&activated(tx, n, &license).await?);
            seat.lease_until = NOW + i64::from(n);
            seat.token_hash = [u8::try_from(n).unwrap(); 32];
            tx.put_seat(&seat).await?;
        }
        assert_eq!(tx.count_seats(NOW).await?, 3);
        assert_eq!(tx.count_seats(NOW + 1).await?, 2);
        assert_eq!(tx.count_seats(NOW + 3).await?, 0);
        Ok(())
    })
    .unwrap();
}

/// By state, and active ones by trial and end; by the day of issue; by the time of the end.
pub async fn licenses_are_counted_as_they_stand(backend: &impl Backend) {
    const DAY: i64 = 86_400;
    let store = backend.open().await;
    change!(store, |tx| {
        assert_eq!(tx.count_licenses(NOW).await?, []);
        let first = licensed(tx).await?;
        for (n, state, trial, ends, day) in [
            (11, LicenseState::Active, true, None, 0),
            (12, LicenseState::Active, false, Some(NOW), 1),
            (13, LicenseState::Active, false, Some(NOW + 1), 1),
            (14, LicenseState::Suspended { at: NOW, reason: None }, false, Some(NOW + 1), 2),
        ] {
            let other = License {
                id: id(n),
                state,
                trial,
                expires_at: ends,
                created_at: NOW + day * DAY,
                ..first.clone()
            };
            tx.insert_license(&other).await?;
        }
        let standing = |state: &str, trial, ended, count| Standing {
            state: state.into(),
            trial,
            ended,
            count,
        };
        let counted = tx.count_licenses(NOW).await?;
        assert_eq!(counted.iter().map(|standing| standing.count).sum::<u64>(), 5);
        for expected in [
            standing("active", true, false, 1),
            standing("active", false, true, 1),
            standing("suspended", false, false, 1),
        ] {
            assert!(counted.contains(&expected), "{counted:?}");
        }
        assert_eq!(tx.count_ending(NOW + 1, NOW + 2).await?, 1, "the suspended one is not due");
        assert_eq!(tx.count_ending(NOW, NOW + 1).await?, 1);
        let today = NOW / DAY;
        let days = tx.count_issued(NOW + DAY).await?;
        assert_eq!(days, [(today + 1, 2), (today + 2, 1)]);
        Ok(())
    })
    .unwrap();
}

/// A licence comes once, whatever it reported; the hour of its last report decides its place.
pub async fn those_who_reported_lately_are_few_and_the_latest_first(backend: &impl Backend) {
    const HOUR: i64 = 3_600;
    let store = backend.open().await;
    change!(store, |tx| {
        let first = licensed(tx).await?;
        let second = License { id: id(12), ..first.clone() };
        tx.insert_license(&second).await?;
        let amounts = BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 1)]);
        for (license, hour) in [(first.id, 1), (second.id, 2), (first.id, 3), (second.id, 9)] {
            tx.add_usage(license, id(n(hour)), None, &amounts, hour * HOUR).await?;
        }
        assert_eq!(tx.lately_metered(HOUR, 10).await?, [second.id, first.id]);
        assert_eq!(tx.lately_metered(HOUR, 1).await?, [second.id]);
        assert_eq!(tx.lately_metered(4 * HOUR, 10).await?, [second.id]);
        assert!(tx.lately_metered(10 * HOUR, 10).await?.is_empty());
        Ok(())
    })
    .unwrap();
}

fn n(hour: i64) -> u32 {
    u32::try_from(hour).unwrap_or_default()
}
