//! The arguments of every command.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::commands::{
    activation, audit, backup, bench, customer, demo, doctor, fingerprint, init, installation, job,
    key, license, mail, manifest, migrate, node, operator, payment, plan, product, registry,
    release, restore, revocations, serve, session, token, usage, webhook,
};

/// Licentia: issue licences, verify them offline, activate, lease seats, suspend, revoke.
#[derive(Parser)]
#[command(
    name = "licentia",
    version,
    after_help = "Examples:\n  licentia demo\n  licentia serve --data ./licentia-data\n  \
                  licentia license issue --product bzzz --plan standard --email ada@example.com --days 365"
)]
pub struct Cli {
    /// Folder with the authority's database and keys.
    #[arg(
        long,
        global = true,
        env = "LICENTIA_DATA",
        default_value = "licentia-data",
        value_name = "DIR"
    )]
    pub data: PathBuf,
    /// Database, where it is PostgreSQL: `postgres://user:password@host1,host2/name`. A password is better kept
    /// in a file that `url_file` in the section `[database]` of `licentia.toml` names.
    #[arg(
        long,
        global = true,
        env = "LICENTIA_DATABASE",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub database: Option<String>,
    /// Another authority than the one in the data directory: its address. Needs an API token.
    #[arg(long, global = true, env = "LICENTIA_SERVER", value_name = "URL")]
    pub server: Option<String>,
    /// File with the API token for `--server`.
    #[arg(long, global = true, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// The API token for `--server`; an argument could be read by others on this machine, so it is better kept in the
    /// environment or in a file.
    #[arg(
        long,
        global = true,
        env = "LICENTIA_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    pub token: Option<String>,
    /// Print results as JSON: one object, or one a line.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The nouns.
#[derive(Subcommand)]
pub enum Command {
    /// Show the main job in one go, on a throw-away authority.
    Demo(demo::Args),
    /// Set up a data directory: database, keys, first operator and API token.
    Init(init::Args),
    /// Run the authority.
    Serve(serve::Args),
    /// Signing keys.
    #[command(subcommand)]
    Key(key::Command),
    /// Products of the catalogue.
    #[command(subcommand)]
    Product(product::Command),
    /// Plans of the catalogue.
    #[command(subcommand)]
    Plan(plan::Command),
    /// Licences.
    #[command(subcommand)]
    License(license::Command),
    /// Activations and their seats.
    #[command(subcommand)]
    Activation(activation::Command),
    /// Manifests of releases.
    #[command(subcommand)]
    Manifest(manifest::Command),
    /// What is revoked, and the list that says so.
    #[command(subcommand)]
    Revocations(revocations::Command),
    /// Customers.
    #[command(subcommand)]
    Customer(customer::Command),
    /// Who operates the authority.
    #[command(subcommand)]
    Operator(operator::Command),
    /// Log-ins of operators.
    #[command(subcommand)]
    Session(session::Command),
    /// API tokens of operators.
    #[command(subcommand)]
    Token(token::Command),
    /// Where events are told to, by signed calls.
    #[command(subcommand)]
    Webhook(webhook::Command),
    /// The words of the mails.
    #[command(subcommand)]
    Mail(mail::Command),
    /// Mails, webhooks and other side effects: done, due or dead.
    #[command(subcommand)]
    Job(job::Command),
    /// What payment providers told.
    #[command(subcommand)]
    Payment(payment::Command),
    /// What licences used.
    #[command(subcommand)]
    Usage(usage::Command),
    /// Releases: what customers download.
    #[command(subcommand)]
    Release(release::Command),
    /// A container registry that hands images to who holds a licence.
    #[command(subcommand)]
    Registry(registry::Command),
    /// The audit trail.
    #[command(subcommand)]
    Audit(audit::Command),
    /// The database as a whole.
    #[command(subcommand)]
    Migrate(migrate::Command),
    /// Save the whole authority in one file, while it runs.
    Backup(backup::Args),
    /// Put a backup where nothing is.
    Restore(restore::Args),
    /// What this machine is known by, for licences bound to it.
    Fingerprint(fingerprint::Args),
    /// Take a seat for an installation on this machine.
    Activate(installation::Activate),
    /// Give an installation's seat back.
    Deactivate(installation::Deactivate),
    /// What an installation on this machine would be if it started now.
    Status(installation::Status),
    /// Checks that find what is wrong before others do.
    #[command(subcommand)]
    Doctor(doctor::Command),
    /// Measure an authority under load, on a throw-away data directory.
    Bench(bench::Args),
    /// The echo, as `licentia bench` runs it.
    #[command(hide = true)]
    BenchEcho,
    /// The example node, as `licentia demo` runs it.
    #[command(hide = true)]
    ExampleNode(node::Args),
}
