//! Revocation lists as found in files and on the network; nothing in them is checked yet.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use hyper::header::{ETAG, HeaderValue, IF_NONE_MATCH};
use licentia_license::revocations::MAX_LIST_BYTES;

use crate::client::{Client, Silence};

/// The file's name beside the program and at an authority.
pub(crate) const FILE: &str = "revocations.json";

/// A list that is to be fetched.
pub(crate) struct Fetch {
    /// The one that is known.
    pub(crate) etag: Option<String>,
}

/// What came of it.
pub(crate) enum Answer {
    /// A list.
    List { text: String, etag: Option<String> },
    /// The one that is known.
    Unchanged,
    /// None.
    Silence(String),
}

/// Where lists are fetched.
#[derive(Clone)]
pub(crate) struct Source {
    client: Client,
    path: String,
}

impl Source {
    /// An authority's.
    pub(crate) fn of_authority(client: Client) -> Self {
        Self { client, path: FILE.to_owned() }
    }

    /// At this address.
    pub(crate) fn at(client: Client) -> Self {
        Self { client, path: String::new() }
    }

    /// Fetches.
    pub(crate) async fn fetch(&self, fetch: Fetch) -> Answer {
        let etag = fetch.etag.and_then(|etag| HeaderValue::from_str(&etag).ok());
        let headers = etag.map(|etag| (IF_NONE_MATCH, etag));
        match self.client.fetch(&self.path, headers, MAX_LIST_BYTES).await {
            Ok(page) if page.status == 304 => Answer::Unchanged,
            Ok(page) if page.status == 200 => {
                let etag = page.headers.get(ETAG).and_then(|etag| etag.to_str().ok());
                match String::from_utf8(page.body) {
                    Ok(text) => Answer::List { text, etag: etag.map(str::to_owned) },
                    Err(_) => Answer::Silence("it is not text".to_owned()),
                }
            }
            Ok(page) => Answer::Silence(format!("it was answered with {}", page.status)),
            Err(Silence(why)) => Answer::Silence(why),
        }
    }
}

/// A list in a file, at most as long as one may be.
pub(crate) fn read(path: &Path) -> Option<String> {
    let mut text = String::new();
    let read =
        File::open(path).and_then(|f| f.take(MAX_LIST_BYTES as u64 + 1).read_to_string(&mut text));
    match read {
        Ok(_) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => {
            tracing::debug!(target: "license", path = %path.display(), %error, "[License] A revocation list cannot be read");
            None
        }
    }
}

/// Lists in these files.
pub(crate) fn in_files(paths: impl IntoIterator<Item = PathBuf>) -> Vec<(String, String)> {
    paths.into_iter().filter_map(|path| Some((read(&path)?, path.display().to_string()))).collect()
}
