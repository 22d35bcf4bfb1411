//! How often anybody may ask: by address, by activation, by licence, and how many unknown keys an address may try.
//!
//! A product whose token or key was good here before is limited by its activation and its licence, never by its
//! address, so that a thousand nodes behind one gateway do not lock each other out, and a neighbour who tries keys
//! does not lock out them. Everybody else is limited by address (an IPv6 address by its /64). What is known is
//! known for the address that showed it, since else a limit on guesses would not hold for good guesses.
//!
//! Buckets live in this process and in bounded memory; a restart, or another replica, begins with full ones. An own
//! table rather than a library's, since those cannot forget a living entry to stay within bounds.

mod bucket;
mod logins;
pub(crate) mod streams;

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use licentia_authority::Holder;
use tokio::time::Instant;
use uuid::Uuid;

use self::bucket::{Bounded, Buckets};
use self::logins::Failures;
use self::streams::{Stream, Streams};
use crate::config;

/// Entries of each table. With some 64 bytes each, the seven tables take at most 28 MiB.
const MOST: usize = 65_536;

/// When a stream that was one too many may be tried again, in seconds.
const STREAM_RETRY_S: u64 = 60;

/// Told to come back after so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limited(pub(crate) u64);

/// What a caller shows.
#[derive(Clone, Copy)]
pub(crate) enum Credential<'a> {
    /// An access token: 256 random bits, so that nobody guesses one.
    Token(&'a str),
    /// A licence key: perhaps a guess.
    Key(&'a str),
}

/// The buckets of this process.
pub(crate) struct Limits {
    settings: config::Limits,
    secret: RandomState,
    begun: Instant,
    addresses: Buckets,
    guesses: Buckets,
    activations: Buckets,
    licenses: Buckets,
    known: Mutex<Bounded<Holder>>,
    streams: Streams,
    log_ins: Mutex<Bounded<Failures>>,
    log_ins_of_address: Buckets,
}

impl Limits {
    pub(crate) fn new(settings: config::Limits) -> Self {
        let buckets = || Buckets::new(MOST);
        Self {
            settings,
            secret: RandomState::new(),
            begun: Instant::now(),
            addresses: buckets(),
            guesses: buckets(),
            activations: buckets(),
            licenses: buckets(),
            known: Mutex::new(Bounded::new(MOST)),
            streams: Streams::default(),
            log_ins: Mutex::new(Bounded::new(MOST)),
            log_ins_of_address: buckets(),
        }
    }

    /// Whether a request may go on. Nothing was looked up yet.
    pub(crate) fn enter(
        &self,
        address: IpAddr,
        credential: Option<Credential<'_>>,
        now: Instant,
    ) -> Result<(), Limited> {
        let at = self.micros(now);
        let network = self.key(network(address));
        let known = credential.and_then(|shown| {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.get(self.shown(address, shown)).copied()
        });
        if let Some(holder) = known {
            if let Some(Credential::Token(_)) = credential {
                let most = self.settings.activation_per_minute;
                self.activations.take(self.key(holder.activation_id), most, at)?;
            }
            let most = holder.contacts_per_minute.unwrap_or(self.settings.license_per_minute);
            return self.licenses.take(self.key(holder.license_id), most, at);
        }
        if let Some(Credential::Key(_)) = credential {
            self.guesses.look(network, self.settings.unknown_keys_per_minute, at)?;
        }
        self.addresses.take(network, self.settings.address_per_minute, at)
    }

    /// What a caller showed was good.
    pub(crate) fn good(&self, address: IpAddr, credential: Credential<'_>, holder: Holder) {
        let shown = self.shown(address, credential);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(shown, holder);
    }

    /// The same, where nothing better is known.
    pub(crate) fn good_at_first(
        &self,
        address: IpAddr,
        credential: Credential<'_>,
        holder: Holder,
    ) {
        let shown = self.shown(address, credential);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.get(shown).is_none() {
            known.insert(shown, holder);
        }
    }

    /// A caller showed a key that nobody knows.
    pub(crate) fn guessed(&self, address: IpAddr, now: Instant) {
        let most = self.settings.unknown_keys_per_minute;
        self.guesses.charge(self.key(network(address)), most, self.micros(now));
    }

    /// One more stream; it counts until it is dropped.
    pub(crate) fn stream(&self, activation_id: Uuid, license_id: Uuid) -> Result<Stream, Limited> {
        let of = [
            (activation_id, self.settings.streams_per_activation),
            (license_id, self.settings.streams_per_license),
        ];
        self.streams.open(of).ok_or(Limited(STREAM_RETRY_S))
    }

    fn shown(&self, address: IpAddr, credential: Credential<'_>) -> u64 {
        match credential {
            Credential::Token(token) => self.key((0_u8, token)),
            Credential::Key(key) => self.key((1_u8, network(address), key)),
        }
    }

    /// Keyed with a secret of this process: nobody outside can make two fall together.
    fn key(&self, value: impl Hash) -> u64 {
        self.secret.hash_one(value)
    }

    fn micros(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.begun).as_micros()).unwrap_or(u64::MAX)
    }
}

/// What counts as one address: whoever has one IPv6 address has the 2^64 of its network.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests;
