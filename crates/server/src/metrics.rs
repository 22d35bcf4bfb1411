//! What the server counts, in Prometheus' text format. A request costs a look-up and a few atomic additions; what
//! needs the database is counted by a job by the minute, not by whoever reads the numbers.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use licentia_model::JobState;

use crate::console::Counted;

/// Upper bounds of the histogram's buckets, in microseconds and as Prometheus writes them.
const BOUNDS: [(u64, &str); 11] = [
    (1_000, "0.001"),
    (2_500, "0.0025"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (25_000, "0.025"),
    (50_000, "0.05"),
    (100_000, "0.1"),
    (250_000, "0.25"),
    (500_000, "0.5"),
    (1_000_000, "1"),
    (2_500_000, "2.5"),
];

/// The stable code that an answer carries, for the count of verdicts.
#[derive(Clone, Copy)]
pub(crate) struct Told(pub(crate) &'static str);

/// An endpoint, as the reference names it.
struct Endpoint {
    method: String,
    route: String,
}

/// The methods of a route.
type Methods = Vec<(String, Arc<Series>)>;

#[derive(Default)]
struct Series {
    buckets: [AtomicU64; BOUNDS.len()],
    count: AtomicU64,
    micros: AtomicU64,
    statuses: Mutex<Vec<(u16, u64)>>,
    codes: Mutex<Vec<(&'static str, u64)>>,
}

#[derive(Default)]
struct Job {
    done: u64,
    failed: u64,
    last: i64,
    good: bool,
}

/// How a job went.
pub(crate) struct Ran {
    pub(crate) name: &'static str,
    pub(crate) good: bool,
    pub(crate) failed: u64,
    pub(crate) last: Option<i64>,
}

/// The numbers of this process.
#[derive(Default)]
pub(crate) struct Metrics {
    /// By route; each has a method or two.
    endpoints: RwLock<HashMap<String, Methods>>,
    jobs: Mutex<HashMap<&'static str, Job>>,
    in_flight: AtomicI64,
    seats: AtomicI64,
    messages: AtomicU64,
    waiting: Mutex<Vec<(String, JobState, u64)>>,
    keyset_iat: AtomicI64,
    /// 0 where there is none.
    revocations_signed_at: AtomicI64,
}

/// A request that runs; it is counted as such until dropped.
pub(crate) struct Running(Arc<Metrics>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}

impl Metrics {
    /// A request begins.
    pub(crate) fn begin(self: &Arc<Self>) -> Running {
        self.in_flight.fetch_add(1, Relaxed);
        Running(Arc::clone(self))
    }

    /// A request was answered.
    pub(crate) fn answered(
        &self,
        method: &str,
        route: &str,
        status: u16,
        code: Option<&'static str>,
        took: Duration,
    ) {
        let known = {
            let endpoints = self.endpoints.read().unwrap_or_else(PoisonError::into_inner);
            endpoints.get(route).and_then(|methods| of(methods, method))
        };
        let series = known.unwrap_or_else(|| {
            let mut endpoints = self.endpoints.write().unwrap_or_else(PoisonError::into_inner);
            let methods = endpoints.entry(route.to_owned()).or_default();
            of(methods, method).unwrap_or_else(|| {
                let series = Arc::<Series>::default();
                methods.push((method.to_owned(), Arc::clone(&series)));
                series
            })
        });
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(place) = BOUNDS.iter().position(|(bound, _)| micros <= *bound) {
            series.buckets[place].fetch_add(1, Relaxed);
        }
        series.count.fetch_add(1, Relaxed);
        series.micros.fetch_add(micros, Relaxed);
        add(&series.statuses, status);
        if let Some(code) = code.or((status < 400).then_some("ok")) {
            add(&series.codes, code);
        }
    }

    /// A job ran.
    pub(crate) fn job(&self, name: &'static str, succeeded: bool, now: i64) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let job = jobs.entry(name).or_default();
        job.good = succeeded;
        if succeeded {
            (job.done, job.last) = (job.done + 1, now);
        } else {
            job.failed += 1;
        }
    }

    /// Seats that are held, in the whole database.
    pub(crate) fn set_seats(&self, held: u64) {
        self.seats.store(i64::try_from(held).unwrap_or(i64::MAX), Relaxed);
    }

    /// Messages that are no jobs yet, and jobs that are not done, in the whole database.
    pub(crate) fn set_jobs(&self, messages: u64, jobs: Vec<(String, JobState, u64)>) {
        self.messages.store(messages, Relaxed);
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = jobs;
    }

    /// When the keyset that products are given was signed.
    pub(crate) fn set_keyset_iat(&self, at: i64) {
        self.keyset_iat.store(at, Relaxed);
    }

    /// What products were granted and refused so far, for the overview.
    pub(crate) fn counted(&self, at: i64) -> Counted {
        let mut counted = Counted { at, ..Counted::default() };
        let endpoints = self.endpoints.read().unwrap_or_else(PoisonError::into_inner);
        for (route, methods) in endpoints.iter() {
            let Some(call) = call(route) else { continue };
            for (_, series) in methods {
                let codes = series.codes.lock().unwrap_or_else(PoisonError::into_inner);
                for (code, count) in codes.iter() {
                    match (*code, call) {
                        ("ok", "heartbeat") => counted.heartbeats += count,
                        ("ok", _) => {}
                        (code, _) => match counted.refusals.iter_mut().find(|it| it.0 == code) {
                            Some((_, sum)) => *sum += count,
                            None => counted.refusals.push((code, *count)),
                        },
                    }
                }
            }
        }
        counted
    }

    /// How the jobs went, by name: whether the last run that is known was good, and when one was.
    pub(crate) fn jobs(&self) -> Vec<Ran> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let mut list: Vec<Ran> = jobs
            .iter()
            .map(|(name, job)| Ran {
                name,
                good: job.good,
                failed: job.failed,
                last: (job.done > 0).then_some(job.last),
            })
            .collect();
        list.sort_by_key(|job| job.name);
        list
    }

    /// When the newest revocation list was signed; `None` where there is none.
    pub(crate) fn set_revocations_signed_at(&self, at: Option<i64>) {
        self.revocations_signed_at.store(at.unwrap_or(0), Relaxed);
    }

    /// All of it. `queued` are jobs that wait for the database or run in it: reading, writing.
    pub(crate) fn text(&self, now: i64, queued: (u64, u64)) -> String {
        let mut text = Text(String::with_capacity(16 * 1024));
        text.head("licentia_build_info", "gauge", "The program; always 1.");
        text.line("licentia_build_info", &[("version", env!("CARGO_PKG_VERSION"))], "1");
        text.head("licentia_requests_in_flight", "gauge", "Requests that are being answered.");
        text.line("licentia_requests_in_flight", &[], &self.in_flight.load(Relaxed).to_string());
        text.head(
            "licentia_database_queue_depth",
            "gauge",
            "Jobs that wait for the database or run in it.",
        );
        for (access, depth) in [("read", queued.0), ("write", queued.1)] {
            text.line("licentia_database_queue_depth", &[("access", access)], &depth.to_string());
        }
        text.head(
            "licentia_seats_held",
            "gauge",
            "Seats whose lease runs, by the last count, which is made by the minute.",
        );
        text.line("licentia_seats_held", &[], &self.seats.load(Relaxed).to_string());
        self.waiting_text(&mut text);
        let age = now.saturating_sub(self.keyset_iat.load(Relaxed));
        text.head(
            "licentia_keyset_age_seconds",
            "gauge",
            "How long ago the keyset in force was signed.",
        );
        text.line("licentia_keyset_age_seconds", &[], &age.max(0).to_string());
        text.head(
            "licentia_revocations_age_seconds",
            "gauge",
            "How long ago the newest published revocation list was signed; an alarm from 10800 on.",
        );
        let signed_at = self.revocations_signed_at.load(Relaxed);
        if signed_at != 0 {
            let age = now.saturating_sub(signed_at).max(0);
            text.line("licentia_revocations_age_seconds", &[], &age.to_string());
        }
        self.jobs_text(&mut text);
        self.endpoints_text(&mut text);
        text.0
    }

    fn waiting_text(&self, text: &mut Text) {
        text.head(
            "licentia_outbox_messages",
            "gauge",
            "Messages that are no jobs yet, by the last count.",
        );
        text.line("licentia_outbox_messages", &[], &self.messages.load(Relaxed).to_string());
        text.head(
            "licentia_jobs_queued",
            "gauge",
            "Side effects that wait or were given up, by the last count, which is made by the minute.",
        );
        for (kind, state, count) in &*self.waiting.lock().unwrap_or_else(PoisonError::into_inner) {
            let labels = [("kind", kind.as_str()), ("state", state.as_str())];
            text.line("licentia_jobs_queued", &labels, &count.to_string());
        }
    }

    fn jobs_text(&self, text: &mut Text) {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let mut jobs: Vec<_> = jobs.iter().collect();
        jobs.sort_by_key(|(name, _)| **name);
        text.head("licentia_job_runs_total", "counter", "Runs of a job, by how they ended.");
        for (name, job) in &jobs {
            for (result, count) in [("done", job.done), ("failed", job.failed)] {
                let labels = [("job", **name), ("result", result)];
                text.line("licentia_job_runs_total", &labels, &count.to_string());
            }
        }
        text.head(
            "licentia_job_last_success_timestamp_seconds",
            "gauge",
            "When a job last ended well.",
        );
        for (name, job) in jobs {
            text.line(
                "licentia_job_last_success_timestamp_seconds",
                &[("job", name)],
                &job.last.to_string(),
            );
        }
    }

    fn endpoints_text(&self, text: &mut Text) {
        let all = self.endpoints.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = all
            .iter()
            .flat_map(|(route, methods)| {
                methods.iter().map(|(method, series)| {
                    let endpoint = Endpoint { method: method.clone(), route: route.clone() };
                    (endpoint, Arc::clone(series))
                })
            })
            .collect();
        all.sort_by(|(a, _), (b, _)| (&a.route, &a.method).cmp(&(&b.route, &b.method)));
        text.head(
            "licentia_requests_total",
            "counter",
            "Requests by endpoint and status; errors are those of 500 and more.",
        );
        for (endpoint, series) in &all {
            let mut statuses =
                series.statuses.lock().unwrap_or_else(PoisonError::into_inner).clone();
            statuses.sort_unstable();
            for (status, count) in statuses {
                let status = status.to_string();
                let labels = [
                    ("method", &*endpoint.method),
                    ("route", &*endpoint.route),
                    ("status", &*status),
                ];
                text.line("licentia_requests_total", &labels, &count.to_string());
            }
        }
        text.head(
            "licentia_verdicts_total",
            "counter",
            "What products were told, by call and code; `ok` grants what was asked for.",
        );
        for (endpoint, series) in &all {
            let Some(call) = call(&endpoint.route) else { continue };
            let mut codes = series.codes.lock().unwrap_or_else(PoisonError::into_inner).clone();
            codes.sort_unstable();
            for (code, count) in codes {
                text.line(
                    "licentia_verdicts_total",
                    &[("call", call), ("code", code)],
                    &count.to_string(),
                );
            }
        }
        let granted = |wanted: &str| -> u64 {
            let of = all.iter().filter(|(endpoint, _)| call(&endpoint.route) == Some(wanted));
            of.map(|(_, series)| {
                let codes = series.codes.lock().unwrap_or_else(PoisonError::into_inner);
                codes.iter().filter(|(code, _)| *code == "ok").map(|(_, count)| count).sum::<u64>()
            })
            .sum()
        };
        for (name, call, about) in [
            ("licentia_activations_total", "activate", "Activations that were granted."),
            ("licentia_heartbeats_total", "heartbeat", "Heartbeats that were granted."),
            ("licentia_deactivations_total", "deactivate", "Seats that products gave back."),
        ] {
            text.head(name, "counter", about);
            text.line(name, &[], &granted(call).to_string());
        }
        text.head(
            "licentia_request_duration_seconds",
            "histogram",
            "How long answers took, by endpoint.",
        );
        for (endpoint, series) in &all {
            let labels = [("method", &*endpoint.method), ("route", &*endpoint.route)];
            let mut sum = 0;
            for ((_, bound), bucket) in BOUNDS.iter().zip(&series.buckets) {
                sum += bucket.load(Relaxed);
                let labels = [labels[0], labels[1], ("le", bound)];
                text.line("licentia_request_duration_seconds_bucket", &labels, &sum.to_string());
            }
            // Read last, so that no bucket counts more than all.
            let count = series.count.load(Relaxed).max(sum);
            let infinite = [labels[0], labels[1], ("le", "+Inf")];
            text.line("licentia_request_duration_seconds_bucket", &infinite, &count.to_string());
            let micros = series.micros.load(Relaxed);
            let seconds = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
            text.line("licentia_request_duration_seconds_sum", &labels, &seconds);
            text.line("licentia_request_duration_seconds_count", &labels, &count.to_string());
        }
    }
}

fn of(methods: &[(String, Arc<Series>)], method: &str) -> Option<Arc<Series>> {
    methods.iter().find(|(known, _)| known == method).map(|(_, series)| Arc::clone(series))
}

/// What products call an endpoint.
fn call(route: &str) -> Option<&'static str> {
    Some(match route {
        "/v1/license/activate" => "activate",
        "/v1/license/heartbeat" => "heartbeat",
        "/v1/license/deactivate" => "deactivate",
        "/v1/licenses/validate" => "validate",
        _ => return None,
    })
}

fn add<T: PartialEq>(counts: &Mutex<Vec<(T, u64)>>, of: T) {
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    // There is a handful.
    match counts.iter_mut().find(|(known, _)| *known == of) {
        Some((_, count)) => *count += 1,
        None => counts.push((of, 1)),
    }
}

/// The text as it grows. Labels are our own words: none holds a quote, a backslash or a line break.
struct Text(String);

impl Text {
    fn head(&mut self, name: &str, kind: &str, about: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {about}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: &str) {
        self.0.push_str(name);
        for (place, (label, text)) in labels.iter().enumerate() {
            let _ = write!(self.0, "{}{label}=\"{text}\"", if place == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }
}

#[cfg(test)]
#[expect(clippy::print_stdout, reason = "what it costs is told with --nocapture")]
mod tests {
    use std::thread;
    use std::time::Instant;

    use super::*;

    /// Nothing is lost between threads. What it costs: `cargo test --release -p licentia-server --lib metrics -- --nocapture`.
    #[test]
    fn b12_every_request_is_counted_however_many_are_counted_at_once() {
        const ROUNDS: u64 = 50_000;
        for threads in [1, 2, 4] {
            let metrics = Arc::<Metrics>::default();
            let begun = Instant::now();
            thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| {
                        for round in 0..ROUNDS {
                            let _running = metrics.begin();
                            let (status, code) = match round % 10 {
                                0 => (409, Some("no_free_seat")),
                                _ => (200, None),
                            };
                            let took = Duration::from_micros(round % 4_000);
                            metrics.answered("POST", "/v1/license/heartbeat", status, code, took);
                        }
                    });
                }
            });
            let each = begun.elapsed().as_nanos() / u128::from(ROUNDS * threads);
            println!("{threads} threads: {each} ns a request");
            let text = metrics.text(0, (3, 7));
            let all = ROUNDS * threads;
            let route = "method=\"POST\",route=\"/v1/license/heartbeat\"";
            for line in [
                format!("licentia_heartbeats_total {}", all / 10 * 9),
                format!("licentia_requests_total{{{route},status=\"200\"}} {}", all / 10 * 9),
                format!("licentia_requests_total{{{route},status=\"409\"}} {}", all / 10),
                format!(
                    "licentia_verdicts_total{{call=\"heartbeat\",code=\"no_free_seat\"}} {}",
                    all / 10
                ),
                format!("licentia_request_duration_seconds_bucket{{{route},le=\"+Inf\"}} {all}"),
                format!("licentia_request_duration_seconds_count{{{route}}} {all}"),
                "licentia_requests_in_flight 0".to_owned(),
                "licentia_database_queue_depth{access=\"read\"} 3".to_owned(),
                "licentia_database_queue_depth{access=\"write\"} 7".to_owned(),
            ] {
                assert!(text.lines().any(|found| found == line), "{line}\n{text}");
            }
        }
    }
}
