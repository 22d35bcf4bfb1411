//! Looking at an installation, and giving its seat back, without running it: for support and scripts.

use licentia_license::{License, Verified};
use licentia_protocol::deactivate;

use crate::builder::Builder;
use crate::client::Silence;
use crate::denied::StartError;
use crate::engine::Engine;
use crate::launch::no_entropy;
use crate::reason::Reason;
use crate::snapshot::Snapshot;
use crate::state::Memory;

/// What an installation would be without asking the authority.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Status {
    /// As a start without network would find it.
    pub snapshot: Snapshot,
    /// Whether a program runs on this state directory now.
    pub in_use: bool,
}

impl Status {
    /// The licence.
    #[must_use]
    pub fn license(&self) -> Option<&Verified<License>> {
        self.snapshot.license().map(AsRef::as_ref)
    }

    /// Why it would not run in full.
    #[must_use]
    pub fn reason(&self) -> Option<&Reason> {
        self.snapshot.reason()
    }

    /// What became of the state that the last run left.
    #[must_use]
    pub fn memory(&self) -> Memory {
        self.snapshot.memory()
    }
}

/// Why a seat was not given back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeactivateError {
    /// The builder was told something that cannot be, or there is no licence.
    #[error(transparent)]
    Start(#[from] StartError),
    /// There is no address of an authority.
    #[error("no authority is configured")]
    NoServer,
    /// The authority did not answer.
    #[error("the licensing authority could not be reached: {0}")]
    Unreachable(String),
    /// It answered something else than it should.
    #[error("the licensing authority answered with status {0}")]
    Refused(u16),
}

impl Builder {
    /// Looks without asking anybody and without changing anything.
    pub fn status(self) -> Result<Status, StartError> {
        let (mut start, _) = self.assemble()?;
        let online = std::mem::replace(&mut start.online, false);
        let in_use = start.store.look_only();
        let mut engine = Engine::new(start).map_err(no_entropy)?;
        if online {
            engine.look_back();
        }
        Ok(Status { snapshot: engine.snapshot(), in_use })
    }

    /// Gives the seat of this installation back: of the cluster id that was configured or kept.
    pub async fn deactivate(self) -> Result<(), DeactivateError> {
        let (mut start, client) = self.assemble()?;
        let client = client.ok_or(DeactivateError::NoServer)?;
        let license_key = match start.found {
            Ok(Some(found)) => found.file.license,
            Ok(None) => return Err(StartError::Unlicensed(Reason::Missing).into()),
            Err(why) => return Err(StartError::Unlicensed(Reason::Unreadable(why.0)).into()),
        };
        let request = deactivate::Request {
            license_key: Some(license_key),
            cluster_id: Some(start.cluster_id),
            ..deactivate::Request::default()
        };
        let kept = start.state.clone();
        let (state, store) = (&mut start.state, &mut start.store);
        // As at a shut-down: the lease goes before the seat does.
        let sending = || {
            if store.leads() {
                (state.lease, state.proof) = (None, None);
                store.save(state);
            }
        };
        let raw = client
            .deactivate(None, &request, sending)
            .await
            .map_err(|Silence(why)| DeactivateError::Unreachable(why))?;
        if raw.status != 204 {
            if start.store.leads() {
                start.store.save(&kept);
            }
            return Err(DeactivateError::Refused(raw.status));
        }
        Ok(())
    }
}
