//! Configuration of the server: `licentia.toml`, then the environment (`LICENTIA_SECTION__KEY`), then flags.
//! An unknown key or a bad value is an error that names it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use serde::Deserialize;

pub mod mail;
pub mod notices;
pub mod oidc;
pub mod revocations;
pub mod webhooks;
pub use self::revocations::Revocations;
pub use crate::address::{Forwarded, Network};
use crate::payments::{self, Payments, Secrets};

/// Where the server listens if nothing says otherwise.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:7878";

/// How long usage by the hour is kept if nothing says otherwise.
pub const DEFAULT_USAGE_DAYS: u32 = 90;
/// A month's quota needs the whole month.
const LEAST_USAGE_DAYS: u32 = 32;

/// The whole configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Section `[server]`.
    pub server: Server,
    /// Section `[limits]`.
    pub limits: Limits,
    /// Section `[database]`.
    pub database: Database,
    /// Section `[usage]`.
    pub usage: Usage,
    /// Section `[metrics]`.
    pub metrics: Metrics,
    /// Section `[log]`.
    pub log: Log,
    /// Section `[portal]`.
    pub portal: Portal,
    /// Section `[mail]`.
    pub mail: mail::Mail,
    /// Section `[webhooks]`.
    pub webhooks: webhooks::Webhooks,
    /// Section `[notices]`.
    pub notices: notices::Notices,
    /// Section `[oidc]`.
    pub oidc: oidc::Oidc,
    /// Section `[revocations]`.
    pub revocations: Revocations,
    /// Section `[releases]`.
    pub releases: Releases,
    /// Sections `[payments.PROVIDER]`.
    pub payments: BTreeMap<String, Payments>,
}

/// Where the files of releases are, and how they are handed out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Releases {
    /// A folder or bucket (`s3://…`, `gs://…`, `az://…`); none: the folder `artifacts` in the data directory.
    pub store: Option<String>,
    /// `stream` or `redirect`.
    pub delivery: Delivery,
}

/// How a file comes to a customer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Delivery {
    /// Through this server.
    #[default]
    Stream,
    /// By a link of the bucket's own, which lives a minute; what is made a customer's own goes through this server.
    Redirect,
}

/// Who may read `/metrics`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// Addresses or networks besides this machine itself.
    pub allow: Vec<Network>,
}

/// How the customers' portal looks: the vendor's, not ours.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Portal {
    /// Whether there is one.
    pub enabled: bool,
    /// The vendor's name.
    pub name: String,
    /// A picture, `.svg`, `.png` or `.webp`.
    pub logo: Option<PathBuf>,
    /// The colour of buttons and links.
    pub color: Option<Color>,
    /// Where customers find help: an address of a page or of mail.
    pub support: Option<String>,
}

impl Default for Portal {
    fn default() -> Self {
        Self { enabled: true, name: "Licentia".into(), logo: None, color: None, support: None }
    }
}

/// A colour, `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Color(pub [u8; 3]);

impl TryFrom<String> for Color {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no colour; write `#rrggbb`");
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or_else(wrong)?;
        let number = u32::from_str_radix(digits, 16).map_err(|_| wrong())?;
        let [_, red, green, blue] = number.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

/// How the log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `text` or `json`.
    pub format: LogFormat,
}

/// The forms of a line of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What becomes of usage.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Usage {
    /// Days after which usage by the hour is forgotten, at least 32; totals stay.
    pub retention_days: u32,
}

impl Default for Usage {
    fn default() -> Self {
        Self { retention_days: DEFAULT_USAGE_DAYS }
    }
}

/// Which database is behind the authority.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `postgres://…`; none: the file `licentia.db` in the data directory.
    pub url: Option<DatabaseUrl>,
    /// A file that holds the URL.
    pub url_file: Option<PathBuf>,
}

/// A URL with a password in it, as a rule: it does not print.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Wraps a URL.
    #[must_use]
    pub fn new(url: String) -> Self {
        Self(url)
    }

    /// The URL with its password. Each call is a place to look at in a review.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl(…)")
    }
}

impl Config {
    /// What operators may read of it in the console: no secret, no path.
    pub(crate) fn facts(&self) -> Vec<(&'static str, String)> {
        let limits = &self.limits;
        let networks = |list: &[Network]| match list {
            [] => "none".to_owned(),
            list => format!("{} listed", list.len()),
        };
        let other = self.database.url.is_some() || self.database.url_file.is_some();
        vec![
            ("database", if other { "PostgreSQL" } else { "SQLite" }.to_owned()),
            ("server.listen", self.server.listen.to_string()),
            ("server.insecure", self.server.insecure.to_string()),
            ("server.proxies", networks(&self.server.proxies)),
            ("server.drain_s", self.server.drain_s.to_string()),
            ("metrics.allow", networks(&self.metrics.allow)),
            ("usage.retention_days", self.usage.retention_days.to_string()),
            ("limits.address_per_minute", limits.address_per_minute.to_string()),
            ("limits.unknown_keys_per_minute", limits.unknown_keys_per_minute.to_string()),
            ("limits.activation_per_minute", limits.activation_per_minute.to_string()),
            ("limits.license_per_minute", limits.license_per_minute.to_string()),
        ]
    }
}

impl Database {
    /// The URL, from its file where one is named.
    pub fn url(&self) -> Result<Option<DatabaseUrl>, ConfigError> {
        match (&self.url, &self.url_file) {
            (Some(_), Some(_)) => {
                Err(ConfigError::Database("`url` and `url_file` exclude each other".into()))
            }
            (url, None) => Ok(url.clone()),
            (None, Some(path)) => match fs::read_to_string(path) {
                Ok(text) => Ok(Some(DatabaseUrl(text.trim().to_owned()))),
                Err(error) => {
                    Err(ConfigError::Database(format!("url_file {}: {error}", path.display())))
                }
            },
        }
    }
}

/// How the server is reached.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Serve plain HTTP on an address that others can reach.
    pub insecure: bool,
    /// Proxies that do TLS and are believed when they say for whom they ask: addresses or networks.
    pub proxies: Vec<Network>,
    /// In which header they say so; one of `x-forwarded-for` and `forwarded`.
    pub forwarded: Forwarded,
    /// Seconds between the signal to stop and the closing of the port, in which `/ready` says no. Longer than a
    /// balancer takes to notice.
    pub drain_s: u16,
}

/// How often products may ask; 0 is no limit. Every bucket holds a minute's worth and refills evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Of one address (IPv6: a /64) whose key or token was not good before: as many as a hundred nodes that start
    /// at once behind one gateway send in a second.
    pub address_per_minute: u32,
    /// Keys that nobody knows, by address.
    pub unknown_keys_per_minute: u32,
    /// Of one activation: a heartbeat is due every few minutes.
    pub activation_per_minute: u32,
    /// Of one licence, all its activations together, where its plan does not say `contacts_per_minute`.
    pub license_per_minute: u32,
    /// Open streams of events of one activation.
    pub streams_per_activation: u32,
    /// Open streams of events of one licence.
    pub streams_per_license: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            address_per_minute: 6_000,
            unknown_keys_per_minute: 30,
            activation_per_minute: 300,
            license_per_minute: 30_000,
            streams_per_activation: 4,
            streams_per_license: 20_000,
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7878)),
            insecure: false,
            proxies: Vec::new(),
            forwarded: Forwarded::default(),
            drain_s: 0,
        }
    }
}

/// A mistake in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// In the file.
    #[error("{0}")]
    File(String),
    /// In an environment variable.
    #[error("{name}: {problem}")]
    Variable {
        /// The variable.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// In the section `[database]`.
    #[error("[database] {0}")]
    Database(String),
    /// In the section `[revocations]`.
    #[error("[revocations] {0}")]
    Revocations(String),
    /// Plain HTTP on an address that others can reach.
    #[error("{0} can be reached by others, and licence keys would cross the network in clear")]
    Insecure(SocketAddr),
    /// In a section `[payments.PROVIDER]`.
    #[error("[payments.{provider}] {problem}")]
    Payments {
        /// The provider.
        provider: String,
        /// What is wrong.
        problem: String,
    },
    /// Quotas by the month could not be kept.
    #[error(
        "usage.retention_days is {0}; at least {LEAST_USAGE_DAYS} days are needed for quotas by the month"
    )]
    Retention(u32),
}

impl Config {
    /// Reads a file's text and lays the environment over it.
    pub fn load(
        file: Option<&str>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut config: Self = match file {
            Some(text) => toml::from_str(text).map_err(|e| ConfigError::File(e.to_string()))?,
            None => Self::default(),
        };
        for (name, value) in environment {
            let Some((section, key)) =
                name.strip_prefix("LICENTIA_").and_then(|rest| rest.split_once("__"))
            else {
                continue;
            };
            let wrong = |problem: &str| ConfigError::Variable {
                name: name.clone(),
                problem: problem.to_owned(),
            };
            match (section, key) {
                ("SERVER", "LISTEN") => {
                    config.server.listen = value
                        .parse()
                        .map_err(|_| wrong("wants an address and port, e.g. 127.0.0.1:7878"))?;
                }
                ("SERVER", "INSECURE") => {
                    config.server.insecure =
                        value.parse().map_err(|_| wrong("wants true or false"))?;
                }
                ("SERVER", "PROXIES") => {
                    let networks = value.split(',').map(|text| Network::from_str(text.trim()));
                    config.server.proxies = networks
                        .collect::<Result<_, _>>()
                        .map_err(|_| wrong("wants addresses or networks, e.g. 10.0.0.0/8,::1"))?;
                }
                ("METRICS", "ALLOW") => {
                    let networks = value.split(',').map(|text| Network::from_str(text.trim()));
                    config.metrics.allow = networks
                        .collect::<Result<_, _>>()
                        .map_err(|_| wrong("wants addresses or networks, e.g. 10.0.0.0/8,::1"))?;
                }
                ("LOG", "FORMAT") => {
                    config.log.format = match value.as_str() {
                        "text" => LogFormat::Text,
                        "json" => LogFormat::Json,
                        _ => return Err(wrong("wants text or json")),
                    };
                }
                ("REVOCATIONS", key) => config.revocations.set(key, value).map_err(wrong)?,
                ("RELEASES", "STORE") => config.releases.store = Some(value),
                ("RELEASES", "DELIVERY") => {
                    config.releases.delivery = match value.as_str() {
                        "stream" => Delivery::Stream,
                        "redirect" => Delivery::Redirect,
                        _ => return Err(wrong("wants stream or redirect")),
                    };
                }
                ("SERVER", "FORWARDED") => {
                    config.server.forwarded = match value.as_str() {
                        "x-forwarded-for" => Forwarded::XForwardedFor,
                        "forwarded" => Forwarded::Forwarded,
                        _ => return Err(wrong("wants x-forwarded-for or forwarded")),
                    };
                }
                ("LIMITS", key) => {
                    let limit = config
                        .limits
                        .named(key)
                        .ok_or_else(|| wrong("is not a setting that is known"))?;
                    *limit = value.parse().map_err(|_| wrong("wants a number; 0 is no limit"))?;
                }
                ("SERVER", "DRAIN_S") => {
                    config.server.drain_s =
                        value.parse().map_err(|_| wrong("wants a number of seconds"))?;
                }
                // One of the two is said here; the other one in the file then means nothing.
                ("DATABASE", "URL") => {
                    config.database = Database { url: Some(DatabaseUrl(value)), url_file: None };
                }
                ("DATABASE", "URL_FILE") => {
                    config.database = Database { url: None, url_file: Some(value.into()) };
                }
                ("MAIL", key) => config.mail.set(key, value).map_err(wrong)?,
                ("WEBHOOKS", key) => config.webhooks.set(key, &value).map_err(wrong)?,
                ("NOTICES", key) => config.notices.set(key, &value).map_err(wrong)?,
                ("OIDC", key) => config.oidc.set(key, value).map_err(wrong)?,
                ("PAYMENTS", key) => {
                    let Some((provider, "SECRETS" | "SECRETS_FILE")) = key.split_once("__") else {
                        return Err(wrong("is not a setting that is known"));
                    };
                    let section = config.payments.entry(provider.to_lowercase()).or_default();
                    if key.ends_with("_FILE") {
                        section.secrets_file = Some(value.into());
                    } else {
                        let secrets = value.split(',').map(|secret| secret.trim().to_owned());
                        section.secrets = Secrets(secrets.collect());
                    }
                }
                ("USAGE", "RETENTION_DAYS") => {
                    config.usage.retention_days =
                        value.parse().map_err(|_| wrong("wants a number of days, e.g. 90"))?;
                }
                ("PORTAL", "ENABLED") => {
                    config.portal.enabled =
                        value.parse().map_err(|_| wrong("wants `true` or `false`"))?;
                }
                ("PORTAL", "NAME") => config.portal.name = value,
                ("PORTAL", "LOGO") => config.portal.logo = Some(value.into()),
                ("PORTAL", "SUPPORT") => config.portal.support = Some(value),
                ("PORTAL", "COLOR") => {
                    let color = Color::try_from(value);
                    config.portal.color =
                        Some(color.map_err(|_| wrong("wants a colour, `#rrggbb`"))?);
                }
                _ => return Err(wrong("is not a setting that is known")),
            }
        }
        Ok(config)
    }

    /// Refuses plain HTTP where others can listen in, unless told, or unless proxies are named: then only they
    /// and this machine are served.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.usage.retention_days < LEAST_USAGE_DAYS {
            return Err(ConfigError::Retention(self.usage.retention_days));
        }
        payments::open(&self.payments)?;
        self.revocations.receiver().map_err(ConfigError::Revocations)?;
        let server = &self.server;
        if server.listen.ip().is_loopback() || server.insecure || !server.proxies.is_empty() {
            Ok(())
        } else {
            Err(ConfigError::Insecure(self.server.listen))
        }
    }
}

impl Limits {
    /// By the name of an environment variable.
    fn named(&mut self, key: &str) -> Option<&mut u32> {
        Some(match key {
            "ADDRESS_PER_MINUTE" => &mut self.address_per_minute,
            "UNKNOWN_KEYS_PER_MINUTE" => &mut self.unknown_keys_per_minute,
            "ACTIVATION_PER_MINUTE" => &mut self.activation_per_minute,
            "LICENSE_PER_MINUTE" => &mut self.license_per_minute,
            "STREAMS_PER_ACTIVATION" => &mut self.streams_per_activation,
            "STREAMS_PER_LICENSE" => &mut self.streams_per_license,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: Option<&str>, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::load(file, variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
    }

    #[test]
    fn the_environment_lies_over_the_file_and_the_file_over_the_defaults() {
        assert_eq!(load(None, &[]).unwrap().server.listen.to_string(), DEFAULT_LISTEN);
        let file = "[server]\nlisten = \"127.0.0.1:1\"\ninsecure = true\n";
        assert_eq!(load(Some(file), &[]).unwrap().server.listen.port(), 1);
        let both =
            load(Some(file), &[("LICENTIA_SERVER__LISTEN", "127.0.0.1:2"), ("HOME", "/")]).unwrap();
        assert_eq!((both.server.listen.port(), both.server.insecure), (2, true));
    }

    #[test]
    fn m10_limits_and_proxies_are_settings() {
        let file = "[limits]\naddress_per_minute = 7\n[server]\nproxies = [\"10.0.0.0/8\", \"::1\"]\n\
                    forwarded = \"forwarded\"\n";
        let config = load(Some(file), &[("LICENTIA_LIMITS__LICENSE_PER_MINUTE", "0")]).unwrap();
        let expected = Limits { address_per_minute: 7, license_per_minute: 0, ..Limits::default() };
        assert_eq!(config.limits, expected);
        assert_eq!(
            (config.server.proxies.len(), config.server.forwarded),
            (2, Forwarded::Forwarded)
        );
        let named = load(None, &[("LICENTIA_SERVER__PROXIES", "10.0.0.0/8, ::1")]).unwrap();
        assert_eq!(named.server.proxies, config.server.proxies);
        for (name, value) in [
            ("LICENTIA_LIMITS__LICENSE_PER_MINUTE", "many"),
            ("LICENTIA_LIMITS__LICENCE_PER_MINUTE", "1"),
            ("LICENTIA_SERVER__PROXIES", "everybody"),
            ("LICENTIA_SERVER__FORWARDED", "via"),
        ] {
            assert!(load(None, &[(name, value)]).unwrap_err().to_string().contains(name));
        }
        assert!(load(Some("[server]\nproxies = [\"10.0.0.0/99\"]\n"), &[]).is_err());
    }

    #[test]
    fn readers_of_metrics_and_the_form_of_the_log_are_settings() {
        let file = "[metrics]\nallow = [\"10.0.0.0/8\"]\n[log]\nformat = \"json\"\n";
        let config = load(Some(file), &[]).unwrap();
        assert_eq!((config.metrics.allow.len(), config.log.format), (1, LogFormat::Json));
        let over =
            [("LICENTIA_METRICS__ALLOW", "::1,10.0.0.0/8"), ("LICENTIA_LOG__FORMAT", "text")];
        let config = load(Some(file), &over).unwrap();
        assert_eq!((config.metrics.allow.len(), config.log.format), (2, LogFormat::Text));
        for variable in [("LICENTIA_LOG__FORMAT", "xml"), ("LICENTIA_METRICS__ALLOW", "all")] {
            assert!(load(None, &[variable]).unwrap_err().to_string().contains(variable.0));
        }
    }

    #[test]
    fn the_portal_looks_as_it_is_told() {
        let file = "[portal]\nname = \"Acme\"\ncolor = \"#c2185b\"\n";
        let portal = load(Some(file), &[("LICENTIA_PORTAL__SUPPORT", "help@example.com")]);
        let portal = portal.unwrap().portal;
        assert_eq!((portal.name.as_str(), portal.color), ("Acme", Some(Color([194, 24, 91]))));
        assert_eq!(portal.support.as_deref(), Some("help@example.com"));
        for variable in [("LICENTIA_PORTAL__COLOR", "red"), ("LICENTIA_PORTAL__ENABLED", "maybe")] {
            assert!(load(None, &[variable]).unwrap_err().to_string().contains(variable.0));
        }
    }

    #[test]
    fn a_mistake_names_its_key() {
        let error =
            |file, variables: &[(&str, &str)]| load(file, variables).unwrap_err().to_string();
        assert!(error(Some("[server]\nlisen = \"x\"\n"), &[]).contains("lisen"));
        assert!(error(Some("[servre]\n"), &[]).contains("servre"));
        assert!(
            error(None, &[("LICENTIA_SERVER__LISTEN", "nowhere")])
                .contains("LICENTIA_SERVER__LISTEN")
        );
        assert!(error(None, &[("LICENTIA_SERVER__LISEN", "x")]).contains("LICENTIA_SERVER__LISEN"));
    }

    #[test]
    fn the_url_of_the_database_may_be_in_a_file_and_is_never_printed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("url");
        fs::write(&path, "postgres://me:hunter2@host/db\n").unwrap();
        let path = path.display().to_string();
        let config = load(None, &[("LICENTIA_DATABASE__URL_FILE", &path)]).unwrap();
        let url = config.database.url().unwrap().unwrap();
        assert_eq!(url.expose(), "postgres://me:hunter2@host/db");
        assert!(!format!("{url:?}").contains("hunter2"));
        let file = format!("[database]\nurl = \"postgres://a\"\nurl_file = {path:?}\n");
        assert!(load(Some(&file), &[]).unwrap().database.url().is_err());
        let over = load(Some(&file), &[("LICENTIA_DATABASE__URL", "postgres://b")]).unwrap();
        assert_eq!(over.database.url().unwrap().unwrap().expose(), "postgres://b");
        assert!(load(None, &[]).unwrap().database.url().unwrap().is_none());
    }

    #[test]
    fn usage_is_kept_for_a_month_at_least() {
        let days = |days: &str| load(None, &[("LICENTIA_USAGE__RETENTION_DAYS", days)]).unwrap();
        assert_eq!(load(None, &[]).unwrap().usage.retention_days, 90);
        assert_eq!(days("32").check(), Ok(()));
        assert_eq!(days("31").check(), Err(ConfigError::Retention(31)));
    }

    #[test]
    fn plain_http_stays_on_loopback_unless_told() {
        let config = |listen: &str| load(None, &[("LICENTIA_SERVER__LISTEN", listen)]).unwrap();
        assert_eq!(config("[::1]:0").check(), Ok(()));
        assert!(config("0.0.0.0:80").check().is_err());
        let everywhere = config("0.0.0.0:80").server;
        let with = |server| Config { server, ..Config::default() }.check();
        assert_eq!(with(Server { insecure: true, ..everywhere.clone() }), Ok(()));
        let proxies = vec!["10.0.0.0/8".parse().unwrap()];
        assert_eq!(with(Server { proxies, ..everywhere }), Ok(()), "decision 19");
        assert_eq!(
            Config {
                server: Server { insecure: true, ..config("0.0.0.0:80").server },
                ..Config::default()
            }
            .check(),
            Ok(())
        );
    }
}
