//! Methods that can fail before they stream.

use std::time::Duration;

use super::*;
use crate::server::{Invocation, MethodOptions, Next, Reply};

const UNEXPECTED: &str = "An unexpected error occurred invoking 'Open' on the server.";

fn open(id: &str, gate: &str, how: &str) -> String {
    stream(id, "Open", &format!(r#"["{gate}","{how}"]"#))
}

/// What a client is sent that reads the stream of the connection to its end.
fn all(id: &str, gate: &str, connection: &str) -> [String; 3] {
    let items = [0, 1].map(|n| item(id, &format!(r#""{gate}{n} for {connection}""#)));
    let [first, second] = items;
    [first, second, done(id)]
}

#[tokio::test(start_paused = true)]
async fn the_stream_may_borrow_the_hub_and_the_arguments() {
    let server = Server::new();
    let mut client = server.connect().await;
    for id in ["1", "2"] {
        client.send(open(id, "", "")).await;
        for record in all(id, "", "c1") {
            assert_eq!(client.next().await, record);
        }
    }
    client.send(open("3", "gate", "")).await;
    assert_eq!(client.so_far().await, [""; 0]);
    server.world.open("gate");
    assert_eq!(client.so_far().await, all("3", "gate", "c1"));
}

#[tokio::test(start_paused = true)]
async fn a_failure_before_the_stream_is_that_of_a_method() {
    let cases = [
        ("no such room", " HubException: no such room", " HubException: no such room"),
        ("crash", "", " Error: a secret"),
        ("panic", "", " Exception: the method panicked"),
    ];
    for gate in ["", "gate"] {
        for (how, hidden, detailed) in cases {
            for (server, detail) in [(Server::new(), hidden), (Server::detailed(), detailed)] {
                let mut client = server.connect().await;
                client.send(open("1", gate, how)).await;
                settle().await;
                server.world.open("gate");
                // No item comes before.
                assert_eq!(client.next().await, error("1", &format!("{UNEXPECTED}{detail}")));
                client.goes_on().await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn other_calls_go_on_meanwhile() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send_all([open("1", "gate", ""), call("2", "Add", "[1,2]"), open("3", "", "")]).await;
    let [first, second, end] = all("3", "", "c1");
    assert_eq!(client.so_far().await, [result("2", "3"), first, second, end]);
    server.world.open("gate");
    assert_eq!(client.so_far().await, all("1", "gate", "c1"));
}

#[tokio::test(start_paused = true)]
async fn one_that_is_cancelled_while_it_opens_is_dropped_and_completes_without_an_error() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(open("1", "gate", "")).await;
    settle().await;
    client.send(cancel("1")).await;
    assert_eq!(client.next().await, done("1"));
    assert_eq!(server.log(), ["gate begins", "gate given up"]);
    // In one read, too: it begins all the same.
    client.send_all([open("2", "gate", ""), cancel("2")]).await;
    assert_eq!(client.next().await, done("2"));
    assert_eq!(server.log()[2..], ["gate begins", "gate given up"]);
}

#[tokio::test(start_paused = true)]
async fn one_that_opens_ends_with_its_connection() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(open("1", "gate", "")).await;
    settle().await;
    client.send(CLOSE).await;
    client.expect_last(CLOSE).await;
    settle().await;
    assert_eq!(server.log(), ["gate begins", "gate given up", "c1 disconnected", "c1 dropped"]);
}

#[tokio::test(start_paused = true)]
async fn filters_see_the_error_and_may_take_the_stream_away() {
    let server = Server::of(World::default(), |service| {
        service.filter(async |call: Invocation, next: Next| {
            let takes_away = call.argument::<String>(1).is_ok_and(|how| how.is_empty());
            let reply = next.run(call).await;
            match reply.as_error().map(crate::HubError::message) {
                Some("x") => Reply::error(crate::HubError::new("seen")),
                None if takes_away => Reply::error(crate::HubError::new("taken")),
                _ => reply,
            }
        })
    });
    let mut client = server.connect().await;
    for (how, seen) in [("x", "seen"), ("y", "y"), ("", "taken")] {
        client.send(open("1", "", how)).await;
        assert_eq!(client.next().await, error("1", &format!("{UNEXPECTED} HubException: {seen}")));
    }
    // Its items have not begun.
    assert_eq!(server.log(), ["stream  given up"]);
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_method_ends_at_the_opening() {
    let options = MethodOptions { timeout: Some(Duration::from_secs(2)), ..MethodOptions::default() };
    let methods = [ProbeHubContract::OPEN, ProbeHubContract::DOUBLED_AFTER];
    let server = Server::of(World::default(), |service| service.method_options(&methods, &options));
    let mut client = server.connect().await;
    let before = tokio::time::Instant::now();
    client.send(open("1", "gate", "")).await;
    let text = format!("{UNEXPECTED} HubException: The call took longer than it may.");
    assert_eq!(client.next().await, error("1", &text));
    assert_eq!(before.elapsed().as_secs(), 2);
    assert_eq!(server.log(), ["gate begins", "gate given up"]);
    client.send_all([fed("2", 7), item("s", "7")]).await;
    seconds(60).await;
    client.send_all([item("s", "4"), done("s")]).await;
    assert_eq!(client.next().await, item("2", "8"));
    assert_eq!(client.next().await, done("2"));
}

#[tokio::test(start_paused = true)]
async fn it_has_a_place_of_its_method_until_its_stream_ends() {
    let options = MethodOptions { maximum_concurrency: Some(1), ..MethodOptions::default() };
    let server = Server::of(World::default(), |service| {
        service.method_options(&[ProbeHubContract::OPEN, ProbeHubContract::DOUBLED_AFTER], &options)
    });
    let (mut one, mut two) = (server.connect().await, server.connect().await);
    for how in ["", "no"] {
        one.send(open("1", "a", how)).await;
        settle().await;
        two.send(open("1", "", "")).await;
        assert_eq!(two.so_far().await, [""; 0], "{how}");
        server.world.open("a");
        one.so_far().await;
        assert_eq!(two.so_far().await, all("1", "", "c2"), "{how}");
    }
    one.send_all([fed("2", 7), item("s", "7")]).await;
    settle().await;
    two.send_all([fed("2", 7), item("s", "7"), item("s", "1"), done("s")]).await;
    assert_eq!(two.so_far().await, [""; 0], "the first one streams");
    one.send(done("s")).await;
    assert_eq!(one.next().await, done("2"));
    assert_eq!(two.so_far().await, [item("2", "2"), done("2")]);
}

/// A call of a method that reads a stream before it opens its own.
fn fed(id: &str, first: i32) -> String {
    format!(
        r#"{{"type":4,"invocationId":"{id}","target":"DoubledAfter","arguments":[{first}],"streamIds":["s"]}}"#
    )
}

#[tokio::test(start_paused = true)]
async fn it_may_read_an_upload_before() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send_all([fed("1", 7), item("s", "7"), item("s", "1")]).await;
    assert_eq!(client.next().await, item("1", "2"));
    client.send_all([item("s", "2"), done("s")]).await;
    assert_eq!(client.next().await, item("1", "4"));
    assert_eq!(client.next().await, done("1"));

    let text =
        "An unexpected error occurred invoking 'DoubledAfter' on the server. HubException: not the right one";
    client.send_all([fed("2", 7), item("s", "8"), item("s", "1")]).await;
    assert_eq!(client.next().await, error("2", text));
    // The upload has ended with the call: its id is free.
    client.send_all([item("s", "2"), done("s"), fed("3", 7), item("s", "7"), done("s")]).await;
    assert_eq!(client.next().await, done("3"));
}

#[tokio::test(start_paused = true)]
async fn it_begins_only_if_it_is_called_as_it_may_be() {
    let server = Server::of(World::default(), |service| {
        service.authorize(&[ProbeHubContract::DOUBLED_AFTER], |_| false)
    });
    let mut client = server.connect().await;
    let plain = "The client attempted to invoke the streaming 'Open' method with a non-streaming invocation.";
    let cases = [
        (call("1", "Open", r#"["a",""]"#), plain),
        (stream("1", "Open", "[]"), "Failed to invoke 'Open' due to an error on the server."),
        (fed("1", 7), "Failed to invoke 'DoubledAfter' because user is unauthorized"),
    ];
    for (record, text) in cases {
        client.send(record).await;
        assert_eq!(client.next().await, error("1", text));
    }
    assert_eq!(server.log(), [""; 0]);
}
