//! What is kept of a customer, and that it is kept no more.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::resource::{AuditEntry, Customer, Job, License, Payment, Usage};

/// All that is kept of a customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CustomerData {
    /// How he is named.
    pub customer: Customer,
    /// His licences, the oldest first.
    pub licenses: Vec<License>,
    /// Where they run or ran.
    pub installations: Vec<Installation>,
    /// What they used in all.
    pub usage: Vec<Usage>,
    /// What payment providers told about them.
    pub payments: Vec<Payment>,
    /// Mails to him and calls of webhooks about his licences, as far as they are kept; the newest first.
    #[serde(default)]
    pub messages: Vec<Job>,
    /// What the audit trail says about him and them, with the personal values that it commits to.
    pub audit: Vec<AuditEntry>,
}

/// An installation of a customer's, and all that it told of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Installation {
    /// Id of the activation.
    pub id: Uuid,
    /// The licence.
    pub license_id: Uuid,
    /// The cluster.
    pub cluster_id: String,
    /// Host name.
    pub hostname: Option<String>,
    /// Network addresses.
    pub addresses: Vec<String>,
    /// Salted hashes of the machine's components.
    pub fingerprint: Option<String>,
    /// E-mail address that was told at set-up.
    pub email: Option<String>,
    /// Organisation that was told at set-up.
    pub organization: Option<String>,
    /// When the terms were accepted.
    pub terms_accepted_at: Option<Timestamp>,
    /// First activation.
    pub created_at: Timestamp,
    /// Last activation.
    pub activated_at: Timestamp,
}

/// That a customer is to be erased.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Erase {
    /// Cancel his licences that are still in force; otherwise he is not erased while he has any.
    #[serde(default)]
    pub end_licenses: bool,
}

/// That a customer was erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErasureReceipt {
    /// Who he was; the id leads nowhere any more.
    pub customer_id: Uuid,
    /// When.
    pub erased_at: Timestamp,
    /// Licences whose documents name nobody any more.
    pub licenses: u64,
    /// Texts of keys that are gone.
    pub keys: u64,
    /// Installations that are told by an id alone.
    pub activations: u64,
    /// Events of payments that say no more who paid.
    pub payments: u64,
    /// Personal values of the audit trail that are gone.
    pub audit_values: u64,
    /// Mails to him, sent or waiting, and calls of webhooks about his licences that are gone.
    #[serde(default)]
    pub mails: u64,
    /// The same as a signed document (`erasure+jwt`), for whoever asked for it.
    pub receipt: String,
}
