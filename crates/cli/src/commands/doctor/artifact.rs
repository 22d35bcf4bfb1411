//! `licentia doctor artifact`: no secret reaches customers.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::finding::Finding;
use super::scan::{MIN_SECRET_BYTES, Scanner, Secret};
use super::walk::{Walk, Wanted};
use crate::failure::Failure;
use crate::output::{Output, note};

/// Prove that what goes to customers holds no secret: files, folders, archives, wheels, images.
///
/// Looks into tar and zip archives, wheels, `docker save` and OCI images with all their layers. Exit status
/// 0: nothing found; 1: findings; 2: the artifact could not be read. What could not be looked into is a
/// finding. No finding shows the secret itself.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  licentia doctor artifact dist/bzzz-1.4.whl --no-source --require-notices\n  \
                        docker save bzzz:1.4 -o bzzz.tar && \\\n    \
                        licentia doctor artifact bzzz.tar --secret-file ./caio.secret --no-source=app"
)]
pub struct Args {
    /// File, folder, archive or image.
    #[arg(value_name = "PATH|IMAGE.tar")]
    path: PathBuf,
    /// A secret to look for, also in base64 and hexadecimal: the file's bytes less a trailing newline; may
    /// be repeated.
    #[arg(long, value_name = "FILE")]
    secret_file: Vec<PathBuf>,
    /// A further name of a secret variable, `*` for any beginning; may be repeated.
    #[arg(long, value_name = "NAME")]
    secret_name: Vec<String>,
    /// No source files either, or none in this folder of the artifact.
    #[arg(long, value_name = "FOLDER", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    no_source: Option<String>,
    /// LICENSE and NOTICE must be there, or be in this folder of the artifact.
    #[arg(long, value_name = "FOLDER", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    require_notices: Option<String>,
    /// A file or folder of the artifact that is another's, such as a library with test keys: only tokens and
    /// the secrets given count there; may be repeated.
    #[arg(long, value_name = "PATH")]
    ignore: Vec<String>,
}

pub(crate) fn run(args: &Args, out: Output) -> Result<ExitCode, Failure> {
    let secrets =
        args.secret_file.iter().map(|path| secret(path)).collect::<Result<Vec<_>, _>>()?;
    if let Some(name) = args.secret_name.iter().find(|name| !is_name(name)) {
        return Err(Failure::usage(
            format!("`{name}` is no name of a variable"),
            "letters, digits and `_`, with `*` at the beginning if wanted",
        ));
    }
    let scanner = Scanner::new(&secrets, &args.secret_name)
        .map_err(|e| Failure::usage(&e, "give fewer or shorter secrets"))?;
    if args.ignore.iter().any(|path| path.trim_matches('/').is_empty()) {
        return Err(Failure::usage(
            "--ignore names the whole artifact",
            "name a file or folder in it",
        ));
    }
    let wanted = Wanted {
        no_source: args.no_source.clone(),
        notices: args.require_notices.clone(),
        ignored: args.ignore.clone(),
    };
    let unreadable = |error: &io::Error| {
        Failure::usage(
            format!("{} cannot be read: {error}", args.path.display()),
            "check the path, and that the file is whole",
        )
    };
    let walked = Walk::through(&args.path, &scanner, &wanted).map_err(|e| unreadable(&e))?;
    for finding in &walked.findings {
        print(finding, out)?;
    }
    if let Some(error) = walked.broken {
        return Err(unreadable(&error));
    }
    if walked.findings.is_empty() {
        note("clean: nothing that should not reach customers was found");
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::no(
        format!("{} findings in {}", walked.findings.len(), args.path.display()),
        "take them out, build the artifact again and repeat the check",
    ))
}

fn print(finding: &Finding, out: Output) -> Result<(), Failure> {
    if out.json {
        return out.one(finding, |_| String::new());
    }
    let severity = finding.severity.as_str();
    out.line(&format!("{severity:6}  {}: {}; {}", finding.place(), finding.message, finding.advice))
}

fn secret(path: &Path) -> Result<Secret, Failure> {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let mut bytes = fs::read(path).map_err(|e| {
        Failure::usage(format!("{}: {e}", path.display()), "name a file that holds one secret")
    })?;
    if bytes.ends_with(b"\n") {
        bytes.pop();
        if bytes.ends_with(b"\r") {
            bytes.pop();
        }
    }
    if bytes.len() < MIN_SECRET_BYTES {
        return Err(Failure::usage(
            format!("the secret in {} is shorter than {MIN_SECRET_BYTES} bytes", path.display()),
            "so short a text is everywhere by chance: choose a longer secret",
        ));
    }
    Ok(Secret { name, bytes })
}

fn is_name(name: &str) -> bool {
    let name = name.strip_prefix('*').unwrap_or(name);
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
