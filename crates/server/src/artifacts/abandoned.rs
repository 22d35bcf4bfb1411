//! Forgets what uploads left that nobody went on with.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use futures_util::TryStreamExt;

use super::{Artifacts, UPLOADS, read};
use crate::objects::ObjectsError;

/// How long parts wait for their upload to go on, in seconds.
pub(super) const KEPT_S: i64 = 7 * 24 * 3_600;

impl Artifacts {
    /// Removes the parts of uploads to which nothing came for a week, and in a folder what was being put together when
    /// the authority was killed. How many went.
    ///
    /// Whether the file was removed, or stored by now, does not matter: parts are of use to an upload that goes on, and
    /// one that goes on after that begins anew.
    pub(crate) async fn forget_abandoned(&self, now: i64) -> Result<u64, ObjectsError> {
        // Where nothing was ever kept, no folder is made for it.
        if !self.is_there() {
            return Ok(0);
        }
        let before = now.saturating_sub(KEPT_S);
        let objects = self.objects()?;
        let folder = objects.path(UPLOADS)?;
        // One line an upload, however many parts it has.
        let uploads: HashMap<String, (i64, u64)> = objects
            .store()
            .list(Some(&folder))
            .try_fold(HashMap::new(), |mut uploads, meta| {
                let rest = meta.location.prefix_match(&folder);
                if let Some(upload) = rest.and_then(|mut rest| rest.next()) {
                    let at = meta.last_modified.timestamp();
                    let known = uploads.entry(upload.as_ref().to_owned()).or_insert((at, 0));
                    *known = (known.0.max(at), known.1 + 1);
                }
                async { Ok(uploads) }
            })
            .await?;
        let mut forgotten = 0;
        for (upload, (_, parts)) in uploads.into_iter().filter(|(_, (newest, _))| *newest < before)
        {
            self.forget_folder(&format!("{UPLOADS}/{upload}")).await?;
            forgotten += parts;
        }
        if let Some(folder) = objects.as_folder() {
            let folder = folder.join("sha256");
            let swept = read::blocking(move || sweep(&folder, before)).await;
            forgotten += swept.map_err(super::object_store_io)?;
        }
        Ok(forgotten)
    }
}

/// Removes files that were not whole when they were left: the store calls them `HASH#NUMBER` until they are.
fn sweep(folder: &Path, before: i64) -> io::Result<u64> {
    let before = UNIX_EPOCH + Duration::from_secs(before.try_into().unwrap_or_default());
    let mut swept = 0;
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(0) };
    for entry in entries {
        for file in std::fs::read_dir(entry?.path())? {
            let file = file?;
            let unfinished = file.file_name().as_encoded_bytes().contains(&b'#');
            if unfinished && file.metadata()?.modified()? < before {
                std::fs::remove_file(file.path())?;
                swept += 1;
            }
        }
    }
    Ok(swept)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::path::PathBuf;

    use super::*;
    use crate::config::Releases;

    const NOW: i64 = 1_800_000_000;

    #[tokio::test]
    async fn c7_what_nobody_went_on_with_for_a_week_goes_and_everything_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = Artifacts::new(&Releases::default(), Some(folder.path()));
        assert_eq!(artifacts.forget_abandoned(NOW).await.unwrap(), 0);
        assert!(!folder.path().join("artifacts").exists(), "nothing is made where nothing was");

        let old = NOW - KEPT_S - 1;
        let all = [
            ("uploads/a/000000", old, false),
            ("uploads/a/000001", old - 1, false),
            // One part came later: somebody is at it.
            ("uploads/b/000000", old, true),
            ("uploads/b/000001", NOW - KEPT_S, true),
            ("sha256/ab/abcd", old, true),
            ("sha256/ab/abce#1", old, false),
            ("sha256/ab/abcf#12", NOW - KEPT_S, true),
        ];
        let path = |name: &str| -> PathBuf { folder.path().join("artifacts").join(name) };
        for (name, at, _) in all {
            fs::create_dir_all(path(name).parent().unwrap()).unwrap();
            let file = File::create(path(name)).unwrap();
            file.set_modified(UNIX_EPOCH + Duration::from_secs(at.try_into().unwrap())).unwrap();
        }
        assert_eq!(artifacts.forget_abandoned(NOW).await.unwrap(), 3);
        for (name, _, stays) in all {
            assert_eq!(path(name).exists(), stays, "{name}");
        }
        assert_eq!(artifacts.forget_abandoned(NOW).await.unwrap(), 0);
    }
}
