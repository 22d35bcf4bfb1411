//! Nouns to store, told apart by a number, and shorthands for transactions.

use std::collections::BTreeMap;

use licentia_model::operator::Role;
use licentia_model::plan::{OnChainBroken, OnClone};
use licentia_model::{
    Activation, Customer, Distribution, Enforcement, License, LicenseState, Operator, Plan,
    Product, Quota, QuotaKind, Scheme, Seat, TrialOf, Upgrade, Window,
};
use licentia_storage::{Result, Transaction};
use uuid::Uuid;

/// Runs an async block in a writing transaction: committed where it is `Ok`.
macro_rules! change {
    ($store:expr, |$tx:ident| $work:expr) => {
        licentia_storage::write::<_, licentia_storage::StorageError, _>(&*$store, move |$tx| {
            Box::pin(async move { $work })
        })
        .await
    };
}
pub(crate) use change;

/// Runs an async block in a reading transaction.
macro_rules! look {
    ($store:expr, |$tx:ident| $work:expr) => {
        licentia_storage::read::<_, licentia_storage::StorageError, _>(&*$store, move |$tx| {
            Box::pin(async move { $work })
        })
        .await
    };
}
pub(crate) use look;

/// A day in 2026, in seconds since the epoch; any would do.
pub(crate) const NOW: i64 = 1_780_000_000;

/// The id of the n-th row; those of different nouns may be the same.
pub(crate) fn id(n: u32) -> Uuid {
    Uuid::from_u128(u128::from(n))
}

pub(crate) fn product(n: u32) -> Product {
    Product {
        id: id(n),
        code: format!("product-{n}"),
        name: format!("Product {n}"),
        key_prefix: "PRD".into(),
        scheme: Scheme::Jwt,
        enforcement: Enforcement::Strict,
        heartbeat_s: 900,
        grace_s: u32::MAX,
        default_plan: "plan-1".into(),
        profile: None,
        sunset: [(Scheme::V1, NOW)].into(),
        warning: [(Scheme::V1, NOW - 1)].into(),
        trial_once_per: vec![TrialOf::Customer, TrialOf::Machine],
        upgrade: Some(Upgrade { until: NOW, days: 30, plan: Some("plan-1".into()) }),
        project_seed: vec![0, 1, 255],
        created_at: NOW,
        updated_at: NOW,
    }
}

pub(crate) fn plan(n: u32, product: &Product) -> Plan {
    Plan {
        id: id(n),
        product_id: product.id,
        code: format!("plan-{n}"),
        tier: "STANDARD".into(),
        rank: 2,
        seats: Some(5),
        overage: 1,
        reclaim_after_s: None,
        takeovers_per_day: 3,
        on_clone: OnClone::Reactivate,
        on_chain_broken: OnChainBroken::Revoke,
        nodes: Some(10),
        trial_s: None,
        telemetry: true,
        heartbeat_s: Some(60),
        grace_s: None,
        offline_s: Some(u32::MAX),
        contacts_per_minute: Some(u32::MAX),
        features: vec!["b".into(), "a \"quoted\" ünïcode".into()],
        limits: BTreeMap::from([("tokens".into(), None), ("rows".into(), Some(u64::MAX))]),
        quotas: BTreeMap::from([(
            "rows".into(),
            Quota { per: Window::Month, kind: QuotaKind::Hard },
        )]),
        distribution: Distribution {
            channels: vec!["stable".into()],
            versions: Some(">=1, <3".into()),
            maintenance_s: Some(u32::MAX),
            repositories: vec!["acme/app/{version}".into()],
        },
        info: BTreeMap::from([("price".into(), "$49/month".into())]),
    }
}

pub(crate) fn customer(n: u32) -> Customer {
    Customer {
        id: id(n),
        email: format!("Someone.{n}@Example.com"),
        name: Some("Someone".into()),
        organization: None,
        created_at: NOW,
    }
}

pub(crate) fn license(n: u32, plan: &Plan, customer: &Customer) -> License {
    License {
        id: id(n),
        product_id: plan.product_id,
        plan_id: plan.id,
        customer_id: customer.id,
        state: LicenseState::Active,
        token_version: 1,
        jti: id(1000 + n),
        key_jti: id(2000 + n),
        tier: plan.tier.clone(),
        expires_at: None,
        trial: false,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub(crate) fn activation(n: u32, license: &License) -> Activation {
    Activation {
        id: id(n),
        license_id: license.id,
        cluster_id: format!("cluster-{n}"),
        hostname: Some("host".into()),
        addresses: vec!["192.0.2.1".into(), "2001:db8::1".into()],
        fingerprint: None,
        email: Some("admin@example.com".into()),
        organization: None,
        terms_accepted_at: Some(NOW),
        artifacts_digest: None,
        salt: vec![7; 16],
        record: Some(id(3000 + n)),
        carried: Some("kid".into()),
        created_at: NOW,
        activated_at: NOW,
    }
}

/// A seat whose lease runs for an hour from `NOW`.
pub(crate) fn seat(activation: &Activation) -> Seat {
    Seat {
        activation_id: activation.id,
        license_id: activation.license_id,
        generation: 1,
        nonce: "nonce".into(),
        server_nonce: "server nonce".into(),
        previous_server_nonce: None,
        lease_until: NOW + 3600,
        last_seen: NOW,
        nodes: None,
        overage: false,
        token_hash: [1; 32],
        previous_token_hash: None,
        token_issued_at: NOW,
        token_version: 1,
    }
}

pub(crate) fn operator(n: u32) -> Operator {
    Operator {
        id: id(n),
        name: format!("operator-{n}"),
        role: Role::ReadOnly,
        password: None,
        totp: None,
        totp_pending: None,
        totp_step: 0,
        created_at: NOW,
        updated_at: NOW,
    }
}

/// A product, a plan, a customer and a licence, each the first of its kind.
pub(crate) async fn licensed(tx: &mut dyn Transaction) -> Result<License> {
    let (product, customer) = (product(1), customer(1));
    let plan = plan(1, &product);
    let license = license(1, &plan, &customer);
    tx.insert_product(&product).await?;
    tx.insert_plan(&plan).await?;
    tx.insert_customer(&customer).await?;
    tx.insert_license(&license).await?;
    Ok(license)
}

/// The n-th activation of a licence, stored.
pub(crate) async fn activated(
    tx: &mut dyn Transaction,
    n: u32,
    license: &License,
) -> Result<Activation> {
    let activation = activation(n, license);
    tx.insert_activation(&activation).await?;
    Ok(activation)
}
