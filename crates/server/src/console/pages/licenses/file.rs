//! `GET /console/licenses/{id}/file`: the licence file, to hand over.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use licentia_authority::{Authority, AuthorityError};
use licentia_license::file::LicenseFile;
use uuid::Uuid;

use crate::api::admin::query::Path;
use crate::console::trouble::{OrTrouble, Shown};
use crate::console::visitor::Visitor;

pub(crate) async fn handler(
    State(authority): State<Authority>,
    Path(id): Path<Uuid>,
    visitor: Visitor,
) -> Shown {
    let (visitor, license) = authority.show_license(id).await.or_trouble(visitor)?;
    let key = license.key.ok_or(AuthorityError::NotAllowed {
        what: "licence file",
        action: "made",
        state: "of a key that is not kept; re-issue the licence",
    });
    let (_, key) = key.or_trouble(visitor)?;
    let keyset = authority.trust().keyset_token().map(str::to_owned);
    let text = LicenseFile { keyset, ..LicenseFile::of_key(key) }.to_string();
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.lic\"")),
    ];
    Ok((headers, text).into_response())
}
