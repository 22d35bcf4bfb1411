//! A licence as the source of an application's flags and quotas: a provider for OpenFeature (specification section 2).
//!
//! ```no_run
//! # async fn f() -> Result<(), Box<dyn std::error::Error>> {
//! let guard = licentia::Guard::builder("bzzz", "…").start_async().await?;
//! let mut api = open_feature::OpenFeature::singleton_mut().await;
//! api.set_provider(licentia_openfeature::LicenseProvider::new(&guard).features(["rbac", "sso"])).await;
//! let client = api.create_client();
//! let rbac = client.get_bool_value("rbac", None, None).await.unwrap_or(false);
//! # Ok(())
//! # }
//! ```
//!
//! | flag | type | value |
//! |---|---|---|
//! | a feature | bool | whether it is granted |
//! | a limit, `seats`, `nodes` | int | how much is granted; `i64::MAX`, variant `unlimited` |
//! | `tier`, `plan` | string | of the licence in force |
//! | a name in the licence's attribute `flags` | by its JSON | as the vendor signed it |
//!
//! An entry of `flags` is a value, or `{"value": …, "variant": …, "when": [{"is": {…}, "value": …, "variant": …}]}`, of
//! which the first `when` whose `is` the evaluation context holds counts. Nothing of a licence that is not in force is
//! told; a feature of it is `false` with the reason `DISABLED`. It reads the guard's snapshot and never waits.

use std::collections::BTreeSet;

use async_trait::async_trait;
use licentia::{Guard, Limit, Snapshot};
use open_feature::provider::{FeatureProvider, ProviderMetadata, ResolutionDetails};
use open_feature::{
    EvaluationContext, EvaluationContextFieldValue, EvaluationError, EvaluationErrorCode,
    EvaluationReason, EvaluationResult, StructValue, Value,
};
use serde_json::Value as Json;

/// Attribute of a licence with flags.
const FLAGS: &str = "flags";

/// Answers from a guard.
pub struct LicenseProvider {
    guard: Guard,
    metadata: ProviderMetadata,
    features: BTreeSet<String>,
}

/// A value with what is told of it.
struct Resolved {
    value: Value,
    variant: Option<String>,
    reason: EvaluationReason,
}

impl LicenseProvider {
    /// For this guard.
    #[must_use]
    pub fn new(guard: &Guard) -> Self {
        let metadata = ProviderMetadata::new("licentia");
        Self { guard: guard.clone(), metadata, features: BTreeSet::new() }
    }

    /// Features that the application asks for, so that one that is in no licence yet is `false`, and not unknown.
    #[must_use]
    pub fn features<F: Into<String>>(mut self, names: impl IntoIterator<Item = F>) -> Self {
        self.features.extend(names.into_iter().map(Into::into));
        self
    }

    fn resolve(&self, flag: &str, context: &EvaluationContext) -> EvaluationResult<Resolved> {
        let snapshot = self.guard.snapshot();
        self.feature(flag, &snapshot)
            .or_else(|| limit(self.guard.limit(flag)))
            .or_else(|| word(flag, &snapshot))
            .or_else(|| signed(flag, &snapshot, context))
            .ok_or_else(|| error(EvaluationErrorCode::FlagNotFound, flag))
    }

    fn feature(&self, flag: &str, snapshot: &Snapshot) -> Option<Resolved> {
        let on = snapshot.has_feature(flag);
        let license = snapshot.license();
        let lapsed = license.is_some_and(|license| license.features.iter().any(|f| f == flag));
        let known = lapsed || self.features.contains(flag);
        (on || known).then(|| Resolved {
            value: Value::Bool(on),
            variant: Some(if on { "on" } else { "off" }.to_owned()),
            reason: match lapsed && !on {
                true => EvaluationReason::Disabled,
                false => EvaluationReason::Static,
            },
        })
    }
}

fn limit(limit: Limit) -> Option<Resolved> {
    let (most, variant) = match limit {
        Limit::Unlimited => (i64::MAX, "unlimited"),
        Limit::AtMost(most) => (i64::try_from(most).unwrap_or(i64::MAX), "limited"),
        Limit::NotGranted => return None,
    };
    Some(Resolved::of(Value::Int(most), Some(variant)))
}

fn word(flag: &str, snapshot: &Snapshot) -> Option<Resolved> {
    let license = snapshot.license().filter(|_| snapshot.standing().is_full());
    let text = match flag {
        "tier" => snapshot.tier().to_owned(),
        "plan" => license?.plan.to_string(),
        _ => return None,
    };
    Some(Resolved::of(Value::String(text), None))
}

/// What the vendor signed for this customer.
fn signed(flag: &str, snapshot: &Snapshot, context: &EvaluationContext) -> Option<Resolved> {
    let license = snapshot.license().filter(|_| snapshot.standing().is_full())?;
    let entry = license.attributes.get(FLAGS)?.get(flag)?;
    let Some(default) = entry.get("value").filter(|_| entry.is_object()) else {
        return Some(Resolved::of(value(entry)?, None));
    };
    let variant = |entry: &Json| entry.get("variant").and_then(Json::as_str).map(str::to_owned);
    let cases = entry.get("when").and_then(Json::as_array).into_iter().flatten();
    let mut fitting = cases.filter(|case| is_met(case.get("is"), context));
    match fitting.next() {
        Some(case) => Some(Resolved {
            value: value(case.get("value")?)?,
            variant: variant(case),
            reason: EvaluationReason::TargetingMatch,
        }),
        None => Some(Resolved {
            value: value(default)?,
            variant: variant(entry),
            reason: match entry.get("when") {
                Some(_) => EvaluationReason::Default,
                None => EvaluationReason::Static,
            },
        }),
    }
}

/// Whether the context holds each of these.
fn is_met(wanted: Option<&Json>, context: &EvaluationContext) -> bool {
    let Some(Json::Object(wanted)) = wanted.filter(|wanted| wanted.is_object()) else {
        return false;
    };
    wanted.iter().all(|(name, wanted)| {
        if name == "targetingKey" {
            return context.targeting_key.as_deref() == wanted.as_str();
        }
        match context.custom_fields.get(name) {
            Some(EvaluationContextFieldValue::Bool(held)) => wanted.as_bool() == Some(*held),
            Some(EvaluationContextFieldValue::Int(held)) => wanted.as_i64() == Some(*held),
            Some(EvaluationContextFieldValue::Float(held)) => wanted.as_f64() == Some(*held),
            Some(EvaluationContextFieldValue::String(held)) => wanted.as_str() == Some(held),
            _ => false,
        }
    })
}

/// JSON as a flag's value; `null` is none.
fn value(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Null => return None,
        Json::Bool(on) => Value::Bool(*on),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => Value::Float(number.as_f64()?),
        },
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::Array(items.iter().map(value).collect::<Option<_>>()?),
        Json::Object(fields) => {
            let field = |(name, json): (&String, &Json)| Some((name.clone(), value(json)?));
            Value::Struct(StructValue { fields: fields.iter().map(field).collect::<Option<_>>()? })
        }
    })
}

impl Resolved {
    fn of(value: Value, variant: Option<&str>) -> Self {
        Self { value, variant: variant.map(str::to_owned), reason: EvaluationReason::Static }
    }

    fn typed<T>(
        self,
        flag: &str,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> EvaluationResult<ResolutionDetails<T>> {
        match read(self.value) {
            Some(value) => Ok(ResolutionDetails {
                value,
                variant: self.variant,
                reason: Some(self.reason),
                flag_metadata: None,
            }),
            None => Err(error(EvaluationErrorCode::TypeMismatch, flag)),
        }
    }
}

fn error(code: EvaluationErrorCode, flag: &str) -> EvaluationError {
    let message = match code {
        EvaluationErrorCode::TypeMismatch => format!("the flag `{flag}` is of another type"),
        _ => format!("neither the licence nor the application knows `{flag}`"),
    };
    EvaluationError::builder().code(code).message(message).build()
}

#[async_trait]
impl FeatureProvider for LicenseProvider {
    fn metadata(&self) -> &ProviderMetadata {
        &self.metadata
    }

    async fn resolve_bool_value(
        &self,
        flag: &str,
        context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<bool>> {
        self.resolve(flag, context)?.typed(flag, |value| value.as_bool())
    }

    async fn resolve_int_value(
        &self,
        flag: &str,
        context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<i64>> {
        self.resolve(flag, context)?.typed(flag, |value| value.as_i64())
    }

    async fn resolve_float_value(
        &self,
        flag: &str,
        context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<f64>> {
        self.resolve(flag, context)?.typed(flag, |value| value.as_f64())
    }

    async fn resolve_string_value(
        &self,
        flag: &str,
        context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<String>> {
        self.resolve(flag, context)?.typed(flag, |value| match value {
            Value::String(text) => Some(text),
            _ => None,
        })
    }

    async fn resolve_struct_value(
        &self,
        flag: &str,
        context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<StructValue>> {
        self.resolve(flag, context)?.typed(flag, |value| match value {
            Value::Struct(fields) => Some(fields),
            _ => None,
        })
    }
}
