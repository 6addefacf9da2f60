//! The text of a weighted prompt. Weights stay within their limit, and no text comes from nowhere.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scumble::text::{parse_weighted, Piece, MAX_WEIGHT};

fuzz_target!(|text: &str| {
    let Ok(pieces) = parse_weighted(text) else { return };
    let mut length = 0;
    for piece in pieces {
        if let Piece::Text { text, weight } = piece {
            assert!(weight.abs() <= MAX_WEIGHT, "{weight}");
            length += text.len();
        }
    }
    assert!(length <= text.len());
});
