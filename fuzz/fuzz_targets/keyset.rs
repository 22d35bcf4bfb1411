//! Keysets: whatever a root signs is taken over or refused, and never makes a version go back.

#![no_main]

use libfuzzer_sys::fuzz_target;
use licentia_fuzz::FIXTURE;
use licentia_issue::sign::sign;
use licentia_license::json;
use licentia_license::keyset::Keyset;

fuzz_target!(|bytes: &[u8]| {
    let Ok(keyset) = json::from_slice::<Keyset>(bytes) else { return };
    FIXTURE.with(|fixture| {
        let token = sign(&keyset, &fixture.signer).expect("claims are written");
        let mut trust = fixture.trust.clone();
        if trust.accept_keyset(&token).is_ok() {
            assert_eq!(trust.keyset_version(), Some(keyset.version));
            let older = Keyset { version: keyset.version.saturating_sub(1), ..keyset.clone() };
            let older = sign(&older, &fixture.signer).expect("claims are written");
            let _ = trust.accept_keyset(&older);
            assert_eq!(trust.keyset_version(), Some(keyset.version));
        }
    });
});
