//! The whole authority in a file, and back; by ourselves and by the tools of others.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use licentia_testing_postgres::Cluster;
use licentia_tests::foreign::python;
use licentia_tests::{Home, Outcome, catalog, heartbeat};
use serde_json::{Value, json};

/// An authority with a licence, and a passphrase in a file.
fn lived_in() -> (Home, Value) {
    let home = Home::with_catalog(&catalog(50));
    let license = home.issue("p", "a");
    fs::write(home.path("pass"), "correct horse\n").unwrap();
    fs::set_permissions(home.path("pass"), fs::Permissions::from_mode(0o600)).unwrap();
    (home, license)
}

fn sealed(home: &Home, verb: &[&str]) -> Outcome {
    home.run(
        &[verb, &["--json", "--passphrase-file", &home.path("pass"), &home.path("backup")]]
            .concat(),
    )
}

/// An empty place to restore to, with the passphrase of the other.
fn elsewhere(of: &Home) -> Home {
    let home = Home::empty();
    for name in ["backup", "pass"] {
        fs::copy(of.path(name), home.path(name)).unwrap();
    }
    home
}

async fn goes_on_after(restored: &Home, license: &Value, beaten: &Value, later: &Value) {
    let server = restored.serve();
    // The product is a step ahead of the backup. It is told so, and keeps its seat by an activation.
    let (status, answer) =
        server.post("/v1/license/heartbeat", &heartbeat(beaten, 2, "nonce-0003")).await;
    assert!(matches!(status, 401 | 409), "{status} {answer}");
    let (status, answer) = server.activate(&license["key"], "c0", "nonce-0004").await;
    assert_eq!((status, &answer["activation_id"]), (200, &beaten["activation_id"]), "{answer}");
    // One that the backup does not know takes its seat again.
    let (status, answer) =
        server.post("/v1/license/heartbeat", &heartbeat(later, 1, "nonce-0003")).await;
    assert!(matches!(status, 401 | 404), "{status} {answer}");
    assert_eq!(server.activate(&license["key"], "c1", "nonce-0004").await.0, 201);
    let list = restored.run(&["activation", "list", "--json"]).done().stdout;
    assert_eq!(list.lines().count(), 2);
    assert_eq!(server.terminate(), Some(0));
    let _ = restored.run(&["audit", "verify"]).done();
}

/// A backup is made while a product runs; more happens; then all is lost but the backup.
async fn story() -> (Home, Value, Value, Value) {
    let (home, license) = lived_in();
    let server = home.serve();
    let (status, first) = server.activate(&license["key"], "c0", "nonce-0001").await;
    assert_eq!(status, 201);
    let made = sealed(&home, &["backup"]).done().json();
    assert_eq!(sealed(&home, &["restore", "--check"]).done().json(), made);
    assert_eq!(sealed(&home, &["backup"]).status, 2, "nothing is overwritten");
    let (status, beaten) =
        server.post("/v1/license/heartbeat", &heartbeat(&first, 1, "nonce-0002")).await;
    assert_eq!(status, 200, "{beaten}");
    let mut ahead = first.clone();
    ahead["access_token"] =
        beaten["access_token"].as_str().map_or(first["access_token"].clone(), |t| json!(t));
    let (status, later) = server.activate(&license["key"], "c1", "nonce-0001").await;
    assert_eq!(status, 201);
    assert_eq!(server.terminate(), Some(0));
    (home, license, ahead, later)
}

#[tokio::test]
async fn what_was_saved_while_it_ran_is_restored_and_products_go_on() {
    let (home, license, beaten, later) = story().await;
    let restored = elsewhere(&home);
    let back = sealed(&restored, &["restore"]).done().json();
    assert_eq!(back["audit"]["valid"], json!(true));
    for name in ["master.key", "root.private.pem"] {
        let mode = fs::metadata(restored.data().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let trail = restored.run(&["audit", "list", "--json", "--action", "authority.restore"]);
    let entry: Value = serde_json::from_str(trail.done().stdout.lines().next().unwrap()).unwrap();
    assert_eq!(entry["details"]["made_at"], back["contents"]["made_at"], "{entry}");
    goes_on_after(&restored, &license, &beaten, &later).await;

    // Over an authority nothing is restored, and it is as it was.
    let refused = sealed(&restored, &["restore"]);
    assert_eq!(refused.status, 2, "{refused:?}");
    assert!(refused.stderr.contains("nothing is overwritten"), "{}", refused.stderr);
    assert_eq!(restored.run(&["activation", "list", "--json"]).done().stdout.lines().count(), 2);
}

#[tokio::test]
async fn from_postgresql_into_postgresql_and_into_a_file() {
    let (home, license, beaten, later) = {
        let home = Home::on(Cluster::shared().database());
        let _ = home.run(&["init"]).done();
        home.import(&catalog(50));
        let license = home.issue("p", "a");
        let server = home.serve();
        let (_, first) = server.activate(&license["key"], "c0", "nonce-0001").await;
        let _ = home.run(&["backup", &home.path("backup")]).done();
        let beat = heartbeat(&first, 1, "nonce-0002");
        assert_eq!(server.post("/v1/license/heartbeat", &beat).await.0, 200);
        let (_, later) = server.activate(&license["key"], "c1", "nonce-0001").await;
        (home, license, first, later)
    };
    let into = |database: Option<String>| {
        let target = Home { database, folder: tempfile::tempdir().unwrap() };
        let _ = target.run(&["restore", &home.path("backup")]).done();
        target
    };
    let database = Cluster::shared().database();
    let served = into(Some(database.clone()));
    goes_on_after(&served, &license, &beaten, &later).await;
    goes_on_after(&into(None), &license, &beaten, &later).await;
    let other = Home::on(database);
    let refused = other.run(&["restore", &home.path("backup")]);
    assert_eq!(refused.status, 2, "{refused:?}");
    assert!(refused.stderr.contains("empty database"), "{}", refused.stderr);
}

#[tokio::test]
async fn an_older_backup_is_named_by_checkpoints_that_are_newer() {
    let (home, ..) = story().await;
    let restored = elsewhere(&home);
    fs::create_dir(restored.data()).unwrap();
    let newer = "audit-checkpoints.txt";
    fs::copy(home.data().join(newer), restored.data().join(newer)).unwrap();
    let back = sealed(&restored, &["restore"]);
    assert_eq!(back.status, 1, "{back:?}");
    let findings = back.json()["audit"]["findings"].to_string();
    assert!(findings.contains("older"), "{findings}");
    assert_eq!(restored.run(&["audit", "verify"]).status, 1);
}

#[test]
fn a_file_that_was_changed_or_cut_restores_nothing() {
    let (home, _) = lived_in();
    let plain = home.path("plain");
    let _ = home.run(&["backup", &plain]).done();
    let _ = sealed(&home, &["backup"]).done();
    for name in ["plain", "backup"] {
        let whole = fs::read(home.path(name)).unwrap();
        let cut = |n: usize| whole[..n].to_vec();
        let flipped = |n: usize| {
            let mut bytes = whole.clone();
            bytes[n] ^= 1;
            bytes
        };
        let length = whole.len();
        for bad in
            [cut(length / 2), cut(length - 1), cut(0), flipped(length / 2), flipped(length - 9)]
        {
            let target = elsewhere(&home);
            fs::write(target.path("backup"), bad).unwrap();
            let refused = sealed(&target, &["restore"]);
            assert_eq!(refused.status, 1, "{name}: {refused:?}");
            let left: Vec<_> = fs::read_dir(target.data()).unwrap().collect();
            assert!(left.is_empty(), "{name}: {left:?}");
        }
    }
    fs::write(home.path("pass"), "another\n").unwrap();
    let wrong = sealed(&home, &["restore", "--check"]);
    assert_eq!(wrong.status, 1);
    assert!(wrong.stderr.contains("passphrase"), "{}", wrong.stderr);
    let without = home.run(&["restore", "--check", &home.path("backup")]);
    assert_eq!(without.status, 2);
    assert!(without.stderr.contains("--passphrase-file"), "{}", without.stderr);
}

#[test]
fn tools_of_others_open_a_backup_and_seal_one() {
    let (home, _) = lived_in();
    let made = sealed(&home, &["backup"]).done().json();
    let script = r#"
import io, json, sys, tarfile, pyrage
sealed, plain, again = sys.argv[1:]
archive = pyrage.passphrase.decrypt(open(sealed, "rb").read(), "correct horse")
open(plain, "wb").write(archive)
names = tarfile.open(fileobj=io.BytesIO(archive)).getnames()
open(again, "wb").write(pyrage.passphrase.encrypt(archive, "correct horse"))
print(json.dumps(names))
"#;
    let mut other = Command::new(python());
    other.args(["-c", script]).args(["backup", "plain", "again"].map(|name| home.path(name)));
    let output = other.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listed = made["files"].as_array().unwrap().iter().map(|file| file["name"].clone());
    let expected: Vec<_> = [json!("backup.json")].into_iter().chain(listed).collect();
    assert_eq!(serde_json::from_slice::<Vec<Value>>(&output.stdout).unwrap(), expected);
    assert_eq!(
        home.run(&["restore", "--check", "--json", &home.path("plain")]).done().json(),
        made
    );
    fs::rename(home.path("again"), home.path("backup")).unwrap();
    assert_eq!(sealed(&home, &["restore", "--check"]).done().json(), made);
}
