//! Many licences at once, and an export of all of them: the server's memory stays what it was.
//!
//! `LICENTIA_MANY` says how many; `scripts/soak` takes a million.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]
#![expect(clippy::print_stdout, reason = "what was measured is told with --nocapture")]

use std::fs::File;
use std::io::{BufRead, BufReader};

use licentia_tests::{Home, Server, catalog};

const MIB: u64 = 1024 * 1024;
/// Two calls of the most that one may ask for, by which the caches are full.
const FEW: usize = 20_000;
/// What more licences may take beyond [`FEW`]: the cache of checked licences, which has an end, and what the allocator keeps.
const SLACK: u64 = 96 * MIB;

struct Vendor {
    home: Home,
    server: Server,
    token: String,
}

impl Vendor {
    fn new() -> Self {
        let home = Home::empty();
        let made = home.run(&["init", "--json"]).done().json();
        home.import(&catalog(1));
        let server = home.serve();
        Self { home, server, token: made["api_token"].as_str().unwrap().to_owned() }
    }

    /// Runs a command against the server; how many lines it printed.
    fn lines(&self, args: &[&str]) -> usize {
        let path = self.home.path("out");
        let mut command = self.home.command();
        command.args(args).args(["--server", &self.server.url, "--token", &self.token]);
        let ran = command.stdout(File::create(&path).unwrap()).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        BufReader::new(File::open(path).unwrap()).lines().map(Result::unwrap).count()
    }

    /// Issues so many and exports all; the server's peak memory after each.
    fn issue_and_export(&self, count: usize, all: usize) -> (u64, u64) {
        let how_many = count.to_string();
        let issue =
            ["license", "issue", "--product", "p", "--plan", "a", "--email", "a@example.com"];
        let issue = [&issue[..], &["--days", "365", "--json", "--count", &how_many]].concat();
        assert_eq!(self.lines(&issue), count);
        let issued = self.server.peak_memory();
        // A line of names, and one a licence.
        assert_eq!(self.lines(&["license", "export", "--format", "csv"]), all + 1);
        (issued, self.server.peak_memory())
    }
}

#[test]
fn p9_memory_is_flat_however_many_are_issued_and_exported() {
    let told = std::env::vars().find(|(name, _)| name == "LICENTIA_MANY");
    let many = told.map_or(20_000, |(_, many)| many.parse().unwrap());
    let vendor = Vendor::new();
    let few = vendor.issue_and_export(FEW, FEW);
    let all = vendor.issue_and_export(many, FEW + many);
    let told =
        |(issued, exported): (u64, u64)| format!("{} and {} MiB", issued / MIB, exported / MIB);
    println!(
        "peak memory after issue and export: of {FEW} {}, of {many} more {}",
        told(few),
        told(all)
    );
    assert!(all.1 < few.1 + SLACK, "{} after {many}, {} after {FEW}", all.1, few.1);
}
