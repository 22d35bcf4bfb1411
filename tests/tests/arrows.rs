//! The rules of `docs/ARCHITECTURE.md` about what may use what, and those of `CONTRIBUTING.md` that a machine
//! can hold.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

/// What each of our crates may use of the others, tests aside. A new crate needs a line here and in
/// `docs/ARCHITECTURE.md`.
const ARROWS: &[(&str, &[&str])] = &[
    ("licentia-license", &[]),
    ("licentia-issue", &["licentia-license"]),
    ("licentia-protocol", &["licentia-license"]),
    ("licentia-model", &["licentia-license"]),
    ("licentia-storage", &["licentia-model"]),
    ("licentia-storage-sqlite", &["licentia-storage", "licentia-model"]),
    ("licentia-storage-postgres", &["licentia-storage", "licentia-model"]),
    ("licentia-storage-suite", &["licentia-storage", "licentia-model"]),
    (
        "licentia-authority",
        &[
            "licentia-storage",
            "licentia-model",
            "licentia-issue",
            "licentia-protocol",
            "licentia-license",
        ],
    ),
    (
        "licentia-server",
        &[
            "licentia-authority",
            "licentia-issue",
            "licentia-license",
            "licentia-model",
            "licentia-protocol",
            "licentia-storage",
            "licentia-storage-sqlite",
            "licentia-storage-postgres",
        ],
    ),
    // Calls of Windows and macOS; nothing on Linux.
    ("licentia-native", &[]),
    ("licentia", &["licentia-license", "licentia-protocol", "licentia-native"]),
    ("licentia-openfeature", &["licentia"]),
    ("licentia-cluster-node", &["licentia"]),
    ("licentia-plugin", &["licentia"]),
    ("licentia-rules-service", &["licentia"]),
    (
        "licentia-cli",
        &[
            "licentia-server",
            "licentia-authority",
            "licentia",
            "licentia-issue",
            "licentia-license",
            "licentia-model",
            "licentia-protocol",
            "licentia-cluster-node",
        ],
    ),
    // All of these are for tests only: no crate may use them but as a dev-dependency, which the table of each says.
    (
        "licentia-testing",
        &[
            "licentia-authority",
            "licentia-issue",
            "licentia-model",
            "licentia-protocol",
            "licentia-storage",
            "licentia-storage-sqlite",
            "licentia-storage-postgres",
            "licentia-testing-postgres",
        ],
    ),
    ("licentia-testing-postgres", &[]),
    ("licentia-tests", &["licentia-license", "licentia-testing", "licentia-testing-postgres"]),
    ("licentia-benches", &["licentia-issue", "licentia-license"]),
];

/// What must not be reached even through others, tests aside.
const NEVER: &[(&str, &[&str])] = &[
    // A product must not be able to issue licences, and has no business with the authority's nouns.
    ("licentia", &["licentia-model", "licentia-storage", "licentia-issue"]),
    ("licentia-authority", &["axum", "hyper", "rusqlite", "tokio-postgres", "sqlx"]),
    ("licentia-model", IO),
    ("licentia-license", IO),
    ("licentia-protocol", IO),
];

const IO: &[&str] = &["tokio", "reqwest", "axum", "hyper", "rusqlite", "tokio-postgres", "sqlx"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// One platform, so that nothing has to be fetched for others.
fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .other_options(
            ["--locked", "--filter-platform", "x86_64-unknown-linux-gnu"].map(String::from),
        )
        .exec()
        .unwrap()
}

#[test]
fn our_crates_use_each_other_only_along_the_arrows() {
    let metadata = metadata();
    let members = metadata.workspace_packages();
    let ours: BTreeSet<&str> = members.iter().map(|package| package.name.as_str()).collect();
    let known: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(ours, known, "the table of arrows lists the workspace's crates");

    for package in members {
        let (_, allowed) = ARROWS.iter().find(|(name, _)| *name == package.name.as_str()).unwrap();
        for dependency in &package.dependencies {
            let is_arrow = dependency.kind != DependencyKind::Development
                && ours.contains(dependency.name.as_str());
            assert!(
                !is_arrow || allowed.contains(&dependency.name.as_str()),
                "{} must not use {}",
                package.name,
                dependency.name
            );
        }
    }
}

#[test]
fn what_must_stay_apart_is_not_joined_through_others() {
    let metadata = metadata();
    for (name, never) in NEVER {
        let reached = reached(&metadata, name);
        for other in *never {
            assert!(!reached.contains(other), "{name} reaches {other}");
        }
    }
    // The search does reach through others.
    assert!(reached(&metadata, "licentia-server").contains("rusqlite"));
}

/// Names of all packages that end up in a build of this one, tests aside.
fn reached<'a>(metadata: &'a Metadata, name: &str) -> BTreeSet<&'a str> {
    let names: BTreeMap<&PackageId, &str> =
        metadata.packages.iter().map(|package| (&package.id, package.name.as_str())).collect();
    let nodes: BTreeMap<_, _> =
        metadata.resolve.as_ref().unwrap().nodes.iter().map(|node| (&node.id, node)).collect();
    let start =
        metadata.workspace_packages().into_iter().find(|package| package.name.as_str() == name);
    let mut seen = BTreeSet::new();
    let mut next = vec![&start.unwrap().id];
    while let Some(id) = next.pop() {
        if seen.insert(id) {
            let built = nodes[id].deps.iter().filter(|dep| {
                dep.dep_kinds.iter().any(|kind| kind.kind != DependencyKind::Development)
            });
            next.extend(built.map(|dep| &dep.pkg));
        }
    }
    seen.into_iter().map(|id| names[id]).filter(|reached| *reached != name).collect()
}

#[test]
fn a_database_driver_is_known_to_its_backend_alone() {
    for package in metadata().workspace_packages() {
        let uses = package.dependencies.iter().any(|dependency| {
            dependency.kind != DependencyKind::Development
                && ["rusqlite", "tokio-postgres"].contains(&dependency.name.as_str())
        });
        let backends = ["licentia-storage-sqlite", "licentia-storage-postgres"];
        assert_eq!(uses, backends.contains(&package.name.as_str()), "{}", package.name);
    }
}

#[test]
fn one_place_of_the_server_names_a_backend() {
    let folder = root().join("crates/server/src");
    for file in files_under(&folder) {
        let bytes = fs::read(&file).unwrap();
        let source = String::from_utf8_lossy(&bytes);
        let names = ["storage_sqlite", "storage_postgres"].iter().any(|name| source.contains(name));
        assert!(!names || file == folder.join("database.rs"), "{} names a backend", file.display());
    }
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_under(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[test]
fn no_file_names_the_host_of_a_registry() {
    // Put together here, so that this file does not name them either. Lock files are written by tools.
    let hosts = [
        ["crates", ".io"],
        ["python", "hosted"],
        ["pypi", ".org"],
        ["npm", "js."],
        ["deb.", "debian."],
        ["proxy.", "golang."],
    ]
    .map(|parts| parts.concat());
    let files = git_files();
    assert!(files.iter().any(|file| file == "Cargo.toml"), "{files:?}");
    for file in files.iter().filter(|file| !file.ends_with(".lock")) {
        // A file that was removed and not yet committed is still listed.
        let Ok(bytes) = fs::read(root().join(file)) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        for host in &hosts {
            assert!(!text.contains(host), "{file} names the registry host {host}");
        }
    }
}

/// Files that are tracked, or would be with the next `git add`.
fn git_files() -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).unwrap();
    names.split_terminator('\0').map(str::to_owned).collect()
}

#[test]
fn every_dependency_says_what_it_is_for() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, section) = manifest.split_once("\n[workspace.dependencies]\n").unwrap();
    let (section, _) = section.split_once("\n[").unwrap();
    let (mut explained, mut ours, mut count) = (false, false, 0);
    for line in section.lines() {
        if line.is_empty() {
            (explained, ours) = (false, false);
        } else if line.starts_with("# ---") {
            ours = line.contains("our own crates");
        } else if line.starts_with('#') {
            explained = true;
        } else {
            assert!(explained || ours, "no reason stands above: {line}");
            count += 1;
        }
    }
    assert!(count > 20, "only {count} dependencies were seen");
}
