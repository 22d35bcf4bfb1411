//! Second factors: one-time codes by time (RFC 6238), and recovery codes for who has lost the device.

use aws_lc_rs::hmac;
use licentia_issue::Secret;
use licentia_issue::master::equal_bytes;
use licentia_model::{Operator, Random};
use licentia_storage::Transaction;

use crate::authority::Authority;
use crate::base32::base32;
use crate::error::AuthorityError;

/// Seconds that a code counts.
const STEP_S: i64 = 30;
/// Steps that a device's clock may be off, to either side.
const DRIFT: i64 = 1;
const RECOVERY_CODES: usize = 10;

/// A new secret: 160 bits, as RFC 4226 recommends.
pub(crate) fn new_secret(random: &dyn Random) -> Secret<Vec<u8>> {
    Secret::new(random.bytes::<20>().to_vec())
}

/// The code of a time step: six digits, HMAC-SHA-1, which is what authenticators do.
fn code(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[tag.len() - 1] & 15);
    let number = u32::from_be_bytes([tag[at] & 127, tag[at + 1], tag[at + 2], tag[at + 3]]);
    format!("{:06}", number % 1_000_000)
}

/// The time step whose code this is, later than the last one that was used.
pub(crate) fn step_of(secret: &[u8], shown: &str, now: i64, used: i64) -> Option<i64> {
    let step = now.div_euclid(STEP_S);
    let steps = step - DRIFT..=step + DRIFT;
    steps
        .filter(|step| *step > used)
        .find(|step| equal_bytes(code(secret, *step).as_bytes(), shown.as_bytes()))
}

pub(crate) fn seal_name(operator: &Operator) -> String {
    format!("operators/{}/totp", operator.id)
}

impl Authority {
    /// Takes a code of the operator's device, or a recovery code: each once. Under a lock of the operator's row or,
    /// where there is none, in a database of one writer.
    pub(crate) async fn take_code(
        &self,
        tx: &mut dyn Transaction,
        operator: &mut Operator,
        shown: &str,
    ) -> Result<bool, AuthorityError> {
        let Some(sealed) = &operator.totp else { return Ok(true) };
        let shown: String = shown.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        let secret = self.master().open(&seal_name(operator), sealed)?;
        if let Some(step) = step_of(secret.expose(), &shown, self.clock().now(), operator.totp_step)
        {
            operator.totp_step = step;
            tx.update_operator(operator).await?;
            return Ok(true);
        }
        Ok(tx.use_recovery_code(operator.id, &self.recovery_hash(operator, &shown)).await?)
    }

    /// New recovery codes in place of the former; shown this once.
    pub(crate) async fn new_recovery_codes(
        &self,
        tx: &mut dyn Transaction,
        operator: &Operator,
    ) -> Result<Vec<String>, AuthorityError> {
        let mut codes = Vec::with_capacity(RECOVERY_CODES);
        let mut hashes = Vec::with_capacity(RECOVERY_CODES);
        for _ in 0..RECOVERY_CODES {
            let code = base32(&self.random().bytes::<10>()).to_lowercase();
            hashes.push(self.recovery_hash(operator, &code));
            codes.push(format!("{}-{}-{}-{}", &code[..4], &code[4..8], &code[8..12], &code[12..]));
        }
        tx.put_recovery_codes(operator.id, &hashes).await?;
        Ok(codes)
    }

    fn recovery_hash(&self, operator: &Operator, code: &str) -> [u8; 32] {
        let message = format!("{}\n{}", operator.id, code.to_lowercase());
        self.master().hash("recovery code", message.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238 appendix B, SHA-1, whose last six of eight digits these are.
        for (now, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(b"12345678901234567890", now / 30), expected);
        }
    }

    #[test]
    fn a_code_counts_once_and_half_a_minute_around() {
        let secret = b"12345678901234567890";
        let now = 1_000_000_000;
        let shown = |off: i64| code(secret, now / 30 + off);
        for off in -1..=1 {
            assert_eq!(step_of(secret, &shown(off), now, 0), Some(now / 30 + off));
        }
        assert_eq!(step_of(secret, &shown(-2), now, 0), None);
        assert_eq!(step_of(secret, &shown(2), now, 0), None);
        assert_eq!(step_of(secret, &shown(0), now, now / 30), None, "used");
        assert_eq!(
            step_of(secret, &shown(-1), now, now / 30),
            None,
            "older than one that was used"
        );
        assert_eq!(step_of(secret, "", now, 0), None);
    }
}
