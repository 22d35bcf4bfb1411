//! The artifacts of a draft: announced, then stored, or removed.

use licentia_license::manifest::{Artifact as Signed, Manifest};
use licentia_model::{Artifact, Release, ReleaseState};
use licentia_protocol::distribution;
use licentia_protocol::distribution::NewArtifact;
use licentia_storage::Transaction;
use serde_json::Value;
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::hex::{hex, unhex};
use crate::releases::list::{artifact_view, missing, subject};

/// Whom an artifact without a platform is for.
pub(crate) const ANY: &str = "any";
const MOST_ARTIFACTS: usize = 1_000;
const MOST_BYTES: u64 = 1 << 40;
const LONGEST_NAME: usize = 200;
const LONGEST_PLATFORM: usize = 64;
const LONGEST_PATH: usize = 200;
const LONGEST_REQUIREMENT: usize = 200;

/// What can be personalised, by the end of its name.
pub const ARCHIVES: [&str; 4] = [".zip", ".tar", ".tar.gz", ".tgz"];

impl Authority {
    /// Says that a file is going to be uploaded. The same file once more is no new one, so that an upload that was
    /// cut short goes on.
    pub async fn announce_artifact(
        &self,
        release_id: Uuid,
        new: NewArtifact,
        ask: impl Into<Ask>,
    ) -> Result<distribution::Artifact, AuthorityError> {
        let sha256 = check(&new)?;
        self.carry_out(
            ask.into(),
            move |this, tx, ask| {
                Box::pin(async move {
                    tx.lock_audit_head().await?;
                    let release = draft(tx, release_id, "given another file").await?;
                    let there = tx.artifacts(release.id).await?;
                    if let Some(known) = there.iter().find(|known| known.name == new.name) {
                        let same = known.sha256 == sha256
                            && known.size == new.size
                            && known.personalize == new.personalize;
                        if !same {
                            return Err(AuthorityError::Exists { what: "file", name: new.name });
                        }
                        return Ok((known.id, artifact_view(known)));
                    }
                    if there.len() >= MOST_ARTIFACTS {
                        return Err(invalid("name", "a release may have 1,000 files"));
                    }
                    let artifact = Artifact {
                        id: this.uuid(),
                        release_id: release.id,
                        name: new.name,
                        platform: new.platform.unwrap_or_else(|| ANY.to_owned()),
                        size: new.size,
                        sha256,
                        signature: None,
                        personalize: new.personalize,
                        requires_python: new.requires_python,
                        created_at: this.clock().now(),
                        stored_at: None,
                    };
                    tx.insert_artifact(&artifact).await?;
                    let entry = entry_of(&artifact, Value::Null, "announced");
                    let subject = subject(release.id);
                    this.record(tx, &ask.actor, "release.announce", subject, entry).await?;
                    Ok((artifact.id, artifact_view(&artifact)))
                })
            },
            |_, tx, id| {
                Box::pin(async move {
                    let artifact = tx.artifact(id).await?.ok_or_else(|| no_artifact(id))?;
                    Ok(artifact_view(&artifact))
                })
            },
        )
        .await
    }

    /// An artifact, and whether its release is still a draft.
    pub async fn artifact(&self, id: Uuid) -> Result<(Artifact, bool), AuthorityError> {
        self.read(move |_, tx| {
            Box::pin(async move {
                let artifact = tx.artifact(id).await?.ok_or_else(|| no_artifact(id))?;
                let release = tx.release_by_id(artifact.release_id).await?;
                let is_draft = release.is_some_and(|release| release.state == ReleaseState::Draft);
                Ok((artifact, is_draft))
            })
        })
        .await
    }

    /// Signs for an artifact whose bytes are in the store, whole and under their hash. A second time changes nothing.
    pub async fn artifact_is_stored(
        &self,
        id: Uuid,
        ask: impl Into<Ask>,
    ) -> Result<distribution::Artifact, AuthorityError> {
        let ask = ask.into();
        self.carry_out_and_keep(ask, move |this, tx, ask| {
            Box::pin(async move {
                tx.lock_audit_head().await?;
                let mut artifact = tx.artifact(id).await?.ok_or_else(|| no_artifact(id))?;
                if artifact.stored_at.is_some() {
                    return Ok(artifact_view(&artifact));
                }
                let release = draft(tx, artifact.release_id, "given another file").await?;
                artifact.signature = Some(this.sign_artifact(tx, &release, &artifact).await?);
                artifact.stored_at = Some(this.clock().now());
                tx.update_artifact(&artifact).await?;
                let entry = entry_of(&artifact, "announced", "stored");
                let subject = subject(release.id);
                this.record(tx, &ask.actor, "release.store", subject, entry).await?;
                Ok(artifact_view(&artifact))
            })
        })
        .await
    }

    /// Takes a file out of a draft.
    pub async fn remove_artifact(
        &self,
        id: Uuid,
        ask: impl Into<Ask>,
    ) -> Result<distribution::Artifact, AuthorityError> {
        let ask = ask.into();
        self.carry_out_and_keep(ask, move |this, tx, ask| {
            Box::pin(async move {
                tx.lock_audit_head().await?;
                let artifact = tx.artifact(id).await?.ok_or_else(|| no_artifact(id))?;
                let release = draft(tx, artifact.release_id, "robbed of a file").await?;
                tx.delete_artifact(id).await?;
                let was = if artifact.stored_at.is_some() { "stored" } else { "announced" };
                let entry = entry_of(&artifact, was, Value::Null);
                let subject = subject(release.id);
                this.record(tx, &ask.actor, "release.remove", subject, entry).await?;
                Ok(artifact_view(&artifact))
            })
        })
        .await
    }

    async fn sign_artifact(
        &self,
        tx: &mut dyn Transaction,
        release: &Release,
        artifact: &Artifact,
    ) -> Result<String, AuthorityError> {
        let product = tx.product(release.product_id).await?.ok_or_else(|| missing(release.id))?;
        self.sign(&Manifest {
            iss: self.issuer().to_owned(),
            iat: self.clock().now(),
            exp: None,
            product: product.code,
            version: release.version.clone(),
            artifacts: vec![Signed {
                name: artifact.name.clone(),
                version: None,
                sha256: hex(&artifact.sha256),
                signer: None,
            }],
        })
    }
}

fn entry_of(artifact: &Artifact, before: impl Into<Value>, after: impl Into<Value>) -> Entry {
    Entry::change(before, after)
        .fact("name", artifact.name.clone())
        .fact("size", artifact.size)
        .fact("sha256", hex(&artifact.sha256))
}

pub(crate) async fn draft(
    tx: &mut dyn Transaction,
    id: Uuid,
    action: &'static str,
) -> Result<Release, AuthorityError> {
    let release = tx.release_by_id(id).await?.ok_or_else(|| missing(id))?;
    match release.state {
        ReleaseState::Draft => Ok(release),
        state => Err(AuthorityError::NotAllowed { what: "release", action, state: state.as_str() }),
    }
}

pub(crate) fn no_artifact(id: Uuid) -> AuthorityError {
    AuthorityError::NotFound { what: "file of a release", name: id.to_string() }
}

fn check(new: &NewArtifact) -> Result<[u8; 32], AuthorityError> {
    if !is_file_name(&new.name) {
        let wanted = "wants up to 200 letters, digits and `._+-~`, the first one a letter or digit";
        return Err(invalid("name", wanted));
    }
    let platform = new.platform.as_deref().unwrap_or(ANY);
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !(1..=LONGEST_PLATFORM).contains(&platform.len()) || !platform.chars().all(fits) {
        return Err(invalid(
            "platform",
            "wants 1 to 64 letters, digits and `._-`, such as `linux-x86_64`",
        ));
    }
    if !(1..=MOST_BYTES).contains(&new.size) {
        return Err(invalid("size", "wants 1 byte to 1 TiB"));
    }
    if let Some(path) = &new.personalize {
        if !ARCHIVES.iter().any(|end| new.name.ends_with(end)) {
            return Err(invalid("personalize", "wants an archive: .zip, .tar, .tar.gz or .tgz"));
        }
        if !is_inner_path(path) {
            return Err(invalid(
                "personalize",
                "wants a path within the archive, such as `app/license.lic`",
            ));
        }
    }
    if let Some(requirement) = &new.requires_python {
        let fits = |c: char| c.is_ascii_graphic() || c == ' ';
        if requirement.len() > LONGEST_REQUIREMENT || !requirement.chars().all(fits) {
            return Err(invalid("requires_python", "wants a version specifier such as `>=3.9`"));
        }
    }
    unhex(&new.sha256).ok_or_else(|| invalid("sha256", "wants 64 hex digits"))
}

/// A name that is the same on every system, and in a URL.
fn is_file_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '+' | '-' | '~');
    (1..=LONGEST_NAME).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(fits)
}

/// A path that unpacks below where an archive is unpacked; an entry of `ustar` names a hundred bytes.
fn is_inner_path(path: &str) -> bool {
    (1..=LONGEST_PATH.min(100)).contains(&path.len())
        && path.split('/').all(|part| is_file_name(part) && part != "..")
}

fn invalid(field: &'static str, problem: &str) -> AuthorityError {
    AuthorityError::Invalid { field, problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(name: &str) -> NewArtifact {
        NewArtifact {
            name: name.into(),
            platform: None,
            size: 1,
            sha256: "0a".repeat(32),
            personalize: None,
            requires_python: None,
        }
    }

    #[test]
    fn a_name_leads_nowhere_but_to_itself() {
        for good in ["a", "app-1.0.tar.gz", "app-1.0+b1-py3-none-any.whl", "App_2~rc"] {
            assert!(check(&new(good)).is_ok(), "{good}");
        }
        let long = "a".repeat(201);
        let hostile = [
            "",
            ".",
            "..",
            "../x",
            "/etc/passwd",
            "a/b",
            "a\\b",
            "a\0b",
            "a\nb",
            "-rf",
            ".hidden",
            "a b",
            "ä",
            "a\u{2215}b",
            "a\u{ff0f}b",
            "a%2fb",
            "\u{202e}a",
            "con:",
            &long,
        ];
        for name in hostile {
            assert!(check(&new(name)).is_err(), "{name:?}");
            let inner = NewArtifact { personalize: Some(name.into()), ..new("a.zip") };
            assert!(name == "a/b" || check(&inner).is_err(), "{name:?}");
        }
    }

    #[test]
    fn only_an_archive_is_personalised() {
        let with =
            |name: &str| NewArtifact { personalize: Some("app/license.lic".into()), ..new(name) };
        assert!(
            ["a.zip", "a.tar", "a.tar.gz", "a.tgz"].iter().all(|name| check(&with(name)).is_ok())
        );
        assert!(check(&with("a.whl")).is_err());
        for sha256 in ["", "0A", &"0a".repeat(33), &"é".repeat(32)] {
            assert!(check(&NewArtifact { sha256: sha256.into(), ..new("a") }).is_err(), "{sha256}");
        }
        for size in [0, MOST_BYTES + 1] {
            assert!(check(&NewArtifact { size, ..new("a") }).is_err(), "{size}");
        }
    }
}
