//! The process's surroundings, read once: environment, program folder, host name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hyper_util::client::proxy::matcher::Matcher;

/// What the guard may know of its surroundings. Tests and unusual hosts bring their own.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    program_folder: Option<PathBuf>,
    hostname: Option<String>,
    of_process: bool,
}

impl Environment {
    /// This process's.
    #[must_use]
    pub fn of_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let program = std::env::current_exe().ok();
        let hostname = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
        Self {
            variables,
            program_folder: program.as_deref().and_then(Path::parent).map(Path::to_owned),
            hostname: hostname.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()),
            of_process: true,
        }
    }

    /// Nothing but these variables.
    #[must_use]
    pub fn of_variables<N: Into<String>, V: Into<String>>(
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let variables =
            variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { variables, ..Self::default() }
    }

    /// With the variables of a `.env` file where none of that name is set: `NAME=value` a line, the value bare or
    /// in quotes, `#` begins a comment, `export` may stand before it. A file that is not there holds nothing.
    #[must_use]
    pub fn and_env_file(mut self, path: impl AsRef<Path>) -> Self {
        for line in crate::discovery::read_text(path.as_ref()).unwrap_or_default().lines() {
            if let Some((name, value)) = assignment(line) {
                self.variables.entry(name).or_insert(value);
            }
        }
        self
    }

    /// With this folder as the program's.
    #[must_use]
    pub fn program_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.program_folder = Some(folder.into());
        self
    }

    /// A variable's value; an empty one counts as not set.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// All variables, as they stand.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether it is this process's.
    pub(crate) fn is_of_process(&self) -> bool {
        self.of_process
    }

    /// Where the program lies.
    pub(crate) fn program(&self) -> Option<&Path> {
        self.program_folder.as_deref()
    }

    /// The file that a customer drops in beside the program.
    pub(crate) fn dropped(&self, name: &str) -> Option<PathBuf> {
        self.program_folder.as_deref().map(|folder| folder.join("licenses").join(name))
    }

    /// The proxies that stand between here and the authority, by the variables that curl reads too; where none of
    /// them is set, those of the system's settings (macOS, Windows).
    pub(crate) fn proxies(&self) -> Option<Matcher> {
        // Under CGI whoever asks the program sets `HTTP_PROXY`, by a header.
        if self.variable("REQUEST_METHOD").is_some() {
            return None;
        }
        let either = |upper: &str, lower: &str| self.variable(upper).or(self.variable(lower));
        let all = either("ALL_PROXY", "all_proxy");
        let http = either("HTTP_PROXY", "http_proxy");
        let https = either("HTTPS_PROXY", "https_proxy");
        if all.or(http).or(https).is_none() {
            return self.of_process.then(Matcher::from_system);
        }
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        let no = text(either("NO_PROXY", "no_proxy"));
        Some(Matcher::builder().all(text(all)).http(text(http)).https(text(https)).no(no).build())
    }

    /// The host's name, for the operator's eyes.
    pub(crate) fn hostname(&self) -> Option<&str> {
        self.hostname
            .as_deref()
            .or_else(|| self.variable("HOSTNAME"))
            .or_else(|| self.variable("COMPUTERNAME"))
    }
}

fn assignment(line: &str) -> Option<(String, String)> {
    let line = line.trim_start();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return None;
    }
    let value = value.trim();
    let quoted = ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.split_once(quote).map(|(inner, _)| inner));
    let bare = || value.split(" #").next().unwrap_or_default().trim_end();
    Some((name.to_owned(), quoted.unwrap_or_else(bare).to_owned()))
}

/// The names of this product's variables.
///
/// Each is looked for as `PREFIX_NAME`, then `LICENTIA_NAME`, and as plain `NAME` where the builder named
/// no prefix; the prefix is then the product's code in upper case.
#[derive(Clone)]
pub(crate) struct Names {
    prefix: String,
    plain: bool,
}

impl Names {
    pub(crate) fn new(prefix: Option<&str>, product: &str) -> Self {
        let upper = |text: &str| -> String {
            text.chars()
                .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
                .collect()
        };
        Self { prefix: upper(prefix.unwrap_or(product)), plain: prefix.is_none() }
    }

    /// The prefix in lower case, as cluster ids begin.
    pub(crate) fn lower_prefix(&self) -> String {
        self.prefix.to_ascii_lowercase().replace('_', "-")
    }

    /// The first of the names that is set, with its value.
    pub(crate) fn find<'e>(
        &self,
        environment: &'e Environment,
        name: &str,
    ) -> Option<(String, &'e str)> {
        let own = format!("{}_{name}", self.prefix);
        let all = format!("LICENTIA_{name}");
        let plain = self.plain.then(|| name.to_owned());
        [Some(own), Some(all), plain]
            .into_iter()
            .flatten()
            .find_map(|name| environment.variable(&name).map(|value| (name, value)))
    }

    /// What replaces the built-in trust root, where the builder allows it.
    pub(crate) fn trust<'e>(&self, environment: &'e Environment) -> Option<(String, &'e str)> {
        [format!("{}_LICENSE_PUBLIC_KEY", self.prefix), "LICENTIA_PUBLIC_KEY".to_owned()]
            .into_iter()
            .find_map(|name| environment.variable(&name).map(|value| (name, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_env_file_fills_in_what_is_not_set() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        let text = "# keys\nLICENSE_KEY=\"from = file\" # mine\nexport CLUSTER_ID='c 1'\nA=b # c\n\
                    SET=file\nno assignment\n9 x=1\nEMPTY=\n#X=1\n";
        std::fs::write(&path, text).unwrap();
        let environment = Environment::of_variables([("SET", "process")]).and_env_file(&path);
        for (name, value) in [
            ("LICENSE_KEY", Some("from = file")),
            ("CLUSTER_ID", Some("c 1")),
            ("A", Some("b")),
            ("SET", Some("process")),
            ("EMPTY", None),
            ("X", None),
        ] {
            assert_eq!(environment.variable(name), value, "{name}");
        }
        let none = Environment::default().and_env_file(folder.path().join("not there"));
        assert_eq!(none.variable("A"), None);
    }

    #[test]
    fn the_prefix_comes_first_and_plain_names_count_only_without_one() {
        let environment = Environment::of_variables([
            ("BZZZ_LICENSE_KEY", "own"),
            ("LICENTIA_LICENSE_KEY", "all"),
            ("LICENSE_KEY", "plain"),
            ("CLUSTER_ID", "c"),
            ("BZZZ_CLUSTER_ID", " "),
        ]);
        let named = Names::new(Some("BZZZ"), "x");
        let unnamed = Names::new(None, "other");
        let value = |names: &Names, name: &str| {
            names.find(&environment, name).map(|(_, value)| value.to_owned())
        };
        assert_eq!(value(&named, "LICENSE_KEY").as_deref(), Some("own"));
        assert_eq!(value(&unnamed, "LICENSE_KEY").as_deref(), Some("all"));
        assert_eq!(value(&named, "CLUSTER_ID"), None);
        assert_eq!(value(&unnamed, "CLUSTER_ID").as_deref(), Some("c"));
        assert_eq!(Names::new(None, "volcanic-pixels").prefix, "VOLCANIC_PIXELS");
    }
}
