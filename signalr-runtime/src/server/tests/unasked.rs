//! What comes that nobody has asked for is logged, and does no harm.

use super::endings::client;
use super::recorder::Recorder;
use super::*;
use crate::HubResult;
use probe::{Broken, ProbeClient};

/// The events with these texts, each with the value of a field.
fn logged(recorder: &Recorder, field: &str) -> Vec<(String, String)> {
    let events = recorder.events().into_iter();
    let events =
        events.filter_map(|mut event| Some((event.fields.remove("message")?, event.fields.remove(field)?)));
    events.collect()
}

fn event(text: &str, value: &str) -> (String, String) {
    (text.to_owned(), value.to_owned())
}

const ITEM: &str = "an item came for a stream that does not exist";
const END: &str = "an answer or an end came that nothing waits for";

#[tokio::test(start_paused = true)]
async fn by_the_server() {
    let (recorder, _guard) = Recorder::start();
    let server = Server::new();
    let mut client = server.connect().await;
    client.send_all([item("a", "1"), done("b"), result("c", "1"), error("d", "no")]).await;
    client.goes_on().await;
    let ends = ["b", "c", "d"].map(|id| event(END, &format!("{id:?}")));
    assert_eq!(logged(&recorder, "id"), [&[event(ITEM, r#""a""#)][..], &ends].concat());
}

#[tokio::test(start_paused = true)]
async fn under_a_name_that_is_cut_short() {
    let (recorder, _guard) = Recorder::start();
    let server = Server::new();
    let mut client = server.connect().await;
    let name = "ä".repeat(10_000);
    client.send_all([item(&name, "1"), done(&name), call("1", &name, "[]")]).await;
    client.next().await;
    let cut = format!("{:?}", "ä".repeat(100));
    assert_eq!(logged(&recorder, "id"), [event(ITEM, &cut), event(END, &cut)]);
    assert_eq!(logged(&recorder, "method"), [event("a call was refused", &cut)]);
}

struct Handlers;

impl ProbeClient for Handlers {
    async fn said(&self, _: &str) {}

    async fn confirm(&self, question: &str) -> HubResult<String> {
        Ok(question.to_owned())
    }

    async fn broken(&self, _: Broken) {}
}

#[tokio::test(start_paused = true)]
async fn by_a_client() {
    let (recorder, _guard) = Recorder::start();
    let (connection, mut peer) = client(1 << 20, |client| client.handlers(Handlers)).await;
    for record in [
        &item("77", "1"),
        &done("78"),
        r#"{"type":1,"target":"Confirm","arguments":["?"]}"#,
        r#"{"type":1,"invocationId":"s1","target":"Confirm","arguments":["?"]}"#,
    ] {
        peer.record(record);
    }
    assert_eq!(peer.next().await, result("s1", r#""?""#));
    settle().await;
    assert_eq!(logged(&recorder, "id"), [event(ITEM, r#""77""#), event(END, r#""78""#)]);
    let value = "a handler gave a value that the server had not asked for";
    assert_eq!(logged(&recorder, "method"), [event(value, "Confirm")]);
    drop(connection);
}
