//! The licence file: what a customer drops in and what a vendor bundles.
//!
//! ```text
//! -----BEGIN LICENTIA LICENSE-----
//! license: eyJ…
//! keyset: eyJ…
//! -----END LICENTIA LICENSE-----
//! ```
//! A file that holds nothing but a key is a licence file too.

use std::fmt;

use crate::{Invalid, MAX_FILE_BYTES};

const BEGIN: &str = "-----BEGIN LICENTIA LICENSE-----";
const END: &str = "-----END LICENTIA LICENSE-----";

/// A licence file taken apart; nothing in it is checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenseFile {
    /// The key, any scheme.
    pub license: String,
    /// The keyset that names the signing key.
    pub keyset: Option<String>,
}

impl LicenseFile {
    /// Reads a licence file or a bare key. Lines of unknown name are ignored.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() > MAX_FILE_BYTES {
            return Err(Invalid::Malformed("the licence file is longer than 256 KiB"));
        }
        let text = text.trim_start_matches('\u{feff}').trim();
        let Some((_, rest)) = text.split_once(BEGIN) else {
            return match text.split_whitespace().collect::<Vec<_>>()[..] {
                [key] => Ok(Self { license: key.to_owned(), keyset: None }),
                [] => Err(Invalid::Malformed("the licence file is empty")),
                _ => Err(Invalid::Malformed("the file is neither a licence file nor a bare key")),
            };
        };
        let (body, _) = rest
            .split_once(END)
            .ok_or(Invalid::Malformed("the licence file ends before its END line"))?;
        let (mut license, mut keyset) = (None, None);
        for line in body.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (name, value) = line
                .split_once(':')
                .ok_or(Invalid::Malformed("a line of the licence file is not `name: value`"))?;
            let slot = match name.trim() {
                "license" => &mut license,
                "keyset" => &mut keyset,
                _ => continue,
            };
            if slot.replace(value.trim().to_owned()).is_some() {
                return Err(Invalid::Malformed("the licence file names one line twice"));
            }
        }
        let license =
            license.ok_or(Invalid::Malformed("the licence file has no `license:` line"))?;
        Ok(Self { license, keyset })
    }
}

impl fmt::Display for LicenseFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{BEGIN}\nlicense: {}", self.license)?;
        if let Some(keyset) = &self.keyset {
            writeln!(f, "keyset: {keyset}")?;
        }
        writeln!(f, "{END}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let file = LicenseFile { license: "a.b.c".into(), keyset: Some("d.e.f".into()) };
        assert_eq!(LicenseFile::parse(&file.to_string()), Ok(file));
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
        let whole = LicenseFile { license: "a.b.c".into(), keyset: None }.to_string();
        for text in
            ["", "two words", &whole.replace(END, ""), &whole.replace("license:", "licence:")]
        {
            assert!(LicenseFile::parse(text).is_err(), "{text:?}");
        }
        assert!(LicenseFile::parse(&whole.replace("license:", "license: x\nlicense:")).is_err());
        assert!(LicenseFile::parse(&"x".repeat(300_000)).is_err());
    }
}
