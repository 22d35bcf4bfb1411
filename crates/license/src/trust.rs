//! Whom a product trusts: the roots that its build embeds and, signed by one of them, the keyset of the day.
//!
//! A *trust bundle* is text: one PEM block `PUBLIC KEY` a root, then a block `LICENTIA KEYSET` around the
//! compact keyset. A bare PEM, several of them, or a JWKS are bundles too: lists of roots.

use crate::key::{KeyError, PublicKey};
use crate::keyset::{KeyState, Keyset, Purpose};
use crate::verify::{Verified, verify};
use crate::{Invalid, MAX_FILE_BYTES};

const KEYSET_BEGIN: &str = "-----BEGIN LICENTIA KEYSET-----";
const KEYSET_END: &str = "-----END LICENTIA KEYSET-----";

/// How many keys are tried for a token that names none.
const MAX_CANDIDATES: usize = 8;

/// The keys a verifier trusts, and for what.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    roots: Vec<PublicKey>,
    keyset: Option<Verified<Keyset>>,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    key: PublicKey,
    purposes: Vec<Purpose>,
    state: KeyState,
    not_before: Option<i64>,
    not_after: Option<i64>,
}

/// A key that may check a token, with the times it may have signed at.
pub(crate) struct Candidate<'a> {
    pub(crate) key: &'a PublicKey,
    pub(crate) not_before: Option<i64>,
    pub(crate) not_after: Option<i64>,
    pub(crate) compromised: bool,
}

impl Candidate<'_> {
    /// Whether the key signed at this time. A document that does not say when it was signed passes only
    /// under a key without bounds.
    pub(crate) fn may_have_signed_at(&self, iat: Option<i64>) -> Result<(), Invalid> {
        let within = |iat: i64| {
            self.not_before.is_none_or(|from| iat >= from)
                && self.not_after.is_none_or(|to| iat < to)
        };
        let unbounded = self.not_before.is_none() && self.not_after.is_none();
        if iat.map_or(unbounded, within) { Ok(()) } else { Err(Invalid::UnknownKey) }
    }
}

impl Trust {
    /// Trusts these roots, and no keyset yet.
    #[must_use]
    pub fn new(roots: Vec<PublicKey>) -> Self {
        Self { roots, keyset: None, entries: Vec::new() }
    }

    /// Reads a trust bundle, PEM blocks, a JWK or a JWKS.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        if text.len() > MAX_FILE_BYTES {
            return Err(KeyError::Unreadable);
        }
        let text = text.trim();
        if text.starts_with('{') {
            return PublicKey::list_from_jwks(text).map(Self::new);
        }
        let (pems, keyset) = match text.split_once(KEYSET_BEGIN) {
            Some((pems, rest)) => {
                let (keyset, _) = rest.split_once(KEYSET_END).ok_or(KeyError::Unreadable)?;
                (pems, Some(keyset.split_whitespace().collect::<String>()))
            }
            None => (text, None),
        };
        let mut roots = Vec::new();
        for block in
            pems.split_inclusive("-----END PUBLIC KEY-----").filter(|b| !b.trim().is_empty())
        {
            let begin = block.find("-----BEGIN").ok_or(KeyError::Unreadable)?;
            roots.push(PublicKey::from_pem(&block[begin..])?);
        }
        if roots.is_empty() {
            return Err(KeyError::Unreadable);
        }
        let mut trust = Self::new(roots);
        if let Some(keyset) = keyset {
            trust.accept_keyset(&keyset).map_err(KeyError::Keyset)?;
        }
        Ok(trust)
    }

    /// Trusts the roots of both, and the newer keyset of the two.
    pub fn join(mut self, other: Self) -> Result<Self, Invalid> {
        for root in other.roots {
            if !self.roots.contains(&root) {
                self.roots.push(root);
            }
        }
        if let Some(keyset) = other.keyset {
            self.accept_keyset(keyset.token())?;
        }
        Ok(self)
    }

    /// The bundle as text, as [`Trust::from_text`] reads it.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text: String = self.roots.iter().map(PublicKey::to_pem).collect();
        if let Some(keyset) = &self.keyset {
            for line in [KEYSET_BEGIN, keyset.token(), KEYSET_END] {
                text.push_str(line);
                text.push('\n');
            }
        }
        text
    }

    /// Takes over a newer keyset that a root signed. One with a lower version than the last is no news and
    /// changes nothing; `Ok(false)` then.
    pub fn accept_keyset(&mut self, token: &str) -> Result<bool, Invalid> {
        let keyset = verify::<Keyset>(token.trim(), self)?;
        if self.keyset_version().is_some_and(|seen| keyset.version < seen) {
            return Ok(false);
        }
        let mut entries = Vec::with_capacity(keyset.keys.len());
        for entry in &keyset.keys {
            // A key of a type this build does not know can check nothing here.
            let Ok(key) = PublicKey::from_jwk(&entry.jwk) else { continue };
            entries.push(Entry {
                key,
                purposes: entry.purposes.clone(),
                state: entry.state,
                not_before: entry.not_before,
                not_after: entry.not_after,
            });
        }
        self.entries = entries;
        self.keyset = Some(keyset);
        Ok(true)
    }

    /// The roots.
    #[must_use]
    pub fn roots(&self) -> &[PublicKey] {
        &self.roots
    }

    /// Version of the keyset in force.
    #[must_use]
    pub fn keyset_version(&self) -> Option<u64> {
        self.keyset.as_ref().map(|keyset| keyset.version)
    }

    /// The keyset in force, as it was received.
    #[must_use]
    pub fn keyset_token(&self) -> Option<&str> {
        self.keyset.as_ref().map(Verified::token)
    }

    /// The keys that may have signed a document for `purpose` under `kid`; all permitted ones where the
    /// token names none. What a keyset says of a key outweighs its being a root.
    pub(crate) fn candidates<'t>(
        &'t self,
        kid: Option<&str>,
        purpose: Purpose,
    ) -> impl Iterator<Item = Candidate<'t>> {
        let listed = |key: &PublicKey| self.entries.iter().any(|e| e.key.kid() == key.kid());
        let roots =
            self.roots.iter().filter(move |key| purpose == Purpose::Root || !listed(key)).map(
                |key| Candidate { key, not_before: None, not_after: None, compromised: false },
            );
        let online = self
            .entries
            .iter()
            .filter(move |e| {
                purpose != Purpose::Root
                    && e.purposes.contains(&purpose)
                    && e.state != KeyState::Retired
            })
            .map(|e| Candidate {
                key: &e.key,
                not_before: e.not_before,
                not_after: e.not_after,
                compromised: e.state == KeyState::Compromised,
            });
        online
            .chain(roots)
            .filter(move |c| kid.is_none_or(|kid| c.key.answers_to(kid)))
            .take(MAX_CANDIDATES)
    }
}
