//! Makes the calls: the carrier of the jobs of the kind `webhook`. A redirect is not followed, 410 switches the webhook
//! off, what hangs rests for a while so that others are not held up.

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use licentia_authority::Authority;
use licentia_authority::jobs::{Backoff, Outcome};
use licentia_authority::webhooks::{Call, KIND};
use licentia_model::Job;
use licentia_storage::BoxFuture;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use url::Host;
use uuid::Uuid;

use super::addresses::{Forbidden, Guarded, Lookup, Rule, System};
use crate::config::webhooks::Webhooks;
use crate::jobs::carrier::Carrier;

/// How long a receiver may take, all in all.
const TIMEOUT: Duration = Duration::from_secs(20);
/// How long to its first byte of TCP.
const CONNECT: Duration = Duration::from_secs(5);
/// Calls at once, and to one receiver.
const AT_ONCE: u32 = 32;
const TO_ONE: u32 = 8;
/// How long a receiver rests that did not answer, at first and at most, in seconds.
const REST: (i64, i64) = (5, 300);

/// Makes calls.
pub(crate) struct Caller {
    authority: Authority,
    public: Client,
    clear: Client,
    public_rule: Rule,
    clear_rule: Rule,
    receivers: Mutex<HashMap<Uuid, Receiver>>,
}

/// How one receiver does.
#[derive(Default)]
struct Receiver {
    running: u32,
    silent: u32,
    rests_until: i64,
}

impl Caller {
    pub(crate) fn new(authority: &Authority, config: &Webhooks) -> Result<Self, String> {
        Self::with(authority, config, Arc::new(System))
    }

    fn with(
        authority: &Authority,
        config: &Webhooks,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Self, String> {
        let allow: Arc<[_]> = config.allow.clone().into();
        let public_rule = Rule { allow: Arc::clone(&allow), public: true };
        let clear_rule = Rule { allow, public: false };
        let client = |rule: &Rule| {
            let lookup = Arc::clone(&lookup);
            Client::builder()
                .redirect(Policy::none())
                // A proxy would look up names by itself.
                .no_proxy()
                .dns_resolver(Arc::new(Guarded { lookup, rule: rule.clone() }))
                .connect_timeout(CONNECT)
                .timeout(TIMEOUT)
                .pool_max_idle_per_host(1)
                .user_agent(concat!("licentia/", env!("CARGO_PKG_VERSION")))
                .build()
                .map_err(|error| format!("[webhooks] {error}"))
        };
        Ok(Self {
            authority: authority.clone(),
            public: client(&public_rule)?,
            clear: client(&clear_rule)?,
            public_rule,
            clear_rule,
            receivers: Mutex::default(),
        })
    }

    async fn call(&self, job: &Job) -> Outcome {
        let call = match self.authority.prepare_call(job).await {
            Ok(Ok(call)) => call,
            Ok(Err(why)) => return Outcome::Hopeless(why),
            Err(error) => return Outcome::failed(error.to_string()),
        };
        let Some(target) = job.target else { return Outcome::Hopeless("it has no target".into()) };
        let now = self.authority.now();
        if let Some(wait) = self.begin(target, now) {
            return Outcome::NotNow(wait);
        }
        let outcome = self.send(call).await;
        self.end(target, &outcome);
        if let Reply::Gone = outcome {
            if let Err(error) = self.authority.webhook_is_gone(target).await {
                return Outcome::failed(error.to_string());
            }
            return Outcome::Hopeless("410 Gone; the webhook is switched off".into());
        }
        match outcome {
            Reply::Taken(status) => Outcome::Done(status.to_string()),
            Reply::Refused(why, wait_s) => Outcome::Failed { why, wait_s },
            Reply::Silent(why) => Outcome::failed(why),
            Reply::Gone => Outcome::Hopeless("410".into()),
        }
    }

    async fn send(&self, call: Call) -> Reply {
        let Ok(url) = Url::parse(&call.url) else {
            return Reply::Refused("the URL cannot be read".into(), None);
        };
        let (client, rule) = match url.scheme() {
            "https" => (&self.public, &self.public_rule),
            "http" => (&self.clear, &self.clear_rule),
            _ => return Reply::Refused("the URL is neither https nor http".into(), None),
        };
        // An address in the place of a name is not resolved.
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            _ => None,
        };
        if literal.is_some_and(|address| !rule.admits(address)) {
            return Reply::Refused(refusal(url.scheme()), None);
        }
        let scheme = url.scheme().to_owned();
        let request = client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", call.id)
            .header("webhook-timestamp", call.timestamp.to_string())
            .header("webhook-signature", call.signature)
            .body(call.body);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => {
                let mut cause = error.source();
                while let Some(inner) = cause {
                    if inner.is::<Forbidden>() {
                        return Reply::Refused(refusal(&scheme), None);
                    }
                    cause = inner.source();
                }
                return Reply::Silent(match error {
                    error if error.is_timeout() => "it did not answer in time".into(),
                    error if error.is_connect() => "it cannot be reached".into(),
                    _ => "the connection broke".into(),
                });
            }
        };
        let status = answer.status();
        match status {
            StatusCode::GONE => Reply::Gone,
            _ if status.is_success() => Reply::Taken(status),
            _ if status.is_redirection() => {
                Reply::Refused(format!("{status}: a redirect is not followed"), None)
            }
            _ => {
                let wait = answer.headers().get(RETRY_AFTER).and_then(|text| text.to_str().ok());
                Reply::Refused(status.to_string(), wait.and_then(|text| text.parse().ok()))
            }
        }
    }

    /// Takes one of the places of a receiver; how long to wait, where it rests or has none.
    fn begin(&self, target: Uuid, now: i64) -> Option<i64> {
        let mut receivers = self.receivers.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = receivers.entry(target).or_default();
        let rest = receiver.rests_until.saturating_sub(now);
        if (1..=REST.1).contains(&rest) {
            return Some(rest);
        }
        if receiver.running >= TO_ONE {
            return Some(1);
        }
        receiver.running += 1;
        None
    }

    fn end(&self, target: Uuid, reply: &Reply) {
        let now = self.authority.now();
        let mut receivers = self.receivers.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = receivers.entry(target).or_default();
        receiver.running = receiver.running.saturating_sub(1);
        if let Reply::Silent(_) = reply {
            // Those that began together fail together, which counts once.
            if receiver.rests_until <= now {
                let rest = REST.0.saturating_mul(1 << receiver.silent.min(10));
                receiver.rests_until = now + rest.min(REST.1);
                receiver.silent += 1;
            }
        } else {
            (receiver.silent, receiver.rests_until) = (0, 0);
        }
    }
}

fn refusal(scheme: &str) -> String {
    match scheme {
        "http" => "in clear only to addresses that [webhooks] allow names".into(),
        _ => Forbidden.to_string(),
    }
}

/// How a receiver answered.
enum Reply {
    Taken(StatusCode),
    Gone,
    Refused(String, Option<i64>),
    Silent(String),
}

impl Carrier for Caller {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn at_once(&self) -> u32 {
        AT_ONCE
    }

    fn backoff(&self) -> Backoff {
        Backoff::WEBHOOKS
    }

    fn carry<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Outcome> {
        Box::pin(self.call(job))
    }
}
