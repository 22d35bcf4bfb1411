//! A place for objects: a folder, or a bucket at S3 and what speaks it, Google or Azure.
//!
//! [`Objects::open`] takes a path or a URL (`file:`, `s3:`, `gs:`, `az:`, `abfss:`) and, for buckets, the variables
//! that the tools of these services read (`AWS_…`, `GOOGLE_…`, `AZURE_…`): credentials stay where they are kept today.
//! What is large or many goes through [`Objects::store`]; small documents that several may write at a time through
//! [`Objects::read`] and [`Objects::replace`], which compares and swaps in a folder and in a bucket alike.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::signer::Signer;
use object_store::{
    Attribute, AttributeValue, Error, ObjectStore, ObjectStoreExt, ObjectStoreScheme, PutMode,
    PutOptions, RetryConfig, UpdateVersion,
};
use sha2::{Digest, Sha256};
use url::Url;

/// How long a request to a bucket is tried again before its failure is told.
const RETRIED_FOR: Duration = Duration::from_secs(20);

/// A place for objects.
#[derive(Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    base: Path,
    folder: Option<Arc<FilePath>>,
    signer: Option<Arc<dyn Signer>>,
}

/// What an object was when it was read: what [`Objects::replace`] expects to find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// There was none.
    Nothing,
    /// In a folder: the hash of its bytes.
    File([u8; 32]),
    /// In a bucket: the version that the service tells.
    Object(UpdateVersion),
}

/// An object as read.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its bytes.
    pub bytes: Bytes,
    /// Which version of it they are.
    pub seen: Seen,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// It is there.
    Done,
    /// Somebody else wrote in between; nothing was changed.
    Raced,
}

/// Why a place for objects could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ObjectsError {
    /// The place is not one.
    #[error("{place}: {problem}")]
    Place {
        /// As given.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An object is larger than it may be.
    #[error("{name} is larger than {limit} bytes")]
    TooLarge {
        /// The object.
        name: String,
        /// What it may be.
        limit: usize,
    },
    /// The folder did not do it.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The bucket did not do it.
    #[error(transparent)]
    Bucket(#[from] Error),
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Objects({self})")
    }
}

impl fmt::Display for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.folder {
            Some(folder) => write!(f, "{}", folder.display()),
            None => write!(f, "{} {}", self.store, self.base),
        }
    }
}

impl Objects {
    /// Opens a folder, which is made if it is missing, or a bucket. Nothing is asked over a network yet.
    pub fn open(
        place: &str,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ObjectsError> {
        let wrong = |problem: String| ObjectsError::Place { place: place.to_owned(), problem };
        if !place.contains("://") {
            return Self::folder(FilePath::new(place));
        }
        let url = Url::parse(place).map_err(|e| wrong(e.to_string()))?;
        if !url.username().is_empty() && url.password().is_some() {
            return Err(wrong("credentials belong into the environment, not into a URL".into()));
        }
        let (scheme, base) = ObjectStoreScheme::parse(&url).map_err(|_| wrong(KNOWN.to_owned()))?;
        let variables = variables.into_iter().filter_map(|(name, value)| {
            let prefixed = ["AWS_", "GOOGLE_", "AZURE_"].iter().any(|p| name.starts_with(p));
            prefixed.then(|| (name.to_ascii_lowercase(), value))
        });
        let retry = RetryConfig { retry_timeout: RETRIED_FOR, ..RetryConfig::default() };
        match scheme {
            ObjectStoreScheme::Local => {
                let path = url.to_file_path().map_err(|()| wrong("is not a path".into()))?;
                Self::folder(&path)
            }
            ObjectStoreScheme::AmazonS3 => {
                let builder = AmazonS3Builder::new().with_url(place).with_retry(retry);
                let builder = variables.fold(builder, |builder, (key, value)| match key.parse() {
                    Ok(key) => builder.with_config(key, value),
                    Err(_) => builder,
                });
                Ok(Self::bucket(builder.build()?, base))
            }
            ObjectStoreScheme::GoogleCloudStorage => {
                let builder = GoogleCloudStorageBuilder::new().with_url(place).with_retry(retry);
                let builder = variables.fold(builder, |builder, (key, value)| match key.parse() {
                    Ok(key) => builder.with_config(key, value),
                    Err(_) => builder,
                });
                Ok(Self::bucket(builder.build()?, base))
            }
            ObjectStoreScheme::MicrosoftAzure => {
                let builder = MicrosoftAzureBuilder::new().with_url(place).with_retry(retry);
                let builder = variables.fold(builder, |builder, (key, value)| match key.parse() {
                    Ok(key) => builder.with_config(key, value),
                    Err(_) => builder,
                });
                Ok(Self::bucket(builder.build()?, base))
            }
            _ => Err(wrong(KNOWN.to_owned())),
        }
    }

    fn folder(path: &FilePath) -> Result<Self, ObjectsError> {
        let failed = |source| ObjectsError::File { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(failed)?;
        let path = path.canonicalize().map_err(failed)?;
        let store = LocalFileSystem::new_with_prefix(&path)?;
        Ok(Self {
            store: Arc::new(store),
            base: Path::default(),
            folder: Some(path.into()),
            signer: None,
        })
    }

    fn bucket(store: impl ObjectStore + Signer, base: Path) -> Self {
        let store = Arc::new(store);
        Self { store: Arc::clone(&store) as _, base, folder: None, signer: Some(store) }
    }

    /// For what is large or many. Paths come from [`path`](Self::path).
    #[must_use]
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// Makes links that a bucket honours without credentials; a folder has none.
    #[must_use]
    pub fn signer(&self) -> Option<&Arc<dyn Signer>> {
        self.signer.as_ref()
    }

    /// The folder on this machine, where it is one.
    #[must_use]
    pub fn as_folder(&self) -> Option<&FilePath> {
        self.folder.as_deref()
    }

    /// Where an object stands in the store; `name` may hold slashes, and leads nowhere outside.
    pub fn path(&self, name: &str) -> Result<Path, ObjectsError> {
        let name = Path::parse(name).map_err(Error::from)?;
        Ok(self.base.parts().chain(name.parts()).collect())
    }

    /// Reads a small object; `None` where there is none.
    pub async fn read(&self, name: &str, limit: usize) -> Result<Option<Found>, ObjectsError> {
        if let Some(folder) = &self.folder {
            let (path, name) = (folder.join(self.path(name)?.as_ref()), name.to_owned());
            return blocking(move || {
                let Some(bytes) = contents(&path, &name, limit)? else { return Ok(None) };
                let seen = Seen::File(Sha256::digest(&bytes).into());
                Ok(Some(Found { bytes: bytes.into(), seen }))
            })
            .await;
        }
        let got = match self.store.get(&self.path(name)?).await {
            Ok(got) => got,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if got.meta.size > limit as u64 {
            return Err(ObjectsError::TooLarge { name: name.to_owned(), limit });
        }
        let version =
            UpdateVersion { e_tag: got.meta.e_tag.clone(), version: got.meta.version.clone() };
        Ok(Some(Found { bytes: got.bytes().await?, seen: Seen::Object(version) }))
    }

    /// Writes an object, whole and durable, if it still is what was seen.
    pub async fn replace(
        &self,
        name: &str,
        bytes: Bytes,
        about: About,
        seen: &Seen,
    ) -> Result<Replaced, ObjectsError> {
        if let Some(folder) = &self.folder {
            let (path, seen) = (folder.join(self.path(name)?.as_ref()), seen.clone());
            return blocking(move || swap(&path, &bytes, &seen)).await;
        }
        let mode = match seen {
            Seen::Object(version) => PutMode::Update(version.clone()),
            Seen::Nothing | Seen::File(_) => PutMode::Create,
        };
        let attributes: [(_, AttributeValue); 2] = [
            (Attribute::ContentType, about.content_type.into()),
            (Attribute::CacheControl, about.cache_control.into()),
        ];
        let options = PutOptions {
            mode,
            attributes: attributes.into_iter().collect(),
            ..PutOptions::default()
        };
        match self.store.put_opts(&self.path(name)?, bytes.into(), options).await {
            Ok(_) => Ok(Replaced::Done),
            Err(
                Error::Precondition { .. } | Error::AlreadyExists { .. } | Error::NotFound { .. },
            ) => Ok(Replaced::Raced),
            Err(error) => Err(error.into()),
        }
    }
}

const KNOWN: &str = "wants a folder, or a URL that begins with file:, s3:, gs:, az: or abfss:";

/// How a bucket hands an object out.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Media type.
    pub content_type: &'static str,
    /// Who may keep it how long.
    pub cache_control: &'static str,
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ObjectsError> + Send + 'static,
) -> Result<T, ObjectsError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(Error::from(error).into()),
    }
}

fn contents(path: &FilePath, name: &str, limit: usize) -> Result<Option<Vec<u8>>, ObjectsError> {
    let failed = |source| ObjectsError::File { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > limit {
        return Err(ObjectsError::TooLarge { name: name.to_owned(), limit });
    }
    Ok(Some(bytes))
}

/// Compare and swap under a lock of its own file, which stays: whoever removed it would let two in at once.
fn swap(path: &FilePath, bytes: &[u8], seen: &Seen) -> Result<Replaced, ObjectsError> {
    let failed = |source| ObjectsError::File { path: path.to_owned(), source };
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = path.parent().unwrap_or(FilePath::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join(format!(".{name}.lock")))
        .map_err(failed)?;
    lock.lock().map_err(failed)?;
    let there = match contents(path, &name, usize::MAX - 1)? {
        None => Seen::Nothing,
        Some(bytes) => Seen::File(Sha256::digest(&bytes).into()),
    };
    if there != *seen {
        return Ok(Replaced::Raced);
    }
    // Under the lock there is one writer: what a killed one left is overwritten.
    let aside = folder.join(format!(".{name}.new"));
    let mut file = File::create(&aside).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&aside, path).map_err(failed)?;
    #[cfg(unix)]
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    Ok(Replaced::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: About = About { content_type: "text/plain", cache_control: "no-cache" };

    fn none() -> std::iter::Empty<(String, String)> {
        std::iter::empty()
    }

    #[tokio::test]
    async fn a_folder_is_compared_and_swapped() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("new").display().to_string();
        let objects = Objects::open(&place, none()).unwrap();
        assert!(objects.read("list", 10).await.unwrap().is_none());
        let write = |text: &'static str, seen: Seen| {
            let objects = objects.clone();
            async move {
                objects.replace("list", Bytes::from_static(text.as_bytes()), ABOUT, &seen).await
            }
        };
        assert_eq!(write("one", Seen::Nothing).await.unwrap(), Replaced::Done);
        assert_eq!(write("two", Seen::Nothing).await.unwrap(), Replaced::Raced);
        let one = objects.read("list", 10).await.unwrap().unwrap();
        assert_eq!(one.bytes, "one");
        assert_eq!(write("two", one.seen.clone()).await.unwrap(), Replaced::Done);
        assert_eq!(write("three", one.seen).await.unwrap(), Replaced::Raced);
        assert_eq!(objects.read("list", 10).await.unwrap().unwrap().bytes, "two");
        let error = objects.read("list", 2).await.unwrap_err();
        assert!(matches!(error, ObjectsError::TooLarge { limit: 2, .. }));
    }

    #[tokio::test]
    async fn many_who_add_to_one_file_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::open(&folder.path().display().to_string(), none()).unwrap();
        let writers = (0..4_u8).map(|writer| {
            let objects = objects.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    loop {
                        let found = objects.read("list", 1000).await.unwrap();
                        let (mut bytes, seen) = match found {
                            Some(found) => (found.bytes.to_vec(), found.seen),
                            None => (Vec::new(), Seen::Nothing),
                        };
                        bytes.push(writer);
                        let replaced = objects.replace("list", bytes.into(), ABOUT, &seen).await;
                        if replaced.unwrap() == Replaced::Done {
                            break;
                        }
                    }
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        let bytes = objects.read("list", 1000).await.unwrap().unwrap().bytes;
        let count = |writer| bytes.iter().filter(|byte| **byte == writer).count();
        assert_eq!([count(0), count(1), count(2), count(3)], [10; 4]);
    }

    #[test]
    fn what_is_no_place_is_told_and_a_bucket_is_opened_without_asking_it() {
        for place in ["ftp://host/path", "https://vendor.example/lists", "s3://:x", "memory:///"] {
            let error = Objects::open(place, none()).unwrap_err();
            assert!(error.to_string().contains(place), "{error}");
        }
        let error = Objects::open("s3://key:secret@bucket/", none()).unwrap_err();
        assert!(error.to_string().contains("environment"), "{error}");
        let variables = [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret-value")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let bucket = Objects::open("s3://bucket/lists", variables).unwrap();
        assert_eq!(bucket.path("a/b.json").unwrap().as_ref(), "lists/a/b.json");
        assert!(bucket.path("../b.json").is_err());
        assert!(!format!("{bucket:?}").contains("secret-value"));
        assert!(bucket.signer().is_some() && bucket.as_folder().is_none());
        for (place, variables) in [
            (
                "az://container/lists",
                vec![
                    ("AZURE_STORAGE_ACCOUNT_NAME", "vendor"),
                    ("AZURE_STORAGE_ACCOUNT_KEY", "c2VjcmV0LXZhbHVl"),
                ],
            ),
            ("gs://bucket/lists", vec![("GOOGLE_SKIP_SIGNATURE", "true")]),
        ] {
            let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
            let bucket = Objects::open(place, variables).unwrap();
            assert_eq!(bucket.path("a.json").unwrap().as_ref(), "lists/a.json", "{place}");
            assert!(!format!("{bucket:?}").contains("c2VjcmV0"), "{place}");
        }
    }
}
