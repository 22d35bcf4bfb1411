//! How much there is of everything.

use crate::Backend;
use crate::fixtures::{NOW, activated, change, licensed, seat};

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
