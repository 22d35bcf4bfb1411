//! The API is what its reference says: schemathesis reads the document and asks a real server whatever fits it and
//! whatever does not. No 5xx, no status, media type or body that is not in the document, nothing that answers without
//! a credential where the document asks for one.

use std::process::{Command, Stdio};

use licentia_tests::{Home, Server};

#[test]
#[expect(clippy::disallowed_methods, reason = "where the venv is, is told to the test itself")]
fn t5_every_endpoint_answers_as_its_reference_says() {
    let python = std::env::var("LICENTIA_TEST_PYTHON")
        .expect("LICENTIA_TEST_PYTHON names a Python with schemathesis; scripts/test makes one");
    let home = Home::empty();
    let made = home.run(&["init", "--json"]).done().json();
    let token = made["api_token"].as_str().expect("a token").to_owned();
    let mut licentia = home.command();
    // What is asked so fast would be slowed down, which has tests of its own.
    licentia.env("LICENTIA_LIMITS__ADDRESS_PER_MINUTE", "0");
    licentia.env("LICENTIA_LIMITS__UNKNOWN_KEYS_PER_MINUTE", "0");
    let server = Server::start_as(licentia.stderr(Stdio::null()));
    let checks = "not_a_server_error,status_code_conformance,content_type_conformance,\
                  response_schema_conformance,ignored_auth";
    let ran = Command::new(python)
        .args(["-m", "schemathesis.cli", "run", &format!("{}/openapi.json", server.url)])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(["--checks", checks, "--phases", "examples,coverage,fuzzing"])
        .args(["--max-examples", "5", "--seed", "1", "--no-color", "--continue-on-failure"])
        // A stream does not end, and TOML is nothing that schemathesis can write.
        .args(["--exclude-path", "/v1/license/events"])
        .args(["--exclude-path", "/v1/admin/products/import"])
        .current_dir(home.folder.path())
        .output()
        .expect("Python runs");
    let said =
        String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}");
    // It asked more than a few.
    assert!(said.contains("passed"), "{said}");
}
