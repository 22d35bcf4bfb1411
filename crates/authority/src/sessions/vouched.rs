//! A log-in that somebody else vouches for: an OpenID provider that the operator of this authority has named.

use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_issue::Secret;
use licentia_protocol::{Code, resource};
use serde::{Deserialize, Serialize};

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::hex::hex;

/// How long a log-in at the provider may take, in seconds.
const LIFE_S: i64 = 10 * 60;
/// What a flow is sealed as.
const FLOW: &str = "log-in elsewhere";

/// A log-in that is under way at the provider. The browser that began it carries it along, sealed.
#[derive(Clone, Serialize, Deserialize)]
pub struct Flow {
    /// Ties the answer to the browser that asked (RFC 6749 section 10.12).
    pub state: String,
    /// Ties the provider's token to this log-in (OpenID Connect Core section 3.1.2.1).
    pub nonce: String,
    /// Ties the code to who asked for it (RFC 7636).
    pub verifier: String,
    /// Where to go afterwards.
    pub next: String,
    /// Where the provider sends the browser.
    pub back: String,
    until: i64,
}

impl Authority {
    /// Begins one, and seals it for the browser.
    pub fn begin_flow(
        &self,
        next: String,
        back: String,
    ) -> Result<(Flow, Secret<String>), AuthorityError> {
        let draw = || hex(&self.random().bytes::<32>());
        let until = self.clock().now().saturating_add(LIFE_S);
        let flow = Flow { state: draw(), nonce: draw(), verifier: draw(), next, back, until };
        let text = serde_json::to_vec(&flow).unwrap_or_default();
        let sealed = self.master().seal(FLOW, &text, self.random().bytes())?;
        Ok((flow, Secret::new(Base64UrlUnpadded::encode_string(&sealed))))
    }

    /// What a browser carries along; `None` where it was not sealed here, or took too long.
    #[must_use]
    pub fn open_flow(&self, sealed: &str) -> Option<Flow> {
        let sealed = Base64UrlUnpadded::decode_vec(sealed).ok()?;
        let text = self.master().open(FLOW, &sealed).ok()?;
        let flow: Flow = serde_json::from_slice(text.expose()).ok()?;
        (self.clock().now() < flow.until).then_some(flow)
    }

    /// Begins the session of the operator whose name is this address, which the provider has verified. The provider's
    /// log-in stands for password and second factor.
    pub async fn log_in_vouched(
        &self,
        email: &str,
        agent: Option<String>,
        origin: String,
    ) -> Result<resource::Session, AuthorityError> {
        let name = email.to_ascii_lowercase();
        let begun = self
            .write(move |this, tx| {
                Box::pin(async move {
                    tx.lock_audit_head().await?;
                    match tx.operator_by_name(&name).await? {
                        Some(operator) => {
                            this.begin_session(tx, &operator, "oidc", agent, origin).await.map(Some)
                        }
                        None => Ok(None),
                    }
                })
            })
            .await?;
        begun.ok_or_else(|| self.refuse_log_in(Code::WrongLogin))
    }
}
