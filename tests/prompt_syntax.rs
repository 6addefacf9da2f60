//! Weighted prompts against AUTOMATIC1111's web UI (tests/reference/prompt_syntax.py).

mod common;

use std::time::{Duration, Instant};

use common::golden::Tensors;
use common::{clip, golden};
use ndarray::{s, Array3};
use scumble::text::{emphasis, parse_weighted, Piece, Tokenizer, Tokens, MAX_CHUNKS, MAX_OPEN, MAX_WEIGHT};
use scumble::Status;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    text: String,
    pieces: Vec<(String, String)>,
    sd1: Vec<Vec<u32>>,
    sd2: Vec<Vec<u32>>,
    weights: Vec<Vec<f32>>,
}

fn goldens() -> Vec<Golden> {
    let entries: Vec<Golden> = golden::entries("prompt_syntax");
    assert!(entries.len() >= 60);
    entries
}

/// What the web UI's pairs mean: it marks a break by a weight, and keeps pieces without words.
fn meaning(pieces: Vec<(String, String)>) -> Vec<Piece> {
    let piece = |(text, weight): (String, String)| match weight.parse().unwrap() {
        -1.0 if text == "BREAK" => Piece::Break,
        weight => Piece::Text { text, weight },
    };
    let is_empty = |piece: &Piece| matches!(piece, Piece::Text { text, .. } if text.is_empty());
    pieces.into_iter().map(piece).filter(|piece| !is_empty(piece)).collect()
}

fn weighted(tokenizer: &Tokenizer, text: &str) -> Tokens {
    Tokens::weighted(tokenizer, &parse_weighted(text).unwrap()).unwrap()
}

#[test]
fn pieces_are_those_of_the_web_ui() {
    for Golden { text, pieces, .. } in goldens() {
        assert_eq!(parse_weighted(&text).unwrap(), meaning(pieces), "{text:?}");
    }
}

#[test]
fn chunks_are_those_of_the_web_ui() {
    let (first, second) = (clip::tokenizer("sd1"), clip::tokenizer("sd2"));
    for Golden { text, sd1, sd2, weights, .. } in goldens() {
        for (tokenizer, ids) in [(&first, sd1), (&second, sd2)] {
            let tokens = weighted(tokenizer, &text);
            let rows: Vec<Vec<u32>> = tokens.ids.rows().into_iter().map(|row| row.to_vec()).collect();
            assert_eq!(rows, ids.iter().map(|row| clip::lengthen(row)).collect::<Vec<_>>(), "{text:?}");
            let rows: Vec<Vec<f32>> = tokens.weights.rows().into_iter().map(|row| row.to_vec()).collect();
            assert_eq!(rows, weights.iter().map(|row| clip::lengthen(row)).collect::<Vec<_>>(), "{text:?}");
        }
    }
}

/// The same sums, but not in the same order or precision: equal to a few units in the last place of f32.
#[test]
fn emphasis_is_that_of_the_web_ui() {
    let tensors = Tensors::open("prompt_syntax");
    let tokenizer = clip::tokenizer("sd1");
    let hidden_states = tensors.floats("hidden_states");
    let width = hidden_states.len() / (8 * clip::LENGTH);
    let hidden_states = Array3::from_shape_vec((8, clip::LENGTH, width), hidden_states).unwrap();
    let mut changed = 0;
    for (index, Golden { text, .. }) in goldens().iter().enumerate() {
        let weights = weighted(&tokenizer, text).weights;
        let before = hidden_states.slice(s![..weights.nrows(), .., ..]);
        let mut embeddings = before.to_owned();
        emphasis::apply(&mut embeddings, weights.view());
        let error = golden::error(embeddings.iter(), &tensors.floats(&index.to_string()));
        assert!(error < 1e-5, "{text:?}: {error}");
        changed += usize::from(embeddings != before);
        assert!(weights.iter().any(|weight| *weight != 1.0) || embeddings == before, "{text:?}");
    }
    assert!(changed >= 60, "{changed}");
}

/// Where the mean becomes 0, there is none to go back to: nothing is divided by it.
#[test]
fn emphasis_stays_finite_without_a_mean() {
    let mut embeddings = Array3::from_shape_vec((1, 2, 2), vec![1.0, 1.0, 2.0, 2.0]).unwrap();
    emphasis::apply(&mut embeddings, ndarray::array![[2.0, -1.0]].view());
    assert_eq!(embeddings.into_flat().to_vec(), [2.0, 2.0, -2.0, -2.0]);
}

#[test]
fn differences_on_purpose() {
    #[derive(Deserialize)]
    struct Different {
        text: String,
        pieces: Option<Vec<(String, String)>>,
    }
    let entries: Vec<Different> = golden::entries("prompt_differences");
    assert!(!entries.is_empty());
    for Different { text, pieces } in entries {
        let ours = parse_weighted(&text);
        if text.contains("BREAK") {
            assert_eq!(ours.as_ref().unwrap()[1], Piece::Break, "{text:?}");
        } else if !text.is_ascii() {
            assert_eq!(ours.as_ref().unwrap(), &[Piece::Text { text: "a:１.５".into(), weight: 1.1 }]);
        } else {
            let error = ours.as_ref().unwrap_err();
            assert_eq!(error.status(), Status::InvalidArgument, "{text:?}: {error}");
            assert!(error.to_string().contains("weight"), "{error}");
        }
        assert!(pieces.is_none_or(|pieces| ours != Ok(meaning(pieces))), "{text:?} is no difference");
    }
}

#[test]
fn errors_name_the_weight_and_its_place() {
    for (text, parts) in [
        ("a (b:1e39)", ["byte 4", "\"1e39\""]),
        ("é(b: nan )", ["byte 4", "\"nan\""]),
        ("((a:20) (bc:50):3)", ["byte 9", "150"]),
        (&format!("a{}", "(".repeat(MAX_OPEN + 1)), ["byte 65", "64"]),
    ] {
        let error = parse_weighted(text).unwrap_err().to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{text:?}: {error}");
    }
}

#[test]
fn empty_chunks_fill_the_shorter_prompt_up() {
    let tokenizer = clip::tokenizer("sd2");
    let empty = weighted(&tokenizer, "");
    let mut tokens = weighted(&tokenizer, "(a:1.3) BREAK b");
    let before = tokens.clone();
    tokens.pad(&tokenizer, 1);
    assert_eq!(tokens, before);
    tokens.pad(&tokenizer, 4);
    assert_eq!(tokens.ids.dim(), (4, clip::LENGTH));
    assert_eq!(tokens.weights.dim(), (4, clip::LENGTH));
    for row in 0..4 {
        let expected = if row < 2 { before.ids.row(row) } else { empty.ids.row(0) };
        assert_eq!(tokens.ids.row(row), expected);
        let expected = if row < 2 { before.weights.row(row) } else { empty.weights.row(0) };
        assert_eq!(tokens.weights.row(row), expected);
    }
    assert_eq!((tokens.count, tokens.truncated), (2, false));
}

#[test]
fn chunks_have_a_limit() {
    let tokenizer = clip::tokenizer("sd1");
    let breaks = |count| vec![Piece::Break; count];
    assert_eq!(Tokens::weighted(&tokenizer, &breaks(MAX_CHUNKS)).unwrap().ids.nrows(), MAX_CHUNKS);
    let error = Tokens::weighted(&tokenizer, &breaks(MAX_CHUNKS + 1)).unwrap_err();
    assert_eq!(error.status(), Status::LimitExceeded);
}

/// As long as a prompt may be: what is nested, unclosed, escaped or broken takes a moment.
#[test]
fn long_prompts_are_read_at_once() {
    let open = "(".repeat(MAX_OPEN);
    for text in [
        "(".repeat(65536),
        "[".repeat(65536),
        ")".repeat(65536),
        "()".repeat(32768),
        "(a:1)".repeat(13107),
        "\\(".repeat(32768),
        "BREAK ".repeat(10922),
        "(a:".repeat(21845),
        format!("{open}{}", ")a(".repeat(21800)),
        format!("{}a", "(1:".repeat(MAX_OPEN)) + &":1)b".repeat(16000),
    ] {
        let start = Instant::now();
        let _ = parse_weighted(&text);
        assert!(start.elapsed() < Duration::from_millis(500), "{:.20}: {:?}", text, start.elapsed());
    }
}

/// Random texts of brackets, colons, digits and awkward characters, the same in every run.
fn random_texts(alphabet: &'static [&'static str]) -> impl Iterator<Item = String> {
    let mut state = 1u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407); // Knuth's MMIX
        (state >> 33) as usize % below
    };
    (0..20_000).map(move |_| (0..random(24)).map(|_| alphabet[random(alphabet.len())]).collect())
}

#[test]
fn any_text_is_read_or_refused() {
    let alphabet = &[
        "(",
        ")",
        "[",
        "]",
        ":",
        "\\",
        "1",
        ".",
        "-",
        "e",
        "(a:1.3)",
        "BREAK",
        " BREAK ",
        " ",
        "\n",
        "\u{1c}",
        "é",
        "e\u{301}",
        "İ",
        "🍎",
        "\u{200d}",
        "\0",
        "\u{10ffff}",
        "_",
        "nan",
        "猫",
        ",",
    ];
    let mut read = 0;
    for text in random_texts(alphabet) {
        match parse_weighted(&text) {
            Ok(pieces) => {
                read += 1;
                for pair in pieces.windows(2) {
                    if let [Piece::Text { weight: a, .. }, Piece::Text { weight: b, .. }] = pair {
                        assert_ne!(a, b, "{text:?}");
                    }
                }
                for piece in pieces {
                    if let Piece::Text { text: words, weight } = piece {
                        assert!(!words.is_empty() && weight.abs() <= MAX_WEIGHT, "{text:?}");
                    }
                }
            }
            Err(error) => assert_eq!(error.status(), Status::InvalidArgument, "{text:?}"),
        }
    }
    assert!(read > 10_000, "{read}");
}

#[test]
fn plain_text_is_its_own_piece() {
    let alphabet = &["a", " ", ":", "1.3", ",", "\n", "é", "e\u{301}", "🍎", "\u{200d}", "\0", "break", "{", "猫", "|"];
    for text in random_texts(alphabet).filter(|text| !text.is_empty()) {
        assert_eq!(parse_weighted(&text).unwrap(), [Piece::Text { text, weight: 1.0 }]);
    }
}

/// Escaping brackets and backslashes is enough to have any text literally.
#[test]
fn escaped_text_is_its_own_piece() {
    let alphabet = &["(", ")", "[", "]", "\\", ":", "1.3", "a", " ", "é"];
    for text in random_texts(alphabet).filter(|text| !text.is_empty()) {
        let is_special = |c: char| "()[]\\".contains(c);
        let escaped: String = text.chars().flat_map(|c| is_special(c).then_some('\\').into_iter().chain([c])).collect();
        assert_eq!(parse_weighted(&escaped).unwrap(), [Piece::Text { text, weight: 1.0 }]);
    }
}
