//! Machines without network: a request file to carry away, an activation file that is carried back, and the signed word
//! that the seat was given back.

use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::{Signer, SigningKey};
use licentia_license::key::PublicKey;
use licentia_license::offline::{OfflineRequest, OfflineReturn};
use licentia_license::scheme::short::ShortKey;
use licentia_license::typed::{self, Mistyped};
use licentia_license::{Document, Invalid};
use serde::{Deserialize, Serialize};

use crate::builder::Builder;
use crate::clock::unguessable;
use crate::denied::StartError;
use crate::engine::{Engine, Start};
use crate::launch::no_entropy;
use crate::reason::Reason;
use crate::settings::Settings;

/// How long a request says that it counts, in seconds; nobody holds it to a clock that may be dead.
const REQUEST_S: i64 = 30 * 24 * 3600;

/// What is remembered of a request. The key never leaves the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) nonce: String,
    /// The private key, or what the typed request is made of; base64url, sealed with the rest of the state.
    seed: String,
    /// The machine as it was then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) machine: Option<String>,
    /// Activation and licence, once the answer was here.
    pub(crate) held: Option<(String, String)>,
    /// The proof that the seat was given back, to be shown again.
    pub(crate) returned: Option<String>,
}

impl Asked {
    /// The seat is held under this activation of this licence.
    pub(crate) fn answered(self, activation: String, license: String) -> Self {
        Self { held: Some((activation, license)), ..self }
    }

    /// What the typed request of this installation is the hash of.
    pub(crate) fn secret(
        &self,
        product: &str,
        license: &str,
        cluster_id: &str,
    ) -> Option<ShortKey> {
        let machine = self.machine.as_deref();
        Some(typed::secret(&self.seed()?, product, license, cluster_id, machine))
    }

    fn seed(&self) -> Option<[u8; 32]> {
        Base64UrlUnpadded::decode_vec(&self.seed).ok()?.try_into().ok()
    }

    fn new(settings: &Settings, held: Option<(String, String)>) -> Result<Self, StartError> {
        let random = &*settings.random;
        let nonce = unguessable(random).map_err(no_entropy)?;
        let mut seed = [0; 32];
        random.fill(&mut seed).map_err(no_entropy)?;
        Ok(Self {
            nonce,
            seed: Base64UrlUnpadded::encode_string(&seed),
            machine: settings.machine.first().map(ToString::to_string),
            held,
            returned: None,
        })
    }
}

/// Why an activation file does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActivationError {
    /// The builder was told something that cannot be, there is no licence, or the state cannot be kept.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A signature or a form in it does not check out.
    #[error("the activation file does not check out: {0}")]
    Invalid(#[from] Invalid),
    /// It is the answer to something else.
    #[error("the activation is not for this installation: {0}")]
    Foreign(&'static str),
    /// What was typed is not what was to be typed.
    #[error(transparent)]
    Mistyped(#[from] Mistyped),
    /// A request can be typed only where the licence speaks for itself.
    #[error("the licence key says nothing by itself, so its activation cannot be typed")]
    NeedsFile,
    /// There is nothing to give back.
    #[error("this installation holds no seat that was given by a file")]
    NotHeld,
}

impl Builder {
    /// The text of a request file for this installation. A new one makes the former void.
    pub fn offline_request(self) -> Result<String, ActivationError> {
        let (mut start, _) = self.assemble()?;
        let license_key = key(&start)?;
        let held = start.state.offline.take().and_then(|asked| asked.held);
        let asked = Asked::new(&start.settings, held)?;
        let (nonce, machine) = (asked.nonce.clone(), asked.machine.clone());
        let signing = SigningKey::from_bytes(&asked.seed().ok_or(ActivationError::NotHeld)?);
        start.state.cluster_id = Some(start.cluster_id.clone());
        start.state.offline = Some(asked);
        keep(&mut start)?;
        let iat = start.settings.clock.now_micros().div_euclid(1_000_000);
        let request = OfflineRequest {
            iss: start.cluster_id.clone(),
            iat,
            exp: iat.saturating_add(REQUEST_S),
            aud: start.settings.product.clone(),
            license_key,
            cluster_id: start.cluster_id,
            fingerprint: machine,
            nonce,
            jwk: public(&signing)?.to_jwk(),
        };
        sign(&request, &signing)
    }

    /// Twenty symbols that ask for this installation where nothing may be carried, to be typed where the authority is. The
    /// same again until the seat was given back, or a file was asked for.
    pub fn typed_request(self) -> Result<String, ActivationError> {
        let (mut start, _) = self.assemble()?;
        key(&start)?;
        start.state.cluster_id = Some(start.cluster_id.clone());
        if start.state.offline.as_ref().is_none_or(|asked| asked.returned.is_some()) {
            start.state.offline = Some(Asked::new(&start.settings, None)?);
        }
        keep(&mut start)?;
        let engine = Engine::new(start).map_err(no_entropy)?;
        engine.typed_request().ok_or(ActivationError::NeedsFile)
    }

    /// Takes an activation file over for the application that starts next on this state directory; until when it runs,
    /// in seconds since the epoch. The text is that of the file, or what was typed in answer to a typed request.
    pub fn accept_activation(self, text: &str) -> Result<i64, ActivationError> {
        let (mut start, _) = self.assemble()?;
        key(&start)?;
        leads(&mut start)?;
        let mut engine = Engine::new(start).map_err(no_entropy)?;
        engine.take_activation(text)
    }

    /// Gives the seat that a file brought back: from now on this installation does not run on it. The text is the proof,
    /// to be carried to the authority, or to be typed there after an activation that was typed; asked for again, it is the
    /// same.
    pub fn offline_return(self) -> Result<String, ActivationError> {
        let (mut start, _) = self.assemble()?;
        let asked = start.state.offline.clone().ok_or(ActivationError::NotHeld)?;
        if let Some(returned) = asked.returned {
            return Ok(returned);
        }
        let (act, sub) = asked.held.clone().ok_or(ActivationError::NotHeld)?;
        let (product, cluster) = (start.settings.product.clone(), start.cluster_id.clone());
        let word = asked.secret(&product, &sub, &cluster).ok_or(ActivationError::NotHeld)?;
        let proof = if act == typed::request_of(&word).to_string() {
            word.to_string()
        } else {
            let signing = SigningKey::from_bytes(&asked.seed().ok_or(ActivationError::NotHeld)?);
            let returned = OfflineReturn {
                iss: cluster.clone(),
                iat: start.settings.clock.now_micros().div_euclid(1_000_000),
                aud: product,
                sub,
                act,
                cluster_id: cluster,
                jwk: public(&signing)?.to_jwk(),
            };
            sign(&returned, &signing)?
        };
        // Before anybody has the proof: what was given to others must not run here.
        (start.state.lease, start.state.proof) = (None, None);
        start.state.offline = Some(Asked { held: None, returned: Some(proof.clone()), ..asked });
        keep(&mut start)?;
        Ok(proof)
    }
}

fn key(start: &Start) -> Result<String, StartError> {
    match &start.found {
        Ok(Some(found)) => Ok(found.file.license.clone()),
        Ok(None) => Err(StartError::Unlicensed(Reason::Missing)),
        Err(why) => Err(StartError::Unlicensed(Reason::Unreadable(why.0.clone()))),
    }
}

fn leads(start: &mut Start) -> Result<(), StartError> {
    if start.memory == crate::state::Memory::Unkept {
        return Err(StartError::Misconfigured(
            "a state directory: what is carried must be remembered".to_owned(),
        ));
    }
    if start.store.leads() {
        return Ok(());
    }
    Err(StartError::Misconfigured(
        "the state directory: a program runs on it; stop it first, or drop the file in".to_owned(),
    ))
}

fn keep(start: &mut Start) -> Result<(), StartError> {
    leads(start)?;
    if start.store.save(&start.state) {
        return Ok(());
    }
    Err(StartError::Misconfigured("the state directory: it cannot be written".to_owned()))
}

fn public(signing: &SigningKey) -> Result<PublicKey, ActivationError> {
    PublicKey::from_ed25519_bytes(signing.verifying_key().as_bytes())
        .map_err(|error| StartError::Defect(error.to_string()).into())
}

fn sign<T: Document>(document: &T, signing: &SigningKey) -> Result<String, ActivationError> {
    let kid = public(signing)?.kid().to_owned();
    let header = serde_json::json!({ "alg": "EdDSA", "kid": kid, "typ": T::TYP });
    let claims =
        serde_json::to_vec(document).map_err(|error| StartError::Defect(error.to_string()))?;
    let part = |bytes: &[u8]| Base64UrlUnpadded::encode_string(bytes);
    let input = format!("{}.{}", part(header.to_string().as_bytes()), part(&claims));
    let signature = signing.sign(input.as_bytes()).to_bytes();
    Ok(format!("{input}.{}", part(&signature)))
}
