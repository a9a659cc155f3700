//! What each fault of an envelope is called, and which one counts when there are several.

use serde_json::json;

use super::model::read_whole;
use crate::contract::arguments::{Arguments, BindError};
use crate::contract::value::HubProtocol;
use crate::protocol::error::NotText;
use crate::protocol::message::Message;
use crate::protocol::{ProtocolError, read, validate};

const BROKEN: &str = "Error reading JSON.";

fn fault(record: &str) -> String {
    match read_whole(record.as_bytes()) {
        Ok(message) => panic!("{record} was read as {message:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn every_property_has_its_type() {
    for (property, expected) in [
        ("type", "Expected 'type' to be of type Number."),
        ("invocationId", "Expected 'invocationId' to be of type String."),
        ("target", "Expected 'target' to be of type String."),
        ("error", "Expected 'error' to be of type String."),
        ("arguments", "Expected 'arguments' to be of type Array."),
        ("streamIds", "Expected 'streamIds' to be of type Array."),
        ("headers", "Expected 'headers' to be of type StartObject."),
        ("allowReconnect", "Expected 'allowReconnect' to be true or false."),
        ("sequenceId", "Expected 'sequenceId' to be of type Number."),
    ] {
        // Null is not absent, except where .NET reads a number that may be null.
        for value in ["{}", "[]", "\"s\"", "1", "true", "null"] {
            let record = format!(r#"{{"{property}":{value},"type":6}}"#);
            let allowed = match property {
                "type" => value == "1",
                "sequenceId" => matches!(value, "1" | "null"),
                "allowReconnect" => value == "true",
                "arguments" | "streamIds" => value == "[]",
                "headers" => value == "{}",
                _ => value == "\"s\"",
            };
            if allowed {
                assert_eq!(read_whole(record.as_bytes()), Ok(Some(json!({"type": "Ping"}))), "{record}");
            } else {
                assert_eq!(fault(&record), expected, "{record}");
            }
        }
    }
}

#[test]
fn every_message_has_what_it_needs() {
    let missing = |property: &str| format!("Missing required property '{property}'.");
    for (record, property) in [
        (r#"{"invocationId":"1"}"#, "type"),
        (r#"{"type":1}"#, "target"),
        (r#"{"type":1,"target":""}"#, "target"),
        (r#"{"type":1,"target":"t"}"#, "arguments"),
        (r#"{"type":4}"#, "target"),
        (r#"{"type":4,"target":""}"#, "invocationId"),
        (r#"{"type":4,"target":"t","invocationId":""}"#, "invocationId"),
        (r#"{"type":4,"target":"","invocationId":"1"}"#, "arguments"),
        (r#"{"type":2}"#, "invocationId"),
        (r#"{"type":2,"item":1}"#, "invocationId"),
        (r#"{"type":2,"item":1,"invocationId":""}"#, "invocationId"),
        (r#"{"type":2,"invocationId":"1"}"#, "item"),
        (r#"{"type":3}"#, "invocationId"),
        (r#"{"type":3,"error":"e","result":1}"#, "invocationId"),
        (r#"{"type":3,"invocationId":""}"#, "invocationId"),
        (r#"{"type":5}"#, "invocationId"),
        (r#"{"type":5,"invocationId":""}"#, "invocationId"),
        (r#"{"type":8}"#, "sequenceId"),
        (r#"{"type":8,"sequenceId":null}"#, "sequenceId"),
        (r#"{"type":8,"sequenceId":1,"sequenceId":null}"#, "sequenceId"),
        (r#"{"type":9}"#, "sequenceId"),
    ] {
        assert_eq!(fault(record), missing(property), "{record}");
    }
}

#[test]
fn the_other_faults_have_their_texts() {
    for (record, expected) in [
        ("[42]", "Unexpected JSON Token Type 'Array'. Expected a JSON Object."),
        ("[", "Unexpected JSON Token Type 'Array'. Expected a JSON Object."),
        ("\"s\"", "Unexpected JSON Token Type 'String'. Expected a JSON Object."),
        (" 42 ", "Unexpected JSON Token Type 'Number'. Expected a JSON Object."),
        ("-1", "Unexpected JSON Token Type 'Number'. Expected a JSON Object."),
        ("true", "Unexpected JSON Token Type 'True'. Expected a JSON Object."),
        ("false", "Unexpected JSON Token Type 'False'. Expected a JSON Object."),
        ("null", "Unexpected JSON Token Type 'Null'. Expected a JSON Object."),
        (r#"{"type":1,"streamIds":["1",null]}"#, "Null value for 'streamIds' is not valid."),
        (r#"{"streamIds":[1]}"#, "Cannot get the value of a token type 'Number' as a string."),
        (r#"{"streamIds":[true]}"#, "Cannot get the value of a token type 'True' as a string."),
        (r#"{"streamIds":[[]]}"#, "Cannot get the value of a token type 'StartArray' as a string."),
        (r#"{"streamIds":[{}]}"#, "Cannot get the value of a token type 'StartObject' as a string."),
        (r#"{"type":1,"headers":{"a":"b","c":null}}"#, "Expected header 'c' to be of type String."),
        (r#"{"type":1,"headers":{"a\n":[]}}"#, "Expected header 'a\n' to be of type String."),
        (
            r#"{"type":3,"invocationId":"1","error":"","result":null}"#,
            "The 'error' and 'result' properties are mutually exclusive.",
        ),
    ] {
        assert_eq!(fault(record), expected, "{record}");
    }
}

#[test]
fn numbers_are_integers_of_their_width() {
    let out_of_range = |width: &str| {
        format!("Either the JSON value is not in a supported format, or is out of bounds for an {width}.")
    };
    for number in ["1.0", "1e0", "0.5", "2147483648", "-2147483649", "99999999999999999999"] {
        assert_eq!(fault(&format!(r#"{{"type":{number}}}"#)), out_of_range("Int32"), "{number}");
    }
    for number in ["1.0", "1E2", "9223372036854775808", "-9223372036854775809"] {
        assert_eq!(fault(&format!(r#"{{"sequenceId":{number}}}"#)), out_of_range("Int64"), "{number}");
    }
    for number in ["0", "-0", "-1", "2147483647", "-2147483648"] {
        assert_eq!(read_whole(format!(r#"{{"type":{number}}}"#).as_bytes()), Ok(None), "{number}");
    }
    for number in [0, -1, i64::MAX, i64::MIN] {
        let ack = read_whole(format!(r#"{{"type":8,"sequenceId":{number}}}"#).as_bytes());
        assert_eq!(ack, Ok(Some(json!({"type": "Ack", "sequenceId": number}))));
    }
    assert_eq!(
        ProtocolError::NotAnInteger(crate::protocol::error::IntegerWidth::Int32).name(),
        "FormatException"
    );
    assert_eq!(ProtocolError::Malformed.name(), "InvalidDataException");
}

#[test]
fn broken_json_is_broken_wherever_it_stands() {
    let broken = [
        "{",
        "}",
        "]",
        "tru",
        "nul",
        "01",
        "1.",
        "1.e1",
        ".5",
        "+1",
        "--1",
        "1e",
        "1e+",
        "0x1",
        "NaN",
        "'a'",
        "\"",
        "\"a",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\u123\"",
        "\"a\nb\"",
        "\"\t\"",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1",
        "{\"a\":1,}",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "{1:1}",
        "[1}",
        "{\"a\":1]",
        "//c\n1",
        "/*c*/1",
        "[1/*c*/]",
        "\u{feff}1",
        "\u{c}1",
        "[\u{c}]",
        "[1,\u{b}2]",
        "1true",
        "truefalse",
        "\"a\"\"b\"",
        "[\"a\nb\"]",
        "[tru]",
        "[01]",
        "[1.]",
        "[\"\\x\"]",
    ];
    for value in broken {
        for record in [
            format!(r#"{{"type":6,"unknown":{value}}}"#),
            format!(r#"{{"type":99,"unknown":{value},"x":1}}"#),
            format!(r#"{{"type":2,"invocationId":"1","item":{value}}}"#),
            format!(r#"{{"type":3,"result":{value},"invocationId":"1"}}"#),
            format!(r#"{{"type":1,"target":"t","arguments":[1,{value}]}}"#),
            // Thrown away by the reader itself.
            format!(r#"{{"type":6,"item":{value}}}"#),
            format!(r#"{{"type":2,"invocationId":"1","item":{value},"item":1}}"#),
            format!(r#"{{"type":99,"arguments":[{value}]}}"#),
        ] {
            assert_eq!(fault(&record), BROKEN, "{record}");
        }
    }
    for record in [
        "",
        " ",
        "tru",
        "01",
        "1.",
        "1x",
        "\"a",
        "}",
        "//",
        "\u{feff}{}",
        r#"{"type":1,"#,
        r#"{"type":6"#,
        r#"{"type":6,}"#,
        r#"{,"type":6}"#,
        r#"{"type" 6}"#,
        r#"{"type":6 "a":1}"#,
        "{type:6}",
        r#"{"headers":{"a":"b",}}"#,
        r#"{"headers":{"a":"b""#,
        r#"{"streamIds":["a",]}"#,
        r#"{"streamIds":["a"}"#,
        r#"{"type"}"#,
    ] {
        assert_eq!(fault(record), BROKEN, "{record}");
    }
}

#[test]
fn what_follows_the_object_is_not_looked_at() {
    for rest in ["}", "{}", ",", " x", "]", "\"", "\u{feff}", " {\"type\":7}"] {
        let ping = read_whole(format!(r#"{{"type":6}}{rest}"#).as_bytes());
        assert_eq!(ping, Ok(Some(json!({"type": "Ping"}))), "{rest}");
    }
}

/// Bytes that are not UTF-8, in each way that there is.
const NOT_UTF_8: [&[u8]; 5] = [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf5\x80\x80\x80"];

/// Halves of surrogate pairs, and what is said of them.
const HALVES: [(&[u8], NotText); 7] = [
    (br"\ud800", NotText::NoLowSurrogate),
    (br"\uDBFFa", NotText::NoLowSurrogate),
    (br"\ud800\u0041", NotText::Surrogate(0x41)),
    (br"\udc00", NotText::Surrogate(0xDC00)),
    (br"\udC0a\ud800", NotText::Surrogate(0xDC0A)),
    (b"\xff\\ud800\xff", NotText::NoLowSurrogate),
    (br"\\\ud83d\ude00\ud83d\\ude00", NotText::NoLowSurrogate),
];

fn no_text() -> impl Iterator<Item = (&'static [u8], NotText)> {
    NOT_UTF_8.into_iter().map(|bytes| (bytes, NotText::NotUtf8)).chain(HALVES)
}

fn around(before: &str, middle: &[u8], after: &str) -> Vec<u8> {
    [before.as_bytes(), middle, after.as_bytes()].concat()
}

#[test]
fn what_is_read_as_text_is_text() {
    for (no_text, fault) in no_text() {
        for (before, after) in [
            (r#"{"type":5,"invocationId":""#, r#""}"#),
            (r#"{"type":1,"target":""#, r#"","arguments":[]}"#),
            (r#"{"type":7,"error":"a"#, r#""}"#),
            (r#"{"type":6,"error":"a"#, r#""}"#),
            (r#"{"type":6,"streamIds":["a",""#, r#""]}"#),
            (r#"{"type":6,"headers":{""#, r#"":1}}"#),
            (r#"{"type":6,"headers":{"a":""#, r#""}}"#),
            (r#"{"invocationId":""#, r#"",,,"#),
        ] {
            let record = around(before, no_text, after);
            assert_eq!(read_whole(&record), Err(ProtocolError::NotText(fault)), "{}", record.escape_ascii());
        }
    }
    for (fault, text) in [
        (NotText::NotUtf8, "Cannot transcode invalid UTF-8 JSON text to UTF-16 string."),
        (
            NotText::NoLowSurrogate,
            "Cannot read incomplete UTF-16 JSON text as string with missing low surrogate.",
        ),
        (
            NotText::Surrogate(0x41),
            "Cannot read invalid UTF-16 JSON text as string. Invalid surrogate value: '0x41'.",
        ),
    ] {
        assert_eq!(ProtocolError::NotText(fault).to_string(), text);
        assert_eq!(ProtocolError::NotText(fault).name(), "InvalidOperationException");
    }
}

#[test]
fn what_nobody_reads_as_text_may_be_anything() {
    for (no_text, _) in no_text() {
        for (before, after) in [
            (r#"{"type":6,"unknown":""#, r#""}"#),
            (r#"{"type":6,"unknown":["#, "1]}"),
            (r#"{"type":6,"unknown":{"a":[""#, r#""]}}"#),
            (r#"{"type":6,"unknown":{""#, r#"":1}}"#),
            (r#"{"type":6,""#, r#"":1}"#),
            (r#"{"type":6,"\u0041"#, r#"":1}"#),
            (r#"{"type":6,"arguments":[""#, r#""]}"#),
            (r#"{"type":6,"item":1,"item":""#, r#""}"#),
            (r#"{"type":6}"#, ""),
        ] {
            let record = around(before, no_text, after);
            if before.ends_with('[') {
                // Outside of strings it is no JSON.
                assert_eq!(read_whole(&record), Err(ProtocolError::Malformed), "{}", record.escape_ascii());
            } else {
                let ping = Ok(Some(json!({"type": "Ping"})));
                assert_eq!(read_whole(&record), ping, "{}", record.escape_ascii());
            }
        }
    }
}

/// Only the type that a value is read as can tell: that is not fatal.
#[test]
fn a_value_that_is_no_text_does_not_bind() {
    for (no_text, _) in no_text() {
        let record = around(r#"{"type":1,"target":"t","arguments":[""#, no_text, r#""]}"#);
        let Ok(Some(Message::Invocation(invocation))) = read(HubProtocol::Json, &record) else {
            panic!("{} is an invocation", record.escape_ascii());
        };
        let mut arguments = Arguments::new(invocation.arguments, 1);
        let bound = arguments.next::<String>();
        assert!(matches!(bound, Err(BindError::Argument { place: 1, .. })), "{bound:?}");
        assert_eq!(validate(HubProtocol::Json, &record), Ok(()));

        let record = around(r#"{"type":2,"invocationId":"1","item":{"a":""#, no_text, r#""}}"#);
        let Ok(Some(Message::StreamItem { item, .. })) = read(HubProtocol::Json, &record) else {
            panic!("{} is an item", record.escape_ascii());
        };
        assert!(item.decode::<serde_json::Value>().is_err());
        assert_eq!(validate(HubProtocol::Json, &record), Ok(()));
    }
}

#[test]
fn nesting_ends_at_64() {
    let nested = |open: &str, close: &str, depth: usize| open.repeat(depth) + &close.repeat(depth);
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        for (before, after, outside) in [
            (r#"{"type":6,"unknown":"#, "}", 1),
            (r#"{"type":2,"invocationId":"1","item":"#, "}", 1),
            (r#"{"type":1,"target":"t","arguments":["#, "]}", 2),
        ] {
            let record = |depth: usize| {
                let value = nested(open, close, depth - outside);
                let value = if open == "[" { value } else { value.replacen('}', "1}", 1) };
                format!("{before}{value}{after}")
            };
            assert!(read_whole(record(64).as_bytes()).is_ok(), "{}", record(64));
            assert_eq!(
                read(HubProtocol::Json, record(65).as_bytes()).expect_err("too deep"),
                ProtocolError::Malformed
            );
        }
    }
    let bomb = format!(r#"{{"type":1,"arguments":{}"#, "[".repeat(1_000_000));
    assert_eq!(fault(&bomb), BROKEN);
}

#[test]
fn the_first_fault_in_the_text_counts() {
    for (record, expected) in [
        (r#"{"type":null,"target":1}"#, "Expected 'type' to be of type Number."),
        (r#"{"target":1,"type":null}"#, "Expected 'target' to be of type String."),
        // Reading stops there: what is behind is not looked at.
        (r#"{"target":1,,,"#, "Expected 'target' to be of type String."),
        (r#"{"target":{,,,"#, "Expected 'target' to be of type String."),
        (r#"{"headers":{"a":1,,,"#, "Expected header 'a' to be of type String."),
        // What is before is.
        (r#"{"arguments":[tru],"target":1}"#, BROKEN),
        (r#"{"item":[1,],"item":1,"target":1}"#, BROKEN),
        (r#"{"target":tru}"#, BROKEN),
        (r#"{"target":01}"#, BROKEN),
        (r#"{"invocationId":"a}"#, BROKEN),
        // What is missing shows only at the end.
        (r#"{"target":"t","arguments":[tru]}"#, BROKEN),
        (r#"{"type":5,"arguments":[tru]}"#, BROKEN),
        (r#"{"type":3,"invocationId":"1","error":"","result":{]}"#, BROKEN),
    ] {
        assert_eq!(fault(record), expected, "{record}");
    }
}

#[test]
fn the_last_of_a_repeated_property_counts() {
    for (record, expected) in [
        (r#"{"type":1,"type":6}"#, json!({"type": "Ping"})),
        (
            r#"{"type":5,"invocationId":"1","invocationId":"2"}"#,
            json!({"type": "CancelInvocation", "invocationId": "2"}),
        ),
        (
            r#"{"type":2,"item":1,"invocationId":"1","item":[2]}"#,
            json!({"type": "StreamItem", "invocationId": "1", "item": [2]}),
        ),
        (
            r#"{"type":1,"target":"a","arguments":[1],"target":"b","arguments":[2],"streamIds":["1"],"streamIds":[],
                "headers":{"a":"1"},"headers":{"b":"1","c":"2","b":"3"}}"#,
            json!({
                "type": "Invocation", "invocationId": null, "target": "b", "arguments": [2],
                "headers": {"b": "3", "c": "2"},
            }),
        ),
        (
            r#"{"type":7,"allowReconnect":true,"error":"a","allowReconnect":false,"error":""}"#,
            json!({"type": "Close", "error": "", "allowReconnect": false}),
        ),
    ] {
        assert_eq!(read_whole(record.as_bytes()), Ok(Some(expected)), "{record}");
    }
}

#[test]
fn of_repeated_arguments_those_before_the_target_are_bound_and_else_the_last() {
    for (members, bound) in [
        (r#""target":"t","arguments":[1],"arguments":[2]"#, 2),
        (r#""arguments":[1],"target":"t","arguments":[2]"#, 1),
        (r#""arguments":[1],"arguments":[2],"target":"t""#, 2),
        (r#""arguments":[1],"arguments":[2],"target":"t","arguments":[3]"#, 2),
        // An empty target is not known yet.
        (r#""target":"","arguments":[1],"target":"t","arguments":[2]"#, 1),
        (r#""target":"a","arguments":[1],"target":"t","arguments":[2]"#, 2),
    ] {
        let record = format!(r#"{{"type":1,{members}}}"#);
        let expected =
            json!({"type": "Invocation", "invocationId": null, "target": "t", "arguments": [bound]});
        assert_eq!(read_whole(record.as_bytes()), Ok(Some(expected)), "{record}");
    }
    // Those that are not bound are JSON all the same.
    assert_eq!(fault(r#"{"type":1,"arguments":[1],"target":"t","arguments":[tru]}"#), BROKEN);
}

#[test]
fn names_match_as_they_are_meant() {
    let record =
        r#"{"\u0074ype":5,"invocation\u0049d":"\u0031\ud83d\ude00\n","Type":6,"TARGET":1,"type\u0000":1}"#;
    let expected = json!({"type": "CancelInvocation", "invocationId": "1😀\n"});
    assert_eq!(read_whole(record.as_bytes()), Ok(Some(expected)));
}

#[test]
fn an_empty_target_is_one_that_no_method_has() {
    let record = br#"{"type":1,"target":"","arguments":[]}"#;
    let expected = json!({"type": "Invocation", "invocationId": null, "target": "", "arguments": []});
    assert_eq!(read_whole(record), Ok(Some(expected)));
    let record = br#"{"type":4,"invocationId":"1","target":"","arguments":[]}"#;
    let expected = json!({"type": "StreamInvocation", "invocationId": "1", "target": "", "arguments": []});
    assert_eq!(read_whole(record), Ok(Some(expected)));
}

#[test]
fn an_invocation_with_an_empty_id_wants_no_answer() {
    let record = br#"{"type":1,"invocationId":"","target":"t","arguments":[]}"#;
    let expected = json!({"type": "Invocation", "invocationId": null, "target": "t", "arguments": []});
    assert_eq!(read_whole(record), Ok(Some(expected)));
}

#[test]
fn many_headers_are_read_in_time_that_grows_with_them() {
    let headers: Vec<String> = (0..20_000).map(|n| format!(r#""h{n}":"{n}","h7":"{n}""#)).collect();
    let record = format!(r#"{{"type":1,"target":"t","arguments":[],"headers":{{{}}}}}"#, headers.join(","));
    let model = read_whole(record.as_bytes()).expect("sound").expect("known");
    assert_eq!(model["headers"].as_object().expect("headers").len(), 20_000);
    assert_eq!(model["headers"]["h7"], "19999");
    assert_eq!(model["headers"]["h19999"], "19999");
}
