//! How a connection ends, what the client is told, and what the hub is told.

use super::client::Over;
use super::*;
use crate::connection::duplex::End;
use crate::{HubError, ResultExt};

async fn told(server: &Server, expected: &[&str]) {
    settle().await;
    assert_eq!(server.log(), expected);
    assert_eq!(server.handle().connection_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_client_closes() {
    let cases = [
        (r#"{"type":7}"#, "c1 disconnected"),
        (r#"{"type":7,"allowReconnect":true}"#, "c1 disconnected"),
        (r#"{"type":7,"error":"I am out of luck"}"#, "c1 disconnected: HubException: I am out of luck"),
    ];
    for (record, expected) in cases {
        let server = Server::new();
        let mut client = server.connect().await;
        // What comes behind it is not looked at.
        client.send_all([record, "garbage", &call("1", "Echo", r#"["late"]"#)]).await;
        client.expect_last(CLOSE).await;
        told(&server, &[expected, "c1 dropped"]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_client_just_leaves() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.leave().await;
    assert_eq!(client.rest().await, (vec![], Over::Closed(End::Normal)));
    told(&server, &["c1 disconnected", "c1 dropped"]).await;
}

#[tokio::test(start_paused = true)]
async fn the_line_breaks() {
    let server = Server::new();
    let client = server.connect().await;
    client.line().cut();
    told(&server, &["c1 disconnected", "c1 dropped"]).await;
}

#[tokio::test(start_paused = true)]
async fn the_client_leaves_in_the_middle_of_a_message() {
    let text = "InvalidDataException: Connection terminated while reading a message.";
    for (server, close) in Server::closing_with(text, &HubOptions::default()) {
        let mut client = server.connect().await;
        client.send_bytes(br#"{"type":6"#).await;
        client.leave().await;
        client.expect_last(&close).await;
        told(&server, &[&format!("c1 disconnected: {text}"), "c1 dropped"]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_method_aborts() {
    let server = Server::new();
    let mut client = server.connect().await;
    // Its own answer is lost, and so is what waits for its turn; what was sent before arrives.
    client
        .send_all([call("1", "Add", "[1,2]"), call("2", "Abort", "[]"), call("3", "Wait", r#"["x"]"#)])
        .await;
    assert_eq!(client.next().await, result("1", "3"));
    client.expect_last(CLOSE).await;
    settle().await;
    assert!(server.log().contains(&"c1 disconnected".to_owned()), "{:?}", server.log());
}

#[tokio::test(start_paused = true)]
async fn somebody_else_aborts_and_the_hub_notices() {
    let connected = world::hook(async |cx, world: Arc<World>| {
        tokio::spawn(async move {
            cx.aborted().cancelled().await;
            world.say("aborted");
        });
        Ok(())
    });
    let server = Server::of(World { connected, ..World::default() }, |service| service);
    let mut client = server.connect().await;
    settle().await;
    server.handle().abort("nobody");
    server.handle().abort("c1");
    server.handle().abort("c1");
    client.expect_last(CLOSE).await;
    settle().await;
    let mut log = server.log();
    log.sort_unstable();
    assert_eq!(log, ["aborted", "c1 disconnected", "c1 dropped"]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_may_not_connect() {
    let generic = r#"{"type":7,"error":"Connection closed with an error."}"#;
    let hub = r#"{"type":7,"error":"Connection closed with an error. HubException: not you"}"#;
    let cases = [
        (world::hook(async |_, _| Err(HubError::new("not you"))), hub),
        (world::hook(async |_, _| Err(std::io::Error::other("a secret")).internal()), generic),
        (world::hook(async |_, _| panic!("a callback panics on purpose")), generic),
    ];
    for (connected, close) in cases {
        let server = Server::of(World { connected, ..World::default() }, |service| service);
        let mut client = server.connect().await;
        client.send(call("1", "Echo", r#"["never"]"#)).await;
        client.expect_last(close).await;
        // No disconnect callback.
        told(&server, &["c1 dropped"]).await;
    }
    for factory in [
        world::hook(async |_, _| Err(HubError::new("not you"))),
        world::hook(async |_, _| panic!("a factory panics on purpose")),
    ] {
        let server = Server::of(World { factory, ..World::default() }, |service| service);
        let mut client = server.connect().await;
        let (records, over) = client.rest().await;
        assert!([generic, hub].contains(&&*records[0]), "{records:?}");
        assert_eq!((records.len(), over), (1, Over::Closed(End::Normal)));
        told(&server, &[]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_over_the_limit() {
    let text = "InvalidDataException: The maximum message size of 100B was exceeded. The message size can be \
                configured in AddHubOptions.";
    let options = HubOptions { maximum_receive_message_size: Some(100), ..HubOptions::default() };
    for (server, close) in Server::closing_with(text, &options) {
        let mut client = server.connect().await;
        // With its separator the record is exactly as long as it may be.
        let largest = format!("{:99}", call("1", "Add", "[1,2]"));
        client.send_all([&largest, &largest.replace(":\"1\"", ":\"2\"")]).await;
        assert_eq!(client.next().await, result("1", "3"));
        assert_eq!(client.next().await, result("2", "3"));
        client.send_bytes(&[b' '; 100]).await;
        assert_eq!(client.so_far().await, [""; 0]);
        client.send_bytes(b" ").await;
        client.expect_last(&close).await;
        told(&server, &[&format!("c1 disconnected: {text}"), "c1 dropped"]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_a_message_may_be_large() {
    let server = Server::with(HubOptions { maximum_receive_message_size: None, ..HubOptions::default() });
    let mut client = server.connect().await;
    let text = format!("\"{}\"", "x".repeat(300_000));
    client.send(call("1", "Echo", &format!("[{text}]"))).await;
    assert_eq!(client.next().await, result("1", &text));
}

#[tokio::test(start_paused = true)]
async fn calls_that_came_before_the_end_still_run() {
    // Whatever the end is, unless the server itself ended the connection.
    for end in [CLOSE, "garbage", "leave"] {
        let server = Server::new();
        let mut client = server.connect().await;
        client.send_all([call("1", "Wait", r#"["a"]"#), call("2", "Echo", r#"["b"]"#)]).await;
        if end == "leave" {
            client.leave().await;
        } else {
            client.send(end).await;
        }
        settle().await;
        server.world.open("a");
        client.rest().await;
        settle().await;
        let log = server.log();
        // The callback does not wait for them.
        assert_eq!(log[0], "a begins", "{end}");
        assert!(log[1].starts_with("c1 disconnected"), "{log:?}");
        assert_eq!(log[2..], ["a ends", "echo b", "c1 dropped"], "{end}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_running_call_outlives_its_client() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(call("1", "Wait", r#"["a"]"#)).await;
    settle().await;
    client.leave().await;
    assert_eq!(client.rest().await, (vec![], Over::Closed(End::Normal)));
    settle().await;
    assert_eq!(server.log(), ["a begins", "c1 disconnected"]);
    assert_eq!(server.handle().connection_count(), 0);
    server.world.open("a");
    settle().await;
    assert_eq!(server.log(), ["a begins", "c1 disconnected", "a ends", "c1 dropped"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_before_the_client_left_is_handled_before_its_leaving() {
    // The reader pauses at a hundred waiting calls: the end of the line waits behind the others.
    let server = Server::new();
    let mut client = server.connect().await;
    client.send_all((0..300).map(|n| call(&n.to_string(), "Echo", &format!(r#"["{n}"]"#)))).await;
    client.leave().await;
    settle().await;
    let mut expected: Vec<_> = (0..300).map(|n| format!("echo {n}")).collect();
    expected.extend(["c1 disconnected".to_owned(), "c1 dropped".to_owned()]);
    assert_eq!(server.log(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_callback_that_panics_is_a_fault_of_the_server() {
    let disconnected = world::hook(async |cx, _| {
        cx.groups().join("too late").await?;
        panic!("a callback panics on purpose")
    });
    let server = Server::of(World { disconnected, ..World::default() }, |service| service);
    let mut client = server.connect().await;
    client.send_all([call("1", "Join", r#"["g"]"#), call("2", "Abort", "[]")]).await;
    let (_, over) = client.rest().await;
    assert_eq!(over, Over::Closed(End::Fault));
    told(&server, &["c1 disconnected", "c1 dropped"]).await;
    assert!(server.service.shared.core.registry.is_empty(), "a group stays");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_take_the_end_is_left() {
    let server = Server::new();
    let mut client = server.connect_narrow(100).await;
    client.send(stream("1", "Flood", "[5000]")).await;
    settle().await;
    client.send(CLOSE).await;
    settle().await;
    assert_eq!(server.log(), ["c1 disconnected"]);
    seconds(5).await;
    told(&server, &["c1 disconnected", "c1 dropped"]).await;
}
