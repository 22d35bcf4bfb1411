//! `POST /console/language`, and `/portal/language`: the reader's choice of a language, kept in a cookie. Open to anybody.

use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::console::form::Fields;
use crate::console::messages::{COOKIE, LANGUAGES};
use crate::console::pages::log_in::ours;

pub(crate) async fn handler(body: Bytes) -> Response {
    let fields = Fields::read(&body);
    let next = fields.raw("next");
    let next =
        if ["/portal", "/portal/license"].contains(&next) { next.to_owned() } else { ours(next) };
    let mut response = Redirect::to(&next).into_response();
    let chosen = fields.text("language");
    if let Some((code, ..)) = LANGUAGES.iter().find(|(code, ..)| *code == chosen) {
        let cookie =
            format!("{COOKIE}={code}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=31536000");
        if let Ok(cookie) = HeaderValue::try_from(cookie) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
    }
    response
}
