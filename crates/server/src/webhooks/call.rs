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
        let lookup: Arc<dyn Lookup> = Arc::new(System);
        Self::with(authority, config, &lookup, TIMEOUT)
    }

    fn with(
        authority: &Authority,
        config: &Webhooks,
        lookup: &Arc<dyn Lookup>,
        timeout: Duration,
    ) -> Result<Self, String> {
        let allow: Arc<[_]> = config.allow.clone().into();
        let public_rule = Rule { allow: Arc::clone(&allow), public: true };
        let clear_rule = Rule { allow, public: false };
        let client = |rule: &Rule| {
            let lookup = Arc::clone(lookup);
            Client::builder()
                .redirect(Policy::none())
                // A proxy would look up names by itself.
                .no_proxy()
                .dns_resolver(Arc::new(Guarded { lookup, rule: rule.clone() }))
                .connect_timeout(CONNECT)
                .timeout(timeout)
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
                let mut untrusted = false;
                while let Some(inner) = cause {
                    if inner.is::<Forbidden>() {
                        return Reply::Refused(refusal(&scheme), None);
                    }
                    // Said by our library of TLS, whose error is behind others that hide its type.
                    untrusted |= inner.to_string().starts_with("invalid peer certificate");
                    cause = inner.source();
                }
                return Reply::Silent(match error {
                    _ if untrusted => {
                        "its certificate is not trusted here, or of another name".into()
                    }
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

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::io;
    use std::net::IpAddr;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    use licentia_authority::jobs::Filter;
    use licentia_authority::webhooks::NewWebhook;
    use licentia_protocol::resource;
    use licentia_testing::{TestAuthority, actor};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    const CATALOG: &str = "[product]\ncode = \"p\"\nname = \"P\"\ndefault_plan = \"a\"\n\n[[plan]]\n\
                           code = \"a\"\ntier = \"A\"\nrank = 1\nseats = 2\n";

    /// A listener that counts who connects, and answers with what it is given; nothing: it never answers.
    async fn receiver(answers: &'static [&'static str]) -> (u16, Arc<AtomicU32>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let count = Arc::<AtomicU32>::default();
        let seen = Arc::clone(&count);
        tokio::spawn(async move {
            let mut kept = Vec::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let place = seen.fetch_add(1, SeqCst) as usize;
                match answers.get(place.min(answers.len().saturating_sub(1))) {
                    None => kept.push(stream),
                    Some(answer) => {
                        let mut buffer = [0; 8 * 1024];
                        let _ = stream.read(&mut buffer).await;
                        let text = format!(
                            "HTTP/1.1 {answer}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
                        );
                        let _ = stream.write_all(text.as_bytes()).await;
                    }
                }
            }
        });
        (port, count)
    }

    /// Hands out these addresses one after the other, the last one for ever.
    struct Flipping(Mutex<VecDeque<&'static str>>);

    impl Lookup for Flipping {
        fn lookup(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
            let mut left = self.0.lock().unwrap();
            let next = if left.len() > 1 { left.pop_front() } else { left.front().copied() };
            let found = next.unwrap().split(' ').map(|text| text.parse().unwrap()).collect();
            Box::pin(async move { Ok(found) })
        }
    }

    struct Bench {
        test: TestAuthority,
        caller: Caller,
    }

    impl Bench {
        async fn new(allow: &[&str], addresses: &[&'static str]) -> Self {
            let test = TestAuthority::new().await;
            test.import(CATALOG).await;
            let config =
                Webhooks { allow: allow.iter().map(|text| text.parse().unwrap()).collect() };
            let lookup: Arc<dyn Lookup> =
                Arc::new(Flipping(Mutex::new(addresses.iter().copied().collect())));
            let timeout = Duration::from_millis(300);
            let caller = Caller::with(&test.authority, &config, &lookup, timeout).unwrap();
            Self { test, caller }
        }

        async fn webhook(&self, url: &str) -> resource::Webhook {
            let new = NewWebhook { url: url.into(), ..NewWebhook::default() };
            self.test.authority.create_webhook(new, actor()).await.unwrap()
        }

        /// Makes what is due, once.
        async fn round(&self) -> Vec<Outcome> {
            while self.test.authority.dispatch(false).await.unwrap() > 0 {}
            let mut outcomes = Vec::new();
            for job in self.test.authority.claim_jobs(KIND, 100).await.unwrap() {
                let outcome = self.caller.carry(&job).await;
                let settled = outcome.clone();
                let backoff = self.caller.backoff();
                self.test.authority.settle_job(&job, settled, backoff).await.unwrap();
                outcomes.push(outcome);
            }
            outcomes
        }

        async fn test_call(&self, url: &str) -> Outcome {
            let webhook = self.webhook(url).await;
            self.test.authority.test_webhook(webhook.id, actor()).await.unwrap();
            let outcome = self.round().await.remove(0);
            self.test.authority.delete_webhook(webhook.id, actor()).await.unwrap();
            outcome
        }
    }

    fn why(outcome: &Outcome) -> &str {
        match outcome {
            Outcome::Failed { why, .. } | Outcome::Hopeless(why) | Outcome::Done(why) => why,
            Outcome::NotNow(_) => "not now",
        }
    }

    #[tokio::test]
    async fn a_receiver_that_fails_hangs_or_redirects_is_tried_again_and_410_switches_it_off() {
        let bench = Bench::new(&["127.0.0.1"], &["127.0.0.1"]).await;
        let (canary, hits) = receiver(&["200 OK"]).await;
        let location: &'static str = Box::leak(
            format!("302 Found\r\nlocation: http://127.0.0.1:{canary}/").into_boxed_str(),
        );
        let redirect: &'static [&'static str] = Box::leak(Box::new([location]));
        let (port, _) = receiver(redirect).await;
        let outcome = bench.test_call(&format!("http://127.0.0.1:{port}/")).await;
        assert!(why(&outcome).contains("not followed"), "{outcome:?}");
        assert_eq!(hits.load(SeqCst), 0, "a redirect was followed");

        let (port, _) = receiver(&["503 Busy\r\nretry-after: 120"]).await;
        let outcome = bench.test_call(&format!("http://hook.example:{port}/")).await;
        assert_eq!(
            outcome,
            Outcome::Failed { why: "503 Service Unavailable".into(), wait_s: Some(120) }
        );
        let (port, _) = receiver(&["204 No Content"]).await;
        let outcome = bench.test_call(&format!("http://hook.example:{port}/")).await;
        assert_eq!(outcome, Outcome::Done("204 No Content".into()));

        // One that hangs rests, and nobody waits for it meanwhile.
        let (port, tried) = receiver(&[]).await;
        let webhook = bench.webhook(&format!("http://127.0.0.1:{port}/")).await;
        for _ in 0..2 {
            bench.test.authority.test_webhook(webhook.id, actor()).await.unwrap();
        }
        let outcomes = bench.round().await;
        assert_eq!(outcomes[0], Outcome::failed("it did not answer in time"));
        assert_eq!((&outcomes[1], tried.load(SeqCst)), (&Outcome::NotNow(5), 1));
        bench.test.authority.delete_webhook(webhook.id, actor()).await.unwrap();

        let (port, _) = receiver(&["410 Gone"]).await;
        let webhook = bench.webhook(&format!("http://127.0.0.1:{port}/")).await;
        let license = bench.test.issue("p").await;
        bench.test.authority.suspend(license.id, None, actor()).await.unwrap();
        let outcomes = bench.round().await;
        assert_eq!(outcomes.len(), 1, "{outcomes:?}");
        assert!(why(&outcomes[0]).contains("switched off"));
        let shown = bench.test.authority.show_webhook(webhook.id).await.unwrap();
        assert!(shown.disabled_at.is_some() && shown.disabled_why.unwrap().contains("410"));
        let filter = Filter { target: Some(webhook.id), limit: 9, ..Filter::default() };
        let jobs = bench.test.authority.list_jobs(filter).await.unwrap().items;
        assert!(jobs.len() == 2 && jobs.iter().all(|job| job.state == "dead"), "{jobs:?}");
        bench.test.authority.resume(license.id, actor()).await.unwrap();
        assert_eq!(bench.round().await, [], "nothing is sent to who is gone");
        assert!(bench.test.authority.verify_audit().await.unwrap().valid);
    }

    #[tokio::test]
    async fn what_fails_holds_up_its_licence_and_no_other_until_it_is_delivered_in_order() {
        let bench = Bench::new(&["127.0.0.1"], &["127.0.0.1"]).await;
        let (port, _) = receiver(&["500 No", "200 OK"]).await;
        bench.webhook(&format!("http://127.0.0.1:{port}/")).await;
        let authority = &bench.test.authority;
        let first = bench.test.issue("p").await;
        authority.suspend(first.id, None, actor()).await.unwrap();
        let second = bench.test.issue("p").await;
        let events = || async {
            let filter = Filter { limit: 9, ..Filter::default() };
            let jobs = authority.list_jobs(filter).await.unwrap().items;
            let mut told: Vec<_> = jobs
                .into_iter()
                .map(|job| (job.license_id == Some(first.id), job.event, job.state))
                .collect();
            told.sort();
            told.iter().map(|(_, event, state)| format!("{event} {state}")).collect::<Vec<_>>()
        };
        assert_eq!(bench.round().await.len(), 2, "the first of each licence");
        assert_eq!(
            events().await,
            ["license.issued done", "license.issued waiting", "license.suspended waiting"]
        );
        bench.test.clock.advance(4);
        assert_eq!(bench.round().await, []);
        bench.test.clock.advance(2);
        assert_eq!(bench.round().await, [Outcome::Done("200 OK".into())]);
        assert_eq!(bench.round().await, [Outcome::Done("200 OK".into())]);
        assert_eq!(
            events().await,
            ["license.issued done", "license.issued done", "license.suspended done"]
        );
        assert_ne!(first.id, second.id);
    }

    /// Threat 15: a canary on loopback sees nobody, whatever the spelling of it and whatever a name leads to.
    #[tokio::test]
    async fn a_call_leads_nowhere_private_by_any_spelling_redirect_or_rebinding() {
        let (canary, hits) = receiver(&["200 OK"]).await;
        let bench = Bench::new(&[], &["127.0.0.1"]).await;
        let spellings = [
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "0x7f.1",
            "017700000001",
            "127.000.000.001",
            "0",
            "0.0.0.0",
            "0x0",
            "127.255.255.255",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:ffff:127.0.0.1]",
            "[::127.0.0.1]",
            "[0000:0000:0000:0000:0000:0000:0000:0001]",
            "localhost",
            "LOCALHOST",
            "localhost.",
            "127.0.0.1.",
            "127.0.0.1.nip.io",
            "169.254.169.254",
            "10.0.0.1",
            "192.168.0.1",
            "172.16.0.1",
            "100.64.0.1",
            "[fe80::1]",
            "[fc00::1]",
            "[fd00:ec2::254]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2001:0:7f00:1::]",
            "224.0.0.1",
            "255.255.255.255",
            "%31%32%37.0.0.1",
            "example.com",
            "①②⑦.0.0.1",
        ];
        for host in spellings {
            for scheme in ["http", "https"] {
                let url = format!("{scheme}://{host}:{canary}/");
                if !url.is_ascii() {
                    let new = NewWebhook { url, ..NewWebhook::default() };
                    bench.test.authority.create_webhook(new, actor()).await.unwrap_err();
                    continue;
                }
                let outcome = bench.test_call(&url).await;
                assert!(matches!(outcome, Outcome::Failed { .. }), "{url}: {outcome:?}");
            }
        }
        // A public address at the first look and this machine at the next one, or both at once.
        let rebinding =
            Bench::new(&[], &["203.0.113.1 1.1.1.1", "1.1.1.1 127.0.0.1", "127.0.0.1"]).await;
        for _ in 0..3 {
            let outcome = rebinding.test_call(&format!("https://rebind.example:{canary}/")).await;
            assert!(why(&outcome).contains("private"), "{outcome:?}");
        }
        assert_eq!(hits.load(SeqCst), 0);
        // The configuration names it: then it may be called, and it alone.
        let named = Bench::new(&["127.0.0.1"], &["127.0.0.1", "127.0.0.2"]).await;
        let url = format!("http://named.example:{canary}/");
        assert_eq!(named.test_call(&url).await, Outcome::Done("200 OK".into()));
        assert!(why(&named.test_call(&url).await).contains("in clear"));
        assert_eq!(hits.load(SeqCst), 1);
    }
}
