//! What a page sends to change something.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRef, FromRequest, Request};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use licentia_authority::{Ask, Authority, AuthorityError, Credential, Once};
use licentia_protocol::Code;
use serde_json::{Map, Value};

use crate::address::Proxies;
use crate::console::trouble::Trouble;
use crate::console::visitor::Visitor;
use crate::extract::unreadable;
use crate::jobs::uses::Uses;

/// Longest name and most fields: more is nobody's form.
const MOST_FIELDS: usize = 5_000;

/// Fields by name, in their order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().take(MOST_FIELDS).collect())
    }

    /// The first of this name, as it was sent.
    pub(crate) fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// Without white space around it.
    pub(crate) fn text(&self, name: &str) -> String {
        self.raw(name).trim().to_owned()
    }

    /// `None` where nothing was entered.
    pub(crate) fn some(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// Every one of this name.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        let of = self.0.iter().filter(|(field, _)| field == name);
        of.map(|(_, value)| value.trim().to_owned()).filter(|value| !value.is_empty()).collect()
    }

    /// Whether a box is ticked.
    pub(crate) fn on(&self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| field == name)
    }

    /// Those whose name begins so, with the rest of it.
    pub(crate) fn beginning<'f>(
        &'f self,
        start: &'f str,
    ) -> impl Iterator<Item = (&'f str, &'f str)> {
        let of = self.0.iter();
        of.filter_map(move |(name, value)| Some((name.strip_prefix(start)?, value.trim())))
    }

    /// Those of these names, for a template: what is not there is empty.
    pub(crate) fn of(&self, names: &[&str]) -> Value {
        names.iter().map(|name| ((*name).to_owned(), Value::from(self.text(name)))).collect()
    }

    /// Every one but the token, for a template that shows a form again.
    pub(crate) fn every(&self) -> Value {
        let fields = self.0.iter().rev().filter(|(name, _)| name != "csrf");
        let fields: Map<String, Value> =
            fields.map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
        Value::Object(fields)
    }

    /// A number, `None` where nothing was entered.
    pub(crate) fn number<T: std::str::FromStr>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, AuthorityError> {
        self.some(name).map(|text| number(name, &text)).transpose()
    }

    /// A day, `YYYY-MM-DD`, or a time to the minute as browsers send it, in UTC. A day means all of it where `end`.
    pub(crate) fn time(
        &self,
        name: &'static str,
        end: bool,
    ) -> Result<Option<Timestamp>, AuthorityError> {
        let Some(text) = self.some(name) else { return Ok(None) };
        let wrong = || AuthorityError::Invalid { field: name, problem: "it must be a date".into() };
        let midnight = |date: jiff::civil::Date| {
            date.to_zoned(jiff::tz::TimeZone::UTC).map(|at| at.timestamp()).map_err(|_| wrong())
        };
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(Some(at));
        }
        if text.contains('T') {
            let at: jiff::civil::DateTime = text.parse().map_err(|_| wrong())?;
            let at = at.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| wrong())?;
            return Ok(Some(at.timestamp()));
        }
        let date: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
        let date = if end { date.tomorrow().map_err(|_| wrong())? } else { date };
        midnight(date).map(Some)
    }
}

/// A number that somebody wrote.
pub(crate) fn number<T: std::str::FromStr>(
    field: &'static str,
    text: &str,
) -> Result<T, AuthorityError> {
    text.parse()
        .map_err(|_| AuthorityError::Invalid { field, problem: "it must be a whole number".into() })
}

/// A form that an operator sent.
pub(crate) struct Form {
    pub(crate) visitor: Visitor,
    pub(crate) fields: Fields,
    route: String,
}

impl<S> FromRequest<S> for Form
where
    S: Send + Sync,
    Authority: FromRef<S>,
    Arc<Proxies>: FromRef<S>,
    Uses: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let visitor = Visitor::of(&parts, state).await?;
        let route = format!("{} {}", parts.method, parts.uri.path());
        let request = Request::from_parts(parts, body);
        let bytes = match Bytes::from_request(request, state).await {
            Ok(bytes) => bytes,
            Err(rejection) => {
                return Err(Trouble::told(visitor, unreadable(&rejection)).into_response());
            }
        };
        let fields = Fields::read(&bytes);
        if !visitor.sent(&Authority::from_ref(state), fields.raw("csrf")) {
            return Err(Trouble::told(visitor, Code::CsrfMismatch.into()).into_response());
        }
        Ok(Self { visitor, fields, route })
    }
}

impl Form {
    /// The change that it asks for; sent twice with the same `once`, it is made once.
    pub(crate) fn ask(&self) -> Ask {
        let once = self.fields.some("once").filter(|key| key.len() <= 255);
        let fields = self.fields.0.iter().filter(|(name, _)| name != "csrf");
        let request: Vec<_> = fields.collect();
        let credential = match self.visitor.principal.credential {
            Credential::Token(id) | Credential::Session(id) => id.to_string(),
            Credential::Local => String::new(),
        };
        Ask {
            actor: self.visitor.actor(),
            once: once.map(|key| Once {
                key,
                route: self.route.clone(),
                credential,
                request: serde_json::to_string(&request).unwrap_or_default(),
            }),
            only_if: self.fields.some("version").map(|version| vec![version]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_they_were_entered() {
        let fields =
            Fields::read(b"a=+1+&a=2&b=%C3%BC&on=1&when=2027-02-28&at=2027-02-28T10:30&x.y=3");
        assert_eq!((fields.raw("a"), fields.text("a").as_str()), (" 1 ", "1"));
        assert_eq!(fields.all("a"), ["1", "2"]);
        assert_eq!(fields.some("b").as_deref(), Some("ü"));
        assert_eq!(fields.some("none"), None);
        assert!(fields.on("on") && !fields.on("off"));
        assert_eq!(fields.number::<u32>("a").unwrap(), Some(1));
        assert!(fields.number::<u32>("b").is_err());
        let at = |name, end| fields.time(name, end).unwrap().unwrap().to_string();
        assert_eq!(at("when", true), "2027-03-01T00:00:00Z");
        assert_eq!(at("when", false), "2027-02-28T00:00:00Z");
        assert_eq!(at("at", true), "2027-02-28T10:30:00Z");
        assert!(fields.time("b", false).is_err());
        assert_eq!(fields.beginning("x.").collect::<Vec<_>>(), [("y", "3")]);
    }
}
