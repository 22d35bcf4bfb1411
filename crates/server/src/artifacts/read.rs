//! Streams a part of an object with constant memory.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{GetOptions, GetRange};

use crate::objects::{Objects, ObjectsError};

/// Chunks of a file.
pub(crate) type Body = BoxStream<'static, io::Result<Bytes>>;

/// Fits a core's cache: what is read is still there when it is written.
const CHUNK: u64 = 256 * 1024;
/// Chunks read ahead of a client. A thread of the pool is held for the time of one read, never while a client waits.
const AHEAD: usize = 2;

pub(super) async fn stream(
    objects: &Objects,
    path: &Path,
    range: Range<u64>,
) -> Result<Body, ObjectsError> {
    if range.is_empty() {
        return Ok(stream::empty().boxed());
    }
    if let Some(folder) = objects.as_folder() {
        return file(folder.join(path.as_ref()), range).await;
    }
    let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
    let got = objects.store().get_opts(path, options).await?;
    Ok(got.into_stream().map_err(io::Error::other).boxed())
}

/// A folder's own way: the store's would read eight kilobytes at a time.
async fn file(path: PathBuf, range: Range<u64>) -> Result<Body, ObjectsError> {
    let opening = path.clone();
    let file = blocking(move || File::open(opening))
        .await
        .map_err(|source| ObjectsError::File { path, source })?;
    let file = Arc::new(file);
    let starts = (range.start..range.end).step_by(usize::try_from(CHUNK).unwrap_or(usize::MAX));
    let chunks = starts.map(move |start| {
        let (file, end) = (Arc::clone(&file), range.end.min(start + CHUNK));
        blocking(move || read_at(&file, start..end))
    });
    Ok(stream::iter(chunks).buffered(AHEAD).boxed())
}

#[cfg(unix)]
fn read_at(file: &File, range: Range<u64>) -> io::Result<Bytes> {
    let mut bytes = vec![0; usize::try_from(range.end - range.start).map_err(io::Error::other)?];
    std::os::unix::fs::FileExt::read_exact_at(file, &mut bytes, range.start)?;
    Ok(bytes.into())
}

#[cfg(windows)]
fn read_at(file: &File, range: Range<u64>) -> io::Result<Bytes> {
    let mut bytes = vec![0; usize::try_from(range.end - range.start).map_err(io::Error::other)?];
    let mut done = 0;
    while done < bytes.len() {
        let at = range.start + done as u64;
        match std::os::windows::fs::FileExt::seek_read(file, &mut bytes[done..], at)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => done += read,
        }
    }
    Ok(bytes.into())
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
