//! `licentia bench`: load on an authority in a second process, beside the same HTTP stack without the authority
//! and an fsync probe, all in one run, since only ratios out of one run mean anything.

mod crowd;
mod events;
mod http;
mod load;
mod office;
mod place;
mod probe;
mod report;

use std::path::PathBuf;
use std::time::Duration;

use licentia_server::echo::Echo;
use serde_json::json;

use self::load::{Kind, Measured, Work};
use self::place::Place;
use self::report::Row;
use crate::args::Cli;
use crate::commands::serve::stop_signal;
use crate::failure::Failure;
use crate::output::{Output, note};

/// Stretches of each measurement.
const TURNS: u32 = 3;

/// Measure an authority under load, on a throw-away data directory, or on an empty database that `--database`
/// names and that keeps what the load leaves behind.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  licentia bench heartbeat\n  licentia bench heartbeat --activations 1000000 \
                  --connections 64\n  licentia bench events --activations 10000\n\nThe ratio is to an echo of \
                  the same HTTP stack in the same run; compare nothing else between machines."
)]
pub struct Args {
    /// What to ask.
    #[arg(value_enum)]
    kind: Kind,
    /// Connections at a time; several: one after the other.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64, 256], value_name = "N")]
    connections: Vec<usize>,
    /// Activations in the database before anything is asked.
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    activations: usize,
    /// Licences that they are spread over; none: one for ten activations, for `events` one for all. For `issue` and
    /// `list` how many there are to be; none: 100,000 and 1,000,000.
    #[arg(long, value_name = "N")]
    licenses: Option<usize>,
    /// Seconds for each row.
    #[arg(long, default_value_t = 3, value_name = "SECONDS")]
    seconds: u64,
    /// Folder in which the throw-away data directory is made; its disk is the one that is measured.
    #[arg(long, value_name = "DIR")]
    place: Option<PathBuf>,
    /// Ask an authority that runs already; needs --license-key. It keeps what the load leaves behind.
    #[arg(long, value_name = "URL", requires = "license_key")]
    server: Option<String>,
    /// A key with seats enough for the activations.
    #[arg(long, value_name = "KEY", requires = "server")]
    license_key: Option<String>,
}

pub(crate) async fn run(cli: &Cli, args: &Args, out: Output) -> Result<(), Failure> {
    if args.connections.contains(&0) || args.activations == 0 {
        return Err(Failure::usage("there is nothing to measure", "give numbers above 0"));
    }
    let (below, database) = (args.place.as_deref(), cli.database.as_deref());
    match args.kind {
        Kind::Issue => {
            return office::issue(below, database, args.licenses.unwrap_or(100_000), out).await;
        }
        Kind::List => {
            return office::list(below, database, args.licenses.unwrap_or(1_000_000), out).await;
        }
        _ => {}
    }
    let place = match (&args.server, &args.license_key) {
        (Some(server), Some(key)) => Place::elsewhere(server, key, args.activations).await?,
        _ => {
            let licenses = args.licenses.unwrap_or(match args.kind {
                Kind::Events => 1,
                _ => args.activations.div_ceil(10),
            });
            Place::set_up(
                args.place.as_deref(),
                cli.database.as_deref(),
                args.activations,
                licenses,
            )
            .await?
        }
    };
    if let Kind::Events = args.kind {
        return events::run(&place, out).await;
    }
    let fsync = probe::fsync(place.folder()).map_err(|e| {
        Failure::undone(format!("the disk could not be measured: {e}"), "choose another --place")
    })?;
    let time = Duration::from_secs(args.seconds.max(1));
    if let Kind::Crowd = args.kind {
        crowd::run(&place, time, out).await?;
        return place.end().await;
    }
    let mut rows = Vec::new();
    for &connections in &args.connections {
        note(&format!("{} at {connections} connections …", args.kind.as_str()));
        let (mut echo, mut asked) = (Measured::default(), Measured::default());
        // In turns, so that both see the same machine.
        for turn in 0..TURNS {
            for (work, kind, sum) in
                [(Work::Echo, Kind::Heartbeat, &mut echo), (Work::Real, args.kind, &mut asked)]
            {
                let part = load::run(&place, kind, work, connections, time / TURNS).await?;
                if turn == 0 { *sum = part } else { sum.add(part) }
            }
        }
        rows.push(Row::of(connections, &asked, &echo));
    }
    report::print(args.kind.as_str(), args.activations, &fsync, &rows, out)?;
    place.end().await
}

/// The echo, as `bench` runs it in a process of its own.
pub(crate) async fn echo(out: Output) -> Result<(), Failure> {
    let failed = |e| Failure::undone(format!("the echo does not run: {e}"), "run it again");
    let echo = Echo::bind().await.map_err(failed)?;
    out.line(&json!({ "listening": format!("http://{}", echo.address()) }).to_string())?;
    echo.run(stop_signal()).await.map_err(failed)
}
