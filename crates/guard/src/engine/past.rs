//! What the last run, or the process that leads on the same folder, left behind (decisions 8, 12, 38).

use std::sync::Arc;

use licentia_license::activation::ActivationProof;
use licentia_license::fingerprint::Fingerprint;
use licentia_license::offline::OfflineLease;
use licentia_license::refusal::Refusal;
use licentia_license::verify::verify;
use licentia_license::{Invalid, LEEWAY_S, Lease, License, Verified};

use super::airgap::is_carried;
use super::{Engine, LOOK_EVERY};
use crate::log;
use crate::policy::Arm;
use crate::reason::Reason;
use crate::standing::{Event, Standing};
use crate::state::State;
use crate::time::WRONG_S;

/// What of the past counts.
enum Past {
    /// A lease that runs, with its licence.
    Runs(Box<Verified<Lease>>, Arc<Verified<License>>),
    /// A lease is there, and the proof that it was activated here is not good.
    BadProof,
    Nothing,
}

impl Engine {
    /// Whether this process is the one that speaks to the authority; the first that is, begins with what the
    /// former one left.
    pub(super) fn may_lead(&mut self) -> bool {
        if self.store.leads() {
            if self.following {
                self.following = false;
                self.state =
                    State { cluster_id: self.state.cluster_id.take(), ..self.store.load().0 };
                tracing::info!(target: "license", "[License] The other process on this state directory has ended; this one speaks to the authority now");
            }
            return true;
        }
        if !self.following {
            self.following = true;
            tracing::info!(target: "license", "[License] Another process on this state directory holds the seat; sharing it");
        }
        false
    }

    /// Runs on what the process that leads has got.
    pub(super) fn follow(&mut self) {
        let (state, _) = self.store.load();
        self.state = State { cluster_id: self.state.cluster_id.take(), ..state };
        if let Some(keyset) = &self.state.keyset {
            // Whoever wrote it, a root has to have signed it.
            let _ = self.trust.accept_keyset(keyset);
        }
        let refusal = self.past_refusal();
        match self.past() {
            Past::Runs(lease, license) => {
                self.time.at_least(lease.iat);
                if self.lease.as_ref().is_none_or(|own| own.iat < lease.iat) || !self.is_running() {
                    self.adopt(*lease, license);
                }
            }
            Past::BadProof | Past::Nothing if !self.is_judged() => {
                if refusal.is_none() && self.now_micros() >= self.follow_until {
                    self.run_on_the_past();
                }
            }
            Past::BadProof | Past::Nothing => {}
        }
        if let Some(refusal) = refusal {
            self.past_refused(&refusal);
        }
    }

    /// What a start that finds the authority away would come to.
    pub(crate) fn look_back(&mut self) {
        self.online = true;
        self.restart();
        self.run_on_the_past();
    }

    /// The authority cannot be reached at a start.
    pub(super) fn run_on_the_past(&mut self) {
        let stays = self.machine.policy().unreachable == Arm::Stay;
        let refusal = self.past_refusal();
        match (self.past(), self.fault.clone()) {
            (Past::Runs(lease, license), _) => {
                tracing::info!(target: "license", until = %log::time(self.end_of(&lease)), "[License] Running on the lease of the last run");
                let carried = is_carried(&lease);
                self.adopt(*lease, license);
                match (self.set_back, carried) {
                    (true, _) => self.apply(Event::ClockSetBack),
                    (false, false) => self.apply(Event::Unreachable),
                    // Nobody was to be asked.
                    (false, true) => {}
                }
            }
            (Past::BadProof, _) => self.apply(Event::InvalidProof),
            (Past::Nothing, _) if refusal.is_some() => {}
            (Past::Nothing, None) if stays => {
                self.apply(Event::Verified { expires: self.expires() });
            }
            (
                Past::Nothing,
                None | Some(Invalid::Unrecognized | Invalid::UnknownKey | Invalid::SchemeDisabled),
            ) => self.apply(Event::Unreachable),
            (Past::Nothing, Some(fault)) => self.apply(Event::Invalid(fault)),
        }
        if let Some(refusal) = refusal {
            self.past_refused(&refusal);
        }
    }

    /// Whether what was left runs on, and nobody is to be asked for it.
    pub(super) fn runs_on_carried(&self) -> bool {
        matches!(self.past(), Past::Runs(lease, _) if is_carried(&lease))
    }

    fn adopt(&mut self, lease: Verified<Lease>, license: Arc<Verified<License>>) {
        let until = self.end_of(&lease);
        self.spare_contacts(&lease);
        (self.license, self.lease, self.fault) = (Some(license), Some(lease), None);
        self.apply(Event::Answered { expires: self.expires(), lease: until });
    }

    fn past_refused(&mut self, refusal: &Verified<Refusal>) {
        let code = refusal.code.clone();
        if self.machine.reason() != Some(&Reason::Refused(code.clone())) {
            self.apply(Event::Refused { code, grace_until: refusal.grace_until });
        }
    }

    /// The last lease with its licence, where they check out, are ours, and run.
    fn past(&self) -> Past {
        let Some((lease, license)) = self.past_grant() else { return Past::Nothing };
        let now = self.now();
        let begun = lease.iat <= now.saturating_add(WRONG_S)
            && license.nbf.is_none_or(|nbf| nbf <= now.saturating_add(LEEWAY_S));
        if !begun || self.end_of(&lease) <= now || license.exp.is_some_and(|exp| exp <= now) {
            return Past::Nothing;
        }
        if self.is_proved(&lease, &license) {
            Past::Runs(Box::new(lease), license)
        } else {
            Past::BadProof
        }
    }

    fn past_grant(&self) -> Option<(Verified<Lease>, Arc<Verified<License>>)> {
        let token = self.state.lease.as_deref()?;
        let carried = || verify::<OfflineLease>(token, &self.trust).map(Verified::<Lease>::from);
        let license = match self.state.license.as_deref() {
            Some(text) => Arc::new(verify::<License>(text, &self.trust).ok()?),
            None => self.license.clone()?,
        };
        let lease = verify::<Lease>(token, &self.trust).or_else(|_| carried()).ok();
        let lease = lease.or_else(|| self.typed_lease(token, &license))?;
        let same_license = match &self.license {
            Some(own) => own.sub == license.sub && own.iss == license.iss,
            None => self.is_our_key(),
        };
        let ours = lease.cluster_id == self.cluster_id
            && [&lease.aud, &license.aud].iter().all(|aud| **aud == self.settings.product)
            && lease.sub == license.sub
            && lease.iss == license.iss
            && same_license;
        ours.then_some((lease, license))
    }

    /// Whether the licence was activated by this installation on this machine.
    fn is_proved(&self, lease: &Verified<Lease>, license: &License) -> bool {
        // A typed lease answers a secret that only this installation knows.
        if self.typed_lease(lease.token(), license).is_some() {
            return true;
        }
        let proof = self.state.proof.as_deref();
        let Some(Ok(proof)) = proof.map(|text| verify::<ActivationProof>(text, &self.trust)) else {
            return false;
        };
        self.proves(&proof, lease)
    }

    /// Whether a proof is of this lease, on this machine.
    pub(super) fn proves(&self, proof: &ActivationProof, lease: &Lease) -> bool {
        proof.act == lease.act
            && proof.sub == lease.sub
            && proof.iss == lease.iss
            && proof.aud == lease.aud
            && proof.cluster_id == lease.cluster_id
            && [&proof.fingerprint, &lease.fingerprint]
                .into_iter()
                .flatten()
                .all(|t| self.is_here(t))
    }

    pub(super) fn is_here(&self, fingerprint: &str) -> bool {
        let own = &self.settings.machine;
        // A machine that tells nothing of itself cannot be told from another either.
        own.is_empty()
            || fingerprint
                .parse::<Fingerprint>()
                .is_ok_and(|wanted| own.iter().any(|own| wanted.is_same_machine(own)))
    }

    /// The authority's last word, where it was a no to this key.
    fn past_refusal(&self) -> Option<Verified<Refusal>> {
        let refusal = verify::<Refusal>(self.state.refusal.as_deref()?, &self.trust).ok()?;
        let ours = self.is_our_key()
            && refusal.cluster_id.as_ref().is_none_or(|id| *id == self.cluster_id);
        ours.then_some(refusal)
    }

    fn is_our_key(&self) -> bool {
        let key = self.key.as_ref().ok();
        self.state.key.is_some() && self.state.key == key.map(|key| State::name_of_key(key))
    }

    pub(super) fn remember(&mut self, lease: &Verified<Lease>, proof: Option<String>) {
        let state = &mut self.state;
        if proof.is_some() {
            state.proof = proof;
        }
        state.generation = Some(lease.generation);
        state.lease = Some(lease.token().to_owned());
        state.license = self.license.as_ref().map(|license| license.token().to_owned());
        state.refusal = None;
        state.keyset = self.trust.keyset_token().map(str::to_owned);
        state.key = self.key.as_ref().ok().map(|key| State::name_of_key(key));
        state.signed_at = lease.iat;
        state.used_to = lease.iat;
        self.store.save(&self.state);
    }

    /// A no that ends the right to run ends it for the next start too, with or without a network. That there is
    /// no seat says nothing about the lease that runs.
    pub(super) fn remember_refusal(&mut self, refusal: &Verified<Refusal>) {
        if Reason::Refused(refusal.code.clone()).is_seat() {
            return;
        }
        self.state.refusal = Some(refusal.token().to_owned());
        self.state.key = self.key.as_ref().ok().map(|key| State::name_of_key(key));
        if refusal.grace_until.is_none() {
            self.state.lease = None;
        }
        self.state.signed_at = self.state.signed_at.max(refusal.iat);
        self.time.at_least(self.state.signed_at);
        self.store.save(&self.state);
    }

    /// Notes how far the lease is used, so that a clock that is set back gives nothing back. It never counts
    /// beyond the lease: a clock that was wrong once must not be believed for ever. While Licensed the lease is fresh.
    pub(super) fn use_up(&mut self) {
        let Some(lease) = &self.lease else { return };
        if *self.machine.standing() == Standing::Licensed && !is_carried(lease) {
            return;
        }
        let used = self.now().min(self.end_of(lease));
        if used >= self.state.used_to.saturating_add(60) {
            self.state.used_to = used;
            self.store.save(&self.state);
        }
    }

    /// Judged by a fresh signed time: a clock that is wrong is corrected, so that no end moves.
    pub(super) fn settle_clock(&mut self, signed_s: i64) {
        let was_wrong = std::mem::replace(&mut self.set_back, false);
        let corrected = self.time.settle(signed_s);
        // What was noted by a clock that was ahead lies no further off than it was meant to.
        let now = self.now_micros();
        self.last_contact = self.last_contact.min(now);
        self.next_look = self.next_look.min(now.saturating_add(LOOK_EVERY));
        if let Some(seconds) = corrected
            && !was_wrong
        {
            tracing::warn!(target: "license", seconds,
                "[License] This machine's clock is not the authority's; the authority's time counts");
        }
    }
}
