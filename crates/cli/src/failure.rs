//! How a command fails: an exit status and two lines, what happened and what to try.

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use licentia_authority::{AuthorityError, StorageError};
use licentia_protocol::{Code, Problem};
use licentia_server::backup::BackupError;
use licentia_server::startup::StartupError;

/// A command that did not do what it was asked.
pub(crate) struct Failure {
    status: u8,
    what: String,
    hint: String,
}

impl Failure {
    /// 1: the answer is no.
    pub(crate) fn no(what: impl Display, hint: impl Display) -> Self {
        Self { status: 1, what: what.to_string(), hint: hint.to_string() }
    }

    /// 2: wrong usage.
    pub(crate) fn usage(what: impl Display, hint: impl Display) -> Self {
        Self { status: 2, what: what.to_string(), hint: hint.to_string() }
    }

    /// 3: it could not be done.
    pub(crate) fn undone(what: impl Display, hint: impl Display) -> Self {
        Self { status: 3, what: what.to_string(), hint: hint.to_string() }
    }

    /// 2: it works where the authority runs and nowhere else, for this reason.
    pub(crate) fn stays_local(why: &str) -> Self {
        Self::usage(
            format!("stays_local: {why}"),
            "run it on the data directory where the authority runs, without --server and LICENTIA_SERVER",
        )
    }

    /// Says first where it happened.
    pub(crate) fn at(self, place: &str) -> Self {
        Self { what: format!("{place}: {}", self.what), ..self }
    }

    /// Says too what was done before.
    pub(crate) fn after(self, done: &str) -> Self {
        Self { hint: format!("{} ({done})", self.hint), ..self }
    }

    /// Prints the two lines and gives the status.
    pub(crate) fn report(&self) -> ExitCode {
        let mut stderr = std::io::stderr().lock();
        // Nobody is left to tell where stderr is closed.
        let _ =
            writeln!(stderr, "licentia: {}\ntry: {}", one_line(&self.what), one_line(&self.hint));
        ExitCode::from(self.status)
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl From<AuthorityError> for Failure {
    fn from(error: AuthorityError) -> Self {
        match &error {
            AuthorityError::NotFound { what, .. } => Self::usage(
                &error,
                match *what {
                    "product" => {
                        "`licentia product list` shows what there is; `licentia product import FILE.toml` adds one"
                    }
                    "plan of this product" => "`licentia plan list` shows what there is",
                    "licence" => "`licentia license list` shows what there is",
                    "online key" => "`licentia key list` shows what there is",
                    _ => "check the spelling",
                },
            ),
            AuthorityError::Invalid { .. } => {
                Self::usage(&error, "correct the value; `--help` has an example")
            }
            AuthorityError::Catalog(_) => {
                Self::usage(&error, "correct the catalogue at that place")
            }
            AuthorityError::NotAllowed { .. } => Self::no(
                &error,
                "`licentia license show ID` or `licentia key list` tells its state",
            ),
            AuthorityError::AlreadyInitialized => {
                Self::no(&error, "choose another `--data` directory")
            }
            AuthorityError::NotInitialized => Self::undone(&error, "run `licentia init` first"),
            AuthorityError::Storage(StorageError::Unavailable(_)) => Self::undone(
                &error,
                "check that the database runs and can be written to (its disk, its address, the user), then run it again",
            ),
            AuthorityError::Unsealable(_) => {
                Self::undone(&error, "put back the `master.key` that belongs to this database")
            }
            _ => Self::undone(&error, "run it again with RUST_LOG=debug and report what it says"),
        }
    }
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Startup(error) => error.into(),
            BackupError::Exists(_) => Self::usage(&error, "choose another name, or move it away"),
            BackupError::PassphraseWanted(_) => {
                Self::usage(&error, "name the file that holds it with --passphrase-file")
            }
            BackupError::Sealed(..) => {
                Self::no(&error, "give the passphrase of that backup; without it nothing opens it")
            }
            BackupError::Damaged { .. } => {
                Self::no(&error, "take another backup, or another copy of this one")
            }
            BackupError::Occupied(_) => Self::usage(
                &error,
                "move it away (it may be newer than the backup), or name another directory with --data",
            ),
            BackupError::DatabaseOccupied => {
                Self::usage(&error, "make an empty database and name it with --database")
            }
            BackupError::Differs(_) => {
                Self::undone(&error, "empty the database that is filled, and run it again")
            }
            _ => Self::undone(&error, "check the path, its rights and the room on its disk"),
        }
    }
}

/// What an authority answered, near or far.
impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let code = Code::ALL.iter().find(|code| code.as_str() == problem.code);
        let advice = code.map_or("", |code| code.advice());
        let what = problem.detail.strip_suffix(advice).unwrap_or(&problem.detail).trim();
        let what = if what.is_empty() { problem.title.as_str() } else { what };
        let what = lower(what.trim_end_matches('.'));
        match problem.code.as_str() {
            "no_such_resource" => {
                let hint = NOUNS.iter().find(|(noun, _)| what.contains(noun));
                Self::usage(what, hint.map_or("check the spelling", |(_, hint)| hint))
            }
            "invalid" | "malformed" | "too_large" => {
                Self::usage(what, "correct the value; `--help` has an example")
            }
            "wrong_state" => {
                Self::no(what, "`licentia license show ID` or `licentia key list` tells its state")
            }
            "already_exists" | "precondition_failed" | "idempotency_key_reused" => {
                Self::no(what, lower(advice))
            }
            _ => Self::undone(what, lower(if advice.is_empty() { "run it again" } else { advice })),
        }
    }
}

/// Where to look for what was not found.
const NOUNS: &[(&str, &str)] = &[
    ("plan of this product", "`licentia plan list` shows what there is"),
    (
        "product",
        "`licentia product list` shows what there is; `licentia product import FILE.toml` adds one",
    ),
    ("licence", "`licentia license list` shows what there is"),
    ("customer", "`licentia customer list` shows what there is"),
    ("activation", "`licentia activation list` shows what there is"),
    ("session", "`licentia session list` shows what there is"),
    ("key", "`licentia key list` shows what there is"),
];

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().to_string()).unwrap_or_default()
        + letters.as_str()
}

impl From<StartupError> for Failure {
    fn from(error: StartupError) -> Self {
        match error {
            StartupError::NotInitialized(ref path) => Self::undone(
                &error,
                format!(
                    "`licentia init --data {}`, or point --data or LICENTIA_DATA elsewhere",
                    path.display()
                ),
            ),
            StartupError::AlreadyInitialized(_) => Self::no(
                &error,
                "choose another `--data` directory; what is there is left as it is",
            ),
            StartupError::MasterKeyMissing(_) => Self::undone(
                &error,
                "copy master.key from the data directory that set the database up",
            ),
            StartupError::UnknownDatabase => Self::usage(
                &error,
                "say postgres://user:password@host/name or sqlite://PATH; without one it is a file in --data",
            ),
            StartupError::Io { .. } => Self::undone(
                &error,
                "check that the folder exists and that this user may write to it",
            ),
            StartupError::KeyFile { .. } => Self::undone(
                &error,
                "restore the file from a backup, or `chmod 600` it if others can read it",
            ),
            StartupError::Authority(error) => error.into(),
            _ => Self::undone(&error, "run it again with RUST_LOG=debug and report what it says"),
        }
    }
}
