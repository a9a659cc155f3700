//! The handshake: what is accepted, what is refused with which text, and what comes before what.

use std::time::Duration;

use super::client::Over;
use super::*;
use crate::connection::duplex::End;

const HELLO: &str = r#"{"protocol":"json","version":1}"#;

fn refused(text: &str) -> String {
    format!(r#"{{"error":{}}}"#, serde_json::to_string(text).unwrap())
}

#[tokio::test(start_paused = true)]
async fn what_is_accepted() {
    for request in [
        HELLO,
        r#"{"version":1,"protocol":"json"}"#,
        r#"{"protocol":"JSON","version":1}"#,
        r#"{"protocol":"json","version":2}"#,
        r#"{"protocol":"json","version":0}"#,
        r#"{"protocol":"json","version":-1}"#,
        r#" { "protocol" : "json" , "x" : [ { } ] , "version" : 1 } "#,
    ] {
        let server = Server::new();
        let mut client = server.open();
        client.send(request).await;
        assert_eq!(client.next().await, "{}", "{request}");
        client.send(call("1", "Echo", r#"["here"]"#)).await;
        assert_eq!(client.next().await, result("1", r#""here""#), "{request}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused() {
    let unreadable = "An unexpected error occurred during connection handshake.";
    let cases = [
        (r#"{"protocol":"xml","version":1}"#, "The protocol 'xml' is not supported.", ""),
        (r#"{"protocol":"blazorpack","version":1}"#, "The protocol 'blazorpack' is not supported.", ""),
        (
            r#"{"protocol":"json","version":3}"#,
            "The server does not support version 3 of the 'json' protocol.",
            "",
        ),
        (
            r#"{"type":6}"#,
            unreadable,
            " InvalidDataException: Missing required property 'protocol'. Message content: {\"type\":6}",
        ),
        (
            r#"{"protocol":"json"}"#,
            unreadable,
            " InvalidDataException: Missing required property 'version'. Message content: {\"protocol\":\"json\"}",
        ),
        (
            r#"{"protocol":1,"version":1}"#,
            unreadable,
            " InvalidDataException: Expected 'protocol' to be of type String.",
        ),
        (
            "[]",
            unreadable,
            " InvalidDataException: Unexpected JSON Token Type 'Array'. Expected a JSON Object.",
        ),
        ("{", unreadable, " InvalidDataException: Error reading JSON."),
        ("", unreadable, " InvalidDataException: Error reading JSON."),
    ];
    for (request, text, detail) in cases {
        for (server, text) in
            [(Server::new(), text.to_owned()), (Server::detailed(), format!("{text}{detail}"))]
        {
            let mut client = server.open();
            client.send(request).await;
            client.expect_last(&refused(&text)).await;
            // No hub was made, no connection is known.
            assert_eq!(server.log(), [""; 0], "{request}");
            assert_eq!(server.handle().connection_count(), 0, "{request}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_has_fifteen_seconds() {
    let server = Server::new();
    let mut client = server.open();
    client.send_bytes(&HELLO.as_bytes()[..20]).await;
    tokio::time::sleep(Duration::from_millis(14_990)).await;
    assert_eq!(client.so_far().await, [""; 0]);
    tokio::time::sleep(Duration::from_millis(20)).await;
    client.expect_last(&refused("Handshake was canceled.")).await;
}

#[tokio::test(start_paused = true)]
async fn it_must_fit_into_the_message_limit() {
    let server = Server::with(HubOptions { maximum_receive_message_size: Some(64), ..HubOptions::default() });
    let mut client = server.open();
    // The separator is the 64th byte.
    client.send(format!("{HELLO:63}")).await;
    assert_eq!(client.next().await, "{}");
    let mut client = server.open();
    client.send(format!("{HELLO:64}")).await;
    client.expect_last(&refused("Handshake was canceled.")).await;
    let mut client = server.open();
    client.send_bytes(&[b' '; 65]).await;
    client.expect_last(&refused("Handshake was canceled.")).await;
}

#[tokio::test(start_paused = true)]
async fn calls_may_come_with_it() {
    let server = Server::new();
    let mut client = server.open();
    client.send_all([HELLO, &call("1", "Echo", r#"["a"]"#), &call("2", "Echo", r#"["b"]"#)]).await;
    assert_eq!(client.next().await, "{}");
    assert_eq!(client.next().await, result("1", r#""a""#));
    assert_eq!(client.next().await, result("2", r#""b""#));
}

#[tokio::test(start_paused = true)]
async fn it_may_come_byte_by_byte() {
    let server = Server::new();
    let mut client = server.open();
    for byte in HELLO.as_bytes().iter().chain(&[0x1E]) {
        client.send_bytes(&[*byte]).await;
        settle().await;
    }
    assert_eq!(client.next().await, "{}");
}

#[tokio::test(start_paused = true)]
async fn the_answer_comes_before_the_hub_is_made() {
    let world = World { factory: world::passing("factory"), ..World::default() };
    let server = Server::of(world, |service| service);
    let mut client = server.connect().await;
    client.send(call("1", "Echo", r#"["a"]"#)).await;
    assert_eq!(client.so_far().await, [""; 0]);
    server.world.open("factory");
    assert_eq!(client.next().await, result("1", r#""a""#));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_before_it_gets_no_answer() {
    for sent in ["", r#"{"protocol":"#] {
        let server = Server::new();
        let mut client = server.open();
        client.send_bytes(sent.as_bytes()).await;
        client.leave().await;
        assert_eq!(client.rest().await, (vec![], Over::Closed(End::Normal)));
        assert_eq!(server.log(), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_id_that_panics_refuses_it() {
    let server =
        Server::of(World::default(), |service| service.user_id(|_| panic!("a user id panics on purpose")));
    let mut client = server.open();
    client.send(HELLO).await;
    client.expect_last(&refused("An unexpected error occurred during connection handshake.")).await;
    assert_eq!(server.handle().connection_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn only_the_protocols_of_the_hub_are_accepted() {
    let hub = |supported_protocols: &[HubProtocol]| {
        let supported_protocols = supported_protocols.to_vec();
        Server::with(HubOptions { supported_protocols, ..HubOptions::default() })
    };
    let mut client = hub(&[HubProtocol::Json]).open();
    client.send(r#"{"protocol":"messagepack","version":1}"#).await;
    client.expect_last(&refused("The protocol 'messagepack' is not supported.")).await;
    #[cfg(feature = "messagepack")]
    {
        let mut client = hub(&[HubProtocol::MessagePack]).open();
        client.send(HELLO).await;
        client.expect_last(&refused("The protocol 'json' is not supported.")).await;
        let mut client = Server::new().open();
        client.send(r#"{"protocol":"MessagePack","version":3}"#).await;
        client
            .expect_last(&refused("The server does not support version 3 of the 'MessagePack' protocol."))
            .await;
    }
    // A server without any protocol has failed.
    let mut client = hub(&[]).open();
    client.send(HELLO).await;
    assert_eq!(client.rest().await, (vec![], Over::Closed(End::Fault)));
}
