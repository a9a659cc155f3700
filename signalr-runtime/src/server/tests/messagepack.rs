//! The same hub for clients that speak MessagePack, beside others that do not. What is sent and received is told in
//! JSON; the frames of interest are told byte by byte.

use super::client::Over;
use super::*;
use crate::connection::duplex::End;

const MESSAGEPACK: HubProtocol = HubProtocol::MessagePack;

async fn connect(server: &Server) -> Client {
    server.connect_with(MESSAGEPACK).await
}

/// A frame of fewer than 128 bytes.
fn frame(record: &[u8]) -> Vec<u8> {
    [&[u8::try_from(record.len()).unwrap()], record].concat()
}

#[tokio::test(start_paused = true)]
async fn calls_may_come_with_the_handshake() {
    let server = Server::new();
    let mut client = server.open();
    let mut bytes = b"{\"protocol\":\"messagepack\",\"version\":1}\x1e".to_vec();
    bytes.extend(frame(b"\x96\x01\x80\xA11\xA4Echo\x91\xA1a\x90"));
    bytes.extend(frame(b"\x96\x01\x80\xA12\xA3Add\x92\x01\x02\x90"));
    client.send_bytes(&bytes).await;
    let mut expected = b"{}\x1e".to_vec();
    expected.extend(frame(b"\x95\x03\x80\xA11\x03\xA1a"));
    expected.extend(frame(b"\x95\x03\x80\xA12\x03\x03"));
    assert_eq!(client.bytes(expected.len()).await, expected);
}

#[tokio::test(start_paused = true)]
async fn calls_are_answered() {
    let server = Server::new();
    let mut client = connect(&server).await;
    for (sent, answer) in [
        (call("1", "Echo", r#"["é"]"#), result("1", r#""é""#)),
        (call("2", "add", "[-1,70000]"), result("2", "69999")),
        (call("3", "Nothing", "[]"), result("3", "null")),
        (
            call("4", "Fail", r#"["no"]"#),
            error("4", "An unexpected error occurred invoking 'Fail' on the server. HubException: no"),
        ),
        (
            call("5", "Crash", "[]"),
            error("5", "An unexpected error occurred invoking 'Crash' on the server."),
        ),
        (
            call("6", "Missing", r#"[{"a":[null,true,1.5]}]"#),
            error(
                "6",
                "Failed to invoke 'Missing' due to an error on the server. HubException: Method does not exist.",
            ),
        ),
        (
            stream("7", "Add", "[1,2]"),
            error(
                "7",
                "The client attempted to invoke the non-streaming 'Add' method with a streaming invocation.",
            ),
        ),
    ] {
        client.send(&sent).await;
        assert_eq!(client.next().await, answer);
    }
    // Nobody asked for an answer.
    client.send(r#"{"type":1,"target":"Echo","arguments":["quiet"]}"#).await;
    client.goes_on().await;
    assert_eq!(server.log(), ["echo é", "echo quiet"]);
}

#[tokio::test(start_paused = true)]
async fn arguments_that_do_not_fit_end_their_call() {
    let text = "Failed to invoke 'Add' due to an error on the server.";
    for (server, detailed) in [(Server::new(), false), (Server::detailed(), true)] {
        let mut client = connect(&server).await;
        for (arguments, cause) in [
            (&b"\x91\x01\x90"[..], "Invocation provides 1 argument(s) but target expects 2."),
            (
                b"\x92\x01\xA6secret\x90",
                "Error binding arguments. Make sure that the types of the provided values match the types of the hub method being invoked.",
            ),
            (b"\xA6secret\x90", "Reading array length for 'arguments' failed."),
            // Broken values too: the next message is where the length of this one says.
            (
                b"\x92\xC1\x01\x90",
                "Error binding arguments. Make sure that the types of the provided values match the types of the hub method being invoked.",
            ),
            (
                b"\x92\x01\xDB\xFF\xFF\xFF\xFF",
                "Error binding arguments. Make sure that the types of the provided values match the types of the hub method being invoked.",
            ),
        ] {
            client.send_bytes(&frame(&[b"\x96\x01\x80\xA11\xA3Add", arguments].concat())).await;
            let text =
                if detailed { format!("{text} InvalidDataException: {cause}") } else { text.to_owned() };
            assert_eq!(client.next().await, error("1", &text));
        }
        client.goes_on().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_string_that_is_not_utf_8_fails_its_call_only() {
    let server = Server::new();
    let mut client = connect(&server).await;
    client.send_bytes(&frame(b"\x96\x01\x80\xA11\xA4Echo\x91\xA1\xFF\x90")).await;
    assert_eq!(client.next().await, error("1", "Failed to invoke 'Echo' due to an error on the server."));
    // In the envelope, what is not UTF-8 is replaced.
    client.send_bytes(&frame(b"\x96\x01\x80\xA1\xFF\xA2a\xC3\x90\x90")).await;
    let text =
        "Failed to invoke 'a\u{FFFD}' due to an error on the server. HubException: Method does not exist.";
    assert_eq!(client.next().await, error("\u{FFFD}", text));
    client.goes_on().await;
}

#[tokio::test(start_paused = true)]
async fn results_stream_and_are_cancelled() {
    let server = Server::new();
    let mut client = connect(&server).await;
    client.send(stream("1", "Count", "[3]")).await;
    for n in 0..3 {
        assert_eq!(client.next().await, item("1", &n.to_string()));
    }
    assert_eq!(client.next().await, done("1"));
    client.send(stream("2", "Ticks", r#"["gate"]"#)).await;
    server.world.open("gate");
    assert_eq!(client.next().await, item("2", "0"));
    client.send(cancel("2")).await;
    assert_eq!(client.next().await, done("2"));
    client.send(stream("3", "FailAfter", r#"[1,"oh"]"#)).await;
    assert_eq!(client.next().await, item("3", "0"));
    assert_eq!(
        client.next().await,
        error("3", "An error occurred on the server while streaming results. HubException: oh")
    );
}

#[tokio::test(start_paused = true)]
async fn streams_are_uploaded() {
    let server = Server::new();
    let mut client = connect(&server).await;
    client.send(upload("1", "Zip", "[]", r#"["a","b"]"#)).await;
    client.send_all([item("a", "1"), item("b", "300"), item("a", "-5"), item("b", "0")]).await;
    client.send_all([done("a"), done("b")]).await;
    assert_eq!(client.next().await, result("1", "[[1,300],[-5,0]]"));
    // Clients of the first version leave out the list of streams.
    client.send_bytes(&frame(b"\x95\x01\x80\xA12\xA3Add\x92\x01\x02")).await;
    assert_eq!(client.next().await, result("2", "3"));
    // An item that does not fit ends its stream, whether it is of another type or broken.
    for broken in [&b"\xA6secret"[..], b"\xC1", b"", b"\xA6sec"] {
        client.send(upload("3", "Sum", "[]", r#"["c"]"#)).await;
        client.send_bytes(&frame(&[b"\x94\x02\x80\xA1c", broken].concat())).await;
        assert_eq!(
            client.next().await,
            error(
                "3",
                "An unexpected error occurred invoking 'Sum' on the server. HubException: Failed to bind Stream \
                 message."
            )
        );
    }
    // What nobody waits for is dropped.
    client.send_bytes(&frame(b"\x94\x02\x80\xA1c\xC1")).await;
    client.goes_on().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_is_asked_in_its_own_protocol() {
    let server = Server::new();
    let (mut packed, mut text) = (connect(&server).await, server.connect().await);
    let question = |id: &str| call(id, "Confirm", r#"["q"]"#);
    packed.send(call("1", "Ask", r#"["q",""]"#)).await;
    assert_eq!(packed.next().await, question("s1"));
    packed.send(result("s1", r#""yes""#)).await;
    assert_eq!(packed.next().await, result("1", r#""yes""#));
    // One asks the other: each question and answer is in the protocol of whom it goes to.
    packed.send(call("2", "AskOther", r#"["c2","q"]"#)).await;
    assert_eq!(text.next().await, question("s2"));
    text.send(result("s2", r#""text""#)).await;
    assert_eq!(packed.next().await, result("2", r#""text""#));
    text.send(call("3", "AskOther", r#"["c1","q"]"#)).await;
    assert_eq!(packed.next().await, question("s3"));
    packed.send(result("s3", r#""packed""#)).await;
    assert_eq!(text.next().await, result("3", r#""packed""#));
    // An answer that is broken is one that does not fit.
    for (broken, id) in [(&b"\x05"[..], 4), (b"\xC1", 5), (b"\xA3ab", 6)] {
        packed.send(call("4", "Ask", r#"["q",""]"#)).await;
        assert_eq!(packed.next().await, question(&format!("s{id}")));
        packed.send_bytes(&frame(&[&b"\x95\x03\x80\xA2s"[..], &[b'0' + id], b"\x03", broken].concat())).await;
        assert!(packed.next().await.contains("HubException: Error trying to deserialize result to String. "));
    }
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_reaches_clients_of_both_protocols() {
    let server = Server::new();
    let (mut packed, mut text) = (connect(&server).await, server.connect().await);
    let said = r#"{"type":1,"target":"Said","arguments":["hé"]}"#;
    text.send(call("1", "Send", r#"["all",[],"hé"]"#)).await;
    assert_eq!(packed.next().await, said);
    assert_eq!(text.next().await, said);
    assert_eq!(text.next().await, result("1", "null"));
    packed.send(call("2", "Send", r#"["others",[],"hé"]"#)).await;
    assert_eq!(text.next().await, said);
    assert_eq!(packed.next().await, result("2", "null"));
}

#[tokio::test(start_paused = true)]
async fn filters_see_the_arguments() {
    let filter = |call: crate::server::Invocation, next: crate::server::Next| async move {
        if call.method() == "Add" && call.argument::<i32>(0).unwrap() == 7 {
            return call.reply(&call.argument::<i32>(1).unwrap());
        }
        next.run(call).await
    };
    let server = Server::of(World::default(), |service| service.filter(filter));
    let mut client = connect(&server).await;
    client.send_all([call("1", "Add", "[7,40]"), call("2", "Add", "[1,2]")]).await;
    assert_eq!(client.next().await, result("1", "40"));
    assert_eq!(client.next().await, result("2", "3"));
}

#[tokio::test(start_paused = true)]
async fn pings_and_closes_are_known() {
    let server = Server::new();
    let mut client = connect(&server).await;
    client.send_bytes(b"\x02\x91\x06").await;
    assert_eq!(client.next_or_ping().await, super::client::PING);
    client.send_bytes(b"\x04\x93\x07\xC0\xC2").await;
    client.expect_last(CLOSE).await;
    let server = Server::new();
    let mut client = connect(&server).await;
    client.send(call("1", "Abort", "[]")).await;
    let (records, over) = client.rest().await;
    assert_eq!(records.last().map(String::as_str), Some(CLOSE));
    assert_eq!(over, Over::Closed(End::Normal));
}

#[tokio::test(start_paused = true)]
async fn a_broken_envelope_ends_the_connection() {
    for (sent, cause) in [
        (&b"\x02\x91\xC0"[..], "InvalidDataException: Reading 'messageType' as Int32 failed."),
        (b"\x00", "InvalidDataException: Reading array length for 'message' failed."),
        (b"\x06\x95\x03\x80\xA1a\x09", "InvalidDataException: Invalid invocation result kind."),
        (b"\xFF\xFF\xFF\xFF\x08", "FormatException: Messages over 2GB in size are not supported."),
        (
            b"\x0B\x93\x05\x82\xA1a\xA1b\xA1a\xA1b\x01",
            "ArgumentException: An item with the same key has already been added. Key: a",
        ),
        // Refused by its length alone.
        (
            b"\x81\x80\x02",
            "InvalidDataException: The maximum message size of 32768B was exceeded. The message size can be configured \
             in AddHubOptions.",
        ),
    ] {
        let close = |text: &str| {
            format!(r#"{{"type":7,"error":"Connection closed with an error.{text}","allowReconnect":true}}"#)
        };
        let mut client = connect(&Server::new()).await;
        client.send_bytes(sent).await;
        client.expect_last(&close("")).await;
        let mut client = connect(&Server::detailed()).await;
        client.send_bytes(sent).await;
        client.expect_last(&close(&format!(" {cause}"))).await;
    }
}

#[tokio::test(start_paused = true)]
async fn unknown_messages_are_skipped() {
    let server = Server::new();
    let mut client = connect(&server).await;
    client.send_bytes(b"\x05\x93\x2A\x80\xA1x\x02\x91\x00\x03\x91\x0A\xC1").await;
    client.goes_on().await;
}
