//! The provider: what it says of itself, where it is asked, and what it answers.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use futures_util::StreamExt;
use licentia_authority::sessions::vouched::Flow;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::id_token::{Address, Expected, Keys, Wrong, verify};
use crate::config::mail::Password;
use crate::config::oidc::{Oidc, is_safe};

const TIMEOUT: Duration = Duration::from_secs(10);
/// How long it is believed what the provider says of itself.
const FRESH: Duration = Duration::from_secs(3600);
const MOST_BYTES: usize = 256 * 1024;

/// An OpenID provider, as configured.
pub(crate) struct Provider {
    issuer: String,
    client_id: String,
    secret: Option<Password>,
    pub(crate) name: String,
    console_url: Option<String>,
    client: Client,
    known: Mutex<Option<Known>>,
}

#[derive(Clone)]
struct Known {
    about: About,
    keys: Keys,
    at: Instant,
}

/// What a provider says of itself (OpenID Connect Discovery 1.0 section 3).
#[derive(Clone, Deserialize)]
struct About {
    issuer: String,
    #[serde(deserialize_with = "address")]
    authorization_endpoint: Url,
    #[serde(deserialize_with = "address")]
    token_endpoint: Url,
    #[serde(deserialize_with = "address")]
    jwks_uri: Url,
    #[serde(default)]
    userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

fn address<'de, D: serde::Deserializer<'de>>(text: D) -> Result<Url, D::Error> {
    Url::parse(&String::deserialize(text)?).map_err(serde::de::Error::custom)
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    #[serde(default)]
    access_token: String,
}

/// What `userinfo` tells (OpenID Connect Core section 5.3.2).
#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    #[serde(flatten)]
    address: Address,
}

/// Why nobody was vouched for. What the log gets names no code, token or secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unvouched {
    /// The provider cannot be asked.
    #[error("the OpenID provider cannot be asked: {0}")]
    Unreachable(String),
    /// It does not give a token for this code.
    #[error("the OpenID provider refused the code with {0}")]
    Refused(u16),
    /// What it gave does not count.
    #[error("the ID token does not count: {0}")]
    Token(String),
    /// It has not verified the address of whoever logged in.
    #[error("the OpenID provider has verified no e-mail address")]
    Unverified,
}

impl From<Wrong> for Unvouched {
    fn from(wrong: Wrong) -> Self {
        Self::Token(wrong.to_string())
    }
}

impl Provider {
    /// As configured; `None` where none is.
    pub(crate) fn of(config: &Oidc) -> Result<Option<Self>, String> {
        let wrong = |what: &str| format!("[oidc] {what}");
        let Some(issuer) = config.issuer.clone() else { return Ok(None) };
        let url = Url::parse(&issuer).map_err(|_| wrong("issuer is no address"))?;
        if !is_safe(&url) {
            return Err(wrong("issuer wants https, but on this machine"));
        }
        if config.client_id.is_empty() {
            return Err(wrong("client_id is missing"));
        }
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(TIMEOUT)
            .user_agent(concat!("licentia/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| wrong(&error.to_string()))?;
        Ok(Some(Self {
            name: config.name.clone().unwrap_or_else(|| "OpenID Connect".into()),
            client_id: config.client_id.clone(),
            secret: config.secret().map_err(|e| wrong(&e))?,
            console_url: config.console_url.clone(),
            issuer,
            client,
            known: Mutex::default(),
        }))
    }

    /// Whether that is what it calls itself.
    pub(crate) fn is(&self, issuer: &str) -> bool {
        self.issuer == issuer
    }

    /// Where the provider sends the browser back to. `host` is where the browser says that this console is: the provider
    /// sends to none but the addresses that are registered with it.
    pub(crate) fn back(&self, host: Option<&str>) -> Option<String> {
        let origin = match (&self.console_url, host) {
            (Some(url), _) => url.trim_end_matches('/').to_owned(),
            (None, Some(host)) => {
                let clear = Url::parse(&format!("http://{host}")).ok()?;
                let scheme = if is_safe(&clear) { "http" } else { "https" };
                format!("{scheme}://{host}")
            }
            (None, None) => return None,
        };
        Some(format!("{origin}/console/oidc/callback"))
    }

    /// Where the browser is sent to log in.
    pub(crate) async fn begin(&self, flow: &Flow) -> Result<Url, Unvouched> {
        let mut url = self.known(false).await?.about.authorization_endpoint;
        let hash = digest(&SHA256, flow.verifier.as_bytes());
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", &flow.back)
            .append_pair("scope", "openid email")
            .append_pair("state", &flow.state)
            .append_pair("nonce", &flow.nonce)
            .append_pair("code_challenge", &Base64UrlUnpadded::encode_string(hash.as_ref()))
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// The verified address of whoever logged in.
    pub(crate) async fn finish(
        &self,
        code: &str,
        flow: &Flow,
        now: i64,
    ) -> Result<String, Unvouched> {
        let known = self.known(false).await?;
        let tokens: Tokens = self.ask(self.exchange(&known.about, code, flow)).await?;
        let expected = Expected {
            issuer: &known.about.issuer,
            client_id: &self.client_id,
            nonce: &flow.nonce,
        };
        let claims = match verify(&tokens.id_token, &known.keys, &expected, now) {
            // It may have changed its keys since. Nobody but the provider can make us ask again.
            Err(Wrong::UnknownKey) => {
                let anew = self.known(true).await?;
                verify(&tokens.id_token, &anew.keys, &expected, now)?
            }
            judged => judged?,
        };
        // A provider need not put it into the token (OpenID Connect Core section 5.4).
        let address = match known.about.userinfo_endpoint.as_deref().map(Url::parse) {
            Some(Ok(url)) if !claims.address.is_told() && is_safe(&url) => {
                let shown = format!("Bearer {}", tokens.access_token);
                let told: UserInfo =
                    self.ask(self.client.get(url).header(AUTHORIZATION, shown)).await?;
                if told.sub != claims.sub {
                    return Err(Unvouched::Token("`userinfo` tells of somebody else".into()));
                }
                told.address
            }
            _ => claims.address,
        };
        address.verified().map(str::to_owned).ok_or(Unvouched::Unverified)
    }

    fn exchange(&self, about: &About, code: &str, flow: &Flow) -> RequestBuilder {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &flow.back)
            .append_pair("code_verifier", &flow.verifier);
        let mut request = self.client.post(about.token_endpoint.clone());
        let methods = &about.token_endpoint_auth_methods_supported;
        // `client_secret_basic` is what counts where nothing is said.
        let basic = methods.is_empty() || methods.iter().any(|m| m == "client_secret_basic");
        match &self.secret {
            Some(secret) if basic => {
                // Both are form-encoded before they are joined (RFC 6749 section 2.3.1).
                let encoded = |text: &str| {
                    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()
                };
                let both = format!("{}:{}", encoded(&self.client_id), encoded(secret.expose()));
                let shown = format!("Basic {}", Base64::encode_string(both.as_bytes()));
                request = request.header(AUTHORIZATION, shown);
            }
            Some(secret) => {
                form.append_pair("client_id", &self.client_id)
                    .append_pair("client_secret", secret.expose());
            }
            None => {
                form.append_pair("client_id", &self.client_id);
            }
        }
        request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.finish())
    }

    /// What the provider says of itself, and its keys.
    async fn known(&self, anew: bool) -> Result<Known, Unvouched> {
        let mut kept = self.known.lock().await;
        let fresh = |known: &&Known| !anew && known.at.elapsed() < FRESH;
        if let Some(known) = kept.as_ref().filter(fresh) {
            return Ok(known.clone());
        }
        let base = self.issuer.trim_end_matches('/');
        let about = self.client.get(format!("{base}/.well-known/openid-configuration"));
        let away = |error| match error {
            Unvouched::Refused(status) => Unvouched::Unreachable(format!("it answers {status}")),
            error => error,
        };
        let about: About = self.ask(about).await.map_err(away)?;
        if about.issuer != self.issuer {
            let what = format!("it calls itself {:?}; set [oidc] issuer to that", about.issuer);
            return Err(Unvouched::Unreachable(what));
        }
        let places = [&about.authorization_endpoint, &about.token_endpoint, &about.jwks_uri];
        if let Some(clear) = places.into_iter().find(|url| !is_safe(url)) {
            return Err(Unvouched::Unreachable(format!("{clear} is in clear")));
        }
        let keys = self.ask(self.client.get(about.jwks_uri.clone())).await.map_err(away)?;
        let known = Known { about, keys, at: Instant::now() };
        *kept = Some(known.clone());
        Ok(known)
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Unvouched> {
        let unreachable =
            |error: reqwest::Error| Unvouched::Unreachable(error.without_url().to_string());
        let answer =
            request.header(ACCEPT, "application/json").send().await.map_err(unreachable)?;
        if !answer.status().is_success() {
            return Err(Unvouched::Refused(answer.status().as_u16()));
        }
        let (mut bytes, mut stream) = (Vec::new(), answer.bytes_stream());
        while let Some(chunk) = stream.next().await {
            bytes.extend_from_slice(&chunk.map_err(unreachable)?);
            if bytes.len() > MOST_BYTES {
                return Err(Unvouched::Unreachable("its answer is too large".into()));
            }
        }
        serde_json::from_slice(&bytes)
            .map_err(|_| Unvouched::Unreachable("its answer cannot be read".into()))
    }
}
