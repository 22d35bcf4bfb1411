//! What of a product's releases and repositories a licence of a plan may fetch.

use serde::{Deserialize, Serialize};

/// What a plan lets its customers fetch. The default is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Distribution {
    /// Channels of releases, such as `stable`.
    pub channels: Vec<String>,
    /// Which versions, in the words of Cargo's requirements, such as `>=1.2, <3`; `None`: all.
    pub versions: Option<String>,
    /// Seconds from the start of the licence within which a release must have been published; `None`: no end.
    pub maintenance_s: Option<u32>,
    /// Repositories of a container registry, with `*` for anything but a slash, `{version}` and `{channel}`.
    pub repositories: Vec<String>,
}
