//! What the check finds. A finding says where and what to do, and never holds the secret.

use serde::Serialize;

/// One thing that should not be in the artifact, or should be and is not.
#[derive(Serialize)]
pub(super) struct Finding {
    /// Where, archives within archives joined by `!`.
    pub(super) path: String,
    /// Line in a text, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<u64>,
    /// Offset in anything else, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) byte: Option<u64>,
    pub(super) kind: Kind,
    pub(super) severity: Severity,
    /// What it is.
    pub(super) message: String,
    /// What to do.
    pub(super) advice: &'static str,
}

impl Finding {
    /// About a whole file.
    pub(super) fn of(path: impl Into<String>, kind: Kind, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            line: None,
            byte: None,
            kind,
            severity: kind.severity(),
            message: message.into(),
            advice: kind.advice(),
        }
    }

    /// `PATH:LINE`, or `PATH@BYTE`.
    pub(super) fn place(&self) -> String {
        match (self.line, self.byte) {
            (Some(line), _) => format!("{}:{line}", self.path),
            (None, Some(byte)) => format!("{}@{byte}", self.path),
            (None, None) => self.path.clone(),
        }
    }
}

/// What kind of thing it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    PrivateKey,
    EncryptedPrivateKey,
    Token,
    Secret,
    SecretVariable,
    SecretName,
    SourceFile,
    MissingLicense,
    MissingNotice,
    NotChecked,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Severity {
    High,
    Medium,
    Low,
}

impl Severity {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

impl Kind {
    pub(super) fn severity(self) -> Severity {
        match self {
            Self::PrivateKey | Self::Token | Self::Secret | Self::SecretVariable => Severity::High,
            Self::EncryptedPrivateKey
            | Self::SourceFile
            | Self::MissingLicense
            | Self::MissingNotice
            | Self::NotChecked => Severity::Medium,
            Self::SecretName => Severity::Low,
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::PrivateKey => {
                "take it out, count the key as compromised where the artifact has left the house, and rotate it"
            }
            Self::EncryptedPrivateKey => "take it out: its passphrase is all that protects it",
            Self::Token => "take it out and revoke the token",
            Self::Secret => {
                "take it out, and replace the secret where the artifact has left the house"
            }
            Self::SecretVariable => {
                "take the value out and replace the secret; customers need the public key only"
            }
            Self::SecretName => {
                "customers have no use for this variable: name the public key instead"
            }
            Self::SourceFile => "leave it out of the artifact, or compile it",
            Self::MissingLicense => "put the LICENSE file in",
            Self::MissingNotice => "put the NOTICE file with the notices of third parties in",
            Self::NotChecked => "look into it by other means: it is not shown to be clean",
        }
    }
}
