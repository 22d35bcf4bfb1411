//! Archives that are made a customer's own: whatever the bytes are, nothing outside of them is asked for; and where a
//! file could be added to a zip file, the result is one in which the path is taken.

#![no_main]

use libfuzzer_sys::fuzz_target;
use licentia_authority::distribution::archive::{
    HEAD_BYTES, Segment, TAIL_BYTES, Unfit, clip, end_of, tape, zip,
};

const PATH: &str = "app/license.lic";
const CONTENT: &[u8] = b"a licence";

fn zipped(bytes: &[u8]) -> Result<Vec<Segment>, Unfit> {
    let size = bytes.len() as u64;
    let tail = &bytes[bytes.len().saturating_sub(TAIL_BYTES as usize)..];
    let end = end_of(tail, size)?;
    let directory = &bytes[end.directory.start as usize..end.directory.end as usize];
    zip(&end, directory, PATH, CONTENT)
}

fn put_together(segments: &[Segment], original: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    for segment in segments {
        match segment {
            Segment::Own(bytes) => all.extend_from_slice(bytes),
            Segment::Original(range) => {
                all.extend_from_slice(&original[range.start as usize..range.end as usize]);
            }
        }
    }
    all
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(segments) = zipped(bytes) {
        let own = put_together(&segments, bytes);
        assert_eq!(zipped(&own), Err(Unfit::Taken));
        let half = own.len() as u64 / 2;
        let (first, rest) = (clip(segments.clone(), &(0..half)), clip(segments, &(half..own.len() as u64)));
        assert_eq!([put_together(&first, bytes), put_together(&rest, bytes)].concat(), own);
    }
    let head = &bytes[..bytes.len().min(HEAD_BYTES as usize)];
    for name in ["a.tar", "a.tar.gz"] {
        if let Ok(segments) = tape((name, bytes.len() as u64), head, PATH, CONTENT, 0) {
            assert!(put_together(&segments, bytes).ends_with(bytes));
        }
    }
});
