//! `licentia license reissue`: a new key for a licence that stays what it is.

use licentia_protocol::licenses::{ReissueAll, Reissued, ReplaceKey};
use licentia_protocol::resource::License;
use reqwest::Method;
use uuid::Uuid;

use crate::args::Cli;
use crate::commands::license::describe;
use crate::failure::Failure;
use crate::office::Office;
use crate::output::{Output, note};

/// Give a licence a new key: same id, same rights; or all that one signing key signed.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  licentia license reissue 5f0c2a4e-…\n  \
                        licentia license reissue 5f0c2a4e-… --revoke leaked\n  \
                        licentia license reissue --signed-by nC8…Q")]
pub struct Args {
    /// The licence.
    #[arg(required_unless_present = "signed_by", conflicts_with = "signed_by")]
    id: Option<Uuid>,
    /// Every licence in force that this signing key signed.
    #[arg(long, value_name = "KID", allow_hyphen_values = true)]
    signed_by: Option<String>,
    /// Revoke the key from before, under this public code: `leaked`, `terms`, `refund`, `superseded` or `other`. Licence and
    /// seats stay as they are.
    #[arg(long, value_name = "CODE", requires = "id")]
    revoke: Option<String>,
    /// With --revoke, for the audit trail.
    #[arg(long, value_name = "TEXT", requires = "revoke")]
    comment: Option<String>,
    /// With --revoke: how many seconds products without network may go on with the old key.
    #[arg(long, value_name = "SECONDS", default_value_t = 0, requires = "revoke")]
    grace_s: u32,
}

pub(crate) async fn run(cli: &Cli, args: &Args, out: Output) -> Result<(), Failure> {
    let office = Office::open(cli).await?;
    if let Some(id) = args.id {
        let path = format!("/v1/admin/licenses/{id}");
        let license: License = match &args.revoke {
            None => office.send(Method::POST, &format!("{path}/reissue"), &()).await?,
            Some(code) => {
                let request = ReplaceKey {
                    reason: Some(code.clone()),
                    comment: args.comment.clone(),
                    grace_s: args.grace_s,
                };
                office.send(Method::POST, &format!("{path}/replace-key"), &request).await?
            }
        };
        return out.one(&license, describe);
    }
    let (mut count, mut after) = (0_u64, None);
    loop {
        let request = ReissueAll { signed_by: args.signed_by.clone().unwrap_or_default(), after };
        let done: Reissued =
            office.send(Method::POST, "/v1/admin/licenses/reissue", &request).await?;
        count += u64::from(done.count);
        after = done.next;
        if after.is_none() {
            break;
        }
        note(&format!("{count} licences have a new key"));
    }
    out.one(&serde_json::json!({ "reissued": count }), |_| {
        format!("{count} licences have a new key")
    })
}
