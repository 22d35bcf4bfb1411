//! `licentia manifest`: what a release consists of, signed, and whether a folder is that release.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use licentia::{Finding, Integrity};
use licentia_issue::sign::sign;
use licentia_license::manifest::{Artifact, Manifest};
use licentia_license::verify::{decode_unverified, verify as verify_document};
use licentia_model::Clock;
use licentia_server::system::SystemClock;
use serde_json::{Value, json};

use crate::args::Cli;
use crate::commands::license::verify::{read, trust};
use crate::failure::Failure;
use crate::local::{actor, authority};
use crate::output::Output;
use crate::signer;

const FILE: &str = "manifest.jwt";
/// Behind a file's name: what its own signer says of it.
const SIGNER_SUFFIX: &str = ".manifest.jwt";

/// What can be done with a manifest.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Sign what a release consists of: every file below a folder, with its SHA-256.
    Create(Create),
    /// Check that a folder is the release that its manifest says. Exit status 0 it is, 1 it is not.
    Verify(Verify),
}

/// With `--key` it needs no authority; without, the authority's own key signs and the audit trail has it.
///
/// Beside a file `NAME` may lie `NAME.manifest.jwt`, a manifest of that file alone by whoever made it: then its
/// signer and version are part of the release's manifest, and the guard checks them too.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  licentia manifest create dist --product bzzz --version 2.1.0\n  \
                  licentia manifest create dist --product bzzz --version 2.1.0 --key 1f3c….private.pem --issuer https://licenses.example.com"
)]
pub struct Create {
    /// The folder as it is shipped.
    dir: PathBuf,
    /// The product's code.
    #[arg(long, value_name = "CODE")]
    product: String,
    /// Version of the release.
    #[arg(long)]
    version: String,
    /// A private key to sign with instead of the authority's: PEM, readable by its owner only, or a PKCS#11 URI.
    #[arg(long, value_name = "PRIVATE.pem")]
    key: Option<PathBuf>,
    /// The passphrase of the private key: a file with one line, readable by its owner only.
    #[arg(long, value_name = "FILE", requires = "key")]
    passphrase_file: Option<PathBuf>,
    /// The vendor, as products know it.
    #[arg(long, value_name = "URL", requires = "key", default_value = "")]
    issuer: String,
    /// Where to write it; without it, `manifest.jwt` in the folder, where the guard looks.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Check a folder against the `manifest.jwt` in it.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  licentia manifest verify dist --public-key trust.pem && echo as released"
)]
pub struct Verify {
    /// The folder.
    dir: PathBuf,
    /// Whom to trust: a trust bundle, PEM or JWKS file; may be repeated.
    #[arg(long, required = true, value_name = "FILE")]
    public_key: Vec<PathBuf>,
    /// A folder in it that may hold other files too; may be repeated.
    #[arg(long, value_name = "NAME")]
    open: Vec<String>,
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<ExitCode, Failure> {
    match command {
        Command::Create(args) => create(cli, args, out).await.map(|()| ExitCode::SUCCESS),
        Command::Verify(args) => verify(args, out),
    }
}

async fn create(cli: &Cli, args: &Create, out: Output) -> Result<(), Failure> {
    let path = args.out.clone().unwrap_or_else(|| args.dir.join(FILE));
    let mut artifacts = Vec::new();
    walk(&args.dir, "", &path, &mut artifacts)?;
    artifacts.sort_by(|one, other| one.name.cmp(&other.name));
    if artifacts.is_empty() {
        return Err(Failure::usage(
            format!("{}: there is no file in it", args.dir.display()),
            "name the folder as it is shipped",
        ));
    }
    let files = artifacts.len();
    let (product, version) = (args.product.clone(), args.version.clone());
    let token = match &args.key {
        Some(key) => {
            let signer = signer::open(
                key,
                args.passphrase_file.as_deref(),
                "--passphrase-file",
                "`licentia key generate` makes one",
            )?;
            let manifest = Manifest {
                iss: args.issuer.clone(),
                iat: SystemClock.now(),
                exp: None,
                product,
                version,
                artifacts,
            };
            sign(&manifest, &*signer)
                .map_err(|e| Failure::undone(e, "check the key and try again"))?
        }
        None => authority(cli).await?.sign_manifest(product, version, artifacts, actor()).await?,
    };
    fs::write(&path, format!("{token}\n")).map_err(|e| unwritable(&path, &e))?;
    let value = json!({ "manifest": path, "files": files, "version": args.version });
    out.one(&value, |_| format!("{} lists {files} files", path.display()))
}

fn verify(args: &Verify, out: Output) -> Result<ExitCode, Failure> {
    let trust = trust(&args.public_key)?;
    let path = args.dir.join(FILE);
    let text = fs::read_to_string(&path).map_err(|e| {
        Failure::usage(format!("{}: {e}", path.display()), "`licentia manifest create` makes it")
    })?;
    let manifest = match verify_document::<Manifest>(text.trim(), &trust) {
        Ok(manifest) => manifest,
        Err(invalid) => {
            let value =
                json!({ "valid": false, "code": invalid.code(), "detail": invalid.to_string() });
            out.one(&value, |_| format!("the manifest does not check out: {invalid}"))?;
            return Ok(ExitCode::FAILURE);
        }
    };
    let (product, version) = (&manifest.product, &manifest.version);
    let mut integrity = Integrity::new().root(&args.dir).closed();
    for folder in &args.open {
        integrity = integrity.open_folder(folder);
    }
    let findings = integrity.check_folder(product, &trust);
    let value = json!({
        "valid": findings.is_empty(),
        "product": product,
        "version": version,
        "findings": findings.iter().map(as_json).collect::<Vec<_>>(),
    });
    out.one(&value, |_| match findings.is_empty() {
        true => format!("{} is {product} {version}", args.dir.display()),
        false => findings.iter().map(|finding| format!("{finding}\n")).collect(),
    })?;
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn as_json(finding: &Finding) -> Value {
    json!({ "fact": finding.fact.as_str(), "name": finding.name, "detail": finding.detail })
}

/// Every file below, links to files included, less the manifest itself and what signers say of files.
fn walk(
    root: &Path,
    folder: &str,
    manifest: &Path,
    artifacts: &mut Vec<Artifact>,
) -> Result<(), Failure> {
    let here = root.join(folder);
    for entry in fs::read_dir(&here).map_err(|e| unreadable(&here, &e))? {
        let path = entry.map_err(|e| unreadable(&here, &e))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(Failure::usage(
                format!("{}: its name is not UTF-8", path.display()),
                "rename it",
            ));
        };
        let name = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        if path.is_dir() {
            walk(root, &name, manifest, artifacts)?;
        } else if path != manifest && name != FILE && !name.ends_with(SIGNER_SUFFIX) {
            artifacts.push(artifact(&path, name)?);
        }
    }
    Ok(())
}

fn artifact(path: &Path, name: String) -> Result<Artifact, Failure> {
    let sha256 = File::open(path)
        .and_then(|mut file| licentia::integrity::sha256(&mut file))
        .map_err(|e| unreadable(path, &e))?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(SIGNER_SUFFIX);
    let beside = PathBuf::from(beside);
    if !beside.exists() {
        return Ok(Artifact { name, version: None, sha256, signer: None });
    }
    // Whether its signature holds is for those who trust its signer; what it says has to fit.
    let statement = read(&beside)?;
    let (header, claims) = decode_unverified(statement.trim()).map_err(|e| {
        Failure::usage(
            format!("{}: {e}", beside.display()),
            "a manifest of the file alone belongs there",
        )
    })?;
    let signs =
        claims["artifacts"].as_array().into_iter().flatten().any(|a| a["sha256"] == *sha256);
    if !signs {
        return Err(Failure::usage(
            format!("{}: it is about another file than {name}", beside.display()),
            "have the file's maker sign it again",
        ));
    }
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Ok(Artifact { name, version: text(&claims["version"]), sha256, signer: text(&header["kid"]) })
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(
        format!("{}: {error}", path.display()),
        "check the path and that this user may read it",
    )
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::undone(
        format!("{}: {error}", path.display()),
        "choose a place that can be written to with --out",
    )
}
