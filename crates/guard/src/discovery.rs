//! Where the licence comes from: value in code, environment, configuration, file beside the program.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use licentia_license::MAX_FILE_BYTES;
use licentia_license::file::LicenseFile;

use crate::environment::{Environment, Names};
use crate::lists;

/// What the builder was told about the licence.
#[derive(Clone, Default)]
pub(crate) struct Sources {
    /// Key or licence file as text, in code.
    pub(crate) code: Option<String>,
    /// Key or licence file as text, from the application's configuration.
    pub(crate) configuration: Option<String>,
    /// A path from the application's configuration.
    pub(crate) path: Option<PathBuf>,
    /// A revocation list, from the application's configuration.
    pub(crate) list: Option<PathBuf>,
}

/// Where to look again while the product runs.
pub(crate) struct Places {
    pub(crate) sources: Sources,
    pub(crate) names: Names,
    pub(crate) environment: Environment,
}

impl Places {
    /// Revocation lists that somebody put here, each with where it is.
    pub(crate) fn lists(&self) -> Vec<(String, String)> {
        let named = self.names.find(&self.environment, "LICENSE_REVOCATIONS");
        let named = named.map(|(_, path)| PathBuf::from(path)).or(self.sources.list.clone());
        let dropped = self.environment.dropped(lists::FILE);
        lists::in_files(named.into_iter().chain(dropped))
    }

    /// The first licence in the order of the list above; `None` where there is none at all.
    pub(crate) fn find(&self) -> Result<Option<Found>, Unreadable> {
        find(&self.sources, &self.names, &self.environment)
    }
}

/// A licence that was found; nothing in it is checked yet.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) file: LicenseFile,
    /// In words, for the log: never the key itself.
    pub(crate) source: String,
}

/// Why a licence that is there could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable(pub(crate) String);

fn find(
    sources: &Sources,
    names: &Names,
    environment: &Environment,
) -> Result<Option<Found>, Unreadable> {
    if let Some(text) = &sources.code {
        return read(text, "the value in code".to_owned()).map(Some);
    }
    if let Some((name, value)) = names.find(environment, "LICENSE_KEY") {
        return read(value, name).map(Some);
    }
    // A mounted secret, as containers have it.
    if let Some((name, path)) = names.find(environment, "LICENSE_KEY_FILE") {
        let text = read_text(path.as_ref()).map_err(|e| Unreadable(format!("{name}: {e}")))?;
        return read(&text, name).map(Some);
    }
    if let Some(text) = sources.configuration.as_deref().filter(|text| !text.trim().is_empty()) {
        return read(text, "the configuration".to_owned()).map(Some);
    }
    if let Some(path) = &sources.path {
        let text = read_text(path).map_err(|error| unreadable(path, &error.to_string()))?;
        return read(&text, path.display().to_string()).map(Some);
    }
    let Some(path) = environment.dropped("license.key") else { return Ok(None) };
    match read_text(&path) {
        Ok(text) => read(&text, path.display().to_string()).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(&path, &error.to_string())),
    }
}

/// Text of at most a licence file's size.
pub(crate) fn read_text(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_FILE_BYTES as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}

/// What a text holds; the error never does.
pub(crate) fn read(text: &str, source: String) -> Result<Found, Unreadable> {
    // Muonroi's licence file is JSON around a key.
    let inner = text.trim_start().starts_with('{').then(|| muonroi_key(text)).flatten();
    let file = LicenseFile::parse(inner.as_deref().unwrap_or(text))
        .map_err(|invalid| Unreadable(format!("{source}: {invalid}")))?;
    Ok(Found { file, source })
}

fn muonroi_key(text: &str) -> Option<String> {
    let json: serde_json::Value = serde_json::from_str(text).ok()?;
    json.get("LicenseKey")?.as_str().map(str::to_owned)
}

fn unreadable(path: &Path, why: &str) -> Unreadable {
    Unreadable(format!("{}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(sources: &Sources, environment: &Environment) -> Result<Option<String>, Unreadable> {
        let found = find(sources, &Names::new(None, "bzzz"), environment)?;
        Ok(found.map(|found| found.file.license))
    }

    #[test]
    fn code_comes_before_environment_before_configuration_before_path_before_the_dropped_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("licenses")).unwrap();
        std::fs::write(folder.path().join("licenses/license.key"), "dropped\n").unwrap();
        std::fs::write(folder.path().join("my.lic"), "path").unwrap();
        let full = Environment::of_variables([("LICENSE_KEY", "environment")])
            .program_folder(folder.path());
        let empty = Environment::default().program_folder(folder.path());
        let mut sources = Sources {
            code: Some("code".into()),
            configuration: Some("configuration".into()),
            path: Some(folder.path().join("my.lic")),
            list: None,
        };
        assert_eq!(key(&sources, &full).unwrap().as_deref(), Some("code"));
        sources.code = None;
        assert_eq!(key(&sources, &full).unwrap().as_deref(), Some("environment"));
        assert_eq!(key(&sources, &empty).unwrap().as_deref(), Some("configuration"));
        sources.configuration = Some(String::new());
        assert_eq!(key(&sources, &empty).unwrap().as_deref(), Some("path"));
        sources.path = None;
        assert_eq!(key(&sources, &empty).unwrap().as_deref(), Some("dropped"));
        assert_eq!(key(&sources, &Environment::default()).unwrap(), None);
    }

    #[test]
    fn a_licence_that_is_there_but_unreadable_is_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("not there.lic");
        let sources = Sources { path: Some(path), ..Sources::default() };
        assert!(key(&sources, &Environment::default()).is_err());
        let garbage = Environment::of_variables([("LICENSE_KEY", "two words")]);
        let unreadable = key(&Sources::default(), &garbage).unwrap_err();
        assert!(
            unreadable.0.starts_with("LICENSE_KEY: ") && !unreadable.0.contains("two words"),
            "{unreadable:?}"
        );
    }

    #[test]
    fn a_muonroi_file_is_read() {
        let sources = Sources {
            code: Some(r#"{"LicenseKey":"a.b.c","Tier":"Licensed"}"#.into()),
            ..Sources::default()
        };
        assert_eq!(key(&sources, &Environment::default()).unwrap().as_deref(), Some("a.b.c"));
    }
}
