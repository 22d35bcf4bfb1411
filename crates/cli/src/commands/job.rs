//! `licentia job …`.

use clap::Subcommand;
use licentia_protocol::resource::Job;
use reqwest::Method;
use uuid::Uuid;

use crate::args::Cli;
use crate::failure::Failure;
use crate::office::{Office, Parameters};
use crate::output::{Output, facts, more, time};

const JOBS: &str = "/v1/admin/jobs";
/// Jobs of one look at what is dead.
const PAGE: u32 = 1_000;

/// Mails, webhooks and other side effects: done, due or dead.
#[derive(Subcommand)]
pub enum Command {
    /// Jobs, newest first.
    #[command(after_help = "Example:\n  licentia job list --kind mail --state dead")]
    List {
        #[command(flatten)]
        which: Which,
        /// Only those after this one: the `next` of the list before.
        #[arg(long, value_name = "PLACE")]
        after: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// One job, with what is sent.
    #[command(after_help = "Example:\n  licentia job show 5f0c2a4e-…")]
    Show {
        /// The job's id.
        id: Uuid,
    },
    /// Send a job again, or all dead ones.
    #[command(
        after_help = "Example:\n  licentia job resend 5f0c2a4e-…\n  licentia job resend --dead --kind mail"
    )]
    Resend {
        /// The job's id.
        #[arg(required_unless_present = "dead")]
        id: Option<Uuid>,
        /// Every one that was given up, and fits the rest.
        #[arg(long, conflicts_with = "id")]
        dead: bool,
        /// Only of this kind.
        #[arg(long, requires = "dead")]
        kind: Option<String>,
        /// Only to this target.
        #[arg(long, value_name = "ID", requires = "dead")]
        target: Option<Uuid>,
    },
}

/// Which jobs.
#[derive(clap::Args)]
pub struct Which {
    /// Only of this kind, e.g. mail, webhook.
    #[arg(long)]
    kind: Option<String>,
    /// Only in this state: waiting, done or dead.
    #[arg(long)]
    state: Option<String>,
    /// Only about this licence.
    #[arg(long, value_name = "ID")]
    license: Option<Uuid>,
    /// Only to this target: the id of a webhook.
    #[arg(long, value_name = "ID")]
    target: Option<Uuid>,
    /// Only telling this, e.g. license.suspended.
    #[arg(long)]
    event: Option<String>,
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<(), Failure> {
    let office = Office::open(cli).await?;
    match command {
        Command::List { which, after, limit } => {
            let page = office.list(JOBS, &which.parameters(), after.clone(), *limit).await?;
            more(page.next.as_deref());
            list(&page.items, out)
        }
        Command::Show { id } => {
            let job = office.get(&format!("{JOBS}/{id}"), &Vec::new()).await?;
            one(&job, out)
        }
        Command::Resend { id: Some(id), .. } => one(&resend(&office, *id).await?, out),
        Command::Resend { id: None, kind, target, .. } => {
            let parameters = vec![
                ("state", Some("dead".to_owned())),
                ("kind", kind.clone()),
                ("target", target.map(|id| id.to_string())),
            ];
            let (mut sent, mut after) = (Vec::new(), None);
            loop {
                let page = office.list::<Job>(JOBS, &parameters, after, PAGE).await?;
                for job in page.items {
                    sent.push(resend(&office, job.id).await?);
                }
                after = page.next;
                if after.is_none() {
                    return list(&sent, out);
                }
            }
        }
    }
}

async fn resend(office: &Office, id: Uuid) -> Result<Job, Failure> {
    office.send(Method::POST, &format!("{JOBS}/{id}/resend"), &()).await
}

impl Which {
    fn parameters(&self) -> Parameters<'_> {
        vec![
            ("kind", self.kind.clone()),
            ("state", self.state.clone()),
            ("license", self.license.map(|id| id.to_string())),
            ("target", self.target.map(|id| id.to_string())),
            ("event", self.event.clone()),
        ]
    }
}

fn list(jobs: &[Job], out: Output) -> Result<(), Failure> {
    out.list(
        jobs,
        ["ID", "KIND", "EVENT", "LICENCE", "STATE", "ATTEMPTS", "NEXT", "OUTCOME"],
        |job: &Job| {
            [
                job.id.to_string(),
                job.kind.clone(),
                job.event.clone(),
                job.license_id.map(|id| id.to_string()).unwrap_or_default(),
                job.state.clone(),
                job.attempts.to_string(),
                time(job.due_at, ""),
                job.outcome.clone().unwrap_or_default(),
            ]
        },
    )
}

fn one(job: &Job, out: Output) -> Result<(), Failure> {
    out.one(job, |job| {
        facts(&[
            ("id", job.id.to_string()),
            ("kind", job.kind.clone()),
            ("event", job.event.clone()),
            ("licence", job.license_id.map(|id| id.to_string()).unwrap_or_default()),
            ("target", job.target.map(|id| id.to_string()).unwrap_or_default()),
            ("state", job.state.clone()),
            ("attempts", job.attempts.to_string()),
            ("next", time(job.due_at, "none")),
            ("outcome", job.outcome.clone().unwrap_or_default()),
            ("sent", job.payload.as_ref().map(ToString::to_string).unwrap_or_default()),
        ])
    })
}
