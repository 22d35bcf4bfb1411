//! The scenarios of the OpenFeature specification (`specification/assets/gherkin/evaluation.feature`) through its SDK,
//! with a licence as the stable provider; and what is a licence's own.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::sync::Arc;

use licentia::clock::{Clock, Wait};
use licentia::{Environment, Guard, License, Policy};
use licentia_issue::sign::sign;
use licentia_issue::{Ed25519Signer, Signer};
use licentia_openfeature::LicenseProvider;
use open_feature::{
    Client, EvaluationContext, EvaluationErrorCode, EvaluationReason, OpenFeature, StructValue,
    Value,
};
use serde_json::json;

const NOW: i64 = 1_800_000_000;

struct Then;

impl Clock for Then {
    fn now_micros(&self) -> i64 {
        NOW * 1_000_000
    }

    fn wait_until(&self, _: i64) -> Wait<'_> {
        Box::pin(std::future::pending())
    }
}

/// A guard on a licence with the flags of the specification's test data.
fn guard(exp: i64) -> Guard {
    let claims = json!({
        "iss": "https://authority.example", "sub": "a", "aud": "p", "jti": "j", "iat": NOW - 1, "exp": exp,
        "tier": "PRO", "rank": 2, "plan": "pro-yearly", "features": ["rbac"],
        "limits": { "agents": 5, "memories": null }, "seats": 3, "nodes": null, "trial": false,
        "_attr": { "flags": {
            "boolean-flag": { "value": true, "variant": "on" },
            "string-flag": { "value": "hi", "variant": "greeting" },
            "integer-flag": { "value": 10, "variant": "ten" },
            "float-flag": { "value": 0.5, "variant": "half" },
            "object-flag": {
                "value": { "showImages": true, "title": "Check out these pics!", "imagesPerPage": 100 },
                "variant": "template",
            },
            "context-aware": {
                "value": "EXTERNAL", "variant": "external",
                "when": [{
                    "is": { "fn": "Sulisław", "ln": "Świętopełk", "age": 29, "customer": false },
                    "value": "INTERNAL", "variant": "internal",
                }],
            },
            "wrong-flag": "a text",
        } },
    });
    let license: License = serde_json::from_value(claims).unwrap();
    let signer = Ed25519Signer::from_seed([1; 32]).unwrap();
    Guard::builder("p", signer.public_key().to_pem())
        .license_key(sign(&license, &signer).unwrap())
        .environment(Environment::default())
        .clock(Arc::new(Then))
        .policy(Policy::degrade())
        .start()
        .unwrap()
}

async fn client(guard: &Guard) -> Client {
    let mut api = OpenFeature::default();
    api.set_provider(LicenseProvider::new(guard).features(["rbac", "sso"])).await;
    api.create_client()
}

#[tokio::test]
async fn x8_values_of_every_type_are_resolved() {
    let guard = guard(NOW + 10);
    let client = client(&guard).await;
    assert_eq!(client.get_bool_value("boolean-flag", None, None).await, Ok(true));
    assert_eq!(client.get_string_value("string-flag", None, None).await, Ok("hi".to_owned()));
    assert_eq!(client.get_int_value("integer-flag", None, None).await, Ok(10));
    assert_eq!(client.get_float_value("float-flag", None, None).await, Ok(0.5));
    let object: StructValue = client.get_struct_value("object-flag", None, None).await.unwrap();
    assert_eq!(object.fields["showImages"], Value::Bool(true));
    assert_eq!(object.fields["title"], Value::String("Check out these pics!".into()));
    assert_eq!(object.fields["imagesPerPage"], Value::Int(100));
}

#[tokio::test]
async fn x8_details_tell_variant_and_reason() {
    let guard = guard(NOW + 10);
    let client = client(&guard).await;
    let fixed = Some(EvaluationReason::Static);
    let details = client.get_bool_details("boolean-flag", None, None).await.unwrap();
    assert_eq!((details.variant.as_deref(), details.reason), (Some("on"), fixed.clone()));
    let details = client.get_string_details("string-flag", None, None).await.unwrap();
    assert_eq!((details.variant.as_deref(), details.reason), (Some("greeting"), fixed.clone()));
    let details = client.get_int_details("integer-flag", None, None).await.unwrap();
    assert_eq!((details.variant.as_deref(), details.reason), (Some("ten"), fixed.clone()));
    let details = client.get_float_details("float-flag", None, None).await.unwrap();
    assert_eq!((details.variant.as_deref(), details.reason), (Some("half"), fixed.clone()));
    let details =
        client.get_struct_details::<StructValue>("object-flag", None, None).await.unwrap();
    assert_eq!((details.variant.as_deref(), details.reason), (Some("template"), fixed));
}

#[tokio::test]
async fn x8_the_context_decides_where_the_licence_says_so() {
    let guard = guard(NOW + 10);
    let client = client(&guard).await;
    let context = EvaluationContext::default()
        .with_custom_field("fn", "Sulisław")
        .with_custom_field("ln", "Świętopełk")
        .with_custom_field("age", 29)
        .with_custom_field("customer", false);
    let details = client.get_string_details("context-aware", Some(&context), None).await.unwrap();
    assert_eq!(
        (details.value.as_str(), details.reason),
        ("INTERNAL", Some(EvaluationReason::TargetingMatch))
    );
    let details = client.get_string_details("context-aware", None, None).await.unwrap();
    assert_eq!(
        (details.value.as_str(), details.reason),
        ("EXTERNAL", Some(EvaluationReason::Default))
    );
}

#[tokio::test]
async fn x8_what_is_missing_or_of_another_type_is_an_error_by_its_name() {
    let guard = guard(NOW + 10);
    let client = client(&guard).await;
    let missing = client.get_string_details("missing-flag", None, None).await.unwrap_err();
    assert_eq!(missing.code, EvaluationErrorCode::FlagNotFound);
    assert_eq!(missing.code.to_string(), "FLAG_NOT_FOUND");
    let wrong = client.get_int_details("wrong-flag", None, None).await.unwrap_err();
    assert_eq!(wrong.code, EvaluationErrorCode::TypeMismatch);
    assert_eq!(
        client.get_string_value("rbac", None, None).await.unwrap_err().code,
        EvaluationErrorCode::TypeMismatch
    );
}

#[tokio::test]
async fn x8_features_limits_and_tier_are_flags_and_end_with_the_licence() {
    let running = guard(NOW + 10);
    let on = client(&running).await;
    assert_eq!(on.get_bool_value("rbac", None, None).await, Ok(true));
    assert_eq!(on.get_bool_value("sso", None, None).await, Ok(false));
    assert_eq!(on.get_int_value("agents", None, None).await, Ok(5));
    let unlimited = on.get_int_details("memories", None, None).await.unwrap();
    assert_eq!((unlimited.value, unlimited.variant.as_deref()), (i64::MAX, Some("unlimited")));
    assert_eq!(on.get_int_value("seats", None, None).await, Ok(3));
    assert_eq!(on.get_string_value("tier", None, None).await, Ok("PRO".to_owned()));
    assert_eq!(on.get_string_value("plan", None, None).await, Ok("pro-yearly".to_owned()));

    let over = guard(NOW - 1);
    let off = client(&over).await;
    let details = off.get_bool_details("rbac", None, None).await.unwrap();
    assert_eq!((details.value, details.reason), (false, Some(EvaluationReason::Disabled)));
    assert_eq!(off.get_string_value("tier", None, None).await, Ok("FREE".to_owned()));
    for gone in ["agents", "plan", "boolean-flag", "string-flag"] {
        let error = off.get_int_value(gone, None, None).await.unwrap_err();
        assert_eq!(error.code, EvaluationErrorCode::FlagNotFound, "{gone}");
    }
}
