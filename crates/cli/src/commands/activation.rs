//! `licentia activation …`.

use std::path::PathBuf;

use clap::Subcommand;
use licentia_protocol::offline::{Answer, Request};
use licentia_protocol::resource::Activation;
use reqwest::Method;
use uuid::Uuid;

use crate::args::Cli;
use crate::commands::carried;
use crate::failure::Failure;
use crate::office::Office;
use crate::output::{Output, more, time};

/// Activations and their seats.
#[derive(Subcommand)]
pub enum Command {
    /// Activations, newest first.
    #[command(after_help = "Example:\n  licentia activation list --license 5f0c2a4e-…")]
    List {
        /// Only of this licence.
        #[arg(long, value_name = "ID")]
        license: Option<Uuid>,
        /// Only those whose cluster id begins so.
        #[arg(long, value_name = "CLUSTER")]
        search: Option<String>,
        /// Only those that hold a seat.
        #[arg(long)]
        live: bool,
        /// Only those after this one: the `next` of the list before.
        #[arg(long, value_name = "PLACE")]
        after: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Answer the request file of a machine without network, or take its proof that it gave its seat back.
    #[command(
        after_help = "Example:\n  licentia activation offline licentia-request.jwt --out activation.lic\n  licentia activation offline --code REQUEST-BDF9P-XWM4F-6TYT5-EFJMH --key eyJ…"
    )]
    Offline {
        /// The file that was carried here.
        #[arg(value_name = "REQUEST_FILE", required_unless_present = "code")]
        file: Option<PathBuf>,
        /// What the machine shows, where nothing may be carried: `REQUEST-…`, or `RETURN-…`.
        #[arg(long, value_name = "WORD", requires = "key", conflicts_with = "file")]
        code: Option<String>,
        /// With --code: the licence key.
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
        /// Where the activation file is written.
        #[arg(long, value_name = "FILE", default_value = "activation.lic")]
        out: PathBuf,
    },
    /// Take a seat from its holder; it is free at once, and the holder must activate again.
    #[command(after_help = "Example:\n  licentia activation release 7d5b7b60-…")]
    Release {
        /// The activation.
        #[arg(value_name = "ID")]
        id: Uuid,
    },
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<(), Failure> {
    let office = Office::open(cli).await?;
    let activations = match command {
        Command::List { license, search, live, after, limit } => {
            let parameters = vec![
                ("license_id", license.map(|id| id.to_string())),
                ("search", search.clone()),
                ("live", live.then(|| "true".to_owned())),
            ];
            let page =
                office.list("/v1/admin/activations", &parameters, after.clone(), *limit).await?;
            more(page.next.as_deref());
            page.items
        }
        Command::Offline { file, code, key, out: path } => {
            let request = Request {
                document: file.as_deref().map(carried::read).transpose()?,
                code: code.clone(),
                license_key: key.clone(),
            };
            let answer: Answer = office.send(Method::POST, "/v1/license/offline", &request).await?;
            if let Some(text) = &answer.activation {
                carried::write(path, text, answer.brief.as_deref().unwrap_or(text))?;
            }
            return out.one(&answer, |answer| match answer.lease_until {
                Some(until) => {
                    let typed = answer.typed.as_deref().unwrap_or_default();
                    format!("{typed}the seat is held until {until}")
                }
                None => "the seat is free".to_owned(),
            });
        }
        Command::Release { id } => {
            let path = format!("/v1/admin/activations/{id}/release");
            vec![office.send(Method::POST, &path, &()).await?]
        }
    };
    out.list(
        &activations,
        ["ID", "CLUSTER", "HOST", "SEAT", "NODES", "LAST SEEN", "LEASE UNTIL"],
        |activation: &Activation| {
            [
                activation.id.to_string(),
                activation.cluster_id.clone(),
                activation.hostname.clone().unwrap_or_default(),
                seat(activation).to_owned(),
                activation.nodes.map(|nodes| nodes.to_string()).unwrap_or_default(),
                activation.last_seen.to_string(),
                time(activation.lease_until, "given back"),
            ]
        },
    )
}

/// How the seat is held, in a word.
fn seat(activation: &Activation) -> &'static str {
    match (activation.live, activation.overage, activation.overlapping) {
        (true, false, _) => "held",
        (true, true, _) => "overage",
        (false, _, true) => "overlapping",
        (false, _, false) => "free",
    }
}
