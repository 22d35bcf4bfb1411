//! `licentia license issue`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use licentia_authority::licenses::issue::{Order, Term};
use licentia_license::file::LicenseFile;
use licentia_license::fingerprint::Bind;
use licentia_model::Scheme;

use crate::args::Cli;
use crate::commands::license::describe;
use crate::failure::Failure;
use crate::local::{actor, authority};
use crate::output::{Output, note};

/// Issue a licence.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  licentia license issue --product bzzz --plan standard --email ada@example.com --days 365\n  \
                  licentia license issue --product tmws --plan enterprise --email ada@example.com --perpetual \
                  --file ada.lic"
)]
pub struct Args {
    /// Product code.
    #[arg(long, value_name = "CODE")]
    product: String,
    /// Plan code; none: the product's default plan.
    #[arg(long, value_name = "CODE")]
    plan: Option<String>,
    /// The customer's e-mail address.
    #[arg(long)]
    email: String,
    /// The customer's personal name.
    #[arg(long)]
    name: Option<String>,
    /// The customer's organisation.
    #[arg(long)]
    organization: Option<String>,
    /// Valid through the end of this day, UTC.
    #[arg(long, value_name = "YYYY-MM-DD", group = "term")]
    expires: Option<Date>,
    /// Valid for so many days from now.
    #[arg(long, value_name = "N", group = "term", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: Option<u32>,
    /// Valid for ever; what happens too if nothing is said.
    #[arg(long, group = "term")]
    perpetual: bool,
    /// A trial licence.
    #[arg(long)]
    trial: bool,
    /// Bind it to the machine with this fingerprint (`licentia fingerprint` prints it there).
    #[arg(long, value_name = "FINGERPRINT")]
    bind: Option<Bind>,
    /// Key scheme; none: the product's.
    #[arg(long, value_parser = ["jwt", "v2", "v1", "short"])]
    scheme: Option<String>,
    /// A free attribute; may be repeated.
    #[arg(long, value_name = "K=V", value_parser = attribute)]
    attr: Vec<(String, String)>,
    /// Write a licence file too.
    #[arg(long, value_name = "OUT.lic")]
    file: Option<PathBuf>,
}

pub(crate) async fn run(cli: &Cli, args: &Args, out: Output) -> Result<(), Failure> {
    let term = match (args.expires, args.days) {
        (Some(date), _) => Term::Until(end_of_day(date)?),
        (None, Some(days)) => Term::Days(days),
        (None, None) => Term::Perpetual,
    };
    if term == Term::Perpetual && !args.perpetual {
        note("neither --expires nor --days: the licence is perpetual");
    }
    let file = args.file.as_ref().map(|path| reserve(path)).transpose()?;
    let authority = authority(cli).await?;
    let issued = authority.issue(order(args, term), actor()).await;
    let license = match (issued, &file) {
        (Ok(license), _) => license,
        (Err(error), Some(path)) => {
            // Nothing was issued, so the empty file that held the place goes too.
            let _ = std::fs::remove_file(path);
            return Err(error.into());
        }
        (Err(error), None) => return Err(error.into()),
    };
    if let Some(path) = file {
        let keyset = authority.trust().keyset_token().map(str::to_owned);
        let key = license.key.clone().unwrap_or_default();
        let text = LicenseFile { license: key, keyset, ..LicenseFile::default() }.to_string();
        std::fs::write(path, text).map_err(|e| {
            Failure::undone(
                format!(
                    "the licence {} is issued, but {} was not written: {e}",
                    license.id,
                    path.display()
                ),
                format!("`licentia license show {}` prints its key", license.id),
            )
        })?;
        note(&format!("wrote {}", path.display()));
    }
    out.one(&license, describe)
}

fn order(args: &Args, term: Term) -> Order {
    Order {
        product: args.product.clone(),
        plan: args.plan.clone(),
        scheme: args.scheme.as_deref().and_then(|scheme| scheme.parse::<Scheme>().ok()),
        email: args.email.clone(),
        name: args.name.clone(),
        organization: args.organization.clone(),
        term,
        trial: args.trial,
        bind: args.bind.clone(),
        attributes: args.attr.iter().cloned().collect::<BTreeMap<_, _>>(),
    }
}

/// Takes the place of the licence file before anything is issued; an existing file is never overwritten.
fn reserve(path: &PathBuf) -> Result<&PathBuf, Failure> {
    std::fs::OpenOptions::new().write(true).create_new(true).open(path).map(|_| path).map_err(|e| {
        Failure::undone(
            format!("{}: {e}", path.display()),
            "nothing was issued; choose another place for --file",
        )
    })
}

/// The first second after that day, UTC.
fn end_of_day(date: Date) -> Result<i64, Failure> {
    date.checked_add(1.day())
        .and_then(|next| next.to_zoned(TimeZone::UTC))
        .map(|start| start.timestamp().as_second())
        .map_err(|_| {
            Failure::usage("the date is outside the calendar", "give a date such as 2027-12-31")
        })
}

fn attribute(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.to_owned()))
        }
        _ => Err("wants name=value".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_valid_through_its_end() {
        // 2027-01-01T00:00:00Z
        assert_eq!(end_of_day(Date::constant(2026, 12, 31)).ok(), Some(1_798_761_600));
        assert!(end_of_day(Date::MAX).is_err());
    }
}
