//! `licentia doctor artifact` and `licentia fingerprint`, on artifacts as vendors build them.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::fs;
use std::path::Path;
use std::process::Command;

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use licentia_license::fingerprint::Fingerprint;
use licentia_tests::{Home, Outcome, binary, checkout};
use serde_json::Value;

const SECRET: &str = "a-shared-secret-of-the-vendor-0123456789";
const KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
                   MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n\
                   -----END PRIVATE KEY-----\n";

/// A place to build artifacts in.
struct Bench(Home);

impl Bench {
    fn new() -> Self {
        let bench = Self(Home::empty());
        bench.write("vendor.secret", format!("{SECRET}\n"));
        bench
    }

    fn path(&self, name: &str) -> String {
        self.0.path(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Builds something with Python; `sys.argv[1]` is this folder.
    fn python(&self, program: &str) {
        let done = Command::new("python3")
            .args(["-c", program])
            .arg(self.0.folder.path())
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Checks an artifact; what is found must never show in what is said.
    fn check(&self, artifact: &str, more: &[&str]) -> (i32, Vec<Value>) {
        let outcome = self.run(artifact, &[&["--json"], more].concat());
        let lines = outcome.stdout.lines().map(|line| serde_json::from_str(line).unwrap());
        (outcome.status, lines.collect())
    }

    fn run(&self, artifact: &str, more: &[&str]) -> Outcome {
        let (artifact, secret) = (self.path(artifact), self.path("vendor.secret"));
        let args = ["doctor", "artifact", &artifact, "--secret-file", &secret];
        let outcome = self.0.run(&[&args[..], more].concat());
        for shown in [&outcome.stdout, &outcome.stderr] {
            assert!(!shown.contains(SECRET) && !shown.contains("MC4CAQAw"), "{shown}");
        }
        outcome
    }

    /// The findings as `KIND PATH:LINE`.
    fn found(&self, artifact: &str, more: &[&str]) -> Vec<String> {
        let (status, findings) = self.check(artifact, more);
        assert_eq!(status, i32::from(!findings.is_empty()), "{findings:?}");
        let place = |finding: &Value| match &finding["line"] {
            Value::Null => String::new(),
            line => format!(":{line}"),
        };
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        findings
            .iter()
            .map(|f| format!("{} {}{}", text(&f["kind"]), text(&f["path"]), place(f)))
            .collect()
    }
}

#[test]
fn each_planted_secret_is_found_in_a_folder_and_a_clean_one_is_clean() {
    let bench = Bench::new();
    bench.write("dist/README.md", "Set BZZZ_LICENSE_KEY to your key.\n");
    bench.write("dist/trust.pem", "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n");
    assert_eq!(bench.found("dist", &[]), [""; 0]);

    bench.write("dist/a/key.pem", KEY);
    bench.write(
        "dist/b.json",
        r#"{"kty":"OKP","x":"11qYAYKx","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDus"}"#,
    );
    bench.write("dist/c.env", format!("X=1\nTOKEN=lap_{}\n", "A".repeat(43)));
    bench.write("dist/d.bin", [b"\0\0", SECRET.as_bytes()].concat());
    bench.write(
        "dist/e.yaml",
        format!("data:\n  it: {}\n", Base64::encode_string(SECRET.as_bytes())),
    );
    bench.write("dist/f.txt", SECRET.bytes().map(|b| format!("{b:02x}")).collect::<String>());
    bench.write("dist/g.md", "# Set-up\n\nexport CAIO_LICENSE_SECRET=hunter22\n");
    bench.write("dist/h.md", "CAIO_LICENSE_SECRET is needed.\n");
    bench.write("dist/i.conf", "MY_PEPPER = 'x'\n");
    bench.write("dist/j.pem", KEY.replace("PRIVATE", "ENCRYPTED PRIVATE"));
    let url = Base64UrlUnpadded::encode_string(format!("user:{SECRET}?").as_bytes());
    bench.write("dist/k.json", format!("{{\"auth\":\"{url}\"}}"));
    let expected = [
        "private_key a/key.pem:1",
        "private_key b.json:1",
        "token c.env:2",
        "secret d.bin",
        "secret e.yaml:2",
        "secret f.txt:1",
        "secret_variable g.md:3",
        "secret_name h.md:1",
        "secret_variable i.conf:1",
        "encrypted_private_key j.pem:1",
        "secret k.json:1",
    ];
    assert_eq!(bench.found("dist", &["--secret-name", "*_PEPPER"]), expected);

    let others: Vec<_> = ["a", "b.json", "c.env", "d.bin", "g.md", "h.md", "j.pem"]
        .iter()
        .flat_map(|path| ["--ignore", path])
        .collect();
    let still =
        ["token c.env:2", "secret d.bin", "secret e.yaml:2", "secret f.txt:1", "secret k.json:1"];
    assert_eq!(bench.found("dist", &others), still);
}

const WHEELS: &str = r#"
import sys, zipfile
clean = {
    'x/core.so': b'\x7fELF\0',
    'x-1.dist-info/LICENSE': b'text',
    'x-1.dist-info/NOTICE.txt': b'text',
}
dirty = {'x/core.py': b'import os', 'x/.env': b'\n\nX_LICENSE_SECRET=abcdef\n', 'x/data': b'\0'}
for name, files in {'clean.whl': clean, 'dirty.whl': dirty}.items():
    with zipfile.ZipFile(f'{sys.argv[1]}/{name}', 'w', zipfile.ZIP_DEFLATED) as wheel:
        for path, content in files.items():
            wheel.writestr(path, content)
"#;

#[test]
fn a_wheel_is_looked_into_for_sources_notices_and_secrets() {
    let bench = Bench::new();
    bench.python(WHEELS);
    let asked = ["--no-source", "--require-notices"];
    assert_eq!(bench.found("clean.whl", &asked), [""; 0]);
    assert_eq!(
        bench.found("dirty.whl", &asked),
        [
            "source_file dirty.whl!x/core.py",
            "secret_variable dirty.whl!x/.env:3",
            "missing_license dirty.whl",
            "missing_notice dirty.whl"
        ]
    );
    assert_eq!(
        bench.found("dirty.whl", &["--no-source=other"]),
        ["secret_variable dirty.whl!x/.env:3"]
    );
}

/// As `docker save` writes it: layers with and without compression, one that deletes what another added.
const IMAGE: &str = r#"
import gzip, io, json, sys, tarfile, zipfile
folder = sys.argv[1]
secret = open(folder + '/vendor.secret').read().strip()
key = open(folder + '/key.pem', 'rb').read()

def tar(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w') as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        link = tarfile.TarInfo('app/link')
        link.type, link.linkname = tarfile.SYMTYPE, '/etc/passwd'
        archive.addfile(link)
    return out.getvalue()

wheel = io.BytesIO()
with zipfile.ZipFile(wheel, 'w', zipfile.ZIP_DEFLATED) as archive:
    archive.writestr('x/settings.ini', f'[a]\nsecret={secret}\n')
config = json.dumps({'config': {'Env': ['PATH=/bin', 'TMWS_SECRET_KEY=hunter22']}}).encode()
files = {
    'manifest.json': b'[{"Config":"config.json","Layers":["a/layer.tar","blobs/sha256/b"]}]',
    'config.json': config,
    'a/layer.tar': tar({'../../app/.env': f'A=1\nB={secret}\n'.encode(), 'app/clean': b'x'}),
    'blobs/sha256/b': gzip.compress(tar({'app/.wh..env': b'', 'app/key.pem': key, 'opt/x.whl': wheel.getvalue()})),
    'blobs/sha256/c': b'\x28\xb5\x2f\xfd' + b'zstandard',
    'blobs/sha256/d': gzip.compress(tar({'a': b'1' * 100000}))[:60],
}
open(folder + '/image.tar', 'wb').write(tar(files))
del files['blobs/sha256/c'], files['blobs/sha256/d']
open(folder + '/image.tar.gz', 'wb').write(gzip.compress(tar(files)))
open(folder + '/clean.tar', 'wb').write(tar({'layer.tar': gzip.compress(tar({'app/x': b'x'}))}))
open(folder + '/cut.tar', 'wb').write(tar(files)[:3000])
nested = tar({'deep': b'x'})
for _ in range(6):
    nested = gzip.compress(tar({'inner.tar': nested}))
open(folder + '/deep.tar', 'wb').write(nested)
"#;

#[test]
fn every_layer_of_an_image_is_looked_into_even_what_a_later_one_deletes() {
    let bench = Bench::new();
    bench.write("key.pem", KEY);
    bench.python(IMAGE);
    let inside = |image: &str| {
        [
            format!("secret_variable {image}!config.json:1"),
            format!("secret {image}!a/layer.tar!../../app/.env:2"),
            format!("private_key {image}!blobs/sha256/b!app/key.pem:1"),
            format!("secret {image}!blobs/sha256/b!opt/x.whl!x/settings.ini:2"),
        ]
    };
    assert_eq!(bench.found("image.tar.gz", &[]), inside("image.tar.gz"));
    let mut expected = inside("image.tar").to_vec();
    expected.push("not_checked image.tar!blobs/sha256/c".to_owned());
    expected.push("not_checked image.tar!blobs/sha256/d".to_owned());
    assert_eq!(bench.found("image.tar", &[]), expected);
    assert_eq!(bench.found("clean.tar", &[]), [""; 0]);
    let deep = "deep.tar!inner.tar!inner.tar!inner.tar!inner.tar";
    assert_eq!(bench.found("deep.tar", &[]), [format!("not_checked {deep}")]);
    assert!(!bench.0.folder.path().join("app").exists(), "nothing is unpacked");
}

const BOMBS: &str = r#"
import gzip, sys, tarfile, zipfile

with gzip.open(sys.argv[1] + '/bomb.gz', 'wb', 9) as out:
    for _ in range(160):
        out.write(bytes(1 << 20))
with zipfile.ZipFile(sys.argv[1] + '/bomb.zip', 'w', zipfile.ZIP_DEFLATED) as out:
    for n in range(40):
        out.writestr(str(n), bytes(1 << 22))

def header(kind, size):
    entry = tarfile.TarInfo('x')
    entry.type, entry.size = kind, size
    return bytearray(entry.tobuf(tarfile.GNU_FORMAT))

with open(sys.argv[1] + '/name.tar', 'wb') as out:
    out.write(header(b'x', 64 << 20) + bytes(64 << 20))
sparse = header(b'S', 512)
for at, number in [(386, 8 << 40), (398, 512), (483, (8 << 40) + 512)]:
    sparse[at:at + 12] = b'\x80' + number.to_bytes(11, 'big')
sparse[148:156] = b' ' * 8
sparse[148:156] = b'%06o\0 ' % sum(sparse)
with open(sys.argv[1] + '/sparse.tar', 'wb') as out:
    out.write(sparse + bytes(1536))
"#;

#[test]
fn bombs_are_bounded_and_are_findings() {
    let bench = Bench::new();
    bench.python(BOMBS);
    assert_eq!(bench.found("bomb.gz", &[]), ["not_checked bomb.gz"]);
    assert_eq!(bench.found("bomb.zip", &[]).last().unwrap(), "not_checked bomb.zip");
    // A file of eight tebibytes that is all hole, and a file whose name takes 64 MiB.
    assert_eq!(bench.found("sparse.tar", &[]), ["not_checked sparse.tar"]);
    assert_eq!(bench.run("name.tar", &[]).status, 2);
}

#[test]
fn what_cannot_be_read_and_wrong_usage_end_with_2() {
    let bench = Bench::new();
    bench.write("key.pem", KEY);
    bench.python(IMAGE);
    bench.write("short", "abc\n");
    let short = bench.path("short");
    for (artifact, more) in [
        ("nowhere", vec![]),
        ("cut.tar", vec![]),
        ("clean.tar", vec!["--secret-file", &short]),
        ("clean.tar", vec!["--secret-file", "/nowhere"]),
        ("clean.tar", vec!["--secret-name", "a b"]),
        ("clean.tar", vec!["--ignore", "/"]),
    ] {
        let outcome = bench.run(artifact, &more);
        assert_eq!(outcome.status, 2, "{artifact} {more:?}: {outcome:?}");
        assert_eq!(outcome.stderr.lines().count(), 2, "{outcome:?}");
    }
    let people = bench.run("image.tar", &[]);
    assert_eq!(people.status, 1);
    assert!(
        people.stdout.contains("high    image.tar!a/layer.tar!../../app/.env:2: "),
        "{people:?}"
    );
}

#[test]
fn our_own_artifacts_are_clean() {
    let bench = Bench::new();
    let secret = bench.path("vendor.secret");
    for artifact in [binary("cluster-node"), checkout().join("examples"), checkout().join("deploy")]
    {
        if !artifact.exists() {
            continue;
        }
        let path = artifact.display().to_string();
        let outcome = bench.0.run(&["doctor", "artifact", &path, "--secret-file", &secret]);
        assert_eq!(outcome.status, 0, "{path}: {outcome:?}");
    }
}

#[test]
fn the_fingerprint_is_stable_and_its_explanation_shows_nothing_raw() {
    let home = Home::empty();
    let run = |args: &[&str]| home.run(&[&["fingerprint"], args].concat()).done();
    let first = run(&["--json", "--product", "bzzz"]).json();
    assert_eq!(run(&["--json", "--product", "bzzz"]).json(), first);
    assert_ne!(run(&["--json", "--product", "tmws"]).json()["parts"], first["parts"]);
    for form in ["fingerprint", "parts"] {
        assert!(first[form].as_str().unwrap().parse::<Fingerprint>().is_ok(), "{first}");
    }
    let explained = run(&["--json", "--explain", "--product", "bzzz"]).json();
    let explanation = explained["explanation"].as_array().unwrap();
    assert!(explanation.iter().any(|about| about["used"] == true), "{explained}");
    let people = run(&["--explain", "--product", "bzzz"]).stdout;
    let id = fs::read_to_string("/etc/machine-id").unwrap_or_default();
    assert!(id.trim().is_empty() || !people.contains(id.trim()), "{people}");
    assert!(people.contains("/proc/cpuinfo: used"), "{people}");
}

#[test]
fn without_a_product_there_is_no_parts_that_would_fit_none() {
    let home = Home::empty();
    let outcome = home.run(&["fingerprint", "--json", "--explain"]);
    match outcome.status {
        0 => assert!(outcome.json()["parts"].is_null(), "{outcome:?}"),
        status => assert_eq!(status, 2, "{outcome:?}"),
    }
    assert!(outcome.stderr.contains("--product"), "{outcome:?}");
}
