//! Keys of licences.

use async_trait::async_trait;
use licentia_model::LicenseKey;
use uuid::Uuid;

use crate::Result;

/// Keys of licences.
#[async_trait]
pub trait LicenseKeys {
    /// A new key.
    async fn insert_license_key(&mut self, key: &LicenseKey) -> Result<()>;
    /// By the keyed hash of its text.
    async fn license_key_by_lookup(&mut self, lookup: &[u8; 32]) -> Result<Option<LicenseKey>>;
    /// Licences in force at `now` whose record or customer's key was signed by this key, by id; only those
    /// after `after`, at most `limit`.
    async fn licenses_signed_by(
        &mut self,
        kid: &str,
        now: i64,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Uuid>>;
    /// By its `jti`.
    async fn license_key(&mut self, jti: Uuid) -> Result<Option<LicenseKey>>;
    /// All keys of a licence, by `jti`: the oldest first.
    async fn license_keys(&mut self, license_id: Uuid) -> Result<Vec<LicenseKey>>;
    /// From now on the keys of a licence count no more, but for these two; how many.
    async fn void_license_keys(
        &mut self,
        license_id: Uuid,
        except: [Uuid; 2],
        at: i64,
    ) -> Result<u64>;
    /// Marks one key as counting no more; whether it did until now.
    async fn void_license_key(&mut self, jti: Uuid, at: i64) -> Result<bool>;
}
