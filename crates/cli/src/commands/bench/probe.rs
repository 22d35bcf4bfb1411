//! What the disk alone takes to make a page durable.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Instant;

const ROUNDS: usize = 200;

/// Times of a write of 4 KiB and its `fdatasync`, in milliseconds: median and 99th percentile.
pub(crate) struct Fsync {
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
}

/// Measures in this folder.
pub(crate) fn fsync(folder: &Path) -> std::io::Result<Fsync> {
    let path = folder.join("fsync-probe");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
    let page = [0x5a_u8; 4096];
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&page)?;
        file.sync_data()?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    drop(file);
    std::fs::remove_file(path)?;
    times.sort_by(f64::total_cmp);
    Ok(Fsync { p50_ms: times[ROUNDS / 2], p99_ms: times[ROUNDS * 99 / 100] })
}
