//! Invocation ids that are many, long, or in use.

use std::time::Duration;

use signalr_runtime::server::MethodOptions;
use signalr_tests::test_hub::TestHubContract;

use super::victim::Victim;
use super::wire::{RS, call, stream_call};

#[tokio::test]
async fn calls_that_wait_are_no_more_than_there_may_be() {
    let victim = Victim::new().await;
    let mut socket = victim.connect().await;
    // The first one holds the others up. What comes behind a full queue is not even read.
    let others = (0..5_000).map(|n| call(&format!("n{n}"), "Nothing", "[]"));
    let calls: Vec<String> = std::iter::once(call("first", "Sleep", "[600]")).chain(others).collect();
    for part in format!("{}{RS}", calls.join(RS)).as_bytes().chunks(60_000) {
        socket.raw(&super::wire::frame(0x82, part)).await;
    }
    victim.serves_others().await;
    assert!(victim.hits("queued_calls") > 0);
    assert_eq!(socket.next().await, r#"{"type":3,"invocationId":"first","result":null}"#);
    for n in 0..5_000 {
        assert_eq!(socket.next().await, format!(r#"{{"type":3,"invocationId":"n{n}","result":null}}"#));
    }
}

#[tokio::test]
async fn calls_that_stream_are_no_more_than_there_may_be() {
    let victim = Victim::new().await;
    let mut socket = victim.connect().await;
    for n in 0..150 {
        socket.send(&stream_call(&format!("n{n}"), "Endless", "[]")).await;
    }
    let mut refused = 0;
    while refused < 50 {
        refused += usize::from(socket.next().await.contains("Too many calls are in progress."));
    }
    assert_eq!(victim.hits("calls"), 50);
    victim.serves_others().await;
    drop(socket);
    victim.forgets_everybody().await;
}

#[tokio::test]
async fn ids_that_are_long_or_in_use() {
    let victim = Victim::new().await;
    let mut socket = victim.connect().await;
    let answer = socket.call(&"x".repeat(129), "Add", "[1,2]").await;
    assert!(answer.contains("The id of a call or of a stream is too long."), "{answer}");
    assert_eq!(victim.hits("id_length"), 1);
    socket.send(&call("1", "Sleep", "[300]")).await;
    let answer = socket.call("1", "Add", "[1,2]").await;
    assert_eq!(answer, r#"{"type":3,"invocationId":"1","error":"Invocation ID '1' is already in use."}"#);
    assert_eq!(socket.next().await, r#"{"type":3,"invocationId":"1","result":null}"#);
    assert_eq!(socket.call("1", "Add", "[1,2]").await, r#"{"type":3,"invocationId":"1","result":3}"#);
    // Nothing of all that has ended the connection.
    socket.leave().await;
}

#[tokio::test]
async fn calls_of_a_method_that_is_dear() {
    let dear = MethodOptions {
        maximum_arguments_size: Some(10),
        maximum_concurrency: Some(1),
        timeout: Some(Duration::from_millis(300)),
        ..MethodOptions::default()
    };
    let victim = Victim::of(|service| service.method_options(&[TestHubContract::SLEEP], &dear)).await;
    let mut clients = Vec::new();
    for n in 0..3 {
        let mut client = victim.connect().await;
        client.send(&call("1", "Sleep", "[600000]")).await;
        super::until(|| victim.hits("method_calls") == n).await;
        clients.push(client);
    }
    let mut other = victim.connect().await;
    let answer = other.call("1", "Sleep", "[1             ]").await;
    assert!(answer.contains("due to an error on the server"), "{answer}");
    assert_eq!(victim.hits("method_arguments"), 1);
    // The wait for a place is part of the time.
    for client in &mut clients {
        let answer = client.next().await;
        assert!(answer.contains("The call took longer than it may."), "{answer}");
    }
    assert_eq!(victim.hits("method_time"), 3);
    victim.serves_others().await;
}
