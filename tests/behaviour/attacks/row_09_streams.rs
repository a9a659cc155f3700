//! Streams that are many, and items that belong nowhere or never end.

use std::time::Duration;

use signalr_runtime::server::{HubOptions, Limits, MethodOptions, Rate};
use signalr_tests::test_hub::TestHubContract;

use super::victim::Victim;
use super::wire::{RS, call, item, upload};

#[tokio::test]
async fn streams_are_no_more_than_there_may_be() {
    let limits = Limits { unordered_calls: 1_000, ..Limits::default() };
    let victim = Victim::limited(limits).await;
    let mut socket = victim.connect().await;
    for n in 0..110 {
        socket.send(&upload(&format!("c{n}"), "Sum", "[]", &format!("s{n}"))).await;
    }
    for _ in 100..110 {
        let answer = socket.next().await;
        assert!(answer.contains("Too many streams are open."), "{answer}");
    }
    assert_eq!(victim.hits("upload_streams"), 10);
    victim.serves_others().await;
    drop(socket);
    victim.forgets_everybody().await;
}

#[tokio::test]
async fn items_that_belong_nowhere() {
    let stray_items = Some(Rate { per_second: 1, burst: 500 });
    let victim = Victim::limited(Limits { stray_items, ..Limits::default() }).await;
    let mut socket = victim.connect().await;
    // A few are forgiven: of a stream that has ended, or that somebody else has.
    let mut other = victim.connect().await;
    other.send(&upload("1", "Sum", "[]", "s")).await;
    for _ in 0..400 {
        socket.send(&item("s", "1")).await;
    }
    assert_eq!(socket.call("1", "Add", "[1,2]").await, r#"{"type":3,"invocationId":"1","result":3}"#);
    other.send(r#"{"type":3,"invocationId":"s"}"#).await;
    assert_eq!(other.next().await, r#"{"type":3,"invocationId":"1","result":0}"#);
    for _ in 0..200 {
        socket.send(&item("s", "1")).await;
    }
    let (said, _) = socket.end().await;
    assert_eq!(said, [r#"{"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#]);
    assert_eq!(victim.hits("stray_items"), 1);
    victim.serves_others().await;
}

#[tokio::test]
async fn items_without_end_are_read_as_fast_as_the_method_reads() {
    let victim = Victim::new().await;
    let mut socket = victim.connect().await;
    // A method that runs keeps its place; items for one that waits behind it gather up to the buffer's size.
    socket.send(&upload("1", "RecordStream", "[]", "s")).await;
    let text = format!("\"{}\"", "x".repeat(1000));
    for _ in 0..1_000 {
        socket.send(&item("s", &text)).await;
    }
    socket.send(&format!(r#"{{"type":3,"invocationId":"s"}}{RS}{}"#, call("2", "Add", "[1,2]"))).await;
    let mut answers = [socket.next().await, socket.next().await];
    answers.sort();
    assert_eq!(
        answers,
        [r#"{"type":3,"invocationId":"1","result":null}"#, r#"{"type":3,"invocationId":"2","result":3}"#]
    );
}

#[tokio::test]
async fn items_that_no_method_reads() {
    // The second upload waits for the first one to end, and its items with it.
    let one = MethodOptions { maximum_concurrency: Some(1), ..MethodOptions::default() };
    // Nothing is read: that the client has gone is noticed when it is written to.
    let keep_alive_interval = Duration::from_millis(300);
    let options = HubOptions { keep_alive_interval, ..HubOptions::default() };
    let victim = Victim::of(|service| {
        service.options(options).method_options(&[TestHubContract::RECORD_STREAM], &one)
    })
    .await;
    let mut socket = victim.connect().await;
    socket.send(&upload("1", "RecordStream", "[]", "read")).await;
    socket.send(&upload("2", "RecordStream", "[]", "unread")).await;
    let text = format!("\"{}\"", "x".repeat(10_000));
    for _ in 0..30 {
        socket.send(&item("unread", &text)).await;
    }
    super::until(|| victim.hits("unread_items") > 0).await;
    victim.serves_others().await;
    drop(socket);
    victim.forgets_everybody().await;
}
