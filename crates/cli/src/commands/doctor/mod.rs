//! `licentia doctor …`: checks that find what is wrong before others do.

pub(crate) mod artifact;
mod finding;
mod scan;
mod value;
mod walk;

use std::process::ExitCode;

use clap::Subcommand;

use crate::failure::Failure;
use crate::output::Output;

/// Checks.
#[derive(Subcommand)]
pub enum Command {
    /// Prove that what goes to customers holds no secret: files, folders, archives, wheels, images.
    Artifact(artifact::Args),
}

pub(crate) fn run(command: &Command, out: Output) -> Result<ExitCode, Failure> {
    let Command::Artifact(args) = command;
    artifact::run(args, out)
}
