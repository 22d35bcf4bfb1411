//! `licentia demo`: every step holds, and nothing is left behind.

use std::process::Command;

use licentia_tests::binary;

#[test]
fn the_demo_ends_well_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(binary("licentia"))
        .arg("demo")
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("TMPDIR", folder.path())
        .current_dir(folder.path())
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stdout}\n{stderr}");
    for act in [
        "Five products",
        "Verified offline",
        "BZZZ runs",
        "Suspended",
        "Resumed",
        "Revoked",
        "Audited",
    ] {
        assert!(stdout.lines().any(|line| line.starts_with(act)), "{act}: {stdout}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "something was left behind");
    assert!(!stdout.contains("eyJ") && !stdout.contains("lap_"), "no key and no token is shown");
}
