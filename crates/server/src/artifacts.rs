//! The bytes of releases, in an object store: under their hash once they are whole, in parts until then.
//!
//! ```text
//! sha256/ab/abcd…      a file, under its hash: the same file of two releases is one
//! uploads/ID/000000    a part of an artifact that is being uploaded
//! ```
//! No name that anybody chose leads into the store. Memory is bounded by parts and chunks, whatever a file's size.

mod abandoned;
mod personal;
mod read;

use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::Method;
use axum::http::request::Parts;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use licentia_authority::Authority;
use licentia_authority::distribution::archive::{Segment, Unfit};
use licentia_authority::hex::hex;
use licentia_model::Artifact;
use object_store::{GetOptions, MultipartUpload, ObjectStoreExt};
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub(crate) use self::read::Body;
use crate::config::{Delivery, Releases};
use crate::objects::{Objects, ObjectsError};
use crate::problem::Failure;
use crate::router::Shared;
use crate::system::variables;

/// Bytes of every part but the last. Stores want at least 5 MiB of theirs.
pub(crate) const PART: u64 = 8 * 1024 * 1024;
/// Where parts are until they are put together.
const UPLOADS: &str = "uploads";
/// The folder in the data directory, where no other place is named.
const FOLDER: &str = "artifacts";

/// The store; opened when it is first needed.
#[derive(Clone)]
pub struct Artifacts(Arc<Inner>);

struct Inner {
    place: Option<String>,
    delivery: Delivery,
    opened: OnceLock<Objects>,
}

/// What became of parts that were put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Assembled {
    /// The whole file is in the store.
    Done,
    /// This part is not there.
    Missing(u32),
    /// The bytes are not those that were announced.
    Differs,
}

impl Artifacts {
    /// As the configuration says; else a folder beside the database.
    #[must_use]
    pub fn new(config: &Releases, folder: Option<&Path>) -> Self {
        let beside = || folder.map(|folder| folder.join(FOLDER).display().to_string());
        let place = config.store.clone().or_else(beside);
        Self(Arc::new(Inner { place, delivery: config.delivery, opened: OnceLock::new() }))
    }

    /// Whether there is something to look at: a bucket, or a folder that was made.
    fn is_there(&self) -> bool {
        let place = self.0.place.as_deref().unwrap_or_default();
        place.contains("://") || Path::new(place).is_dir()
    }

    /// Opens the store; a folder is made. What is wrong with its place is told here.
    pub fn objects(&self) -> Result<&Objects, ObjectsError> {
        if let Some(objects) = self.0.opened.get() {
            return Ok(objects);
        }
        let place = self.0.place.as_deref().unwrap_or_default();
        let objects = Objects::open(place, variables())?;
        Ok(self.0.opened.get_or_init(|| objects))
    }

    /// Keeps a part.
    pub(crate) async fn put_part(
        &self,
        artifact: &Artifact,
        part: u32,
        bytes: Bytes,
    ) -> Result<(), ObjectsError> {
        let objects = self.objects()?;
        objects.store().put(&objects.path(&part_name(artifact, part))?, bytes.into()).await?;
        Ok(())
    }

    /// The parts that are there and whole.
    pub(crate) async fn parts(&self, artifact: &Artifact) -> Result<Vec<u32>, ObjectsError> {
        let objects = self.objects()?;
        let folder = objects.path(&format!("{UPLOADS}/{}", artifact.id))?;
        let mut parts: Vec<u32> = objects
            .store()
            .list(Some(&folder))
            .try_filter_map(|meta| async move {
                let part = meta.location.filename().and_then(|name| name.parse().ok());
                Ok(part.filter(|part| {
                    part_range(artifact, *part)
                        .is_some_and(|range| range.end - range.start == meta.size)
                }))
            })
            .try_collect()
            .await?;
        parts.sort_unstable();
        Ok(parts)
    }

    /// Whether the whole file is in the store, perhaps of another release.
    pub(crate) async fn has(&self, artifact: &Artifact) -> Result<bool, ObjectsError> {
        let objects = self.objects()?;
        match objects.store().head(&objects.path(&object_name(artifact))?).await {
            Ok(meta) => Ok(meta.size == artifact.size),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Puts the parts together under their hash, if it is theirs.
    pub(crate) async fn assemble(&self, artifact: &Artifact) -> Result<Assembled, ObjectsError> {
        if self.has(artifact).await? {
            return Ok(Assembled::Done);
        }
        let objects = self.objects()?;
        let to = objects.path(&object_name(artifact))?;
        let mut upload = objects.store().put_multipart(&to).await?;
        let assembled = self.pour(artifact, &mut *upload).await;
        if !matches!(assembled, Ok(Assembled::Done)) {
            // Whatever went wrong before is what is told.
            let _ = upload.abort().await;
            return assembled;
        }
        upload.complete().await?;
        if let Some(folder) = objects.as_folder() {
            let path = folder.join(to.as_ref());
            read::blocking(move || sync(&path)).await.map_err(object_store_io)?;
        }
        Ok(Assembled::Done)
    }

    async fn pour(
        &self,
        artifact: &Artifact,
        upload: &mut dyn MultipartUpload,
    ) -> Result<Assembled, ObjectsError> {
        let objects = self.objects()?;
        let mut hash = Sha256::new();
        for part in 0..part_count(artifact) {
            let Some(range) = part_range(artifact, part) else {
                return Ok(Assembled::Missing(part));
            };
            let got = objects
                .store()
                .get_opts(&objects.path(&part_name(artifact, part))?, GetOptions::default())
                .await;
            let bytes = match got {
                Ok(got) if got.meta.size == range.end - range.start => got.bytes().await?,
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {
                    return Ok(Assembled::Missing(part));
                }
                Err(error) => return Err(error.into()),
            };
            let counted = bytes.clone();
            hash = read::blocking(move || {
                hash.update(&counted);
                Ok(hash)
            })
            .await
            .map_err(object_store_io)?;
            upload.put_part(bytes.into()).await?;
        }
        let hash: [u8; 32] = hash.finalize().into();
        Ok(if hash == artifact.sha256 { Assembled::Done } else { Assembled::Differs })
    }

    /// Forgets the parts; whatever stays is in nobody's way.
    pub(crate) async fn forget_parts(&self, artifact: Uuid) -> Result<(), ObjectsError> {
        self.forget_folder(&format!("{UPLOADS}/{artifact}")).await
    }

    async fn forget_folder(&self, name: &str) -> Result<(), ObjectsError> {
        let objects = self.objects()?;
        let folder = objects.path(name)?;
        let parts = objects.store().list(Some(&folder)).map_ok(|meta| meta.location).boxed();
        objects.store().delete_stream(parts).try_for_each(|_| async { Ok(()) }).await?;
        Ok(())
    }

    /// What is handed out when an archive is made the customer's own.
    pub(crate) async fn personalized(
        &self,
        artifact: &Artifact,
        path: &str,
        content: &str,
    ) -> Result<Result<Vec<Segment>, Unfit>, ObjectsError> {
        personal::segments(self, artifact, path, content).await
    }

    /// A part of a file as a stream.
    pub(crate) async fn read(
        &self,
        artifact: &Artifact,
        range: Range<u64>,
    ) -> Result<Body, ObjectsError> {
        let objects = self.objects()?;
        read::stream(objects, &objects.path(&object_name(artifact))?, range).await
    }

    /// A small part of a file.
    async fn read_whole(
        &self,
        artifact: &Artifact,
        range: Range<u64>,
    ) -> Result<Vec<u8>, ObjectsError> {
        let chunks = self.read(artifact, range).await?;
        let bytes = chunks.try_fold(Vec::new(), |mut all, chunk| async move {
            all.extend_from_slice(&chunk);
            Ok(all)
        });
        bytes.await.map_err(object_store_io)
    }

    /// A link of the store's own, where files are fetched from it and it makes such.
    pub(crate) async fn redirect(
        &self,
        artifact: &Artifact,
        life: Duration,
    ) -> Result<Option<String>, ObjectsError> {
        if self.0.delivery != Delivery::Redirect {
            return Ok(None);
        }
        let objects = self.objects()?;
        let Some(signer) = objects.signer() else { return Ok(None) };
        let path = objects.path(&object_name(artifact))?;
        let url = signer.signed_url(Method::GET, &path, life).await?;
        Ok(Some(url.to_string()))
    }
}

/// The bytes of a part; `None`: there is no such part.
pub(crate) fn part_range(artifact: &Artifact, part: u32) -> Option<Range<u64>> {
    let start = u64::from(part).checked_mul(PART)?;
    (start < artifact.size).then(|| start..artifact.size.min(start + PART))
}

fn part_count(artifact: &Artifact) -> u32 {
    u32::try_from(artifact.size.div_ceil(PART)).unwrap_or(u32::MAX)
}

fn part_name(artifact: &Artifact, part: u32) -> String {
    format!("{UPLOADS}/{}/{part:06}", artifact.id)
}

fn object_name(artifact: &Artifact) -> String {
    let hash = hex(&artifact.sha256);
    format!("sha256/{}/{hash}", &hash[..2])
}

/// What was acknowledged is on the disk.
fn sync(path: &Path) -> std::io::Result<()> {
    std::fs::File::open(path)?.sync_all()?;
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn object_store_io(error: std::io::Error) -> ObjectsError {
    object_store::Error::Generic { store: "artifacts", source: Box::new(error) }.into()
}

/// The store, for handlers.
pub(crate) struct Store(pub(crate) Artifacts);

impl<S> FromRequestParts<S> for Store
where
    S: Send + Sync,
    Shared: FromRef<S>,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        // Within this process the command line brings the store that its configuration names.
        let own = parts.extensions.get::<Artifacts>().cloned();
        Ok(Self(own.unwrap_or_else(|| Shared::from_ref(state).artifacts())))
    }
}

impl From<ObjectsError> for Failure {
    fn from(error: ObjectsError) -> Self {
        tracing::error!(%error, "the store of releases failed");
        licentia_protocol::Code::Unavailable.into()
    }
}

/// The store of an authority, as the configuration says.
#[must_use]
pub fn of(authority: &Authority, config: &Releases) -> Artifacts {
    Artifacts::new(config, authority.folder())
}
