//! Air-gapped activation: the file that a machine without network asks with, the one it gets, and the proof that it gave
//! its seat back.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::key::{Jwk, PublicKey};
use crate::keyset::Purpose;
use crate::verify::{Verified, decode_unverified, verify};
use crate::{Invalid, Lease, Trust};

/// Claims of a `request+jwt`. Times are seconds since the epoch, UTC, by the machine's own clock.
///
/// The machine signs it with a key of its own, made for this: [`OfflineRequest::open`] then shows that the
/// file arrived whole, and nothing more. The licence key in it is what it is granted by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfflineRequest {
    /// The cluster that asks; a request has no authority behind it.
    pub iss: String,
    /// When it was made.
    pub iat: i64,
    /// From when on it counts no more.
    pub exp: i64,
    /// Product code.
    pub aud: String,
    /// The licence key, any scheme.
    pub license_key: String,
    /// The cluster.
    pub cluster_id: String,
    /// The machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Fresh random text; the answer echoes it.
    pub nonce: String,
    /// The machine's public key.
    pub jwk: Jwk,
}

impl Document for OfflineRequest {
    const TYP: &'static str = "request+jwt";
    const PURPOSE: Purpose = Purpose::Lease;

    fn issued_at(&self) -> i64 {
        self.iat
    }
}

impl OfflineRequest {
    /// Checks a request against the key that it brings.
    pub fn open(token: &str) -> Result<Verified<Self>, Invalid> {
        open(token)
    }
}

/// Claims of an `offline+jwt`: those of a lease for the plan's offline term, with the request's nonce.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OfflineLease(pub Lease);

impl Document for OfflineLease {
    const TYP: &'static str = "offline+jwt";
    const PURPOSE: Purpose = Purpose::Lease;

    fn issued_at(&self) -> i64 {
        self.0.iat
    }
}

/// A lease like any other once it has been checked; only the way here was another.
impl From<Verified<OfflineLease>> for Verified<Lease> {
    fn from(lease: Verified<OfflineLease>) -> Self {
        Self::new(lease.claims().0.clone(), lease.token(), lease.kid().into())
    }
}

/// Claims of a `return+jwt`: a machine without network has given its seat back, and runs on it no more. Signed with the
/// key that signed its request, which the authority remembers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfflineReturn {
    /// The cluster.
    pub iss: String,
    /// When, by the machine's own clock, in seconds since the epoch.
    pub iat: i64,
    /// Product code.
    pub aud: String,
    /// The licence.
    pub sub: String,
    /// The activation.
    pub act: String,
    /// The cluster.
    pub cluster_id: String,
    /// The machine's public key.
    pub jwk: Jwk,
}

impl Document for OfflineReturn {
    const TYP: &'static str = "return+jwt";
    const PURPOSE: Purpose = Purpose::Lease;

    fn issued_at(&self) -> i64 {
        self.iat
    }
}

impl OfflineReturn {
    /// Checks it against the key that it brings. Whether that is the machine's is for the authority to compare.
    pub fn open(token: &str) -> Result<Verified<Self>, Invalid> {
        open(token)
    }
}

/// Checks a document against the key in it.
fn open<T: Document>(token: &str) -> Result<Verified<T>, Invalid> {
    let (_, claims) = decode_unverified(token)?;
    let key = claims
        .get("jwk")
        .and_then(|jwk| serde_json::from_value::<Jwk>(jwk.clone()).ok())
        .and_then(|jwk| PublicKey::from_jwk(&jwk).ok())
        .ok_or(Invalid::Malformed("it does not bring a public key"))?;
    verify(token, &Trust::new(vec![key]))
}

const BEGIN: &str = "-----BEGIN LICENTIA ACTIVATION-----";
const END: &str = "-----END LICENTIA ACTIVATION-----";

/// What is carried back to the machine. Nothing in it is checked yet; a product that reads it has the keyset from
/// there, and the newest list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActivationFile {
    /// The `offline+jwt`.
    pub lease: String,
    /// The licence as signed, for keys that say nothing by themselves too.
    pub license: String,
    /// The `activation+jwt`.
    pub proof: String,
    /// The keyset that names the signing keys.
    pub keyset: Option<String>,
    /// The newest revocation list at the time, compact.
    pub revocations: Option<String>,
}

impl ActivationFile {
    /// Reads one. Lines of unknown name are ignored.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() > crate::MAX_FILE_BYTES {
            return Err(Invalid::Malformed("the activation file is longer than 256 KiB"));
        }
        let body = text.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END));
        let (body, _) = body.ok_or(Invalid::Malformed("it is not an activation file"))?;
        let mut lines = std::collections::BTreeMap::new();
        for line in body.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (name, value) = line
                .split_once(':')
                .ok_or(Invalid::Malformed("a line of the activation file is not `name: value`"))?;
            if lines.insert(name.trim(), value.trim()).is_some() {
                return Err(Invalid::Malformed("the activation file names one line twice"));
            }
        }
        let optional = |name: &str| lines.get(name).map(|value| (*value).to_owned());
        let needed =
            |name| optional(name).ok_or(Invalid::Malformed("the activation file lacks a line"));
        Ok(Self {
            lease: needed("lease")?,
            license: needed("license")?,
            proof: needed("proof")?,
            keyset: optional("keyset"),
            revocations: optional("revocations"),
        })
    }

    /// Without what a machine can do without, for a code that holds little.
    #[must_use]
    pub fn brief(&self) -> Self {
        Self { keyset: None, revocations: None, ..self.clone() }
    }
}

impl fmt::Display for ActivationFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{BEGIN}\nlease: {}\nlicense: {}\nproof: {}",
            self.lease, self.license, self.proof
        )?;
        for (name, value) in [("keyset", &self.keyset), ("revocations", &self.revocations)] {
            if let Some(value) = value {
                writeln!(f, "{name}: {value}")?;
            }
        }
        writeln!(f, "{END}")
    }
}
