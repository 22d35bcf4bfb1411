//! `docs/cli.md` is made from the commands themselves: `UPDATE_DOCS=1 cargo test -p licentia-cli`.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::{env, fs};

/// The file as it stands, made anew first where that is asked for.
#[expect(clippy::disallowed_methods, reason = "UPDATE_DOCS is told to the test itself")]
fn file() -> &'static str {
    static FILE: OnceLock<String> = OnceLock::new();
    FILE.get_or_init(|| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md");
        if env::var("UPDATE_DOCS").is_ok() {
            fs::write(&path, licentia_cli::reference()).unwrap();
        }
        fs::read_to_string(path).unwrap_or_default()
    })
}

#[test]
fn the_reference_of_the_command_line_is_up_to_date() {
    let current = file() == licentia_cli::reference();
    assert!(current, "docs/cli.md is stale: UPDATE_DOCS=1 cargo test -p licentia-cli");
}

#[test]
fn every_command_has_an_example_that_begins_with_its_name() {
    let reference = licentia_cli::reference();
    let commands: Vec<_> = reference.split("\n## `").skip(1).collect();
    assert!(commands.len() > 10);
    for command in commands {
        let (name, help) = command.split_once('`').unwrap();
        let (_, examples) =
            help.split_once("\nExample").unwrap_or_else(|| panic!("`{name}` has no example"));
        assert!(examples.contains(&format!("\n  {name}")), "`{name}`: {examples}");
    }
}

/// The same test in a shell of another shape, where every variable that is read has a value.
#[test]
fn the_shell_it_is_made_in_does_not_show() {
    file();
    let elsewhere = Command::new(env::current_exe().unwrap())
        .args(["--exact", "the_reference_of_the_command_line_is_up_to_date"])
        .envs([("LICENTIA_DATA", "/elsewhere"), ("COLUMNS", "40"), ("CLICOLOR_FORCE", "1")])
        .env_remove("UPDATE_DOCS")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&elsewhere.stdout);
    assert!(elsewhere.status.success() && said.contains("1 passed"), "{said}");
}
