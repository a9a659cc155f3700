//! Random values, texts and messages.

use std::fmt::Write;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Any text, with a preference for what has to be escaped.
pub(super) fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => prop::char::range('a', 'f'),
        1 => prop::sample::select(vec!['"', '\\', '/', '\n', '\u{0}', '\u{1e}', '\u{7f}', '{', ']', ',', ' ']),
        1 => any::<char>(),
    ];
    prop::collection::vec(character, 0..40).prop_map(|characters| characters.into_iter().collect())
}

/// A text of at least one character.
pub(super) fn id() -> impl Strategy<Value = String> {
    text().prop_map(|text| format!("{text}1"))
}

/// Any value. Numbers are such that reading them back gives the same.
pub(super) fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i16>().prop_map(|number| json!(f64::from(number) / 4.0)),
        text().prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Any message, described as in the vectors.
pub(super) fn message() -> impl Strategy<Value = Value> {
    let completion = |result: Value, error: Value, has_result: bool| {
        move |id: String| {
            json!({
                "type": "Completion", "invocationId": id, "hasResult": has_result, "result": result.clone(),
                "error": error.clone(),
            })
        }
    };
    prop_oneof![
        (prop::option::of(id()), call()).prop_map(|(id, call)| called("Invocation", &json!(id), call)),
        (id(), call()).prop_map(|(id, call)| called("StreamInvocation", &json!(id), call)),
        (id(), value())
            .prop_map(|(id, item)| json!({"type": "StreamItem", "invocationId": id, "item": item})),
        (id(), value()).prop_map(move |(id, result)| completion(result, Value::Null, true)(id)),
        (id(), id()).prop_map(move |(id, error)| completion(Value::Null, json!(error), false)(id)),
        id().prop_map(move |id| completion(Value::Null, Value::Null, false)(id)),
        id().prop_map(|id| json!({"type": "CancelInvocation", "invocationId": id})),
        Just(json!({"type": "Ping"})),
        (prop::option::of(text()), any::<bool>()).prop_map(
            |(error, reconnect)| json!({"type": "Close", "error": error, "allowReconnect": reconnect})
        ),
        any::<i64>().prop_map(|id| json!({"type": "Ack", "sequenceId": id})),
        any::<i64>().prop_map(|id| json!({"type": "Sequence", "sequenceId": id})),
    ]
}

type Call = (String, Vec<Value>, Vec<String>, Map<String, Value>);

fn call() -> impl Strategy<Value = Call> {
    let headers = prop::collection::vec((text(), text().prop_map(Value::from)), 0..12);
    (
        text(),
        prop::collection::vec(value(), 0..4),
        prop::collection::vec(text(), 0..3),
        prop_oneof![Just(Map::new()), headers.prop_map(|headers| headers.into_iter().collect())],
    )
}

fn called(kind: &str, id: &Value, (target, arguments, stream_ids, headers): Call) -> Value {
    let mut model = json!({"type": kind, "invocationId": id, "target": target, "arguments": arguments});
    if !stream_ids.is_empty() {
        model["streamIds"] = json!(stream_ids);
    }
    if !headers.is_empty() {
        model["headers"] = Value::Object(headers);
    }
    model
}

/// The text of an object that could be an envelope: properties known and unknown, in any order, repeated,
/// with values of the right and the wrong type, names and strings escaped at random, white space anywhere.
pub(super) fn envelope() -> impl Strategy<Value = String> {
    let member = prop_oneof![
        4 => (Just("type"), prop_oneof![
            6 => (0..=10_i32).prop_map(|kind| kind.to_string()),
            1 => value_text(),
        ]),
        3 => (prop::sample::select(vec!["invocationId", "target", "error"]), string_text()),
        3 => (prop::sample::select(vec!["item", "result"]), value_text()),
        3 => (Just("arguments"), list_text(value_text().boxed())),
        2 => (Just("streamIds"), list_text(string_text().boxed())),
        2 => (Just("headers"), object_text(string_text().boxed())),
        1 => (Just("allowReconnect"), prop::sample::select(vec!["true", "false"]).prop_map(str::to_owned)),
        1 => (Just("sequenceId"), any::<i64>().prop_map(|id| id.to_string())),
        1 => (prop::sample::select(KNOWN.to_vec()), value_text()),
        1 => (prop::sample::select(vec!["", "Type", "typ", "arguments2", "x"]), value_text()),
    ];
    let member =
        (member, space(), space(), any::<u64>()).prop_map(|((name, value), before, after, escapes)| {
            format!("{before}{}{after}:{before}{value}{after}", escaped(name, escapes))
        });
    (prop::collection::vec(member, 0..9), space())
        .prop_map(|(members, around)| format!("{around}{{{}}}{around}", members.join(",")))
}

const KNOWN: [&str; 11] = [
    "type",
    "headers",
    "invocationId",
    "target",
    "arguments",
    "streamIds",
    "item",
    "result",
    "error",
    "allowReconnect",
    "sequenceId",
];

fn value_text() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        prop::sample::select(vec!["null", "true", "false", "0", "-1", "1.5", "12e2", "3", "2147483648"])
            .prop_map(str::to_owned),
        string_text(),
    ];
    scalar.prop_recursive(3, 12, 3, |inner| prop_oneof![list_text(inner.clone()), object_text(inner)])
}

fn string_text() -> impl Strategy<Value = String> {
    (text(), any::<u64>()).prop_map(|(text, escapes)| escaped(&text, escapes))
}

fn list_text(inner: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    (prop::collection::vec(inner, 0..4), space())
        .prop_map(|(items, space)| format!("[{space}{}{space}]", items.join(&format!("{space},"))))
}

fn object_text(inner: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    let member =
        (string_text(), inner, space()).prop_map(|(name, value, space)| format!("{name}:{space}{value}"));
    (prop::collection::vec(member, 0..4), space())
        .prop_map(|(members, space)| format!("{{{space}{}}}", members.join(&format!("{space},"))))
}

fn space() -> impl Strategy<Value = &'static str> {
    prop_oneof![6 => Just(""), 1 => prop::sample::select(vec![" ", "\n", "\t\r", "  "])]
}

/// A JSON string in which `escapes` decides which characters are escaped without need. Pairs of surrogates
/// are not: a broken half is an error only for whoever wants the text.
fn escaped(text: &str, escapes: u64) -> String {
    let mut out = String::from('"');
    for (at, character) in text.chars().enumerate() {
        if (escapes >> (at % 64)) & 0b11 == 0b11 && character.len_utf16() == 1 {
            write!(out, "\\u{:04x}", u32::from(character)).expect("a string takes everything");
        } else {
            let quoted = serde_json::to_string(&character).expect("a character");
            out.push_str(&quoted[1..quoted.len() - 1]);
        }
    }
    out.push('"');
    out
}
