//! Streams from a client to the server.

use super::*;
use crate::server::{Limits, MemoryBudget, Rate};

fn sum(id: &str, streams: &str) -> String {
    upload(id, "Sum", "[]", streams)
}

#[tokio::test(start_paused = true)]
async fn items_reach_the_method_until_the_stream_is_completed() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send_all([sum("1", r#"["s"]"#), item("s", "1"), item("s", "2")]).await;
    assert_eq!(client.so_far().await, [""; 0]);
    client.send(done("s")).await;
    assert_eq!(client.next().await, result("1", "3"));
    // A result does not matter, and neither does what comes late.
    client
        .send_all([sum("2", r#"["s"]"#), item("s", "4"), result("s", "{}"), item("s", "8"), done("s")])
        .await;
    assert_eq!(client.next().await, result("2", "4"));
}

#[tokio::test(start_paused = true)]
async fn several_streams_feed_the_parameters_in_order() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(upload("1", "Zip", "[]", r#"["b","a"]"#)).await;
    client
        .send_all([item("a", "10"), item("b", "1"), item("b", "2"), item("a", "20"), done("a"), done("b")])
        .await;
    assert_eq!(client.next().await, result("1", "[[1,10],[2,20]]"));
}

#[tokio::test(start_paused = true)]
async fn a_stream_may_go_both_ways() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(stream("1", "Doubled", "[]").replace('}', r#","streamIds":["s"]}"#)).await;
    for n in 1..4 {
        client.send(item("s", &n.to_string())).await;
        assert_eq!(client.next().await, item("1", &(n * 2).to_string()));
    }
    client.send(done("s")).await;
    assert_eq!(client.next().await, done("1"));
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_client_is_read_by_the_method() {
    for (text, told) in [("Stream canceled by client.", "Stream canceled by client."), ("", "")] {
        let server = Server::new();
        let mut client = server.connect().await;
        client.send_all([sum("1", r#"["s"]"#), item("s", "1"), error("s", text)]).await;
        let expected =
            format!("An unexpected error occurred invoking 'Sum' on the server. HubException: {told}");
        assert_eq!(client.next().await, error("1", &expected));
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_of_the_wrong_type_ends_the_stream_inside_the_method() {
    let bind = "Failed to bind Stream message.";
    for (server, text) in [
        (Server::new(), bind.to_owned()),
        (Server::detailed(), format!("{bind} InvalidDataException: expected i32")),
    ] {
        let mut client = server.connect().await;
        client.send(upload("1", "Sip", r#"["gate"]"#, r#"["s"]"#)).await;
        client.send_all([item("s", "1"), item("s", r#""x""#), item("s", "2"), done("s")]).await;
        // Nothing on the wire: what has arrived is read first, and then the error.
        assert_eq!(client.so_far().await, [""; 0]);
        server.world.open("gate");
        server.world.open("gate");
        let expected = client.next().await;
        let [said] = &server.log()[..] else { panic!("{:?}", server.log()) };
        assert!(said.starts_with(&format!("gate failed: HubException: {text}")), "{said}");
        let beginning = error(
            "1",
            &format!("An unexpected error occurred invoking 'Sip' on the server. HubException: {text}"),
        );
        assert!(expected.starts_with(beginning.trim_end_matches("\"}")), "{expected}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_method_need_not_read_to_the_end() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(upload("1", "First", "[2]", r#"["s"]"#)).await;
    client.send_all(["1", "2", "3", r#""nobody decodes this""#].map(|n| item("s", n))).await;
    assert_eq!(client.next().await, result("1", "[1,2]"));
    client.send_all([item("s", "5"), error("s", "late"), done("s"), call("2", "Add", "[1,2]")]).await;
    assert_eq!(client.next().await, result("2", "3"));
}

/// Clients do not stop an upload whose call was answered: `HubConnection` of .NET and of JavaScript go on to its end.
#[tokio::test(start_paused = true)]
async fn an_upload_may_go_on_after_its_call_was_answered() {
    let calls = [
        // The method has read enough.
        (upload("1", "First", "[1]", r#"["s"]"#), Some(vec![item("s", "1")]), false),
        // An item is of the wrong type.
        (sum("1", r#"["s"]"#), Some(vec![item("s", r#""x""#)]), false),
        // The call is refused: nobody reads.
        (upload("1", "Nothing", "[]", r#"["s"]"#), None, false),
        (upload("1", "First", r#"["x"]"#, r#"["s"]"#), None, false),
        (upload("1", "Echo", r#"["x"]"#, r#"["s"]"#), None, false),
        (sum("1", r#"["other","s"]"#), None, false),
        // It waits for its turn before it is refused, or given up.
        (upload("1", "Nothing", "[]", r#"["s"]"#), None, true),
        (sum("1", r#"["s"]"#), Some(vec![cancel("1")]), true),
        // It waits, and an item that came before it has begun is of the wrong type.
        (sum("1", r#"["s"]"#), Some(vec![item("s", r#""x""#)]), true),
    ];
    for (n, (call_with_upload, then, waits)) in calls.into_iter().enumerate() {
        let budget = MemoryBudget::new(1 << 30);
        let stray_items = Some(Rate { per_second: 1, burst: 1 });
        let limits = Limits { stray_items, memory: Some(budget.clone()), ..Limits::default() };
        let server = Server::with(HubOptions { limits, ..HubOptions::default() });
        let mut client = server.connect().await;
        if waits {
            client.send_all([call("a", "Wait", r#"["a"]"#), call("b", "Wait", r#"["b"]"#)]).await;
        }
        client.send(call_with_upload).await;
        client.send_all(then.into_iter().flatten()).await;
        settle().await;
        server.world.open("a");
        server.world.open("b");
        let answers = client.so_far().await;
        assert_eq!(answers.len(), if waits { 3 } else { 1 }, "{n}: {answers:?}");
        let held = budget.held();
        for _ in 0..100 {
            client.send_all((0..100).map(|n| item("s", &n.to_string()))).await;
            settle().await;
        }
        assert_eq!(budget.held(), held, "{n}");
        client.goes_on().await;
        // When the client has ended the stream, it is one like any other that does not exist.
        client.send(done("s")).await;
        client.send_all(["1", "2"].map(|n| item("s", n))).await;
        client
            .expect_last(r#"{"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#)
            .await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_that_is_in_use_is_refused_and_its_stream_goes_on() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send_all([upload("1", "Sip", r#"["gate"]"#, r#"["s"]"#), item("s", "1")]).await;
    client.send(sum("2", r#"["s"]"#)).await;
    let busy = "An unexpected error occurred invoking 'Sum' on the server. HubException: Stream ID 's' is already in use.";
    assert_eq!(client.next().await, error("2", busy));
    // Twice in one call, too.
    client.send(upload("3", "Sum", "[]", r#"["x","x"]"#)).await;
    assert!(client.next().await.contains("Client sent 2 stream(s), Hub method expects 1."));
    // The id is free when its stream has ended, whatever becomes of the call.
    client.send_all([done("s"), sum("4", r#"["s"]"#)]).await;
    for _ in 0..3 {
        server.world.open("gate");
    }
    client.send_all([item("s", "3"), done("s")]).await;
    let answers = [client.next().await, client.next().await];
    assert!(answers.contains(&result("4", "3")), "{answers:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_does_not_bind_registers_no_stream() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send_all([sum("1", r#"["s"]"#), item("s", "1")]).await;
    client
        .send_all([upload("2", "Sip", "[]", r#"["s"]"#), upload("3", "Echo", r#"["x"]"#, r#"["s"]"#)])
        .await;
    assert!(client.next().await.contains("Failed to invoke 'Sip'"));
    assert!(client.next().await.contains("Client sent 1 stream(s), Hub method expects 0."));
    client.send_all([item("s", "2"), done("s")]).await;
    assert_eq!(client.next().await, result("1", "3"));
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_id_may_have_streams() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(r#"{"type":1,"target":"Sip","arguments":["gate"],"streamIds":["s"]}"#).await;
    client.send_all([item("s", "1"), done("s")]).await;
    server.world.open("gate");
    server.world.open("gate");
    assert_eq!(client.so_far().await, [""; 0]);
    assert_eq!(server.log(), ["gate ended"]);
}

#[tokio::test(start_paused = true)]
async fn an_open_stream_ends_with_the_connection() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send_all([upload("1", "Sip", r#"["gate"]"#, r#"["s"]"#), item("s", "1")]).await;
    settle().await;
    client.leave().await;
    server.world.open("gate");
    server.world.open("gate");
    settle().await;
    let told = "gate failed: OperationCanceledException: The underlying connection was closed.".to_owned();
    assert!(server.log().contains(&told), "{:?}", server.log());
}

/// Ten items wait in the stream's own buffer, and some kilobytes more in that of the connection. Until both are
/// full everything is read; then nothing is, and the client waits.
#[tokio::test(start_paused = true)]
async fn a_full_stream_stops_the_reader_and_nothing_else_does() {
    let options = HubOptions {
        http: HttpOptions { application_max_buffer_size: 1000, ..HttpOptions::default() },
        ..HubOptions::default()
    };
    let server = Server::with(options);
    let mut client = server.connect().await;
    client.send(upload("1", "Sip", r#"["gate"]"#, r#"["s"]"#)).await;
    client.send_all((0..10).map(|n| item("s", &n.to_string()))).await;
    client.goes_on().await;
    // Much more than fits.
    client.send_all((0..1000).map(|n| item("s", &n.to_string()))).await;
    client.send_all([call("3", "Add", "[1,2]"), done("s")]).await;
    assert_eq!(client.so_far().await, [""; 0]);
    // Other streams of the server go on, and so do its pings.
    seconds(16).await;
    assert_eq!(client.next_or_ping().await, client::PING);
    for _ in 0..1011 {
        server.world.open("gate");
    }
    assert_eq!(client.next().await, result("3", "3"));
    assert_eq!(client.next().await, result("1", "1010"));
}

#[tokio::test(start_paused = true)]
async fn a_full_stream_that_nobody_reads_any_more_lets_the_reader_go_on() {
    let server = Server::with(HubOptions {
        http: HttpOptions { application_max_buffer_size: 1000, ..HttpOptions::default() },
        ..HubOptions::default()
    });
    let mut client = server.connect().await;
    client.send(upload("1", "Sip", r#"["gate"]"#, r#"["s"]"#)).await;
    client.send(upload("2", "Sip", r#"["other"]"#, r#"["t"]"#)).await;
    client.send_all([item("t", "1"), error("t", "over")]).await;
    client.send_all((0..1000).map(|n| item("s", &n.to_string()))).await;
    client.send(call("3", "Add", "[1,2]")).await;
    assert_eq!(client.so_far().await, [""; 0]);
    // One ends while the connection is paused; the other is the one that holds it up.
    server.world.open("other");
    server.world.open("other");
    assert!(client.next().await.contains(r#""invocationId":"2""#));
    assert_eq!(client.so_far().await, [""; 0]);
    for _ in 0..1000 {
        server.world.open("gate");
    }
    assert_eq!(client.next().await, result("3", "3"));
}

#[tokio::test(start_paused = true)]
async fn streams_that_are_too_many_for_a_method_are_given_up() {
    let server = Server::new();
    let mut client = server.connect().await;
    for streams in [r#"["a","b"]"#, r#"["b","c","d"]"#, r#"["d","b"]"#] {
        client.send(sum("1", streams)).await;
        let answer = client.next().await;
        assert!(answer.contains("Hub method expects 1."), "{answer}");
    }
    for id in ["a", "b", "c", "d"] {
        client.send_all([sum("1", &format!(r#"["{id}"]"#)), item(id, "1"), done(id)]).await;
        assert_eq!(client.next().await, result("1", "1"));
    }
}
