//! Where revocations come from and go to, besides the database.

use std::path::PathBuf;

use licentia_authority::webhooks::Receiver;
use serde::Deserialize;

use super::mail::{Password, secret_of};

/// `[revocations]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Revocations {
    /// The folder or bucket (`s3://…`, `gs://…`, `az://…`) with `revocations.txt`.
    pub text: Option<String>,
    /// The folder or bucket that `revocations.json` is written to.
    pub publish: Option<String>,
    /// Seconds between two looks at the text; a folder's changes are heard besides.
    pub poll_s: u32,
    /// Seconds that running products may go on with a key that a line revokes.
    pub grace_s: u32,
    /// What signs the calls of whoever tells that the text has changed: `whsec_…`, as in Standard Webhooks.
    pub refresh_secret: Option<Password>,
    /// The same in a file.
    pub refresh_secret_file: Option<PathBuf>,
}

impl Default for Revocations {
    fn default() -> Self {
        Self {
            text: None,
            publish: None,
            poll_s: 5,
            grace_s: 0,
            refresh_secret: None,
            refresh_secret_file: None,
        }
    }
}

impl Revocations {
    /// By the name of an environment variable.
    pub(super) fn set(&mut self, key: &str, value: String) -> Result<(), &'static str> {
        let seconds = || value.parse().map_err(|_| "wants a number of seconds");
        match key {
            "POLL_S" => self.poll_s = seconds()?,
            "GRACE_S" => self.grace_s = seconds()?,
            "TEXT" => self.text = Some(value),
            "PUBLISH" => self.publish = Some(value),
            // One of the two is said here; the other one in the file then means nothing.
            "REFRESH_SECRET" => {
                (self.refresh_secret, self.refresh_secret_file) =
                    (Some(Password::new(value)), None);
            }
            "REFRESH_SECRET_FILE" => {
                (self.refresh_secret, self.refresh_secret_file) = (None, Some(value.into()));
            }
            _ => return Err("is not a setting that is known"),
        }
        Ok(())
    }

    /// What checks signed calls, where a secret was agreed.
    pub(crate) fn receiver(&self) -> Result<Option<Receiver>, String> {
        let (secret, file) = (self.refresh_secret.as_ref(), self.refresh_secret_file.as_ref());
        let Some(secret) = secret_of("refresh_secret", secret, file)? else { return Ok(None) };
        let receiver =
            Receiver::new(secret.expose()).map_err(|why| format!("refresh_secret: {why}"))?;
        Ok(Some(receiver))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_good_and_said_once() {
        let good = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, format!("{good}\n")).unwrap();
        let mut section = Revocations::default();
        assert!(section.receiver().unwrap().is_none());
        section.set("REFRESH_SECRET", good.to_owned()).unwrap();
        assert!(section.receiver().unwrap().is_some());
        assert!(!format!("{section:?}").contains("MfKQ"));
        section.set("REFRESH_SECRET_FILE", file.display().to_string()).unwrap();
        assert!(section.receiver().unwrap().is_some());
        section.refresh_secret = Some(Password::new("whsec_c2hvcnQ=".to_owned()));
        assert!(section.receiver().is_err(), "both");
        section.refresh_secret_file = None;
        assert!(section.receiver().is_err(), "short");
        assert!(section.set("SECRET", String::new()).is_err());
        assert!(section.set("POLL_S", "soon".to_owned()).is_err());
    }
}
