//! The wheels of a product's releases, as an index for pip lists them (PEP 503, PEP 691).

use licentia_model::Artifact;
use licentia_protocol::Code;
use uuid::Uuid;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::hex::hex;

const WHEEL: &str = ".whl";

/// A wheel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wheel {
    /// File name.
    pub name: String,
    /// SHA-256, in lower-case hex.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    /// `Requires-Python`.
    pub requires_python: Option<String>,
    /// Path and parameters of a link.
    pub href: String,
}

impl Authority {
    /// The projects of which there are wheels, and the licence that was shown.
    pub async fn python_projects(
        &self,
        password: Option<String>,
        product: String,
    ) -> Result<(Vec<String>, Option<Uuid>), AuthorityError> {
        self.with_covered(password, product, move |_, tx, covered| {
            Box::pin(async move {
                let mut projects = Vec::new();
                for release in &covered.releases {
                    let artifacts = tx.artifacts(release.id).await?;
                    projects.extend(artifacts.iter().filter_map(project));
                }
                projects.sort();
                projects.dedup();
                Ok((projects, covered.license_id))
            })
        })
        .await
    }

    /// The wheels of a project, with links. Without one that is covered there is no such project.
    pub async fn python_wheels(
        &self,
        password: Option<String>,
        product: String,
        wanted: String,
    ) -> Result<(Vec<Wheel>, Option<Uuid>), AuthorityError> {
        self.with_covered(password, product, move |this, tx, covered| {
            Box::pin(async move {
                let wanted = normalized(&wanted);
                let mut wheels = Vec::new();
                for release in &covered.releases {
                    for artifact in tx.artifacts(release.id).await? {
                        if project(&artifact).as_ref() == Some(&wanted) {
                            let href = this.link(&artifact, covered.license_id).href;
                            wheels.push(Wheel {
                                name: artifact.name,
                                sha256: hex(&artifact.sha256),
                                size: artifact.size,
                                requires_python: artifact.requires_python,
                                href,
                            });
                        }
                    }
                }
                // A platform's wheel of one version may come again with another release: one line a file.
                wheels.sort_by(|a, b| a.name.cmp(&b.name));
                wheels.dedup_by(|a, b| a.name == b.name);
                match wheels.is_empty() {
                    true => Err(AuthorityError::Refused(Code::NoSuchResource)),
                    false => Ok((wheels, covered.license_id)),
                }
            })
        })
        .await
    }
}

/// The project that a wheel is of (binary distribution format, *file name convention*).
fn project(artifact: &Artifact) -> Option<String> {
    let stem = artifact.name.strip_suffix(WHEEL)?;
    // Name, version, perhaps build, Python, ABI, platform.
    let parts = stem.split('-').count();
    let (name, _) = stem.split_once('-')?;
    matches!(parts, 5 | 6).then(|| normalized(name))
}

/// The name of a project as it stands in paths (PEP 503, *normalized names*).
#[must_use]
pub fn normalized(name: &str) -> String {
    let mut normal = String::new();
    for letter in name.chars() {
        match letter {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            letter => normal.push(letter.to_ascii_lowercase()),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_normalised_as_pip_does() {
        for name in [
            "friendly-bard",
            "Friendly-Bard",
            "FRIENDLY-BARD",
            "friendly.bard",
            "friendly_bard",
            "friendly--bard",
            "FrIeNdLy-._.-bArD",
        ] {
            assert_eq!(normalized(name), "friendly-bard");
        }
    }
}
