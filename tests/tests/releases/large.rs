//! Files that are larger than memory should ever be: up and down through the real server.
//!
//! `LICENTIA_LARGE_MIB` says how large; `scripts/soak` takes two gigabytes.

#![expect(clippy::print_stdout, reason = "what was measured is told with --nocapture")]

use std::fs::File;
use std::os::unix::fs::FileExt;

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::shop::Shop;

const MIB: u64 = 1024 * 1024;
/// What a transfer may take beyond one of [`SMALL_MIB`]: a few parts of 8 MiB on their way, and what the allocator keeps.
const SLACK: u64 = 64 * MIB;
const SMALL_MIB: u64 = 32;

impl Shop {
    /// A sparse file of which no two mebibytes are the same.
    fn sparse(&self, name: &str, mib: u64) -> String {
        let path = self.home.path(name);
        let file = File::create(&path).unwrap();
        file.set_len(mib * MIB).unwrap();
        for n in 0..mib {
            file.write_all_at(&(n + 1).to_be_bytes(), n * MIB + n % 1_000).unwrap();
        }
        path
    }

    /// Publishes a file of this size and fetches it again; the server's peak memory after that.
    async fn there_and_back(&self, version: &str, mib: u64) -> u64 {
        let name = format!("{mib}.bin");
        let path = self.sparse(&name, mib);
        let release = self.publish(version, &[&path]);
        std::fs::remove_file(path).unwrap();
        let told = &release["artifacts"][0];
        assert_eq!(told["size"], json!(mib * MIB));
        let (_, key) = self.licence("app", "one");
        let mut answer = self.fetch(&self.link(&key, version, &name).await, &[]).await;
        assert_eq!(answer.status(), 200);
        let (mut hash, mut length) = (Sha256::new(), 0);
        while let Some(chunk) = answer.chunk().await.unwrap() {
            hash.update(&chunk);
            length += chunk.len() as u64;
        }
        assert_eq!(length, mib * MIB);
        let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(told["sha256"], json!(hash));
        self.server.peak_memory()
    }
}

#[tokio::test]
async fn c7_a_file_goes_up_and_down_with_flat_memory_however_large_it_is() {
    let told = std::env::vars().find(|(name, _)| name == "LICENTIA_LARGE_MIB");
    let mib = told.map_or(256, |(_, mib)| mib.parse().unwrap());
    let shop = Shop::open();
    let idle = shop.server.peak_memory();
    let small = shop.there_and_back("1.0.0", SMALL_MIB).await;
    let large = shop.there_and_back("1.1.0", mib).await;
    println!(
        "peak memory: idle {} MiB, after {SMALL_MIB} MiB {} MiB, after {mib} MiB {} MiB",
        idle / MIB,
        small / MIB,
        large / MIB
    );
    assert!(large < small + SLACK, "{large} bytes after {mib} MiB, {small} after {SMALL_MIB}");
}
