//! One contact with the authority: a heartbeat, or an activation, or the one and then the other.

use std::sync::Arc;

use licentia_license::refusal::Refusal;
use licentia_license::{License, Trust, Verified};
use licentia_protocol::{activate, heartbeat};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::chain::Beginning;
use crate::client::{Raw, Transport};
use crate::hex::hex;
use crate::judge::{self, Discounted, Expected, Grant};
use crate::state::Report;

/// An activation of ours. The token lives in memory only and has no `Debug`.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) activation_id: Uuid,
    pub(crate) access_token: String,
    pub(crate) token_version: u64,
    pub(crate) generation: u64,
}

/// What is asked, complete, so that the question outlives a borrow of the engine.
pub(crate) struct Ask {
    pub(crate) product: String,
    pub(crate) cluster_id: String,
    /// What an activation sends; its nonce is the activation's.
    pub(crate) activate: activate::Request,
    /// The authority no longer has the answer that was asked for again: the same question counts as a new one.
    pub(crate) anew: bool,
    /// A live activation: then a heartbeat comes first, under this nonce.
    pub(crate) session: Option<Session>,
    pub(crate) heartbeat_nonce: String,
    /// Usage that goes along with a heartbeat.
    pub(crate) report: Option<Report>,
    /// Actions that go along with a heartbeat.
    pub(crate) chain: Option<heartbeat::Chain>,
    pub(crate) license: Option<Arc<Verified<License>>>,
    pub(crate) nodes: Option<u32>,
    pub(crate) trust: Trust,
    pub(crate) now: i64,
}

/// What came of it.
pub(crate) struct Contact {
    /// Trust, perhaps with a newer keyset.
    pub(crate) trust: Trust,
    pub(crate) reply: Reply,
    /// The authority no longer knows our token.
    pub(crate) session_lost: bool,
    /// The authority no longer has the answer that was asked for again.
    pub(crate) outdated: bool,
    pub(crate) report: Delivery,
    /// What became of the actions that were sent, where the heartbeat that brought them was no good.
    pub(crate) chain: Delivery,
}

/// What a contact that granted says of the chain of actions.
pub(crate) enum Chained {
    /// Nothing was sent.
    Nothing,
    /// An activation says where it goes on.
    Begins(Beginning),
    /// Actions were sent, and so far the authority has them.
    Sent(Option<heartbeat::ChainHead>),
}

/// What became of a usage report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// None was sent, or nobody knows: it is sent again.
    Unknown,
    /// A heartbeat that was granted brought it.
    Counted,
    /// The authority calls the heartbeat that brought it malformed.
    Malformed,
}

pub(crate) enum Reply {
    Granted(Box<Grant>),
    Refused(Verified<Refusal>),
    Unreachable { why: String, retry_after_s: Option<i64> },
}

impl Reply {
    fn unreachable(why: impl Into<String>) -> Self {
        Self::Unreachable { why: why.into(), retry_after_s: None }
    }
}

/// Asks once. A 401 is unsigned and so may do no more than cost one activation.
pub(crate) async fn contact<T: Transport>(client: &T, mut ask: Ask) -> Contact {
    let mut session_lost = false;
    if let Some(session) = ask.session.take() {
        match beat(client, &mut ask, &session).await {
            Some((reply, report, chain)) => {
                let (trust, outdated) = (ask.trust, false);
                return Contact { trust, reply, session_lost, outdated, report, chain };
            }
            None => session_lost = true,
        }
    }
    let key = (!ask.anew).then(|| idempotency_key(&ask.activate)).flatten();
    let mut outdated = false;
    let reply = match client.activate(&ask.activate, key.as_deref()).await {
        Ok(raw) => {
            outdated = raw.status == 401;
            let nonce = ask.activate.nonce.clone();
            judge(client, &mut ask, &raw, &nonce, judge::activation).await
        }
        Err(silence) => Reply::unreachable(silence.0),
    };
    let (report, chain) = (Delivery::Unknown, Delivery::Unknown);
    Contact { trust: ask.trust, reply, session_lost, outdated, report, chain }
}

/// The same for a question that is asked again, and another for one that says anything else: the authority must
/// never find one key on two questions. The nonce within makes it nobody else's.
fn idempotency_key(question: &activate::Request) -> Option<String> {
    let digest = Sha256::digest(serde_json::to_vec(question).ok()?);
    Some(hex(&digest[..16]))
}

/// `None` where the token is no longer known.
async fn beat<T: Transport>(
    client: &T,
    ask: &mut Ask,
    session: &Session,
) -> Option<(Reply, Delivery, Delivery)> {
    let (report, chain) = (ask.report.take(), ask.chain.take());
    let sent_chain = chain.is_some();
    let sent = report.is_some();
    let (usage_id, usage) = report.map(|report| (report.id, report.usage)).unzip();
    let request = heartbeat::Request {
        usage: usage.unwrap_or_default(),
        usage_id,
        activation_id: Some(session.activation_id),
        token_version: session.token_version,
        nonce: ask.heartbeat_nonce.clone(),
        generation: session.generation,
        nodes: ask.nodes,
        chain,
        ..heartbeat::Request::default()
    };
    let raw = match client.heartbeat(&session.access_token, &request).await {
        Ok(raw) if raw.status == 401 => return None,
        Ok(raw) => raw,
        Err(silence) => {
            let unknown = Delivery::Unknown;
            return Some((Reply::unreachable(silence.0), unknown, unknown));
        }
    };
    let id = session.activation_id;
    let mut reply = judge(client, ask, &raw, &request.nonce, |body, expected, trust| {
        judge::heartbeat(body, id, expected, trust)
    })
    .await;
    if let Reply::Granted(grant) = &mut reply {
        if sent_chain {
            grant.chained = Chained::Sent(grant.chain.take());
        }
        if grant.keyset_version > ask.trust.keyset_version() {
            client.refresh_keyset(&mut ask.trust).await;
        }
    }
    let delivery = match (&reply, raw.status) {
        (Reply::Granted(grant), _) if sent && grant.usage_counted => Delivery::Counted,
        (_, 413 | 422) if sent => Delivery::Malformed,
        _ => Delivery::Unknown,
    };
    // Usage is the first suspect; where there was none, it was the actions.
    let chain = match (&delivery, raw.status) {
        (Delivery::Unknown, 413 | 422) if sent_chain => Delivery::Malformed,
        _ => Delivery::Unknown,
    };
    Some((reply, delivery, chain))
}

/// Judges an answer; one signed by an unknown key is judged again once the keyset has been fetched.
async fn judge<T: Transport>(
    client: &T,
    ask: &mut Ask,
    raw: &Raw,
    nonce: &str,
    granting: impl Fn(&[u8], &Expected<'_>, &Trust) -> Result<Grant, Discounted>,
) -> Reply {
    let once = |ask: &Ask| -> Result<Reply, Discounted> {
        let expected = Expected {
            product: &ask.product,
            cluster_id: &ask.cluster_id,
            nonce,
            license: ask.license.as_deref(),
            now: ask.now,
        };
        match raw.status {
            200 | 201 => granting(&raw.body, &expected, &ask.trust)
                .map(|grant| Reply::Granted(Box::new(grant))),
            403 | 404 | 409 => judge::refusal(&raw.body, &expected, &ask.trust).map(Reply::Refused),
            _ => Err(Discounted::Because("its status says nothing")),
        }
    };
    let mut judged = once(ask);
    if matches!(judged, Err(Discounted::UnknownKey)) && client.refresh_keyset(&mut ask.trust).await
    {
        judged = once(ask);
    }
    judged.unwrap_or_else(|discounted| Reply::Unreachable {
        why: format!("the answer ({}) does not count: {}", raw.status, discounted.as_str()),
        retry_after_s: raw.retry_after_s,
    })
}
