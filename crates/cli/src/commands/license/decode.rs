//! `licentia license decode`: what a key says, marked *not verified*.

use licentia_license::file::LicenseFile;
use licentia_license::verify::decode_unverified;
use serde_json::json;

use crate::failure::Failure;
use crate::output::Output;

/// Show what a key says, without checking it.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  licentia license decode eyJ…")]
pub struct Args {
    /// The key; `-` reads it from standard input.
    key: String,
}

pub(crate) fn run(args: &Args, out: Output) -> Result<(), Failure> {
    let text = match args.key.as_str() {
        "-" => std::io::read_to_string(std::io::stdin().lock())
            .map_err(|e| Failure::usage(format!("standard input: {e}"), "pipe the key into the command"))?,
        key => key.to_owned(),
    };
    let (header, claims) = LicenseFile::parse(&text)
        .and_then(|file| decode_unverified(&file.license))
        .map_err(|e| Failure::no(format!("{}: {e}", e.code()), e.advice()))?;
    let decoded = json!({ "verified": false, "header": header, "claims": claims });
    out.one(&decoded, |_| {
        format!("NOT VERIFIED: anybody could have written this\nheader {header:#}\nclaims {claims:#}\n")
    })
}
