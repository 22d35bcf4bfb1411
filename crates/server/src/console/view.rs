//! Templates and what they can call. All of them are embedded; who edits them names their folder in
//! `LICENTIA_DEV_TEMPLATES`, and a debug build reads them from there on each request.

use std::sync::LazyLock;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use minijinja::value::{Kwargs, Rest, Serde, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior, Value};

use crate::console::{charts, messages};
use crate::html::escaped;

macro_rules! templates {
    ($($name:literal),+ $(,)?) => {
        const TEMPLATES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("templates/", $name)))),+];
    };
}

templates!(
    "frame.html",
    "parts.html",
    "stranger.html",
    "trouble.html",
    "log_in.html",
    "vouched.html",
    "first_password.html",
    "overview.html",
    "start.html",
    "licenses.html",
    "license.html",
    "license_act.html",
    "license_new.html",
    "license_preview.html",
    "license_made.html",
    "licenses_bulk.html",
    "customers.html",
    "customer.html",
    "products.html",
    "product.html",
    "plan.html",
    "revocations.html",
    "keys.html",
    "key_act.html",
    "usage.html",
    "audit.html",
    "audit_check.html",
    "operators.html",
    "operator.html",
    "account.html",
    "second_factor.html",
    "codes.html",
    "tokens.html",
    "token_made.html",
    "decode.html",
    "simulate.html",
    "settings.html",
    "jobs.html",
    "job.html",
    "pull_token_made.html",
    "portal_token_made.html",
    "portal_frame.html",
    "portal_log_in.html",
    "portal_link.html",
    "portal_license.html",
    "portal_later.html",
    "portal_trouble.html",
    "webhooks.html",
    "webhook.html",
    "webhook_secret.html",
    "releases.html",
    "release.html",
    "renewal_link.html",
    "link_made.html",
    "offline_parts.html",
    "offline.html",
    "portal_offline.html",
);

static EMBEDDED: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = with_functions();
    for (name, text) in TEMPLATES {
        // A test adds all of them; one that cannot be read is missing, and its page says so.
        if let Err(error) = environment.add_template(name, text) {
            tracing::error!(name, error = %error.to_string(), "a template cannot be read");
        }
    }
    environment
});

fn with_functions() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::Html);
    environment.set_formatter(none_is_empty);
    environment.add_function("t", told);
    environment.add_function("word", word);
    environment.add_function("query", query);
    environment.add_function("was", was);
    environment.add_function("once", once);
    environment.add_function("asset", |state: &State, name: &str| {
        // The portal has its own: whoever keeps the console from the public has them all the same.
        let folder = state.lookup("assets").map(|folder| folder.to_string());
        let folder = folder.as_deref().unwrap_or("/console/assets");
        format!("{folder}/{name}?v={}", *crate::console::pages::assets::VERSION)
    });
    environment.add_function("languages", languages);
    environment.add_function("bars", charts::bars);
    environment.add_function("line", charts::line);
    environment.add_function("stack", charts::stack);
    environment.add_function("share", charts::share);
    environment.add_function("qr", charts::qr);
    environment.add_filter("time", time);
    environment.add_filter("day", day);
    environment.add_filter("epoch", epoch);
    environment.add_filter("num", grouped);
    environment.add_filter("scaled", scaled);
    environment.add_filter("span", span);
    environment.add_filter("about", about);
    environment.add_filter("size", size);
    environment.add_filter("pretty", pretty);
    environment.add_filter("enc", |text: &str| encoded(text));
    environment
}

/// Whether every template can be read, and which not.
#[cfg(test)]
pub(crate) fn unreadable() -> Vec<String> {
    let mut environment = with_functions();
    let read = TEMPLATES.iter().filter_map(|(name, text)| {
        environment.add_template(name, text).err().map(|error| format!("{name}: {error}"))
    });
    read.collect()
}

/// What was done just before, in the address that a change leads to: one of the words in `done.*` of the messages.
#[derive(Default, serde::Deserialize)]
pub(crate) struct Done {
    done: Option<String>,
}

impl Done {
    /// The word, if it is one of ours.
    pub(crate) fn word(&self) -> Option<&str> {
        let word = self.done.as_deref()?;
        messages::text("en", &format!("done.{word}")).map(|_| word)
    }
}

/// A page, as the browser gets it.
pub(crate) fn page(template: &str, shown: serde_json::Value) -> Response {
    match render(template, shown) {
        Ok(html) => {
            let kind = HeaderValue::from_static("text/html; charset=utf-8");
            ([(header::CONTENT_TYPE, kind)], html).into_response()
        }
        Err(error) => {
            // `Display` names place and fault; `Debug` would show values of the page, which may be keys.
            tracing::error!(template, %error, "a page could not be made");
            let text = "This page could not be made. The server's log says why.";
            (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
        }
    }
}

fn render(template: &str, shown: serde_json::Value) -> Result<String, Error> {
    #[cfg(debug_assertions)]
    if let Some(folder) = std::env::var_os("LICENTIA_DEV_TEMPLATES") {
        let mut environment = with_functions();
        for (name, text) in TEMPLATES {
            let edited = std::fs::read_to_string(std::path::Path::new(&folder).join(name));
            environment.add_template_owned(*name, edited.unwrap_or_else(|_| (*text).to_owned()))?;
        }
        return environment.get_template(template)?.render(Serde(shown));
    }
    EMBEDDED.get_template(template)?.render(Serde(shown))
}

/// `null` is nothing to be seen.
fn none_is_empty(
    out: &mut minijinja::Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    if value.is_none() {
        return Ok(());
    }
    minijinja::escape_formatter(out, state, value)
}

fn wrong(what: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, what)
}

fn language(state: &State) -> String {
    state.lookup("lang").map_or_else(|| "en".to_owned(), |value| value.to_string())
}

/// `t("key", name=value…)`: a text in the reader's language.
/// What stands between backticks is a word of the command line.
#[expect(clippy::needless_pass_by_value, reason = "how templates call it")]
fn told(state: &State, key: &str, places: Kwargs) -> Result<Value, Error> {
    let text =
        messages::text(&language(state), key).ok_or_else(|| wrong(format!("no text `{key}`")))?;
    let mut text = text.to_owned();
    let names: Vec<String> = places.args().map(str::to_owned).collect();
    for name in names {
        let value: Value = places.get(&name)?;
        text = text.replace(&format!("{{{name}}}"), &value.to_string());
    }
    if !text.contains('`') {
        return Ok(Value::from(text));
    }
    let parts = text.split('`').enumerate().map(|(place, part)| {
        let part = escaped(part);
        if place % 2 == 1 { format!("<code>{part}</code>") } else { part }
    });
    Ok(Value::from_safe_string(parts.collect()))
}

/// `word("state", value)`: how people call it, or the word itself where there is no text for it.
fn word(state: &State, family: &str, word: &Value) -> String {
    let key = format!("{family}.{word}");
    messages::text(&language(state), &key).map_or_else(|| word.to_string(), str::to_owned)
}

/// `query(fields, name=value…)`: what stands behind the path, with these fields in place of the former.
#[expect(clippy::needless_pass_by_value, reason = "how templates call it")]
fn query(fields: &Value, places: Kwargs) -> Result<String, Error> {
    let mut pairs = std::collections::BTreeMap::new();
    if fields.kind() == ValueKind::Map {
        for key in fields.try_iter()? {
            let value = fields.get_item(&key)?;
            pairs.insert(key.to_string(), value);
        }
    }
    let names: Vec<String> = places.args().map(str::to_owned).collect();
    for name in names {
        pairs.insert(name.clone(), places.get(&name)?);
    }
    let mut text = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        if !value.is_none() && !value.is_undefined() && !value.to_string().is_empty() {
            text.append_pair(&name, &value.to_string());
        }
    }
    let text = text.finish();
    Ok(if text.is_empty() { text } else { format!("?{text}") })
}

/// `was(fields, "name", default)`: what was entered before, where a form is shown again.
fn was(fields: &Value, name: &str, default: Option<Value>) -> Value {
    let entered = fields.get_attr(name).ok().filter(|value| !value.is_undefined());
    entered.or(default).unwrap_or_else(|| Value::from(""))
}

/// What makes a form that is sent twice known.
fn once() -> Result<String, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|e| wrong(e.to_string()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn languages(_: Rest<Value>) -> Value {
    let all = messages::LANGUAGES.iter().map(|(code, name, _)| Value::from(vec![*code, *name]));
    Value::from(all.collect::<Vec<_>>())
}

/// A time in UTC; the script adds the reader's own beside it.
fn time(text: &str) -> Result<Value, Error> {
    let at: Timestamp = text.parse().map_err(|_| wrong(format!("no time: {text}")))?;
    let shown = at.strftime("%Y-%m-%d %H:%M");
    Ok(Value::from_safe_string(format!(
        "<time datetime=\"{}\">{shown} <abbr title=\"Coordinated Universal Time\">UTC</abbr></time>",
        at.strftime("%Y-%m-%dT%H:%M:%SZ")
    )))
}

/// Seconds since the epoch, as facts in the trail are.
fn epoch(at: i64) -> Result<Value, Error> {
    time(&Timestamp::from_second(at).unwrap_or_default().to_string())
}

/// A day in UTC.
fn day(text: &str) -> Result<Value, Error> {
    let at: Timestamp = text.parse().map_err(|_| wrong(format!("no time: {text}")))?;
    Ok(Value::from_safe_string(format!(
        "<time class=\"day\" datetime=\"{}\">{}</time>",
        at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        at.strftime("%Y-%m-%d")
    )))
}

/// 1234567 as 1 234 567, with narrow spaces, which every language reads alike.
fn grouped(value: &Value) -> String {
    let text = value.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, rest) = digits.split_once('.').map_or((digits, None), |(w, r)| (w, Some(r)));
    if !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return text;
    }
    let mut out = String::from(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    if let Some(rest) = rest {
        out.push('.');
        out.push_str(rest);
    }
    out
}

/// A meter's whole number with its decimal places.
fn scaled(value: i64, scale: u32) -> String {
    let one = 10_i64.checked_pow(scale).unwrap_or(1);
    if one == 1 {
        return grouped(&Value::from(value));
    }
    let (whole, part) = (value / one, (value % one).unsigned_abs());
    let width = usize::try_from(scale).unwrap_or_default();
    format!("{}.{part:0width$}", grouped(&Value::from(whole)))
}

/// Seconds as people say them.
fn span(seconds: i64) -> String {
    match seconds {
        s if s != 0 && s % 86_400 == 0 => format!("{} d", s / 86_400),
        s if s != 0 && s % 3_600 == 0 => format!("{} h", s / 3_600),
        s if s != 0 && s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

/// How long ago, to the unit that matters.
fn about(seconds: i64) -> String {
    match seconds {
        s if s >= 2 * 86_400 => format!("{} d", s / 86_400),
        s if s >= 2 * 3_600 => format!("{} h", s / 3_600),
        s if s >= 60 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

/// Bytes as people say them.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut unit = 0;
    let (mut whole, mut rest) = (bytes, 0);
    while whole >= 1024 && unit + 1 < UNITS.len() {
        (whole, rest) = (whole / 1024, whole % 1024);
        unit += 1;
    }
    match (whole, rest * 10 / 1024) {
        (whole, tenth) if whole < 10 && unit > 0 => format!("{whole}.{tenth} {}", UNITS[unit]),
        (whole, _) => format!("{whole} {}", UNITS[unit]),
    }
}

fn pretty(value: &Value) -> Result<String, Error> {
    serde_json::to_string_pretty(value).map_err(|e| wrong(e.to_string()))
}

/// For a part of a URL.
pub(crate) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_can_be_read() {
        assert_eq!(unreadable(), Vec::<String>::new());
    }

    #[test]
    fn numbers_and_spans_are_as_people_write_them() {
        let number = |n: i64| grouped(&Value::from(n)).replace('\u{202f}', " ");
        assert_eq!([number(7), number(1_000), number(-1_234_567)], ["7", "1 000", "-1 234 567"]);
        assert_eq!(scaled(1_234_567, 3).replace('\u{202f}', " "), "1 234.567");
        assert_eq!(
            [span(900), span(86_400), span(7_200), span(0), span(61)],
            ["15 min", "1 d", "2 h", "0 s", "61 s"]
        );
        assert_eq!(
            [size(0), size(1023), size(1024), size(10 * 1024), size(1536 * 1024), size(u64::MAX)],
            ["0 B", "1023 B", "1.0 KiB", "10 KiB", "1.5 MiB", "16777215 TiB"]
        );
        assert_eq!(encoded("/console?a=b c&d"), "%2Fconsole%3Fa%3Db%20c%26d");
    }
}
