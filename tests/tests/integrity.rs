//! M4 and M5 on real processes: a release that is signed, changed, and looked into with the tools that people use.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests are tests"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use licentia_tests::{Home, binary, checkout};
use serde_json::{Value, json};

/// A release in a folder of its own: the program, a library that it loads, a file that it uses.
struct Release {
    home: Home,
    folder: PathBuf,
    trust: String,
    key: String,
}

struct Service {
    child: Child,
    url: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Release {
    fn new() -> Self {
        let catalog =
            fs::read_to_string(checkout().join("examples/catalogs/muonroi.toml")).unwrap();
        let home = Home::with_catalog(&catalog);
        let folder = home.folder.path().join("release");
        fs::create_dir_all(folder.join("lib")).unwrap();
        fs::create_dir_all(folder.join("rules")).unwrap();
        fs::copy(binary("rules-service"), folder.join("rules-service")).unwrap();
        fs::copy(library(), folder.join("lib/libgcc_s.so.1")).unwrap();
        fs::write(folder.join("rules/default.json"), "{\"when\": {}}").unwrap();
        let trust = home.run(&["key", "export", "--public"]).done().stdout;
        fs::write(home.path("trust.pem"), &trust).unwrap();
        let key = home.issue("muonroi", "licensed")["key"].as_str().unwrap().to_owned();
        let this = Self { home, folder, trust, key };
        let made = this.manifest(env!("CARGO_PKG_VERSION"));
        assert_eq!(made["files"], 3);
        this
    }

    fn manifest(&self, version: &str) -> Value {
        let folder = self.folder.display().to_string();
        let args =
            ["--json", "manifest", "create", &folder, "--product", "muonroi", "--version", version];
        self.home.run(&args).done().json()
    }

    /// What `licentia manifest verify` finds.
    fn verify(&self) -> (i32, Value) {
        let (folder, trust) = (self.folder.display().to_string(), self.home.path("trust.pem"));
        let args = ["--json", "manifest", "verify", &folder, "--public-key", &trust];
        let outcome = self.home.run(&args);
        (outcome.status, outcome.json()["findings"].clone())
    }

    fn command(&self, program: &[&str], level: &str) -> Command {
        let service = self.folder.join("rules-service");
        let mut command = match program {
            [] => Command::new(service),
            [program, args @ ..] => {
                let mut command = Command::new(program);
                command.args(args).arg(service);
                command
            }
        };
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin:/usr/sbin")
            .env("LD_LIBRARY_PATH", self.folder.join("lib"))
            .env("RULES_LICENSE_PUBLIC_KEY", &self.trust)
            .env("RULES_LICENSE_KEY", &self.key)
            .arg(self.home.path("state"))
            .args(["127.0.0.1:0", level]);
        command
    }

    fn start(&self, level: &str) -> Service {
        Service::start(&mut self.command(&[], level))
    }

    /// Changes one byte of a file in place, or back.
    fn flip(&self, name: &str, at: u64) {
        let path = self.folder.join(name);
        // A program that runs cannot be written to; whoever changes it puts another in its place.
        let bytes = fs::read(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions();
        fs::remove_file(&path).unwrap();
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, mode).unwrap();
        let mut file = fs::File::options().read(true).write(true).open(&path).unwrap();
        let mut byte = [0];
        file.seek(SeekFrom::Start(at)).unwrap();
        file.read_exact(&mut byte).unwrap();
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(&[byte[0] ^ 1]).unwrap();
    }
}

/// A library that every program here loads.
fn library() -> PathBuf {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let line = maps.lines().find(|line| line.contains("libgcc_s")).expect("it is loaded here too");
    line[line.find('/').unwrap()..].into()
}

impl Service {
    fn start(command: &mut Command) -> Self {
        Self::try_start(command).expect("the service says where it listens")
    }

    fn try_start(command: &mut Command) -> Result<Self, String> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        match serde_json::from_str::<Value>(&line) {
            Ok(first) => Ok(Self { child, url: first["listening"].as_str().unwrap().to_owned() }),
            Err(_) => {
                let output = child.wait_with_output().unwrap();
                Err(String::from_utf8_lossy(&output.stderr).into_owned())
            }
        }
    }

    async fn inspect(&self) -> Value {
        let url = format!("{}/inspect", self.url);
        reqwest::Client::new().post(url).send().await.unwrap().json().await.unwrap()
    }

    /// Whether a paid route works.
    async fn works(&self) -> bool {
        let rule = json!({ "when": {}, "facts": {} });
        let sent = reqwest::Client::new().post(format!("{}/evaluate", self.url)).json(&rule).send();
        sent.await.unwrap().status() == 200
    }

    /// Looks again until something of this name is found.
    async fn until_found(&self, wanted: &str) -> Value {
        for _ in 0..300 {
            let health = self.inspect().await;
            if findings(&health).iter().any(|finding| finding.starts_with(wanted)) {
                return health;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{wanted} was never found; {}", self.inspect().await);
    }

    fn pid(&self) -> String {
        self.child.id().to_string()
    }
}

fn findings(health: &Value) -> Vec<String> {
    let findings = health["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding.as_str().unwrap().to_owned()).collect()
}

/// A tool that watches; ended when dropped.
struct Tool(Child);

impl Tool {
    fn start(program: &str, args: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap_or_else(|error| panic!("{program}: {error}")))
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        // Debuggers let go of what they hold when they are told, and only then.
        let kill = format!("kill -INT {}", self.0.id());
        let _ = Command::new("sh").args(["-c", &kill]).status();
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn m4_a_release_as_it_was_signed_has_no_findings() {
    let release = Release::new();
    assert_eq!(release.verify(), (0, json!([])));
    let service = release.start("hard");
    let health = service.inspect().await;
    assert_eq!((&health["standing"], findings(&health)), (&json!("licensed"), vec![]));
    assert!(service.works().await);
    // It did load the release's library.
    let maps = fs::read_to_string(format!("/proc/{}/maps", service.pid())).unwrap();
    assert!(maps.contains("release/lib/libgcc_s.so.1"));
}

#[tokio::test]
async fn m4_a_flipped_byte_in_program_library_or_file_and_an_extra_file_are_found_in_every_mode() {
    let release = Release::new();
    let end = |name: &str| fs::metadata(release.folder.join(name)).unwrap().len() - 1;
    let flips = [
        ("rules-service", end("rules-service")),
        ("lib/libgcc_s.so.1", end("lib/libgcc_s.so.1")),
        ("rules/default.json", 3),
    ];
    for (name, at) in flips {
        release.flip(name, at);
        let wanted = format!("changed {name}");
        assert_eq!(release.verify().1, json!([{ "fact": "changed", "name": name, "detail": "" }]));
        // Hard mode does not even start.
        let refused = Service::try_start(&mut release.command(&[], "hard")).err().unwrap();
        assert!(refused.contains("the program differs from its release"), "{refused}");
        for (level, standing, works) in [
            ("enterprise", "free", false),
            ("warn", "licensed", true),
            ("observe", "licensed", true),
        ] {
            let service = release.start(level);
            let health = service.inspect().await;
            assert!(findings(&health).iter().any(|f| f.starts_with(&wanted)), "{health}");
            assert_eq!(
                (&health["standing"], service.works().await),
                (&json!(standing), works),
                "{level}"
            );
        }
        release.flip(name, at);
    }
    fs::write(release.folder.join("rules/extra.json"), "{}").unwrap();
    let service = release.start("enterprise");
    let health = service.inspect().await;
    assert_eq!(
        (findings(&health), &health["standing"]),
        (vec!["unlisted rules/extra.json".into()], &json!("free"))
    );
    fs::remove_file(release.folder.join("rules/extra.json")).unwrap();
    fs::remove_file(release.folder.join("rules/default.json")).unwrap();
    let service = release.start("observe");
    let health = service.inspect().await;
    assert!(findings(&health)[0].starts_with("missing rules/default.json"), "{health}");
}

#[tokio::test]
async fn m4_what_changes_while_it_runs_is_found_and_the_manifest_itself_is_guarded() {
    let release = Release::new();
    let service = release.start("observe");
    assert_eq!(findings(&service.inspect().await), [] as [String; 0]);
    // On disk the program is another one now; what runs is the one that was started.
    release.flip("rules-service", 1 << 20);
    assert_eq!(findings(&service.inspect().await), ["changed rules-service"]);
    release.flip("rules-service", 1 << 20);
    assert_eq!(findings(&service.inspect().await), [] as [String; 0]);

    let manifest = release.folder.join("manifest.jwt");
    let good = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, good.replacen("ey", "eY", 1)).unwrap();
    assert!(findings(&service.inspect().await)[0].starts_with("no_manifest"));
    fs::remove_file(&manifest).unwrap();
    assert!(findings(&service.inspect().await)[0].starts_with("no_manifest"));
    release.manifest("0.0.1");
    assert!(findings(&service.inspect().await)[0].starts_with("wrong_version"));
    fs::write(&manifest, good).unwrap();
    assert_eq!(findings(&service.inspect().await), [] as [String; 0]);
}

#[tokio::test]
async fn m4_a_files_own_signer_is_checked_too() {
    let release = Release::new();
    let home = &release.home;
    let made =
        home.run(&["--json", "key", "generate", "--alg", "ed25519", "--out", &home.path("maker")]);
    let made = made.done().json();
    let (private, public) = (made["private"].as_str().unwrap(), made["public"].as_str().unwrap());
    // The maker of the library signs it alone.
    let alone = home.folder.path().join("alone");
    fs::create_dir(&alone).unwrap();
    fs::copy(release.folder.join("lib/libgcc_s.so.1"), alone.join("libgcc_s.so.1")).unwrap();
    let statement = release.folder.join("lib/libgcc_s.so.1.manifest.jwt");
    let args = [
        "manifest",
        "create",
        &alone.display().to_string(),
        "--product",
        "libgcc",
        "--version",
        "14",
    ];
    let more = ["--key", private, "--out", &statement.display().to_string()];
    let _ = home.run(&[&args[..], &more[..]].concat()).done();
    release.manifest(env!("CARGO_PKG_VERSION"));
    let trusted = format!("{}{}", fs::read_to_string(public).unwrap(), release.trust);
    let start = |trust: &str| {
        Service::start(release.command(&[], "observe").env("RULES_LICENSE_PUBLIC_KEY", trust))
    };
    assert_eq!(findings(&start(&trusted).inspect().await), [] as [String; 0]);
    let found = findings(&start(&release.trust).inspect().await);
    assert!(found[0].starts_with("wrong_signer lib/libgcc_s.so.1"), "{found:?}");
    fs::remove_file(&statement).unwrap();
    let found = findings(&start(&trusted).inspect().await);
    assert!(found[0].starts_with("wrong_signer lib/libgcc_s.so.1"), "{found:?}");
}

#[tokio::test]
async fn m5_debuggers_and_profilers_that_attach_are_found_and_in_observe_nobody_is_locked_out() {
    let release = Release::new();
    let service = release.start("observe");
    let free = release.start("enterprise");
    assert_eq!(findings(&service.inspect().await), [] as [String; 0]);
    assert!(service.works().await && free.works().await);
    for (program, args, wanted) in [
        ("gdb", vec!["-q", "-nx", "-p", "PID", "-ex", "continue"], "debugger gdb"),
        ("strace", vec!["-f", "-o", "/dev/null", "-p", "PID"], "debugger strace"),
        ("perf", vec!["record", "-o", "/dev/null", "-p", "PID"], "profiler perf"),
    ] {
        for service in [&service, &free] {
            let pid = service.pid();
            let args: Vec<&str> =
                args.iter().map(|arg| if *arg == "PID" { &*pid } else { *arg }).collect();
            let tool = Tool::start(program, &args);
            let health = service.until_found(wanted).await;
            assert_eq!(health["standing"] == "licensed", health["enforced"] == false, "{health}");
            drop(tool);
        }
        assert!(service.works().await, "in observe {program} locks nobody out");
        assert!(!free.works().await, "{program} costs the licence until a restart");
    }
    // Gone again, and told no more.
    for _ in 0..100 {
        if findings(&service.inspect().await).is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{}", service.inspect().await);
}

#[tokio::test]
async fn m5_a_preloaded_library_and_tools_that_start_the_program_are_found_unless_they_are_allowed()
{
    let release = Release::new();
    let library = library().display().to_string();
    let preloaded = |license: &str| {
        let mut command = release.command(&[], "enterprise");
        Service::start(command.env("LD_PRELOAD", &library).env("RULES_LICENSE_KEY", license))
    };
    let service = preloaded(&release.key);
    let health = service.inspect().await;
    assert_eq!(findings(&health), [format!("variable LD_PRELOAD ({library})")]);
    assert_eq!(health["standing"], "free");
    // The vendor allows one customer his monitoring, in the licence.
    let args = [
        "license",
        "issue",
        "--json",
        "--product",
        "muonroi",
        "--plan",
        "licensed",
        "--email",
        "a@example.com",
    ];
    let more = ["--days", "30", "--attr", "tamper_allow=LD_PRELOAD=/*"];
    let allowed = release.home.run(&[&args[..], &more[..]].concat()).done().json();
    let service = preloaded(allowed["key"].as_str().unwrap());
    let health = service.inspect().await;
    assert_eq!((findings(&health), &health["standing"]), (vec![], &json!("licensed")));
    drop(service);

    let started = release.command(&["strace", "-f", "-o", "/dev/null"], "observe");
    let service = Service::start(&mut { started });
    let health = service.inspect().await;
    assert!(findings(&health).iter().any(|f| f.starts_with("debugger strace")), "{health}");
    assert!(service.works().await);
}

#[tokio::test]
async fn m5_in_a_namespace_of_its_own_it_sees_what_is_in_there_with_it() {
    let release = Release::new();
    let inside = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
    let quiet = Service::start(&mut release.command(&inside, "enterprise"));
    let health = quiet.inspect().await;
    assert_eq!((findings(&health), &health["standing"]), (vec![], &json!("licensed")));
    drop(quiet);
    let strace = [&inside[..], &["strace", "-f", "-o", "/dev/null"][..]].concat();
    let watched = Service::start(&mut release.command(&strace, "observe"));
    let health = watched.inspect().await;
    assert!(findings(&health).iter().any(|f| f.starts_with("debugger strace")), "{health}");
    assert!(watched.works().await);
}

/// The example stays an example.
#[test]
fn the_example_is_short() {
    let lines = fs::read_to_string(checkout().join("examples/rules-service/src/main.rs"))
        .unwrap()
        .lines()
        .count();
    assert!(lines < 150, "{lines}");
    assert!(Path::new(&binary("rules-service")).exists());
}
