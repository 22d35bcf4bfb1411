//! What is carried by hand: a file, and a code that a camera reads.

use std::path::Path;

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

use crate::failure::Failure;
use crate::output::note;

/// Writes a text, and shows it as a QR code where one holds it.
pub(crate) fn write(path: &Path, text: &str, brief: &str) -> Result<(), Failure> {
    std::fs::write(path, format!("{}\n", text.trim_end())).map_err(|error| {
        Failure::undone(format!("{}: {error}", path.display()), "name another file with --out")
    })?;
    note(&format!("written to {}", path.display()));
    match QrCode::with_error_correction_level(brief.trim_end(), EcLevel::L) {
        Ok(code) => note(&code.render::<Dense1x2>().build()),
        Err(_) => note("it is too long for a QR code; carry the file"),
    }
    Ok(())
}

/// A file that was carried here.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    crate::commands::license::verify::read(path)
}
