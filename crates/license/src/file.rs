//! The licence file: what a customer drops in and what a vendor bundles.
//!
//! ```text
//! -----BEGIN LICENTIA LICENSE-----
//! license: eyJ…
//! keyset: eyJ…
//! revocations: eyJ…
//! receipt: eyJ…
//! -----END LICENTIA LICENSE-----
//! ```
//! All but the first line are optional. A file that holds nothing but a key is a licence file too, and so is
//! Muonroi's JSON form, an object with the member `LicenseKey`.

use std::fmt;

use serde::Deserialize;

use crate::{Invalid, MAX_FILE_BYTES, json};

const BEGIN: &str = "-----BEGIN LICENTIA LICENSE-----";
const END: &str = "-----END LICENTIA LICENSE-----";

/// A licence file taken apart; nothing in it is checked yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LicenseFile {
    /// The key, any scheme.
    pub license: String,
    /// The keyset that names the signing key.
    pub keyset: Option<String>,
    /// The newest revocation list at the time.
    pub revocations: Option<String>,
    /// Proof that the licence is in the authority's public log.
    pub receipt: Option<String>,
}

/// What is read of Muonroi's form; its other members describe the licence and are signed in the key itself.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct JsonForm {
    license_key: String,
}

impl LicenseFile {
    /// A file that holds nothing but a key.
    #[must_use]
    pub fn of_key(license: impl Into<String>) -> Self {
        Self { license: license.into(), ..Self::default() }
    }

    /// Reads a licence file in any of its forms. Lines of unknown name are ignored.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() > MAX_FILE_BYTES {
            return Err(Invalid::Malformed("the licence file is longer than 256 KiB"));
        }
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.starts_with('{') {
            let form: JsonForm = json::from_slice(text.as_bytes())
                .map_err(|_| Invalid::Malformed("the file is JSON without a `LicenseKey`"))?;
            return Self::bare(&form.license_key);
        }
        let Some((_, rest)) = text.split_once(BEGIN) else { return Self::bare(text) };
        let (body, _) = rest
            .split_once(END)
            .ok_or(Invalid::Malformed("the licence file ends before its END line"))?;
        let (mut license, mut keyset, mut revocations, mut receipt) = (None, None, None, None);
        for line in body.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (name, value) = line
                .split_once(':')
                .ok_or(Invalid::Malformed("a line of the licence file is not `name: value`"))?;
            let slot = match name.trim() {
                "license" => &mut license,
                "keyset" => &mut keyset,
                "revocations" => &mut revocations,
                "receipt" => &mut receipt,
                _ => continue,
            };
            if slot.replace(value.trim().to_owned()).is_some() {
                return Err(Invalid::Malformed("the licence file names one line twice"));
            }
        }
        let license =
            license.ok_or(Invalid::Malformed("the licence file has no `license:` line"))?;
        Ok(Self { license, keyset, revocations, receipt })
    }

    fn bare(text: &str) -> Result<Self, Invalid> {
        match text.split_whitespace().collect::<Vec<_>>()[..] {
            [key] => Ok(Self::of_key(key)),
            [] => Err(Invalid::Malformed("the licence file is empty")),
            _ => Err(Invalid::Malformed("the file is neither a licence file nor a bare key")),
        }
    }
}

impl fmt::Display for LicenseFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{BEGIN}\nlicense: {}", self.license)?;
        let optional = [
            ("keyset", &self.keyset),
            ("revocations", &self.revocations),
            ("receipt", &self.receipt),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                writeln!(f, "{name}: {value}")?;
            }
        }
        writeln!(f, "{END}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let all = |word: &str| LicenseFile {
            license: "a.b.c".into(),
            keyset: Some(format!("{word}.e.f")),
            revocations: Some(word.into()),
            receipt: Some("{}".into()),
        };
        for file in [LicenseFile::of_key("a.b.c"), all("d")] {
            assert_eq!(LicenseFile::parse(&file.to_string()), Ok(file));
        }
    }

    #[test]
    fn muonrois_json_form_is_a_licence_file() {
        let text =
            "\u{feff}{\n \"LicenseKey\": \"MRR-12345\",\n \"Tier\": {\"Name\": \"Licensed\"}\n}\n";
        assert_eq!(LicenseFile::parse(text), Ok(LicenseFile::of_key("MRR-12345")));
        for wrong in [
            "{}",
            r#"{"licenseKey": "MRR-12345"}"#,
            r#"{"LicenseKey": 1}"#,
            r#"{"LicenseKey": ""}"#,
            r#"{"LicenseKey": "two words"}"#,
            r#"{"LicenseKey": "a", "LicenseKey": "b"}"#,
            r#"{"LicenseKey": "a"} x"#,
        ] {
            assert!(LicenseFile::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_bare_key_with_any_line_end_is_a_licence_file() {
        for text in ["a.b.c", "a.b.c\r\n", "\u{feff}  a.b.c \n\n"] {
            assert_eq!(
                LicenseFile::parse(text).map(|f| f.license),
                Ok("a.b.c".to_owned()),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_file_that_is_cut_or_ambiguous_is_refused() {
        let whole = LicenseFile::of_key("a.b.c").to_string();
        for text in
            ["", "two words", &whole.replace(END, ""), &whole.replace("license:", "licence:")]
        {
            assert!(LicenseFile::parse(text).is_err(), "{text:?}");
        }
        assert!(LicenseFile::parse(&whole.replace("license:", "license: x\nlicense:")).is_err());
        assert!(LicenseFile::parse(&"x".repeat(300_000)).is_err());
    }
}
