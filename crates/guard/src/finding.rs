//! What a look at the program found: facts with names. What follows from them is the policy's to say.

use std::fmt;

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Area {
    /// Whether the program is that of the release: see [`Integrity`](crate::Integrity).
    Integrity,
    /// Whether somebody looks into it: see [`Tamper`](crate::Tamper).
    Tamper,
}

/// What was found. The names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Fact {
    /// A file that the manifest lists has other bytes.
    Changed,
    /// A file that the manifest lists is not there, or may not be read.
    Missing,
    /// A file lies where only those of the manifest should.
    Unlisted,
    /// A library, or the program itself, was loaded from the release's folder and is not in the manifest.
    UnlistedCode,
    /// A library was loaded that is neither the release's nor the system's.
    ForeignCode,
    /// A file is not signed by whom the manifest says.
    WrongSigner,
    /// The manifest is of another version than the program.
    WrongVersion,
    /// There is no manifest, or it does not check out.
    NoManifest,
    /// The licence was activated with another release. Told only: an upgrade is no offence.
    OtherRelease,
    /// It could not be looked at this time. Told only.
    Unreadable,
    /// A debugger, or a tool that works like one, is attached.
    Debugger,
    /// A profiler watches the program.
    Profiler,
    /// An environment variable loads something into the program.
    Variable,
    /// A library of an instrumentation is loaded.
    Agent,
    /// A hardware breakpoint is set.
    Breakpoint,
}

impl Fact {
    /// The name in logs and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::Unlisted => "unlisted",
            Self::UnlistedCode => "unlisted_code",
            Self::ForeignCode => "foreign_code",
            Self::WrongSigner => "wrong_signer",
            Self::WrongVersion => "wrong_version",
            Self::NoManifest => "no_manifest",
            Self::OtherRelease => "other_release",
            Self::Unreadable => "unreadable",
            Self::Debugger => "debugger",
            Self::Profiler => "profiler",
            Self::Variable => "variable",
            Self::Agent => "agent",
            Self::Breakpoint => "breakpoint",
        }
    }

    /// Whether it counts, or is only told.
    #[must_use]
    pub fn counts(self) -> bool {
        !matches!(self, Self::OtherRelease | Self::Unreadable)
    }
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Finding {
    /// Where.
    pub area: Area,
    /// What.
    pub fact: Fact,
    /// Its name: of a file in the release, a variable, a program, a library.
    pub name: String,
    /// More: a path, a process id, an error.
    pub detail: String,
}

impl Finding {
    pub(crate) fn integrity(
        fact: Fact,
        name: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self { area: Area::Integrity, fact, name: name.into(), detail: detail.into() }
    }

    pub(crate) fn tamper(fact: Fact, name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { area: Area::Tamper, fact, name: name.into(), detail: detail.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.fact.as_str(), self.name)?;
        if !self.detail.is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        Ok(())
    }
}
