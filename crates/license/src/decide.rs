//! The second half of the check, pure: a verified licence, a time, a product and a machine give a verdict.

use crate::fingerprint::Fingerprint;
use crate::{Invalid, LEEWAY_S, License, Verified};

/// What a licence is judged against.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// Seconds since the epoch.
    pub now: i64,
    /// The product that asks; `None` accepts a licence for any.
    pub product: Option<&'a str>,
    /// What the machine is known by, in every scheme that could be collected; only a licence bound to
    /// hardware asks for it.
    pub machine: &'a [Fingerprint],
}

impl<'a> Circumstances<'a> {
    /// At this time, for any product, on a machine that is not known.
    #[must_use]
    pub fn at(now: i64) -> Self {
        Self { now, product: None, machine: &[] }
    }

    /// For this product.
    #[must_use]
    pub fn product(mut self, product: &'a str) -> Self {
        self.product = Some(product);
        self
    }

    /// On the machine with these fingerprints.
    #[must_use]
    pub fn machine(mut self, fingerprints: &'a [Fingerprint]) -> Self {
        self.machine = fingerprints;
        self
    }
}

/// Whether the licence is good here and now.
///
/// A licence is expired when `now >= exp`; `nbf` and `iat` have [`LEEWAY_S`] seconds of leeway. A licence
/// bound to hardware is refused on another machine, on one that is not known, and in a scheme that is not.
pub fn decide(
    license: &Verified<License>,
    circumstances: &Circumstances<'_>,
) -> Result<(), Invalid> {
    let now = circumstances.now;
    if let Some(wanted) = circumstances.product
        && wanted != license.aud
    {
        return Err(Invalid::WrongProduct {
            wanted: wanted.to_owned(),
            found: license.aud.to_string(),
        });
    }
    let from = license.nbf.map_or(license.iat, |nbf| nbf.max(license.iat));
    if from > now.saturating_add(LEEWAY_S) {
        return Err(Invalid::NotYetValid { from });
    }
    if let Some(at) = license.exp
        && now >= at
    {
        return Err(Invalid::Expired { at });
    }
    if license.bind.as_ref().is_some_and(|bind| !bind.admits(circumstances.machine)) {
        return Err(Invalid::WrongMachine);
    }
    Ok(())
}
