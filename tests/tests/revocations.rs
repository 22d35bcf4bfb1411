//! Revocation lists from end to end: with nothing but a text and a key, in a bucket, by publishers that race, and by one
//! that is killed at every step.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use licentia_license::Trust;
use licentia_license::revocations::open;
use licentia_tests::s3::Bucket;
use licentia_tests::{Home, binary};
use serde_json::Value;

const ISSUER: &str = "https://volcanicpixels.example";

/// A vendor who has no authority running.
struct Vendor {
    home: Home,
    folder: tempfile::TempDir,
    key: PathBuf,
}

impl Vendor {
    fn new() -> Self {
        let (home, folder) = (Home::empty(), tempfile::tempdir().unwrap());
        let out = folder.path().join("keys");
        let _ = home
            .run(&["key", "generate", "--alg", "ed25519", "--out", out.to_str().unwrap()])
            .done();
        let key = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path());
        let key =
            key.into_iter().find(|path| path.to_string_lossy().contains(".private.")).unwrap();
        Self { home, folder, key }
    }

    fn public(&self) -> String {
        self.key.to_str().unwrap().replace(".private.", ".public.")
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn publish(&self, text: &str, out: &str) -> Vec<String> {
        let arguments = ["--json", "revocations", "publish", "--text", text, "--key"];
        let mut all: Vec<String> = arguments.map(str::to_owned).into();
        all.push(self.key.display().to_string());
        all.extend(["--issuer", ISSUER, "--out", out].map(str::to_owned));
        all
    }

    fn run(&self, arguments: &[String]) -> licentia_tests::Outcome {
        self.home.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn ids(&self, document: &str) -> (u64, Vec<String>) {
        let trust = Trust::from_text(&fs::read_to_string(self.public()).unwrap()).unwrap();
        let list = open(document, &trust).unwrap();
        assert_eq!(list.iss, ISSUER);
        (list.seq, list.revoked.iter().map(|entry| entry.id.to_string()).collect())
    }

    fn read(&self, out: &Path) -> (u64, Vec<String>) {
        self.ids(&fs::read_to_string(out.join("revocations.json")).unwrap())
    }
}

#[test]
fn v2_v3_nothing_but_a_text_and_a_key_publishes_a_list() {
    let vendor = Vendor::new();
    let (text, out) = (vendor.path("revocations.txt"), vendor.path("public"));
    let publish = vendor.publish(&text, &out);
    let missing = vendor.run(&publish);
    assert_eq!(missing.status, 2, "{missing:?}");
    fs::write(&text, "daS7y8sioiecYy # 2015-03-31 12:31 (key posted online)\r\n\r\ntwo words\nb\n")
        .unwrap();
    let first = vendor.run(&publish).done();
    assert_eq!(
        (&first.json()["revoked"], &first.json()["bad_lines"][0]["line"]),
        (&2.into(), &3.into())
    );
    assert!(first.stderr.contains("line 3"), "{}", first.stderr);
    assert_eq!(vendor.read(Path::new(&out)).1, ["b", "daS7y8sioiecYy"]);
    let same = vendor.run(&publish).done().json();
    assert_eq!((&same["made"], &same["seq"]), (&false.into(), &first.json()["seq"]));
    // A line that is gone takes nothing back by itself.
    fs::write(&text, "b\n").unwrap();
    let gone = vendor.run(&publish).done();
    assert_eq!(gone.json()["missing"], serde_json::json!(["daS7y8sioiecYy"]));
    assert_eq!(vendor.read(Path::new(&out)).1, ["b", "daS7y8sioiecYy"]);
    let lift = [&publish[..], &["--lift".to_owned(), "daS7y8sioiecYy".to_owned()]].concat();
    let _ = vendor.run(&lift).done();
    assert_eq!(vendor.read(Path::new(&out)).1, ["b"]);
    let entries: Vec<_> = fs::read_dir(&out).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(entries.iter().all(|name| !name.to_string_lossy().contains(".new")), "{entries:?}");

    // Anybody checks it with the public key alone.
    let list = vendor.path("public/revocations.json");
    let public = vendor.public();
    let verify = |more: &[&str]| {
        let arguments =
            [&["--json", "revocations", "verify", &list, "--public-key", &public][..], more];
        vendor.home.run(&arguments.concat())
    };
    let good = verify(&["--issuer", ISSUER, "--key-id", "b"]).done().json();
    assert_eq!(
        (&good["code"], &good["listed"], &good["revoked"]),
        (&"valid".into(), &true.into(), &1.into())
    );
    let code = |outcome: licentia_tests::Outcome| {
        assert_eq!(outcome.status, 1, "{outcome:?}");
        outcome.json()["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(code(verify(&["--issuer", "https://other.example"])), "other_issuer");
    assert_eq!(code(verify(&["--at", "2099-01-01T00:00:00Z"])), "out_of_date");
    assert_eq!(code(verify(&["--at", "2001-01-01T00:00:00Z"])), "from_the_future");
    let old = vendor.path("old.json");
    fs::copy(&list, &old).unwrap();
    let _ = vendor.run(&[&publish[..], &["--anew".to_owned()]].concat()).done();
    let _ = verify(&["--seen", &old]).done();
    fs::copy(&list, vendor.path("new.json")).unwrap();
    fs::copy(&old, &list).unwrap();
    assert_eq!(code(verify(&["--seen", &vendor.path("new.json")])), "rolled_back");
    fs::write(
        &list,
        fs::read_to_string(&list).unwrap().replace("\"payload\":\"e", "\"payload\":\"f"),
    )
    .unwrap();
    assert_eq!(code(verify(&[])), "bad_signature");
}

#[test]
fn a_licence_is_verified_against_a_list() {
    let vendor = Vendor::new();
    let claims = vendor.path("claims.json");
    let now = Command::new("date").arg("+%s").output().unwrap().stdout;
    let now: i64 = String::from_utf8(now).unwrap().trim().parse().unwrap();
    let said = serde_json::json!({
        "iss": ISSUER, "sub": "550e8400-e29b-41d4-a716-446655440000", "aud": "pixels",
        "jti": "daS7y8sioiecYy", "iat": now - 60, "tier": "PRO", "rank": 2, "plan": "pro",
        "features": [], "limits": {}, "seats": null, "nodes": null, "trial": false, "_attr": {}
    });
    fs::write(&claims, said.to_string()).unwrap();
    let key = vendor.key.to_str().unwrap();
    let signed = vendor.home.run(&["license", "sign", "--key", key, "--claims", &claims]).done();
    let (text, out) = (vendor.path("revocations.txt"), vendor.path("public"));
    let (list, public) = (vendor.path("public/revocations.json"), vendor.public());
    let verify = || {
        let key = signed.stdout.trim();
        vendor.home.run(&[
            "--json",
            "license",
            "verify",
            "--public-key",
            &public,
            "--revocations",
            &list,
            key,
        ])
    };
    fs::write(&text, "another\n").unwrap();
    let _ = vendor.run(&vendor.publish(&text, &out)).done();
    let _ = verify().done();
    fs::write(&text, "another\ndaS7y8sioiecYy # leaked\n").unwrap();
    let _ = vendor.run(&vendor.publish(&text, &out)).done();
    let refused = verify();
    assert_eq!(
        (refused.status, refused.json()["code"].as_str()),
        (1, Some("revoked")),
        "{refused:?}"
    );
}

/// How many crash points; `./scripts/soak` takes all.
fn points() -> usize {
    let told = std::env::vars().find(|(name, _)| name == "LICENTIA_CRASH_POINTS");
    told.and_then(|(_, points)| points.parse().ok()).unwrap_or(12)
}

#[test]
fn a_publisher_that_is_killed_at_any_step_leaves_the_old_list_or_the_new_one() {
    let vendor = Vendor::new();
    let (text, out) = (vendor.path("revocations.txt"), vendor.path("public"));
    let publish = vendor.publish(&text, &out);
    fs::write(&text, "old\n").unwrap();
    let _ = vendor.run(&publish).done();
    let before = vendor.read(Path::new(&out)).0;
    let kill_at = |calls: &str, point: usize| {
        let mut command = Command::new("strace");
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .args(["-D", "-f", "-qq", "-o", "/dev/null", "-P", &out, "-P"])
            .arg(format!("{out}/revocations.json"))
            .args(["-P", &format!("{out}/.revocations.json.new"), "-P", &text])
            .args(["-P", &format!("{out}/.revocations.json.lock"), "-e"])
            .arg(format!("trace={calls}"))
            .args(["-e", &format!("inject={calls}:signal=SIGKILL:when={point}")])
            .arg(binary("licentia"))
            .args(&publish)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().unwrap().success()
    };
    // Everything that it does to these files: the text read, the list read, locked, written, flushed, renamed.
    let calls = "openat,read,flock,write,fsync,rename,renameat,renameat2,mkdir";
    let (mut killed, mut seen) = (0, before);
    let every = 60_usize.div_ceil(points()).max(1);
    for point in (1..).step_by(every) {
        fs::write(&text, format!("old\nnew-{point}\n")).unwrap();
        let done = kill_at(calls, point);
        let (seq, ids) = vendor.read(Path::new(&out));
        assert!(seq >= seen, "point {point}: the number fell from {seen} to {seq}");
        assert!(ids.contains(&"old".to_owned()), "point {point}: {ids:?}");
        assert_eq!(
            seq > seen,
            ids.contains(&format!("new-{point}")),
            "point {point}: all or nothing"
        );
        seen = seq;
        if done {
            break;
        }
        killed += 1;
    }
    assert!(killed >= 3, "{killed}");
    // Nothing that a killed one left stands in the way of the next.
    fs::write(&text, "old\nlast\n").unwrap();
    let _ = vendor.run(&publish).done();
    assert!(vendor.read(Path::new(&out)).1.contains(&"last".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn publishers_that_race_for_a_bucket_lose_no_revocation() {
    const PUBLISHERS: usize = 3;
    const ROUNDS: usize = 3;
    let (vendor, bucket) = (Vendor::new(), Bucket::start().await);
    let run = |name: String| {
        let mut command = Command::new(binary("licentia"));
        command
            .env_clear()
            .envs(bucket.variables())
            .args(vendor.publish(&format!("s3://lists/{name}.txt"), "s3://lists/public"))
            .stderr(Stdio::piped());
        command
    };
    for round in 0..ROUNDS {
        for publisher in 0..PUBLISHERS {
            bucket
                .put(&format!("{publisher}.txt"), &format!("key-{publisher}-{round} # other\n"))
                .await;
        }
        let before = match bucket.get("public/revocations.json").await {
            Some((document, _)) => vendor.ids(&document).0,
            None => 0,
        };
        let started: Vec<_> = (0..PUBLISHERS)
            .map(|publisher| run(publisher.to_string()).stdout(Stdio::piped()).spawn().unwrap())
            .collect();
        let mut seqs = Vec::new();
        for child in started {
            let ended =
                tokio::task::spawn_blocking(|| child.wait_with_output()).await.unwrap().unwrap();
            assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
            let told: Value = serde_json::from_slice(&ended.stdout).unwrap();
            seqs.push(told["seq"].as_u64().unwrap());
        }
        seqs.sort_unstable();
        assert!(seqs[0] > before && seqs.windows(2).all(|pair| pair[0] < pair[1]), "{seqs:?}");
        let (document, media) = bucket.get("public/revocations.json").await.unwrap();
        let (seq, ids) = vendor.ids(&document);
        assert_eq!((Some(&seq), media.as_str()), (seqs.last(), "application/jose+json"));
        for publisher in 0..PUBLISHERS {
            for round in 0..=round {
                assert!(ids.contains(&format!("key-{publisher}-{round}")), "{ids:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_takes_a_text_from_a_bucket_and_writes_its_list_there() {
    let bucket = Bucket::start().await;
    bucket.put("private/revocations.txt", "daS7y8sioiecYy # posted online\n").await;
    let home = Home::empty();
    let _ = home.run(&["init"]).done();
    let place = [
        ("LICENTIA_REVOCATIONS__TEXT", "s3://lists/private"),
        ("LICENTIA_REVOCATIONS__PUBLISH", "s3://lists/public"),
    ];
    let mut command = home.command();
    command.envs(bucket.variables()).envs(place).args(["--json", "revocations", "publish"]);
    let published = command.output().unwrap();
    assert!(published.status.success(), "{}", String::from_utf8_lossy(&published.stderr));
    let told: Value = serde_json::from_slice(&published.stdout).unwrap();
    assert_eq!((&told["revoked"], &told["text"]["lines"]), (&1.into(), &1.into()));
    let bundle = home.run(&["key", "export", "--public"]).done().stdout;
    let (document, _) = bucket.get("public/revocations.json").await.unwrap();
    let list = open(&document, &Trust::from_text(&bundle).unwrap()).unwrap();
    assert_eq!(
        (Some(list.seq), list.revoked[0].id.as_str()),
        (told["seq"].as_u64(), "daS7y8sioiecYy")
    );
    let listed = home.run(&["--json", "revocations", "list"]).done().json();
    assert_eq!(listed["comment"], "posted online");
}
