//! One trial: of a product for each customer, and where the product says so for each domain and machine. What is kept of
//! whoever had one is a keyed hash, which outlives the licence and the customer's data.

use std::collections::BTreeSet;

use licentia_license::fingerprint::Fingerprint;
use licentia_model::{Product, TrialOf};
use licentia_protocol::Code;
use licentia_storage::Transaction;
use licentia_storage::trials::TrialMark;
use uuid::Uuid;

use crate::authority::Authority;
use crate::credential::Known;
use crate::denied::Denied;
use crate::error::AuthorityError;

/// Trials that are looked at for one part of a machine: of one disk there are few.
const MOST_MACHINES: u32 = 50;

/// Domains whose addresses have nothing in common: there the address counts and not the domain.
const PUBLIC_MAIL: &[&str] = &[
    "126.com",
    "163.com",
    "aol.com",
    "fastmail.com",
    "free.fr",
    "gmail.com",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hey.com",
    "hotmail.com",
    "icloud.com",
    "laposte.net",
    "libero.it",
    "live.com",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "orange.fr",
    "outlook.com",
    "pm.me",
    "posteo.de",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "t-online.de",
    "tutanota.com",
    "web.de",
    "yahoo.co.jp",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.de",
    "yahoo.fr",
    "yandex.com",
    "yandex.ru",
    "zoho.com",
];

/// A mark, and what it is of.
pub(crate) type Marked = (TrialOf, [u8; 32]);

impl Authority {
    /// What a trial for this address uses up.
    pub(crate) fn trial_marks_of(&self, product: &Product, email: &str) -> Vec<Marked> {
        let (address, domain) = parts(email);
        let company = (!PUBLIC_MAIL.contains(&domain.as_str())).then_some(domain);
        let mut marks = Vec::new();
        for of in &product.trial_once_per {
            match of {
                TrialOf::Customer => marks.push((*of, self.trial_mark(*of, &address))),
                TrialOf::Domain => {
                    let what = company.as_ref().unwrap_or(&address);
                    marks.push((*of, self.trial_mark(*of, what)));
                }
                TrialOf::Machine => {}
            }
        }
        marks
    }

    /// Refuses a second trial. Nobody else uses these marks up until the transaction ends.
    pub(crate) async fn first_trial(
        &self,
        tx: &mut dyn Transaction,
        product: &Product,
        marks: &[Marked],
    ) -> Result<(), AuthorityError> {
        if marks.is_empty() {
            return Ok(());
        }
        self.lock_trials(tx, product).await?;
        for (of, mark) in marks {
            if !tx.trial_marks(product.id, mark, 1).await?.is_empty() {
                return Err(second(*of));
            }
        }
        Ok(())
    }

    /// Whether a trial for this address would be the second.
    pub(crate) async fn had_trial(
        &self,
        tx: &mut dyn Transaction,
        product: &Product,
        email: &str,
    ) -> Result<bool, AuthorityError> {
        let marks = self.trial_marks_of(product, email);
        match self.first_trial(tx, product, &marks).await {
            Ok(()) => Ok(false),
            Err(AuthorityError::NotAllowed { .. }) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Uses them up.
    pub(crate) async fn put_trial_marks(
        &self,
        tx: &mut dyn Transaction,
        product: &Product,
        license_id: Uuid,
        marks: &[Marked],
    ) -> Result<(), AuthorityError> {
        for (_, mark) in marks {
            let mark =
                TrialMark { product_id: product.id, mark: *mark, license_id, fingerprint: None };
            tx.put_trial_mark(&mark).await?;
        }
        Ok(())
    }

    /// Whether a trial may run on this machine, which has then had its trial.
    pub(crate) async fn trial_machine(
        &self,
        tx: &mut dyn Transaction,
        known: &Known,
        product: &Product,
        fingerprint: Option<&str>,
    ) -> Result<Result<(), Denied>, AuthorityError> {
        if !known.claims.trial || !product.trial_once_per.contains(&TrialOf::Machine) {
            return Ok(Ok(()));
        }
        let Some(machine) = fingerprint.and_then(|text| text.parse::<Fingerprint>().ok()) else {
            return Ok(Ok(()));
        };
        let text = machine.to_string();
        let marks: BTreeSet<[u8; 32]> =
            own_parts(&text).map(|part| self.trial_mark(TrialOf::Machine, part)).collect();
        self.lock_trials(tx, product).await?;
        let license_id = known.license.id;
        for mark in &marks {
            for other in tx.trial_marks(product.id, mark, MOST_MACHINES).await? {
                let before = other.fingerprint.as_deref().and_then(|text| text.parse().ok());
                let same =
                    before.is_some_and(|before: Fingerprint| before.is_same_machine(&machine));
                if same && other.license_id != license_id {
                    return Ok(Err(Denied::new(Code::TrialUsed).of(license_id)));
                }
            }
        }
        for mark in marks {
            let fingerprint = Some(text.clone());
            let mark = TrialMark { product_id: product.id, mark, license_id, fingerprint };
            tx.put_trial_mark(&mark).await?;
        }
        Ok(Ok(()))
    }

    /// One after the other, of one product: trials are few.
    async fn lock_trials(
        &self,
        tx: &mut dyn Transaction,
        product: &Product,
    ) -> Result<(), AuthorityError> {
        let lock = self.master().hash("trials", product.id.as_bytes());
        Ok(tx.lock_idempotency_key(&lock).await?)
    }

    fn trial_mark(&self, of: TrialOf, what: &str) -> [u8; 32] {
        self.master().hash("trial", format!("{of}\n{what}").as_bytes())
    }
}

pub(crate) fn second(of: TrialOf) -> AuthorityError {
    let state = match of {
        TrialOf::Customer => "the second of this customer",
        TrialOf::Domain => "the second of this domain",
        TrialOf::Machine => "the second on this machine",
    };
    AuthorityError::NotAllowed { what: "trial", action: "issued", state }
}

/// An address without its tag, which anybody can make up, and its domain; in lower case.
fn parts(email: &str) -> (String, String) {
    let email = email.to_lowercase();
    let (local, domain) = email.split_once('@').unwrap_or((email.as_str(), ""));
    let local = local.split_once('+').map_or(local, |(local, _)| local);
    (format!("{local}@{domain}"), domain.to_owned())
}

/// The parts of a fingerprint that no other machine of the same model has.
fn own_parts(text: &str) -> impl Iterator<Item = &str> {
    let of_model = |part: &&str| part.starts_with("board=") || part.starts_with("cpu=");
    let parts = text.strip_prefix("parts:").unwrap_or(text).split(',');
    parts.filter(move |part| !of_model(part)).flat_map(|part| part.split('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_makes_no_other_customer() {
        assert_eq!(parts("Ada+two@Example.COM"), ("ada@example.com".into(), "example.com".into()));
        assert_eq!(parts("ada@example.com").0, "ada@example.com");
    }

    #[test]
    fn what_machines_of_one_model_share_marks_none_of_them() {
        let parts: Vec<_> = own_parts("parts:machine=a,board=b,cpu=c,disk=d.e,network=f").collect();
        assert_eq!(parts, ["machine=a", "disk=d", "e", "network=f"]);
        assert_eq!(own_parts("host-mac:00").collect::<Vec<_>>(), ["host-mac:00"]);
    }

    #[test]
    fn the_list_of_public_mail_is_in_order() {
        assert!(PUBLIC_MAIL.is_sorted());
    }
}
