//! Weighted prompts against AUTOMATIC1111's web UI (tests/reference/prompt_syntax.py).

mod common;

use std::time::{Duration, Instant};

use common::golden::Tensors;
use common::{clip, golden, painting};
use ndarray::{s, Array3};
use scumble::model::Syntax;
use scumble::text::foreign::{self, Foreign};
use scumble::text::{emphasis, parse_weighted, Piece, Tokenizer, Tokens, MAX_CHUNKS, MAX_OPEN, MAX_WEIGHT};
use scumble::{log, Prompt, Status, Texts};
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

/// Each place of a text, and what it is.
fn foreign_places(text: &str, weighted: bool) -> Vec<(&str, &str)> {
    let found = foreign::find(text, weighted);
    assert!(found.iter().all(|Foreign { at, text: place, .. }| text[*at..].starts_with(place)), "{text:?}");
    found.iter().map(|Foreign { text, what, .. }| (text.trim(), *what)).collect()
}

/// What web interfaces, ComfyUI, Compel and others read as more than text, as their documentation spells it.
#[test]
fn syntax_of_other_tools_is_found() {
    for (text, place, what) in [
        ("a cat <lora:add_detail:0.8>", "<lora:add_detail:0.8>", "extra network"),
        ("<lyco:style:te=0.5:unet=1>, a cat", "<lyco:style:te=0.5:unet=1>", "extra network"),
        ("a <hypernet:fur:0.35> cat", "<hypernet:fur:0.35>", "extra network"),
        ("a [cat:dog:0.35] runs", "[cat:dog:0.35]", "editing"),
        ("a [cat::12] runs", "[cat::12]", "editing"),
        ("a [cat: .7 ]", "[cat: .7 ]", "editing"),
        ("a [(red:1.2) cat:[big] dog:1e1]", "[(red:1.2) cat:[big] dog:1e1]", "editing"),
        ("a [cow|horse] in a field", "[cow|horse]", "alternation"),
        ("[(cow:1.2)|[horse]|] é", "[(cow:1.2)|[horse]|]", "alternation"),
        ("a cat :1.2 AND a dog", "AND", "composition"),
        ("a cat, embedding:easy/negative.pt, (x", "embedding:easy/negative.pt", "embedding"),
        ("(embedding:EasyNegative:1.2)", "embedding:EasyNegative:1.2", "embedding"),
        ("a {red|blue|2$$green} cat", "{red|blue|2$$green}", "braces"),
        ("{{masterpiece}} cat", "{masterpiece}", "braces"),
        ("a __animals/big__ cat", "__animals/big__", "wildcard"),
        ("a cat --ar 16:9", "--ar", "parameter"),
        ("a ball++ and a hat", "ll++", "Compel"),
        ("a (blue ball)1.3", ")1.3", "Compel"),
        ("(\"a\", \"b\").blend(0.7, 0.35)", ").blend(", "Compel"),
    ] {
        for weighted in [false, true] {
            let found = foreign_places(text, weighted);
            let named = |(it, name): &(&str, &str)| *it == place && name.contains(what);
            assert!(found.iter().any(named), "{text:?}: {found:?}");
        }
    }
    assert_eq!(foreign_places("(cat:1.3) BREAK [dog]", true), []);
    assert_eq!(foreign_places("(cat:1.3) BREAK [dog]", false), [("(cat:1.3)", "a weight"), ("BREAK", "a break")]);
}

#[test]
fn plain_words_are_no_syntax() {
    for text in [
        "",
        "a red apple, 3d style, on a blue background",
        "a cat (and a dog), [sitting], at 16:9 and 12:30",
        "Iron \u{2013} man-made, C++ book, a--b, <3, x < y > z, a_b__c, \"x\": 5",
        "\\[cow\\|horse\\] and \\(cat:1.3\\)",
        "android, ANDROID, BREAKFAST, embedding, {}, [a, b: c]",
        "[cat:dog] [cat:nan] (cat|dog) | <cat-toy> <lora> ]:0.5[",
    ] {
        assert_eq!(foreign_places(text, true), [], "{text:?}");
        assert_eq!(foreign_places(text, false), [], "{text:?}");
    }
}

/// As `re.sub` of the web UI's pattern: a name of word characters, and arguments up to the first end.
#[test]
fn extra_networks_are_left_out() {
    for (text, rest) in [
        ("a <lora:x:1> cat<hypernet:y:0.5>", "a  cat"),
        ("<lora:x:1><été:y>", ""),
        ("<lora:> <lora> <:x> <a b:c> 1 < 2", "<lora:> <lora> <:x> <a b:c> 1 < 2"),
        ("<lora:a<lora:b:1>", ""),
    ] {
        assert_eq!(foreign::without_extra_networks(text), rest, "{text:?}");
    }
}

#[test]
fn long_texts_are_searched_at_once() {
    for piece in
        ["<a:", "[a:", "{", "{|}", "__a", "[(", "([|])", "(]", ")+", "embedding:", "[:1]", "AND ", "[:1111111111"]
    {
        let text = piece.repeat(65536 / piece.len());
        let start = Instant::now();
        let found = foreign::find(&text, false).len();
        assert!(start.elapsed() < Duration::from_millis(500), "{piece}: {found} in {:?}", start.elapsed());
    }
}

#[test]
fn a_prompt_warns_of_what_is_not_followed() {
    let context = painting::context();
    let warnings = || -> Vec<String> {
        let lines = std::iter::from_fn(log::next).map(|entry| entry.text);
        lines.filter(|text| text.contains("not followed")).collect()
    };
    let prompt = |positive: &str, negative: &str, syntax| {
        let texts = Texts { negative: Some(negative.into()), syntax, ..Texts::of(positive) };
        let prompt = Prompt::create(&context, texts, false).unwrap();
        let encoded = prompt.wait(None).unwrap().conditioning;
        (prompt.not_followed(), encoded.positive.clone(), encoded.negative.tokens)
    };
    let (none, plain, _) = prompt("a red apple", "green", Syntax::Weighted);
    assert_eq!((none, warnings()), (0, vec![]));

    // The web UI leaves it out of the prompt alone.
    let (places, stripped, negative) = prompt("a red <lora:x:0.7>apple", "green <lora:x:0.7>", Syntax::Weighted);
    assert_eq!((places, stripped.tokens), (2, 3));
    assert!(stripped.embeddings == plain.embeddings && negative > 1);
    let expected =
        "syntax of the prompt is not followed: \"<lora:x:0.7>\" (an extra network, left out) at byte 6 of text, \
                    \"<lora:x:0.7>\" (an extra network, read as text) at byte 6 of negative_text";
    assert_eq!(warnings(), [expected]);

    let (places, read, _) = prompt("a red <lora:x:0.7>apple", "", Syntax::Plain);
    assert!(places == 1 && read.tokens > 3);
    assert!(warnings().concat().contains("read as text"));
    let (places, ..) = prompt(&"[a|b]".repeat(500), "", Syntax::Plain);
    assert_eq!(places, 500);
    let told = warnings();
    assert!(told.len() == 1 && told[0].ends_with(", and 494 more"), "{told:?}");
}
