//! A visit of the portal that begins with a link, for a customer who has not his key at hand: the link goes to the
//! address that his licences are under, is good for minutes, and once. Opening it changes nothing, since programs open
//! links of mails before people do; entering does.

use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_issue::Secret;
use licentia_issue::master::equal_bytes;
use licentia_model::{Customer, IdempotencyKey, License};
use licentia_protocol::Code;
use licentia_protocol::resource;
use licentia_storage::Transaction;
use serde::Serialize;
use uuid::Uuid;

use crate::authority::Authority;
use crate::customers::{FIRST, licenses_from};
use crate::error::AuthorityError;

/// How long a link is good.
pub const MINUTES: u32 = 15;
/// 16 bytes of the customer, its end, 16 bytes of the mail, and the tag.
const TOKEN_BYTES: usize = 16 + 8 + 16 + 32;

/// A licence that may be entered by a link.
#[derive(Clone, Serialize)]
pub struct Choice {
    /// The licence.
    pub license: resource::License,
    /// The name of its product.
    pub product: String,
}

/// What a link says.
#[derive(Clone, Copy)]
struct Said {
    customer: Uuid,
    until: i64,
    mail: Uuid,
}

impl Said {
    fn bytes(self) -> Vec<u8> {
        let (customer, mail) = (self.customer.as_bytes(), self.mail.as_bytes());
        [customer.as_slice(), &self.until.to_be_bytes(), mail].concat()
    }
}

impl Authority {
    /// Where a page of this authority is for others; `None` where its issuer is no address of a page.
    pub(crate) fn public_url(&self, path: &str) -> Option<String> {
        let base = self.issuer();
        (base.starts_with("https://") || base.starts_with("http://"))
            .then(|| format!("{}{path}", base.trim_end_matches('/')))
    }

    /// Whether links to this authority can be mailed.
    #[must_use]
    pub fn has_public_url(&self) -> bool {
        self.public_url("").is_some()
    }

    /// The licences that a link opens; [`Code::LinkSpent`] for one that counts no more.
    pub async fn look_at_portal_link(&self, token: &str) -> Result<Vec<Choice>, AuthorityError> {
        let token = token.to_owned();
        self.read(move |this, tx| {
            Box::pin(async move {
                let (said, customer) = this.read_portal_link(tx, &token).await?;
                if tx.idempotency_key(&this.scope_of_link(said)).await?.is_some() {
                    return Err(spent());
                }
                let (page, _) = licenses_from(tx, customer.id, FIRST).await?;
                let mut choices = Vec::with_capacity(page.len());
                for license in page {
                    let product = tx.product(license.product_id).await?;
                    let license = this.view(tx, license).await?;
                    let product = product.map_or_else(|| license.product.clone(), |it| it.name);
                    choices.push(Choice { license, product });
                }
                Ok(choices)
            })
        })
        .await
    }

    /// Begins a visit of one of its licences; the link is spent then.
    pub async fn enter_portal_by_link(
        &self,
        token: &str,
        license_id: Uuid,
        origin: &str,
    ) -> Result<Secret<String>, AuthorityError> {
        let (token, origin) = (token.to_owned(), origin.to_owned());
        let visit = self
            .write(move |this, tx| {
                Box::pin(async move {
                    let (said, customer) = this.read_portal_link(tx, &token).await?;
                    let scope = this.scope_of_link(said);
                    tx.lock_idempotency_key(&scope).await?;
                    if tx.idempotency_key(&scope).await?.is_some() {
                        return Err(spent());
                    }
                    let license = tx.license(license_id).await?;
                    let license = license.filter(|it: &License| it.customer_id == customer.id);
                    let Some(license) = license else { return Err(spent()) };
                    let at = this.clock().now();
                    let used = IdempotencyKey {
                        answer: None,
                        scope,
                        request: scope,
                        result: license_id,
                        at,
                    };
                    tx.put_idempotency_key(&used).await?;
                    this.begin_visit(tx, &license, "mail", &origin).await
                })
            })
            .await?;
        Ok(self.visit_token(&visit))
    }

    /// The customer under this address, if he holds a licence.
    pub(crate) async fn licensed_customer(
        &self,
        tx: &mut dyn Transaction,
        email: &str,
    ) -> Result<Option<Customer>, AuthorityError> {
        let Some(customer) = tx.customer_by_email(email).await? else { return Ok(None) };
        let (licenses, _) = licenses_from(tx, customer.id, FIRST).await?;
        Ok((!licenses.is_empty()).then_some(customer))
    }

    /// The token of a link for a customer, in a mail.
    pub(crate) fn portal_link(
        &self,
        customer: &Customer,
        mail: Uuid,
        until: i64,
    ) -> Secret<String> {
        let said = Said { customer: customer.id, until, mail };
        let bytes = [said.bytes(), self.tag_of_link(said, customer).to_vec()].concat();
        Secret::new(Base64UrlUnpadded::encode_string(&bytes))
    }

    /// Of the address too: a link that went to a former one opens nothing.
    fn tag_of_link(&self, said: Said, customer: &Customer) -> [u8; 32] {
        let email = customer.email.to_lowercase();
        self.master().hash("portal link", &[said.bytes(), email.into_bytes()].concat())
    }

    fn scope_of_link(&self, said: Said) -> [u8; 32] {
        self.master().hash("spent portal link", said.mail.as_bytes())
    }

    async fn read_portal_link(
        &self,
        tx: &mut dyn Transaction,
        token: &str,
    ) -> Result<(Said, Customer), AuthorityError> {
        let (said, tag) = read(token).ok_or_else(spent)?;
        let customer = tx.customer(said.customer).await?.ok_or_else(spent)?;
        let good = equal_bytes(&self.tag_of_link(said, &customer), &tag);
        if !good || self.clock().now() >= said.until {
            return Err(spent());
        }
        Ok((said, customer))
    }
}

fn read(token: &str) -> Option<(Said, [u8; 32])> {
    let mut bytes = [0; TOKEN_BYTES];
    if Base64UrlUnpadded::decode(token, &mut bytes).ok()?.len() != TOKEN_BYTES {
        return None;
    }
    let (customer, rest) = bytes.split_first_chunk::<16>()?;
    let (until, rest) = rest.split_first_chunk::<8>()?;
    let (mail, tag) = rest.split_first_chunk::<16>()?;
    let said = Said {
        customer: Uuid::from_bytes(*customer),
        until: i64::from_be_bytes(*until),
        mail: Uuid::from_bytes(*mail),
    };
    Some((said, tag.try_into().ok()?))
}

/// The same answer for a link of nobody's, an old one, and one that was used.
fn spent() -> AuthorityError {
    AuthorityError::Refused(Code::LinkSpent)
}
