//! Links that need no credentials: method, file, object, expiry and licence stand under a code that only we can make.

use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_issue::master::equal_bytes;
use licentia_license::file::LicenseFile;
use licentia_model::{Artifact, ReleaseState};
use licentia_protocol::Code;
use licentia_protocol::distribution::Link;
use licentia_storage::Transaction;
use uuid::Uuid;

use crate::audit::{Actor, Entry, PRODUCT};
use crate::authority::Authority;
use crate::credential::{seal_name, subject};
use crate::error::AuthorityError;
use crate::hex::hex;
use crate::releases::announce::no_artifact;
use crate::seats::timestamp;

/// How long a link is good, in seconds, if nothing else is said.
pub const LINK_LIFE_S: i64 = 15 * 60;
/// Where links lead.
pub const DOWNLOADS: &str = "/v1/downloads";

/// What stands behind the question mark of a link.
#[derive(Debug, Clone, Default)]
pub struct LinkQuery {
    /// When it ends, seconds since the epoch.
    pub exp: String,
    /// Which key made it.
    pub kid: String,
    /// The licence on whose account it was made.
    pub license: Option<String>,
    /// The code.
    pub sig: String,
}

/// What is handed out for a link.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The file.
    pub artifact: Artifact,
    /// What is put into it.
    pub personal: Option<Personal>,
    /// On whose account.
    pub license_id: Option<Uuid>,
}

/// A customer's licence file, and where it belongs.
#[derive(Debug, Clone)]
pub struct Personal {
    /// Path within the archive.
    pub path: String,
    /// The licence file.
    pub content: String,
    /// The key in it: another key makes another file.
    pub key_id: Uuid,
}

impl Authority {
    /// A link to a file for `GET`, good for a while from now.
    pub(crate) fn link(&self, artifact: &Artifact, license: Option<Uuid>) -> Link {
        let exp = self.clock().now().saturating_add(LINK_LIFE_S);
        let path = path_of(artifact);
        let kid = self.link_key_id();
        let of = license.map(|id| id.to_string());
        let sig = self.link_code("GET", &path, artifact, &exp.to_string(), &kid, of.as_deref());
        let of = of.map(|id| format!("&license={id}")).unwrap_or_default();
        Link {
            href: format!("{path}?exp={exp}&kid={kid}{of}&sig={sig}"),
            expires_at: timestamp(exp),
        }
    }

    /// A link for an operator.
    pub async fn operators_link(&self, artifact_id: Uuid) -> Result<Link, AuthorityError> {
        self.read(move |this, tx| {
            Box::pin(async move {
                let artifact =
                    tx.artifact(artifact_id).await?.ok_or_else(|| no_artifact(artifact_id))?;
                if artifact.stored_at.is_none() {
                    return Err(AuthorityError::NotAllowed {
                        what: "file of a release",
                        action: "downloaded",
                        state: "not stored yet",
                    });
                }
                Ok(this.link(&artifact, None))
            })
        })
        .await
    }

    /// What a link leads to. Whatever is wrong with it, the answer is the same.
    pub async fn open_link(
        &self,
        method: String,
        artifact_id: Uuid,
        name: String,
        query: LinkQuery,
    ) -> Result<Delivery, AuthorityError> {
        let opened = self
            .read(move |this, tx| {
                Box::pin(async move {
                    let bad = || AuthorityError::Refused(Code::BadLink);
                    let artifact =
                        tx.artifact(artifact_id).await?.filter(|artifact| artifact.name == name);
                    let artifact = artifact.ok_or_else(bad)?;
                    let (path, of) = (path_of(&artifact), query.license.as_deref());
                    let code =
                        this.link_code(&method, &path, &artifact, &query.exp, &query.kid, of);
                    let known = equal_bytes(query.kid.as_bytes(), this.link_key_id().as_bytes());
                    if !known || !equal_bytes(code.as_bytes(), query.sig.as_bytes()) {
                        return Err(bad());
                    }
                    let exp: i64 = query.exp.parse().map_err(|_| bad())?;
                    if this.clock().now() >= exp || artifact.stored_at.is_none() {
                        return Err(bad());
                    }
                    let Some(license) = of else {
                        return Ok(Delivery { artifact, personal: None, license_id: None });
                    };
                    let license = Uuid::parse_str(license).map_err(|_| bad())?;
                    this.deliver(tx, artifact, license).await
                })
            })
            .await;
        if let Err(AuthorityError::Refused(code)) = &opened {
            self.refusals().count(*code);
        }
        opened
    }

    /// A customer is still one, and a release still out, a while after the link was made.
    async fn deliver(
        &self,
        tx: &mut dyn Transaction,
        artifact: Artifact,
        license_id: Uuid,
    ) -> Result<Delivery, AuthorityError> {
        let bad = || AuthorityError::Refused(Code::BadLink);
        let release = tx.release_by_id(artifact.release_id).await?;
        if release.is_none_or(|release| release.state != ReleaseState::Published) {
            return Err(bad());
        }
        let license = tx.license(license_id).await?.ok_or_else(bad)?;
        let known = self.know(tx, license).await?;
        self.still_good(&known).map_err(AuthorityError::Refused)?;
        let personal = match &artifact.personalize {
            None => None,
            Some(path) => {
                let key_id = known.license.jti;
                let row = tx.license_key(key_id).await?.ok_or_else(bad)?;
                let sealed = row.sealed.ok_or_else(bad)?;
                let key = self.master().open(&seal_name(key_id), &sealed)?;
                let license = String::from_utf8(key.expose().clone()).map_err(|_| {
                    AuthorityError::Keys(format!("the stored key {key_id} is not text"))
                })?;
                let keyset = Some(self.keyring().keyset.clone());
                let file = LicenseFile { license, keyset, ..LicenseFile::default() };
                Some(Personal { path: path.clone(), content: file.to_string(), key_id })
            }
        };
        Ok(Delivery { artifact, personal, license_id: Some(license_id) })
    }

    /// Puts on record that a file was handed out.
    pub async fn record_download(
        &self,
        delivery: &Delivery,
        origin: String,
    ) -> Result<(), AuthorityError> {
        let entry = Entry::new()
            .fact("name", delivery.artifact.name.clone())
            .fact("sha256", hex(&delivery.artifact.sha256))
            .fact("personal", delivery.personal.is_some());
        let subject = match delivery.license_id {
            Some(id) => subject(id),
            None => crate::releases::list::subject(delivery.artifact.release_id),
        };
        self.write(move |this, tx| {
            Box::pin(async move {
                let actor = Actor::new(PRODUCT, origin);
                this.record(tx, &actor, "release.download", subject, entry).await
            })
        })
        .await
    }

    /// Another master key is another key.
    fn link_key_id(&self) -> String {
        hex(&self.master().hash("download link key id", b"1")[..4])
    }

    fn link_code(
        &self,
        method: &str,
        path: &str,
        artifact: &Artifact,
        exp: &str,
        kid: &str,
        license: Option<&str>,
    ) -> String {
        let object = hex(&artifact.sha256);
        let mut said = Vec::new();
        // Each with its length, so that no two links say the same.
        for part in [method, path, &object, exp, kid, license.unwrap_or_default()] {
            said.extend_from_slice(&(part.len() as u64).to_be_bytes());
            said.extend_from_slice(part.as_bytes());
        }
        Base64UrlUnpadded::encode_string(&self.master().hash("download link", &said))
    }
}

fn path_of(artifact: &Artifact) -> String {
    format!("{DOWNLOADS}/{}/{}", artifact.id, artifact.name)
}
