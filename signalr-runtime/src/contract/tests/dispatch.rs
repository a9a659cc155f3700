//! From the bytes of an invocation to the user's method.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::wire::{IntoSlot, Slot, answer, bind, run, text};
use super::{ChatClient, ChatClientContract, ChatHubContract, Message, Rooms};
use crate::contract::dispatch::{Answer, Dispatch, Reply, ResultSink};
use crate::contract::incoming::Taken;
use crate::contract::value::{HubProtocol, Payload};
use crate::{ClientContract, HubContract, HubError, HubErrorKind, HubResult, MethodKind};

fn call(name: &str, arguments: &str) -> Result<String, String> {
    let bound = bind::<ChatHubContract, Rooms>(&Arc::default(), name, arguments, None)?;
    answer(run(bound.running)).map_err(|error| error.message().to_owned())
}

#[test]
fn arguments_are_lent_or_given_and_the_result_is_encoded() {
    for (name, arguments, expected) in [
        ("SendMessage", r#"["lobby","hi"]"#, "null"),
        ("JoinRoom", r#"["lobby"]"#, r#"[{"from":"Ada","text":"welcome to lobby"}]"#),
        ("Longest", r#"[[],{"from":"b","text":""}]"#, r#"{"from":"b","text":""}"#),
        (
            "Longest",
            r#" [ [{"text":"aa","from":"a"}, {"from":"c","text":"ccc"}] , {"from":"b","text":""} ] "#,
            r#"{"from":"c","text":"ccc"}"#,
        ),
        ("Ping", "[]", r#""pong""#),
    ] {
        assert_eq!(call(name, arguments).as_deref(), Ok(expected), "{name}{arguments}");
    }
}

#[test]
fn arguments_that_do_not_fit_never_reach_the_method() {
    let rooms = Arc::<Rooms>::default();
    let count = |provided, expected| {
        format!("Invocation provides {provided} argument(s) but target expects {expected}.")
    };
    let types = "Error binding arguments. Make sure that the types of the provided values match the types of the \
                 hub method being invoked.";
    for (name, arguments, expected) in [
        ("SendMessage", "[]", count(0, 2)),
        ("SendMessage", r#"["lobby"]"#, count(1, 2)),
        ("SendMessage", r#"["lobby","hi",3]"#, count(3, 2)),
        ("SendMessage", r#"["lobby",2]"#, types.to_owned()),
        ("Longest", r#"[[{"from":"a"}],{"from":"b","text":""}]"#, types.to_owned()),
        ("Ping", "[1]", count(1, 0)),
        // The streams of a call are not among its arguments.
        ("Upload", "[]", count(0, 1)),
        ("Merge", "[1,2]", count(2, 1)),
    ] {
        let bound = bind::<ChatHubContract, Rooms>(&rooms, name, arguments, None);
        assert_eq!(bound.err().as_deref(), Some(expected.as_str()), "{name}{arguments}");
    }
    assert_eq!(rooms.entered.load(Ordering::SeqCst), 0);
}

#[test]
fn nothing_of_the_method_runs_before_the_call_does() {
    let rooms = Arc::<Rooms>::default();
    let bound = bind::<ChatHubContract, Rooms>(&rooms, "SendMessage", r#"["a","b"]"#, None).unwrap();
    assert_eq!(rooms.entered.load(Ordering::SeqCst), 0);
    run(bound.running);
    assert_eq!(rooms.entered.load(Ordering::SeqCst), 1);
}

#[test]
fn an_error_type_of_the_user_becomes_a_hub_error() {
    assert_eq!(call("JoinRoom", r#"["full"]"#), Err("the room is full".to_owned()));
}

#[test]
fn a_method_that_streams_is_called_before_its_items_are_asked_for() {
    let rooms = Arc::<Rooms>::default();
    let slot = Arc::new(Slot::default());
    let sink = ResultSink(Box::new(IntoSlot(Arc::clone(&slot))));
    let bound = bind::<ChatHubContract, Rooms>(&rooms, "CountDown", "[2]", Some(sink)).unwrap();
    let Ok(Answer::Items(mut items)) = run(bound.running).0 else { panic!("no stream was opened") };
    assert_eq!(rooms.entered.load(Ordering::SeqCst), 1);
    assert!(slot.take().is_none());

    let mut sent = Vec::new();
    let ended = run(std::future::poll_fn(|cx| {
        let ended = items.as_mut().poll(cx);
        sent.extend(slot.take().map(|item| text(&item).to_owned()));
        ended
    }));
    assert_eq!(sent, ["2", "1"]);
    assert_eq!(ended.as_error().map(HubError::message), Some("lift-off"));
}

#[test]
fn a_method_that_fails_before_it_streams_fails_as_any_other() {
    let rooms = Arc::<Rooms>::default();
    let reply = |room| {
        let bound = bind::<ChatHubContract, Rooms>(&rooms, "Replay", room, None).unwrap();
        answer(run(bound.running)).map_err(|error| error.message().to_owned())
    };
    assert_eq!(reply(r#"["full"]"#), Err("the room is full".to_owned()));
    assert_eq!(reply(r#"["lobby"]"#), Ok("items".to_owned()));
}

#[test]
fn uploads_reach_the_method_in_the_order_of_the_parameters() {
    let bound = bind::<ChatHubContract, Rooms>(&Arc::default(), "Merge", "[10]", None).unwrap();
    let [left, right] = &bound.uploads[..] else { panic!("two streams are taken") };
    for (sink, item) in [(left, "1"), (right, "7"), (left, "2"), (right, "8")] {
        let taken = sink.item(Payload { format: HubProtocol::Json, bytes: item.as_bytes() });
        assert_eq!(taken, Taken::Unchecked);
    }
    left.end(None);
    assert_eq!(answer(run(bound.running)).unwrap(), "[10,7,20,8]");
}

#[test]
fn an_upload_item_of_the_wrong_type_ends_its_stream_where_it_is_read() {
    let bound = bind::<ChatHubContract, Rooms>(&Arc::default(), "Merge", "[10]", None).unwrap();
    let sink = &bound.uploads[0];
    // Nobody reads yet: it stays what it is on the wire, and so does what comes behind it.
    for item in ["\"one\"", "1"] {
        let taken = sink.item(Payload { format: HubProtocol::Json, bytes: item.as_bytes() });
        assert_eq!(taken, Taken::Unchecked);
    }
    let reply = run(bound.running);
    let error = reply.as_error().expect("the method saw the error");
    assert!(error.message().starts_with("expected u32"), "{error}");
    let taken = sink.item(Payload { format: HubProtocol::Json, bytes: b"1" });
    assert_eq!(taken, Taken::No);
}

struct Page;

impl ChatClient for Page {
    async fn message_received(&self, message: &Message, unread: u32) {
        assert_eq!((message.from.as_str(), unread), ("Ada", 3));
    }

    async fn confirm(&self, question: &str) -> HubResult<bool> {
        Ok(question.ends_with('?'))
    }
}

#[test]
fn a_client_answers_only_where_it_returns_something() {
    let call = |name, arguments| {
        let bound = bind::<ChatClientContract, Page>(&Arc::new(Page), name, arguments, None).unwrap();
        answer(run(bound.running)).unwrap()
    };
    assert_eq!(call("messageReceived", r#"[{"from":"Ada","text":"hi"},3]"#), "nothing");
    assert_eq!(call("confirm", r#"["ready?"]"#), "true");
}

#[test]
fn the_table_and_the_descriptions_say_the_same() {
    use MethodKind::{Call, Notify, Stream};
    let table: Vec<_> = <ChatHubContract as Dispatch<Rooms>>::HANDLERS
        .iter()
        .map(|handler| (handler.name, handler.kind, handler.uploads))
        .collect();
    assert_eq!(
        table,
        [
            ("SendMessage", Call, 0),
            ("JoinRoom", Call, 0),
            ("Longest", Call, 0),
            ("CountDown", Stream, 0),
            ("Upload", Call, 1),
            ("Shout", Stream, 1),
            ("Merge", Call, 2),
            ("Ping", Call, 0),
            ("Replay", Stream, 0),
            ("Echo", Stream, 1),
            ("Nothing", Stream, 0),
        ]
    );
    let described: Vec<_> = ChatHubContract::METHODS
        .iter()
        .map(|method| {
            (method.name, method.kind, method.parameters.iter().filter(|parameter| parameter.stream).count())
        })
        .collect();
    assert_eq!(described, table);

    let results: Vec<_> = ChatHubContract::METHODS.iter().map(|method| method.result_type).collect();
    let (join, lines) = ("Result<Vec<Message>, JoinError>", "HubResult<String>");
    let expected = [
        "HubResult",
        join,
        "HubResult<Message>",
        "HubResult<u32>",
        "HubResult<u64>",
        lines,
        "HubResult<Vec<u32>>",
        lines,
        lines,
        "Result<String, JoinError>",
        lines,
    ];
    assert_eq!(results, expected);
    let send = &ChatHubContract::METHODS[0];
    assert_eq!((send.rust_name, send.docs), ("send_message", "Says something.\n\nTo everyone."));
    let merge: Vec<_> = ChatHubContract::METHODS[6]
        .parameters
        .iter()
        .map(|parameter| (parameter.name, parameter.type_name, parameter.stream))
        .collect();
    assert_eq!(
        merge,
        [
            ("left", "Result<u32, JoinError>", true),
            ("factor", "u32", false),
            ("right", "HubResult<u32>", true)
        ]
    );
    let client: Vec<_> =
        ChatClientContract::METHODS.iter().map(|method| (method.name, method.kind)).collect();
    assert_eq!(client, [("messageReceived", Notify), ("confirm", Call)]);
    let results: Vec<_> = ChatClientContract::METHODS.iter().map(|method| method.result_type).collect();
    assert_eq!(results, ["()", "HubResult<bool>"]);
    assert_eq!((ChatHubContract::NAME, ChatClientContract::NAME), ("ChatHub", "ChatClient"));
}

#[test]
fn names_are_constants_of_the_contract() {
    assert_eq!(ChatHubContract::SEND_MESSAGE.as_str(), "SendMessage");
    assert_eq!(ChatHubContract::JOIN.to_string(), "JoinRoom");
}

#[test]
fn a_method_called_as_what_it_is_not_sends_its_items_nowhere() {
    let bound = bind::<ChatHubContract, Rooms>(&Arc::default(), "CountDown", "[1]", None).unwrap();
    let Ok(Answer::Items(items)) = run(bound.running).0 else { panic!("no stream was opened") };
    let Reply(Err(error)) = run(items) else { panic!("the items went somewhere") };
    assert_eq!(error.kind(), HubErrorKind::Canceled);
}
