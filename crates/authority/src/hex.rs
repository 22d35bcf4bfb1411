//! Bytes as two lower-case digits each.

/// Writes bytes.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads so many bytes, and nothing else.
#[must_use]
pub fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    // `from_str_radix` takes a sign, too.
    if text.len() != 2 * N || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_both_ways_and_nothing_else() {
        let key: [u8; 32] = std::array::from_fn(|i| u8::try_from(i * 8).unwrap());
        assert_eq!(unhex(&hex(&key)), Some(key));
        let signed = format!("+1{}", "0".repeat(62));
        for wrong in ["", "00", &"zz".repeat(32), &"0".repeat(65), &"é".repeat(32), &signed] {
            assert_eq!(unhex::<32>(wrong), None, "{wrong}");
        }
    }
}
