//! One file a noun, or a folder where the noun has many verbs.

pub(crate) mod activation;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod bench;
mod carried;
pub(crate) mod customer;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod fingerprint;
pub(crate) mod generate;
pub(crate) mod hsm;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod installation;
pub(crate) mod job;
pub(crate) mod key;
pub(crate) mod license;
pub(crate) mod mail;
pub(crate) mod manifest;
pub(crate) mod migrate;
pub(crate) mod node;
pub(crate) mod operator;
pub(crate) mod payment;
pub(crate) mod plan;
pub(crate) mod product;
pub(crate) mod registry;
pub(crate) mod release;
pub(crate) mod restore;
pub(crate) mod revocations;
pub(crate) mod rotation;
pub(crate) mod serve;
pub(crate) mod session;
pub(crate) mod token;
pub(crate) mod usage;
pub(crate) mod webhook;

use std::process::ExitCode;

use crate::args::{Cli, Command};
use crate::failure::Failure;
use crate::output::Output;

pub(crate) async fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let out = Output { json: cli.json };
    match &cli.command {
        Command::Demo(args) => return demo::run(args, out).await,
        Command::ExampleNode(args) => return Ok(node::run(args).await),
        Command::Bench(args) => bench::run(&cli, args, out).await,
        Command::BenchEcho => bench::echo(out).await,
        Command::License(license::Command::Verify(args)) => return license::verify::run(args, out),
        Command::Revocations(command) => return revocations::run(&cli, command, out).await,
        Command::Doctor(command) => return doctor::run(command, out),
        Command::Fingerprint(args) => fingerprint::run(args, out),
        Command::Activate(args) => installation::activate(args, out).await,
        Command::Deactivate(args) => installation::deactivate(args, out).await,
        Command::Status(args) => installation::status(args, out),
        Command::Init(args) => init::run(&cli, args, out).await,
        Command::Serve(args) => serve::run(&cli, args, out).await,
        Command::Key(command) => key::run(&cli, command, out).await,
        Command::Product(command) => product::run(&cli, command, out).await,
        Command::Plan(command) => plan::run(&cli, command, out).await,
        Command::License(command) => license::run(&cli, command, out).await,
        Command::Activation(command) => activation::run(&cli, command, out).await,
        Command::Customer(command) => customer::run(&cli, command, out).await,
        Command::Operator(command) => operator::run(&cli, command, out).await,
        Command::Session(command) => session::run(&cli, command, out).await,
        Command::Token(command) => token::run(&cli, command, out).await,
        Command::Webhook(command) => webhook::run(&cli, command, out).await,
        Command::Mail(command) => mail::run(command, out),
        Command::Job(command) => job::run(&cli, command, out).await,
        Command::Release(command) => release::run(&cli, command, out).await,
        Command::Registry(command) => registry::run(&cli, command, out).await,
        Command::Payment(command) => payment::run(&cli, command, out).await,
        Command::Usage(command) => usage::run(&cli, command, out).await,
        Command::Manifest(command) => return manifest::run(&cli, command, out).await,
        Command::Backup(args) => backup::run(&cli, args, out).await,
        Command::Restore(args) => return restore::run(&cli, args, out).await,
        Command::Migrate(command) => return migrate::run(&cli, command, out).await,
        Command::Audit(command) => return audit::run(&cli, command, out).await,
    }?;
    Ok(ExitCode::SUCCESS)
}
