//! The reference of the API, made from the code. The paths come from the router itself, so that nothing can be
//! served and not documented; the fields from the types of `licentia_protocol`; the errors from [`Code`].

use std::collections::BTreeMap;

use licentia_protocol::problem::{FieldError, Holder, MEDIA_TYPE};
use licentia_protocol::{Code, Problem};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::info::{InfoBuilder, LicenseBuilder};
use utoipa::openapi::schema::{AllOfBuilder, ComponentsBuilder, ObjectBuilder};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Content, OpenApi, OpenApiBuilder, Ref, RefOr, Response, ResponseBuilder, Type,
};

use crate::api::admin;
use crate::router::surface;

const ABOUT: &str = "What products and operators say to a Licentia authority. JSON in and out; paths under `/v1` stay, \
    and fields are only ever added, so ignore those that you do not know. Products do not log in: the licence key, then \
    the access token, is their credential; operators bring an API token or a session. Times are RFC 3339 with `Z`. An \
    error is a problem document (RFC 9457) with a stable `code`. An unknown path is answered 404 `not_found`, a known \
    one with another method 405 `method_not_allowed`, plain HTTP from a stranger's address 421 `plain_http`.";

/// What the header of this name does.
pub(crate) const IDEMPOTENCY_KEY: &str = "Repeating the request with the same key within 24 hours has no second \
    effect and is answered like the first one, with a new token in place of the former.";

/// `docs/openapi.json`.
#[must_use]
pub fn reference() -> String {
    text(&surface().into_openapi())
}

/// A document as JSON.
pub(crate) fn text(document: &OpenApi) -> String {
    // Maps with text for keys, and text: this cannot fail.
    let mut text = document.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// The document without paths.
pub(crate) fn frame() -> OpenApi {
    let license =
        LicenseBuilder::new().name("Apache License 2.0").identifier(Some("Apache-2.0")).build();
    let info = InfoBuilder::new()
        .title("Licentia")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(license));
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The access token of the last activation; heartbeats renew it."));
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An operator's API token, or the token of a session."));
    let session = ApiKeyValue::with_description(
        admin::caller::COOKIE,
        "The session of a browser. What changes something wants the log-in's `csrf_token` as `X-CSRF-Token` too.",
    );
    let customer = HttpBuilder::new().scheme(HttpAuthScheme::Basic).description(Some(
        "A customer: any user name, and a pull token or the licence key as the password. The same as a bearer will do.",
    ));
    let components = ComponentsBuilder::new()
        .schema_from::<Problem>()
        .schema_from::<Holder>()
        .schema_from::<FieldError>()
        .security_scheme("access_token", SecurityScheme::Http(bearer.build()))
        .security_scheme("customer", SecurityScheme::Http(customer.build()))
        .security_scheme(admin::API_TOKEN, SecurityScheme::Http(token.build()))
        .security_scheme(admin::SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(session)));
    let tag = |name, about| TagBuilder::new().name(name).description(Some(about)).build();
    OpenApiBuilder::new()
        .info(info)
        .components(Some(components.build()))
        .tags(Some([
            tag("product", "What products call"),
            tag("public", "What anybody may read"),
            tag("products", "For operators: products"),
            tag("plans", "For operators: plans"),
            tag("customers", "For operators: customers"),
            tag("licenses", "For operators: licences"),
            tag("activations", "For operators: activations and their seats"),
            tag("usage", "For operators: what licences used"),
            tag("payments", "What payment providers call, and what they told"),
            tag("revocations", "For operators: what was revoked"),
            tag("sessions", "For operators: logging in and out"),
            tag("operators", "For operators: who they are and what they get in with"),
            tag("tokens", "For operators: API tokens"),
            tag("jobs", "For operators: mails, webhooks and other side effects"),
            tag(
                "releases",
                "For operators: releases, their files, and what customers fetch them with",
            ),
            tag(
                "distribution",
                "For customers: the container registry, releases and the package index",
            ),
            tag("webhooks", "For operators: where events are told to"),
            tag("keys", "For operators: signing keys"),
            tag("audit", "For operators: the audit trail"),
        ]))
        .build()
}

/// Declares `Problems`, the errors of an endpoint: exactly the codes that it can answer with.
macro_rules! problems {
    ($($code:ident),+ $(,)?) => {
        /// The errors of this endpoint, for its reference.
        struct Problems;

        impl utoipa::IntoResponses for Problems {
            fn responses() -> $crate::openapi::Responses {
                $crate::openapi::answers(&[$(licentia_protocol::Code::$code),+])
            }
        }
    };
}
pub(crate) use problems;

/// Answers by status.
pub(crate) type Responses = BTreeMap<String, RefOr<Response>>;

/// One answer a status, with the codes that it can carry.
pub(crate) fn answers(codes: &[Code]) -> Responses {
    let mut by_status = BTreeMap::<u16, Vec<Code>>::new();
    for code in codes {
        by_status.entry(code.status()).or_default().push(*code);
    }
    by_status
        .into_iter()
        .map(|(status, codes)| (status.to_string(), RefOr::T(problem(status, &codes))))
        .collect()
}

fn problem(status: u16, codes: &[Code]) -> Response {
    let titles: Vec<String> =
        codes.iter().map(|code| format!("`{}`: {}.", code.as_str(), code.title())).collect();
    let code = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(codes.iter().map(|code| code.as_str())));
    let schema = AllOfBuilder::new()
        .item(Ref::from_schema_name("Problem"))
        .item(ObjectBuilder::new().schema_type(Type::Object).property("code", code));
    let mut response = ResponseBuilder::new()
        .description(titles.join(" "))
        .content(MEDIA_TYPE, Content::new(Some(schema)));
    let header = |about: &str| {
        let text = ObjectBuilder::new().schema_type(Type::String);
        HeaderBuilder::new().schema(Some(text)).description(Some(about)).build()
    };
    match status {
        401 => {
            response = response.header(
                "WWW-Authenticate",
                header("`Bearer`; `Basic` where a user name and a password are wanted."),
            );
        }
        429 | 503 => response = response.header("Retry-After", header("Seconds to wait.")),
        _ => {}
    }
    response.build()
}
