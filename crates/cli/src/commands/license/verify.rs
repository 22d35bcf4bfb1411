//! `licentia license verify`: offline, with nothing but public keys.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::Timestamp;
use licentia_license::decide::{Circumstances, decide};
use licentia_license::file::LicenseFile;
use licentia_license::verify::verify;
use licentia_license::{Invalid, License, MAX_FILE_BYTES, Trust, Verified};
use licentia_model::Clock;
use licentia_server::system::SystemClock;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{Output, facts};

/// Check a key or licence file; needs no authority and no network. Exit status 0 valid, 1 not.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  licentia license verify --public-key trust.pem eyJ…\n  \
                  licentia license verify --public-key trust.pem --product bzzz --file ada.lic --json\n  \
                  echo eyJ… | licentia license verify --public-key trust.pem -"
)]
pub struct Args {
    /// The key; `-` reads it from standard input.
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    key: Option<String>,
    /// A licence file instead.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Whom to trust: a trust bundle, PEM or JWKS file; may be repeated.
    #[arg(long, required = true, value_name = "FILE")]
    public_key: Vec<PathBuf>,
    /// A keyset signed by one of them, where the licence brings none.
    #[arg(long, value_name = "FILE")]
    keyset: Option<PathBuf>,
    /// The product it must be for.
    #[arg(long, value_name = "CODE")]
    product: Option<String>,
    /// Judge as of this time instead of now.
    #[arg(long, value_name = "RFC3339")]
    at: Option<Timestamp>,
}

#[derive(Serialize)]
struct Report<'a> {
    valid: bool,
    code: &'a str,
    detail: String,
    license: Option<&'a License>,
}

pub(crate) fn run(args: &Args, out: Output) -> Result<ExitCode, Failure> {
    let mut trust = trust(&args.public_key)?;
    if let Some(path) = &args.keyset {
        let keyset = read(path)?;
        trust.accept_keyset(keyset.trim()).map_err(|e| {
            Failure::usage(format!("{}: {e}", path.display()), "give a keyset that one of the public keys signed")
        })?;
    }
    let now = args.at.map_or_else(|| SystemClock.now(), Timestamp::as_second);
    let checked = text(args)
        .and_then(|text| match text {
            Ok(text) => Ok(LicenseFile::parse(&text)),
            Err(invalid) => Ok(Err(invalid)),
        })?
        .and_then(|file| check(&file, &mut trust));
    let verdict = checked.as_ref().map_err(Clone::clone).and_then(|license| {
        let mut circumstances = Circumstances::at(now);
        circumstances.product = args.product.as_deref();
        decide(license, &circumstances)
    });
    report(checked.as_ref().ok(), verdict.err().as_ref(), out)
}

fn check(file: &LicenseFile, trust: &mut Trust) -> Result<Verified<License>, Invalid> {
    if let Some(keyset) = &file.keyset {
        // A keyset that no root signed helps nothing and harms nothing; the licence's own verdict tells more.
        let _ = trust.accept_keyset(keyset);
    }
    verify::<License>(&file.license, trust)
}

fn report(license: Option<&Verified<License>>, invalid: Option<&Invalid>, out: Output) -> Result<ExitCode, Failure> {
    let report = Report {
        valid: invalid.is_none(),
        code: invalid.map_or("valid", Invalid::code),
        detail: invalid.map_or_else(|| "the licence is valid".to_owned(), |e| format!("{e}. {}", e.advice())),
        license: license.map(Verified::claims),
    };
    out.one(&report, |report| {
        let mut text = format!("{}\n", if report.valid { "valid" } else { "NOT valid" });
        if let Some(license) = report.license {
            text.push_str(&describe(license));
        }
        text
    })?;
    match invalid {
        None => Ok(ExitCode::SUCCESS),
        Some(invalid) => Err(Failure::no(format!("{}: {invalid}", invalid.code()), invalid.advice())),
    }
}

fn describe(license: &License) -> String {
    let expires = license.exp.map_or_else(
        || "never".to_owned(),
        |at| Timestamp::from_second(at).map_or_else(|_| at.to_string(), |at| at.to_string()),
    );
    facts(&[
        ("license", license.sub.clone()),
        ("product", license.aud.clone()),
        ("plan", format!("{} ({})", license.plan, license.tier)),
        ("expires", expires),
        ("features", license.features.join(" ")),
    ])
}

/// The key's text. `Ok(Err(…))`: it could be read, and is too long to be a key.
fn text(args: &Args) -> Result<Result<String, Invalid>, Failure> {
    match (&args.file, args.key.as_deref()) {
        (Some(path), _) => std::fs::File::open(path)
            .and_then(bounded)
            .map_err(|e| Failure::usage(format!("{}: {e}", path.display()), "give the path of a licence file")),
        (None, Some("-")) => bounded(std::io::stdin().lock())
            .map_err(|e| Failure::usage(format!("standard input: {e}"), "pipe the key into the command")),
        (None, key) => Ok(Ok(key.unwrap_or_default().to_owned())),
    }
}

fn bounded(reader: impl Read) -> std::io::Result<Result<String, Invalid>> {
    let mut bytes = Vec::new();
    reader.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_FILE_BYTES {
        return Ok(Err(Invalid::Malformed("it is longer than 256 KiB")));
    }
    Ok(String::from_utf8(bytes).map_err(|_| Invalid::Malformed("it is not text")))
}

/// Joins the trust of all files.
pub(crate) fn trust(paths: &[PathBuf]) -> Result<Trust, Failure> {
    paths.iter().try_fold(Trust::default(), |trust, path| {
        let hint = "give a trust bundle (`licentia key export --public`), a PEM or a JWKS file";
        let more = Trust::from_text(&read(path)?)
            .map_err(|e| Failure::usage(format!("{}: {e}", path.display()), hint))?;
        trust.join(more).map_err(|e| Failure::usage(format!("{}: {e}", path.display()), hint))
    })
}

fn read(path: &Path) -> Result<String, Failure> {
    let file = std::fs::File::open(path).and_then(bounded);
    let unreadable = |e: &dyn std::fmt::Display| {
        Failure::usage(format!("{}: {e}", path.display()), "check the path and that this user may read it")
    };
    file.map_err(|e| unreadable(&e))?.map_err(|e| unreadable(&e))
}
