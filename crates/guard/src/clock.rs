//! Time and randomness as arguments.

use std::pin::Pin;

/// Microseconds in a second.
pub(crate) const SECOND: i64 = 1_000_000;

/// A wait that ends when its time has come.
pub type Wait<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Tells the time, and waits for it.
pub trait Clock: Send + Sync {
    /// Microseconds since the epoch, UTC.
    fn now_micros(&self) -> i64;

    /// Microseconds since some moment, by a clock that nobody sets and that may stand still while the machine
    /// sleeps.
    fn steady_micros(&self) -> i64 {
        self.now_micros()
    }

    /// Ends once [`Clock::now_micros`] has reached this time, or before: whoever waits looks at the clock again.
    /// A clock that is set back must end its waits, since they were meant for another reckoning.
    fn wait_until(&self, micros: i64) -> Wait<'_>;
}

/// Gives unguessable bytes.
pub trait Random: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy>;
}

/// The operating system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoEntropy;

/// 128 random bits in base32, lower case, without padding (RFC 4648 section 6).
pub(crate) fn unguessable(random: &dyn Random) -> Result<String, NoEntropy> {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut bytes = [0; 16];
    random.fill(&mut bytes)?;
    // 26 symbols of 5 bits hold 128 bits and two of padding.
    let bits = u128::from_be_bytes(bytes);
    let symbol = |place: u32| {
        let shifted = if place == 25 { bits << 2 } else { bits >> (123 - 5 * place) };
        char::from(ALPHABET[usize::from((shifted & 31) as u8)])
    };
    Ok((0..26).map(symbol).collect())
}

/// A time of full jitter: anywhere from zero to `limit`, both included. Without entropy it is `limit`.
pub(crate) fn jitter(random: &dyn Random, limit: i64) -> i64 {
    let mut bytes = [0; 8];
    match random.fill(&mut bytes) {
        Ok(()) if limit > 0 => (i64::from_be_bytes(bytes) & i64::MAX) % limit.saturating_add(1),
        Ok(()) => 0,
        Err(NoEntropy) => limit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed([u8; 16]);

    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
            bytes.copy_from_slice(&self.0[..bytes.len()]);
            Ok(())
        }
    }

    #[test]
    fn base32_is_that_of_the_rfc() {
        let text = *b"foobarfoobarfoob";
        assert_eq!(unguessable(&Fixed(text)).unwrap(), "mzxw6ytbojtg633cmfzgm33pmi");
        assert_eq!(unguessable(&Fixed([0; 16])).unwrap(), "a".repeat(26));
        assert_eq!(unguessable(&Fixed([0xff; 16])).unwrap(), format!("{}4", "7".repeat(25)));
    }

    #[test]
    fn jitter_stays_within_its_limit() {
        for byte in 0..=255 {
            assert!((0..=900).contains(&jitter(&Fixed([byte; 16]), 900)));
        }
        assert_eq!(jitter(&Fixed([9; 16]), 0), 0);
        assert_eq!(jitter(&Fixed([9; 16]), -5), 0);
    }
}
