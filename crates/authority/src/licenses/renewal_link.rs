//! Renewal by link: signed, with an end, good for one renewal. Whoever has it may renew this licence, this once, and
//! nothing else; nothing is kept of it until it is used, and then the row of the trail is all.

use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_issue::master;
use licentia_license::License as Claims;
use licentia_model::License;
use licentia_protocol::licenses::{NewRenewalLink, Renewal, RenewalLink};
use licentia_protocol::{Code, Problem};
use licentia_storage::Transaction;
use serde_json::{Value, json};
use uuid::Uuid;

use super::term::DAY_S;
use crate::ask::Ask;
use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::credential::Known;
use crate::denied::failure;
use crate::error::AuthorityError;
use crate::licenses::amend::{Amendment, Key};
use crate::licenses::grant::prolong;
use crate::licenses::list::missing;
use crate::licenses::renew::still_alive;
use crate::licenses::term::Term;
use crate::seats::timestamp;

const VALID_DAYS: u32 = 30;
const MOST_VALID_DAYS: u32 = 365;
/// 16 bytes of the licence, its end now, its end then, the link's own end, and the tag.
const TOKEN_BYTES: usize = 16 + 3 * 8 + 32;

/// What a link says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Said {
    license: Uuid,
    /// The end that the licence had when the link was made: after another renewal the link is spent.
    from: i64,
    until: i64,
    ends: i64,
}

impl Said {
    fn bytes(self) -> Vec<u8> {
        let times = [self.from, self.until, self.ends].map(i64::to_be_bytes);
        [self.license.as_bytes().as_slice(), times.as_flattened()].concat()
    }
}

impl Authority {
    /// Makes a link that renews a licence by so many days.
    pub async fn renewal_link(
        &self,
        id: Uuid,
        request: NewRenewalLink,
        ask: impl Into<Ask> + Send,
    ) -> Result<RenewalLink, AuthorityError> {
        let ask = ask.into();
        let valid = request.valid_days.unwrap_or(VALID_DAYS);
        if !(1..=MOST_VALID_DAYS).contains(&valid) {
            let problem = "it must be 1 to 365 days".into();
            return Err(AuthorityError::Invalid { field: "valid_days", problem });
        }
        self.carry_out_and_keep(ask, move |this, tx, ask| {
            Box::pin(async move {
                let license = tx.lock_license(id).await?.ok_or_else(|| missing(id))?;
                still_alive(&license, "renewed")?;
                let known = this.know(tx, license).await?;
                let Some(from) = known.claims.exp else {
                    return Err(AuthorityError::NotAllowed {
                        what: "licence",
                        action: "renewed by days",
                        state: "perpetual",
                    });
                };
                let now = this.clock().now();
                let scheme = this.scheme_of_key(tx, &known.license).await?;
                let until = Term::Days(request.days).end(from, now, scheme)?.unwrap_or(from);
                let ends = now.saturating_add(i64::from(valid) * DAY_S);
                let said = Said { license: id, from, until, ends };
                let made = json!({ "renews_until": until, "expires_at": ends });
                let entry = Entry::change(Value::Null, made);
                let subject = crate::credential::subject(id);
                this.record(tx, &ask.actor, "license.renewal_link", subject, entry).await?;
                let path = format!("/renew/{}", this.renewal_token(said));
                let url = this.public_url(&path).unwrap_or(path);
                Ok(RenewalLink { url, expires_at: timestamp(ends), renews_until: timestamp(until) })
            })
        })
        .await
    }

    /// What a link would do.
    pub async fn look_at_renewal(&self, token: &str) -> Result<Renewal, Problem> {
        let said = self.read_renewal(token).ok_or_else(spent)?;
        self.read(move |this, tx| {
            Box::pin(async move {
                let Some(license) = tx.license(said.license).await? else { return Ok(None) };
                let known = this.know(tx, license).await?;
                this.renewal(tx, said, &known).await
            })
        })
        .await
        .map_err(|e| failure(&e))?
        .ok_or_else(spent)
    }

    /// Renews by link. A second time changes nothing, and says that it is done.
    pub async fn renew_by_link(&self, token: &str, origin: String) -> Result<Renewal, Problem> {
        let said = self.read_renewal(token).ok_or_else(spent)?;
        self.write(move |this, tx| {
            Box::pin(async move {
                let Some(license) = tx.lock_license(said.license).await? else { return Ok(None) };
                let known = this.know(tx, license).await?;
                match this.renewal(tx, said, &known).await? {
                    Some(renewal) if !renewal.renewed => {}
                    done => return Ok(done),
                }
                let license = this.apply_link(tx, said, known, origin).await?;
                let known = this.know(tx, license).await?;
                this.renewal(tx, said, &known).await
            })
        })
        .await
        .map_err(|e| failure(&e))?
        .ok_or_else(spent)
    }

    async fn apply_link(
        &self,
        tx: &mut dyn Transaction,
        said: Said,
        known: Known,
        origin: String,
    ) -> Result<License, AuthorityError> {
        let (product, plan) = self.terms_of(tx, &known).await?;
        let mut after = Claims { exp: Some(said.until), ..known.claims.claims().clone() };
        prolong(&mut after, &plan);
        let amendment = Amendment {
            action: "license.renew",
            actor: &Actor::new("renewal link", origin),
            product: &product,
            before: &known.claims,
            after,
            stale_tokens: false,
            key: Key::Follows,
            entry: Entry::new(),
        };
        Ok(self.amend(tx, known.license, amendment).await?.license)
    }

    /// Whether a link still counts for a licence as it is, or has counted.
    async fn renewal(
        &self,
        tx: &mut dyn Transaction,
        said: Said,
        known: &Known,
    ) -> Result<Option<Renewal>, AuthorityError> {
        let renewed = known.claims.exp == Some(said.until);
        let counts = known.claims.exp == Some(said.from) && still_alive(&known.license, "").is_ok();
        if !renewed && !counts {
            return Ok(None);
        }
        let (product, _) = self.terms_of(tx, known).await?;
        Ok(Some(Renewal {
            license_id: said.license,
            product: product.name,
            expires_at: known.claims.exp.map(timestamp),
            renews_until: timestamp(said.until),
            renewed,
        }))
    }

    fn renewal_token(&self, said: Said) -> String {
        let mut bytes = said.bytes();
        let tag = self.master().hash("renewal link", &bytes);
        bytes.extend_from_slice(&tag);
        Base64UrlUnpadded::encode_string(&bytes)
    }

    /// What a link says, if it is one of ours and has not ended.
    fn read_renewal(&self, token: &str) -> Option<Said> {
        let mut bytes = [0; TOKEN_BYTES];
        if Base64UrlUnpadded::decode(token, &mut bytes).ok()?.len() != TOKEN_BYTES {
            return None;
        }
        let (message, tag) = bytes.split_at(TOKEN_BYTES - 32);
        if !master::equal_bytes(&self.master().hash("renewal link", message), tag) {
            return None;
        }
        let (license, times) = message.split_first_chunk::<16>()?;
        let time =
            |at: usize| times.get(at * 8..at * 8 + 8)?.try_into().ok().map(i64::from_be_bytes);
        let said = Said {
            license: Uuid::from_bytes(*license),
            from: time(0)?,
            until: time(1)?,
            ends: time(2)?,
        };
        (self.clock().now() < said.ends).then_some(said)
    }
}

/// The same answer for a link of nobody's, an old one, and one whose licence has changed since.
fn spent() -> Problem {
    Problem::new(Code::LinkSpent)
}
