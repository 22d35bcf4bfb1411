//! Where a primary's write-ahead log is, and the newest place that was seen: kept in a file too, so that a process that
//! starts anew is not taken in by a primary of the past.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A cluster and its timeline, which grows with every promotion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) cluster: i64,
    pub(crate) timeline: i64,
}

/// The newest place that was seen.
pub(crate) struct Newest {
    seen: Mutex<Option<Place>>,
    /// What an earlier process saw. The URL may name another cluster by now, as after a restore, and then it says
    /// nothing.
    remembered: Option<Place>,
    file: Option<PathBuf>,
}

impl Newest {
    /// Without a file, or where it holds nothing that makes sense, it begins anew.
    pub(crate) fn read(file: Option<PathBuf>) -> Self {
        let text = file.as_deref().and_then(|file| fs::read_to_string(file).ok());
        let remembered = text.as_deref().and_then(read);
        Self { seen: Mutex::new(None), remembered, file }
    }

    /// Whether a primary at this place is as new as any that was seen; it is remembered then.
    pub(crate) fn admit(&self, place: Option<Place>) -> bool {
        let Some(place) = place else { return true };
        let older = |than: Place| than.cluster == place.cluster && than.timeline > place.timeline;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match *seen {
            Some(seen) if seen == place => return true,
            Some(seen) if seen.cluster != place.cluster || older(seen) => return false,
            None if self.remembered.is_some_and(older) => return false,
            _ => *seen = Some(place),
        }
        if let Some(file) = self.file.as_deref().filter(|_| self.remembered != Some(place))
            && let Err(error) = write(file, place)
        {
            // Service goes before: within this process the place is known.
            tracing::warn!(file = %file.display(), %error, "the newest primary is not remembered over a restart");
        }
        true
    }
}

fn read(text: &str) -> Option<Place> {
    let (cluster, timeline) = text.trim().split_once(' ')?;
    Some(Place { cluster: cluster.parse().ok()?, timeline: timeline.parse().ok()? })
}

/// The old text or the new one is there, whenever it is cut short.
fn write(path: &Path, place: Place) -> std::io::Result<()> {
    let new = path.with_extension("new");
    let mut file = fs::File::create(&new)?;
    writeln!(file, "{} {}", place.cluster, place.timeline)?;
    file.sync_all()?;
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(cluster: i64, timeline: i64) -> Option<Place> {
        Some(Place { cluster, timeline })
    }

    #[test]
    fn an_older_timeline_is_refused_by_the_next_process_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("primary");
        let first = Newest::read(Some(file.clone()));
        assert!(first.admit(at(7, 1)) && first.admit(at(7, 2)) && first.admit(None));
        assert!(
            !first.admit(at(7, 1)) && !first.admit(at(8, 9)),
            "another cluster is another database"
        );
        let next = Newest::read(Some(file.clone()));
        assert!(!next.admit(at(7, 1)));
        assert!(next.admit(at(7, 2)) && next.admit(at(7, 3)));
        assert!(Newest::read(Some(file)).admit(at(8, 1)), "the URL names another database now");
    }

    #[test]
    fn a_file_that_makes_no_sense_or_cannot_be_written_stops_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("primary");
        for text in ["", "x y", "1", "99999999999999999999 1"] {
            fs::write(&file, text).unwrap();
            assert!(Newest::read(Some(file.clone())).admit(at(7, 1)), "{text}");
        }
        assert!(Newest::read(Some(folder.path().join("no/such/folder"))).admit(at(7, 1)));
    }
}
