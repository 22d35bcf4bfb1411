//! The pre-loaded licence: the first run needs nothing.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::process::{Command, Output};

use licentia_tests::{Home, binary, catalog};
use serde_json::Value;

fn run(variables: &[(&str, &str)]) -> (bool, Value) {
    let folder = tempfile::tempdir().unwrap();
    let Output { status, stdout, .. } = Command::new(binary("plugin"))
        .env_clear()
        .envs(variables.iter().copied())
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    (status.success(), serde_json::from_slice(&stdout).unwrap())
}

#[test]
fn it_just_works() {
    let (ok, said) = run(&[]);
    assert!(ok, "{said}");
    assert_eq!(
        (&said["standing"], &said["licensed_to"]),
        (&"licensed".into(), &"Everybody".into())
    );
}

#[test]
fn a_key_of_the_customers_own_outweighs_it_and_a_strangers_gives_no_more_than_free() {
    let stranger = Home::with_catalog(&catalog(1)).issue("p", "a");
    let (ok, said) = run(&[("VOLCANIC_LICENSE_KEY", stranger["key"].as_str().unwrap())]);
    assert!(ok, "{said}");
    assert_eq!(said["standing"], "free");
}
