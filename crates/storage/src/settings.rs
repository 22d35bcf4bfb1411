//! Single values of the authority itself: its name, its keyset.

use async_trait::async_trait;

use crate::Result;

/// Named values.
#[async_trait]
pub trait Settings {
    /// A value.
    async fn setting(&mut self, name: &str) -> Result<Option<String>>;
    /// Sets a value.
    async fn put_setting(&mut self, name: &str, value: &str) -> Result<()>;
}
