//! `licentia key hsm`: whether a key in an HSM can be used, and its public half.

use std::path::PathBuf;

use clap::Args;
use licentia_issue::pkcs11::{HsmError, HsmKey, KeyName, Pin};
use licentia_issue::signer::Signer;
use serde_json::json;

use crate::failure::Failure;
use crate::output::{Output, facts};

/// What is signed to see whether the key works: no document, so the signature is of use to nobody.
const PROBE: &[u8] = b"licentia key hsm";

/// Where a key is.
#[derive(Args)]
#[command(
    after_help = "Example:\n  licentia key hsm --module /usr/lib/softhsm/libsofthsm2.so --token licences \
                  --label root --pin-file pin.txt"
)]
pub struct Hsm {
    /// The PKCS#11 library of the HSM's maker.
    #[arg(long, value_name = "FILE")]
    module: PathBuf,
    /// Label of the token.
    #[arg(long)]
    token: String,
    /// Label of the key.
    #[arg(long, required_unless_present = "id")]
    label: Option<String>,
    /// Identifier of the key, in hex.
    #[arg(long, value_name = "HEX")]
    id: Option<String>,
    /// File with the PIN as its one line, readable by its owner only.
    #[arg(long, value_name = "F")]
    pin_file: PathBuf,
}

pub(crate) fn run(args: &Hsm, out: Output) -> Result<(), Failure> {
    let id = args.id.as_deref().map(identifier).transpose()?;
    let key = HsmKey {
        module: args.module.clone(),
        token: args.token.clone(),
        name: KeyName { label: args.label.clone(), id },
        pin: Pin::File(args.pin_file.clone()),
    };
    let signer = key.open().map_err(|error| {
        let hint = hint(&error);
        Failure::undone(error, hint)
    })?;
    signer.sign(PROBE).map_err(|error| {
        Failure::undone(error, "check with the HSM's own tools that the key may sign")
    })?;
    let public = signer.public_key();
    let pem = public.to_pem();
    let result = json!({
        "kid": public.kid(), "alg": signer.algorithm(), "token": args.token, "public_pem": pem,
    });
    out.one(&result, |_| {
        let text = facts(&[
            ("kid", public.kid().to_owned()),
            ("alg", signer.algorithm().to_owned()),
            ("token", args.token.clone()),
            ("signs", "yes, and the signature verifies".to_owned()),
        ]);
        text + &pem
    })
}

fn identifier(hex: &str) -> Result<Vec<u8>, Failure> {
    let wrong = || {
        Failure::usage(
            "the identifier is not in hex",
            "write it as two digits a byte, such as 01ab",
        )
    };
    if hex.is_empty() || hex.len() % 2 != 0 || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).map_err(|_| wrong()))
        .collect()
}

fn hint(error: &HsmError) -> &'static str {
    match error {
        HsmError::Module { .. } => "name the library that the HSM's maker ships for this system",
        HsmError::NoToken(_) | HsmError::AmbiguousToken(_) => {
            "`pkcs11-tool --list-slots` or the HSM's own tools show what is plugged in"
        }
        HsmError::PinFile { .. } => {
            "write the PIN into the file as its only line, and `chmod 600` it"
        }
        HsmError::WrongPin | HsmError::PinLocked => {
            "correct the PIN before the next try: a token locks itself after a few wrong ones"
        }
        HsmError::NoKey { .. } | HsmError::AmbiguousKey(_) => {
            "`pkcs11-tool --login --list-objects` shows labels and identifiers; the key needs its public half beside it"
        }
        HsmError::Unsupported => {
            "make an Ed25519 key, or an RSA key of 2048 to 4096 bits, in the token"
        }
        _ => "check the HSM with its maker's tools, then run it again",
    }
}
