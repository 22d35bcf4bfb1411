//! M4 and M5 on a clock that the test moves: when the program is looked at, and what follows. With real tools and real
//! binaries: `tests/tests/integrity.rs`.

use std::fs;
use std::io::Read;
use std::path::PathBuf;

use licentia::policy::Recovery;
use licentia::{Builder, Environment, Fact, Integrity, Policy, Standing, Tamper};
use licentia_issue::sign::sign;
use licentia_license::manifest::{Artifact, Manifest};
use sha2::{Digest, Sha256};

use crate::support::*;

const RULES: &str = "{\"when\": {}}";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A release with one file, and its manifest as signed.
fn release(world: &World) -> (PathBuf, String) {
    let root = world.folder.path().join("release");
    fs::create_dir_all(root.join("rules")).unwrap();
    fs::write(root.join("rules/default.json"), RULES).unwrap();
    let artifact = Artifact {
        name: "rules/default.json".into(),
        version: None,
        sha256: hex(&Sha256::digest(RULES)),
        signer: None,
    };
    let manifest = Manifest {
        iss: "https://authority.example".into(),
        iat: T0 - 1,
        exp: None,
        product: "bzzz".into(),
        version: "1.0.0".into(),
        artifacts: vec![artifact],
    };
    let token = sign(&manifest, &world.authority.signer).unwrap();
    fs::write(root.join("manifest.jwt"), format!("{token}\n")).unwrap();
    (root, token)
}

fn inspected(builder: Builder, root: &PathBuf) -> Builder {
    let mut policy = Policy::degrade();
    policy.recovery = Recovery::Automatic;
    builder.policy(policy).integrity(Integrity::new().root(root))
}

#[test]
fn m4_every_ten_minutes_it_is_looked_at_and_what_is_mended_counts_no_more() {
    let world = World::new();
    let (root, _) = release(&world);
    for builder in [world.offline(), world.online().cluster_id("the-cluster")] {
        let guard = inspected(builder, &root).start().unwrap();
        let mut watch = guard.watch();
        until(&mut watch, is_licensed);
        fs::write(root.join("rules/default.json"), "{\"when\": 1}").unwrap();
        let found = advance_far_until(&world, &mut watch, |found| is_free(found.standing()));
        let finding = &found.findings()[0];
        assert_eq!((finding.fact, finding.name.as_str()), (Fact::Changed, "rules/default.json"));
        assert_eq!(found.reason().unwrap().code(), "integrity");
        fs::write(root.join("rules/default.json"), RULES).unwrap();
        let mended = advance_far_until(&world, &mut watch, |now| is_licensed(now.standing()));
        assert_eq!(mended.findings(), []);
    }
}

#[test]
fn m4_no_heartbeat_outweighs_what_is_found() {
    let world = World::new();
    let (root, _) = release(&world);
    fs::write(root.join("rules/extra.json"), "").unwrap();
    let guard = inspected(world.online(), &root).start().unwrap();
    let mut watch = guard.watch();
    assert_eq!(guard.standing(), Standing::Free);
    let now = until_lease(&mut watch, T0 + GRACE);
    assert_eq!((now.standing(), now.findings()[0].fact), (&Standing::Free, Fact::Unlisted));
}

#[test]
fn m4_the_handle_that_is_handed_out_is_the_one_that_was_hashed() {
    let world = World::new();
    let (root, _) = release(&world);
    let guard = inspected(world.offline(), &root).start().unwrap();
    let mut file = guard.open_listed("rules/default.json").unwrap();
    // Somebody puts another file in its place before it is read.
    fs::write(root.join("new"), "evil").unwrap();
    fs::rename(root.join("new"), root.join("rules/default.json")).unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text, RULES);
    for (name, fact) in [
        ("rules/default.json", Fact::Changed),
        ("manifest.jwt", Fact::Unlisted),
        ("rules/none.json", Fact::Missing),
        ("../state", Fact::Missing),
        ("/etc/passwd", Fact::Missing),
    ] {
        assert_eq!(guard.open_listed(name).unwrap_err().fact, fact, "{name}");
    }
}

#[test]
fn m4_an_activation_tells_the_release() {
    let world = World::new();
    let (root, token) = release(&world);
    let guard = inspected(world.online(), &root).start().unwrap();
    let asked = world.authority.seen("/v1/license/activate").remove(0);
    assert_eq!(asked.body["artifacts_digest"], hex(&Sha256::digest(&token)));
    drop(guard);
}

#[test]
fn m5_in_observe_a_finding_is_told_and_nothing_else() {
    let world = World::new();
    let environment = Environment::of_variables([("LD_PRELOAD", "/tmp/hook.so")]);
    let start = |builder: Builder| {
        builder.environment(environment.clone()).tamper(Tamper::new()).start().unwrap()
    };
    let guard = start(world.offline().policy(Policy::degrade()));
    assert_eq!(guard.standing(), Standing::Free);
    let guard = start(world.offline().policy(Policy::degrade()).observe_only());
    let now = guard.snapshot();
    assert_eq!((now.standing(), now.decided()), (&Standing::Licensed, &Standing::Free));
    assert_eq!(now.findings()[0].to_string(), "variable LD_PRELOAD (/tmp/hook.so)");
    assert_eq!(guard.health().findings.len(), 1);
    guard.ensure("advanced").unwrap();
}
