//! What customers may fetch: who asks, and what is covered.
//!
//! A plan says which channels, versions and repositories its licences cover ([`coverage`]); the signed licence says
//! until when it is maintained. Releases, the container registry and the package index all ask the same question of
//! the same [`Coverage`](coverage::Coverage).

pub mod archive;
pub mod coverage;
pub mod link;
pub mod of_license;
pub mod puller;
