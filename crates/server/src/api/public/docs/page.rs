//! The page: HTML made from the document. All text in it is escaped.

use std::collections::BTreeSet;
use std::fmt::Write;

use licentia_protocol::Code;
use licentia_protocol::problem::MEDIA_TYPE;
use serde_json::Value;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{Object, Schema};
use utoipa::openapi::{Content, OpenApi, RefOr};

use crate::html::escaped;

/// What the page looks like; it stands in the page, and the policy names its hash.
pub(super) const STYLE: &str = include_str!("page.css");

/// The whole page.
pub(super) fn of(document: &OpenApi) -> String {
    let title = format!("{} API {}", document.info.title, document.info.version);
    let about = document.info.description.as_deref().unwrap_or_default();
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n<h1>{title}</h1>\n<p>{}</p>\n\
         <p>For programs: <a href=\"openapi.json\"><code>/openapi.json</code></a></p>\n",
        prose(about),
        title = escaped(&title),
    );
    // Writing to a String cannot fail, here and below.
    for tag in document.tags.iter().flatten() {
        let about = tag.description.as_deref().unwrap_or_default();
        let _ = write!(html, "<nav>\n<h3>{}</h3>\n<ul>\n", prose(about));
        for (path, method, operation) in operations(document) {
            if operation.tags.iter().flatten().any(|name| *name == tag.name) {
                let _ = writeln!(
                    html,
                    "<li><span class=\"method\">{method}</span><a href=\"#{}\"><code>{}</code></a> \
                     <span class=\"soft\">{}</span>",
                    id(operation),
                    escaped(path),
                    prose(operation.summary.as_deref().unwrap_or_default())
                );
            }
        }
        html.push_str("</ul>\n</nav>\n");
    }
    for (path, method, operation) in operations(document) {
        endpoint(&mut html, document, path, method, operation);
    }
    // A type may be the body of one endpoint and a part of another's, so each has a place that others lead to.
    for name in document.components.iter().flat_map(|components| components.schemas.keys()) {
        let _ = writeln!(html, "<h2 id=\"{0}\">{0}</h2>", escaped(name));
        fields(&mut html, document, name);
    }
    html.push_str("<h2 id=\"codes\">Error codes</h2>\n<dl>\n");
    for code in Code::ALL {
        let _ = writeln!(
            html,
            "<dt id=\"{0}\"><code>{0}</code> <span class=\"kind\">{1}</span><dd>{2}. {3}",
            code.as_str(),
            code.status(),
            prose(code.title()),
            prose(code.advice())
        );
    }
    html.push_str("</dl>\n");
    html
}

fn operations(document: &OpenApi) -> impl Iterator<Item = (&str, &'static str, &Operation)> {
    document.paths.paths.iter().flat_map(|(path, item)| {
        let methods = [
            ("GET", &item.get),
            ("POST", &item.post),
            ("PUT", &item.put),
            ("PATCH", &item.patch),
            ("DELETE", &item.delete),
        ];
        methods
            .into_iter()
            .filter_map(|(method, operation)| Some((path.as_str(), method, operation.as_ref()?)))
    })
}

fn endpoint(
    html: &mut String,
    document: &OpenApi,
    path: &str,
    method: &str,
    operation: &Operation,
) {
    let _ = writeln!(
        html,
        "<section>\n<h2 id=\"{}\"><span class=\"method\">{method}</span> <code>{}</code></h2>\n<p>{}</p>",
        id(operation),
        escaped(path),
        prose(operation.summary.as_deref().unwrap_or_default())
    );
    if let Some(about) = &operation.description {
        let _ = writeln!(html, "<p>{}</p>", prose(about));
    }
    if operation.security.is_some() {
        html.push_str("<p class=\"soft\">Takes <code>Authorization: Bearer</code>.</p>\n");
    }
    if let Some(name) = sent(operation) {
        html.push_str("<h3>Body of the request</h3>\n");
        fields(html, document, name);
    }
    html.push_str("<h3>Answers</h3>\n<dl>\n");
    for (status, response) in &operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        let content = response.content.iter().next();
        let media = content.map(|(media, _)| media.as_str()).unwrap_or_default();
        let mut about = prose(&response.description);
        if media == MEDIA_TYPE {
            for code in Code::ALL.iter().map(|code| code.as_str()) {
                let code_as_text = format!("<code>{code}</code>");
                about = about
                    .replace(&code_as_text, &format!("<a href=\"#{code}\">{code_as_text}</a>"));
            }
        }
        let _ = writeln!(
            html,
            "<dt><code>{status}</code> <span class=\"kind\">{}</span><dd>{about}",
            escaped(media)
        );
    }
    html.push_str("</dl>\n");
    for name in answered(operation) {
        html.push_str("<h3>Body of the answer</h3>\n");
        fields(html, document, name);
    }
    html.push_str("</section>\n");
}

fn id(operation: &Operation) -> &str {
    operation.operation_id.as_deref().unwrap_or_default()
}

fn sent(operation: &Operation) -> Option<&str> {
    let Some(RefOr::T(body)) = &operation.request_body else { return None };
    body.content.values().find_map(named)
}

fn answered(operation: &Operation) -> BTreeSet<&str> {
    let responses = operation.responses.responses.values();
    let contents = responses.filter_map(|response| match response {
        RefOr::T(response) => Some(response.content.values()),
        RefOr::Ref(_) => None,
    });
    contents.flatten().filter_map(named).collect()
}

/// The schema that a body refers to.
fn named(content: &RefOr<Content>) -> Option<&str> {
    let RefOr::T(Content { schema: Some(RefOr::Ref(reference)), .. }) = content else {
        return None;
    };
    reference.ref_location.rsplit('/').next()
}

fn fields(html: &mut String, document: &OpenApi, name: &str) {
    let schema = document.components.as_ref().and_then(|components| components.schemas.get(name));
    let Some(RefOr::T(schema)) = schema else { return };
    let parts = parts(document, schema);
    let about = parts.iter().rev().find_map(|part| part.description.as_deref());
    let _ = writeln!(html, "<p>{}</p>\n<dl>", prose(about.unwrap_or_default()));
    for Object { properties, required, .. } in parts {
        for (field, schema) in properties {
            let schema = serde_json::to_value(schema).unwrap_or_default();
            let mut kind = kind(&schema);
            if !required.contains(field) {
                kind = format!("{}, optional", kind.trim_end_matches(" or null"));
            }
            let _ = writeln!(
                html,
                "<dt><code>{}</code> <span class=\"kind\">{kind}</span><dd>{}",
                escaped(field),
                prose(schema["description"].as_str().unwrap_or_default())
            );
        }
    }
    html.push_str("</dl>\n");
}

/// A schema, or those that it is put together from.
fn parts<'a>(document: &'a OpenApi, schema: &'a Schema) -> Vec<&'a Object> {
    match schema {
        Schema::Object(object) => vec![object],
        Schema::AllOf(all) => {
            let part = |item: &'a RefOr<Schema>| match item {
                RefOr::T(schema) => parts(document, schema),
                RefOr::Ref(reference) => {
                    let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
                    let schemas =
                        document.components.as_ref().map(|components| &components.schemas);
                    match schemas.and_then(|schemas| schemas.get(name)) {
                        Some(RefOr::T(schema)) => parts(document, schema),
                        _ => Vec::new(),
                    }
                }
            };
            all.items.iter().flat_map(part).collect()
        }
        _ => Vec::new(),
    }
}

/// A schema in words.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return format!("<a href=\"#{0}\">{0}</a>", escaped(name));
    }
    let word = |word: &str| match (word, schema["format"].as_str()) {
        ("array", _) => format!("list of {}", kind(&schema["items"])),
        ("object", _) if schema["additionalProperties"].is_object() => {
            format!("map to {}", kind(&schema["additionalProperties"]))
        }
        ("string", Some("date-time")) => "time".to_owned(),
        ("string", Some("uuid")) => "UUID".to_owned(),
        _ => escaped(word),
    };
    match &schema["type"] {
        Value::Array(words) => {
            words.iter().filter_map(Value::as_str).map(word).collect::<Vec<_>>().join(" or ")
        }
        other => word(other.as_str().unwrap_or("any")),
    }
}

/// Text with `code` in it.
fn prose(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts
        .map(
            |(i, part)| {
                if i % 2 == 1 { format!("<code>{}</code>", escaped(part)) } else { escaped(part) }
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_text_and_never_markup() {
        assert_eq!(prose("a <b> & `c<d>\"`"), "a &lt;b&gt; &amp; <code>c&lt;d&gt;&quot;</code>");
        assert_eq!(kind(&serde_json::json!({"type": "<script>"})), "&lt;script&gt;");
    }

    #[test]
    fn types_in_words() {
        let kind = |schema| kind(&schema);
        assert_eq!(kind(serde_json::json!({"type": ["integer", "null"]})), "integer or null");
        assert_eq!(
            kind(serde_json::json!({"type": "array", "items": {"type": "string"}})),
            "list of string"
        );
        let map =
            serde_json::json!({"type": "object", "additionalProperties": {"type": "integer"}});
        assert_eq!(kind(map), "map to integer");
        assert_eq!(kind(serde_json::json!({"type": "string", "format": "date-time"})), "time");
        assert_eq!(kind(serde_json::json!({})), "any");
    }
}
