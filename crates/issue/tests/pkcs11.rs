//! Keys in SoftHSM2, through its real library. The library keeps its state in the process and reads its
//! configuration from the environment, so each test runs in a process of its own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests are tests"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::Attribute;
use cryptoki::session::UserType;
use cryptoki::types::AuthPin;
use licentia_issue::keyfile::write_secret;
use licentia_issue::pkcs11::{HsmError, HsmKey, HsmSigner, KeyName, Pin};
use licentia_issue::signer::{Checked, RsaBits, RsaSigner, SignerError};
use licentia_issue::{Ed25519Signer, PrivateKey, Secret, Signer};
use licentia_license::key::PublicKey;

const PLACES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
];
const FOLDER: &str = "LICENTIA_TEST_TOKENS";
const PIN: &str = "24680";

/// Tokens in a folder of their own.
struct Tokens {
    folder: PathBuf,
}

/// Runs the body in a new process with SoftHSM2 set up over an empty folder.
fn with_tokens(name: &str, body: fn(&Tokens)) {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return body(&Tokens { folder: folder.into() });
    }
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("tokens")).unwrap();
    let settings = folder.path().join("softhsm2.conf");
    let tokens = folder.path().join("tokens");
    fs::write(
        &settings,
        format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display()),
    )
    .unwrap();
    let done = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env("SOFTHSM2_CONF", settings)
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(done.status.success(), "{}\n{}", text(&done.stdout), text(&done.stderr));
    assert!(text(&done.stdout).contains("1 passed"), "{}", text(&done.stdout));
}

fn library() -> PathBuf {
    PLACES.iter().map(PathBuf::from).find(|path| path.exists()).expect("softhsm2 is installed")
}

fn util<const N: usize>(args: [&str; N]) {
    let done = Command::new("softhsm2-util").args(args).output().expect("softhsm2 is installed");
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

impl Tokens {
    fn add(&self, label: &str) {
        util(["--init-token", "--free", "--label", label, "--so-pin", "13579", "--pin", PIN]);
    }

    fn import(&self, token: &str, label: &str, id: &str, key: &PrivateKey) {
        self.import_pem(token, label, id, key.to_pem().unwrap().expose());
    }

    fn import_pem(&self, token: &str, label: &str, id: &str, pem: &str) {
        let path = self.folder.join("import.pem");
        fs::write(&path, pem).unwrap();
        let file = path.to_str().unwrap();
        util(["--import", file, "--token", token, "--label", label, "--id", id, "--pin", PIN]);
    }

    /// Pulls all tokens out; gives what [`Tokens::plug_in`] wants.
    fn pull_out(&self) -> PathBuf {
        let away = self.folder.join("away");
        fs::rename(self.folder.join("tokens"), &away).unwrap();
        fs::create_dir(self.folder.join("tokens")).unwrap();
        away
    }

    fn plug_in(&self, away: &Path) {
        fs::remove_dir_all(self.folder.join("tokens")).unwrap();
        fs::rename(away, self.folder.join("tokens")).unwrap();
    }
}

fn named(label: &str) -> KeyName {
    KeyName { label: Some(label.into()), id: None }
}

fn hsm_key(token: &str, name: KeyName, pin: &str) -> HsmKey {
    let pin = Pin::Value(Secret::new(pin.as_bytes().to_vec()));
    HsmKey { module: library(), token: token.into(), name, pin }
}

fn open(token: &str, label: &str) -> Result<Checked<HsmSigner>, HsmError> {
    hsm_key(token, named(label), PIN).open()
}

fn ed25519(seed: u8) -> PrivateKey {
    Ed25519Signer::from_seed([seed; 32]).unwrap().into()
}

/// The reason why a signature could not be had.
fn reason(signer: &dyn Signer) -> HsmError {
    match signer.sign(b"message").unwrap_err() {
        SignerError::Unavailable(reason) => *reason.downcast().unwrap(),
        other => panic!("{other}"),
    }
}

#[test]
fn keys_in_a_token_sign_what_the_same_keys_in_memory_sign() {
    with_tokens("keys_in_a_token_sign_what_the_same_keys_in_memory_sign", |tokens| {
        tokens.add("licences");
        let rsa = |bits| PrivateKey::from(RsaSigner::generate(bits).unwrap());
        for (id, key) in [
            ("01", ed25519(1)),
            ("02", rsa(RsaBits::B2048)),
            ("03", rsa(RsaBits::B3072)),
            ("04", rsa(RsaBits::B4096)),
        ] {
            let label = format!("key {id}");
            tokens.import("licences", &label, id, &key);
            let number = id.parse().unwrap();
            for name in [
                named(&label),
                KeyName { label: None, id: Some(vec![number]) },
                KeyName { label: Some(label.clone()), id: Some(vec![number]) },
            ] {
                let signer = hsm_key("licences", name, PIN).open().unwrap();
                assert_eq!(signer.public_key(), key.public_key());
                assert_eq!(signer.algorithm(), key.algorithm());
                for message in [&b""[..], b"message", &vec![7; 100_000]] {
                    let signature = signer.sign(message).unwrap();
                    assert!(key.public_key().is_signature_of(message, &signature));
                    // Both algorithms are deterministic.
                    assert_eq!(signature, key.sign(message).unwrap());
                }
            }
        }
    });
}

#[test]
fn a_key_made_in_the_token_signs_and_is_known_by_its_public_half() {
    with_tokens("a_key_made_in_the_token_signs_and_is_known_by_its_public_half", |tokens| {
        tokens.add("licences");
        let library = Pkcs11::new(library()).unwrap();
        library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap();
        let slot = library.get_slots_with_initialized_token().unwrap()[0];
        let session = library.open_rw_session(slot).unwrap();
        session.login(UserType::User, Some(&AuthPin::new(PIN.into()))).unwrap();
        let named = |label: &str| vec![Attribute::Token(true), Attribute::Label(label.into())];
        let edwards25519 = Attribute::EcParams(vec![0x06, 0x03, 0x2b, 0x65, 0x70]);
        let rsa = [Attribute::ModulusBits(2048.into()), Attribute::PublicExponent(vec![1, 0, 1])];
        for (label, mechanism, public) in [
            ("ed25519", Mechanism::EccEdwardsKeyPairGen, vec![edwards25519]),
            ("rsa", Mechanism::RsaPkcsKeyPairGen, rsa.to_vec()),
        ] {
            let public = [named(label), public].concat();
            let private = [named(label), vec![Attribute::Sign(true)]].concat();
            session.generate_key_pair(&mechanism, &public, &private).unwrap();
            let signer = open("licences", label).unwrap();
            let known = PublicKey::from_pem(&signer.public_key().to_pem()).unwrap();
            assert!(known.is_signature_of(b"message", &signer.sign(b"message").unwrap()));
        }
    });
}

#[test]
fn what_is_missing_or_wrong_is_told_by_its_name() {
    with_tokens("what_is_missing_or_wrong_is_told_by_its_name", |tokens| {
        tokens.add("licences");
        tokens.import("licences", "key", "01", &ed25519(1));
        let refused = |key: HsmKey| key.open().err().unwrap();
        let key = |name| hsm_key("licences", name, PIN);

        assert!(matches!(refused(hsm_key("licences", named("key"), "99999")), HsmError::WrongPin));
        assert!(matches!(refused(hsm_key("licences", named("key"), "1")), HsmError::WrongPin));
        assert!(
            matches!(refused(hsm_key("other", named("key"), PIN)), HsmError::NoToken(t) if t == "other")
        );
        let missing = refused(key(KeyName { label: Some("no".into()), id: Some(vec![1, 0xab]) }));
        assert_eq!(missing.to_string(), "the token has no private key labelled `no` with id 01ab");

        let nowhere = HsmKey { module: "/nowhere/lib.so".into(), ..key(named("key")) };
        assert!(matches!(refused(nowhere), HsmError::Module { .. }));
        let text = tokens.folder.join("text.so");
        fs::write(&text, "no library").unwrap();
        let no_library = HsmKey { module: text, ..key(named("key")) };
        assert!(matches!(refused(no_library), HsmError::Module { .. }));

        let pin = tokens.folder.join("pin");
        let from_file = || HsmKey { pin: Pin::File(pin.clone()), ..key(named("key")) };
        assert!(matches!(refused(from_file()), HsmError::PinFile { .. }));
        write_secret(&pin, format!("{PIN}\n").as_bytes()).unwrap();
        assert!(from_file().open().is_ok());

        tokens.import("licences", "key", "02", &ed25519(2));
        // The library sees what another process has added once it looks again.
        assert!(matches!(refused(key(named("key"))), HsmError::AmbiguousKey(_)));
        assert!(key(KeyName { label: None, id: Some(vec![2]) }).open().is_ok());

        let p256 = ["genpkey", "-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
        let p256 = Command::new("openssl").args(p256).output().unwrap().stdout;
        tokens.import_pem("licences", "p256", "03", &String::from_utf8(p256).unwrap());
        assert!(matches!(refused(key(named("p256"))), HsmError::Unsupported));
    });
}

#[test]
fn a_token_that_was_pulled_out_is_used_again_when_it_is_back() {
    with_tokens("a_token_that_was_pulled_out_is_used_again_when_it_is_back", |tokens| {
        tokens.add("licences");
        let (one, two) = (ed25519(1), ed25519(2));
        tokens.import("licences", "one", "01", &one);
        tokens.import("licences", "two", "02", &two);
        let signers = [open("licences", "one").unwrap(), open("licences", "two").unwrap()];
        for _ in 0..3 {
            let away = tokens.pull_out();
            for signer in &signers {
                let reason = reason(signer);
                assert!(matches!(reason, HsmError::NoToken(_)), "{reason}");
            }
            tokens.plug_in(&away);
            for (signer, key) in signers.iter().zip([&one, &two]) {
                assert_eq!(signer.sign(b"message").unwrap(), key.sign(b"message").unwrap());
            }
        }
    });
}

#[test]
fn another_key_of_that_name_does_not_sign_in_its_place() {
    with_tokens("another_key_of_that_name_does_not_sign_in_its_place", |tokens| {
        tokens.add("licences");
        tokens.import("licences", "key", "01", &ed25519(1));
        let signer = open("licences", "key").unwrap();
        tokens.pull_out();
        assert!(matches!(reason(&signer), HsmError::NoToken(_)));
        tokens.add("licences");
        tokens.import("licences", "key", "01", &ed25519(2));
        assert!(matches!(reason(&signer), HsmError::OtherKey));
        assert!(matches!(reason(&signer), HsmError::OtherKey));
    });
}

#[test]
fn a_pin_that_became_wrong_is_tried_once_only() {
    with_tokens("a_pin_that_became_wrong_is_tried_once_only", |tokens| {
        tokens.add("licences");
        tokens.import("licences", "key", "01", &ed25519(1));
        let pin = tokens.folder.join("pin");
        write_secret(&pin, PIN.as_bytes()).unwrap();
        let key = HsmKey { pin: Pin::File(pin.clone()), ..hsm_key("licences", named("key"), "") };
        let signer = key.open().unwrap();
        fs::write(&pin, "99999").unwrap();
        signer.sign(b"the session goes on").unwrap();
        let away = tokens.pull_out();
        assert!(matches!(reason(&signer), HsmError::NoToken(_)));
        tokens.plug_in(&away);
        assert!(matches!(reason(&signer), HsmError::WrongPin));
        // With the right PIN at hand again: a second try is for whoever starts the process anew.
        fs::write(&pin, PIN).unwrap();
        assert!(matches!(reason(&signer), HsmError::WrongPin));
    });
}

#[test]
fn signers_in_many_threads_do_not_disturb_each_other() {
    with_tokens("signers_in_many_threads_do_not_disturb_each_other", |tokens| {
        tokens.add("licences");
        tokens.import("licences", "key", "01", &ed25519(1));
        let expected = ed25519(1);
        let shared = open("licences", "key").unwrap();
        std::thread::scope(|scope| {
            for thread in 0..8u8 {
                let (shared, expected) = (&shared, &expected);
                scope.spawn(move || {
                    let own = open("licences", "key").unwrap();
                    for round in 0..50u8 {
                        let message = [thread, round];
                        let wanted = expected.sign(&message).unwrap();
                        assert_eq!(own.sign(&message).unwrap(), wanted);
                        assert_eq!(shared.sign(&message).unwrap(), wanted);
                    }
                });
            }
        });
    });
}

#[test]
fn a_token_that_comes_and_goes_under_many_signers_never_gives_a_wrong_signature() {
    let name = "a_token_that_comes_and_goes_under_many_signers_never_gives_a_wrong_signature";
    with_tokens(name, |tokens| {
        tokens.add("licences");
        let keys = [ed25519(1), ed25519(2), ed25519(3), ed25519(4)];
        for (number, key) in keys.iter().enumerate() {
            tokens.import("licences", &number.to_string(), &format!("0{number}"), key);
        }
        let signers: Vec<_> =
            (0..keys.len()).map(|number| open("licences", &number.to_string()).unwrap()).collect();
        let (stop, failed) = (AtomicBool::new(false), AtomicUsize::new(0));
        let wrong = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for (signer, key) in signers.iter().zip(&keys) {
                let (stop, failed, wrong) = (&stop, &failed, &wrong);
                scope.spawn(move || {
                    let expected = key.sign(b"message").unwrap();
                    while !stop.load(Ordering::Relaxed) {
                        match signer.sign(b"message") {
                            Ok(signature) if signature == expected => continue,
                            Err(SignerError::Unavailable(_)) => {}
                            other => wrong.lock().unwrap().push(format!("{other:?}")),
                        }
                        failed.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            for _ in 0..20 {
                let before = failed.load(Ordering::Relaxed);
                let away = tokens.pull_out();
                while failed.load(Ordering::Relaxed) == before {
                    std::thread::yield_now();
                }
                tokens.plug_in(&away);
            }
            stop.store(true, Ordering::Relaxed);
        });
        assert_eq!(*wrong.lock().unwrap(), Vec::<String>::new());
        for (signer, key) in signers.iter().zip(&keys) {
            assert_eq!(signer.sign(b"message").unwrap(), key.sign(b"message").unwrap());
        }
    });
}
