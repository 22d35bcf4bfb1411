//! Section `[mail]`: who sends the authority's mails, and whose words they are.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use serde::Deserialize;

/// How mails are sent; without `smtp_host` none is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    /// The server that takes them.
    pub smtp_host: Option<String>,
    /// Its port; 0: the usual one, 587 for `starttls`, 465 for `tls`, 25 for `none`.
    pub smtp_port: u16,
    /// How the connection is secured.
    pub security: Security,
    /// A file of certificates (PEM) to trust besides those of the system.
    pub ca_file: Option<PathBuf>,
    /// Who logs in there.
    pub user: Option<String>,
    /// With what.
    pub password: Option<Password>,
    /// The file that holds it.
    pub password_file: Option<PathBuf>,
    /// The sender, e.g. `Example licences <licenses@example.com>`.
    pub from: Option<String>,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<String>,
    /// The vendor's name in the mails.
    pub vendor: String,
    /// A folder of templates that replace the built-in ones: `licentia mail templates DIR` writes those.
    pub templates: Option<PathBuf>,
    /// Connections at most.
    pub connections: u8,
}

/// How the connection to the mail server is secured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS after the greeting; never without.
    #[default]
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// In clear, for a server on this machine.
    None,
}

/// A password; its debug form does not show it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// Takes one.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The password. Each call is a place to look at in a review.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            smtp_host: None,
            smtp_port: 0,
            security: Security::default(),
            ca_file: None,
            user: None,
            password: None,
            password_file: None,
            from: None,
            reply_to: None,
            vendor: "Licentia".into(),
            templates: None,
            connections: 4,
        }
    }
}

impl Mail {
    /// Sets a key by the name of its environment variable; what is wanted, where the value is not.
    pub(crate) fn set(&mut self, key: &str, value: String) -> Result<(), &'static str> {
        match key {
            "SMTP_HOST" => self.smtp_host = Some(value),
            "SMTP_PORT" => self.smtp_port = value.parse().map_err(|_| "wants a port, e.g. 587")?,
            "SECURITY" => {
                self.security = match value.as_str() {
                    "starttls" => Security::StartTls,
                    "tls" => Security::Tls,
                    "none" => Security::None,
                    _ => return Err("wants starttls, tls or none"),
                };
            }
            "CA_FILE" => self.ca_file = Some(value.into()),
            "USER" => self.user = Some(value),
            // The other one in the file then means nothing.
            "PASSWORD" => (self.password, self.password_file) = (Some(Password(value)), None),
            "PASSWORD_FILE" => (self.password, self.password_file) = (None, Some(value.into())),
            "FROM" => self.from = Some(value),
            "REPLY_TO" => self.reply_to = Some(value),
            "VENDOR" => self.vendor = value,
            "TEMPLATES" => self.templates = Some(value.into()),
            "CONNECTIONS" => {
                self.connections = value.parse().map_err(|_| "wants a number, 1 to 255")?;
            }
            _ => return Err("is not a setting that is known"),
        }
        Ok(())
    }

    /// The password, from its file where one is named.
    pub(crate) fn password(&self) -> Result<Option<Password>, String> {
        secret_of("password", self.password.as_ref(), self.password_file.as_ref())
    }
}

/// A secret of the configuration, from its file where one is named.
pub(crate) fn secret_of(
    key: &str,
    secret: Option<&Password>,
    file: Option<&PathBuf>,
) -> Result<Option<Password>, String> {
    match (secret, file) {
        (Some(_), Some(_)) => Err(format!("`{key}` and `{key}_file` exclude each other")),
        (secret, None) => Ok(secret.cloned()),
        (None, Some(path)) => match fs::read_to_string(path) {
            Ok(text) => Ok(Some(Password(text.trim_end_matches(['\r', '\n']).to_owned()))),
            Err(error) => Err(format!("{key}_file {}: {error}", path.display())),
        },
    }
}
