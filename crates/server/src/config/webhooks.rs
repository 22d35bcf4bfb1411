//! Section `[webhooks]`: where their calls may lead.

use std::str::FromStr;

use serde::Deserialize;

use crate::address::Network;

/// Which addresses may be called.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Webhooks {
    /// Private addresses or networks that may be called, also in clear. All others must be public, and speak TLS.
    pub allow: Vec<Network>,
}

impl Webhooks {
    pub(crate) fn set(&mut self, key: &str, value: &str) -> Result<(), &'static str> {
        match key {
            "ALLOW" => {
                let networks = value.split(',').map(|text| Network::from_str(text.trim()));
                self.allow = networks
                    .collect::<Result<_, _>>()
                    .map_err(|_| "wants addresses or networks, e.g. 10.0.0.0/8,::1")?;
                Ok(())
            }
            _ => Err("is not a setting that is known"),
        }
    }
}
