//! Files under a passphrase. With the tools of others: `tests/tests/backup.rs`.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::io::{Read, Write};

use licentia_issue::Secret;
use licentia_issue::age::{Entropy, OpenError, Opened, Sealed};

const PIECE: usize = 64 * 1024;

fn passphrase(text: &str) -> Secret<Vec<u8>> {
    Secret::new(text.as_bytes().to_vec())
}

fn sealed(plain: &[u8]) -> Vec<u8> {
    let entropy = Entropy { salt: [1; 16], file_key: Secret::new([2; 16]), nonce: [3; 16] };
    let mut file = Sealed::with_work(Vec::new(), &passphrase("horse"), &entropy, 4).unwrap();
    file.write_all(plain).unwrap();
    file.finish().unwrap()
}

fn opened(file: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    Opened::new(file, &passphrase("horse")).ok()?.read_to_end(&mut plain).ok()?;
    Some(plain)
}

#[test]
fn what_was_sealed_opens_whatever_its_length() {
    for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 7] {
        let plain: Vec<u8> = (0..=250).cycle().take(length).collect();
        assert_eq!(opened(&sealed(&plain)).as_deref(), Some(&plain[..]), "{length}");
    }
}

#[test]
fn a_file_that_was_changed_anywhere_or_cut_anywhere_does_not_open() {
    let file = sealed(&[7; 100]);
    for place in 0..file.len() {
        let mut changed = file.clone();
        changed[place] ^= 1;
        assert_eq!(opened(&changed), None, "{place}");
        assert_eq!(opened(&file[..place]), None, "{place}");
    }
    let mut longer = file.clone();
    longer.push(0);
    assert_eq!(opened(&longer), None);
}

#[test]
fn pieces_are_neither_left_out_nor_put_in_another_order() {
    let file = sealed(&vec![7; 3 * PIECE]);
    let head = file.len() - 3 * (PIECE + 16);
    let piece = |n: usize| &file[head + n * (PIECE + 16)..head + (n + 1) * (PIECE + 16)];
    let of = |order: &[usize]| {
        let mut whole = file[..head].to_vec();
        order.iter().for_each(|n| whole.extend_from_slice(piece(*n)));
        opened(&whole)
    };
    assert!(of(&[0, 1, 2]).is_some());
    for order in [&[0, 1][..], &[0, 2], &[1, 0, 2], &[0, 1, 1, 2], &[2], &[]] {
        assert_eq!(of(order), None, "{order:?}");
    }
}

#[test]
fn each_reason_has_its_name() {
    let file = sealed(b"plain");
    let why = |file: &[u8], with: &str| Opened::new(file, &passphrase(with)).err();
    assert!(matches!(why(&file, "house"), Some(OpenError::Passphrase)));
    assert!(matches!(why(b"\x1f\x8b", "horse"), Some(OpenError::Format)));
    let text = String::from_utf8_lossy(&file).into_owned();
    let head = text.split("\n---").next().unwrap();
    let costly = head.replace(" 4\n", " 31\n") + "\n--- " + &"A".repeat(43) + "\n";
    assert!(matches!(why(costly.as_bytes(), "horse"), Some(OpenError::Work(31))));
    let spelled = head.replace(" 4\n", " 04\n") + "\n--- " + &"A".repeat(43) + "\n";
    assert!(matches!(why(spelled.as_bytes(), "horse"), Some(OpenError::Format)));
}
