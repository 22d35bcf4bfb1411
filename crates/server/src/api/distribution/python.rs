//! What pages of the package index have in common: HTML (PEP 503) or JSON (PEP 691), as the client wants it.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::html::escaped;

pub(crate) const JSON: &str = "application/vnd.pypi.simple.v1+json";
pub(crate) const HTML: &str = "application/vnd.pypi.simple.v1+html";

/// Whether JSON is wanted: where it is named, and HTML is not named before it.
fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    let kinds = accept.split(',').filter_map(|kind| kind.split(';').next()).map(str::trim);
    kinds.into_iter().find_map(|kind| match kind {
        JSON | "application/vnd.pypi.simple.latest+json" => Some(true),
        HTML | "application/vnd.pypi.simple.latest+html" | "text/html" => Some(false),
        _ => None,
    }) == Some(true)
}

/// A page in the form that is wanted. Links in it end within minutes, so nobody keeps it.
pub(crate) fn page(headers: &HeaderMap, json: &Value, html: String) -> Response {
    let (kind, text) =
        if wants_json(headers) { (JSON, json.to_string()) } else { ("text/html", html) };
    let about = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "private, no-store"),
        (header::VARY, "Accept"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
    ];
    (about, text).into_response()
}

/// A document of links: where they lead, what they are called, and their attributes, already escaped.
pub(crate) fn html(title: &str, links: impl Iterator<Item = (String, String, String)>) -> String {
    let mut page = format!(
        "<!DOCTYPE html>\n<html>\n<head><meta name=\"pypi:repository-version\" content=\"1.0\"><title>{}</title></head>\n<body>\n",
        escaped(title)
    );
    for (href, name, attributes) in links {
        page.push_str(&format!(
            "<a href=\"{}\"{attributes}>{}</a><br>\n",
            escaped(&href),
            escaped(&name)
        ));
    }
    page.push_str("</body>\n</html>\n");
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_the_one_that_is_named_first() {
        let wants = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            wants_json(&headers)
        };
        // What pip sends.
        assert!(wants(
            "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"
        ));
        assert!(!wants("text/html"));
        assert!(!wants("*/*"));
        assert!(!wants("text/html, application/vnd.pypi.simple.v1+json"));
        assert!(!wants_json(&HeaderMap::new()));
    }

    #[test]
    fn nothing_of_a_name_becomes_markup() {
        let page = html("<t>", [("a\"b".into(), "<&'>".into(), String::new())].into_iter());
        assert!(page.contains("<title>&lt;t&gt;</title>"), "{page}");
        assert!(page.contains("<a href=\"a&quot;b\">&lt;&amp;&#39;&gt;</a>"), "{page}");
    }
}
