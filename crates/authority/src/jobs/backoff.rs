//! When what failed is tried again.

/// The waits between attempts, in seconds; after the last one it is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff(pub &'static [i64]);

impl Backoff {
    /// The schedule of the Standard Webhooks specification: ten attempts over three days and a few hours.
    pub const WEBHOOKS: Self =
        Self(&[5, 5 * 60, 30 * 60, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR]);

    /// A server that is away for an hour is found again minutes after it is back; three days in all.
    pub const MAIL: Self = Self(&[
        30,
        60,
        3 * 60,
        5 * 60,
        10 * 60,
        10 * 60,
        15 * 60,
        15 * 60,
        30 * 60,
        HOUR,
        2 * HOUR,
        4 * HOUR,
        8 * HOUR,
        16 * HOUR,
        16 * HOUR,
        24 * HOUR,
    ]);

    /// How long to wait after so many attempts, with up to a tenth more, so that what failed together does not come
    /// back together; `None`: no longer. `drawn` is a random number.
    #[must_use]
    pub fn after(self, attempts: u32, drawn: u32) -> Option<i64> {
        let place = usize::try_from(attempts.saturating_sub(1)).ok()?;
        let wait = *self.0.get(place)?;
        Some(wait + wait / 10 * i64::from(drawn % 1_000) / 1_000)
    }
}

const HOUR: i64 = 3_600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_is_tried_for_three_days_and_then_given_up() {
        for schedule in [Backoff::WEBHOOKS, Backoff::MAIL] {
            let days = schedule.0.iter().sum::<i64>() / (24 * HOUR);
            assert_eq!(days, 3);
            let attempts = u32::try_from(schedule.0.len()).unwrap();
            assert!(schedule.after(attempts, 0).is_some());
            assert_eq!(schedule.after(attempts + 1, 0), None);
            assert!(schedule.0.is_sorted());
        }
        let wait = |drawn| Backoff::WEBHOOKS.after(2, drawn).unwrap();
        assert_eq!((wait(0), wait(999)), (300, 329));
    }
}
