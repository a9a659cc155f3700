//! Streams from the server to a client.

use super::*;

#[tokio::test(start_paused = true)]
async fn items_and_then_a_completion_without_a_result() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(stream("1", "Count", "[3]")).await;
    for n in ["0", "1", "2"] {
        assert_eq!(client.next().await, item("1", n));
    }
    assert_eq!(client.next().await, done("1"));
    client.send(stream("1", "Count", "[0]")).await;
    assert_eq!(client.next().await, done("1"));
}

#[tokio::test(start_paused = true)]
async fn what_ends_a_stream_early() {
    let text = "An error occurred on the server while streaming results.";
    let cases = [
        ("FailAfter", r#"[1,"no more"]"#, " HubException: no more", " HubException: no more"),
        ("CrashAfter", "[1]", "", " Error: a secret"),
        ("PanicAfter", "[1]", "", " Exception: the method panicked"),
    ];
    for (target, arguments, hidden, detailed) in cases {
        for (server, detail) in [(Server::new(), hidden), (Server::detailed(), detailed)] {
            let mut client = server.connect().await;
            client.send(stream("1", target, arguments)).await;
            assert_eq!(client.next().await, item("1", "0"));
            assert_eq!(client.next().await, error("1", &format!("{text}{detail}")));
            client.goes_on().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_method_that_panics_before_it_has_a_stream_is_a_method_that_fails() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(stream("1", "PanicUnless", "[false]")).await;
    let text = "An unexpected error occurred invoking 'PanicUnless' on the server.";
    assert_eq!(client.next().await, error("1", text));
    client.send(stream("1", "PanicUnless", "[true]")).await;
    assert_eq!(client.next().await, done("1"));
}

#[tokio::test(start_paused = true)]
async fn items_come_as_they_are_made() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send_all([stream("a", "Ticks", r#"["a"]"#), stream("b", "Ticks", r#"["b"]"#)]).await;
    assert_eq!(client.so_far().await, [""; 0]);
    for (gate, n) in [("b", "0"), ("a", "0"), ("a", "1"), ("b", "1")] {
        server.world.open(gate);
        assert_eq!(client.so_far().await, [item(gate, n)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_stream_is_dropped_and_completes_without_an_error() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(stream("1", "Ticks", r#"["gate"]"#)).await;
    server.world.open("gate");
    assert_eq!(client.next().await, item("1", "0"));
    client.send(cancel("1")).await;
    assert_eq!(client.next().await, done("1"));
    assert_eq!(server.log(), ["gate given up"]);
    // Once only.
    client.send(cancel("1")).await;
    server.world.open("gate");
    assert_eq!(client.so_far().await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_its_connection() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(stream("1", "Ticks", r#"["gate"]"#)).await;
    settle().await;
    client.send(CLOSE).await;
    client.expect_last(CLOSE).await;
    settle().await;
    assert_eq!(server.log(), ["gate given up", "c1 disconnected", "c1 dropped"]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_sets_the_pace() {
    let server = Server::new();
    let mut client = server.connect_narrow(1000).await;
    client.send(stream("1", "Flood", "[1000]")).await;
    settle().await;
    // What has been made and not been read: half a queue, and one batch on its way.
    let limit = 64 * 1024;
    client.swallow(limit * 4).await;
    // The connection listens all the while.
    client.send(call("2", "Add", "[1,2]")).await;
    let mut records = 0;
    while client.next().await != result("2", "3") {
        records += 1;
        assert!(records * 1000 < limit * 2, "the answer waits behind {records} items");
    }
    client.send(cancel("1")).await;
    while client.next().await != done("1") {}
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_does_not_read_can_still_cancel() {
    let server = Server::new();
    let mut client = server.connect_narrow(1000).await;
    client.send(stream("1", "Flood", "[1000]")).await;
    settle().await;
    client.send_all([cancel("1"), call("2", "Echo", r#"["heard"]"#)]).await;
    settle().await;
    assert_eq!(server.log(), ["echo heard"]);
}

#[tokio::test(start_paused = true)]
async fn streams_share_a_slow_line() {
    let server = Server::new();
    let mut client = server.connect_narrow(1000).await;
    let ids = ["a", "b", "c"];
    client.send_all(ids.map(|id| stream(id, "Flood", "[3000]"))).await;
    let mut counts = [0; 3];
    for _ in 0..600 {
        let record = client.next().await;
        let of = ids.iter().position(|id| record.contains(&format!(r#""invocationId":"{id}""#))).unwrap();
        counts[of] += 1;
    }
    assert!(counts.iter().all(|count| *count > 150), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_end_leaves_room_for_everything_else() {
    let server = Server::new();
    let (mut streaming, mut other) = (server.connect_narrow(1000).await, server.connect().await);
    streaming.send(stream("1", "Flood", "[1000]")).await;
    settle().await;
    // The call waits for room in the queue of the slow one, and gets it.
    other.send(call("1", "Send", r#"["all",[],"hello"]"#)).await;
    let said = r#"{"type":1,"target":"Said","arguments":["hello"]}"#;
    assert_eq!(other.next().await, said);
    let mut records = 0;
    while streaming.next().await != said {
        records += 1;
        assert!(records < 500, "the call waits behind {records} items");
    }
    assert_eq!(other.next().await, result("1", "null"));
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_end_lets_others_have_their_turn() {
    let server = Server::new();
    let mut greedy = server.connect().await;
    greedy.send(stream("1", "Flood", "[10]")).await;
    // On this one thread, with a reader that is never slow.
    let reading = tokio::spawn(async move { greedy.swallow(4 << 20).await });
    let mut other = server.connect().await;
    for n in 0..10 {
        other.send(call(&n.to_string(), "Add", "[1,2]")).await;
        assert_eq!(other.next().await, result(&n.to_string(), "3"));
    }
    reading.await.unwrap();
}
