//! `licentia license reissue`: a new key for a licence that stays what it is.

use uuid::Uuid;

use crate::args::Cli;
use crate::commands::license::describe;
use crate::failure::Failure;
use crate::local::{actor, authority};
use crate::output::{Output, note};

/// Give a licence a new key: same id, same rights; or all that one signing key signed.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  licentia license reissue 5f0c2a4e-…\n  \
                        licentia license reissue --signed-by nC8…Q")]
pub struct Args {
    /// The licence.
    #[arg(required_unless_present = "signed_by", conflicts_with = "signed_by")]
    id: Option<Uuid>,
    /// Every licence in force that this signing key signed.
    #[arg(long, value_name = "KID", allow_hyphen_values = true)]
    signed_by: Option<String>,
}

pub(crate) async fn run(cli: &Cli, args: &Args, out: Output) -> Result<(), Failure> {
    let authority = authority(cli).await?;
    if let Some(id) = args.id {
        return out.one(&authority.reissue(id, actor()).await?, describe);
    }
    let kid = args.signed_by.clone().unwrap_or_default();
    if !authority.list_keys().await?.iter().any(|key| key.kid == kid) {
        return Err(Failure::usage(
            format!("there is no key `{kid}`"),
            "`licentia key list` shows what there is",
        ));
    }
    let count = authority
        .reissue_signed_by(kid, actor(), |count| note(&format!("{count} licences have a new key")))
        .await?;
    out.one(&serde_json::json!({ "reissued": count }), |_| {
        format!("{count} licences have a new key")
    })
}
