//! A registry token: what of the resources that a client asks for it may use.
//!
//! Wrong credentials are refused; right ones get what of their wish they may have, never an error (Distribution
//! specification). A registry honours a token for a minute beyond its end, so a suspension reaches pulls in six minutes.

use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_license::key::Algorithm;
use licentia_model::Scope as Allowed;
use licentia_model::scope::Resource;
use licentia_protocol::registry::TokenAnswer;
use licentia_storage::Transaction;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::keys::libtrust_kid;
use super::scope::{Scope, parse};
use crate::access::Principal;
use crate::audit::{Actor, Entry, PRODUCT};
use crate::authority::Authority;
use crate::credential::subject;
use crate::error::AuthorityError;
use crate::seats::timestamp;

/// How long a token is good, in seconds.
const LIFE_S: i64 = 300;
const LONGEST_SERVICE: usize = 255;
const REPOSITORY: &str = "repository";
const PULL: &str = "pull";

/// Which registry a token is for: they differ in how they know a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Flavor {
    /// docker-registry 2.8: RS256 and the fingerprint of libtrust.
    #[default]
    DockerRegistry28,
    /// Version 3: EdDSA and the thumbprint of RFC 7638.
    DockerRegistry3,
}

impl std::str::FromStr for Flavor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "docker-registry-2.8" => Ok(Self::DockerRegistry28),
            "docker-registry-3" | "3" => Ok(Self::DockerRegistry3),
            _ => Err(()),
        }
    }
}

/// What a client asks for.
#[derive(Debug, Default)]
pub struct TokenRequest {
    /// The registry, in its own words.
    pub service: String,
    /// `scope` parameters as sent.
    pub scopes: Vec<String>,
    /// The password, if there is one. Whom it belongs to follows from it; the user name is not looked at.
    pub password: Option<String>,
    /// The kind of registry.
    pub flavor: Flavor,
    /// The client's address.
    pub origin: String,
}

/// Who may do what.
struct Judged {
    subject: String,
    access: Vec<Access>,
    license_id: Option<Uuid>,
    product: Option<String>,
}

/// What a token lets its bearer do (Distribution specification, *access claim*).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Access {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    actions: Vec<String>,
}

impl Authority {
    /// Makes a token, and says which licence it came of.
    pub async fn registry_token(
        &self,
        request: TokenRequest,
    ) -> Result<(TokenAnswer, Option<Uuid>), AuthorityError> {
        let service = &request.service;
        if !(1..=LONGEST_SERVICE).contains(&service.len()) || service.chars().any(char::is_control)
        {
            return Err(AuthorityError::Invalid {
                field: "service",
                problem: "it must be the name that the registry has in its configuration".into(),
            });
        }
        self.make_registry_keys().await?;
        let wanted = parse(request.scopes.iter().map(String::as_str));
        let operator = match &request.password {
            Some(password) => {
                self.pulling_operator(password).await.inspect_err(|e| self.count(e))?
            }
            None => None,
        };
        let (service, flavor) = (request.service.clone(), request.flavor);
        // Logging in asks for nothing and leaves nothing behind.
        let judged = if wanted.is_empty() {
            self.read(move |this, tx| {
                Box::pin(
                    async move { this.judge_pull(tx, &request, operator.as_ref(), wanted).await },
                )
            })
            .await
        } else {
            self.write(move |this, tx| {
                Box::pin(async move {
                    let judged = this.judge_pull(tx, &request, operator.as_ref(), wanted).await?;
                    this.record_pull(tx, &request, operator.as_ref(), &judged).await?;
                    Ok(judged)
                })
            })
            .await
        };
        let judged = judged.inspect_err(|e| self.count(e))?;
        let license_id = judged.license_id;
        Ok((self.sign_registry_token(&judged, &service, flavor)?, license_id))
    }

    async fn judge_pull(
        &self,
        tx: &mut dyn Transaction,
        request: &TokenRequest,
        operator: Option<&Principal>,
        wanted: Vec<Scope>,
    ) -> Result<Judged, AuthorityError> {
        if let Some(operator) = operator {
            let pushes = operator.may(Allowed::write(Resource::Releases));
            let access =
                wanted.into_iter().filter_map(|scope| of_operator(scope, pushes)).collect();
            let subject = format!("operator:{}", operator.name);
            return Ok(Judged { subject, access, license_id: None, product: None });
        }
        let Some(password) = &request.password else {
            return Ok(Judged {
                subject: String::new(),
                access: Vec::new(),
                license_id: None,
                product: None,
            });
        };
        let customer = self.customer_of(tx, password).await?;
        let releases = if wanted.is_empty() { Vec::new() } else { customer.covered(tx).await? };
        let now = self.clock().now();
        let covers = |scope: &Scope| {
            scope.kind == REPOSITORY
                && scope.actions.iter().any(|action| action == PULL)
                && customer.coverage.repository(&scope.name, &releases, now)
        };
        let access = wanted.into_iter().filter(covers).map(|scope| Access {
            kind: scope.kind,
            name: scope.name,
            actions: vec![PULL.to_owned()],
        });
        let license_id = Some(customer.license_id);
        let product = Some(customer.product);
        Ok(Judged {
            subject: customer.license_id.to_string(),
            access: access.collect(),
            license_id,
            product,
        })
    }

    /// A token that opens something is a row of the trail.
    async fn record_pull(
        &self,
        tx: &mut dyn Transaction,
        request: &TokenRequest,
        operator: Option<&Principal>,
        judged: &Judged,
    ) -> Result<(), AuthorityError> {
        if judged.access.is_empty() {
            return Ok(());
        }
        let (actor, subject) = match (operator, judged.license_id) {
            (None, Some(id)) => (Actor::new(PRODUCT, &request.origin), subject(id)),
            (operator, _) => {
                let actor = operator.map(|operator| operator.actor(&request.origin));
                (actor.unwrap_or_else(|| Actor::new(PRODUCT, &request.origin)), "registry".into())
            }
        };
        let access: Vec<String> = judged
            .access
            .iter()
            .map(|access| format!("{}:{}:{}", access.kind, access.name, access.actions.join(",")))
            .collect();
        let entry = Entry::new()
            .fact("service", request.service.clone())
            .fact("product", judged.product.clone())
            .fact("access", access);
        self.record(tx, &actor, "registry.token", subject, entry).await
    }

    fn sign_registry_token(
        &self,
        judged: &Judged,
        service: &str,
        flavor: Flavor,
    ) -> Result<TokenAnswer, AuthorityError> {
        let keyring = self.keyring();
        let algorithm = match flavor {
            Flavor::DockerRegistry28 => Algorithm::Rs256,
            Flavor::DockerRegistry3 => Algorithm::Ed25519,
        };
        let signer = keyring
            .registry_signer(algorithm)
            .ok_or_else(|| AuthorityError::Keys("no active key signs registry tokens".into()))?;
        let key = signer.public_key();
        let kid = match flavor {
            Flavor::DockerRegistry28 => libtrust_kid(key)?,
            Flavor::DockerRegistry3 => key.kid().to_owned(),
        };
        let now = self.clock().now();
        let header = json!({ "typ": "JWT", "alg": signer.algorithm(), "kid": kid });
        let claims = json!({
            "iss": self.issuer(),
            "sub": judged.subject,
            // A list is malformed to version 2.8.
            "aud": service,
            "exp": now.saturating_add(LIFE_S),
            "nbf": now,
            "iat": now,
            "jti": self.uuid(),
            "access": judged.access,
        });
        let part = |value: &serde_json::Value| {
            Base64UrlUnpadded::encode_string(value.to_string().as_bytes())
        };
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature =
            signer.sign(signed.as_bytes()).map_err(|e| AuthorityError::Keys(e.to_string()))?;
        let token = format!("{signed}.{}", Base64UrlUnpadded::encode_string(&signature));
        Ok(TokenAnswer {
            access_token: token.clone(),
            token,
            expires_in: LIFE_S.unsigned_abs(),
            issued_at: timestamp(now),
        })
    }

    fn count(&self, error: &AuthorityError) {
        if let AuthorityError::Refused(code) = error {
            self.refusals().count(*code);
        }
    }
}

/// What of a wish an operator may have: everything who may write releases, else to pull.
fn of_operator(scope: Scope, pushes: bool) -> Option<Access> {
    let allowed = |action: &String| match (scope.kind.as_str(), action.as_str()) {
        (REPOSITORY, PULL) => true,
        (REPOSITORY, "push" | "delete" | "*") => pushes,
        ("registry", "*") => pushes && scope.name == "catalog",
        _ => false,
    };
    let actions: Vec<String> =
        scope.actions.iter().filter(|action| allowed(action)).cloned().collect();
    (!actions.is_empty()).then_some(Access { kind: scope.kind, name: scope.name, actions })
}
