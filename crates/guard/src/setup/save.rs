//! What is written to the product's configuration, in the seed's names.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;

use super::yaml::{self, Value, YamlError};
use super::{SECTION, SetUp};
use crate::guard::Guard;
use crate::settings::Setup;

/// Why a configuration was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SaveError {
    /// It cannot be read or written.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// It is written in a way that is not changed safely.
    #[error("{path}: {error}")]
    Yaml {
        /// Which.
        path: String,
        /// Why.
        error: YamlError,
    },
}

impl SetUp {
    /// Writes what was entered and what the licence says.
    pub(super) fn save(
        &self,
        guard: &Guard,
        key: &str,
        setup: &Setup,
        now: Timestamp,
    ) -> Result<(), SaveError> {
        let snapshot = guard.snapshot();
        let text = |text: &str| Value::Text(text.to_owned());
        let mut values = Vec::new();
        if let Some(address) = self.server_url.as_ref().filter(|address| !address.is_empty()) {
            values.push(("server_url", text(address)));
        }
        values.push(("license_key", text(key)));
        values.push(("cluster_id", text(snapshot.cluster_id())));
        values.push(("email", text(setup.email.as_deref().unwrap_or_default())));
        if let Some(organization) = &setup.organization_name {
            values.push(("organization_name", text(organization)));
        }
        values.push(("license_type", Value::Text(snapshot.tier().to_lowercase())));
        if let Some(license) = snapshot.license() {
            // 0 is unlimited (decision 39).
            values.push(("max_nodes", Value::Number(license.nodes.unwrap_or(0).into())));
            let features = license.features.iter().map(ToString::to_string).collect();
            values.push(("features", Value::List(features)));
            if let Some(exp) = license.exp {
                values.push(("expires_at", Value::Text(crate::log::time(exp))));
            }
        }
        values.push(("validated_at", Value::Text(now.to_string())));
        if let Some(accepted) = setup.terms_accepted_at {
            values.push(("terms_accepted_at", Value::Text(accepted.to_string())));
        }
        change(&self.configuration, |text| yaml::set(text, SECTION, &values))
    }
}

/// Gives an old configuration without the section one to be filled in; whether that was needed. Every other byte of it
/// stays.
pub fn convert(configuration: impl AsRef<Path>, server_url: &str) -> Result<bool, SaveError> {
    let mut needed = false;
    change(configuration.as_ref(), |text| {
        needed = !yaml::has(text, SECTION)?;
        if !needed {
            return Ok(text.to_owned());
        }
        let empty = || Value::Text(String::new());
        let values = [
            ("server_url", Value::Text(server_url.to_owned())),
            ("license_key", empty()),
            ("cluster_id", empty()),
            ("email", empty()),
        ];
        yaml::set(text, SECTION, &values)
    })?;
    Ok(needed)
}

/// Replaces the file whole, readable by its owner only: there is a key in it.
fn change(
    path: &Path,
    new: impl FnOnce(&str) -> Result<String, YamlError>,
) -> Result<(), SaveError> {
    let shown = path.display().to_string();
    let io = |error| SaveError::Io { path: shown.clone(), error };
    // A link stays a link.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let old = match fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(io(error)),
    };
    let text = new(old.as_deref().unwrap_or_default())
        .map_err(|error| SaveError::Yaml { path: shown.clone(), error })?;
    if old.as_ref() == Some(&text) {
        return Ok(());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = write_whole(&temporary, &text).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The error that counts is the one above.
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(io)
}

fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_configuration_is_converted_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        let old = "agent:\n  id: walnut # kept\n";
        fs::write(&path, old).unwrap();
        assert!(convert(&path, "https://a.example").unwrap());
        let new = fs::read_to_string(&path).unwrap();
        let section = new.strip_prefix(old).unwrap();
        assert!(section.starts_with("\nlicense:\n  server_url: \"https://a.example\"\n"), "{new}");
        assert!(!convert(&path, "https://b.example").unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), new);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            let mode = fs::metadata(&path).unwrap().permissions();
            assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o600);
        }
        fs::write(&path, "- a list\n").unwrap();
        assert!(matches!(convert(&path, ""), Err(SaveError::Yaml { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "- a list\n");
    }
}
