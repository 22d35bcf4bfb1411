//! Many licences at once: `--count` or `--from-csv`. They go in groups, each of them issued as a whole or not at all; a
//! few groups are under way at the same moment, and no more is ever held than those.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use futures_util::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use licentia_authority::hex::hex;
use licentia_model::Random;
use licentia_protocol::licenses::{NewLicense, NewLicenses};
use licentia_protocol::resource::License;
use licentia_server::system::SystemRandom;

use crate::args::Cli;
use crate::commands::license::csv::Records;
use crate::commands::license::issue::{Args, end_of_day};
use crate::failure::Failure;
use crate::office::Office;
use crate::output::Output;

/// Licences of one group.
const GROUP: usize = 1_000;
/// Groups that are under way: while one is signed, the one before is stored.
const UNDER_WAY: usize = 2;

/// Licences that are issued together.
struct Group {
    /// What the first of them is, for a message.
    first: String,
    request: NewLicenses,
    size: u64,
}

pub(crate) async fn run(
    cli: &Cli,
    args: &Args,
    like: NewLicense,
    out: Output,
) -> Result<(), Failure> {
    let office = Office::open(cli).await?;
    let name = args.idempotency_key.clone().unwrap_or_else(|| {
        let mut bytes = [0; 16];
        SystemRandom.fill(&mut bytes);
        hex(&bytes)
    });
    let progress = match args.count {
        Some(count) => ProgressBar::new(count),
        None => ProgressBar::no_length(),
    };
    let style =
        ProgressStyle::with_template("{bar:40} {human_pos} of {human_len}  {per_sec}  {eta} left");
    progress.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let groups: Box<dyn Iterator<Item = Result<Group, Failure>>> =
        match (args.count, &args.from_csv) {
            (Some(count), _) => Box::new(alike(count, like)),
            (None, Some(path)) => Box::new(of_file(path, like)?),
            (None, None) => Box::new(std::iter::empty()),
        };
    let asked = stream::iter(groups.enumerate()).map(|(place, group)| {
        let (office, name) = (&office, &name);
        async move {
            let group = group?;
            let key = format!("{name}/{place}");
            let answer = office.once("/v1/admin/licenses/bulk", &group.request, &key).await;
            let answer = answer.map_err(|e| e.at(&group.first))?;
            Ok::<_, Failure>((answer, group.size))
        }
    });
    let mut answers = std::pin::pin!(asked.buffered(UNDER_WAY));
    let mut issued = 0;
    while let Some(answer) = answers.next().await {
        let (answer, size) = answer.map_err(|e| {
            progress.abandon();
            e.after(&format!(
                "{issued} are issued; run it again with --idempotency-key {name}, and none is issued twice"
            ))
        })?;
        print(&answer, out)?;
        issued += size;
        progress.set_position(issued);
    }
    progress.finish_and_clear();
    crate::output::note(&format!("{issued} licences are issued"));
    office.close().await;
    Ok(())
}

fn alike(count: u64, like: NewLicense) -> impl Iterator<Item = Result<Group, Failure>> {
    let group = GROUP as u64;
    (0..count.div_ceil(group)).map(move |place| {
        let size = group.min(count - place * group);
        let request = NewLicenses {
            count: u32::try_from(size).ok(),
            like: Some(like.clone()),
            ..NewLicenses::default()
        };
        Ok(Group { first: format!("licence {}", place * group + 1), request, size })
    })
}

fn of_file(
    path: &Path,
    like: NewLicense,
) -> Result<impl Iterator<Item = Result<Group, Failure>>, Failure> {
    let wrong = |e: &dyn std::fmt::Display| {
        Failure::usage(format!("{}: {e}", path.display()), "give a file of comma-separated values")
    };
    let file = File::open(path).map_err(|e| wrong(&e))?;
    let mut records = Records::new(BufReader::new(file));
    let head = match records.next() {
        Some(head) => head.map_err(|e| wrong(&e))?.1,
        None => return Err(wrong(&"it is empty")),
    };
    let known = ["email", "name", "organization", "plan", "scheme", "days", "expires"];
    if let Some(other) = head.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(wrong(&format!(
            "line 1: the column `{other}` is not one of {}",
            known.join(", ")
        )));
    }
    if !head.iter().any(|name| name == "email") {
        return Err(wrong(&"line 1: there is no column `email`"));
    }
    let path = path.display().to_string();
    Ok(std::iter::from_fn(move || {
        let mut licenses = Vec::new();
        let mut first = String::new();
        while licenses.len() < GROUP {
            let read = match records.next() {
                None => break,
                Some(Err(e)) => Err(e),
                Some(Ok((line, cells))) => {
                    if licenses.is_empty() {
                        first = format!("{path}, line {line}");
                    }
                    license(&head, &cells, &like).map_err(|e| format!("line {line}: {e}"))
                }
            };
            match read {
                Ok(license) => licenses.push(license),
                Err(e) => {
                    return Some(Err(Failure::usage(
                        format!("{path}: {e}"),
                        "correct the line, and run it again",
                    )));
                }
            }
        }
        let size = licenses.len() as u64;
        let request = NewLicenses { licenses, ..NewLicenses::default() };
        (size > 0).then_some(Ok(Group { first, request, size }))
    }))
}

fn license(head: &[String], cells: &[String], like: &NewLicense) -> Result<NewLicense, String> {
    if cells.len() != head.len() {
        return Err(format!("{} cells where the first line has {}", cells.len(), head.len()));
    }
    let mut new = like.clone();
    for (name, cell) in head.iter().zip(cells) {
        let cell = cell.trim();
        if cell.is_empty() {
            continue;
        }
        match name.as_str() {
            "email" => cell.clone_into(&mut new.email),
            "name" => new.name = Some(cell.to_owned()),
            "organization" => new.organization = Some(cell.to_owned()),
            "plan" => new.plan = Some(cell.to_owned()),
            "scheme" => new.scheme = Some(cell.to_owned()),
            "days" => {
                let days = cell.parse().map_err(|_| format!("`{cell}` is no number of days"))?;
                new.term =
                    licentia_protocol::licenses::Term { days: Some(days), ..Default::default() };
            }
            _ => {
                let date =
                    cell.parse().map_err(|_| format!("`{cell}` is no date such as 2027-12-31"))?;
                let end =
                    end_of_day(date).map_err(|_| format!("`{cell}` is outside the calendar"))?;
                new.term = licentia_protocol::licenses::Term {
                    expires_at: Some(end),
                    ..Default::default()
                };
            }
        }
    }
    if new.email.is_empty() {
        return Err("there is no address in the column `email`".into());
    }
    Ok(new)
}

/// A licence a line: as it came, or what people need of it.
fn print(answer: &[u8], out: Output) -> Result<(), Failure> {
    let mut text = Vec::new();
    if out.json {
        text.extend_from_slice(answer);
    } else {
        for line in answer.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let license: License = serde_json::from_slice(line)
                .map_err(|e| Failure::undone(&e, "use programs of the same version"))?;
            let key = license.key.unwrap_or_default();
            text.extend_from_slice(
                format!("{}  {}  {key}\n", license.id, license.customer.email).as_bytes(),
            );
        }
    }
    out.bytes(&text).map(drop)
}
