//! Answers that the HTTP server has, and that their client does not read.

#[cfg(feature = "axum")]
mod over_tcp;

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http_body::Body;
use http_body_util::{BodyExt, Full};

use super::requests::{Requests, waits};
use super::*;
use crate::server::{Limits, MemoryBudget, ResponseAborted};

/// One connection and no more, and a budget that is told what is held.
fn limits() -> (Limits, MemoryBudget) {
    let memory = MemoryBudget::new(1_000_000_000);
    (Limits { connections: Some(1), memory: Some(memory.clone()), ..Limits::default() }, memory)
}

fn limited(limits: Limits) -> Server {
    Server::with(HubOptions { limits, ..HubOptions::default() })
}

async fn say(server: &Server, text: &str) {
    server.handle().clients().all().said(text).await.unwrap();
    settle().await;
}

/// The status of a client that connects.
async fn connecting(server: &Server) -> u16 {
    Requests::negotiate(server).await.poll().await.status
}

#[tokio::test(start_paused = true)]
async fn an_event_stream_that_is_given_up_breaks_off_at_once_and_keeps_its_place_as_long_as_its_socket() {
    let large = "x".repeat(40_000);
    let abort = async |server: &Server, client: &Requests| {
        server.handle().abort(&client.id);
        // For so long it may still take what it was sent, and the end.
        seconds(5).await;
    };
    let write_timeout = async |_: &Server, _: &Requests| seconds(11).await;
    // Those who send to it lose their patience.
    let slow = async |server: &Server, _: &Requests| {
        for _ in 0..3 {
            say(server, &"x".repeat(40_000)).await;
        }
    };
    for n in 0..3 {
        let (limits, memory) = limits();
        let server = limited(limits);
        let (client, mut events) = Requests::streaming(&server).await;
        let idle = memory.held();
        // One event is with the HTTP server, and the next one is not taken.
        say(&server, &large).await;
        let part = events.part().await;
        say(&server, &large).await;
        assert!(memory.held() >= idle + 80_000, "{n}");
        match n {
            0 => abort(&server, &client).await,
            1 => write_timeout(&server, &client).await,
            _ => slow(&server, &client).await,
        }
        settle().await;
        assert_eq!(server.handle().connection_count(), 0, "{n}");
        assert_eq!(memory.held(), part.len(), "{n}");
        assert_eq!(connecting(&server).await, 503, "{n}");
        assert_eq!(events.try_chunk().await, Some(Err(ResponseAborted)), "{n}");
        drop(events);
        assert_eq!(connecting(&server).await, 503, "{n}");
        drop(part);
        assert_eq!(memory.held(), 0, "{n}");
        assert_eq!(connecting(&server).await, 200, "{n}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_taken_part_by_part_is_not_stuck() {
    let server = Server::new();
    let (_client, mut events) = Requests::streaming(&server).await;
    let text = "x".repeat(640_000);
    say(&server, &text).await;
    let mut length = 0;
    while length < text.len() {
        seconds(9).await;
        length += events.part().await.len();
    }
    assert_eq!(server.log(), [""; 0]);
    seconds(1).await;
    say(&server, "next").await;
    assert!(events.part().await.ends_with(b"\r\n\r\n"));
}

/// What a poll brings, as long as nobody reads it.
async fn unread(client: &Requests) -> ResponseBody {
    client.ask(client.request(Method::GET), Full::default()).await.unwrap().into_body()
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_a_poll_that_nobody_reads_is_counted_and_ends_its_connection() {
    let (limits, memory) = limits();
    let server = limited(limits);
    let client = Requests::polling(&server).await;
    say(&server, &"x".repeat(200_000)).await;
    let mut answer = unread(&client).await;
    let idle = memory.held();
    assert!(idle >= 200_000);
    // No more is given to a client that does not read.
    say(&server, "next").await;
    let mut poll = client.poll();
    waits(&mut poll).await;
    // It reads on, and stops again.
    let mut held: Vec<Bytes> = Vec::new();
    for _ in 0..2 {
        seconds(9).await;
        held.push(answer.frame().await.unwrap().unwrap().into_data().unwrap());
    }
    seconds(9).await;
    assert_eq!(server.handle().connection_count(), 1);
    seconds(2).await;
    assert_eq!(server.handle().connection_count(), 0);
    assert_eq!(poll.await.status, 204);
    // All that is left is with the HTTP server: parts of one frame, which stays as long as one of them does.
    assert!((200_000..200_100).contains(&memory.held()), "{}", memory.held());
    assert_eq!(connecting(&server).await, 503);
    assert_eq!(answer.frame().await.unwrap().unwrap_err(), ResponseAborted);
    drop((answer, held));
    assert_eq!(memory.held(), 0);
    assert_eq!(connecting(&server).await, 200);
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_a_poll_that_was_taken_is_waited_for_and_followed_by_the_next() {
    let (limits, memory) = limits();
    let server = limited(limits);
    let client = Requests::polling(&server).await;
    let idle = memory.held();
    say(&server, &"x".repeat(2_000)).await;
    let mut answer = unread(&client).await;
    assert_eq!(answer.size_hint().exact(), Some(2_000 + 44));
    let whole = answer.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(answer.is_end_stream());
    // The HTTP server asks for nothing more, but the socket has not taken it.
    drop(answer);
    say(&server, "next").await;
    let mut poll = client.poll();
    waits(&mut poll).await;
    drop(whole);
    assert!(poll.await.body.contains("next"));
    assert_eq!(memory.held(), idle);
    // Now the time begins in which it must poll.
    seconds(14).await;
    assert_eq!(server.handle().connection_count(), 1);
    seconds(2).await;
    assert_eq!(server.handle().connection_count(), 0);
}
