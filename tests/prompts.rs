//! What a prompt's descriptor asks for reaches the text encoder: syntax, clip skip, blending.

mod common;

use std::sync::{Arc, OnceLock};

use common::model::ModelCopy;
use ndarray::Array3;
use scumble::model::{Conditioning, Syntax};
use scumble::{Context, Device, Places, Prompt, Status, Texts};

fn context() -> &'static Arc<Context> {
    static CONTEXT: OnceLock<Arc<Context>> = OnceLock::new();
    CONTEXT.get_or_init(|| {
        let context = Context::open(Places::at(common::model()), Device::default()).unwrap();
        context.wait(None).unwrap();
        context
    })
}

fn prompt(texts: Texts) -> Arc<Prompt> {
    let prompt = Prompt::create(context(), texts, false).unwrap();
    prompt.wait(None).unwrap();
    prompt
}

fn encode(texts: Texts) -> Arc<Conditioning> {
    prompt(texts).encoded().unwrap().conditioning
}

fn weighted(text: &str) -> Texts {
    Texts { syntax: Syntax::Weighted, ..Texts::of(text) }
}

fn embeddings(texts: Texts) -> Array3<f32> {
    encode(texts).positive.embeddings.clone()
}

#[test]
fn brackets_mean_what_the_syntax_says() {
    let plain = embeddings(Texts::of("a red apple"));
    assert_eq!(embeddings(weighted("a red apple")), plain, "without brackets the syntaxes agree");
    assert_ne!(embeddings(weighted("a (red:1.4) apple")), plain);
    assert_eq!(embeddings(weighted("a (red:1.1) apple")), embeddings(weighted("a (red) apple")));
    assert_ne!(embeddings(Texts::of("a (red) apple")), plain, "brackets are words to a plain prompt");
}

/// A word that weighs more moves its own embedding, and little else.
#[test]
fn the_word_in_brackets_is_the_one_that_weighs() {
    let plain = embeddings(Texts::of("a red apple"));
    let heavy = embeddings(weighted("a (red:1.5) apple"));
    let moved = |token: usize| {
        let (a, b) = (plain.row_of(token), heavy.row_of(token));
        a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    };
    let red = moved(2);
    for token in [0, 1, 3, 4, 10] {
        assert!(moved(token) < red / 3.0, "token {token} moves by {}, red by {red}", moved(token));
    }
}

trait RowOf {
    fn row_of(&self, token: usize) -> Vec<f32>;
}

impl RowOf for Array3<f32> {
    fn row_of(&self, token: usize) -> Vec<f32> {
        self.slice(ndarray::s![0, token, ..]).to_vec()
    }
}

#[test]
fn long_prompts_are_cut_off_or_read_in_chunks() {
    let long = vec!["a red apple"; 20].join(", "); // 79 tokens; the model reads 22 at a time
    let plain = encode(Texts::of(&long));
    assert!(plain.positive.truncated);
    assert_eq!((plain.positive.tokens, plain.positive.chunks), (79, 1));

    let chunked = encode(Texts { negative: Some("blurry".into()), ..weighted(&long) });
    assert!(!chunked.positive.truncated);
    assert_eq!((chunked.positive.chunks, chunked.negative.chunks), (4, 4), "the negative text gets empty chunks");
    assert_eq!(chunked.positive.embeddings.dim(), (1, 4 * 24, 128));
    assert_eq!(chunked.negative.embeddings.dim(), (1, 4 * 24, 128));

    let broken = encode(weighted("a red apple BREAK a castle"));
    assert_eq!(broken.positive.chunks, 2);
    let second = broken.positive.embeddings.slice(ndarray::s![.., 24.., ..]).to_owned();
    assert_eq!(second, embeddings(Texts::of("a castle")), "a chunk is encoded by itself");
}

#[test]
fn clip_skip_takes_an_earlier_layer_of_the_positive_text() {
    let skipped = |clip_skip| encode(Texts { clip_skip, ..Texts::of("a red apple") });
    let (none, one, two) = (skipped(0), skipped(1), skipped(2));
    assert_ne!(none.positive.embeddings, one.positive.embeddings);
    assert_ne!(one.positive.embeddings, two.positive.embeddings);
    assert_eq!(none.negative.embeddings, two.negative.embeddings);
}

#[test]
fn clip_skip_needs_hidden_states() {
    let copy = ModelCopy::reference("sd1");
    let context = Context::open(Places::at(copy.path()), Device::default()).unwrap();
    context.wait(None).unwrap();
    let texts = Texts { clip_skip: 1, ..Texts::of("a red apple") };
    let error = Prompt::create(&context, texts, false).err().unwrap();
    assert_eq!(error.status(), Status::NotSupported);
    assert!(error.to_string().contains("clip_skip is 1, but the text encoder was exported without hidden states"));
}

#[test]
fn blends_lie_between() {
    let (a, b) = (prompt(Texts::of("a red apple")), prompt(Texts::of("a castle")));
    let blend = |factor| Prompt::blend(&a, &b, factor).unwrap().encoded().unwrap().conditioning;
    let ends = [&a, &b].map(|prompt| prompt.encoded().unwrap().conditioning.positive.embeddings.clone());
    assert_eq!(blend(0.0).positive.embeddings, ends[0]);
    assert_eq!(blend(1.0).positive.embeddings, ends[1]);
    assert_eq!(blend(0.25).positive.embeddings, &ends[0] * 0.75 + &ends[1] * 0.25);

    let longer = prompt(weighted("a red apple BREAK a castle"));
    let error = Prompt::blend(&a, &longer, 0.5).err().unwrap().to_string();
    assert!(error.contains("first was read in 1 chunks, second in 2"), "{error}");
}
