//! The self-signed certificate by which a registry knows our key: X.509 version 1 (RFC 5280), since nothing but its key
//! is looked at. The same key makes the same certificate.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use licentia_issue::Signer;
use licentia_license::key::PublicKey;
use sha2::{Digest, Sha256};

use crate::error::AuthorityError;

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const UTF8: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
/// `AlgorithmIdentifier` of sha256WithRSAEncryption (RFC 4055 section 5).
const SHA256_WITH_RSA: &[u8] =
    &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00];
/// `commonName` (RFC 5280 appendix A.1).
const COMMON_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];
/// No well-defined end (RFC 5280 section 4.1.2.5).
const NEVER: &[u8] = b"99991231235959Z";

/// DER of the certificate of an RSA key.
pub(crate) fn of(signer: &dyn Signer, made_at: i64) -> Result<Vec<u8>, AuthorityError> {
    let spki = spki(signer.public_key())?;
    let name = [COMMON_NAME, &der(UTF8, b"Licentia registry tokens")].concat();
    let name = der(SEQUENCE, &der(SET, &der(SEQUENCE, &name)));
    // 15 bytes with the first bit off: a positive number of at most 20 octets.
    let mut serial = Sha256::digest(&spki)[..15].to_vec();
    serial[0] = serial[0] & 0x7f | 0x40;
    let validity = [der(UTC_TIME, utc(made_at)?.as_bytes()), der(GENERALIZED_TIME, NEVER)].concat();
    let parts = [
        der(INTEGER, &serial),
        SHA256_WITH_RSA.to_vec(),
        name.clone(),
        der(SEQUENCE, &validity),
        name,
        spki,
    ];
    let to_be_signed = der(SEQUENCE, &parts.concat());
    let signature = signer.sign(&to_be_signed).map_err(|e| AuthorityError::Keys(e.to_string()))?;
    let signature = der(BIT_STRING, &[&[0], &*signature].concat());
    Ok(der(SEQUENCE, &[&*to_be_signed, SHA256_WITH_RSA, &signature].concat()))
}

/// DER of a public key (`SubjectPublicKeyInfo`).
pub(crate) fn spki(key: &PublicKey) -> Result<Vec<u8>, AuthorityError> {
    use base64ct::{Base64, Encoding};

    let text: String = key.to_pem().lines().filter(|line| !line.starts_with("-----")).collect();
    Base64::decode_vec(&text).map_err(|e| AuthorityError::Keys(e.to_string()))
}

fn utc(at: i64) -> Result<String, AuthorityError> {
    let at = Timestamp::from_second(at).map_err(|e| AuthorityError::Keys(e.to_string()))?;
    Ok(at.to_zoned(TimeZone::UTC).strftime("%y%m%d%H%M%SZ").to_string())
}

/// A value with its tag and length (X.690 section 8.1).
fn der(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = value.len().to_be_bytes();
    let short: Vec<u8> = length.iter().copied().skip_while(|byte| *byte == 0).collect();
    match (short.as_slice(), u8::try_from(short.len())) {
        ([], _) => out.push(0),
        ([one], _) if *one < 0x80 => out.push(*one),
        (bytes, count) => {
            out.push(0x80 | count.unwrap_or_default());
            out.extend_from_slice(bytes);
        }
    }
    out.extend_from_slice(value);
    out
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use licentia_issue::signer::{RsaBits, RsaSigner};

    use super::*;

    #[test]
    fn openssl_reads_it_and_finds_it_signed_by_itself() {
        let key = RsaSigner::generate(RsaBits::B2048).unwrap();
        let made = of(&key, 1_767_225_600).unwrap();
        assert_eq!(made, of(&key, 1_767_225_600).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cert.pem");
        let mut openssl = Command::new("openssl")
            .args(["x509", "-inform", "der", "-out"])
            .arg(&path)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        openssl.stdin.take().unwrap().write_all(&made).unwrap();
        assert!(openssl.wait().unwrap().success());
        let said = |args: &[&str]| {
            let ran = Command::new("openssl").args(args).arg(&path).output().unwrap();
            assert!(ran.status.success(), "{ran:?}");
            String::from_utf8(ran.stdout).unwrap()
        };
        let file = path.display().to_string();
        assert!(said(&["verify", "-check_ss_sig", "-CAfile", &file]).contains("OK"));
        let about = said(&["x509", "-noout", "-dates", "-subject", "-pubkey", "-in"]);
        assert!(about.contains("notBefore=Jan  1 00:00:00 2026 GMT"), "{about}");
        assert!(about.contains("notAfter=Dec 31 23:59:59 9999 GMT"), "{about}");
        assert!(about.contains(key.public_key().to_pem().trim()), "{about}");
    }
}
