//! A whole list as a file, a part at a time: memory holds one part, and the reader sets the pace.

use std::future::Future;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use licentia_authority::AuthorityError;
use licentia_authority::export::{Format, Row, UnknownFormat, Writer};
use licentia_protocol::{Code, Problem};

use crate::problem::Failure;

/// Rows of one part.
pub(crate) const PART: u32 = 500;

/// The format that is asked for; JSON, if nothing is said.
pub(crate) fn format(word: Option<&str>) -> Result<Format, Failure> {
    word.map_or(Ok(Format::default()), |word| {
        let unknown = |e: UnknownFormat| {
            Problem::new(Code::Invalid).at("format", "invalid", &e.to_string()).into()
        };
        word.parse().map_err(unknown)
    })
}

/// Streams a list. `part` reads the rows after a place, and says where the next part begins; `None` at the end.
///
/// The first part is read before the answer begins, so that a failure is told as one. A later failure cuts the
/// connection: the file then has no end, and nobody takes it for whole.
pub(crate) async fn file<T, P, F, N>(
    name: &str,
    format: Format,
    mut part: N,
) -> Result<Response, Failure>
where
    T: Row + Send + 'static,
    P: Send + 'static,
    F: Future<Output = Result<(Vec<T>, Option<P>), AuthorityError>> + Send,
    N: FnMut(Option<P>) -> F + Send + 'static,
{
    let mut writer = Writer::new(format);
    let (rows, next) = part(None).await?;
    let first = writer.rows(&rows).map_err(|_| Failure::from(Code::Internal))?;
    enum At<P> {
        First(String, Option<P>),
        Next(Option<P>),
        Over,
    }
    let parts = stream::unfold(
        (At::First(first, next), writer, part),
        |(at, mut writer, mut part)| async move {
            let (text, at) = match at {
                At::Over => return None,
                At::First(text, next) => (Ok(text), At::Next(next)),
                At::Next(None) => (Ok(writer.end().to_owned()), At::Over),
                At::Next(Some(place)) => match part(Some(place)).await {
                    Ok((rows, next)) => {
                        (writer.rows(&rows).map_err(std::io::Error::other), At::Next(next))
                    }
                    Err(error) => {
                        tracing::warn!(%error, "an export was cut short");
                        (Err(std::io::Error::other(error)), At::Over)
                    }
                },
            };
            Some((text.map(Bytes::from), (at, writer, part)))
        },
    );
    let (media, extension) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "csv"),
        Format::Json => ("application/json", "json"),
    };
    let headers = [
        (header::CONTENT_TYPE, media.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.{extension}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(parts)).into_response())
}
