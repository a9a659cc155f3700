//! The reader held against a slow one that works on a value tree.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::MESSAGEPACK;
use crate::protocol::tests::model::read_whole_in;
use crate::protocol::tests::tree::Tree;

/// The elements of a message, one after the other.
struct Elements<'a>(std::slice::Iter<'a, Tree>);

type Read<T> = Result<T, String>;

impl Elements<'_> {
    fn int(&mut self, field: &str, width: &str) -> Read<i64> {
        let number = match self.0.next() {
            Some(Tree::Int(number)) => i64::try_from(*number).ok(),
            _ => None,
        };
        let number = number.filter(|number| width == "Int64" || i32::try_from(*number).is_ok());
        number.ok_or(format!("Reading '{field}' as {width} failed."))
    }

    fn text(&mut self, field: &str) -> Read<Option<String>> {
        text(self.0.next(), field)
    }

    fn some(&mut self, field: &str, what: &str) -> Read<Value> {
        some(self.0.next(), field, what)
    }

    fn headers(&mut self) -> Read<Map<String, Value>> {
        let Some(Tree::Map(entries)) = self.0.next() else {
            return Err("Reading map length for 'headers' failed.".to_owned());
        };
        let mut headers = Map::new();
        for (place, (name, value)) in entries.iter().enumerate() {
            let name = some(Some(name), &format!("headers[{place}].Key"), "key in header")?;
            let value = some(Some(value), &format!("headers[{place}].Value"), "value in header")?;
            let name = name.as_str().unwrap();
            if headers.insert(name.to_owned(), value).is_some() {
                return Err(format!("An item with the same key has already been added. Key: {name}"));
            }
        }
        Ok(headers)
    }
}

fn text(tree: Option<&Tree>, field: &str) -> Read<Option<String>> {
    match tree {
        Some(Tree::Nil) => Ok(None),
        Some(Tree::Str(text)) => Ok(Some(String::from_utf8_lossy(text).into_owned())),
        _ => Err(format!("Reading '{field}' as String failed.")),
    }
}

fn some(tree: Option<&Tree>, field: &str, what: &str) -> Read<Value> {
    match text(tree, field)? {
        Some(text) if !text.is_empty() => Ok(json!(text)),
        _ => Err(format!("Null or empty {what}.")),
    }
}

/// Reads a message as the rules of the protocol say. What the frame lacks is `None`; nobody asks beyond that.
fn read_slowly(message: &Tree) -> Read<Option<Value>> {
    let Tree::Array(list) = message else {
        return Err("Reading array length for 'message' failed.".to_owned());
    };
    let mut elements = Elements(list.iter());
    let kind = elements.int("messageType", "Int32")?;
    let id_of = |elements: &mut Elements<'_>, kind: &str| {
        elements.some("invocationId", &format!("invocation ID for {kind} message"))
    };
    let model = match kind {
        1 | 4 => {
            let name = if kind == 1 { "Invocation" } else { "StreamInvocation" };
            let headers = elements.headers()?;
            let id = if kind == 1 {
                json!(elements.text("invocationId")?.filter(|id| !id.is_empty()))
            } else {
                id_of(&mut elements, name)?
            };
            let target = elements.some("target", &format!("target for {name} message"))?;
            let Some(arguments) = elements.0.next() else { return Ok(None) };
            let mut model = json!({
                "type": name, "invocationId": id, "target": target, "arguments": arguments.describe(),
            });
            if list.len() > 5 {
                let Some(Tree::Array(ids)) = elements.0.next() else {
                    return Err("Reading array length for 'streamIds' failed.".to_owned());
                };
                let ids = ids.iter().map(|id| some(Some(id), "streamIds", "value in streamIds received"));
                let ids = ids.collect::<Read<Vec<_>>>()?;
                if !ids.is_empty() {
                    model["streamIds"] = json!(ids);
                }
            }
            if !headers.is_empty() {
                model["headers"] = Value::Object(headers);
            }
            model
        }
        2 => {
            elements.headers()?;
            let id = id_of(&mut elements, "StreamItem")?;
            let Some(item) = elements.0.next() else { return Ok(None) };
            json!({"type": "StreamItem", "invocationId": id, "item": item.describe()})
        }
        3 => {
            elements.headers()?;
            let id = id_of(&mut elements, "Completion")?;
            let (mut has_result, mut result, mut error) = (false, Value::Null, Value::Null);
            match elements.int("resultKind", "Int32")? {
                1 => error = json!(elements.text("error")?),
                2 => {}
                3 => {
                    let Some(value) = elements.0.next() else { return Ok(None) };
                    (has_result, result) = (true, value.describe());
                }
                _ => return Err("Invalid invocation result kind.".to_owned()),
            }
            json!({
                "type": "Completion", "invocationId": id, "hasResult": has_result, "result": result, "error": error,
            })
        }
        5 => {
            elements.headers()?;
            json!({"type": "CancelInvocation", "invocationId": id_of(&mut elements, "CancelInvocation")?})
        }
        6 => json!({"type": "Ping"}),
        7 => {
            let error = elements.text("error")?;
            let reconnect = match list.len() {
                0..=2 => false,
                _ => match elements.0.next() {
                    Some(Tree::Bool(reconnect)) => *reconnect,
                    _ => return Err("Reading 'allowReconnect' as Boolean failed.".to_owned()),
                },
            };
            json!({"type": "Close", "error": error, "allowReconnect": reconnect})
        }
        8 => json!({"type": "Ack", "sequenceId": elements.int("sequenceId", "Int64")?}),
        9 => json!({"type": "Sequence", "sequenceId": elements.int("sequenceId", "Int64")?}),
        _ => return Ok(None),
    };
    Ok(Some(model))
}

fn any_text() -> impl Strategy<Value = Tree> {
    prop_oneof![
        6 => "[a-c]{0,3}".prop_map(|text| Tree::Str(text.into_bytes())),
        1 => Just(Tree::Str(vec![0xFF])),
        1 => Just(Tree::Str(vec![b'x'; 300])),
    ]
}

fn any_tree() -> impl Strategy<Value = Tree> {
    let scalar = prop_oneof![
        Just(Tree::Nil),
        any::<bool>().prop_map(Tree::Bool),
        any::<i64>().prop_map(|number| Tree::Int(number.into())),
        any::<u64>().prop_map(|number| Tree::Int(number.into())),
        (0..12_i128).prop_map(Tree::Int),
        any::<i16>().prop_map(|number| Tree::F64(f64::from(number) / 4.0)),
        any::<i8>().prop_map(|number| Tree::F32(f32::from(number) / 4.0)),
        any_text(),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(Tree::Bin),
        (any::<u8>(), prop::collection::vec(any::<u8>(), 0..20))
            .prop_map(|(kind, data)| Tree::Ext(kind, data)),
    ];
    scalar.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::Array),
            prop::collection::vec((any_text(), inner), 0..4).prop_map(Tree::Map),
        ]
    })
}

/// A message that is nearly right: any element may be of another kind, missing, or followed by more.
pub(super) fn any_message() -> impl Strategy<Value = Tree> {
    let header = (any_text(), any_text());
    let headers = prop_oneof![
        4 => Just(Tree::Map(Vec::new())),
        2 => prop::collection::vec(header, 0..12).prop_map(Tree::Map),
        1 => any_tree(),
    ];
    let id = prop_oneof![6 => any_text(), 1 => Just(Tree::Nil), 1 => any_tree()];
    let list = prop_oneof![
        4 => prop::collection::vec(any_tree(), 0..3).prop_map(Tree::Array),
        1 => any_tree(),
    ];
    let ids = prop_oneof![
        3 => prop::collection::vec(any_text(), 0..3).prop_map(Tree::Array),
        1 => any_tree(),
    ];
    let small = prop_oneof![4 => (0..5_i128).prop_map(Tree::Int), 1 => any_tree()];
    let kind = prop_oneof![8 => (0..11_i128).prop_map(Tree::Int), 1 => any_tree()];
    let call = (headers.clone(), id.clone(), any_text(), list, ids, any_tree())
        .prop_map(|(headers, id, target, list, ids, more)| vec![headers, id, target, list, ids, more]);
    let other = (headers, id, small, any_tree(), any_tree())
        .prop_map(|(headers, id, kind, value, more)| vec![headers, id, kind, value, more]);
    let close = (any_tree(), any::<bool>().prop_map(Tree::Bool)).prop_map(|(error, flag)| vec![error, flag]);
    (kind, prop_oneof![3 => call, 3 => other, 1 => close], 0..7_usize).prop_map(|(kind, mut rest, len)| {
        rest.truncate(len.max(1));
        rest.insert(0, kind);
        Tree::Array(rest)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn the_reader_agrees_with_the_slow_one(message in any_message()) {
        let record = message.to_bytes();
        let tree = Tree::whole(&record);
        prop_assert_eq!(tree.as_ref(), Some(&message), "the tree itself survives");
        // A value that is not there is none that decodes: nothing to describe.
        if let Ok(Some(slow)) = read_slowly(&message) {
            let read = read_whole_in(MESSAGEPACK, &record).map_err(|error| error.to_string());
            prop_assert_eq!(read, Ok(Some(slow)));
        } else if let Err(slow) = read_slowly(&message) {
            let read = crate::protocol::read(MESSAGEPACK, &record);
            prop_assert_eq!(read.expect_err("a fault").to_string(), slow);
        } else {
            prop_assert!(crate::protocol::read(MESSAGEPACK, &record).is_ok());
        }
    }
}
