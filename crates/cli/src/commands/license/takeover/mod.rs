//! `licentia license import`: licences of another system, from comma-separated values or an export of Keygen's.

mod keygen;
mod mapping;
mod table;

use std::fs;
use std::path::{Path, PathBuf};

use licentia_protocol::import::{ImportLicenses, ImportReport, ImportedRow, NewImport, Outcome};
use reqwest::Method;
use serde_json::json;

use self::mapping::Mapping;
use crate::args::Cli;
use crate::failure::Failure;
use crate::office::Office;
use crate::output::{Output, note};

/// Rows of one request.
const GROUP: usize = 500;
/// Largest file, in bytes.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// Take over what another system issued: customers, and keys that are exchanged for signed licences at the next contact.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  licentia key import --product tmws old.secret\n  \
                  licentia license import --product tmws --csv customers.csv --map mapping.toml --dry-run\n  \
                  licentia license import --product acme --keygen licenses.json --map mapping.toml --report report.csv\n\n\
                  The mapping (TOML) says in `[columns]` which column holds what, in `[plans]` which plan a word of \
                  theirs is, in `[states]` what their states are (active, suspended, revoked), in `[defaults]` what \
                  an empty cell means. The same file may be imported again: what is here stays as it is.")]
pub struct Args {
    /// Product code.
    #[arg(long, value_name = "CODE")]
    product: String,
    /// Comma-separated values; the first line names the columns.
    #[arg(long, value_name = "FILE.csv", required_unless_present = "keygen")]
    csv: Option<PathBuf>,
    /// Licences as Keygen's API lists them (JSON:API), best with `?include=policy,owner,user`; several pages in a list.
    #[arg(long, value_name = "FILE.json", conflicts_with = "csv")]
    keygen: Option<PathBuf>,
    /// How their words are ours.
    #[arg(long, value_name = "FILE.toml")]
    map: Option<PathBuf>,
    /// Only say what would be done.
    #[arg(long)]
    dry_run: bool,
    /// Write what became of each row: comma-separated values.
    #[arg(long, value_name = "FILE.csv")]
    report: Option<PathBuf>,
}

/// A row, and where it stands in the file.
struct Row {
    place: String,
    /// None: what is wrong with it.
    row: Result<NewImport, String>,
}

pub(crate) async fn run(cli: &Cli, args: &Args, out: Output) -> Result<(), Failure> {
    let mapping = match &args.map {
        Some(path) => Mapping::parse(&text(path)?).map_err(|e| wrong(path, &e))?,
        None => Mapping::default(),
    };
    let rows = match (&args.csv, &args.keygen) {
        (Some(path), _) => table::read(&text(path)?, &mapping).map_err(|e| wrong(path, &e))?,
        (None, Some(path)) => keygen::read(&text(path)?, &mapping).map_err(|e| wrong(path, &e))?,
        (None, None) => Vec::new(),
    };
    if rows.is_empty() {
        return Err(Failure::usage("the file holds no licence", "check that it is the right one"));
    }
    let office = Office::open(cli).await?;
    let mut whole = ImportReport { dry_run: args.dry_run, ..ImportReport::default() };
    for (group, first) in rows.chunks(GROUP).zip((0..).step_by(GROUP)) {
        for row in ask(&office, args, group, first).await? {
            whole.add(row);
        }
        if rows.len() > GROUP {
            note(&format!("{} of {} rows", whole.rows.len(), rows.len()));
        }
    }
    office.close().await;
    if let Some(path) = &args.report {
        let lines = std::iter::once("place,outcome,license_id,plan,expires_at,problem".to_owned())
            .chain(whole.rows.iter().map(|row| line(&rows[row.row - 1].place, row)));
        fs::write(path, lines.collect::<Vec<_>>().join("\n") + "\n").map_err(|e| {
            Failure::undone(format!("{}: {e}", path.display()), "choose another path for --report")
        })?;
    }
    for row in whole.rows.iter().filter(|row| row.outcome == Outcome::Refused).take(20) {
        let problem = row.problem.as_deref().unwrap_or_default();
        note(&format!("{}: {problem}", rows[row.row - 1].place));
    }
    let refused = whole.refused;
    let told = json!({
        "dry_run": whole.dry_run, "imported": whole.imported, "known": whole.known, "refused": refused
    });
    out.one(&told, |_| {
        let verb = if whole.dry_run { "would be imported" } else { "are imported" };
        format!(
            "{} {verb}, {} were here already, {refused} are refused",
            whole.imported, whole.known
        )
    })?;
    if refused == 0 {
        return Ok(());
    }
    Err(Failure::no(
        format!("{refused} rows are refused"),
        "correct them, and import the file again: what is here stays as it is",
    ))
}

/// What becomes of a group of rows.
async fn ask(
    office: &Office,
    args: &Args,
    group: &[Row],
    first: usize,
) -> Result<Vec<ImportedRow>, Failure> {
    let good = group.iter().enumerate().filter_map(|(at, row)| Some((at, row.row.as_ref().ok()?)));
    let (places, good): (Vec<usize>, Vec<NewImport>) =
        good.map(|(at, row)| (at, row.clone())).unzip();
    let mut found: Vec<Option<ImportedRow>> = vec![None; group.len()];
    if !good.is_empty() {
        let request =
            ImportLicenses { product: args.product.clone(), rows: good, dry_run: args.dry_run };
        let report: ImportReport =
            office.send(Method::POST, "/v1/admin/licenses/import", &request).await?;
        for row in report.rows {
            if let Some(at) = row.row.checked_sub(1).and_then(|at| places.get(at)) {
                found[*at] = Some(ImportedRow { row: first + at + 1, ..row });
            }
        }
    }
    let told = found.into_iter().zip(group).enumerate().filter_map(|(at, (found, row))| {
        let problem = row.row.as_ref().err().cloned();
        found.or_else(|| problem.map(|problem| ImportedRow::wrong(first + at + 1, problem)))
    });
    Ok(told.collect())
}

fn line(place: &str, row: &ImportedRow) -> String {
    let outcome = match row.outcome {
        Outcome::Imported => "imported",
        Outcome::Known => "known",
        Outcome::Refused => "refused",
    };
    let cells = [
        place.to_owned(),
        outcome.to_owned(),
        row.license_id.map(|id| id.to_string()).unwrap_or_default(),
        row.plan.clone().unwrap_or_default(),
        row.expires_at.map(|at| at.to_string()).unwrap_or_default(),
        row.problem.clone().unwrap_or_default(),
    ];
    cells.map(|cell| cell_text(&cell)).join(",")
}

/// A cell as RFC 4180 writes it; one that a spreadsheet would compute is text.
fn cell_text(cell: &str) -> String {
    let cell =
        if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

fn text(path: &Path) -> Result<String, Failure> {
    let size = fs::metadata(path).map_err(|e| wrong(path, &e.to_string()))?.len();
    if size > MOST_BYTES {
        return Err(wrong(path, "the file is larger than 256 MiB"));
    }
    let text = fs::read_to_string(path).map_err(|e| wrong(path, &e.to_string()))?;
    Ok(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
}

fn wrong(path: &Path, problem: &str) -> Failure {
    Failure::usage(format!("{}: {problem}", path.display()), "correct the file, and run it again")
}
