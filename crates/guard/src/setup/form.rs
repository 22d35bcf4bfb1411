//! The form as a browser sends it (`application/x-www-form-urlencoded`, WHATWG URL section 5.1).

use super::Entry;

/// What was entered; unknown fields are left out.
pub(super) fn read(body: &[u8]) -> Entry {
    let mut entry = Entry::default();
    for pair in body.split(|byte| *byte == b'&') {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let name = decoded(halves.next().unwrap_or_default());
        let value = decoded(halves.next().unwrap_or_default());
        match name.as_str() {
            "license_key" => entry.license = value,
            "email" => entry.email = value,
            "organization" => entry.organization = value,
            "terms" => entry.terms_accepted = value == "accepted",
            _ => {}
        }
    }
    entry
}

fn decoded(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, more @ ..] = rest {
        rest = more;
        match (first, more) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) if hex(*high).is_some() && hex(*low).is_some() => {
                bytes.push(hex(*high).unwrap_or(0) << 4 | hex(*low).unwrap_or(0));
                rest = after;
            }
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_browsers_write_it() {
        let body = b"license_key=eyJ%2B+x&email=ada%40example.com&organization=A%26B%3D%C3%A9&terms=accepted&x";
        let entry = read(body);
        assert_eq!((entry.license.as_str(), entry.email.as_str()), ("eyJ+ x", "ada@example.com"));
        assert_eq!((entry.organization.as_str(), entry.terms_accepted), ("A&B=é", true));
        assert_eq!(read(b"email=100%&license_key=%zz%4").email, "100%");
        assert_eq!(read(b"license_key=%zz%4").license, "%zz%4");
    }
}
