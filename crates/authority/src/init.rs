//! Setting up an empty database: name, keys, the first operator and API token.

use std::sync::Arc;

use licentia_issue::Secret;
use licentia_issue::signer::{Ed25519Signer, Signer, SignerError};
use licentia_license::keyset::{KeyEntry, KeyState, Keyset, Purpose};
use licentia_model::operator::Role;
use licentia_model::{ApiToken, Operator, Scope, SigningKey};
use licentia_storage::Store;
use serde_json::Value;

use crate::audit::{Actor, Entry, append};
use crate::authority::{Authority, Parts};
use crate::error::AuthorityError;
use crate::keyring::{ISSUER, KEYSET, sealed_row};
use crate::secrets::{API_TOKEN, recognised_by, token};

/// The purposes that get an online key each. Registry tokens need another algorithm and come with them.
const ONLINE: [Purpose; 5] =
    [Purpose::License, Purpose::Lease, Purpose::Revocation, Purpose::Manifest, Purpose::Log];

/// What is shown once, at the first start.
pub struct FirstLogin {
    /// Name of the first operator.
    pub operator: String,
    /// Its API token.
    pub api_token: Secret<String>,
}

/// Whether a database was set up, whatever master key opens it.
pub async fn is_set_up(store: &dyn Store) -> Result<bool, AuthorityError> {
    licentia_storage::read(store, |tx| {
        Box::pin(async move { Ok(tx.setting(ISSUER).await?.is_some()) })
    })
    .await
}

/// Sets up an empty database, all or nothing. `root` signs the first keyset; its private half is not kept.
pub async fn initialize(
    parts: Arc<Parts>,
    issuer: Option<String>,
    root: &dyn Signer,
    actor: Actor,
) -> Result<(Authority, FirstLogin), AuthorityError> {
    let now = parts.clock.now();
    let issuer = issuer.unwrap_or_else(|| format!("urn:uuid:{}", parts.random.uuid()));
    let refused = |e: SignerError| AuthorityError::Keys(e.to_string());

    let mut keys = vec![SigningKey {
        kid: root.public_key().kid().to_owned(),
        purposes: vec![Purpose::Root],
        state: KeyState::Active,
        public_pem: root.public_key().to_pem(),
        sealed: None,
        not_before: None,
        not_after: None,
        created_at: now,
    }];
    let mut entries = Vec::new();
    for purpose in ONLINE {
        let key = Ed25519Signer::from_seed(parts.random.bytes()).map_err(refused)?.into();
        let row = sealed_row(&parts, &key, purpose, KeyState::Active)?;
        entries.push(KeyEntry {
            jwk: key.public_key().to_jwk(),
            purposes: row.purposes.clone(),
            state: row.state,
            not_before: None,
            not_after: None,
        });
        keys.push(row);
    }
    let keyset = Keyset { iss: issuer.clone(), iat: now, exp: None, version: 1, keys: entries };
    let keyset = licentia_issue::sign::sign(&keyset, root)?;

    let operator = Operator {
        id: parts.random.uuid(),
        name: "owner".into(),
        role: Role::Owner,
        password: None,
        totp: None,
        totp_pending: None,
        totp_step: 0,
        created_at: now,
        updated_at: now,
    };
    let api_token = token(API_TOKEN, &*parts.random);
    let token_row = ApiToken {
        id: parts.random.uuid(),
        operator_id: operator.id,
        name: "first log-in".into(),
        prefix: recognised_by(&api_token),
        hash: parts.master.hash("api token", api_token.expose().as_bytes()),
        scopes: vec![Scope::Admin],
        created_at: now,
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
    };
    let login = FirstLogin { operator: operator.name.clone(), api_token };

    let shared = Arc::clone(&parts);
    licentia_storage::write(&*parts.store, move |tx| {
        Box::pin(async move {
            // Of several replicas that start on an empty database, one sets it up.
            tx.lock_audit_head().await?;
            if tx.setting(ISSUER).await?.is_some() {
                return Err(AuthorityError::AlreadyInitialized);
            }
            tx.put_setting(ISSUER, &issuer).await?;
            tx.put_setting(KEYSET, &keyset).await?;
            for key in &keys {
                tx.insert_signing_key(key).await?;
            }
            tx.insert_operator(&operator).await?;
            tx.insert_api_token(&token_row).await?;
            let entry = Entry::change(Value::Null, "initialized")
                .fact("issuer", issuer)
                .fact("keyset_version", 1);
            append(&shared, tx, &actor, "authority.init", "authority".into(), entry).await
        })
    })
    .await?;

    Ok((Authority::open(parts).await?, login))
}
