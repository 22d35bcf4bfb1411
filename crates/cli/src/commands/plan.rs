//! `licentia plan …`.

use clap::Subcommand;
use licentia_protocol::catalog::{NewPlan, PlanFields};
use licentia_protocol::resource::Page;
use licentia_protocol::resource::{Distribution, Plan};
use reqwest::Method;

use crate::args::Cli;
use crate::failure::Failure;
use crate::office::{Office, escaped};
use crate::output::{Output, facts, limit};

/// Plans of the catalogue.
#[derive(Subcommand)]
pub enum Command {
    /// Make a plan of a product.
    #[command(
        after_help = "Example:\n  licentia plan create --product bzzz standard --tier STANDARD --rank 2 --seats 2 \\\n    \
                      --feature advanced-ai-integration --limit tokens=unlimited"
    )]
    Create {
        /// Product code.
        #[arg(long, value_name = "CODE")]
        product: String,
        /// Short name of the plan.
        code: String,
        /// What it is like.
        #[command(flatten)]
        fields: Fields,
    },
    /// Plans by product and rank.
    #[command(after_help = "Example:\n  licentia plan list --product bzzz")]
    List {
        /// Only of this product.
        #[arg(long, value_name = "CODE")]
        product: Option<String>,
    },
    /// One plan.
    #[command(after_help = "Example:\n  licentia plan show --product bzzz standard")]
    Show {
        /// Product code.
        #[arg(long, value_name = "CODE")]
        product: String,
        /// Short name of the plan.
        code: String,
    },
    /// Change a plan; what is not named stays. Licences that were issued keep what they say.
    #[command(
        after_help = "Example:\n  licentia plan update --product bzzz standard --seats 3 --channel stable --maintenance-days 365"
    )]
    Update {
        /// Product code.
        #[arg(long, value_name = "CODE")]
        product: String,
        /// Short name of the plan.
        code: String,
        /// What it is to be like.
        #[command(flatten)]
        fields: Fields,
    },
}

/// What can be told of a plan.
#[derive(clap::Args)]
pub struct Fields {
    /// Tier name.
    #[arg(long)]
    tier: Option<String>,
    /// Order of tiers, from 1.
    #[arg(long)]
    rank: Option<u32>,
    /// Clusters at a time: a number or `unlimited`.
    #[arg(long, value_parser = number::<u32>)]
    seats: Option<Limit<u32>>,
    /// Nodes in one cluster: a number or `unlimited`.
    #[arg(long, value_parser = number::<u32>)]
    nodes: Option<Limit<u32>>,
    /// Seats granted beyond `--seats`.
    #[arg(long)]
    overage: Option<u32>,
    /// Days of a trial.
    #[arg(long, value_name = "DAYS")]
    trial_days: Option<u32>,
    /// Whether products may send what they count beyond quotas.
    #[arg(long, value_name = "BOOL")]
    telemetry: Option<bool>,
    /// A feature; may be repeated, and together they replace what was granted.
    #[arg(long = "feature", value_name = "NAME")]
    features: Vec<String>,
    /// A limit: a number or `unlimited`; may be repeated, and together they replace those that were set.
    #[arg(long = "limit", value_name = "NAME=NUMBER", value_parser = named)]
    limits: Vec<(String, Option<u64>)>,
    /// What its customers may fetch.
    #[command(flatten)]
    covers: Covers,
}

/// What the customers of a plan may fetch.
#[derive(clap::Args)]
#[command(next_help_heading = "What customers may fetch")]
struct Covers {
    /// A channel of releases; may be repeated, and together they replace those that were set.
    #[arg(long = "channel", value_name = "NAME", conflicts_with = "nothing")]
    channels: Vec<String>,
    /// Which versions, such as `>=1.2, <3`, or `all`.
    #[arg(long, value_name = "VERSIONS", conflicts_with = "nothing")]
    versions: Option<String>,
    /// Days from the start of a licence within which a release must have come out: a number or `unlimited`.
    #[arg(long, value_name = "DAYS", value_parser = number::<u32>, conflicts_with = "nothing")]
    maintenance_days: Option<Limit<u32>>,
    /// A repository of a container registry, such as `acme/app/{version}`; may be repeated, and together they replace
    /// those that were set.
    #[arg(long = "repository", value_name = "PATTERN", conflicts_with = "nothing")]
    repositories: Vec<String>,
    /// They may fetch nothing.
    #[arg(long = "no-distribution")]
    nothing: bool,
}

impl Covers {
    fn is_told(&self) -> bool {
        self.nothing
            || self.versions.is_some()
            || self.maintenance_days.is_some()
            || !(self.channels.is_empty() && self.repositories.is_empty())
    }

    /// What is to be covered, where it is told; what is not named stays as it was.
    fn told(&self, was: Distribution) -> Option<Distribution> {
        if !self.is_told() {
            return None;
        }
        if self.nothing {
            return Some(Distribution::default());
        }
        let list = |told: &[String], was| if told.is_empty() { was } else { told.to_vec() };
        Some(Distribution {
            channels: list(&self.channels, was.channels),
            versions: match self.versions.as_deref() {
                None => was.versions,
                Some("all") => None,
                Some(versions) => Some(versions.to_owned()),
            },
            maintenance_s: match self.maintenance_days {
                None => was.maintenance_s,
                Some(Limit(days)) => days.map(|days| days.saturating_mul(DAY_S)),
            },
            repositories: list(&self.repositories, was.repositories),
        })
    }
}

const DAY_S: u32 = 86_400;

/// A number, or unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit<T>(pub(crate) Option<T>);

pub(crate) fn number<T: std::str::FromStr>(text: &str) -> Result<Limit<T>, String> {
    match text {
        "unlimited" => Ok(Limit(None)),
        text => text
            .parse()
            .map(|number| Limit(Some(number)))
            .map_err(|_| "wants a number or `unlimited`".into()),
    }
}

pub(crate) fn named(text: &str) -> Result<(String, Option<u64>), String> {
    let (name, most) = text.split_once('=').ok_or("wants name=number")?;
    Ok((name.to_owned(), number(most)?.0))
}

impl Fields {
    fn told(&self, was: Distribution) -> PlanFields {
        PlanFields {
            tier: self.tier.clone(),
            rank: self.rank,
            seats: self.seats.map(|limit| limit.0),
            nodes: self.nodes.map(|limit| limit.0),
            overage: self.overage,
            trial_days: self.trial_days.map(Some),
            telemetry: self.telemetry,
            features: (!self.features.is_empty()).then(|| self.features.clone()),
            limits: (!self.limits.is_empty()).then(|| self.limits.iter().cloned().collect()),
            distribution: self.covers.told(was),
            ..PlanFields::default()
        }
    }
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<(), Failure> {
    let office = Office::open(cli).await?;
    let plan: Plan = match command {
        Command::List { product } => {
            let page: Page<Plan> = office
                .list("/v1/admin/plans", &vec![("product", product.clone())], None, u32::MAX)
                .await?;
            return out.list(
                &page.items,
                ["PRODUCT", "PLAN", "TIER", "RANK", "SEATS", "NODES", "FEATURES"],
                |plan| {
                    [
                        plan.product.clone(),
                        plan.code.clone(),
                        plan.tier.clone(),
                        plan.rank.to_string(),
                        limit(plan.seats.as_ref()),
                        limit(plan.nodes.as_ref()),
                        plan.features.join(" "),
                    ]
                },
            );
        }
        Command::Create { product, code, fields } => {
            let new = NewPlan {
                product: product.clone(),
                code: code.clone(),
                fields: fields.told(Distribution::default()),
            };
            office.send(Method::POST, "/v1/admin/plans", &new).await?
        }
        Command::Show { product, code } => office.get(&path(product, code), &Vec::new()).await?,
        Command::Update { product, code, fields } => {
            let was = match fields.covers.is_told() {
                true => office.get::<Plan>(&path(product, code), &Vec::new()).await?.distribution,
                false => Distribution::default(),
            };
            office.send(Method::PATCH, &path(product, code), &fields.told(was)).await?
        }
    };
    out.one(&plan, |plan| {
        let limits =
            plan.limits.iter().map(|(name, most)| format!("{name} {}", limit(most.as_ref())));
        facts(&[
            ("product", plan.product.clone()),
            ("plan", plan.code.clone()),
            ("tier", plan.tier.clone()),
            ("rank", plan.rank.to_string()),
            ("seats", limit(plan.seats.as_ref())),
            ("nodes", limit(plan.nodes.as_ref())),
            ("features", plan.features.join(" ")),
            ("limits", limits.collect::<Vec<_>>().join(", ")),
            ("covers", covers(&plan.distribution)),
        ])
    })
}

/// What its customers may fetch, in words.
fn covers(distribution: &Distribution) -> String {
    if distribution == &Distribution::default() {
        return "nothing".to_owned();
    }
    let mut said = vec![format!("channels {}", distribution.channels.join(" "))];
    said.extend(distribution.versions.as_ref().map(|versions| format!("versions {versions}")));
    let days = distribution.maintenance_s.map(|seconds| seconds / DAY_S);
    said.extend(days.map(|days| format!("maintained for {days} days")));
    if !distribution.repositories.is_empty() {
        said.push(format!("repositories {}", distribution.repositories.join(" ")));
    }
    said.join(", ")
}

fn path(product: &str, code: &str) -> String {
    format!("/v1/admin/plans/{}/{}", escaped(product), escaped(code))
}
