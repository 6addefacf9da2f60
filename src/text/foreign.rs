//! Syntax of other tools, which is not followed here: it is found, so that the log can name it.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// A place of a prompt that another tool reads as more than text.
#[derive(Clone, Debug, PartialEq)]
pub struct Foreign<'a> {
    /// Where it begins, in bytes.
    pub at: usize,
    /// What stands there.
    pub text: &'a str,
    /// What it is.
    pub what: &'static str,
}

/// What a LoRA or a hypernetwork is.
pub const EXTRA_NETWORK: &str = "an extra network";

/// `<name:arguments>`, as `modules/extra_networks.py` of AUTOMATIC1111/stable-diffusion-webui finds it.
static NETWORKS: LazyLock<Regex> = LazyLock::new(|| pattern(r"<(\w+):([^>]+)>"));

/// What a pattern finds, with either syntax.
static PATTERNS: LazyLock<[(Regex, &str); 7]> = LazyLock::new(|| {
    [
        (pattern(r"\bAND\b"), "composition"),
        (pattern(r"\bembedding:[^\s,()\[\]<>]+"), "an embedding"),
        (pattern(r"\{[^{}]+\}"), "a choice or emphasis in braces"),
        (pattern(r"__[^\W_][\w/*-]*__"), "a wildcard"),
        (pattern(r"(?:^|\s)--[a-z]+\b"), "a parameter"),
        (pattern(r"\w\w\+{2,}|\)\+|\)-{2,}|\)\d*\.?\d+\b"), "a weight of Compel"),
        (pattern(r"\)\.(?:and|blend|swap)\("), "a function of Compel"),
    ]
});

static BREAK: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bBREAK\b"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern of ours")
}

/// Compiles the patterns, which takes milliseconds: on the thread that loads a model, not in the first prompt's creation.
pub fn prepare() {
    let _ = find("", false);
}

/// The places in their order. `weighted`: whether the text is read in the weighted syntax, which knows `(a:1.3)` and
/// BREAK.
pub fn find(text: &str, weighted: bool) -> Vec<Foreign<'_>> {
    let mut found = Vec::new();
    let own = [(&*NETWORKS, EXTRA_NETWORK), (&*BREAK, "a break")];
    let own = own.into_iter().take(if weighted { 1 } else { 2 });
    for (pattern, what) in own.chain(PATTERNS.iter().map(|(pattern, what)| (pattern, *what))) {
        found.extend(pattern.find_iter(text).map(|place| Foreign { at: place.start(), text: place.as_str(), what }));
    }
    brackets(text, weighted, &mut found);
    found.sort_by_key(|foreign| foreign.at);
    found
}

/// A prompt without its extra networks, as the web UI reads it where it lacks their files.
pub fn without_extra_networks(text: &str) -> Cow<'_, str> {
    NETWORKS.replace_all(text, "")
}

/// An open bracket, and what was found directly within it.
struct Open {
    at: usize,
    bar: bool,
    colon: Option<usize>,
}

/// Prompt editing `[a:b:0.5]`, alternation `[a|b]` and, where they are not followed, weights `(a:1.3)`. These nest, so
/// they are no patterns.
fn brackets<'a>(text: &'a str, weighted: bool, found: &mut Vec<Foreign<'a>>) {
    let (mut round, mut square): (Vec<Open>, Vec<Open>) = (Vec::new(), Vec::new());
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        let open = Open { at, bar: false, colon: None };
        match byte {
            b'\\' => drop(bytes.next()),
            b'(' => round.push(open),
            b'[' => square.push(open),
            b'|' | b':' => {
                let start = |brackets: &[Open]| brackets.last().map(|open| open.at);
                let inner = if start(&round) > start(&square) { &mut round } else { &mut square };
                match inner.last_mut() {
                    Some(open) if byte == b'|' => open.bar = true,
                    Some(open) => open.colon = Some(at),
                    None => {}
                }
            }
            b')' => {
                if let Some(open) = round.pop() {
                    if !weighted && ends_with_number(text, &open, at) {
                        found.push(Foreign { at: open.at, text: &text[open.at..=at], what: "a weight" });
                    }
                }
            }
            b']' => {
                if let Some(open) = square.pop() {
                    while round.last().is_some_and(|inner| inner.at > open.at) {
                        round.pop();
                    }
                    let what = if open.bar { "alternation" } else { "prompt editing" };
                    if open.bar || ends_with_number(text, &open, at) {
                        found.push(Foreign { at: open.at, text: &text[open.at..=at], what });
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether a number stands between a bracket's last colon and its end.
fn ends_with_number(text: &str, open: &Open, end: usize) -> bool {
    let number = open.colon.map_or("", |colon| text[colon + 1..end].trim());
    number.len() < 32 && number.bytes().any(|byte| byte.is_ascii_digit()) && number.parse::<f64>().is_ok()
}
