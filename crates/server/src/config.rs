//! Configuration of the server: `licentia.toml`, then the environment (`LICENTIA_SECTION__KEY`), then flags.
//! An unknown key or a bad value is an error that names it.

use std::net::SocketAddr;

use serde::Deserialize;

/// Where the server listens if nothing says otherwise.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:7878";

/// The whole configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Section `[server]`.
    pub server: Server,
}

/// How the server is reached.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Serve plain HTTP on an address that others can reach.
    pub insecure: bool,
}

impl Default for Server {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 7878)), insecure: false }
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
    /// Plain HTTP on an address that others can reach.
    #[error("{0} can be reached by others, and licence keys would cross the network in clear")]
    Insecure(SocketAddr),
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
                _ => return Err(wrong("is not a setting that is known")),
            }
        }
        Ok(config)
    }

    /// Refuses plain HTTP where others can listen in, unless told.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.server.listen.ip().is_loopback() || self.server.insecure {
            Ok(())
        } else {
            Err(ConfigError::Insecure(self.server.listen))
        }
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
    fn plain_http_stays_on_loopback_unless_told() {
        let config = |listen: &str| load(None, &[("LICENTIA_SERVER__LISTEN", listen)]).unwrap();
        assert_eq!(config("[::1]:0").check(), Ok(()));
        assert!(config("0.0.0.0:80").check().is_err());
        assert_eq!(
            Config { server: Server { insecure: true, ..config("0.0.0.0:80").server } }.check(),
            Ok(())
        );
    }
}
