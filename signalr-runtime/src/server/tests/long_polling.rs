//! Long polling: what each poll is answered with, and when.

use std::time::Duration;

use futures_util::FutureExt;
use http::Method;
use tokio::time::Instant;

use super::requests::{Answer, HANDSHAKE, Requests, record, records, waits};
use super::*;
use crate::server::Transports;

const BYTES: &str = "application/octet-stream";
const TEXT: &str = "text/plain";
const GONE: (u16, &str, &str) = (404, TEXT, "No Connection with that ID");

fn said(text: &str) -> String {
    format!(r#"{{"type":1,"target":"Said","arguments":["{text}"]}}"#)
}

async fn say(server: &Server, text: &str) {
    server.handle().clients().all().said(text).await.unwrap();
    settle().await;
}

fn with_http(http: HttpOptions) -> Server {
    Server::with(HubOptions { http, ..HubOptions::default() })
}

/// What happened, with the connection named `c`.
fn log(server: &Server, client: &Requests) -> Vec<String> {
    server.log().into_iter().map(|line| line.replace(&client.id, "c")).collect()
}

fn is_not_cached(answer: &Answer) {
    assert_eq!(answer.header("cache-control"), "no-cache, no-store");
    assert_eq!(answer.header("pragma"), "no-cache");
    assert_eq!(answer.header("expires"), "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_eq!(answer.headers.len(), 4, "{:?}", answer.headers);
}

#[tokio::test(start_paused = true)]
async fn the_first_poll_begins_the_connection_and_is_answered_at_once() {
    let connected = world::hook(async |_, world: Arc<World>| {
        world.say("connected");
        Ok(())
    });
    let server = Server::of(World { connected, ..World::default() }, |service| service);
    let client = Requests::negotiate(&server).await;
    let answer = client.poll().now_or_never().unwrap();
    assert_eq!(answer.brief(), (200, BYTES, ""));
    is_not_cached(&answer);
    assert_eq!(server.log(), [""; 0]);
    assert_eq!(client.post(record(HANDSHAKE)).await.brief(), (200, TEXT, ""));
    let answer = client.poll().await;
    assert_eq!(answer.brief(), (200, BYTES, &*record("{}")));
    is_not_cached(&answer);
    assert_eq!(server.log(), ["connected"]);
}

#[tokio::test(start_paused = true)]
async fn an_open_poll_is_answered_as_soon_as_there_is_something() {
    let server = Server::new();
    let client = Requests::polling(&server).await;
    for text in ["one", "two"] {
        let mut poll = client.poll();
        waits(&mut poll).await;
        seconds(60).await;
        waits(&mut poll).await;
        say(&server, text).await;
        let answer = poll.now_or_never().unwrap();
        assert_eq!(answer.brief(), (200, BYTES, &*record(said(text))));
        is_not_cached(&answer);
    }
}

#[tokio::test(start_paused = true)]
async fn a_poll_brings_everything_that_has_gathered() {
    let server = Server::new();
    let client = Requests::polling(&server).await;
    let texts = ["one", "two", "three"];
    for text in texts {
        say(&server, text).await;
    }
    assert_eq!(client.poll().await.brief(), (200, BYTES, &*records(texts.map(said))));
    waits(&mut client.poll()).await;
}

#[tokio::test(start_paused = true)]
async fn a_poll_without_news_is_answered_empty_after_ninety_seconds() {
    let short = HttpOptions { poll_timeout: Duration::from_secs(2), ..HttpOptions::default() };
    for (server, limit) in [(Server::new(), 90), (with_http(short), 2)] {
        let client = Requests::polling(&server).await;
        // As often as it likes; and no ping comes in all the time.
        for _ in 0..3 {
            let before = Instant::now();
            let answer = client.poll().await;
            assert_eq!(answer.brief(), (200, TEXT, ""));
            is_not_cached(&answer);
            let waited = before.elapsed();
            assert!(
                waited >= Duration::from_secs(limit) && waited < Duration::from_secs(limit + 1),
                "{waited:?}"
            );
        }
        say(&server, "here").await;
        assert_eq!(client.poll().await.body, record(said("here")));
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_message_comes_first_then_204_then_404() {
    let server = Server::new();
    let client = Requests::polling(&server).await;
    client.post(records([call("1", "Add", "[1,2]"), CLOSE.to_owned()])).await;
    settle().await;
    let answer = client.poll().await;
    assert_eq!(answer.brief(), (200, BYTES, &*records([result("1", "3"), CLOSE.to_owned()])));
    assert_eq!(log(&server, &client), ["c disconnected"]);
    let answer = client.poll().await;
    assert_eq!(answer.brief(), (204, TEXT, ""));
    is_not_cached(&answer);
    settle().await;
    let answer = client.poll().await;
    assert_eq!(answer.brief(), GONE);
    is_not_cached(&answer);
    assert_eq!(client.delete().await.brief(), GONE);
    assert_eq!(client.post("late").await.brief(), GONE);
    assert_eq!(log(&server, &client), ["c disconnected", "c dropped"]);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_come_for_the_end_is_waited_for_as_long_as_between_two_polls() {
    let server = Server::new();
    let client = Requests::polling(&server).await;
    server.handle().abort(&client.id);
    tokio::time::sleep(Duration::from_millis(14_900)).await;
    assert_eq!(log(&server, &client), ["c disconnected"]);
    assert_eq!(client.poll().await.body, record(CLOSE));
    tokio::time::sleep(Duration::from_millis(14_900)).await;
    assert_eq!(log(&server, &client), ["c disconnected"]);
    seconds(1).await;
    assert_eq!(client.poll().await.brief(), GONE);
    assert_eq!(log(&server, &client), ["c disconnected", "c dropped"]);
}

#[tokio::test(start_paused = true)]
async fn a_newer_poll_takes_the_place_of_the_open_one() {
    let server = Server::new();
    let client = Requests::polling(&server).await;
    let old = tokio::spawn(client.poll());
    settle().await;
    let mut new = client.poll();
    let before = Instant::now();
    let answer = old.await.unwrap();
    assert_eq!(answer.brief(), (204, TEXT, ""));
    assert_eq!(before.elapsed(), Duration::ZERO);
    is_not_cached(&answer);
    waits(&mut new).await;
    say(&server, "hello").await;
    assert_eq!(new.await.brief(), (200, BYTES, &*record(said("hello"))));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_between_two_polls() {
    let server = Server::new();
    let client = Requests::polling(&server).await;
    // It was handed to the first poll, which had not answered yet when the second one came, or its client went.
    for goes in [true, false] {
        let mut first = client.poll();
        waits(&mut first).await;
        say(&server, "one").await;
        if goes {
            drop(first);
            say(&server, "two").await;
            assert_eq!(client.poll().await.body, record(said("one")));
            assert_eq!(client.poll().await.body, record(said("two")));
        } else {
            let second = client.poll();
            assert_eq!(first.await.brief(), (204, TEXT, ""));
            assert_eq!(second.await.body, record(said("one")));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn of_several_polls_at_once_the_last_one_is_the_poll() {
    let server = Server::new();
    let client = Requests::polling(&server).await;
    let (one, two, mut three) = (client.poll(), client.poll(), client.poll());
    assert_eq!(one.now_or_never().unwrap().brief(), (204, TEXT, ""));
    assert_eq!(two.now_or_never().unwrap().brief(), (204, TEXT, ""));
    waits(&mut three).await;
    say(&server, "hello").await;
    assert_eq!(three.await.body, record(said("hello")));
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_the_client_drops_counts_as_absence() {
    let server = Server::new();
    let client = Requests::polling(&server).await;
    let mut poll = client.poll();
    waits(&mut poll).await;
    seconds(80).await;
    drop(poll);
    tokio::time::sleep(Duration::from_millis(14_900)).await;
    let mut poll = client.poll();
    waits(&mut poll).await;
    say(&server, "hello").await;
    assert_eq!(poll.await.body, record(said("hello")));
    assert_eq!(server.log(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_poll_for_fifteen_seconds_is_gone() {
    let short = HttpOptions { disconnect_timeout: Duration::from_secs(3), ..HttpOptions::default() };
    for (server, limit) in [(Server::new(), 15_000), (with_http(short), 3_000)] {
        let client = Requests::polling(&server).await;
        // What it sends meanwhile is not a poll.
        tokio::time::sleep(Duration::from_millis(limit - 1000)).await;
        assert_eq!(client.post(record(call("1", "Echo", r#"["here"]"#))).await.status, 200);
        settle().await;
        assert_eq!(log(&server, &client), ["echo here"]);
        tokio::time::sleep(Duration::from_millis(1100)).await;
        assert_eq!(log(&server, &client), ["echo here", "c disconnected", "c dropped"]);
        assert_eq!(client.poll().await.brief(), GONE);
        assert_eq!(server.handle().connection_count(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_may_take_its_time_for_what_was_sent() {
    // No clock of the writer runs while nobody polls.
    let server = Server::new();
    let client = Requests::polling(&server).await;
    for n in 0..10 {
        say(&server, &n.to_string()).await;
        seconds(12).await;
        assert_eq!(client.poll().await.body, record(said(&n.to_string())));
    }
}

#[tokio::test(start_paused = true)]
async fn who_sends_waits_for_a_client_that_does_not_poll() {
    let server = Server::new();
    let client = Requests::polling(&server).await;
    let text = "x".repeat(40_000);
    let all = server.handle().clients().all();
    all.said(&text).await.unwrap();
    all.said(&text).await.unwrap();
    let mut third = Box::pin(all.said(&text));
    assert!(third.as_mut().now_or_never().is_none());
    settle().await;
    assert!(third.as_mut().now_or_never().is_none());
    assert_eq!(client.poll().await.body, records([said(&text), said(&text)]));
    third.await.unwrap();
    assert_eq!(client.poll().await.body, record(said(&text)));
}

#[tokio::test(start_paused = true)]
async fn delete_ends_the_connection() {
    let server = Server::new();
    let client = Requests::polling(&server).await;
    let mut poll = client.poll();
    waits(&mut poll).await;
    client.post(record(call("1", "Wait", r#"["a"]"#))).await;
    settle().await;
    assert_eq!(client.delete().now_or_never().unwrap().brief(), (202, TEXT, ""));
    let answer = poll.await;
    assert_eq!(answer.brief(), (204, TEXT, ""));
    is_not_cached(&answer);
    settle().await;
    assert_eq!(log(&server, &client), ["a begins", "c disconnected"]);
    assert_eq!(server.handle().connection_count(), 0);
    assert_eq!(client.poll().await.brief(), GONE);
    assert_eq!(client.delete().await.brief(), GONE);
    assert_eq!(client.post("late").await.brief(), GONE);
}

#[tokio::test(start_paused = true)]
async fn delete_without_an_open_poll_ends_it_at_once_whatever_waits_to_be_fetched() {
    for waiting in [0, 1, 70_000] {
        let server = Server::new();
        let client = Requests::polling(&server).await;
        if waiting > 0 {
            say(&server, &"x".repeat(waiting)).await;
        }
        client.post(record(call("1", "Echo", r#"["before"]"#))).await;
        assert_eq!(client.delete().await.status, 202);
        settle().await;
        assert_eq!(log(&server, &client), ["echo before", "c disconnected", "c dropped"], "{waiting}");
        assert_eq!(client.poll().await.brief(), GONE);
    }
}

#[tokio::test(start_paused = true)]
async fn while_it_ends_polls_are_told_so() {
    let server = Server::of(World::slow_to_end(), |service| service);
    let client = Requests::polling(&server).await;
    let mut poll = client.poll();
    waits(&mut poll).await;
    assert_eq!(client.delete().await.status, 202);
    settle().await;
    assert_eq!(log(&server, &client), ["c disconnected"]);
    // The open poll, the next ones, and a second DELETE: the callback has not come to its end.
    assert_eq!(poll.now_or_never().unwrap().brief(), (204, TEXT, ""));
    assert_eq!(client.poll().now_or_never().unwrap().brief(), (204, TEXT, ""));
    assert_eq!(client.poll().now_or_never().unwrap().brief(), (204, TEXT, ""));
    assert_eq!(client.delete().await.brief(), (202, TEXT, ""));
    assert_eq!(client.post("late").await.brief(), GONE);
    server.world.open("disconnect");
    settle().await;
    assert_eq!(client.poll().await.brief(), GONE);
    assert_eq!(log(&server, &client), ["c disconnected", "c dropped"]);
}

#[tokio::test(start_paused = true)]
async fn delete_is_for_connections_that_poll() {
    let server = Server::new();
    let other = (400, TEXT, "Cannot terminate this connection using the DELETE endpoint.");
    let fresh = Requests::negotiate(&server).await;
    assert_eq!(fresh.delete().await.brief(), other);
    // It was not used up by that.
    assert_eq!(fresh.poll().await.status, 200);
    let (streaming, _events) = Requests::streaming(&server).await;
    assert_eq!(streaming.delete().await.brief(), other);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_cannot_become_a_websocket_does_not_use_up_its_token() {
    let server = Server::new();
    let client = Requests::negotiate(&server).await;
    // There is no socket.
    for _ in 0..2 {
        let refused = client.upgrade().await;
        assert_eq!(refused.brief(), (500, TEXT, "This server cannot upgrade connections"));
    }
    assert_eq!(client.poll().await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_does_not_come_is_answered_in_a_poll() {
    let server = Server::new();
    let client = Requests::negotiate(&server).await;
    assert_eq!(client.poll().await.body, "");
    let before = Instant::now();
    assert_eq!(client.poll().await.body, record(r#"{"error":"Handshake was canceled."}"#));
    assert_eq!(before.elapsed().as_secs(), 15);
    assert_eq!(client.poll().await.status, 204);
    settle().await;
    assert_eq!(client.poll().await.brief(), GONE);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_polls_once_and_goes_leaves_nothing_behind() {
    let server = Server::new();
    let client = Requests::negotiate(&server).await;
    assert_eq!(client.poll().await.body, "");
    seconds(31).await;
    assert_eq!(client.poll().await.brief(), GONE);
    assert!(server.service.shared.core.open.tasks.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_connection_keeps_its_transport() {
    let server = Server::new();
    let client = Requests::polling(&server).await;
    let change = (400, TEXT, "Cannot change transports mid-connection");
    assert_eq!(client.refused_events().await.brief(), change);
    assert_eq!(client.upgrade().await.brief(), change);
    let (streaming, _events) = Requests::streaming(&server).await;
    let answer = streaming.poll().await;
    assert_eq!(answer.brief(), change);
    is_not_cached(&answer);
    assert_eq!(streaming.upgrade().await.brief(), change);
    // The connections have not noticed.
    say(&server, "hello").await;
    assert_eq!(client.poll().await.body, record(said("hello")));
    assert_eq!(server.log(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_offered() {
    let text = |name: &str| format!("{name} transport not supported by this end point type");
    let only = |transports| with_http(HttpOptions { transports, ..HttpOptions::default() });
    let server = only(Transports { long_polling: false, ..Transports::ALL });
    let client = Requests::negotiate(&server).await;
    let answer = client.poll().await;
    assert_eq!(answer.brief(), (404, TEXT, &*text("LongPolling")));
    is_not_cached(&answer);
    // Said before it is looked at what the connection runs on.
    let (streaming, _events) = Requests::streaming(&server).await;
    assert_eq!(streaming.poll().await.brief(), (404, TEXT, &*text("LongPolling")));
    let server = only(Transports { server_sent_events: false, ..Transports::ALL });
    let client = Requests::polling(&server).await;
    assert_eq!(client.refused_events().await.brief(), (404, TEXT, &*text("ServerSentEvents")));
    let server = only(Transports { web_sockets: false, ..Transports::ALL });
    let client = Requests::polling(&server).await;
    assert_eq!(client.upgrade().await.brief(), (404, TEXT, &*text("WebSockets")));
    assert_eq!(client.with_token("unknown").upgrade().await.brief(), GONE);
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_cannot_be_served_is_not_cached_either() {
    let server = Server::new();
    let nobody = Requests::negotiate(&server).await.with_token("unknown");
    let answer = nobody.poll().await;
    assert_eq!(answer.brief(), GONE);
    is_not_cached(&answer);
    let answer = nobody.with_token("").poll().await;
    assert_eq!(answer.brief(), (400, TEXT, "Connection ID required"));
    is_not_cached(&answer);
}

#[tokio::test(start_paused = true)]
async fn when_the_hub_ends_polls_bring_the_close_and_new_connections_are_refused() {
    let server = Server::new();
    let client = Requests::polling(&server).await;
    let fresh = Requests::negotiate(&server).await;
    let mut poll = client.poll();
    waits(&mut poll).await;
    let handle = server.handle();
    let down = tokio::spawn(async move { handle.shut_down().await });
    settle().await;
    assert_eq!(poll.await.body, record(CLOSE_RECONNECT));
    let stopping = (503, TEXT, "The server is shutting down");
    assert_eq!(fresh.poll().await.brief(), stopping);
    assert_eq!(fresh.refused_events().await.brief(), stopping);
    assert_eq!(client.poll().await.status, 204);
    let before = Instant::now();
    down.await.unwrap();
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert_eq!(log(&server, &client), ["c disconnected", "c dropped"]);
}

/// A callback that does not end is cut short in the end: nobody waits for it any more.
#[tokio::test(start_paused = true)]
async fn when_the_hub_ends_for_good_all_requests_are_answered() {
    let disconnected = world::hook(async |_, _| std::future::pending().await);
    let http = HttpOptions { application_max_buffer_size: 10, ..HttpOptions::default() };
    let server = Server::of(World { disconnected, ..World::default() }, |service| {
        service.options(HubOptions { http, ..HubOptions::default() })
    });
    let client = Requests::polling(&server).await;
    let handle = server.handle();
    let down = tokio::spawn(async move { handle.shut_down().await });
    assert_eq!(client.poll().await.body, record(CLOSE_RECONNECT));
    let (mut poll, mut post) = (client.poll(), client.post("longer than what fits"));
    waits(&mut poll).await;
    waits(&mut post).await;
    let (poll, post) = (tokio::spawn(poll), tokio::spawn(post));
    down.await.unwrap();
    let before = Instant::now();
    assert_eq!(poll.await.unwrap().brief(), (204, TEXT, ""));
    assert_eq!(post.await.unwrap().brief(), GONE);
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_connection_belongs_to_one_user() {
    let server = Server::of(World::default(), |service| {
        service.user_id(|parts| Some(parts.headers.get("x-user")?.to_str().ok()?.to_owned()))
    });
    let ask = |client: &Requests, method: Method, user: &str| {
        let request = client.request(method);
        let request = if user.is_empty() { request } else { request.header("x-user", user) };
        client.ask(request, http_body_util::Full::default())
    };
    // Who has negotiated as nobody stays nobody.
    for (owner, strangers) in [("ada", ["eve", ""]), ("", ["eve", "ada"])] {
        let headers = [("x-user", owner)];
        let headers = if owner.is_empty() { &[][..] } else { &headers };
        let client = Requests::negotiate_with(&server, "", headers).await;
        assert_eq!(ask(&client, Method::GET, owner).await.unwrap().status(), 200);
        for stranger in strangers {
            for method in [Method::GET, Method::POST, Method::DELETE] {
                let answer = ask(&client, method.clone(), stranger).await.unwrap();
                assert_eq!(answer.status(), 403, "{method} {stranger}");
            }
        }
        assert_eq!(ask(&client, Method::POST, owner).await.unwrap().status(), 200);
        assert_eq!(ask(&client, Method::DELETE, owner).await.unwrap().status(), 202);
    }
}

#[cfg(feature = "messagepack")]
#[tokio::test(start_paused = true)]
async fn a_poll_brings_binary_messages_as_well() {
    let server = Server::new();
    let client = Requests::negotiate(&server).await;
    assert_eq!(client.poll().await.status, 200);
    let mut sent = record(r#"{"protocol":"messagepack","version":1}"#).into_bytes();
    // Add(1, 2), with the id "1".
    sent.extend_from_slice(b"\x0d\x96\x01\x80\xa11\xa3Add\x92\x01\x02\x90");
    assert_eq!(client.post(sent).await.status, 200);
    settle().await;
    let answer = client.poll().await;
    assert_eq!((answer.status, answer.header("content-type")), (200, BYTES));
    assert_eq!(answer.bytes, &b"{}\x1e\x07\x95\x03\x80\xa11\x03\x03"[..]);
}

#[tokio::test(start_paused = true)]
async fn stateful_reconnect_is_not_for_requests() {
    let server = with_http(HttpOptions { allow_stateful_reconnects: true, ..HttpOptions::default() });
    let client = Requests::negotiate_with(&server, "&useStatefulReconnect=true", &[]).await;
    assert_eq!(client.poll().await.status, 200);
    client.post(record(r#"{"protocol":"json","version":2}"#)).await;
    assert_eq!(client.poll().await.body, record("{}"));
    client.post(records([call("1", "Add", "[1,2]"), r#"{"type":9,"sequenceId":100}"#.to_owned()])).await;
    assert_eq!(client.poll().await.body, record(result("1", "3")));
    // Nothing is acknowledged, and nothing is waited for.
    assert_eq!(client.poll().await.brief(), (200, TEXT, ""));
    seconds(16).await;
    assert_eq!(client.poll().await.brief(), GONE);
}
