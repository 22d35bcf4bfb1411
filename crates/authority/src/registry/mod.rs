//! Tokens for a container registry (Distribution specification, *token authentication*): the registry asks for one, we
//! say what is in it.
//!
//! The keys are apart from all others: docker-registry 2.8 knows no Ed25519, and no product has to trust them.

mod certificate;
pub mod keys;
pub mod scope;
pub mod token;
