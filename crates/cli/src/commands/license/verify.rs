//! `licentia license verify`: offline, with nothing but public keys.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::Timestamp;
use licentia_authority::catalog::{self, Catalog};
use licentia_issue::keyfile;
use licentia_license::decide::{Circumstances, decide};
use licentia_license::file::LicenseFile;
use licentia_license::fingerprint::Fingerprint;
use licentia_license::revocations;
use licentia_license::scheme::{Plan, Profile, Rules, check};
use licentia_license::{Invalid, License, MAX_FILE_BYTES, Trust, Verified};
use licentia_model::Clock;
use licentia_server::system::SystemClock;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::output::{Output, facts, note};

/// Check a key or licence file; needs no authority and no network. Exit status 0 valid, 1 not.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  licentia license verify --public-key trust.pem eyJ…\n  \
                  licentia license verify --public-key trust.pem --product bzzz --file ada.lic --json\n  \
                  licentia license verify --secret-file tmws.secret --catalog tmws.toml TMWS-PRO-…\n  \
                  echo eyJ… | licentia license verify --public-key trust.pem -")]
pub struct Args {
    /// The key, of any scheme; `-` reads it from standard input.
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    key: Option<String>,
    /// A licence file instead.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Whom to trust: a trust bundle, PEM or JWKS file; may be repeated.
    #[arg(long, required_unless_present = "secret_file", value_name = "FILE")]
    public_key: Vec<PathBuf>,
    /// A secret that v1 keys are made with: the file's bytes less a trailing newline, readable by its owner
    /// only; may be repeated.
    #[arg(long, value_name = "FILE")]
    secret_file: Vec<PathBuf>,
    /// A keyset signed by one of the public keys, where the licence brings none.
    #[arg(long, value_name = "FILE")]
    keyset: Option<PathBuf>,
    /// A revocation list (`revocations.json`); the one in a licence file counts too.
    #[arg(long, value_name = "FILE")]
    revocations: Option<PathBuf>,
    /// The product it must be for; with a catalogue, that one's.
    #[arg(long, value_name = "CODE")]
    product: Option<String>,
    /// What v1 and v2 keys must begin with; with a catalogue, what that says.
    #[arg(long)]
    prefix: Option<String>,
    /// Accept the keys of a legacy issuer too.
    #[arg(long, value_parser = ["caio", "volcanic"])]
    profile: Option<String>,
    /// The product's catalogue: its plans say what v1 and legacy keys grant, and it names the profile and
    /// the schemes that are refused.
    #[arg(long, value_name = "FILE.toml")]
    catalog: Option<PathBuf>,
    /// The machine, as `licentia fingerprint` prints it.
    #[arg(long)]
    fingerprint: Option<String>,
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
            Failure::usage(
                format!("{}: {e}", path.display()),
                "give a keyset that one of the public keys signed",
            )
        })?;
    }
    let catalog = args.catalog.as_deref().map(read_catalog).transpose()?;
    let product = product(args, catalog.as_ref())?;
    let machine = args.fingerprint.as_deref().map(machine).transpose()?;
    let rules = rules(args, catalog, product.as_deref(), machine.as_ref())?;
    let now = args.at.map_or_else(|| SystemClock.now(), Timestamp::as_second);

    let mut lists = Vec::new();
    if let Some(path) = &args.revocations {
        let list = revocations::open(&crate::commands::revocations::verify::text(path)?, &trust);
        lists.push(list.map_err(|e| {
            Failure::usage(
                format!("{}: {e}", path.display()),
                "give a list that one of the public keys signed, or name the keyset",
            )
        })?);
    }
    let checked = text(args)?.and_then(|text| LicenseFile::parse(&text)).and_then(|file| {
        if let Some(keyset) = &file.keyset {
            // A keyset that no root signed helps nothing and harms nothing; the licence's own verdict tells more.
            let _ = trust.accept_keyset(keyset);
        }
        // The same goes for a list.
        let beside = file.revocations.as_deref();
        lists.extend(beside.and_then(|list| revocations::open(list, &trust).ok()));
        check(&file.license, &trust, &rules, now)
    });
    let verdict = checked.as_ref().map_err(Clone::clone).and_then(|license| {
        let mut circumstances = Circumstances::at(now).machine(machine.as_slice());
        circumstances.product = product.as_deref();
        decide(license, &circumstances)?;
        lists.iter().try_for_each(|list| {
            match revocations::weigh(list, &license.iss, None, now.saturating_mul(1_000_000)) {
                Ok(_) => list.admits(license, now),
                Err(no_news) => {
                    note(&format!("the revocation list does not count: {no_news}"));
                    Ok(())
                }
            }
        })
    });
    report(checked.as_ref().ok(), verdict.err().as_ref(), out)
}

fn product(args: &Args, catalog: Option<&Catalog>) -> Result<Option<String>, Failure> {
    let own = catalog.map(|catalog| &catalog.product.code);
    match (&args.product, own) {
        (Some(asked), Some(own)) if asked != own => Err(Failure::usage(
            format!("the catalogue is of the product `{own}`, not `{asked}`"),
            "give the catalogue of that product, or leave out --product",
        )),
        (asked, own) => Ok(asked.as_ref().or(own).cloned()),
    }
}

fn rules(
    args: &Args,
    catalog: Option<Catalog>,
    product: Option<&str>,
    machine: Option<&Fingerprint>,
) -> Result<Rules, Failure> {
    let mut rules = Rules::new();
    let named = args.profile.as_deref().and_then(|profile| profile.parse::<Profile>().ok());
    let profile = named.or(catalog.as_ref().and_then(|catalog| catalog.product.profile));
    if let Some(profile) = profile {
        rules = rules.profile(profile);
    }
    let prefix = args.prefix.clone().or(catalog.as_ref().map(|c| c.product.key_prefix.clone()));
    // A key that names no product is of the one that its prefix stands for, if that is told, and else of the
    // one that it spells. Volcanic Pixels' have no prefix either.
    if let Some(product) =
        product.filter(|_| prefix.is_some() || profile == Some(Profile::Volcanic))
    {
        rules = rules.product(product);
    }
    if let Some(prefix) = prefix {
        rules = rules.prefix(prefix);
    }
    if let Some(catalog) = catalog {
        rules = rules.default_plan(catalog.product.default_plan);
        for (scheme, from) in catalog.product.sunset {
            rules = rules.off(scheme, Some(from));
        }
        for plan in catalog.plans {
            rules = rules.plan(Plan {
                code: plan.code.into(),
                tier: plan.tier.into(),
                rank: plan.rank,
                features: plan.features.into_iter().map(Into::into).collect(),
                limits: plan.limits.into_iter().map(|(name, most)| (name.into(), most)).collect(),
                seats: plan.seats,
                nodes: plan.nodes,
            });
        }
    }
    if let Some(text) = &args.fingerprint {
        rules = rules.fingerprint(text);
        // TMWS's keys are made with the digits alone.
        if let Some(Fingerprint::HostMac(hash)) = machine {
            rules = rules.fingerprint(hash.digits());
        }
    }
    for path in &args.secret_file {
        let secret = read_secret(path)?;
        rules = rules.secret(trimmed(&secret), None).map_err(|e| {
            Failure::usage(
                format!("{}: {e}", path.display()),
                "`licentia key generate --alg hmac --out DIR` makes one",
            )
        })?;
    }
    Ok(rules)
}

/// A fingerprint, also in the seed's form: sixteen hex digits of host name and MAC.
fn machine(text: &str) -> Result<Fingerprint, Failure> {
    text.parse().or_else(|error| {
        let bare = !text.contains(':');
        bare.then(|| format!("host-mac:{text}").parse::<Fingerprint>().ok()).flatten().ok_or_else(
            || {
                Failure::usage(
                    format!("--fingerprint: {error}"),
                    "`licentia fingerprint` prints one",
                )
            },
        )
    })
}

fn read_catalog(path: &Path) -> Result<Catalog, Failure> {
    catalog::parse(&read(path)?).map_err(|e| {
        Failure::usage(format!("{}: {e}", path.display()), "correct the catalogue at that place")
    })
}

/// The bytes of a secret file, which nobody else may read.
pub(crate) fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    keyfile::read_secret(path).map_err(|e| {
        Failure::usage(
            format!("{}: {e}", path.display()),
            format!("check the path, and `chmod 600 {}` if others can read it", path.display()),
        )
    })
}

/// A secret is the file's bytes as they stand, less one line end.
pub(crate) fn trimmed(secret: &[u8]) -> &[u8] {
    secret.strip_suffix(b"\r\n").or(secret.strip_suffix(b"\n")).unwrap_or(secret)
}

fn report(
    license: Option<&Verified<License>>,
    invalid: Option<&Invalid>,
    out: Output,
) -> Result<ExitCode, Failure> {
    let report = Report {
        valid: invalid.is_none(),
        code: invalid.map_or("valid", Invalid::code),
        detail: invalid
            .map_or_else(|| "the licence is valid".to_owned(), |e| format!("{e}. {}", e.advice())),
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
        Some(invalid) => {
            Err(Failure::no(format!("{}: {invalid}", invalid.code()), invalid.advice()))
        }
    }
}

fn describe(license: &License) -> String {
    let expires = license.exp.map_or_else(
        || "never".to_owned(),
        |at| Timestamp::from_second(at).map_or_else(|_| at.to_string(), |at| at.to_string()),
    );
    let plan = match license.plan.as_str() {
        "" => license.tier.to_string(),
        plan => format!("{plan} ({})", license.tier),
    };
    facts(&[
        ("license", license.sub.to_string()),
        ("product", license.aud.to_string()),
        ("plan", plan),
        ("expires", expires),
        ("features", license.features.join(" ")),
    ])
}

/// The key's text. `Ok(Err(…))`: it could be read, and is too long to be a key.
fn text(args: &Args) -> Result<Result<String, Invalid>, Failure> {
    match (&args.file, args.key.as_deref()) {
        (Some(path), _) => std::fs::File::open(path).and_then(bounded).map_err(|e| {
            Failure::usage(format!("{}: {e}", path.display()), "give the path of a licence file")
        }),
        (None, Some("-")) => bounded(std::io::stdin().lock()).map_err(|e| {
            Failure::usage(format!("standard input: {e}"), "pipe the key into the command")
        }),
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

pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    let file = std::fs::File::open(path).and_then(bounded);
    let unreadable = |e: &dyn std::fmt::Display| {
        Failure::usage(
            format!("{}: {e}", path.display()),
            "check the path and that this user may read it",
        )
    };
    file.map_err(|e| unreadable(&e))?.map_err(|e| unreadable(&e))
}
