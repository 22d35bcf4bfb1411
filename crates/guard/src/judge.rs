//! Which answers count: a grant or a refusal that is signed, fresh and meant for us. All else is silence.

use std::sync::Arc;

use licentia_license::activation::ActivationProof;
use licentia_license::refusal::Refusal;
use licentia_license::verify::verify;
use licentia_license::{Document, Invalid, LEEWAY_S, Lease, License, Trust, Verified};
use licentia_protocol::heartbeat::Advice;
use licentia_protocol::{Problem, activate, heartbeat};
use uuid::Uuid;

use crate::chain::Beginning;
use crate::contact::Chained;

/// What an answer must agree with.
pub(crate) struct Expected<'a> {
    pub(crate) product: &'a str,
    pub(crate) cluster_id: &'a str,
    pub(crate) nonce: &'a str,
    /// The licence, where it is known already.
    pub(crate) license: Option<&'a Verified<License>>,
    /// Seconds since the epoch.
    pub(crate) now: i64,
}

/// What the authority granted.
pub(crate) struct Grant {
    /// The licence, where the answer brought one.
    pub(crate) license: Option<Arc<Verified<License>>>,
    pub(crate) lease: Verified<Lease>,
    /// The activation proof as signed, where the answer brought one.
    pub(crate) proof: Option<String>,
    /// The bearer token, where the answer brought one.
    pub(crate) access_token: Option<String>,
    pub(crate) activation_id: Uuid,
    /// Unsigned hints for the customer; they change nothing.
    pub(crate) advice: Vec<Advice>,
    /// Whether the usage that was sent is counted.
    pub(crate) usage_counted: bool,
    /// How far the authority has the chain of actions, where a heartbeat's answer says so.
    pub(crate) chain: Option<heartbeat::ChainHead>,
    pub(crate) chained: Chained,
    /// Unsigned; worth a look at the keyset, nothing else.
    pub(crate) keyset_version: Option<u64>,
}

/// Why an answer does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Discounted {
    /// A key that we don't know signed it: worth fetching the keyset.
    UnknownKey,
    /// It is not what it should be.
    Because(&'static str),
}

impl Discounted {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::UnknownKey => "it was signed by a key that is not trusted here",
            Self::Because(why) => why,
        }
    }
}

/// The answer to an activation.
pub(crate) fn activation(
    body: &[u8],
    expected: &Expected<'_>,
    trust: &Trust,
) -> Result<Grant, Discounted> {
    let answer: activate::Answer = parse(body)?;
    let license: Verified<License> = check(&answer.license, trust)?;
    let lease: Verified<Lease> = check(&answer.lease, trust)?;
    let proof: Verified<ActivationProof> = check(&answer.activation_proof, trust)?;
    agree(&lease, &license, answer.activation_id, expected)?;
    require(
        proof.act == lease.act
            && proof.sub == lease.sub
            && proof.iss == lease.iss
            && proof.aud == lease.aud
            && proof.cluster_id == lease.cluster_id,
        "its activation proof is for something else",
    )?;
    let chained = match answer.chain {
        Some(head) => {
            let signature = license.signature().to_owned();
            Chained::Begins(Beginning { signature, salt: answer.salt, head })
        }
        None => Chained::Nothing,
    };
    Ok(Grant {
        chain: None,
        chained,
        license: Some(Arc::new(license)),
        lease,
        proof: Some(proof.token().to_owned()),
        access_token: Some(answer.access_token),
        activation_id: answer.activation_id,
        advice: Vec::new(),
        usage_counted: false,
        keyset_version: None,
    })
}

/// The answer to a heartbeat of this activation.
pub(crate) fn heartbeat(
    body: &[u8],
    activation_id: Uuid,
    expected: &Expected<'_>,
    trust: &Trust,
) -> Result<Grant, Discounted> {
    let answer: heartbeat::Answer = parse(body)?;
    let lease: Verified<Lease> = check(&answer.lease, trust)?;
    let license =
        answer.license.as_deref().map(|token| check::<License>(token, trust)).transpose()?;
    let in_force = license.as_ref().or(expected.license);
    agree(
        &lease,
        in_force.ok_or(Discounted::Because("no licence is known for it"))?,
        activation_id,
        expected,
    )?;
    Ok(Grant {
        chain: answer.chain,
        chained: Chained::Nothing,
        license: license.map(Arc::new),
        lease,
        proof: None,
        access_token: answer.access_token,
        activation_id,
        advice: answer.advice,
        usage_counted: answer.usage_counted != Some(false),
        keyset_version: Some(answer.keyset_version),
    })
}

/// A refusal inside a problem document.
pub(crate) fn refusal(
    body: &[u8],
    expected: &Expected<'_>,
    trust: &Trust,
) -> Result<Verified<Refusal>, Discounted> {
    let problem: Problem = parse(body)?;
    let token = problem.refusal.ok_or(Discounted::Because("its refusal is not signed"))?;
    let refusal: Verified<Refusal> = check(&token, trust)?;
    require(refusal.nonce == expected.nonce, "it does not echo our nonce")?;
    require(refusal.exp > expected.now.saturating_sub(LEEWAY_S), "its refusal is out of date")?;
    require(
        refusal.cluster_id.as_deref().is_none_or(|id| id == expected.cluster_id),
        "its refusal is for another cluster",
    )?;
    if let Some(license) = expected.license {
        require(refusal.iss == license.iss, "its refusal is another authority's")?;
        require(
            refusal.sub.as_deref().is_none_or(|sub| sub == license.sub),
            "its refusal is for another licence",
        )?;
    }
    Ok(refusal)
}

/// Whether a lease is the one that was asked for (decision 12: issuer, product, licence, activation, cluster).
fn agree(
    lease: &Lease,
    license: &License,
    activation_id: Uuid,
    expected: &Expected<'_>,
) -> Result<(), Discounted> {
    require(lease.nonce == expected.nonce, "it does not echo our nonce")?;
    require(
        lease.aud == expected.product && license.aud == expected.product,
        "it is for another product",
    )?;
    require(lease.cluster_id == expected.cluster_id, "it is for another cluster")?;
    require(lease.act == activation_id.to_string(), "it is for another activation")?;
    require(
        lease.sub == license.sub && lease.iss == license.iss,
        "lease and licence do not belong together",
    )?;
    if let Some(known) = expected.license {
        require(license.sub == known.sub && license.iss == known.iss, "it is for another licence")?;
    }
    Ok(())
}

fn parse<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Discounted> {
    serde_json::from_slice(body)
        .map_err(|_| Discounted::Because("it is not what an authority answers"))
}

fn check<T: Document>(token: &str, trust: &Trust) -> Result<Verified<T>, Discounted> {
    verify(token, trust).map_err(|invalid| match invalid {
        Invalid::UnknownKey => Discounted::UnknownKey,
        _ => Discounted::Because("a signature in it does not check out"),
    })
}

fn require(holds: bool, otherwise: &'static str) -> Result<(), Discounted> {
    if holds { Ok(()) } else { Err(Discounted::Because(otherwise)) }
}
