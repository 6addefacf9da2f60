//! What a node may say of itself. ONNX Runtime believes it: it divides by a stride, repeats a loop without end, and reads
//! an equation however long it is.

use std::io::{Read, Seek};

use super::ports::MAX_ELEMENTS;
use super::wire::Wire;
use crate::error::{bail, Result};
use crate::model::graph::node::Node;

/// Operators that no export of Stable Diffusion has: loops, which nothing ends, and what computes with text.
const REFUSED: [&str; 14] = [
    "Loop",
    "Scan",
    "SequenceMap",
    "BeamSearch",
    "GreedySearch",
    "Sampling",
    "WhisperBeamSearch",
    "StringConcat",
    "StringNormalizer",
    "StringSplit",
    "RegexFullMatch",
    "TfIdfVectorizer",
    "Tokenizer",
    "ImageDecoder",
];
/// Attributes that sizes are divided by, or that count something.
const COUNTS: [&str; 9] =
    ["bits", "blocksize", "dilations", "group", "kernel_shape", "num_groups", "num_heads", "num_outputs", "strides"];
const MAX_COUNT: i64 = 1 << 16;
/// The most terms of an equation, and the most axes of one of them.
const MAX_TERMS: usize = 8;
const MAX_AXES: usize = 8;
const STRING: i64 = 8;

/// Refuses a node that could harm.
pub fn check<R: Read + Seek>(wire: &mut Wire<R>, node: &Node) -> Result<()> {
    let kind = node.kind.as_str();
    if REFUSED.contains(&kind) || (node.graphs().next().is_some() && !node.is("", "If")) {
        bail!(
            ModelUnsupported,
            "a node is the operator {kind}, a loop or what works with text, which Scumble does not run"
        );
    }
    if node.is("", "Cast") && node.integers("to") == [STRING] {
        bail!(ModelUnsupported, "a node casts numbers to text");
    }
    for name in COUNTS {
        if let Some(count) = node.integers(name).iter().find(|count| !(1..=MAX_COUNT).contains(*count)) {
            bail!(ModelInvalid, "{name} of the operator {kind} is {count}; expected 1 to {MAX_COUNT}");
        }
    }
    if let Some(pad) = node.integers("pads").iter().find(|pad| pad.unsigned_abs() > MAX_COUNT as u64) {
        bail!(ModelInvalid, "pads of the operator {kind} have {pad}; expected at most {MAX_COUNT}");
    }
    let size = node.integers("shape").iter().fold(1u64, |size, side| size.saturating_mul(side.unsigned_abs()));
    if kind.starts_with("Random") && size > MAX_ELEMENTS {
        bail!(ModelInvalid, "shape of the operator {kind} makes {size} numbers; expected at most {MAX_ELEMENTS}");
    }
    match node.text(wire, "equation")? {
        Some(equation) if kind == "Einsum" && !is_equation(&equation) => {
            bail!(
                ModelInvalid,
                "equation of the operator Einsum is {equation:?}; expected terms of letters such as \"bij,bjk->bik\""
            )
        }
        _ => Ok(()),
    }
}

/// Terms of letters, each with at most one ellipsis, and perhaps what they make.
fn is_equation(equation: &str) -> bool {
    let equation = equation.replace(' ', "");
    let (terms, result) = equation.split_once("->").unwrap_or((&equation, ""));
    let terms: Vec<&str> = terms.split(',').chain([result]).collect();
    let is_term = |term: &&str| {
        let letters = term.replacen("...", "", 1);
        letters.len() <= MAX_AXES && letters.chars().all(|c| c.is_ascii_alphabetic())
    };
    terms.len() <= MAX_TERMS && terms.iter().all(is_term)
}

#[cfg(test)]
mod tests {
    use super::is_equation;

    #[test]
    fn equations() {
        for good in ["bhqd,bhkd->bhqk", "b i d, b j d -> b i j", "...ij,...jk->...ik", "ii", "ij->ji"] {
            assert!(is_equation(good), "{good}");
        }
        for bad in ["......", ".", "ij->ik->jk", "i1,j", "abcdefghi", "ij;jk", "-", "i\u{e9}"] {
            assert!(!is_equation(bad), "{bad}");
        }
    }
}
