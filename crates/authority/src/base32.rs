//! Bytes as authenticators and docker-registry read them: base32 (RFC 4648 section 6) without padding.

const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Writes bytes.
pub(crate) fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            text.push(char::from(LETTERS[(bits >> count & 31) as usize]));
        }
        bits &= (1 << count) - 1;
    }
    if count > 0 {
        text.push(char::from(LETTERS[(bits << (5 - count) & 31) as usize]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_is_that_of_the_rfc() {
        for (bytes, text) in [
            (&b"12345678901234567890"[..], "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
            (b"foobar", "MZXW6YTBOI"),
            (b"fooba", "MZXW6YTB"),
            (&[0xff; 30], &"7".repeat(48)),
        ] {
            assert_eq!(base32(bytes), text);
        }
    }
}
