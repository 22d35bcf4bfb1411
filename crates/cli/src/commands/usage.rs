//! `licentia usage …`.

use clap::{Subcommand, ValueEnum};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use licentia_protocol::resource::Usage;
use uuid::Uuid;

use crate::args::Cli;
use crate::commands::license::issue::end_of_day;
use crate::failure::Failure;
use crate::office::Office;
use crate::output::{Output, more, time};

/// What licences used.
#[derive(Subcommand)]
pub enum Command {
    /// What was used, by licence and meter: in all, or by hour, day or month.
    #[command(
        after_help = "Examples:\n  licentia usage show --license 5f0c2a4e-…\n  licentia usage show --per month --since 2026-10-01"
    )]
    Show {
        /// Only of this licence.
        #[arg(long, value_name = "ID")]
        license: Option<Uuid>,
        /// By hour, day or month, UTC, as far back as `[usage] retention_days` keeps it.
        #[arg(long, value_enum)]
        per: Option<Per>,
        /// From the beginning of this day on, UTC.
        #[arg(long, value_name = "YYYY-MM-DD", requires = "per")]
        since: Option<Date>,
        /// Through the end of this day, UTC.
        #[arg(long, value_name = "YYYY-MM-DD", requires = "per")]
        until: Option<Date>,
        /// Only those after this one: the `next` of the list before.
        #[arg(long, value_name = "PLACE")]
        after: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
}

/// What is added up.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Per {
    /// From hour to hour.
    Hour,
    /// From midnight to midnight.
    Day,
    /// From the first to the last of the month.
    Month,
}

impl Per {
    fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<(), Failure> {
    let Command::Show { license, per, since, until, after, limit } = command;
    let midnight = |date: &Date| {
        let at = date.to_zoned(TimeZone::UTC).map(|at| at.timestamp().to_string());
        at.map_err(|e| Failure::usage(format!("{date}: {e}"), "give a date such as 2026-10-01"))
    };
    let until = until.map(end_of_day).transpose()?.map(|at| at.to_string());
    let parameters = vec![
        ("license_id", license.map(|id| id.to_string())),
        ("per", per.map(|per| per.as_str().to_owned())),
        ("since", since.as_ref().map(midnight).transpose()?),
        ("until", until),
    ];
    let office = Office::open(cli).await?;
    let page = office.list("/v1/admin/usage", &parameters, after.clone(), *limit).await?;
    more(page.next.as_deref());
    if per.is_none() {
        return out.list(&page.items, ["LICENSE", "METER", "AMOUNT"], |usage: &Usage| {
            [usage.license_id.to_string(), usage.meter.clone(), usage.amount.to_string()]
        });
    }
    out.list(&page.items, ["LICENSE", "METER", "FROM", "AMOUNT"], |usage: &Usage| {
        [
            usage.license_id.to_string(),
            usage.meter.clone(),
            time(usage.from, ""),
            usage.amount.to_string(),
        ]
    })
}
