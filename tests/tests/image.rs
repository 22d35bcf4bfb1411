//! Licentia's own image: made by a script, found clean, pushed by the vendor's script, pulled with a licence, and run.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::path::{Path, PathBuf};
use std::process::Command;

use licentia_tests::registry::Registry;
use licentia_tests::{Home, binary, checkout};
use serde_json::{Value, json};

const CATALOG: &str = "[product]\ncode = \"app\"\nname = \"App\"\ndefault_plan = \"a\"\n\n[[plan]]\ncode = \"a\"\n\
    tier = \"A\"\nrank = 1\nseats = 1\ndistribution = { channels = [\"stable\"], repositories = [\"acme/licentia\"] }\n";

fn done(command: &mut Command) -> String {
    let ran = command.output().unwrap();
    assert!(ran.status.success(), "{command:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// A blob of a layout, by its digest.
fn blob(layout: &Path, described: &Value) -> PathBuf {
    let digest = described["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
    layout.join("blobs/sha256").join(digest)
}

#[test]
fn t14_the_image_is_the_same_each_time_holds_no_secret_and_runs_without_rights() {
    let home = Home::with_catalog(CATALOG);
    let folder = home.folder.path();
    // Without what is for debuggers, as it is shipped.
    let program = folder.join("licentia");
    let mut strip = Command::new("strip");
    done(strip.arg("-o").arg(&program).arg(binary("licentia")));
    let make = |name: &str| {
        let out = folder.join(name);
        let mut script = Command::new(checkout().join("scripts/release/image"));
        done(script.args(["--tag", "test"]).arg("--binary").arg(&program).arg("--out").arg(&out));
        out
    };
    let layout = make("image");
    let index = read(&layout.join("index.json"));
    assert_eq!(index, read(&make("again").join("index.json")), "the same inputs, the same digests");

    let manifest = read(&blob(&layout, &index["manifests"][0]));
    let config = read(&blob(&layout, &manifest["config"]));
    assert_eq!(config["config"]["User"], "65532:65532");
    assert_eq!(config["config"]["Entrypoint"], json!(["/usr/bin/licentia"]));
    let root = folder.join("root");
    std::fs::create_dir(&root).unwrap();
    let layer = blob(&layout, &manifest["layers"][0]);
    done(Command::new("tar").arg("-xzf").arg(&layer).arg("-C").arg(&root));
    let doc = root.join("usr/share/doc/licentia");
    let text = |name: &str| std::fs::read_to_string(doc.join(name)).unwrap();
    assert!(text("LICENSE").contains("Apache License"));
    assert!(!text("NOTICE").is_empty());
    assert!(text("THIRD-PARTY.txt").lines().filter(|line| line.contains("MIT")).count() > 50);
    let bill: Value = serde_json::from_str(&text("sbom.cdx.json")).unwrap();
    let names: Vec<_> = bill["components"].as_array().unwrap().iter().map(|c| &c["name"]).collect();
    assert!(
        names.len() > 100
            && names.contains(&&json!("tokio"))
            && !names.contains(&&json!("proptest"))
    );
    assert!(!root.join("bin/sh").exists() && !root.join("usr/bin/sh").exists());

    let found = home.run(&["doctor", "artifact", &layout.display().to_string()]);
    assert_eq!(found.status, 0, "{found:?}");

    // As the user of the image; whoever may not change the root is root in a namespace of his own.
    let is_root = done(Command::new("id").arg("-u")).trim() == "0";
    let run = |args: &[&str]| {
        let mut command = if is_root {
            let mut command = Command::new("chroot");
            command.arg("--userspec=65532:65532");
            command
        } else {
            let mut command = Command::new("unshare");
            command.args(["--map-root-user", "chroot"]);
            command
        };
        done(
            command
                .arg(&root)
                .arg("/usr/bin/licentia")
                .args(args)
                .env_clear()
                .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
        )
    };
    assert!(run(&["--version"]).starts_with("licentia "));
    let made: Value =
        serde_json::from_str(&run(&["--data", "/var/lib/licentia", "init", "--json"])).unwrap();
    assert!(made["api_token"].as_str().unwrap().starts_with("lap_"));

    let server = home.serve();
    let (out, storage) = (home.path("registry"), home.path("images"));
    let args =
        ["registry", "config", "--public-url", &server.url, "--out", &out, "--storage", &storage];
    let _ = home.run(&args).done();
    let registry = Registry::start(&Path::new(&out).join("config.yml"));
    let args =
        ["token", "create", "push", "--operator", "owner", "--scope", "releases:write", "--json"];
    let token = home.run(&args).done().json();
    let target = format!("{}/acme/licentia:test", registry.host);
    let pushed = done(
        Command::new(checkout().join("scripts/release/push_to_registry.sh"))
            .arg(format!("oci:{}:test", layout.display()))
            .arg(&target)
            .env("PLAIN_HTTP", "1")
            .env("LICENTIA_TOKEN", token["token"].as_str().unwrap()),
    );
    let digest = index["manifests"][0]["digest"].as_str().unwrap();
    assert_eq!(pushed.trim(), format!("{}/acme/licentia@{digest}", registry.host));
    let license = home.issue("app", "a");
    let credentials =
        format!("{}:{}", license["id"].as_str().unwrap(), license["key"].as_str().unwrap());
    let into = folder.join("pulled");
    let _ = registry.pull("acme/licentia:test", &credentials, &into).done();
    assert_eq!(
        std::fs::read(into.join("manifest.json")).unwrap(),
        std::fs::read(blob(&layout, &index["manifests"][0])).unwrap()
    );

    // The script refuses to push without a token, and says what to do.
    let bare = Command::new(checkout().join("scripts/release/push_to_registry.sh"))
        .args(["oci:x", "y/z:1"])
        .env_remove("LICENTIA_TOKEN")
        .env_remove("LICENTIA_TOKEN_FILE")
        .output()
        .unwrap();
    assert_eq!(bare.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&bare.stderr).contains("licentia token create"));
}
