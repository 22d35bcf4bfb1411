//! A plugin that just works: its licence is bundled with the code, so the first run needs nothing, no key to
//! type and no network. A customer with a licence of his own puts it into `VOLCANIC_LICENSE_KEY`.
//!
//! `trust.pem` and `bundled.lic` belong together; a vendor makes both at release:
//!
//! ```console
//! $ licentia key export --public > trust.pem
//! $ licentia license issue --product volcanic-pixels --email … --perpetual --file bundled.lic
//! ```

use std::io::Write;
use std::process::ExitCode;

use licentia::{Guard, Policy};
use serde_json::json;

/// The keys whose licences this build accepts. The private halves of the ones here were thrown away.
const TRUST: &str = include_str!("../trust.pem");
/// The licence that the plugin comes with.
const BUNDLED: &str = include_str!("../bundled.lic");

fn main() -> ExitCode {
    let started = Guard::builder("volcanic-pixels", TRUST)
        .configured_license_key(BUNDLED)
        .env_prefix("VOLCANIC")
        .policy(Policy::lenient())
        .start();
    let mut out = std::io::stdout().lock();
    let line = match &started {
        Ok(guard) => json!({
            "standing": guard.standing().as_str(),
            "tier": guard.snapshot().tier(),
            "licensed_to": guard.license().and_then(|license| license.customer.clone()?.name),
        }),
        Err(error) => {
            json!({ "standing": "stopped", "error": error.to_string(), "try": error.advice() })
        }
    };
    // Whoever closed the output does not want to know.
    let _ = writeln!(out, "{line}");
    if started.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
