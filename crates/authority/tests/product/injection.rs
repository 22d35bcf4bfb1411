//! Text from products and catalogues is text, whatever is in it.

use licentia_protocol::{activate, deactivate, heartbeat, validate};

use crate::support::{CATALOG, activate, beat, from, heartbeat, request, rows};

const HOSTILE: [&str; 16] = [
    "' OR '1'='1",
    "'; DROP TABLE licenses; --",
    "\"; DELETE FROM seats; --",
    "1); UPDATE licenses SET tier = 'ENTERPRISE'; --",
    "%' UNION SELECT value FROM settings --",
    "${jndi:ldap://example.com/a}",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "$(touch /tmp/owned)",
    "`id`",
    "../../../etc/passwd",
    "%00%0d%0aSet-Cookie: a=b",
    "\u{202e}nimda",
    "\"}],\"admin\":true,\"x\":[{\"",
    "\\x27\\u0027",
];

/// What must stay as it is, whatever was sent.
fn state(test: &licentia_testing::TestAuthority) -> Vec<String> {
    rows(test, "SELECT state || ' ' || token_version || ' ' || tier FROM licenses ORDER BY id")
}

#[tokio::test]
async fn every_text_of_an_activation_is_inert() {
    let (test, key) = from(&CATALOG.replace("seats = 2", "seats = \"unlimited\"")).await;
    let before = state(&test);
    for text in HOSTILE {
        let text = || text.to_owned();
        let request = activate::Request {
            product: Some("bzzz".into()),
            addresses: vec![text()],
            email: Some(text()),
            organization_name: Some(text()),
            fingerprint: Some(text()),
            hostname: Some(text()),
            artifacts_digest: Some(text()),
            ..request(&key, &text())
        };
        let answer = activate(&test.authority, request).await.unwrap();
        assert_eq!(answer.cluster_id, text());
        for column in ["cluster_id", "email", "organization", "hostname", "fingerprint"] {
            let id = answer.activation_id;
            let stored =
                rows(&test, &format!("SELECT {column} FROM activations WHERE id = '{id}'"));
            assert_eq!(stored, [text()]);
        }
        for request in [
            activate::Request { product: Some(text()), ..self::request(&key, "c") },
            activate::Request { nonce: text(), ..self::request(&text(), "c") },
            self::request(&text(), "c"),
        ] {
            assert!(activate(&test.authority, request).await.is_err(), "{}", text());
        }
    }
    assert_eq!(state(&test), before);
    assert!(test.authority.verify_audit().await.unwrap().valid);
}

#[tokio::test]
async fn every_text_of_heartbeat_deactivation_and_validation_is_inert() {
    let (test, key) = from(CATALOG).await;
    let answer = activate(&test.authority, request(&key, "c1")).await.unwrap();
    let before = state(&test);
    let mut generation = 1;
    for text in HOSTILE {
        let text = || text.to_owned();
        let reported = heartbeat::Request {
            usage: [(text(), 1)].into(),
            usage_id: Some(text()),
            ..beat(&answer, generation)
        };
        let counted = heartbeat(&test.authority, reported).await.unwrap();
        generation += 1;
        assert_eq!(counted.usage_counted, Some(true), "{}", text());
        for request in [
            heartbeat::Request { access_token: Some(text()), ..beat(&answer, generation) },
            heartbeat::Request { nonce: text(), generation: 99, ..beat(&answer, generation) },
            heartbeat::Request {
                activation_id: None,
                license_key: Some(text()),
                cluster_id: Some(text()),
                ..beat(&answer, generation)
            },
            heartbeat::Request {
                activation_id: None,
                license_key: Some(key.clone()),
                cluster_id: Some(text()),
                ..beat(&answer, generation)
            },
        ] {
            assert!(heartbeat(&test.authority, request).await.is_err(), "{}", text());
        }
        let wrong = deactivate::Request {
            access_token: Some(text()),
            license_key: Some(text()),
            cluster_id: Some(text()),
            ..deactivate::Request::default()
        };
        assert!(test.authority.deactivate(wrong, text().as_str().into()).await.is_err());
        for asked in [
            validate::Request { license_key: text(), ..validate::Request::default() },
            validate::Request {
                license_key: key.clone(),
                product: Some(text()),
                fingerprint: Some(text()),
                nonce: None,
            },
        ] {
            let verdict = test.authority.validate(asked).await;
            assert!(verdict.is_err() || verdict.is_ok_and(|verdict| !verdict.valid));
        }
    }
    assert_eq!(state(&test), before);
    // The seat is still its holder's.
    heartbeat(&test.authority, beat(&answer, generation)).await.unwrap();
    assert!(test.authority.verify_audit().await.unwrap().valid);
}

#[tokio::test]
async fn every_text_of_a_catalogue_is_inert() {
    for text in HOSTILE {
        let quoted = toml_text(text);
        let catalog = CATALOG.replace("name = \"BZZZ\"", &format!("name = {quoted}")).replace(
            "features = [\"a\"]",
            &format!("info = {{ price = {quoted}, {quoted} = \"x\" }}"),
        );
        let (test, key) = from(&catalog).await;
        let products = test.authority.list_products().await.unwrap();
        assert_eq!(products[0].name, text);
        let plans = test.authority.list_plans(None).await.unwrap();
        assert_eq!(plans[0].info["price"], text);
        assert_eq!(plans[0].info[text], "x");
        activate(&test.authority, request(&key, "c1")).await.unwrap();
    }
}

fn toml_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
