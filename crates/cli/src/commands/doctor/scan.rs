//! What is looked for in the bytes of one file, in one pass, however large it is.

use std::io::{self, Read};
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, BuildError};
use base64ct::{Base64, Encoding};

use super::finding::Kind;
use super::value::{Assigned, assigned};

/// Bytes read at a time.
const CHUNK: usize = 1024 * 1024;
/// Context kept before and wanted behind a find, in bytes: an RSA key of 4096 bits in PEM is 3.2 KiB.
const CONTEXT: usize = 16 * 1024;
/// Characters of base64 that a PEM block needs to be a key and not the label in a library.
const MIN_KEY_CHARS: usize = 40;
/// Characters of a token behind its prefix: 256 random bits are 43.
const MIN_TOKEN_CHARS: usize = 40;
/// Shortest secret that can be looked for, in bytes; shorter ones are everywhere.
pub(super) const MIN_SECRET_BYTES: usize = 8;

const PEM: &[u8] = b"-----BEGIN ";
/// The same in base64, as Kubernetes keeps it.
const PEM_BASE64: &[u8] = b"LS0tLS1CRUdJTi";
/// Object identifier 1.2.840.113549.1.5 in DER, up to its last arc.
const PKCS5: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05];
const JWK: &[u8] = b"kty";
const TOKENS: [(&[u8], &str); 2] =
    [(b"lat_", "an access token of an activation"), (b"lap_", "an API token of an operator")];
/// Names of variables that hold the vendor's secrets; `*` stands for any beginning.
const NAMES: &[&str] = &[
    "*LICENSE_SECRET",
    "*LICENSE_SECRET_KEY",
    "*LICENSE_PRIVATE_KEY",
    "*LICENSE_SIGNING_KEY",
    "LICENTIA_TOKEN",
    "TMWS_SECRET_KEY",
];

/// Something found in a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) place: Place,
    pub(super) kind: Kind,
    pub(super) message: String,
}

/// Where in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Line(u64),
    Byte(u64),
}

/// A secret to look for, by the name of the file it came from.
pub(super) struct Secret {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

#[derive(Clone)]
enum Target {
    Pem,
    PemBase64,
    Jwk,
    Token(&'static str),
    Secret(String),
}

/// Everything that is looked for.
pub(super) struct Scanner {
    exact: AhoCorasick,
    targets: Vec<Target>,
    names: AhoCorasick,
    wanted: Vec<String>,
}

impl Scanner {
    /// With these secrets and names beside what is always looked for.
    pub(super) fn new(secrets: &[Secret], names: &[String]) -> Result<Self, BuildError> {
        let mut patterns = vec![PEM.to_vec(), PEM_BASE64.to_vec(), JWK.to_vec()];
        let mut targets = vec![Target::Pem, Target::PemBase64, Target::Jwk];
        for (prefix, what) in TOKENS {
            patterns.push(prefix.to_vec());
            targets.push(Target::Token(what));
        }
        for secret in secrets {
            for (form, bytes) in forms(&secret.bytes) {
                patterns.push(bytes);
                targets.push(Target::Secret(format!("the secret from {}{form}", secret.name)));
            }
        }
        let given = names.iter().map(String::as_str);
        let wanted: Vec<_> = NAMES.iter().copied().chain(given).map(str::to_uppercase).collect();
        let ends: Vec<_> = wanted.iter().map(|name| name.trim_start_matches('*')).collect();
        Ok(Self {
            exact: AhoCorasick::new(patterns)?,
            targets,
            names: AhoCorasickBuilder::new().ascii_case_insensitive(true).build(ends)?,
            wanted,
        })
    }

    /// Reads a file to its end. The number of bytes is returned even where reading failed half way.
    pub(super) fn file(&self, reader: &mut dyn Read, hits: &mut Vec<Hit>) -> (u64, io::Result<()>) {
        let mut window = Window { bytes: Vec::new(), judged: 0, before: 0, lines: 1, text: true };
        loop {
            let had = window.bytes.len();
            let chunk = u64::try_from(CHUNK).unwrap_or(u64::MAX);
            let read = Read::take(&mut *reader, chunk).read_to_end(&mut window.bytes);
            let last = read.is_err() || window.bytes.len() < had + CHUNK;
            if had == 0 {
                window.text = !window.bytes.iter().take(CONTEXT).any(|b| *b == 0);
            }
            let until = if last { window.bytes.len() } else { window.bytes.len() - CONTEXT };
            self.judge(&window, until, hits);
            if last {
                if let Some((kind, message)) = der(&window.bytes).filter(|_| window.before == 0) {
                    hits.push(window.hit(0, kind, message));
                }
                return (window.before + len(&window.bytes), read.map(drop));
            }
            window.advance(until);
        }
    }

    /// A name as it may be shown: what is secret in it is blotted out. The first such thing, if any.
    pub(super) fn name(&self, name: &str) -> (String, Option<(Kind, String)>) {
        let mut shown = String::new();
        let mut found = None;
        let mut end = 0;
        for (range, kind, message) in self.finds(name.as_bytes(), 0..name.len()) {
            if matches!(kind, Kind::Secret | Kind::Token) && range.start >= end {
                shown.push_str(name.get(end..range.start).unwrap_or_default());
                shown.push_str("[…]");
                end = range.end;
                found.get_or_insert((kind, message));
            }
        }
        shown.push_str(name.get(end..).unwrap_or_default());
        (shown.chars().map(|c| if c.is_control() { '?' } else { c }).collect(), found)
    }

    fn judge(&self, window: &Window, until: usize, hits: &mut Vec<Hit>) {
        let span = window.judged..until;
        for (range, kind, message) in self.finds(&window.bytes, span.clone()) {
            hits.push(window.hit(range.start, kind, message));
        }
        if !window.text {
            return;
        }
        let mut end = 0;
        for find in self.names.find_overlapping_iter(&window.bytes) {
            let in_name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
            let start = find.start()
                - window.bytes[..find.start()].iter().rev().take_while(|b| in_name(b)).count();
            let ended = window.bytes.get(find.end()).is_none_or(|b| !in_name(b));
            if !span.contains(&find.start()) || !ended || start < end {
                continue;
            }
            let name = String::from_utf8_lossy(&window.bytes[start..find.end()]).into_owned();
            let upper = name.to_uppercase();
            let wanted = self.wanted.iter().any(|wanted| match wanted.strip_prefix('*') {
                Some(ending) => upper.ends_with(ending),
                None => upper == *wanted,
            });
            if !wanted {
                continue;
            }
            end = find.end();
            let line =
                window.bytes[..start].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
            let before = String::from_utf8_lossy(&window.bytes[line..start]);
            let behind = window.bytes.len().min(end + CONTEXT);
            let after = String::from_utf8_lossy(&window.bytes[end..behind]);
            let (kind, message) = match assigned(&before, &after) {
                Assigned::Literal => (Kind::SecretVariable, format!("`{name}` with a value")),
                Assigned::Nothing => (Kind::SecretName, format!("the name `{name}`")),
            };
            hits.push(window.hit(start, kind, message));
        }
    }

    /// Everything but names, of what begins in this span.
    fn finds(&self, bytes: &[u8], span: Range<usize>) -> Vec<(Range<usize>, Kind, String)> {
        let mut finds = Vec::new();
        for find in self.exact.find_overlapping_iter(bytes) {
            if !span.contains(&find.start()) {
                continue;
            }
            let after = &bytes[find.end()..bytes.len().min(find.end() + CONTEXT)];
            let mut end = find.end();
            let judged = match &self.targets[find.pattern().as_usize()] {
                Target::Pem => pem(after),
                Target::PemBase64 => pem_in_base64(&bytes[find.start()..find.end() + after.len()]),
                Target::Jwk => {
                    jwk(&bytes[find.start().saturating_sub(CONTEXT)..find.start()], after)
                }
                Target::Token(what) => {
                    let before = find.start().checked_sub(1).map(|at| bytes[at]);
                    let long = after.iter().take_while(|b| is_base64url(**b)).count();
                    end += long;
                    let begins = before.is_none_or(|b| !is_base64url(b));
                    (begins && long >= MIN_TOKEN_CHARS).then(|| (Kind::Token, (*what).to_owned()))
                }
                Target::Secret(what) => Some((Kind::Secret, what.clone())),
            };
            if let Some((kind, message)) = judged {
                finds.push((find.start()..end, kind, message));
            }
        }
        finds
    }
}

/// The part of a file that is in memory.
struct Window {
    bytes: Vec<u8>,
    /// Up to here its beginnings have been judged.
    judged: usize,
    /// Bytes of the file before it.
    before: u64,
    /// Line of its first byte, from 1.
    lines: u64,
    text: bool,
}

impl Window {
    fn hit(&self, at: usize, kind: Kind, message: impl Into<String>) -> Hit {
        let place = if self.text {
            Place::Line(self.lines + newlines(&self.bytes[..at]))
        } else {
            Place::Byte(self.before + len(&self.bytes[..at]))
        };
        Hit { place, kind, message: message.into() }
    }

    fn advance(&mut self, until: usize) {
        let gone = until.saturating_sub(CONTEXT);
        self.lines += newlines(&self.bytes[..gone]);
        self.before += len(&self.bytes[..gone]);
        self.bytes.drain(..gone);
        self.judged = until - gone;
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |count, b| count + u64::from(*b == b'\n'))
}

fn len(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

fn is_base64url(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')
}

fn is_base64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')
}

/// A private key whose `-----BEGIN ` has been found, by what follows.
fn pem(after: &[u8]) -> Option<(Kind, String)> {
    let end = after.windows(5).take(40).position(|five| five == b"-----")?;
    let label = std::str::from_utf8(&after[..end]).ok()?;
    if !label.contains("PRIVATE KEY") {
        return None;
    }
    let (body, marked) = key_body(&after[end + 5..]);
    let der = body.starts_with(b"M") || label.starts_with("PGP");
    let openssh = body.starts_with(b"b3BlbnNzaC1rZXktdjE");
    if body.len() < MIN_KEY_CHARS || !(der || openssh || marked) {
        return None;
    }
    let clear = body.starts_with(b"b3BlbnNzaC1rZXktdjEAAAAABG5vbmU");
    if marked || label.starts_with("ENCRYPTED") || openssh && !clear {
        return Some((
            Kind::EncryptedPrivateKey,
            format!("a private key under a passphrase ({label})"),
        ));
    }
    Some((Kind::PrivateKey, format!("a private key ({label})")))
}

/// The base64 of a PEM block, whatever ends its lines; and whether a header says that it is encrypted.
fn key_body(block: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    let mut encrypted = false;
    let mut rest = block;
    while let Some((&b, tail)) = rest.split_first() {
        if body.is_empty() && (rest.starts_with(b"Proc-Type") || rest.starts_with(b"DEK-Info")) {
            let line = rest.iter().position(|b| matches!(b, b'\n' | b'\\')).unwrap_or(rest.len());
            encrypted |= rest[..line].ends_with(b"ENCRYPTED") || rest.starts_with(b"DEK-Info");
            rest = &rest[line..];
        } else if rest.starts_with(b"\\n") || rest.starts_with(b"\\r") {
            rest = &rest[2..];
        } else if is_base64(b) {
            body.push(b);
            rest = tail;
        } else if b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b',' | b'\\') {
            rest = tail;
        } else {
            break;
        }
    }
    (body, encrypted)
}

/// A PEM block that is base64 once more.
fn pem_in_base64(bytes: &[u8]) -> Option<(Kind, String)> {
    let length = bytes.iter().take_while(|b| is_base64(**b) && **b != b'=').count();
    let text = std::str::from_utf8(&bytes[..length - length % 4]).ok()?;
    let decoded = Base64::decode_vec(text).ok()?;
    let (kind, message) = pem(decoded.strip_prefix(PEM)?)?;
    Some((kind, format!("{message}, in base64")))
}

/// A JSON Web Key around this `kty` that holds its private part (RFC 7518 section 6).
fn jwk(before: &[u8], after: &[u8]) -> Option<(Kind, String)> {
    let start = before.iter().rposition(|b| *b == b'{')?;
    let end = after.iter().position(|b| *b == b'}')?;
    let text: Vec<u8> = [&before[start..], b"kty", &after[..end]]
        .concat()
        .into_iter()
        .filter(|b| !b.is_ascii_whitespace() && *b != b'\\')
        .collect();
    let text = String::from_utf8(text).ok()?.replace('\'', "\"");
    let holds = |name: &str| {
        let member = format!("\"{name}\":\"");
        text.split(&member)
            .skip(1)
            .any(|value| value.bytes().take_while(|b| is_base64url(*b)).count() >= 20)
    };
    if text.contains("\"kty\":\"oct\"") {
        return holds("k")
            .then(|| (Kind::PrivateKey, "a shared secret as a JSON Web Key".to_owned()));
    }
    (text.contains("\"kty\":\"") && holds("d"))
        .then(|| (Kind::PrivateKey, "a private JSON Web Key".to_owned()))
}

/// A whole file that is a private key or a key store.
fn der(bytes: &[u8]) -> Option<(Kind, &'static str)> {
    let body = der_sequence(bytes)?;
    match body {
        // PKCS#8, PKCS#1 and SEC1 begin with their version.
        [2, 1, 0 | 1, 0x30, ..] | [2, 1, 0, 2, 0x81 | 0x82, ..] | [2, 1, 1, 4, ..] => {
            Some((Kind::PrivateKey, "a private key in DER"))
        }
        [2, 1, 3, 0x30, ..] => Some((Kind::EncryptedPrivateKey, "a key store (PKCS#12)")),
        // PKCS#5 is the first that an encrypted PKCS#8 names (RFC 8018 appendix A).
        _ if body.get(2..).is_some_and(|inner| inner.starts_with(PKCS5)) => {
            Some((Kind::EncryptedPrivateKey, "a private key under a passphrase, in DER"))
        }
        _ => None,
    }
}

/// The content of a sequence that is the whole file, in 64 KiB at most.
fn der_sequence(bytes: &[u8]) -> Option<&[u8]> {
    let (length, body) = match bytes {
        [0x30, short @ 0..=0x7f, body @ ..] => (usize::from(*short), body),
        [0x30, 0x81, length, body @ ..] => (usize::from(*length), body),
        [0x30, 0x82, high, low, body @ ..] => (usize::from(*high) << 8 | usize::from(*low), body),
        _ => return None,
    };
    (length == body.len() && length >= MIN_KEY_CHARS).then_some(body)
}

/// A secret as it stands, and in the encodings that hide it from a plain search.
fn forms(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let hex = |upper: bool| -> Vec<u8> {
        let text: String = secret.iter().map(|b| format!("{b:02x}")).collect();
        if upper { text.to_uppercase() } else { text }.into_bytes()
    };
    let wide: Vec<u8> = secret.iter().flat_map(|b| [*b, 0]).collect();
    let mut forms = vec![
        ("", secret.to_vec()),
        (", in hexadecimal", hex(false)),
        (", in hexadecimal", hex(true)),
        (", in UTF-16", wide),
    ];
    // Within a longer text it begins at one of three places of a group; what depends on its neighbours at
    // either end is cut off.
    for lead in 0..3 {
        let padded: Vec<u8> = std::iter::repeat_n(0, lead).chain(secret.iter().copied()).collect();
        let standard = Base64::encode_string(&padded);
        let known = (padded.len() * 8) / 6;
        let inner = &standard[(lead * 8).div_ceil(6)..known];
        let url = inner.replace('+', "-").replace('/', "_");
        if url != inner {
            forms.push((", in base64url", url.into_bytes()));
        }
        forms.push((", in base64", inner.as_bytes().to_vec()));
    }
    forms
}

#[cfg(test)]
mod tests;
