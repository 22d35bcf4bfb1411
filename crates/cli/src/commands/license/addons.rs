//! What is granted beside a plan, on the command line.

use licentia_protocol::licenses::Addons;

use crate::commands::plan::{Limit, named, number};

/// What is granted beside the plan, or instead of it.
#[derive(clap::Args, Clone)]
pub struct Agreed {
    /// A feature more than the plan has; may be repeated.
    #[arg(long = "with", value_name = "FEATURE")]
    with: Vec<String>,
    /// A feature of the plan that is not granted; may be repeated.
    #[arg(long = "without", value_name = "FEATURE")]
    without: Vec<String>,
    /// A limit in place of the plan's: a number or `unlimited`; may be repeated.
    #[arg(long = "limit", value_name = "NAME=NUMBER", value_parser = named)]
    limits: Vec<(String, Option<u64>)>,
    /// Seats in place of the plan's: a number or `unlimited`.
    #[arg(long, value_parser = number::<u32>)]
    seats: Option<Limit<u32>>,
    /// Nodes in place of the plan's: a number or `unlimited`.
    #[arg(long, value_parser = number::<u32>)]
    nodes: Option<Limit<u32>>,
}

impl Agreed {
    /// What is agreed; nothing where nothing is named.
    pub(crate) fn told(&self) -> Option<Addons> {
        Some(self.all()).filter(|addons| *addons != Addons::default())
    }

    pub(crate) fn all(&self) -> Addons {
        Addons {
            features: self.with.iter().cloned().collect(),
            without: self.without.iter().cloned().collect(),
            limits: self.limits.iter().cloned().collect(),
            seats: self.seats.map(|limit| limit.0),
            nodes: self.nodes.map(|limit| limit.0),
        }
    }
}
