//! `cluster-node --config FILE`, and to set it up `--set-up ADDRESS` for a page, or `--enter KEY EMAIL ORGANIZATION
//! --accept-terms`.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use licentia::setup::Entry;
use licentia_cluster_node::HowToSetUp;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let filter =
        EnvFilter::builder().with_default_directive(LevelFilter::OFF.into()).from_env_lossy();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    match &arguments[..] {
        [flag, file, how @ ..] if flag == "--config" => {
            let Some(how) = how_to_set_up(how) else { return usage() };
            licentia_cluster_node::run_or_set_up(Path::new(file), how).await
        }
        _ => usage(),
    }
}

fn how_to_set_up(arguments: &[OsString]) -> Option<HowToSetUp> {
    let words: Option<Vec<&str>> = arguments.iter().map(|word| word.to_str()).collect();
    match words?[..] {
        [] => Some(HowToSetUp::NotAtAll),
        ["--set-up", address] => Some(HowToSetUp::Page(address.to_owned())),
        ["--enter", key, email, organization, ref accepted @ ..] => {
            let terms_accepted = match accepted {
                [] => false,
                ["--accept-terms"] => true,
                _ => return None,
            };
            Some(HowToSetUp::Entered(Entry {
                license: key.to_owned(),
                email: email.to_owned(),
                organization: organization.to_owned(),
                terms_accepted,
            }))
        }
        _ => None,
    }
}

fn usage() -> ExitCode {
    let _ = writeln!(
        std::io::stderr(),
        "cluster-node: it was called with other arguments than it knows\nTry: cluster-node --config FILE [--set-up ADDRESS]"
    );
    ExitCode::from(2)
}
