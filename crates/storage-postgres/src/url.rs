//! What a database URL says: one or several hosts, and how they are spoken to.

use std::path::PathBuf;
use std::time::Duration;

use licentia_storage::{Result, StorageError};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// How long one host may take to answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A URL, read. It holds a password and prints nothing.
pub(crate) struct Url {
    /// One configuration a host, in the order of the URL.
    pub(crate) hosts: Vec<Config>,
    /// File of the certificate authorities that sign the servers' certificates; none: those of the system.
    pub(crate) roots: Option<PathBuf>,
}

impl Url {
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let (url, own) = take_own_parameters(url)?;
        // The library's message names the parameter; none holds the password.
        let whole: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            wrong(&source.unwrap_or_else(|| error.to_string()))
        })?;
        let hosts = whole.get_hosts();
        if hosts.is_empty() {
            return Err(wrong("it names no host"));
        }
        let ports = whole.get_ports();
        if ports.len() > 1 && ports.len() != hosts.len() {
            return Err(wrong("it names another number of ports than of hosts"));
        }
        let hosts = hosts.iter().enumerate().map(|(n, host)| {
            let port = ports.get(n).or(ports.first()).copied().unwrap_or(5432);
            one_host(&whole, host, port, own.ssl_mode)
        });
        Ok(Self { hosts: hosts.collect(), roots: own.roots })
    }
}

#[derive(Default)]
struct Own {
    ssl_mode: Option<SslMode>,
    roots: Option<PathBuf>,
}

/// `sslmode` in all its words, and `sslrootcert`: the library knows less of the former and none of the latter.
fn take_own_parameters(url: &str) -> Result<(String, Own)> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(wrong("it begins with neither postgres:// nor postgresql://"));
    }
    let mut own = Own::default();
    let Some((base, query)) = url.split_once('?') else { return Ok((url.to_owned(), own)) };
    let mut others = Vec::new();
    for parameter in query.split('&') {
        match parameter.split_once('=') {
            Some(("sslmode", word)) => {
                own.ssl_mode = Some(match word {
                    "disable" => SslMode::Disable,
                    "allow" | "prefer" => SslMode::Prefer,
                    // Names and signatures are always checked where TLS is spoken.
                    "require" | "verify-ca" | "verify-full" => SslMode::Require,
                    _ => return Err(wrong("`sslmode` is disable, prefer, require or verify-full")),
                });
            }
            Some(("sslrootcert", path)) => own.roots = Some(PathBuf::from(unescape(path)?)),
            _ => others.push(parameter),
        }
    }
    Ok((format!("{base}?{}", others.join("&")), own))
}

fn one_host(whole: &Config, host: &Host, port: u16, ssl_mode: Option<SslMode>) -> Config {
    let mut config = Config::new();
    let local = match host {
        Host::Tcp(name) => {
            config.host(name);
            name == "localhost"
                || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(path) => {
            config.host_path(path);
            true
        }
    };
    // Passwords and keys of licences cross no network in clear unless somebody says so.
    let usual = if local { SslMode::Prefer } else { SslMode::Require };
    config.port(port).ssl_mode(ssl_mode.unwrap_or(usual));
    if let Some(user) = whole.get_user() {
        config.user(user);
    }
    if let Some(password) = whole.get_password() {
        config.password(password);
    }
    if let Some(name) = whole.get_dbname() {
        config.dbname(name);
    }
    if let Some(options) = whole.get_options() {
        config.options(options);
    }
    config.application_name(whole.get_application_name().unwrap_or("licentia"));
    config.connect_timeout(whole.get_connect_timeout().copied().unwrap_or(CONNECT_TIMEOUT));
    config.channel_binding(whole.get_channel_binding());
    // A host that went away without a word: noticed in seconds, where the usual is two hours.
    config.keepalives(true).keepalives_idle(Duration::from_secs(5));
    config.keepalives_interval(Duration::from_secs(2)).keepalives_retries(3);
    config
        .tcp_user_timeout(whole.get_tcp_user_timeout().copied().unwrap_or(Duration::from_secs(10)));
    config
}

fn unescape(text: &str) -> Result<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let decoded = match byte {
            b'%' => {
                let digits =
                    [rest.next(), rest.next()].map(|d| d.and_then(|d| char::from(d).to_digit(16)));
                let [Some(high), Some(low)] = digits else {
                    return Err(wrong("`sslrootcert` has a bad escape"));
                };
                u8::try_from(high * 16 + low).unwrap_or_default()
            }
            plain => plain,
        };
        bytes.push(decoded);
    }
    String::from_utf8(bytes).map_err(|_| wrong("`sslrootcert` is not text"))
}

fn wrong(problem: &str) -> StorageError {
    StorageError::Unavailable(format!(
        "its URL cannot be used: {problem}; it looks like postgres://user:password@host1,host2/database"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Url {
        Url::parse(url).unwrap()
    }

    #[test]
    fn every_host_gets_its_port_and_the_rest() {
        let url = parse(
            "postgres://me:secret@one:5433,two:5434/db?connect_timeout=1&target_session_attrs=read-write",
        );
        let seen = url.hosts.iter().map(|host| {
            assert_eq!((host.get_user(), host.get_dbname()), (Some("me"), Some("db")));
            assert_eq!(host.get_password(), Some(&b"secret"[..]));
            assert_eq!(host.get_connect_timeout(), Some(&Duration::from_secs(1)));
            (host.get_hosts().to_vec(), host.get_ports().to_vec())
        });
        let expected = [("one", 5433), ("two", 5434)]
            .map(|(host, port)| (vec![Host::Tcp(host.into())], vec![port]));
        assert!(seen.eq(expected));
    }

    #[test]
    fn only_what_stays_on_the_machine_may_be_in_clear_unless_somebody_says_so() {
        let mode = |url: &str| parse(url).hosts[0].get_ssl_mode();
        for local in
            ["postgres://127.0.0.1/d", "postgres://localhost/d", "postgres://%2Frun%2Fpostgresql/d"]
        {
            assert_eq!(mode(local), SslMode::Prefer, "{local}");
        }
        assert_eq!(mode("postgres://db.example/d"), SslMode::Require);
        assert_eq!(mode("postgres://db.example/d?sslmode=verify-full"), SslMode::Require);
        assert_eq!(mode("postgres://db.example/d?sslmode=disable"), SslMode::Disable);
    }

    #[test]
    fn the_authorities_of_the_servers_may_be_in_a_file() {
        let url =
            parse("postgres://db.example/d?sslrootcert=%2Fetc%2Fdb%20ca.pem&application_name=x");
        assert_eq!(url.roots, Some(PathBuf::from("/etc/db ca.pem")));
        assert_eq!(url.hosts[0].get_application_name(), Some("x"));
    }

    #[test]
    fn what_is_wrong_is_said_and_the_password_is_not() {
        for (url, problem) in [
            ("mysql://me:hunter2@host/db", "postgres://"),
            ("postgres://me:hunter2@host/db?sslmode=maybe", "sslmode"),
            ("postgres://me:hunter2@host/db?colour=blue", "colour"),
            ("postgres://me:hunter2@host:port/db", "port"),
            ("postgres:///db", "host"),
        ] {
            let Err(StorageError::Unavailable(text)) = Url::parse(url).map(drop) else {
                panic!("{url}")
            };
            assert!(text.contains(problem) && !text.contains("hunter2"), "{text}");
        }
    }
}
