//! `licentia key hsm`: whether a key in an HSM can be used, and its public half.

use clap::Args;
use serde_json::json;

use crate::failure::Failure;
use crate::output::{Output, facts};
use crate::signer;

/// What is signed to see whether the key works: no document, so the signature is of use to nobody.
const PROBE: &[u8] = b"licentia key hsm";

/// Where a key is.
#[derive(Args)]
#[command(
    after_help = "Example:\n  licentia key hsm 'pkcs11:token=licences;object=root?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=pin.txt'"
)]
pub struct Hsm {
    /// The key's URI (RFC 7512): `token`, `object` or `id`, `module-path`, and `pin-source`, a file with the PIN
    /// as its one line. `license sign --key` and `--root` take such a URI too.
    uri: String,
}

pub(crate) fn run(args: &Hsm, out: Output) -> Result<(), Failure> {
    let signer = signer::open_hsm(&args.uri)?;
    signer.sign(PROBE).map_err(|error| {
        Failure::undone(error, "check with the HSM's own tools that the key may sign")
    })?;
    let public = signer.public_key();
    let pem = public.to_pem();
    let result = json!({ "kid": public.kid(), "alg": signer.algorithm(), "public_pem": pem });
    out.one(&result, |_| {
        let text = facts(&[
            ("kid", public.kid().to_owned()),
            ("alg", signer.algorithm().to_owned()),
            ("signs", "yes, and the signature verifies".to_owned()),
        ]);
        text + &pem
    })
}
