//! `licentia license decode`: what a key says, marked *not verified*.

use licentia_license::file::LicenseFile;
use licentia_license::scheme::{Decoded, decode};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{Output, facts};

/// Show what a key of any scheme says, without checking it.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  licentia license decode eyJ…")]
pub struct Args {
    /// The key; `-` reads it from standard input.
    key: String,
}

#[derive(Serialize)]
struct Report {
    verified: bool,
    #[serde(flatten)]
    decoded: Decoded,
}

pub(crate) fn run(args: &Args, out: Output) -> Result<(), Failure> {
    let text = match args.key.as_str() {
        "-" => std::io::read_to_string(std::io::stdin().lock()).map_err(|e| {
            Failure::usage(format!("standard input: {e}"), "pipe the key into the command")
        })?,
        key => key.to_owned(),
    };
    let decoded = LicenseFile::parse(&text)
        .and_then(|file| decode(&file.license))
        .map_err(|e| Failure::no(format!("{}: {e}", e.code()), e.advice()))?;
    out.one(&Report { verified: false, decoded }, |report| describe(&report.decoded))
}

fn describe(decoded: &Decoded) -> String {
    let mut lines = vec![("scheme", decoded.scheme.to_owned())];
    lines.extend(decoded.parts.iter().map(|(name, part)| (*name, part.clone())));
    let mut text = format!("NOT VERIFIED: anybody could have written this\n{}", facts(&lines));
    for (name, value) in [("header", &decoded.header), ("claims", &decoded.claims)] {
        if let Some(value) = value {
            text.push_str(&format!("{name} {value:#}\n"));
        }
    }
    text
}
