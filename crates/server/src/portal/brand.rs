//! The vendor's name, logo and colour.

use std::fs;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use licentia_protocol::Code;

use crate::config::{Color, Portal};
use crate::problem::Failure;

/// Largest picture.
const MOST_BYTES: u64 = 512 * 1024;

/// How the portal looks.
#[derive(Default)]
pub(crate) struct Brand {
    pub(crate) enabled: bool,
    pub(crate) name: String,
    pub(crate) support: Option<String>,
    /// Whether a link to log in with can be mailed.
    pub(crate) links: bool,
    logo: Option<(&'static str, Vec<u8>)>,
    style: String,
}

impl Brand {
    /// As configured. A logo that cannot be read is left out, and the log says so.
    pub(crate) fn of(portal: &Portal, links: bool) -> Self {
        let logo = portal.logo.as_ref().and_then(|path| {
            let kind = match path.extension().and_then(|end| end.to_str()) {
                Some("svg") => "image/svg+xml",
                Some("png") => "image/png",
                Some("webp") => "image/webp",
                _ => {
                    tracing::warn!(path = %path.display(), "portal.logo wants an .svg, .png or .webp file");
                    return None;
                }
            };
            let small = fs::metadata(path).is_ok_and(|file| file.len() <= MOST_BYTES);
            match fs::read(path) {
                Ok(bytes) if small => Some((kind, bytes)),
                _ => {
                    tracing::warn!(path = %path.display(), "portal.logo cannot be read, or is larger than 512 KiB");
                    None
                }
            }
        });
        Self {
            enabled: portal.enabled,
            name: portal.name.clone(),
            support: portal.support.clone(),
            links,
            logo,
            style: portal.color.map(style).unwrap_or_default(),
        }
    }

    /// Whether there is a logo.
    pub(crate) fn has_logo(&self) -> bool {
        self.logo.is_some()
    }

    /// The logo.
    pub(crate) fn logo(&self) -> Response {
        let Some((kind, bytes)) = &self.logo else {
            return Failure::from(Code::NotFound).into_response();
        };
        (
            [(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, "public, max-age=300")],
            bytes.clone(),
        )
            .into_response()
    }

    /// The colour, as a style sheet.
    pub(crate) fn style(&self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, "text/css; charset=utf-8"),
            (header::CACHE_CONTROL, "public, max-age=300"),
        ];
        (headers, self.style.clone()).into_response()
    }
}

/// The colour where it can be read: on white it is darkened, and on black lightened, until the contrast is 4.5 (WCAG
/// AA); what stands on it is black or white.
fn style(color: Color) -> String {
    let light = reach(color, Color([255; 3]), |part| part * 0.95);
    let dark = reach(color, Color([21, 24, 30]), |part| part + (255.0 - part) * 0.06);
    let on = if contrast(color, Color([255; 3])) >= 4.5 { "#fff" } else { "#000" };
    format!(
        ":root{{--accent:light-dark({0},{1});--accent-solid:{2};--accent-solid-hover:{2};--on-accent:{on}}}",
        hex(light),
        hex(dark),
        hex(color)
    )
}

fn reach(color: Color, against: Color, step: impl Fn(f64) -> f64) -> Color {
    let mut parts = color.0.map(f64::from);
    for _ in 0..200 {
        let rounded = Color(parts.map(byte));
        if contrast(rounded, against) >= 4.6 {
            return rounded;
        }
        parts = parts.map(&step);
    }
    Color(parts.map(byte))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it lies between 0 and 255"
)]
fn byte(part: f64) -> u8 {
    part.round().clamp(0.0, 255.0) as u8
}

fn hex(Color([red, green, blue]): Color) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// The contrast of two colours (WCAG 2.2).
fn contrast(one: Color, other: Color) -> f64 {
    let luminance = |Color(parts): Color| {
        let [red, green, blue] = parts.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_colour_it_can_be_read() {
        for text in ["#ffff00", "#000000", "#ffffff", "#2f4fc4", "#ff0080", "#808080"] {
            let color = Color::try_from(text.to_owned()).unwrap();
            let light = reach(color, Color([255; 3]), |part| part * 0.95);
            let dark = reach(color, Color([21, 24, 30]), |part| part + (255.0 - part) * 0.06);
            assert!(contrast(light, Color([255; 3])) >= 4.5, "{text}");
            assert!(contrast(dark, Color([21, 24, 30])) >= 4.5, "{text}");
            let on = if style(color).ends_with("#fff}") { [255; 3] } else { [0; 3] };
            assert!(contrast(color, Color(on)) >= 4.5, "{text}");
        }
        for wrong in ["red", "#fff", "#12345g", ""] {
            assert!(Color::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
