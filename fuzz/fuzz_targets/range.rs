//! The header `Range`: a part that is given lies within the file and holds something.

#![no_main]

use libfuzzer_sys::fuzz_target;
use licentia_protocol::range::{Wanted, wanted};

fuzz_target!(|input: (u64, &str)| {
    let (size, header) = input;
    if let Wanted::Part(part) = wanted(Some(header), size) {
        assert!(part.start < part.end && part.end <= size, "{part:?} of {size}");
    }
});
