//! Server-Sent Events: the response that does not end.

use std::time::Duration;

use futures_util::FutureExt;
use http::Method;
use http::header::ACCEPT;
use http_body_util::Full;
use tokio::time::Instant;

use super::client::PING;
use super::requests::{Events, HANDSHAKE, Requests, event, record, records};
use super::*;
use crate::server::ResponseAborted;

const TEXT: &str = "text/plain";
const GONE: (u16, &str, &str) = (404, TEXT, "No Connection with that ID");

fn said(text: &str) -> String {
    format!(r#"{{"type":1,"target":"Said","arguments":["{text}"]}}"#)
}

async fn say(server: &Server, text: &str) {
    server.handle().clients().all().said(text).await.unwrap();
    settle().await;
}

/// What happened, with the connection named `c`.
fn log(server: &Server, client: &Requests) -> Vec<String> {
    server.log().into_iter().map(|line| line.replace(&client.id, "c")).collect()
}

/// Makes sure that nothing more has come.
async fn is_silent(events: &mut Events) {
    settle().await;
    let next = events.chunk().now_or_never();
    assert!(next.is_none(), "{next:?}");
}

#[tokio::test(start_paused = true)]
async fn the_response_begins_at_once_and_is_not_kept_by_anybody() {
    let server = Server::new();
    let client = Requests::negotiate(&server).await;
    let mut events = client.events().await;
    let expected = [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-cache,no-store"),
        ("pragma", "no-cache"),
        ("content-encoding", "identity"),
        ("x-accel-buffering", "no"),
    ];
    let headers = events.headers.clone();
    assert_eq!(headers.len(), expected.len(), "{headers:?}");
    for (name, value) in expected {
        assert_eq!(headers[name], value);
    }
    // Before the client has sent anything.
    assert_eq!(events.chunk().now_or_never().unwrap().unwrap(), ":\r\n");
    is_silent(&mut events).await;
    assert_eq!(client.post(record(HANDSHAKE)).await.brief(), (200, TEXT, ""));
    assert_eq!(events.chunk().await.unwrap(), event("{}"));
    is_silent(&mut events).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_comes_as_events_of_whole_messages() {
    let server = Server::new();
    let (_client, mut events) = Requests::streaming(&server).await;
    for text in ["one", "two"] {
        say(&server, text).await;
        assert_eq!(events.chunk().now_or_never().unwrap().unwrap(), event(said(text)));
    }
    // What gathers while nobody reads comes together.
    for text in ["one", "two", "three", "four"] {
        say(&server, text).await;
    }
    assert_eq!(events.chunk().await.unwrap(), event(said("one")));
    let rest = records(["two", "three", "four"].map(said));
    assert_eq!(events.chunk().await.unwrap(), event(rest.trim_end_matches('\u{1E}')));
    is_silent(&mut events).await;
    // A large message, which all connections share.
    let large = "x".repeat(60_000);
    say(&server, &large).await;
    assert_eq!(events.chunk().await.unwrap(), event(said(&large)));
}

#[tokio::test(start_paused = true)]
async fn the_media_type_must_stand_there() {
    let server = Server::new();
    let cases: [(&[&str], bool); 13] = [
        (&["text/event-stream"], true),
        (&["Text/Event-Stream"], true),
        (&["text/event-stream; charset=utf-8"], false),
        (&["text/html, text/event-stream;q=0.5"], false),
        (&["text/html,text/event-stream , */*"], true),
        (&["text/html", "text/event-stream"], true),
        (&[], false),
        (&[""], false),
        (&["*/*"], false),
        (&["text/*"], false),
        (&["text/event-stream-x"], false),
        (&["xtext/event-stream"], false),
        (&["text/html; x=text/event-stream"], false),
    ];
    for (accept, expected) in cases {
        let client = Requests::negotiate(&server).await;
        let mut request = client.request(Method::GET);
        for value in accept {
            request = request.header(ACCEPT, *value);
        }
        let response = client.ask(request, Full::default()).await.unwrap();
        let is_stream = response.headers()["content-type"] == "text/event-stream";
        assert_eq!(is_stream, expected, "{accept:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn it_goes_before_an_upgrade() {
    let server = Server::new();
    let client = Requests::negotiate(&server).await;
    let request = client
        .request(Method::GET)
        .header(ACCEPT, "text/event-stream")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let mut events = Events::of(client.ask(request, Full::default())).await;
    assert_eq!(events.chunk().await.unwrap(), ":\r\n");
}

#[tokio::test(start_paused = true)]
async fn it_needs_a_connection() {
    let server = Server::new();
    let nobody = Requests::negotiate(&server).await.with_token("");
    assert_eq!(nobody.refused_events().await.brief(), (400, TEXT, "Connection ID required"));
}

#[tokio::test(start_paused = true)]
async fn a_connection_has_one_stream() {
    let server = Server::new();
    let (client, mut events) = Requests::streaming(&server).await;
    assert_eq!(client.refused_events().await.brief(), (409, TEXT, ""));
    say(&server, "hello").await;
    assert_eq!(events.chunk().await.unwrap(), event(said("hello")));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_drops_the_response_is_gone() {
    let server = Server::new();
    let (client, events) = Requests::streaming(&server).await;
    client.post(record(call("1", "Wait", r#"["a"]"#))).await;
    settle().await;
    drop(events);
    settle().await;
    assert_eq!(log(&server, &client), ["a begins", "c disconnected"]);
    assert_eq!(server.handle().connection_count(), 0);
    assert_eq!(client.refused_events().await.brief(), GONE);
    assert_eq!(client.post("late").await.brief(), GONE);
    assert_eq!(client.delete().await.brief(), GONE);
}

#[tokio::test(start_paused = true)]
async fn the_response_ends_after_the_last_message() {
    let server = Server::new();
    let (client, mut events) = Requests::streaming(&server).await;
    server.handle().abort(&client.id);
    assert_eq!(events.chunk().await.unwrap(), event(CLOSE));
    assert_eq!(events.chunk().await, None);
    settle().await;
    assert_eq!(log(&server, &client), ["c disconnected", "c dropped"]);
    assert_eq!(client.refused_events().await.brief(), GONE);
}

#[tokio::test(start_paused = true)]
async fn while_it_ends_nothing_more_is_taken() {
    let server = Server::of(World::slow_to_end(), |service| service);
    let (client, mut events) = Requests::streaming(&server).await;
    client.post(record(CLOSE)).await;
    assert_eq!(events.chunk().await.unwrap(), event(CLOSE));
    // Who has closed does not wait for the hub.
    assert_eq!(events.chunk().await, None);
    assert_eq!(client.refused_events().await.brief(), (409, TEXT, ""));
    server.world.open("disconnect");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_stuck_for_ten_seconds_is_given_up() {
    let server = Server::new();
    let (client, mut events) = Requests::streaming(&server).await;
    say(&server, "one").await;
    tokio::time::sleep(Duration::from_millis(9_900)).await;
    assert_eq!(server.log(), [""; 0]);
    // It reads on, and is stuck again.
    assert_eq!(events.chunk().await.unwrap(), event(said("one")));
    say(&server, "two").await;
    tokio::time::sleep(Duration::from_millis(9_900)).await;
    assert_eq!(server.log(), [""; 0]);
    tokio::time::sleep(Duration::from_millis(200)).await;
    // It is not waited for any more: what it would read of the end stands behind what it does not read.
    let late = "c disconnected: TimeoutException: A write took longer than it may.";
    assert_eq!(log(&server, &client), [late, "c dropped"]);
    assert_eq!(events.try_chunk().await, Some(Err(ResponseAborted)));
    assert_eq!(client.refused_events().await.brief(), GONE);
}

#[tokio::test(start_paused = true)]
async fn who_sends_waits_for_a_reader_that_is_stuck() {
    let server = Server::new();
    let (_client, mut events) = Requests::streaming(&server).await;
    let text = "x".repeat(40_000);
    let all = server.handle().clients().all();
    all.said(&text).await.unwrap();
    settle().await;
    all.said(&text).await.unwrap();
    all.said(&text).await.unwrap();
    let mut next = Box::pin(all.said(&text));
    settle().await;
    assert!(next.as_mut().now_or_never().is_none());
    assert_eq!(events.chunk().await.unwrap(), event(said(&text)));
    next.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_server_pings_and_watches_for_silence() {
    let server = Server::new();
    let (client, mut events) = Requests::streaming(&server).await;
    client.post(record(PING)).await;
    let start = Instant::now();
    assert_eq!(events.chunk().await.unwrap(), event(PING));
    assert_eq!(start.elapsed().as_secs(), 15);
    let mut last = String::new();
    while let Some(next) = events.chunk().await {
        last = next;
    }
    assert!(last.ends_with(&event(CLOSE_ERROR)[6..]), "{last}");
    assert_eq!(start.elapsed().as_secs(), 30);
    settle().await;
    let silent = "c disconnected: OperationCanceledException: Client hasn't sent a message/ping within the configured \
                  ClientTimeoutInterval.";
    assert_eq!(log(&server, &client), [silent, "c dropped"]);
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_fails_is_told_and_ends_it() {
    let server = Server::new();
    #[cfg(feature = "messagepack")]
    let binary = r#"{"error":"Cannot use the 'messagepack' protocol on the current transport. The transport does not support 'Binary' transfer format."}"#;
    for (sent, answer) in [
        (r#"{"protocol":"xml","version":1}"#, r#"{"error":"The protocol 'xml' is not supported."}"#),
        #[cfg(feature = "messagepack")]
        (r#"{"protocol":"messagepack","version":1}"#, binary),
        ("", r#"{"error":"Handshake was canceled."}"#),
    ] {
        let client = Requests::negotiate(&server).await;
        let mut events = client.events().await;
        assert_eq!(events.chunk().await.unwrap(), ":\r\n");
        if !sent.is_empty() {
            client.post(record(sent)).await;
        }
        assert_eq!(events.chunk().await.unwrap(), event(answer));
        assert_eq!(events.chunk().await, None);
        settle().await;
        assert_eq!(client.refused_events().await.brief(), GONE);
    }
    assert_eq!(server.log(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn when_the_hub_ends_it_brings_the_close() {
    let server = Server::new();
    let (client, mut events) = Requests::streaming(&server).await;
    let handle = server.handle();
    let down = tokio::spawn(async move { handle.shut_down().await });
    assert_eq!(events.chunk().await.unwrap(), event(CLOSE_RECONNECT));
    assert_eq!(events.chunk().await, None);
    down.await.unwrap();
    assert_eq!(log(&server, &client), ["c disconnected", "c dropped"]);
}

/// A callback that does not end is cut short in the end: the response ends all the same.
#[tokio::test(start_paused = true)]
async fn when_the_hub_ends_for_good_the_response_ends() {
    let disconnected = world::hook(async |_, _| std::future::pending().await);
    let server = Server::of(World { disconnected, ..World::default() }, |service| service);
    let (client, mut events) = Requests::streaming(&server).await;
    let handle = server.handle();
    let down = tokio::spawn(async move { handle.shut_down().await });
    assert_eq!(events.chunk().await.unwrap(), event(CLOSE_RECONNECT));
    let before = Instant::now();
    assert_eq!(events.chunk().await, None);
    assert_eq!(before.elapsed().as_secs(), 5);
    down.await.unwrap();
    assert_eq!(client.delete().await.brief(), GONE);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_before_its_handshake_leaves_nothing_behind() {
    let server = Server::new();
    let client = Requests::negotiate(&server).await;
    let mut events = client.events().await;
    assert_eq!(events.chunk().await.unwrap(), ":\r\n");
    is_silent(&mut events).await;
    drop(events);
    settle().await;
    assert_eq!(client.post(record(HANDSHAKE)).await.brief(), GONE);
    assert!(server.service.shared.core.open.tasks.is_empty());
}
