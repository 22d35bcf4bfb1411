//! Passwords: argon2id (RFC 9106) with the parameters that OWASP recommends, on threads of their own and few at once,
//! since each takes 19 MiB and some 20 ms on purpose.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, Version};
use base64ct::{Base64Unpadded, Encoding};
use licentia_issue::Secret;
use licentia_issue::master::equal;
use tokio::sync::Semaphore;

use crate::authority::Authority;
use crate::error::AuthorityError;

/// Passwords that are hashed at the same moment; others wait.
const AT_ONCE: usize = 4;
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Shortest password, in characters.
const SHORTEST: usize = 12;
/// Longest password, in bytes: a longer one would be work for nothing.
const LONGEST: usize = 1024;

/// Room for hashing.
pub(crate) struct Passwords(Arc<Semaphore>);

impl Default for Passwords {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

/// Whether a password may be one.
pub(crate) fn check(name: &str, password: &str) -> Result<(), AuthorityError> {
    let invalid = |problem: String| AuthorityError::Invalid { field: "password", problem };
    if password.chars().count() < SHORTEST || password.len() > LONGEST {
        return Err(invalid(format!(
            "wants at least {SHORTEST} characters and at most {LONGEST} bytes"
        )));
    }
    let mut letters = password.chars();
    let first = letters.next();
    if letters.all(|letter| Some(letter) == first) || password.to_lowercase().contains(name) {
        return Err(invalid("must neither hold the name nor be one letter again and again".into()));
    }
    Ok(())
}

impl Authority {
    /// What is stored of a password.
    pub(crate) async fn hash_password(
        &self,
        password: Secret<String>,
    ) -> Result<String, AuthorityError> {
        let salt = self.random().bytes::<16>();
        self.hashing(move || {
            let hash = derive(&parameters()?, password.expose(), &salt)?;
            let encode = Base64Unpadded::encode_string;
            Some(format!(
                "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${}${}",
                encode(&salt),
                encode(&hash)
            ))
        })
        .await?
        .ok_or_else(|| AuthorityError::Keys("a password could not be hashed".into()))
    }

    /// Whether it is the password. Where there is none, an answer costs the same.
    pub(crate) async fn is_password(
        &self,
        stored: Option<String>,
        password: Secret<String>,
    ) -> Result<bool, AuthorityError> {
        self.hashing(move || {
            let there_is_one = stored.is_some();
            let stored = match stored.as_deref() {
                Some(stored) => Stored::read(stored)?,
                None => Stored { parameters: parameters()?, salt: vec![0; 16], hash: [0; 32] },
            };
            let hash = derive(&stored.parameters, password.expose(), &stored.salt)?;
            Some(equal(&hash, &stored.hash) && there_is_one)
        })
        .await?
        .ok_or_else(|| AuthorityError::Keys("a stored password makes no sense".into()))
    }

    async fn hashing<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, AuthorityError> {
        let gone = || AuthorityError::Keys("the thread that hashes a password ended".into());
        let room = Arc::clone(&self.passwords().0).acquire_owned().await.map_err(|_| gone())?;
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(room);
            done
        })
        .await
        .map_err(|_| gone())
    }
}

struct Stored {
    parameters: Params,
    salt: Vec<u8>,
    hash: [u8; 32],
}

impl Stored {
    /// `$argon2id$v=19$m=…,t=…,p=…$SALT$HASH`; each says for itself what it was made with.
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("$argon2id$v=19$")?.split('$');
        let (mut memory, mut passes, mut lanes) = (None, None, None);
        for pair in parts.next()?.split(',') {
            let (name, value) = pair.split_once('=')?;
            let value = value.parse::<u32>().ok();
            match name {
                "m" => memory = value,
                "t" => passes = value,
                "p" => lanes = value,
                _ => return None,
            }
        }
        let parameters = Params::new(memory?, passes?, lanes?, Some(32)).ok()?;
        let salt = Base64Unpadded::decode_vec(parts.next()?).ok()?;
        let hash = Base64Unpadded::decode_vec(parts.next()?).ok()?.try_into().ok()?;
        parts.next().is_none().then_some(Self { parameters, salt, hash })
    }
}

fn parameters() -> Option<Params> {
    Params::new(MEMORY_KIB, PASSES, LANES, Some(32)).ok()
}

fn derive(parameters: &Params, password: &str, salt: &[u8]) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters.clone());
    argon2.hash_password_into(password.as_bytes(), salt, &mut hash).ok()?;
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_of_another_program_is_read() {
        // argon2-cffi 25.1.0: PasswordHasher(2, 19456, 1, 32, 16).hash("correct horse", salt=b"0123456789abcdef")
        let text = "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$";
        let hash = derive(&parameters().unwrap(), "correct horse", b"0123456789abcdef").unwrap();
        let whole = format!("{text}{}", Base64Unpadded::encode_string(&hash));
        assert_eq!(whole, REFERENCE);
        let stored = Stored::read(&whole).unwrap();
        assert_eq!((stored.salt.as_slice(), stored.hash), (&b"0123456789abcdef"[..], hash));
        for wrong in [
            "",
            "$argon2id$v=19$",
            "$argon2i$v=19$m=8,t=1,p=1$AAAA$AAAA",
            &whole[..whole.len() - 4],
        ] {
            assert!(Stored::read(wrong).is_none(), "{wrong}");
        }
    }

    const REFERENCE: &str = "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$rk2Mi3E4dgRMg0fHaYaptWVZRKqs//6b6k3/nntqGJk";

    #[test]
    fn a_password_is_long_and_not_the_name() {
        for bad in ["short", "aaaaaaaaaaaaaaaa", "ada-ada-ada-ada", &"x1".repeat(600)] {
            assert!(check("ada", bad).is_err(), "{bad}");
        }
        assert!(check("ada", "correct horse battery").is_ok());
    }
}
