//! The authority behind a command: today the one in the local data directory, or on its database.

use std::io::ErrorKind;
use std::path::Path;

use licentia_authority::{Actor, Authority};
use licentia_server::config::{Config, ConfigError, DatabaseUrl};
use licentia_server::startup::DataDir;

use crate::args::Cli;
use crate::failure::Failure;

/// Opens the authority in `--data`.
pub(crate) async fn authority(cli: &Cli) -> Result<Authority, Failure> {
    if cli.server.is_some() {
        return Err(Failure::stays_local("this command works on a data directory alone"));
    }
    Ok(data_dir(cli, &read_config(cli, None)?)?.open().await?)
}

/// The data directory, with the database that flag, environment or configuration name.
pub(crate) fn data_dir(cli: &Cli, config: &Config) -> Result<DataDir, Failure> {
    let url = match &cli.database {
        Some(url) => Some(DatabaseUrl::new(url.clone())),
        None => config.database.url().map_err(|e| {
            Failure::usage(&e, "give one of them; `licentia serve --help` has an example")
        })?,
    };
    Ok(DataDir::new(&cli.data).with_database(url)?)
}

/// The configuration: the given file, or `licentia.toml` in the data directory if it is there.
pub(crate) fn read_config(cli: &Cli, file: Option<&Path>) -> Result<Config, Failure> {
    let path = file.map_or_else(|| cli.data.join("licentia.toml"), Path::to_owned);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        // A data directory that cannot be is told by whoever needs it.
        Err(e)
            if file.is_none()
                && matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
        {
            None
        }
        Err(e) => {
            return Err(Failure::usage(
                format!("{}: {e}", path.display()),
                "check the path of --config",
            ));
        }
    };
    let environment = std::env::vars_os()
        .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
    Config::load(text.as_deref(), environment).map_err(|e| match e {
        ConfigError::File(problem) => Failure::usage(
            format!("{}: {problem}", path.display()),
            "correct the key; `[server]`, `[database]`, `[limits]`, `[usage]`, `[releases]`, `[revocations]`, `[metrics]` and `[log]` are the sections that are known",
        ),
        e => Failure::usage(
            &e,
            "correct the variable; its name is LICENTIA_, a section, two underlines, and a key of it, e.g. LICENTIA_SERVER__LISTEN",
        ),
    })
}

/// Who runs the command, for the audit trail.
#[expect(clippy::disallowed_methods, reason = "the edge where the environment is read")]
pub(crate) fn actor() -> Actor {
    let user = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    Actor::new(format!("cli:{}", user.as_deref().unwrap_or("unknown")), "local")
}
