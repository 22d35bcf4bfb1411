//! Which machine it is, told without telling what it is made of, and what a licence is bound to.
//!
//! Two schemes. `parts` holds salted hashes of the machine's components; a machine is the one that was bound
//! when enough of them match, so that a new network card locks nobody out. `host-mac` is one hash over host
//! name and MAC address, and changes with either.
//!
//! Collecting is not done here: the guard reads the values and gives them to [`Parts::with`] or
//! [`HostMac::of`], and only hashes go further. The salt is the product's code, so fingerprints of two
//! products cannot be compared. It is no secret, and a MAC address or a model name has few bits: who holds a
//! fingerprint and guesses the value right can tell that it was right.
//!
//! ```
//! use licentia_license::fingerprint::{Bind, Component, Fingerprint, Parts};
//! # fn main() -> Result<(), licentia_license::fingerprint::Unreadable> {
//! let machine = Parts::default().with("bzzz", Component::Machine, "3d12…").with("bzzz", Component::Cpu, "Xeon");
//! let machine = Fingerprint::Parts(machine);
//! let bind: Bind = machine.to_string().parse()?;
//! assert!(bind.admits(&[machine]));
//! # Ok(())
//! # }
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// Longest text form that is looked at, in bytes; what an activation request may carry.
pub const MAX_TEXT_BYTES: usize = 512;
/// Most values that are kept of one component: so many disks or network cards.
pub const MAX_VALUES: usize = 4;

/// Begins every hash of a part, so that no other hash passes for one.
const CONTEXT: &[u8] = b"licentia fingerprint part v1";

/// A component of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Component {
    /// The id that the operating system was given when it was installed.
    Machine,
    /// Maker and model of the main board or virtual machine.
    Board,
    /// Maker and model of the processor.
    Cpu,
    /// Serial numbers of the built-in disks.
    Disk,
    /// Permanent addresses of the physical network cards.
    Network,
}

impl Component {
    /// Every component, in the order of the text form.
    pub const ALL: [Self; 5] = [Self::Machine, Self::Board, Self::Cpu, Self::Disk, Self::Network];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Board => "board",
            Self::Cpu => "cpu",
            Self::Disk => "disk",
            Self::Network => "network",
        }
    }

    /// Whether machines of the same model share it, so that it tells them from others only.
    #[must_use]
    pub fn is_shared(self) -> bool {
        matches!(self, Self::Board | Self::Cpu)
    }

    fn of(word: &str) -> Result<Self, Unreadable> {
        Self::ALL
            .into_iter()
            .find(|component| component.as_str() == word)
            .ok_or(Unreadable("it names a component that does not exist"))
    }
}

/// The text or claim is no fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a fingerprint: {0}")]
pub struct Unreadable(pub &'static str);

/// The salted hash of one value, 128 bits.
#[derive(Clone, Copy, PartialOrd, Ord)]
struct PartHash([u8; 16]);

impl PartHash {
    /// Lengths first, so that no two triples are hashed alike.
    fn of(product: &str, component: Component, value: &str) -> Self {
        let mut hash = Sha256::new_with_prefix(CONTEXT);
        for text in [product, component.as_str(), value] {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        let digest = hash.finalize();
        let mut kept = [0; 16];
        kept.copy_from_slice(&digest[..16]);
        Self(kept)
    }

    fn read(text: &str) -> Result<Self, Unreadable> {
        let mut bytes = [0; 16];
        match Base64UrlUnpadded::decode(text, &mut bytes) {
            Ok(read) if read.len() == 16 => Ok(Self(bytes)),
            _ => Err(Unreadable("a hash in it is not 22 characters of base64url")),
        }
    }

    fn text(self) -> String {
        Base64UrlUnpadded::encode_string(&self.0)
    }
}

impl PartialEq for PartHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for PartHash {}

impl fmt::Debug for PartHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

/// Salted hashes of a machine's components.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts(BTreeMap<Component, Vec<PartHash>>);

impl Parts {
    /// With one more value, which is hashed here and then forgotten.
    ///
    /// A component with several values matches where any of them does. Beyond [`MAX_VALUES`] the values with
    /// the lowest hashes are kept, whatever order they come in.
    #[must_use]
    pub fn with(mut self, product: &str, component: Component, value: &str) -> Self {
        let values = self.0.entry(component).or_default();
        values.push(PartHash::of(product, component, value));
        values.sort_unstable();
        values.dedup();
        values.truncate(MAX_VALUES);
        self
    }

    /// The components that are known.
    pub fn components(&self) -> impl Iterator<Item = Component> {
        self.0.keys().copied()
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many components must match unless the vendor says otherwise: all but one, of one or two all.
    #[must_use]
    pub fn default_need(&self) -> usize {
        match self.0.len() {
            few @ 0..=2 => few,
            many => many - 1,
        }
    }

    /// Whether one value of this component is in both. Every pair is looked at, whatever the outcome.
    fn shares(&self, other: &Self, component: Component) -> bool {
        let of = |parts: &Self| parts.0.get(&component).cloned().unwrap_or_default();
        let theirs = of(other);
        let mut any = Choice::from(0);
        for mine in of(self) {
            for their in &theirs {
                any |= mine.0.ct_eq(&their.0);
            }
        }
        any.into()
    }

    fn insert(&mut self, component: Component, values: Vec<PartHash>) -> Result<(), Unreadable> {
        if values.is_empty() || values.len() > MAX_VALUES {
            return Err(Unreadable("a component in it has no value, or more than four"));
        }
        if values.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(Unreadable("the hashes of a component are not in order"));
        }
        match self.0.insert(component, values) {
            None => Ok(()),
            Some(_) => Err(Unreadable("it names a component twice")),
        }
    }

    fn read(text: &str) -> Result<Self, Unreadable> {
        let mut parts = Self::default();
        for part in text.split(',') {
            let (word, values) =
                part.split_once('=').ok_or(Unreadable("a part of it has no `=`"))?;
            let values = values.split('.').map(PartHash::read).collect::<Result<_, _>>()?;
            parts.insert(Component::of(word)?, values)?;
        }
        Ok(parts)
    }

    fn text(&self) -> String {
        let part = |(component, values): (&Component, &Vec<PartHash>)| {
            let values: Vec<_> = values.iter().map(|value| value.text()).collect();
            format!("{}={}", component.as_str(), values.join("."))
        };
        self.0.iter().map(part).collect::<Vec<_>>().join(",")
    }
}

/// Host name and MAC address in one hash: the first 16 hexadecimal digits of SHA-256 over `NAME:NUMBER`.
///
/// As Python spells it: `hashlib.sha256(f"{platform.node()}:{uuid.getnode()}".encode()).hexdigest()[:16]`.
#[derive(Clone, Copy)]
pub struct HostMac([u8; 8]);

impl HostMac {
    /// Of this host name and MAC address; the address goes in as a decimal number.
    #[must_use]
    pub fn of(hostname: &str, mac: [u8; 6]) -> Self {
        let number = mac.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let digest = Sha256::digest(format!("{hostname}:{number}"));
        let mut kept = [0; 8];
        kept.copy_from_slice(&digest[..8]);
        Self(kept)
    }

    fn read(text: &str) -> Result<Self, Unreadable> {
        let wrong = Unreadable("`host-mac` takes 16 hexadecimal digits in lower case");
        let digits = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if text.len() != 16 || !digits {
            return Err(wrong);
        }
        let number = u64::from_str_radix(text, 16).map_err(|_| wrong)?;
        Ok(Self(number.to_be_bytes()))
    }

    /// The 16 digits, as v1 keys are signed over.
    #[must_use]
    pub fn digits(self) -> String {
        format!("{:016x}", u64::from_be_bytes(self.0))
    }
}

impl PartialEq for HostMac {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for HostMac {}

impl fmt::Debug for HostMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.digits())
    }
}

/// A machine, in one of the schemes. Text form: `parts:machine=…,board=…,disk=….…` or `host-mac:…`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fingerprint {
    /// Salted hashes of its components.
    Parts(Parts),
    /// One hash over host name and MAC address.
    HostMac(HostMac),
}

impl Fingerprint {
    /// Whether both are of one machine, going by the default number of components.
    #[must_use]
    pub fn is_same_machine(&self, other: &Self) -> bool {
        Bind::to(self.clone()).admits(std::slice::from_ref(other))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parts(parts) => write!(f, "parts:{}", parts.text()),
            Self::HostMac(hash) => write!(f, "host-mac:{}", hash.digits()),
        }
    }
}

impl FromStr for Fingerprint {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(Unreadable("it is longer than 512 characters"));
        }
        match text.split_once(':') {
            Some(("parts", rest)) => Parts::read(rest).map(Self::Parts),
            Some(("host-mac", rest)) => HostMac::read(rest).map(Self::HostMac),
            _ => Err(Unreadable("it begins neither with `parts:` nor with `host-mac:`")),
        }
    }
}

/// What a licence is bound to: its claim `bind`.
///
/// Text form: that of a fingerprint, with `need=N,` after `parts:` where the default is not wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bind {
    /// The machine with these components.
    Parts {
        /// How many must match.
        need: usize,
        /// Their hashes.
        parts: Parts,
    },
    /// The machine with this host name and MAC address.
    HostMac(HostMac),
    /// A scheme of a later version: no machine that is known here.
    Unknown(Value),
}

impl Bind {
    /// To this machine, with the default number of components.
    #[must_use]
    pub fn to(fingerprint: Fingerprint) -> Self {
        match fingerprint {
            Fingerprint::Parts(parts) => Self::Parts { need: parts.default_need(), parts },
            Fingerprint::HostMac(hash) => Self::HostMac(hash),
        }
    }

    /// Whether a machine that is known by these fingerprints is the one.
    #[must_use]
    pub fn admits(&self, machine: &[Fingerprint]) -> bool {
        machine.iter().any(|fingerprint| match (self, fingerprint) {
            (Self::Parts { need, parts }, Fingerprint::Parts(found)) => {
                let matched =
                    Component::ALL.into_iter().filter(|c| parts.shares(found, *c)).count();
                matched >= *need && *need > 0
            }
            (Self::HostMac(wanted), Fingerprint::HostMac(found)) => wanted == found,
            _ => false,
        })
    }

    /// The bound components that this machine has not, or has otherwise: what support wants to know.
    #[must_use]
    pub fn differences(&self, machine: &Parts) -> Vec<Component> {
        match self {
            Self::Parts { parts, .. } => {
                parts.components().filter(|c| !parts.shares(machine, *c)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn needing(need: usize, parts: Parts) -> Result<Self, Unreadable> {
        if need == 0 || need > parts.0.len() {
            return Err(Unreadable("`need` is not between 1 and the number of its components"));
        }
        Ok(Self::Parts { need, parts })
    }

    fn from_claim(claim: Value) -> Result<Self, Unreadable> {
        let no_hashes = Unreadable("its `parts` are not lists of hashes");
        match claim["scheme"].as_str() {
            Some("parts") => {
                let mut parts = Parts::default();
                for (word, values) in claim["parts"].as_object().ok_or(no_hashes)? {
                    let hash = |value: &Value| PartHash::read(value.as_str().ok_or(no_hashes)?);
                    let values = values.as_array().ok_or(no_hashes)?;
                    parts.insert(
                        Component::of(word)?,
                        values.iter().map(hash).collect::<Result<_, _>>()?,
                    )?;
                }
                let need = claim["need"].as_u64().and_then(|need| usize::try_from(need).ok());
                Self::needing(need.unwrap_or_default(), parts)
            }
            Some("host-mac") => {
                HostMac::read(claim["value"].as_str().unwrap_or_default()).map(Self::HostMac)
            }
            Some(_) => Ok(Self::Unknown(claim)),
            None => Err(Unreadable("it names no scheme")),
        }
    }

    fn to_claim(&self) -> Value {
        match self {
            Self::Parts { need, parts } => {
                let lists: serde_json::Map<_, _> = parts
                    .0
                    .iter()
                    .map(|(component, values)| {
                        let values: Vec<_> = values.iter().map(|value| value.text()).collect();
                        (component.as_str().to_owned(), json!(values))
                    })
                    .collect();
                json!({ "scheme": "parts", "need": need, "parts": lists })
            }
            Self::HostMac(hash) => json!({ "scheme": "host-mac", "value": hash.digits() }),
            Self::Unknown(claim) => claim.clone(),
        }
    }
}

impl FromStr for Bind {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let Some((need, rest)) =
            text.strip_prefix("parts:need=").and_then(|rest| rest.split_once(','))
        else {
            return match text.parse()? {
                Fingerprint::Parts(parts) => Self::needing(parts.default_need(), parts),
                other => Ok(Self::to(other)),
            };
        };
        let Fingerprint::Parts(parts) = format!("parts:{rest}").parse()? else {
            return Err(Unreadable("`need` goes with `parts` only"));
        };
        Self::needing(need.parse().map_err(|_| Unreadable("`need` is not a number"))?, parts)
    }
}

impl Serialize for Bind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_claim().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Bind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_claim(Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
