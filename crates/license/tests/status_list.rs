//! The status list, by the draft's own examples and against a plain array.

mod support;

use licentia_license::Invalid;
use licentia_license::status_list::{ENTRIES, Packed, Status, Statuses};
use support::vectors;

#[test]
fn the_drafts_examples() {
    let file = vectors("token-status-list/vectors.json");
    let mut entries = 0;
    for vector in file["vectors"].as_array().unwrap() {
        let packed = Packed {
            bits: u8::try_from(vector["bits"].as_u64().unwrap()).unwrap(),
            lst: vector["lst"].as_str().unwrap().to_owned(),
        };
        let list = Statuses::unpack(&packed).unwrap();
        let most = u32::try_from(vector["inflated_bytes"].as_u64().unwrap() * 8).unwrap();
        let said = vector["nonzero"].as_object().unwrap();
        for (idx, value) in said {
            assert_eq!(
                list.value(idx.parse().unwrap()),
                u8::try_from(value.as_u64().unwrap()).ok()
            );
        }
        let nonzero =
            (0..most / u32::from(packed.bits)).filter(|idx| list.value(*idx) != Some(0)).count();
        // Of the example with eight bits the file names forty of its 255.
        let all = if packed.bits == 8 { 255 } else { said.len() };
        assert_eq!(nonzero, all, "{}", vector["file"]);
        assert_eq!(Statuses::unpack(&list.pack()).unwrap(), list, "{}", vector["file"]);
        entries += nonzero;
    }
    assert!(entries > 300, "{entries}");
}

#[test]
fn what_is_set_is_read_and_nothing_else_changes() {
    let mut list = Statuses::valid();
    let marks = [
        (0, Status::Revoked),
        (1, Status::Suspended),
        (4, Status::Revoked),
        (ENTRIES - 1, Status::Revoked),
    ];
    for (idx, status) in marks {
        list.set(idx, status);
    }
    let list = Statuses::unpack(&list.pack()).unwrap();
    for idx in (0..8).chain(ENTRIES - 4..ENTRIES) {
        let expected = marks.iter().find(|(at, _)| *at == idx).map_or(Status::Valid, |(_, s)| *s);
        assert_eq!(list.status(idx), expected, "{idx}");
    }
    assert_eq!((list.value(ENTRIES), list.status(u32::MAX)), (None, Status::Valid));
}

#[test]
fn a_list_that_inflates_too_far_is_refused_before_it_does() {
    let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; 64 * 1024 * 1024], 6);
    let lst = <base64ct::Base64UrlUnpadded as base64ct::Encoding>::encode_string(&bomb);
    assert!(lst.len() < 100_000);
    for (bits, lst) in [(2, lst.as_str()), (3, "eNo76fITAAPfAgc"), (2, "AAAA"), (2, "not base64!")]
    {
        let packed = Packed { bits, lst: lst.to_owned() };
        assert!(matches!(Statuses::unpack(&packed), Err(Invalid::Malformed(_))), "{bits}");
    }
}
