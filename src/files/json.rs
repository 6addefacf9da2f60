//! JSON as Python's `json` module writes it, which is what exporters use: it has `NaN`, `Infinity` and
//! `-Infinity`, which the standard has not, and `1000.0` for a whole number that was a float on its way.

use std::borrow::Cow;

/// The largest finite number, which stands for infinity: a comparison with it gives the same.
const INFINITY: &str = "1.7976931348623157e308";
/// Floats below this size hold every whole number.
const EXACT: f64 = (1u64 << 53) as f64;

/// The same text as the standard has it. `NaN` becomes a text, so that it is an error wherever a number counts.
pub fn standard(text: &str) -> Cow<'_, str> {
    let (mut result, mut copied, mut start) = (String::new(), 0, 0);
    while let Some(next) = text[start..].chars().next() {
        let rest = &text[start..];
        let end = match next {
            '"' => string(rest),
            _ if is_word(next) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ => rest.find(|c| c == '"' || is_word(c)).unwrap_or(rest.len()),
        };
        let instead = match &rest[..end] {
            "NaN" => Some("\"NaN\"".to_owned()),
            "Infinity" => Some(INFINITY.to_owned()),
            "-Infinity" => Some(format!("-{INFINITY}")),
            token => whole(token).map(|number| number.to_string()),
        };
        if let Some(instead) = instead {
            result += &text[copied..start];
            result += &instead;
            copied = start + end;
        }
        start += end;
    }
    match copied {
        0 => Cow::Borrowed(text),
        _ => Cow::Owned(result + &text[copied..]),
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')
}

/// The length of the string that a text begins with, quotes included.
fn string(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

/// The whole number that a float is, such as `1000.0` or `1e3`.
fn whole(token: &str) -> Option<i64> {
    if !token.contains(['.', 'e', 'E']) || token.starts_with("-0") {
        return None;
    }
    let number = serde_json::from_str::<f64>(token).ok()?;
    (number.fract() == 0.0 && number.abs() < EXACT).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use super::standard;

    #[test]
    fn what_python_writes() {
        for (python, json) in [
            ("{\"a\": -Infinity, \"b\":Infinity}", "{\"a\": -1.7976931348623157e308, \"b\":1.7976931348623157e308}"),
            ("[NaN,-Infinity]", "[\"NaN\",-1.7976931348623157e308]"),
            ("{\"steps\": 1000.0, \"x\": 1e3}", "{\"steps\": 1000, \"x\": 1000}"),
            ("[0.7, 1e-5, -3.0, 1e30, 9007199254740993.0]", "[0.7, 1e-5, -3, 1e30, 9007199254740993.0]"),
        ] {
            assert_eq!(standard(python), json);
        }
        // What is within a string, or is no number, stays.
        for text in [
            r#"{"NaN": "Infinity 1000.0", "a\"NaN": "\\"}"#,
            "[Infinitys, nan, 1., .0, +1.0, 1.0.0, 01.0, -0.0, --1.0]",
            "\"open 1.0",
            "\"\\",
            "",
            "\u{e4}\"\u{e4}\"1.5",
        ] {
            assert_eq!(standard(text), text);
        }
    }
}
