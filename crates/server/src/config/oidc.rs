//! Section `[oidc]`: an OpenID provider that vouches for operators.

use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

use super::mail::{Password, secret_of};

/// A provider; without `issuer` there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Oidc {
    /// Its address, as it calls itself.
    pub issuer: Option<String>,
    /// What it knows this authority by.
    pub client_id: String,
    /// With what this authority shows that it is that client.
    pub client_secret: Option<Password>,
    /// The file that holds it.
    pub client_secret_file: Option<PathBuf>,
    /// What people call it, on the button.
    pub name: Option<String>,
    /// Where this console is, e.g. `https://licenses.example.com`; none: where the browser says it is.
    pub console_url: Option<String>,
}

impl Oidc {
    /// Sets a key by the name of its environment variable; what is wanted, where the value is not.
    pub(crate) fn set(&mut self, key: &str, value: String) -> Result<(), &'static str> {
        match key {
            "ISSUER" => self.issuer = Some(value),
            "CLIENT_ID" => self.client_id = value,
            // The other one in the file then means nothing.
            "CLIENT_SECRET" => {
                (self.client_secret, self.client_secret_file) = (Some(Password::new(value)), None);
            }
            "CLIENT_SECRET_FILE" => {
                (self.client_secret, self.client_secret_file) = (None, Some(value.into()));
            }
            "NAME" => self.name = Some(value),
            "CONSOLE_URL" => self.console_url = Some(value),
            _ => return Err("is not a setting that is known"),
        }
        Ok(())
    }

    /// The secret, from its file where one is named.
    pub(crate) fn secret(&self) -> Result<Option<Password>, String> {
        secret_of("client_secret", self.client_secret.as_ref(), self.client_secret_file.as_ref())
    }
}

/// Whether codes and tokens may be sent there: by TLS, or not off this machine.
pub(crate) fn is_safe(url: &Url) -> bool {
    let here = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && here)
}
