//! POST: how what a client sends reaches its connection, and what it is answered.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Method, Request, Version};
use http_body::{Body, Frame};
use http_body_util::{Full, StreamBody};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::requests::{Asked, Events, HANDSHAKE, Requests, event, record, records, waits, whole};
use super::*;
use crate::connection::budget::ChargeKind;
use crate::server::{Limits, MemoryBudget};

const TEXT: &str = "text/plain";
const OK: (u16, &str, &str) = (200, TEXT, "");
const GONE: (u16, &str, &str) = (404, TEXT, "No Connection with that ID");
const SLOW: (u16, &str, &str) = (408, TEXT, "The body of the request comes too slowly.");

/// A body that comes piece by piece, each some milliseconds after the one before.
fn slowly(pieces: Vec<(u64, Bytes)>) -> impl Body<Data = Bytes> + Send + 'static {
    StreamBody::new(stream::iter(pieces).then(async |(pause, piece)| {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        Ok::<_, Infallible>(Frame::data(piece))
    }))
}

/// A body that comes as the test sends it. An error breaks it.
fn by_hand() -> (mpsc::UnboundedSender<Result<String, &'static str>>, impl Body<Data = Bytes> + Send) {
    let (hand, pieces) = mpsc::unbounded_channel::<Result<String, &str>>();
    let body = stream::unfold(pieces, async |mut pieces| {
        let piece = pieces.recv().await?;
        Some((piece.map(|text| Frame::data(Bytes::from(text))), pieces))
    });
    (hand, StreamBody::new(body))
}

/// A call that is not answered: nobody reads here what the server sends.
fn quiet(target: &str, arguments: &str) -> String {
    format!(r#"{{"type":1,"target":"{target}","arguments":{arguments}}}"#)
}

fn echo(text: &str) -> String {
    record(quiet("Echo", &format!(r#"["{text}"]"#)))
}

#[tokio::test(start_paused = true)]
async fn what_is_posted_is_a_stream_of_bytes() {
    let server = Server::new();
    let (client, _events) = Requests::streaming(&server).await;
    let text = echo("one") + &echo("two");
    for n in 0..text.len() {
        let (head, tail) = text.split_at(n);
        assert_eq!(client.post(head.to_owned()).await.brief(), OK);
        assert_eq!(client.post(tail.to_owned()).await.brief(), OK);
        settle().await;
    }
    assert_eq!(server.log(), ["echo one", "echo two"].repeat(text.len()));
}

#[tokio::test(start_paused = true)]
async fn its_type_does_not_matter() {
    let server = Server::new();
    let (client, _events) = Requests::streaming(&server).await;
    for content_type in ["text/plain;charset=UTF-8", "application/octet-stream", "image/png"] {
        let request = client.request(Method::POST).header("content-type", content_type);
        let response = client.ask(request, Full::new(echo(content_type).into())).await.unwrap();
        assert_eq!((response.status().as_u16(), response.headers().len()), (200, 1));
    }
    settle().await;
    assert_eq!(server.log().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn its_strings_need_not_be_utf_8() {
    let server = Server::new();
    let (client, mut events) = Requests::streaming(&server).await;
    let call = &b"{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"\xff\"]}\x1e"[..];
    assert_eq!(client.post(call).await.brief(), OK);
    let answer = error("1", "Failed to invoke 'Echo' due to an error on the server.");
    assert_eq!(events.chunk().await.unwrap(), event(answer));
    assert_eq!(client.post(echo("next")).await.brief(), OK);
    settle().await;
    assert_eq!(server.log(), ["echo next"]);
}

#[tokio::test(start_paused = true)]
async fn it_may_not_come_before_the_transport() {
    let server = Server::new();
    for (events, version) in [(false, 1), (true, 1), (false, 0), (true, 0)] {
        let mut client = Requests::negotiate(&server).await;
        if version == 0 {
            client = client.with_id_of_version_0().await;
        }
        for _ in 0..2 {
            let refused = client.post(record(HANDSHAKE)).await;
            assert_eq!((refused.status, refused.headers.len(), &*refused.body), (400, 0, ""));
        }
        // Nothing of it is kept, and the token is as good as before.
        if events {
            let mut events = client.events().await;
            assert_eq!(events.chunk().await.unwrap(), ":\r\n");
            assert_eq!(client.post(record(HANDSHAKE)).await.brief(), OK);
            assert_eq!(events.chunk().await.unwrap(), event("{}"));
        } else {
            assert_eq!(client.poll().await.body, "");
            assert_eq!(client.post(record(HANDSHAKE)).await.brief(), OK);
            assert_eq!(client.poll().await.body, record("{}"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_before_the_transport_leaves_nothing_behind() {
    let server = Server::new();
    let client = Requests::negotiate(&server).await;
    for _ in 0..100 {
        assert_eq!(client.post(vec![b' '; 10_000]).await.status, 400);
    }
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
    // Any transport may follow.
    let mut events = client.events().await;
    assert_eq!(events.chunk().await.unwrap(), ":\r\n");
    drop(events);
    settle().await;
    assert_eq!(client.post("").await.brief(), GONE);
}

#[tokio::test(start_paused = true)]
async fn one_at_a_time_in_the_order_in_which_they_came() {
    let server = Server::new();
    let (client, _events) = Requests::streaming(&server).await;
    let (hand, body) = by_hand();
    let mut first = client.post_body(body);
    let (head, tail) = (r#"{"type":1,"target":"Echo","argum"#, "ents\":[\"one\"]}\u{1E}");
    hand.send(Ok(head.into())).unwrap();
    waits(&mut first).await;
    let mut second = client.post(echo("two"));
    let mut third = client.post(echo("three"));
    waits(&mut second).await;
    waits(&mut third).await;
    hand.send(Ok(tail.into())).unwrap();
    waits(&mut first).await;
    waits(&mut second).await;
    drop(hand);
    assert_eq!(first.await.brief(), OK);
    assert_eq!(second.await.brief(), OK);
    assert_eq!(third.await.brief(), OK);
    settle().await;
    assert_eq!(server.log(), ["echo one", "echo two", "echo three"]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_drops_one_does_not_hold_up_the_next() {
    let server = Server::new();
    let (client, _events) = Requests::streaming(&server).await;
    let (_hand, body) = by_hand();
    let mut first = client.post_body(body);
    waits(&mut first).await;
    let mut second = client.post(echo("two"));
    waits(&mut second).await;
    drop(first);
    assert_eq!(second.await.brief(), OK);
    settle().await;
    assert_eq!(server.log(), ["echo two"]);
}

/// More calls than may wait for their turn, behind one that waits for a gate.
fn too_many_calls() -> String {
    let wait = quiet("Wait", r#"["gate"]"#);
    let calls = (0..200).map(|_| quiet("Nothing", "[]"));
    records([wait].into_iter().chain(calls))
}

/// A client whose connection reads no more: too many of its calls wait for their turn.
async fn held_up(server: &Server) -> (Requests, Events, Asked) {
    let (client, events) = Requests::streaming(server).await;
    let mut post = client.post(too_many_calls());
    waits(&mut post).await;
    (client, events, post)
}

/// A server with a budget, and a client whose connection reads no more: its inbox takes 64 KiB.
async fn charged() -> (Server, MemoryBudget, Requests, Events) {
    let budget = MemoryBudget::new(10_000_000);
    let limits = Limits { memory: Some(budget.clone()), ..Limits::default() };
    let server = Server::with(HubOptions { limits, ..HubOptions::default() });
    let (client, events) = Requests::streaming(&server).await;
    client.post(too_many_calls()).await;
    settle().await;
    (server, budget, client, events)
}

/// A server that takes little at a time, and sends nothing by itself.
fn small() -> Server {
    let http = HttpOptions { application_max_buffer_size: 200, ..HttpOptions::default() };
    Server::with(HubOptions { http, keep_alive_interval: Duration::MAX, ..HubOptions::default() })
}

#[tokio::test(start_paused = true)]
async fn it_is_answered_when_all_of_it_is_taken() {
    let server = small();
    let (client, _events, mut post) = held_up(&server).await;
    let mut next = client.post(echo("next"));
    // However long that takes: it is not the client who is slow.
    seconds(60).await;
    waits(&mut post).await;
    waits(&mut next).await;
    server.world.open("gate");
    assert_eq!(post.await.brief(), OK);
    assert_eq!(next.await.brief(), OK);
    settle().await;
    assert_eq!(server.log(), ["gate begins", "gate ends", "echo next"]);
}

#[tokio::test(start_paused = true)]
async fn a_piece_that_waits_for_room_is_charged_as_a_whole() {
    let (server, budget, client, events) = charged().await;
    let before = budget.held_as(ChargeKind::Received);
    let mut large = client.post(" ".repeat(400_000));
    let mut next = client.post("next");
    waits(&mut large).await;
    waits(&mut next).await;
    let charged = budget.held_as(ChargeKind::Received) - before;
    let waiting = 1024 + "next".len();
    assert!((400_000..=400_000 + 64 * 1024).contains(&(charged - waiting)), "{charged}");
    // A client that leaves in the middle leaves what has found room, and the next one has its turn.
    drop(large);
    waits(&mut next).await;
    assert_eq!(budget.held_as(ChargeKind::Received) - before, 64 * 1024 + "next".len());
    // All else are its calls.
    drop((next, events));
    server.world.open("gate");
    settle().await;
    assert_eq!(budget.held_as(ChargeKind::Received), 0);
}

/// A body of `count` pieces.
fn pieces(count: usize, size: usize) -> impl Body<Data = Bytes> + Send + 'static {
    let piece = Bytes::from(" ".repeat(size));
    StreamBody::new(stream::iter((0..count).map(move |_| Ok::<_, Infallible>(Frame::data(piece.clone())))))
}

#[tokio::test(start_paused = true)]
async fn what_the_http_server_reads_of_tiny_pieces_is_charged_with_them() {
    let (server, budget, client, events) = charged().await;
    let before = budget.held_as(ChargeKind::Received);
    let tiny = tokio::spawn(client.post_body(pieces(66_000, 1)));
    seconds(1).await;
    let charged = budget.held_as(ChargeKind::Received) - before;
    assert!((300_000..600_000).contains(&charged), "{charged}");
    server.world.open("gate");
    assert_eq!(tiny.await.unwrap().brief(), OK);
    drop(events);
    settle().await;
    assert_eq!(budget.held_as(ChargeKind::Received), 0);
}

#[tokio::test(start_paused = true)]
async fn who_sends_in_tiny_pieces_has_to_connect_anew() {
    let cases = [
        (2_000, 1, Version::HTTP_11, Some("close")),
        (2_000, 1, Version::HTTP_10, Some("close")),
        // It has no such header.
        (2_000, 1, Version::HTTP_2, None),
        (900, 1, Version::HTTP_11, None),
        (1_500, 20, Version::HTTP_11, None),
        (2_000, 15, Version::HTTP_11, Some("close")),
    ];
    for (count, size, version, close) in cases {
        let server = Server::new();
        let (client, _events) = Requests::streaming(&server).await;
        let request = client.request(Method::POST).version(version);
        let response = client.ask(request, pieces(count, size)).await.unwrap();
        let connection = response.headers().get("connection").map(|value| value.to_str().unwrap());
        assert_eq!((response.status().as_u16(), connection), (200, close), "{count} × {size}");
    }
}

#[tokio::test(start_paused = true)]
async fn it_waits_no_longer_than_the_connection_lives() {
    let server = small();
    let (client, _events, post) = held_up(&server).await;
    let next = client.post(echo("next"));
    server.handle().abort(&client.id);
    assert_eq!(post.await.brief(), GONE);
    assert_eq!(next.await.brief(), GONE);
}

/// As .NET's client sends them, over a transport that sends by POST.
#[tokio::test(start_paused = true)]
async fn three_hundred_calls_at_once_are_all_answered() {
    let server = small();
    let (client, _events, post) = held_up(&server).await;
    let mut queue: Vec<_> = (0..300).map(|n| client.post(echo(&n.to_string()))).collect();
    for post in &mut queue {
        waits(post).await;
    }
    server.world.open("gate");
    assert_eq!(post.await.brief(), OK);
    for post in queue {
        assert_eq!(post.await.brief(), OK);
    }
    settle().await;
    let mut log = vec!["gate begins".to_owned(), "gate ends".to_owned()];
    log.extend((0..300).map(|n| format!("echo {n}")));
    assert_eq!(server.log(), log);
}

#[tokio::test(start_paused = true)]
async fn requests_that_wait_for_their_turn_hold_no_more_than_they_may() {
    let budget = MemoryBudget::new(10_000_000);
    let limits = Limits { memory: Some(budget.clone()), queued_post_bytes: 50 * 1024, ..Limits::default() };
    let http = HttpOptions { application_max_buffer_size: 200, ..HttpOptions::default() };
    let server = Server::with(HubOptions { http, limits, ..HubOptions::default() });
    let (client, events, post) = held_up(&server).await;
    seconds(1).await;
    let before = budget.held_as(ChargeKind::Received);
    // 1 KiB and 9 KiB each.
    let mut queue: Vec<_> = (0..5).map(|_| client.post(" ".repeat(9 * 1024))).collect();
    for post in &mut queue {
        waits(post).await;
    }
    assert_eq!(budget.held_as(ChargeKind::Received) - before, 50 * 1024);
    let refused = client.post("").await;
    assert_eq!((refused.status, refused.headers["retry-after"].as_bytes()), (429, &b"1"[..]));
    drop(queue);
    assert_eq!(budget.held_as(ChargeKind::Received), before);
    drop((post, events));
    server.world.open("gate");
    settle().await;
    assert_eq!(budget.held_as(ChargeKind::Received), 0);
}

/// The HTTP server may have read as much of it as it reads ahead.
#[tokio::test(start_paused = true)]
async fn a_body_of_unknown_length_waits_as_a_long_one() {
    const KIB: usize = 1024;
    let long = Bytes::from(" ".repeat(1200 * KIB));
    let cases = [(Version::HTTP_11, 409 * KIB, 10), (Version::HTTP_2, 1025 * KIB, 3)];
    for ((version, each, fit), is_known) in cases.into_iter().flat_map(|case| [(case, false), (case, true)]) {
        let budget = MemoryBudget::new(10_000_000);
        let limits = Limits { memory: Some(budget.clone()), ..Limits::default() };
        let http = HttpOptions { application_max_buffer_size: 200, ..HttpOptions::default() };
        let server = Server::with(HubOptions { http, limits, ..HubOptions::default() });
        let (client, _events, _post) = held_up(&server).await;
        seconds(1).await;
        let before = budget.held_as(ChargeKind::Received);
        let post = || {
            let request = client.request(Method::POST).version(version);
            whole(if is_known {
                client.ask(request, Full::new(long.clone()))
            } else {
                client.ask(request, pieces(1, 4))
            })
        };
        let mut queue: Vec<_> = (0..fit).map(|_| post()).collect();
        for post in &mut queue {
            waits(post).await;
        }
        assert_eq!(budget.held_as(ChargeKind::Received) - before, fit * each, "{version:?} {is_known}");
        assert_eq!(post().await.status, 429);
        // There is room for a short one.
        waits(&mut client.post("next")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_than_a_thousand_wait_for_their_turn() {
    let server = small();
    let (client, _events, post) = held_up(&server).await;
    let mut queue: Vec<_> = (0..1_000).map(|n| client.post(echo(&n.to_string()))).collect();
    for post in &mut queue {
        waits(post).await;
    }
    let refused = client.post(echo("too many")).await;
    assert_eq!((refused.status, refused.headers["retry-after"].as_bytes()), (429, &b"1"[..]));
    // A client that does not wait for its answer leaves its place to the next one.
    drop(queue.pop());
    let mut next = client.post(echo("next"));
    waits(&mut next).await;
    drop(queue);
    server.world.open("gate");
    assert_eq!([post.await.brief(), next.await.brief()], [OK; 2]);
}

#[tokio::test(start_paused = true)]
async fn time_in_which_the_server_does_not_read_is_not_counted() {
    let server = small();
    let (client, _events) = Requests::streaming(&server).await;
    let (hand, body) = by_hand();
    hand.send(Ok(too_many_calls())).unwrap();
    let post = tokio::spawn(client.post_body(body));
    // Longer than a body of this length may take.
    seconds(600).await;
    server.world.open("gate");
    seconds(4).await;
    assert!(!post.is_finished());
    hand.send(Ok(echo("the end"))).unwrap();
    drop(hand);
    assert_eq!(post.await.unwrap().brief(), OK);
    settle().await;
    assert_eq!(server.log(), ["gate begins", "gate ends", "echo the end"]);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off() {
    let server = Server::new();
    let (client, _events) = Requests::streaming(&server).await;
    let (hand, body) = by_hand();
    hand.send(Ok(echo("one"))).unwrap();
    hand.send(Err("the line is cut")).unwrap();
    assert_eq!(client.post_body(body).await.brief(), (400, TEXT, ""));
    assert_eq!(client.post(echo("two")).await.brief(), OK);
    settle().await;
    assert_eq!(server.log(), ["echo one", "echo two"]);
}

#[tokio::test(start_paused = true)]
async fn a_body_may_not_come_too_slowly() {
    let letters = |pause, length, times| vec![(pause, Bytes::from(vec![b' '; length])); times];
    let cases = [
        // A pause.
        (letters(4_900, 5000, 3), OK),
        (letters(5_100, 5000, 1), SLOW),
        // 200 bytes a second, and 250; in pieces of any length.
        (letters(500, 100, 100), SLOW),
        (letters(400, 100, 100), OK),
        (letters(5, 1, 10_000), SLOW),
        (letters(4, 1, 30_000), OK),
        // A byte whenever patience is nearly over.
        (letters(4_000, 1, 3), SLOW),
    ];
    for (n, (pieces, answer)) in cases.into_iter().enumerate() {
        let server = small();
        let (client, _events) = Requests::streaming(&server).await;
        assert_eq!(client.post_body(slowly(pieces)).await.brief(), answer, "{n}");
        // The connection itself goes on, and the next one has its turn.
        assert_eq!(client.post(echo("next")).await.brief(), OK);
        settle().await;
        assert_eq!(server.log(), ["echo next"]);
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_that_open_nothing_are_all_answered_alike() {
    let (server, other) = (Server::new(), Server::new());
    let (used, events) = Requests::streaming(&server).await;
    drop(events);
    settle().await;
    let expired = Requests::negotiate(&server).await;
    seconds(16).await;
    let elsewhere = Requests::negotiate(&other).await;
    let fresh = Requests::negotiate(&server).await;
    let tokens = [
        used.token(),
        expired.token(),
        elsewhere.token(),
        // What is public opens nothing.
        &*fresh.id,
        "unknown",
        "AAAA",
        &"A".repeat(10_000),
        "%00",
        &format!("{}A", fresh.token()),
    ];
    for token in tokens {
        let client = fresh.with_token(token);
        let asked =
            [client.poll(), client.refused_events(), client.post("x"), client.delete(), client.upgrade()];
        for (n, asked) in asked.into_iter().enumerate() {
            assert_eq!(asked.await.brief(), GONE, "{n} {token}");
        }
    }
    // The name of the parameter may be spelled in any case.
    let uri = format!("/hub?x=1&ID={}", fresh.token());
    let request = Request::builder().method(Method::GET).uri(uri);
    assert_eq!(fresh.ask(request, Full::default()).await.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_good_for_fifteen_seconds() {
    let server = Server::new();
    let (late, in_time) = (Requests::negotiate(&server).await, Requests::negotiate(&server).await);
    let start = Instant::now();
    tokio::time::sleep(Duration::from_millis(14_990)).await;
    assert_eq!(in_time.poll().await.status, 200);
    tokio::time::sleep_until(start + Duration::from_secs(15)).await;
    assert_eq!(late.poll().await.brief(), GONE);
    assert_eq!(in_time.post(record(HANDSHAKE)).await.brief(), OK);
}

#[tokio::test(start_paused = true)]
async fn an_id_of_version_0_is_the_token() {
    let server = Server::new();
    let client = Requests::negotiate(&server).await.with_id_of_version_0().await;
    assert_eq!(client.poll().await.status, 200);
    client.post(records([HANDSHAKE, &call("1", "Id", "[]")])).await;
    settle().await;
    assert!(client.poll().await.body.ends_with(&record(result("1", &format!(r#""{}""#, client.token())))));
}

#[tokio::test(start_paused = true)]
async fn patience_may_be_endless() {
    let endless = HttpOptions { body_read_timeout: Duration::MAX, ..HttpOptions::default() };
    let keep_alive_interval = Duration::MAX;
    let server = Server::with(HubOptions { http: endless, keep_alive_interval, ..HubOptions::default() });
    let (client, _events) = Requests::streaming(&server).await;
    let text = Bytes::from(echo("late"));
    let (head, tail) = (text.slice(..5), text.slice(5..));
    let body = slowly(vec![(0, head), (3_600_000, tail)]);
    assert_eq!(client.post_body(body).await.brief(), OK);
    settle().await;
    assert_eq!(server.log(), ["echo late"]);
}
