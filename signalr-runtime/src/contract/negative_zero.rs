//! Zeros with a sign in JSON. .NET's `Utf8JsonReader` reads `-0` as an integer that may have a sign, `serde_json` reads it as
//! a float only.

/// Whether a value may fit once its zeros have no sign.
pub(super) fn may_be_the_fault(error: &serde_json::Error) -> bool {
    let text = error.to_string();
    let expected = text.strip_prefix("invalid type: floating point `-0.0`, expected ");
    let is_unsigned = expected.is_some_and(|expected| {
        ["u8 ", "u16 ", "u32 ", "u64 ", "usize "].iter().any(|unsigned| expected.starts_with(unsigned))
    });
    error.is_data() && !is_unsigned
}

/// The text with `0` in place of every `-0`, and just as long; `None` if there is none.
#[cold]
pub(super) fn without_signs(json: &[u8]) -> Option<Vec<u8>> {
    let mut unsigned = None;
    let mut part = Part::Outside;
    let mut before = None;
    for (at, &byte) in json.iter().enumerate() {
        part = match (part, byte) {
            (Part::Text, b'"') => Part::Outside,
            (Part::Text, b'\\') => Part::Escape,
            (Part::Outside, b'"') | (Part::Escape, _) => Part::Text,
            (part, _) => part,
        };
        let is_exponent = matches!(before, Some(b'e' | b'E'));
        if part == Part::Outside
            && byte == b'-'
            && !is_exponent
            && is_zero(json.get(at + 1..))
            && let Some(sign) = unsigned.get_or_insert_with(|| json.to_vec()).get_mut(at)
        {
            *sign = b' ';
        }
        before = Some(byte);
    }
    unsigned
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Outside,
    Text,
    Escape,
}

/// Whether a number that begins here is `0`, without a fraction and an exponent.
fn is_zero(number: Option<&[u8]>) -> bool {
    match number {
        Some([b'0', after, ..]) => !matches!(after, b'0'..=b'9' | b'.' | b'e' | b'E'),
        Some([b'0']) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::without_signs;

    fn unsigned(json: &str) -> Option<String> {
        without_signs(json.as_bytes()).map(|json| String::from_utf8(json).expect("UTF-8"))
    }

    #[test]
    fn only_a_zero_without_fraction_and_exponent_loses_its_sign() {
        for (json, expected) in [
            ("-0", " 0"),
            ("-0,-0]", " 0, 0]"),
            (r#"{"a":-0,"b":[-0 ],"c":-1}"#, r#"{"a": 0,"b":[ 0 ],"c":-1}"#),
            (r#"["-0\"-0",-0]"#, r#"["-0\"-0", 0]"#),
            (r#"["\\",-0,"-0"]"#, r#"["\\", 0,"-0"]"#),
        ] {
            assert_eq!(unsigned(json).as_deref(), Some(expected), "{json}");
        }
        for json in
            ["", "-", "0", "-00", "-0.0", "-0.5", "-0e1", "-0E1", "1e-0", "1E-0", "-1", r#""-0""#, r#""\"-0"#]
        {
            assert_eq!(unsigned(json), None, "{json}");
        }
    }
}
