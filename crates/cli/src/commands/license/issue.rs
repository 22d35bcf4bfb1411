//! `licentia license issue`.

use std::path::PathBuf;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use licentia_license::file::LicenseFile;
use licentia_license::fingerprint::Bind;
use licentia_protocol::keyset;
use licentia_protocol::licenses::{NewLicense, Term};
use licentia_protocol::resource::License;
use reqwest::Method;

use crate::args::Cli;
use crate::commands::license::addons::Agreed;
use crate::commands::license::{bulk, describe};
use crate::failure::Failure;
use crate::office::Office;
use crate::output::{Output, note};

/// Issue a licence, or many.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  licentia license issue --product bzzz --plan standard --email ada@example.com --days 365\n  \
                  licentia license issue --product tmws --plan enterprise --email ada@example.com --perpetual \
                  --file ada.lic\n  \
                  licentia license issue --product bzzz --days 365 --from-csv customers.csv --json > issued.jsonl"
)]
pub struct Args {
    /// Product code.
    #[arg(long, value_name = "CODE")]
    pub(crate) product: String,
    /// Plan code; none: the product's default plan.
    #[arg(long, value_name = "CODE")]
    pub(crate) plan: Option<String>,
    /// The customer's e-mail address.
    #[arg(long, required_unless_present = "from_csv")]
    pub(crate) email: Option<String>,
    /// The customer's personal name.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The customer's organisation.
    #[arg(long)]
    pub(crate) organization: Option<String>,
    /// When it ends.
    #[command(flatten)]
    pub(crate) term: TermArgs,
    /// Not valid before this day, UTC; `--days` count from then.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) starts: Option<Date>,
    /// A trial licence; without an end it ends with the plan's trial.
    #[arg(long)]
    pub(crate) trial: bool,
    /// A trial although the customer had one already.
    #[arg(long, requires = "trial")]
    another_trial: bool,
    /// Bind it to the machine with this fingerprint (`licentia fingerprint` prints it there).
    #[arg(long, value_name = "FINGERPRINT", value_parser = machine)]
    pub(crate) bind: Option<String>,
    /// Key scheme; none: the product's.
    #[arg(long, value_parser = ["jwt", "v2", "v1", "short"])]
    pub(crate) scheme: Option<String>,
    /// A free attribute; may be repeated.
    #[arg(long, value_name = "K=V", value_parser = attribute)]
    pub(crate) attr: Vec<(String, String)>,
    /// What is granted beside the plan.
    #[command(flatten)]
    pub(crate) agreed: Agreed,
    /// Write a licence file too.
    #[arg(long, value_name = "OUT.lic", conflicts_with_all = ["count", "from_csv"])]
    file: Option<PathBuf>,
    /// So many licences that are all alike; any number.
    #[arg(long, value_name = "N", conflicts_with = "from_csv", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// A licence for every line of this file of comma-separated values. Its first line names the columns: `email`, and
    /// any of `name`, `organization`, `plan`, `scheme`, `days`, `expires`; an empty cell means what the arguments say.
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) from_csv: Option<PathBuf>,
    /// Names this order: repeating it under the same name, after a failure too, issues nothing twice.
    #[arg(long, value_name = "NAME")]
    pub(crate) idempotency_key: Option<String>,
}

/// When a licence ends.
#[derive(clap::Args, Clone)]
pub struct TermArgs {
    /// Valid through the end of this day, UTC.
    #[arg(long, value_name = "YYYY-MM-DD", group = "term")]
    pub(crate) expires: Option<Date>,
    /// Valid for so many days.
    #[arg(long, value_name = "N", group = "term", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub(crate) days: Option<u32>,
    /// Valid for ever.
    #[arg(long, group = "term")]
    pub(crate) perpetual: bool,
}

impl TermArgs {
    pub(crate) fn told(&self) -> Result<Term, Failure> {
        Ok(Term {
            expires_at: self.expires.map(end_of_day).transpose()?,
            days: self.days,
            perpetual: self.perpetual,
        })
    }
}

impl Args {
    /// What a licence of this order is like.
    pub(crate) fn new_license(&self) -> Result<NewLicense, Failure> {
        let starts_at =
            self.starts.map(|date| start_of_day(date).ok_or_else(no_date)).transpose()?;
        Ok(NewLicense {
            product: self.product.clone(),
            plan: self.plan.clone(),
            scheme: self.scheme.clone(),
            email: self.email.clone().unwrap_or_default(),
            name: self.name.clone(),
            organization: self.organization.clone(),
            term: self.term.told()?,
            starts_at,
            trial: self.trial,
            another_trial: self.another_trial,
            bind: self.bind.clone(),
            attributes: self.attr.iter().cloned().collect(),
            addons: self.agreed.told(),
        })
    }
}

pub(crate) async fn run(cli: &Cli, args: &Args, out: Output) -> Result<(), Failure> {
    let new = args.new_license()?;
    if new.term == Term::default() && !args.trial {
        note("neither --expires nor --days: the licence is perpetual");
    }
    if args.count.is_some() || args.from_csv.is_some() {
        return bulk::run(cli, args, new, out).await;
    }
    let file = args.file.as_ref().map(|path| reserve(path)).transpose()?;
    let issued = issue(cli, args, &new).await;
    let (license, keyset) = match (issued, &file) {
        (Ok(issued), _) => issued,
        (Err(error), Some(path)) => {
            // Nothing was issued, so the empty file that held the place goes too.
            let _ = std::fs::remove_file(path);
            return Err(error);
        }
        (Err(error), None) => return Err(error),
    };
    if let Some(path) = file {
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

/// The licence, and the keyset for its file.
async fn issue(
    cli: &Cli,
    args: &Args,
    new: &NewLicense,
) -> Result<(License, Option<String>), Failure> {
    let office = Office::open(cli).await?;
    let keyset = match args.file {
        Some(_) => {
            let answer: keyset::Answer = office.get("/keyset.json", &Vec::new()).await?;
            Some(answer.keyset).filter(|keyset| !keyset.is_empty())
        }
        None => None,
    };
    let license = match &args.idempotency_key {
        Some(key) => {
            let answer = office.once("/v1/admin/licenses", new, key).await?;
            serde_json::from_slice(&answer).map_err(|e| Failure::undone(&e, "run it again"))?
        }
        None => office.send(Method::POST, "/v1/admin/licenses", new).await?,
    };
    Ok((license, keyset))
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
pub(crate) fn end_of_day(date: Date) -> Result<Timestamp, Failure> {
    date.checked_add(1.day()).ok().and_then(start_of_day).ok_or_else(no_date)
}

fn start_of_day(date: Date) -> Option<Timestamp> {
    date.to_zoned(TimeZone::UTC).ok().map(|start| start.timestamp())
}

fn no_date() -> Failure {
    Failure::usage("the date is outside the calendar", "give a date such as 2027-12-31")
}

fn machine(text: &str) -> Result<String, String> {
    text.parse::<Bind>().map(|_| text.to_owned()).map_err(|e| e.to_string())
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
        let end = end_of_day(Date::constant(2026, 12, 31)).ok().map(|end| end.to_string());
        assert_eq!(end.as_deref(), Some("2027-01-01T00:00:00Z"));
        assert!(end_of_day(Date::MAX).is_err());
    }
}
