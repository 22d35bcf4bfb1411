//! An activation file: what an answer of the authority would have been, carried by somebody.

use licentia_license::activation::ActivationProof;
use licentia_license::offline::{ActivationFile, OfflineLease};
use licentia_license::scheme::short::ShortKey;
use licentia_license::typed::{TypedAnswer, TypedLease, request_of};
use licentia_license::verify::verify;
use licentia_license::{Lease, License, Verified};

use super::Engine;
use crate::airgap::ActivationError;
use crate::clock::SECOND;
use crate::lists;
use crate::log;
use crate::state::State;

/// The file's name beside the program.
const FILE: &str = "activation.lic";

/// Whether a lease is for a machine that asks nobody before its end.
pub(super) fn is_carried(lease: &Lease) -> bool {
    lease.next_at >= lease.exp
}

impl Engine {
    /// Looks whether somebody has put an activation file beside the program.
    pub(super) fn look_for_activation(&mut self) {
        let waits = self.state.offline.as_ref().is_some_and(|asked| asked.returned.is_none());
        let Some(path) = self.places.environment.dropped(FILE).filter(|_| waits) else { return };
        let Some(text) = lists::read(&path) else { return };
        if self.activation_seen.as_deref() == Some(text.as_str()) || !self.store.leads() {
            return;
        }
        let known = self.activation_seen.replace(text.clone()).is_none() && self.lease.is_some();
        let lease = self.state.lease.clone();
        match self.take_activation(&text) {
            Ok(until) if self.state.lease != lease || !known => {
                tracing::info!(target: "license", until = %log::time(until), "[License] Activated by a file");
                self.run_on_the_past();
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(target: "license", path = %path.display(), %error, "[License] The activation file does not count");
            }
        }
    }

    /// A carried lease that runs needs no contact at a start.
    pub(super) fn resume_carried(&mut self) {
        let held = self.state.offline.as_ref().is_some_and(|asked| asked.held.is_some());
        if held && (self.online || self.fault.is_some()) && self.runs_on_carried() {
            self.run_on_the_past();
        }
    }

    /// What the typed request of this installation is the hash of, where it counts here.
    fn secret(&self, license: &str) -> Option<ShortKey> {
        let asked = self.state.offline.as_ref().filter(|asked| asked.returned.is_none())?;
        let here = asked.machine.as_deref().is_none_or(|machine| self.is_here(machine));
        here.then(|| asked.secret(&self.settings.product, license, &self.cluster_id)).flatten()
    }

    /// The request to be typed, where a licence is here that speaks for itself.
    pub(crate) fn typed_request(&self) -> Option<String> {
        let license = self.license.as_ref()?;
        Some(request_of(&self.secret(&license.sub)?).to_string())
    }

    /// The lease that a typed answer signs, where it answers the request of this installation.
    pub(super) fn typed_lease(&self, token: &str, license: &License) -> Option<Verified<Lease>> {
        let typed = verify::<TypedLease>(token, &self.trust).ok()?;
        let own = request_of(&self.secret(&license.sub)?).to_string();
        (typed.request == own).then(|| TypedLease::lease(&typed, license, &self.cluster_id))
    }

    fn take_typed(&mut self, text: &str) -> Result<i64, ActivationError> {
        let typed = TypedAnswer::parse(text)?;
        let license = self.license.clone().ok_or(ActivationError::NeedsFile)?;
        let secret = self.secret(&license.sub);
        let secret = secret.ok_or(ActivationError::Foreign("no request was made here"))?;
        let token = typed.token(&license, &request_of(&secret))?;
        let lease = verify::<TypedLease>(&token, &self.trust)?;
        self.hold(&TypedLease::lease(&lease, &license, &self.cluster_id), &license, None)
    }

    /// Takes it over where it answers this installation's request; until when it runs.
    pub(crate) fn take_activation(&mut self, text: &str) -> Result<i64, ActivationError> {
        if TypedAnswer::is_meant(text) {
            return self.take_typed(text);
        }
        let file = ActivationFile::parse(text)?;
        if let Some(keyset) = &file.keyset {
            self.trust.accept_keyset(keyset)?;
        }
        let lease: Verified<Lease> = verify::<OfflineLease>(&file.lease, &self.trust)?.into();
        let license = verify::<License>(&file.license, &self.trust)?;
        let proof = verify::<ActivationProof>(&file.proof, &self.trust)?;
        let asked = self.state.offline.clone();
        let asked = asked.as_ref().ok_or(ActivationError::Foreign("no request was made here"))?;
        let known = self.license.as_ref();
        let wrong = [
            (asked.returned.is_some(), "its seat was given back"),
            (lease.nonce != asked.nonce, "it answers another request"),
            (lease.cluster_id != self.cluster_id, "it is for another installation"),
            (
                lease.aud != self.settings.product || license.aud != lease.aud,
                "it is for another product",
            ),
            (
                lease.sub != license.sub || lease.iss != license.iss,
                "lease and licence do not belong together",
            ),
            (
                known.is_some_and(|own| own.sub != license.sub || own.iss != license.iss),
                "it is for another licence",
            ),
            (!self.proves(&proof, &lease), "it is for another machine"),
        ];
        if let Some((_, why)) = wrong.iter().find(|(is_wrong, _)| *is_wrong) {
            return Err(ActivationError::Foreign(why));
        }
        let until = self.hold(&lease, &license, Some(proof.token().to_owned()))?;
        if let Some(list) = &file.revocations {
            self.take_list(list, "the activation file");
        }
        Ok(until)
    }

    /// Remembers a lease that checks out.
    fn hold(
        &mut self,
        lease: &Verified<Lease>,
        license: &Verified<License>,
        proof: Option<String>,
    ) -> Result<i64, ActivationError> {
        // What the authority has signed tells a machine whose clock is dead what time it is at least.
        self.set_back |= self.time.at_least(lease.iat);
        if lease.exp <= self.now() {
            return Err(ActivationError::Foreign("it has ended"));
        }
        let state = &mut self.state;
        let asked = state.offline.take();
        state.offline = asked.map(|asked| asked.answered(lease.act.clone(), lease.sub.to_string()));
        if proof.is_some() {
            state.generation = Some(lease.generation);
        }
        state.lease = Some(lease.token().to_owned());
        // To a typed answer belongs the licence that is here.
        state.license = proof.is_some().then(|| license.token().to_owned());
        state.proof = proof;
        state.refusal = None;
        state.keyset = self.trust.keyset_token().map(str::to_owned);
        state.key = self.key.as_ref().ok().map(|key| State::name_of_key(key));
        state.signed_at = state.signed_at.max(lease.iat);
        state.used_to = state.used_to.max(lease.iat);
        if !self.store.save(&self.state) {
            return Err(ActivationError::Foreign("the state directory cannot be written"));
        }
        Ok(lease.exp)
    }

    /// A carried lease is renewed by nobody before its end: until then no failed contact is news.
    pub(super) fn spare_contacts(&mut self, lease: &Lease) {
        if is_carried(lease) {
            self.due = lease.exp.saturating_mul(SECOND);
        }
    }
}
