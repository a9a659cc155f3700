//! Messages, frames and fragments that are small and many.

use std::time::{Duration, Instant};

use signalr_runtime::server::{Limits, Rate};

use super::victim::Victim;
use super::wire::{CONTINUE, FINAL, Frame, PING, PONG, RS, TEXT, call, frame};

#[tokio::test]
async fn messages_are_read_at_a_pace() {
    let messages = Some(Rate { per_second: 1000, burst: 100 });
    let victim = Victim::limited(Limits { messages, ..Limits::default() }).await;
    let mut flood = victim.connect().await;
    let began = Instant::now();
    flood.text(&format!(r#"{{"type":6}}{RS}"#).repeat(600)).await;
    flood.send(&call("1", "Add", "[1,2]")).await;
    // Others are served at once; whoever floods waits for himself, and is not disconnected.
    victim.serves_others().await;
    assert_eq!(flood.next().await, r#"{"type":3,"invocationId":"1","result":3}"#);
    // Twice the burst, because a rest was before.
    assert!(began.elapsed() >= Duration::from_millis(350), "{:?}", began.elapsed());
    assert!(victim.hits("message_rate") > 0);
}

#[tokio::test]
async fn separators_alone() {
    let victim = Victim::impatient().await;
    let mut socket = victim.connect().await;
    socket.text(&RS.repeat(30_000)).await;
    let (said, _) = socket.end().await;
    assert_eq!(said, [r#"{"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#]);
    // The same in the body of a POST: megabytes of them.
    let token = victim.http().polling().await;
    let separators = RS.repeat(1_000_000);
    let (_, polled) = tokio::join!(victim.http().send(&token, &separators), victim.http().poll(&token));
    assert!(polled.body.starts_with(r#"{"type":7,"error":"#), "{polled:?}");
    victim.serves_others().await;
}

#[tokio::test]
async fn frames_without_data() {
    let victim = Victim::new().await;
    for first in [FINAL | PING, FINAL | PONG, FINAL | TEXT] {
        let before = victim.hits("control_frames");
        let mut socket = victim.connect().await;
        socket.raw(&frame(first, b"").repeat(10_000)).await;
        assert_eq!(socket.end().await.1, 1008);
        assert_eq!(victim.hits("control_frames"), before + 1);
    }
    victim.serves_others().await;
}

#[tokio::test]
async fn pings_without_end_are_answered_once_in_a_while() {
    let victim = Victim::new().await;
    let mut socket = victim.connect().await;
    for _ in 0..90 {
        socket.frame(FINAL | PING, b"early").await;
    }
    socket.frame(FINAL | PING, b"late").await;
    let began = Instant::now();
    let mut pongs = Vec::new();
    while pongs.last().is_none_or(|last| last != b"late") {
        match socket.read().await {
            Frame::Pong(payload) => pongs.push(payload),
            frame => assert!(!matches!(frame, Frame::Close(_) | Frame::End), "{frame:?}"),
        }
    }
    // 32 at once, and four in each second.
    let most = 32 + 4 * (1 + usize::try_from(began.elapsed().as_secs()).unwrap());
    assert!(pongs.len() <= most, "{}", pongs.len());
}

#[tokio::test]
async fn fragments_of_one_byte() {
    let victim = Victim::new().await;
    let mut socket = victim.connect().await;
    let mut fragments = frame(TEXT, b" ");
    fragments.extend(frame(CONTINUE, b" ").repeat(10_000));
    socket.raw(&fragments).await;
    assert_eq!(socket.end().await.1, 1009);
    assert_eq!(victim.hits("fragments"), 1);
    victim.serves_others().await;
}
