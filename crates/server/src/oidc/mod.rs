//! Log-in by an OpenID provider: authorization code with PKCE (OpenID Connect Core 1.0, RFC 7636). The provider is asked
//! once for what it says of itself, and for its keys again where a token names one that is not known.

mod id_token;
mod provider;

pub(crate) use provider::{Provider, Unvouched};
