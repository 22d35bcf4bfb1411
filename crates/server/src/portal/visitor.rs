//! A customer who looks at a page of the portal, or sends one of its forms.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRef, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use licentia_authority::Authority;
use licentia_authority::portal::enter::Visit;
use licentia_protocol::Code;
use serde_json::{Value, json};

use crate::address::Proxies;
use crate::api::admin::caller::address;
use crate::console::{Fields, language, page};
use crate::extract::cookie;
use crate::portal::brand::Brand;
use crate::portal::pages::trouble;

/// The cookie of a visit.
pub(crate) const COOKIE: &str = "__Host-licentia_portal";

/// A customer who has shown a key.
pub(crate) struct Customer {
    pub(crate) visit: Visit,
    pub(crate) origin: String,
    pub(crate) language: &'static str,
    csrf: String,
    brand: Arc<Brand>,
    path: String,
}

impl<S> FromRequestParts<S> for Customer
where
    S: Send + Sync,
    Authority: FromRef<S>,
    Arc<Proxies>: FromRef<S>,
    Arc<Brand>: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let authority = Authority::from_ref(state);
        let brand = Arc::<Brand>::from_ref(state);
        let to_log_in = || Redirect::to("/portal").into_response();
        let Some(token) = cookie(&parts.headers, COOKIE) else { return Err(to_log_in()) };
        let visit = authority.portal_visit(&token).await;
        let visit = visit.map_err(|e| trouble(&brand, &parts.headers, e.into()))?;
        let Some(visit) = visit else { return Err(to_log_in()) };
        Ok(Self {
            visit,
            origin: address(parts, &Arc::<Proxies>::from_ref(state)).to_string(),
            language: language(&parts.headers),
            csrf: authority.csrf_token(&token),
            brand,
            path: parts.uri.path().to_owned(),
        })
    }
}

impl Customer {
    /// A page with what it is to show.
    pub(crate) fn page(&self, template: &str, shown: Value) -> Response {
        let mut all = around(&self.brand, self.language);
        all["csrf"] = self.csrf.as_str().into();
        all["path"] = self.path.as_str().into();
        all["inside"] = true.into();
        if let (Some(all), Value::Object(shown)) = (all.as_object_mut(), shown) {
            all.extend(shown);
        }
        page(template, all)
    }
}

/// What every page of the portal knows.
pub(crate) fn around(brand: &Brand, language: &str) -> Value {
    json!({
        "lang": language,
        "assets": "/portal/assets",
        "brand": {
            "name": brand.name, "logo": brand.has_logo(), "support": brand.support, "links": brand.links,
        },
        "inside": false,
        "csrf": "",
        "path": "/portal",
        "error": null,
        "done": null,
    })
}

/// A form that a customer sent.
pub(crate) struct Sent {
    pub(crate) customer: Customer,
    pub(crate) fields: Fields,
}

impl<S> FromRequest<S> for Sent
where
    S: Send + Sync,
    Authority: FromRef<S>,
    Arc<Proxies>: FromRef<S>,
    Arc<Brand>: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let customer = Customer::from_request_parts(&mut parts, state).await?;
        let headers = parts.headers.clone();
        let token = cookie(&headers, COOKIE).unwrap_or_default();
        let wrong = |code: Code| trouble(&customer.brand, &headers, code.into());
        let bytes = Bytes::from_request(Request::from_parts(parts, body), state).await;
        let fields = match bytes {
            Ok(bytes) => Fields::read(&bytes),
            Err(_) => return Err(wrong(Code::Malformed)),
        };
        let authority = Authority::from_ref(state);
        if !authority.is_csrf_token(&token, fields.raw("csrf").as_bytes()) {
            return Err(wrong(Code::CsrfMismatch));
        }
        Ok(Self { customer, fields })
    }
}
