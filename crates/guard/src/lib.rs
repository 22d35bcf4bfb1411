//! The guard that a vendor builds into the product it sells.
//!
//! It finds the licence, checks it under the keys that the build embeds, takes a seat at the authority
//! where there is one, keeps it in the background, and answers one question all the while: may this be
//! used now?
//!
//! ```no_run
//! # const TRUST: &str = "";
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let guard = licentia::Guard::builder("bzzz", TRUST) // include_str!("trust.pem")
//!     .server("https://licenses.example.com")
//!     .start()?;
//! guard.ensure("task-distribution")?;
//! # Ok(())
//! # }
//! ```
//!
//! It never prolongs anything by itself: what runs rests on something signed that has not ended. Nor does
//! it punish for its own failures beyond what the [`policy`] says; a network error is never reported as an
//! invalid licence. Keys and tokens are never logged. Only [`environment`] reads the surroundings.
//!
//! To add an event that can change a product's standing: a variant of `standing::Event`, its transition,
//! and its place in the exhaustive search of `standing`'s tests.

mod airgap;
mod background;
mod builder;
mod chain;
mod client;
pub mod clock;
mod contact;
mod counters;
mod denied;
mod discovery;
mod engine;
pub mod environment;
mod events;
mod feature;
mod finding;
pub mod fingerprint;
mod guard;
mod health;
mod hex;
mod inspection;
pub mod integrity;
mod judge;
mod launch;
mod lists;
mod log;
mod observer;
pub mod policy;
mod reason;
mod record;
mod seal;
mod settings;
#[cfg(feature = "setup")]
pub mod setup;
mod shared;
#[cfg(test)]
mod simulation;
mod snapshot;
mod standing;
mod state;
mod status;
mod switch;
mod system;
mod tamper;
mod time;
#[cfg(feature = "tower")]
pub mod tower;
mod usage;
mod wire;

pub use airgap::ActivationError;
pub use builder::Builder;
pub use counters::Counts;
pub use denied::{Denied, Limit, PlanNeeded, StartError};
pub use environment::Environment;
pub use feature::Feature;
pub use finding::{Area, Fact, Finding};
pub use guard::{Guard, Tier, Watch};
pub use health::Health;
pub use integrity::Integrity;
pub use licentia_license::{License, Verified};
pub use licentia_protocol::heartbeat::{Advice, AdviceKind};
pub use observer::{Check, Observer};
pub use policy::Policy;
pub use reason::Reason;
pub use record::NotRecorded;
pub use settings::Setup;
pub use snapshot::{FREE_TIER, Snapshot};
pub use standing::Standing;
pub use state::Memory;
pub use status::{DeactivateError, Status};
pub use switch::Enforcement;
pub use tamper::Tamper;
