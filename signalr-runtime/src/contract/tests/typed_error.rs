//! Errors of an application on their way over the wire.

use std::collections::BTreeMap;
use std::fmt;

use crate::{HubError, HubErrorKind};

#[derive(Debug, PartialEq, HubError)]
#[signalr(crate = crate)]
enum JoinError {
    RoomFull {
        limit: u32,
        r#type: Option<String>,
    },
    #[signalr(code = "name.taken")]
    NameTaken(String, BTreeMap<String, Vec<String>>),
    Closed,
    Empty {},
    #[cfg(any())]
    Never(NoSuchType),
    #[signalr(other)]
    Call(Text),
}

/// Keeps the text of another error, to compare it.
#[derive(Debug, PartialEq)]
struct Text(String);

impl From<HubError> for Text {
    fn from(error: HubError) -> Self {
        Self(error.message().to_owned())
    }
}

impl From<Text> for HubError {
    fn from(text: Text) -> Self {
        Self::with_kind(HubErrorKind::Internal, text.0)
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RoomFull { limit, .. } => write!(f, "the room is full, {limit} are in it"),
            Self::NameTaken(name, _) => write!(f, "{name} is taken"),
            Self::Closed => f.write_str("closed"),
            Self::Empty {} => f.write_str(""),
            Self::Call(text) => f.write_str(&text.0),
        }
    }
}

fn name_taken(name: &str, by: &[(&str, &[&str])]) -> JoinError {
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    JoinError::NameTaken(
        name.to_owned(),
        by.iter().map(|(key, names)| ((*key).to_owned(), list(names))).collect(),
    )
}

#[test]
fn a_variant_is_its_code_and_its_fields() {
    for (error, text) in [
        (
            JoinError::RoomFull { limit: 10, r#type: None },
            r#"the room is full, 10 are in it [RoomFull {"limit":10,"type":null}]"#,
        ),
        (name_taken("Ada", &[]), r#"Ada is taken [name.taken {"0":"Ada","1":{}}]"#),
        (JoinError::Closed, "closed [Closed]"),
        (JoinError::Empty {}, " [Empty]"),
    ] {
        let sent = HubError::from(error);
        assert_eq!((sent.kind(), sent.message()), (HubErrorKind::Hub, text));
    }
}

#[test]
fn what_was_sent_is_read_as_what_it_was() {
    let errors = || {
        [
            JoinError::RoomFull { limit: u32::MAX, r#type: Some("a \"type\" [x] {y}\u{0} [z]".to_owned()) },
            JoinError::RoomFull { limit: 0, r#type: None },
            name_taken("x [Closed", &[("a [Closed {", &["b [Closed]", " [", ""]), (":1}]", &[])]),
            name_taken(" [RoomFull {\"limit\":1}]", &[]),
            name_taken("\\", &[("\\", &["\\ [Closed]"])]),
            JoinError::Closed,
            JoinError::Empty {},
        ]
    };
    for (error, expected) in errors().into_iter().zip(errors()) {
        let text = HubError::from(error).message().to_owned();
        assert_eq!(JoinError::from(HubError::new(text.clone())), expected, "{text}");
        let from_server =
            format!("An unexpected error occurred invoking 'Join' on the server. HubException: {text}");
        assert_eq!(JoinError::from(HubError::new(from_server)), expected, "{text}");
    }
}

#[test]
fn members_may_come_in_any_order_and_with_white_space() {
    let read = |text: &str| JoinError::from(HubError::new(text.to_owned()));
    let expected = || JoinError::RoomFull { limit: 3, r#type: Some("x".to_owned()) };
    assert_eq!(read(r#"full [RoomFull {"type":"x","limit":3}]"#), expected());
    assert_eq!(read(r#"full [RoomFull { "more" :[[]] , "type" : "x" , "limit" : 3 }]"#), expected());
    // A member that is not there is null.
    assert_eq!(read(r#"full [RoomFull {"limit":3}]"#), JoinError::RoomFull { limit: 3, r#type: None });
}

#[test]
fn whatever_is_not_of_the_form_is_another_error() {
    for text in [
        "closed",
        "closed [Other]",
        "closed [Closed] ",
        "closed[Closed]",
        "full [RoomFull]",
        "full [RoomFull {}]",
        r#"full [RoomFull {"limit":-1}]"#,
        r#"full [RoomFull {"limit":1,"limit":2}]"#,
        r#"full [RoomFull {"limit":1}}]"#,
        r#"full [RoomFull {"limit":1,}]"#,
        r#"full [RoomFull ["limit"]]"#,
        r#"full [RoomFull {"limit"}]"#,
        "full [RoomFull {",
        "]",
        " []",
        "",
    ] {
        let read = JoinError::from(HubError::new(text));
        assert_eq!(read, JoinError::Call(Text(text.to_owned())), "{text}");
    }
    let lost = HubError::with_kind(HubErrorKind::Closed, "closed [Closed]");
    assert_eq!(JoinError::from(lost), JoinError::Call(Text("closed [Closed]".to_owned())));
}

#[test]
fn another_error_is_sent_as_it_is() {
    let sent = HubError::from(JoinError::Call(Text("no luck".to_owned())));
    assert_eq!((sent.kind(), sent.message()), (HubErrorKind::Internal, "no luck"));
}
