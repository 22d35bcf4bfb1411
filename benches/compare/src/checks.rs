//! A feature check by others, in one run with ours: the OpenFeature SDK with a provider in memory and with a licence as
//! its provider, and the Unleash client with its flags loaded, none with a network.
//!
//! `cargo run --release --manifest-path benches/compare/Cargo.toml --bin checks`

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use licentia::clock::{Clock, Wait};
use licentia::{Environment, Guard};
use licentia_benches::contest::{Contest, ROUNDS};
use licentia_benches::sample::{FEATURE, Failure, NOW, PRODUCT, Sample};
use licentia_openfeature::LicenseProvider;
use open_feature::provider::{FeatureProvider, ProviderMetadata, ResolutionDetails};
use open_feature::{
    EvaluationContext, EvaluationError, EvaluationErrorCode, EvaluationResult, OpenFeature,
    StructValue,
};
use unleash_api_client::ClientBuilder;
use unleash_api_client::client::FeatureKey;
use unleash_api_client::http::{Request, Response, Transport};

const FEATURES: [&str; 5] = ["agents", "sso", "audit", "export", FEATURE];

fn main() -> Result<(), Failure> {
    let sample = Sample::of(400)?;
    let guard = Guard::builder(PRODUCT, sample.trust.to_text())
        .license_key(sample.token.clone())
        .environment(Environment::default())
        .clock(Arc::new(Then))
        .start()?;
    let handle = guard.feature(FEATURE);

    let mut api = OpenFeature::default();
    let flags = FEATURES.map(|name| (name.to_owned(), true)).into();
    now(api.set_provider(InMemory { metadata: ProviderMetadata::new("in memory"), flags }));
    let open_feature = api.create_client();
    let mut licensed = OpenFeature::default();
    now(licensed.set_provider(LicenseProvider::new(&guard)));
    let licensed = licensed.create_client();

    let unleash =
        ClientBuilder::default()
            .enable_string_features()
            .disable_metric_submission()
            .into_client_with_transport::<NoNames>("", "app", "one", None, Arc::new(NoNetwork))?;
    let flag = |name| serde_json::json!({ "name": name, "enabled": true, "strategies": [{ "name": "default" }] });
    let flags = serde_json::json!({ "version": 1, "features": FEATURES.map(flag) });
    unleash.memoize(serde_json::from_value(flags)?).map_err(|error| error.to_string())?;

    let mut contest = Contest::default();
    for _ in 0..ROUNDS {
        contest.run("Licentia, handle", &|| handle.is_on())?;
        contest.run("Licentia, by name", &|| guard.has_feature(FEATURE))?;
        contest.run("Licentia, ensure", &|| guard.ensure(FEATURE).is_ok())?;
        contest.run("OpenFeature", &|| {
            now(open_feature.get_bool_value(FEATURE, None, None)).unwrap_or(false)
        })?;
        contest.run("OpenFeature, a licence", &|| {
            now(licensed.get_bool_value(FEATURE, None, None)).unwrap_or(false)
        })?;
        contest.run("Unleash", &|| unleash.is_enabled_str(FEATURE, None, false))?;
    }
    print!("{}", contest.table());
    Ok(())
}

/// What waits for nothing has its answer at once; no executor is measured along.
fn now<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    loop {
        if let Poll::Ready(done) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return done;
        }
    }
}

/// The time of the sample, for ever.
struct Then;

impl Clock for Then {
    fn now_micros(&self) -> i64 {
        NOW * 1_000_000
    }

    fn wait_until(&self, _: i64) -> Wait<'_> {
        Box::pin(std::future::pending())
    }
}

struct InMemory {
    metadata: ProviderMetadata,
    flags: HashMap<String, bool>,
}

fn unknown<T>() -> EvaluationResult<T> {
    Err(EvaluationError::builder().code(EvaluationErrorCode::FlagNotFound).build())
}

#[async_trait]
impl FeatureProvider for InMemory {
    fn metadata(&self) -> &ProviderMetadata {
        &self.metadata
    }

    async fn resolve_bool_value(
        &self,
        flag: &str,
        _: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<bool>> {
        self.flags.get(flag).map_or_else(unknown, |on| Ok(ResolutionDetails::new(*on)))
    }

    async fn resolve_int_value(
        &self,
        _: &str,
        _: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<i64>> {
        unknown()
    }

    async fn resolve_float_value(
        &self,
        _: &str,
        _: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<f64>> {
        unknown()
    }

    async fn resolve_string_value(
        &self,
        _: &str,
        _: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<String>> {
        unknown()
    }

    async fn resolve_struct_value(
        &self,
        _: &str,
        _: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<StructValue>> {
        unknown()
    }
}

/// Flags are asked for by text.
#[derive(Debug, Clone, Copy)]
struct NoNames;

impl FeatureKey for NoNames {
    fn name(self) -> &'static str {
        ""
    }
}

struct NoNetwork;

#[async_trait]
impl Transport for NoNetwork {
    async fn execute(&self, _: Request) -> Result<Response, anyhow::Error> {
        Err(anyhow::anyhow!("there is no network"))
    }
}
