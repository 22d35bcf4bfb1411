//! Revocations that reach products without a network: by key id, from a text file of others, on a signed list.

pub mod import;
pub mod keys;
pub mod publish;
pub mod text;

pub use publish::Listed;
