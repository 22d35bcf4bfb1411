//! `GET /console/assets/{name}`: style, script, icons and the one font, embedded.

use std::sync::LazyLock;

use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_protocol::Code;
use sha2::{Digest, Sha256};

use crate::console::trouble::Trouble;

const FILES: [(&str, &str, &[u8]); 5] = [
    ("console.css", "text/css; charset=utf-8", include_bytes!("../assets/console.css")),
    ("console.js", "text/javascript; charset=utf-8", include_bytes!("../assets/console.js")),
    ("icons.svg", "image/svg+xml", include_bytes!("../assets/icons.svg")),
    ("icon.svg", "image/svg+xml", include_bytes!("../assets/icon.svg")),
    // Inter, latin, variable weight; SIL Open Font License 1.1 (NOTICE).
    ("inter.woff2", "font/woff2", include_bytes!("../assets/inter.woff2")),
];

/// Changes with any of them: pages ask for this version, so that an old one is never kept.
pub(crate) static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut digest = Sha256::new();
    for (_, _, bytes) in FILES {
        digest.update(bytes);
    }
    Base64UrlUnpadded::encode_string(&digest.finalize()[..9])
});

pub(crate) async fn handler(
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some((_, kind, bytes)) = FILES.iter().find(|(known, ..)| *known == name) else {
        return Trouble::of(&headers, Code::NotFound.into()).into_response();
    };
    #[cfg(debug_assertions)]
    if let Some(folder) = std::env::var_os("LICENTIA_DEV_TEMPLATES") {
        let path = std::path::Path::new(&folder).join("../assets").join(&name);
        if let Ok(bytes) = std::fs::read(path) {
            return ([(header::CONTENT_TYPE, *kind)], bytes).into_response();
        }
    }
    let versioned = query.as_deref().and_then(|query| query.strip_prefix("v="));
    let kept = match versioned {
        Some(version) if version == *VERSION => "public, max-age=31536000, immutable",
        _ => "public, max-age=300",
    };
    ([(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, kept)], *bytes).into_response()
}
