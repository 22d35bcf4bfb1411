//! `/renew/{token}`: what a renewal link opens. Looking changes nothing, since mail programs and scanners look too; the
//! button does it. No script, nothing loaded.

pub(crate) mod renew;
pub(crate) mod show;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use licentia_protocol::licenses::Renewal;
use licentia_protocol::{Code, Problem};

use crate::html::escaped;
use crate::problem::Failure;

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";
const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem}\
    button{font:inherit;padding:.6rem 1.2rem}";

/// The page about a renewal; where there is none, the page that says so. Faults of ours stay problems.
fn page(found: Result<Renewal, Problem>) -> Result<Response, Failure> {
    let (status, title, body) = match found {
        Ok(renewal) if renewal.renewed => (
            StatusCode::OK,
            "Your licence is renewed",
            format!(
                "<p>Your licence of <b>{}</b> is valid until <b>{}</b>.</p>\
                 <p>Running installations take the new date by themselves; nothing has to be restarted.</p>",
                escaped(&renewal.product),
                day(&renewal),
            ),
        ),
        Ok(renewal) => (
            StatusCode::OK,
            "Renew your licence",
            format!(
                "<p>Your licence of <b>{}</b> will be valid until <b>{}</b>.</p>\
                 <form method=\"post\"><button>Renew</button></form>",
                escaped(&renewal.product),
                day(&renewal),
            ),
        ),
        Err(problem) if problem.code == Code::LinkSpent.as_str() => (
            StatusCode::GONE,
            "This link does not count any more",
            "<p>It was used, it has ended, or the licence has changed since. Ask the vendor for a new one.</p>"
                .to_owned(),
        ),
        Err(problem) => return Err(problem.into()),
    };
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style><h1>{title}</h1>{body}</html>"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((status, headers, html).into_response())
}

/// The last day of a renewal, UTC.
fn day(renewal: &Renewal) -> String {
    renewal.renews_until.strftime("%-d %B %Y, %H:%M UTC").to_string()
}
