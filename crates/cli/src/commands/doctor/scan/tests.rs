use super::*;

fn scan(bytes: &[u8]) -> Vec<Hit> {
    let secret = Secret { name: "s".to_owned(), bytes: b"correct horse battery?>~".to_vec() };
    let scanner = Scanner::new(&[secret], &["BZZZ_PEPPER".to_owned()]).unwrap();
    let mut hits = Vec::new();
    let (read, result) = scanner.file(&mut &bytes[..], &mut hits);
    result.unwrap();
    assert_eq!(read, len(bytes));
    hits
}

fn kinds(bytes: &[u8]) -> Vec<Kind> {
    scan(bytes).into_iter().map(|hit| hit.kind).collect()
}

fn pem_of(label: &str, body: &str) -> String {
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

const BODY: &str = "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

#[test]
fn private_keys_are_told_from_public_ones_and_from_labels_in_libraries() {
    for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] {
        assert_eq!(kinds(pem_of(label, BODY).as_bytes()), [Kind::PrivateKey], "{label}");
    }
    assert_eq!(
        kinds(pem_of("ENCRYPTED PRIVATE KEY", BODY).as_bytes()),
        [Kind::EncryptedPrivateKey]
    );
    let old = format!("Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nq{BODY}");
    assert_eq!(kinds(pem_of("RSA PRIVATE KEY", &old).as_bytes()), [Kind::EncryptedPrivateKey]);
    let open = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMw";
    assert_eq!(kinds(pem_of("OPENSSH PRIVATE KEY", open).as_bytes()), [Kind::PrivateKey]);
    let closed = "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAA";
    assert_eq!(
        kinds(pem_of("OPENSSH PRIVATE KEY", closed).as_bytes()),
        [Kind::EncryptedPrivateKey]
    );

    assert_eq!(kinds(pem_of("PUBLIC KEY", BODY).as_bytes()), []);
    assert_eq!(kinds(b"\0-----BEGIN PRIVATE KEY-----\0-----END PRIVATE KEY-----\0"), []);
    assert_eq!(kinds(b"-----BEGIN PRIVATE KEY----- must be given"), []);
}

#[test]
fn private_keys_are_seen_in_strings_in_base64_and_in_der() {
    let pem = pem_of("PRIVATE KEY", BODY);
    let string = format!("key = \"{}\"", pem.replace('\n', "\\n"));
    assert_eq!(kinds(string.as_bytes()), [Kind::PrivateKey]);
    let yaml = pem.replace('\n', "\n    ");
    assert_eq!(kinds(format!("key: |\n    {yaml}").as_bytes()), [Kind::PrivateKey]);
    let kubernetes = format!("data:\n  tls.key: {}\n", Base64::encode_string(pem.as_bytes()));
    assert_eq!(kinds(kubernetes.as_bytes()), [Kind::PrivateKey]);
    let der = Base64::decode_vec(BODY).unwrap();
    assert_eq!(kinds(&der), [Kind::PrivateKey]);
    assert_eq!(kinds(&[&der[..], b"x"].concat()), []);
}

#[test]
fn a_json_web_key_with_its_private_part_is_found_and_a_public_one_is_not() {
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let public = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#);
    assert_eq!(kinds(public.as_bytes()), []);
    let private =
        public.replace("\"x\"", "\"d\" : \"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDus\", \"x\"");
    assert_eq!(kinds(private.as_bytes()), [Kind::PrivateKey]);
    assert_eq!(kinds(private.replace('"', "\\\"").as_bytes()), [Kind::PrivateKey]);
    let shared = format!(r#"{{"k":"{x}","kty":"oct"}}"#);
    assert_eq!(kinds(shared.as_bytes()), [Kind::PrivateKey]);
}

#[test]
fn our_tokens_are_found_by_prefix_and_length() {
    let long = "A".repeat(43);
    assert_eq!(kinds(format!("t=lat_{long}").as_bytes()), [Kind::Token]);
    assert_eq!(kinds(format!("lap_{long}\n").as_bytes()), [Kind::Token]);
    assert_eq!(kinds(format!("flat_{long}").as_bytes()), []);
    assert_eq!(kinds(b"lat_wrong"), []);
}

#[test]
fn a_given_secret_is_found_in_every_encoding_at_every_place() {
    let secret = b"correct horse battery?>~";
    for padding in 0..4 {
        let around = [&b"xyzq"[..padding], secret, b"tail"].concat();
        let hex: String = around.iter().map(|b| format!("{b:02X}")).collect();
        let base64 = Base64::encode_string(&around);
        let url = base64.replace('+', "-").replace('/', "_");
        let wide: Vec<u8> = around.iter().flat_map(|b| [*b, 0]).collect();
        for (form, bytes) in [
            ("plain", around.clone()),
            ("hex", hex.clone().into_bytes()),
            ("lower", hex.to_lowercase().into_bytes()),
            ("base64", base64.into_bytes()),
            ("base64url", url.into_bytes()),
            ("utf-16", wide),
        ] {
            let hits = scan(&bytes);
            assert!(!hits.is_empty(), "{form} at {padding}");
            assert!(
                hits.iter().all(|hit| hit.kind == Kind::Secret && !hit.message.contains("horse"))
            );
        }
    }
    assert_eq!(kinds(b"correct horse battery"), []);
}

#[test]
fn names_of_secret_variables_are_told_with_their_line() {
    let text = "a: 1\nCAIO_LICENSE_SECRET=abcdef\n# TMWS_SECRET_KEY is the vendor's\nbzzz_pepper: x1\nMY_BZZZ_PEPPER=1\n";
    let hits: Vec<_> = scan(text.as_bytes()).into_iter().map(|hit| (hit.place, hit.kind)).collect();
    let line = |line, kind| (Place::Line(line), kind);
    assert_eq!(
        hits,
        [line(2, Kind::SecretVariable), line(3, Kind::SecretName), line(4, Kind::SecretVariable)]
    );
    assert_eq!(kinds(b"\0CAIO_LICENSE_SECRET=abcdef"), []);
    assert_eq!(kinds(b"CAIO_LICENSE_SECRETS=abcdef"), []);
}

#[test]
fn what_lies_across_the_border_of_two_reads_is_found_once_with_its_line() {
    let pem = pem_of("PRIVATE KEY", BODY);
    for back in [0, 1, 5, 60, 200, CONTEXT, CONTEXT + 7] {
        let mut text = "x".repeat(CHUNK - back - 1) + "\n";
        text.push_str(&pem);
        text.push_str(&"\ny".repeat(CHUNK / 2));
        text.push_str("\nBZZZ_PEPPER=abc\n");
        let hits = scan(text.as_bytes());
        let places: Vec<_> = hits.iter().map(|hit| (hit.kind, hit.place)).collect();
        let last = 2 + 3 + u64::try_from(CHUNK / 2).unwrap() + 1;
        assert_eq!(
            places,
            [(Kind::PrivateKey, Place::Line(2)), (Kind::SecretVariable, Place::Line(last))],
            "{back}"
        );
    }
}

#[test]
fn a_name_is_shown_without_the_secret_in_it() {
    let secret = Secret { name: "s".to_owned(), bytes: b"correct-horse".to_vec() };
    let scanner = Scanner::new(&[secret], &[]).unwrap();
    let (shown, found) = scanner.name("dir/correct-horse\u{1b}.txt");
    assert_eq!(shown, "dir/[…]?.txt");
    assert_eq!(found.map(|(kind, _)| kind), Some(Kind::Secret));
    assert_eq!(scanner.name("plain.txt"), ("plain.txt".to_owned(), None));
}
