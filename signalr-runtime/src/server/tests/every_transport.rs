//! What a hub and its clients do is the same on every transport.

use super::any_client::AnyClient;
use super::*;
use crate::HubError;

/// What happened, with the connections named `c1` and so on.
fn log(server: &Server, ids: &[&str]) -> Vec<String> {
    let mut log = server.log();
    for (n, id) in ids.iter().enumerate() {
        for line in &mut log {
            *line = line.replace(id, &format!("c{}", n + 1));
        }
    }
    log
}

fn said(text: &str) -> String {
    format!(r#"{{"type":1,"target":"Said","arguments":["{text}"]}}"#)
}

#[tokio::test(start_paused = true)]
async fn calls_and_their_answers() {
    let cases = [
        (call("1", "Add", "[1,2]"), result("1", "3")),
        (call("2", "eCHO", r#"["x\n"]"#), result("2", r#""x\n""#)),
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
            call("6", "Panic", "[]"),
            error("6", "An unexpected error occurred invoking 'Panic' on the server."),
        ),
        (
            call("7", "Nowhere", "[]"),
            error(
                "7",
                "Failed to invoke 'Nowhere' due to an error on the server. HubException: Method does not exist.",
            ),
        ),
        (call("8", "Add", "[1]"), error("8", "Failed to invoke 'Add' due to an error on the server.")),
        (
            stream("9", "Add", "[1,2]"),
            error(
                "9",
                "The client attempted to invoke the non-streaming 'Add' method with a streaming invocation.",
            ),
        ),
    ];
    for kind in TransportKind::ALL {
        let server = Server::new();
        let mut client = AnyClient::connect(&server, kind).await;
        for (sent, answer) in &cases {
            client.send(sent).await;
            assert_eq!(client.next().await, *answer, "{kind:?}");
        }
        // All at once, and in order.
        client
            .send_all(cases.iter().filter(|(sent, _)| sent.contains("\"type\":1")).map(|(sent, _)| sent))
            .await;
        let mut answers = Vec::new();
        for _ in 0..8 {
            answers.push(client.next().await);
        }
        answers.sort_unstable();
        let mut expected: Vec<_> = cases[..8].iter().map(|(_, answer)| answer.clone()).collect();
        expected.sort_unstable();
        assert_eq!(answers, expected, "{kind:?}");
        // Without an id there is no answer.
        client
            .send_all([r#"{"type":1,"target":"Fail","arguments":["x"]}"#, &call("a", "Add", "[1,2]")])
            .await;
        assert_eq!(client.next().await, result("a", "3"), "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn streams_of_results() {
    for kind in TransportKind::ALL {
        let server = Server::new();
        let mut client = AnyClient::connect(&server, kind).await;
        client.send(stream("1", "Count", "[10000]")).await;
        for n in 0..10_000 {
            assert_eq!(client.next().await, item("1", &n.to_string()), "{kind:?}");
        }
        assert_eq!(client.next().await, done("1"));
        client.send(stream("2", "FailAfter", r#"[1,"enough"]"#)).await;
        assert_eq!(client.next().await, item("2", "0"));
        let text = "An error occurred on the server while streaming results. HubException: enough";
        assert_eq!(client.next().await, error("2", text), "{kind:?}");
        client.send(stream("3", "Ticks", r#"["gate"]"#)).await;
        server.world.open("gate");
        assert_eq!(client.next().await, item("3", "0"));
        client.send(cancel("3")).await;
        assert_eq!(client.next().await, done("3"), "{kind:?}");
        assert_eq!(server.log(), ["gate given up"]);
    }
}

#[tokio::test(start_paused = true)]
async fn streams_of_the_client() {
    for kind in TransportKind::ALL {
        let server = Server::new();
        let mut client = AnyClient::connect(&server, kind).await;
        client.send(upload("1", "Sum", "[]", r#"["s"]"#)).await;
        for n in 1..=1000 {
            client.send(item("s", &n.to_string())).await;
        }
        client.send(done("s")).await;
        assert_eq!(client.next().await, result("1", "500500"), "{kind:?}");
        client.send_all([upload("2", "Sum", "[]", r#"["t"]"#), error("t", "I cannot")]).await;
        let text = "An unexpected error occurred invoking 'Sum' on the server. HubException: I cannot";
        assert_eq!(client.next().await, error("2", text), "{kind:?}");
        let both = r#"{"type":4,"invocationId":"3","target":"Doubled","arguments":[],"streamIds":["u"]}"#;
        client.send(both).await;
        for n in 1..10 {
            client.send(item("u", &n.to_string())).await;
            assert_eq!(client.next().await, item("3", &(2 * n).to_string()), "{kind:?}");
        }
        client.send(done("u")).await;
        assert_eq!(client.next().await, done("3"), "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_is_cancelled() {
    for kind in TransportKind::ALL {
        let server = Server::new();
        let mut client = AnyClient::connect(&server, kind).await;
        client.send(call("1", "Wait", r#"["a"]"#)).await;
        settle().await;
        client.send(cancel("1")).await;
        let answer = client.next().await;
        assert!(answer.starts_with(r#"{"type":3,"invocationId":"1","error":"#), "{kind:?} {answer}");
        assert_eq!(server.log(), ["a begins", "a given up"], "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn results_of_clients() {
    for kind in TransportKind::ALL {
        let server = Server::new();
        let mut client = AnyClient::connect(&server, kind).await;
        client.send(call("1", "Ask", r#"["sure?",""]"#)).await;
        let asked = r#"{"type":1,"invocationId":"s1","target":"Confirm","arguments":["sure?"]}"#;
        assert_eq!(client.next().await, asked, "{kind:?}");
        client.send(result("s1", r#""yes""#)).await;
        assert_eq!(client.next().await, result("1", r#""yes""#), "{kind:?}");
        // Who goes without an answer fails the call that waits for it.
        client.send(call("2", "Ask", r#"["there?",""]"#)).await;
        client.next().await;
        let id = client.id.clone();
        client.leave().await;
        settle().await;
        let log = log(&server, &[&id]);
        assert!(log[3].starts_with("there? failed: "), "{kind:?} {log:?}");
        assert!(log[3].ends_with("Connection 'c1' disconnected."), "{kind:?} {log:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn clients_of_all_transports_are_in_one_group() {
    for sender in 0..3 {
        let server = Server::new();
        let mut clients = Vec::new();
        for kind in TransportKind::ALL {
            let mut client = AnyClient::connect(&server, kind).await;
            client.send(call("1", "Join", r#"["g"]"#)).await;
            assert_eq!(client.next().await, result("1", "null"));
            clients.push(client);
        }
        for (n, to, names) in [(1, "group", r#"["g"]"#), (2, "all", "[]"), (3, "others_in_group", r#"["g"]"#)]
        {
            let text = format!("number {n}");
            clients[sender].send(call("2", "Send", &format!(r#"["{to}",{names},"{text}"]"#))).await;
            for (at, client) in clients.iter_mut().enumerate() {
                if to != "others_in_group" || at != sender {
                    assert_eq!(client.next().await, said(&text), "{sender} {at} {to}");
                }
            }
            assert_eq!(clients[sender].next().await, result("2", "null"));
        }
        clients[sender].send(call("3", "Leave", r#"["g"]"#)).await;
        assert_eq!(clients[sender].next().await, result("3", "null"));
        server.handle().clients().group("g").said("last").await.unwrap();
        for (at, client) in clients.iter_mut().enumerate() {
            if at != sender {
                assert_eq!(client.next().await, said("last"));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_method_aborts_its_connection() {
    for kind in TransportKind::ALL {
        let server = Server::new();
        let mut client = AnyClient::connect(&server, kind).await;
        client.send(call("1", "Abort", "[]")).await;
        assert_eq!(client.rest().await, [CLOSE], "{kind:?}");
        settle().await;
        assert_eq!(log(&server, &[&client.id]), ["c1 disconnected", "c1 dropped"], "{kind:?}");
        assert_eq!(server.handle().connection_count(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_client_closes() {
    for kind in TransportKind::ALL {
        for (close, told) in [
            (CLOSE, "c1 disconnected"),
            (r#"{"type":7,"error":"out of luck"}"#, "c1 disconnected: HubException: out of luck"),
        ] {
            let server = Server::new();
            let mut client = AnyClient::connect(&server, kind).await;
            client.send(close).await;
            assert_eq!(client.rest().await, [CLOSE], "{kind:?}");
            settle().await;
            assert_eq!(log(&server, &[&client.id]), [told, "c1 dropped"], "{kind:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_client_goes() {
    for kind in TransportKind::ALL {
        let server = Server::new();
        let mut client = AnyClient::connect(&server, kind).await;
        client.send_all([call("1", "Join", r#"["g"]"#), upload("2", "Sum", "[]", r#"["s"]"#)]).await;
        assert_eq!(client.next().await, result("1", "null"));
        settle().await;
        let id = client.id.clone();
        client.leave().await;
        settle().await;
        assert_eq!(log(&server, &[&id])[0], "c1 disconnected", "{kind:?}");
        assert_eq!(server.handle().connection_count(), 0);
        assert!(server.service.shared.core.registry.is_empty(), "{kind:?}: a group stays");
        assert!(server.service.shared.core.open.tasks.is_empty(), "{kind:?}: a task stays");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_may_not_connect() {
    for kind in TransportKind::ALL {
        let connected = world::hook(async |_, _| Err(HubError::new("not you")));
        let server = Server::of(World { connected, ..World::default() }, |service| service);
        let mut client = AnyClient::open(&server, kind).await;
        client.send(super::requests::HANDSHAKE).await;
        assert_eq!(
            client.rest().await,
            ["{}", r#"{"type":7,"error":"Connection closed with an error. HubException: not you"}"#],
            "{kind:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_cannot_be_read() {
    let large = " ".repeat(40_000);
    for kind in TransportKind::ALL {
        for broken in ["garbage", r#"{"type":1}"#, &large] {
            let server = Server::new();
            let mut client = AnyClient::connect(&server, kind).await;
            client.send(broken).await;
            assert_eq!(client.rest().await, [CLOSE_ERROR], "{kind:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn messages_of_any_size() {
    let http = HttpOptions {
        application_max_buffer_size: 1000,
        transport_max_buffer_size: 1000,
        ..HttpOptions::default()
    };
    let options = HubOptions { maximum_receive_message_size: None, http, ..HubOptions::default() };
    for kind in TransportKind::ALL {
        let server = Server::with(options.clone());
        let mut client = AnyClient::connect(&server, kind).await;
        for length in [0, 1, 999, 1000, 1001, 500_000] {
            let text = format!("\"{}\"", "ä".repeat(length));
            client.send(call("1", "Echo", &format!("[{text}]"))).await;
            assert_eq!(client.next().await, result("1", &text), "{kind:?} {length}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown() {
    for kind in TransportKind::ALL {
        let server = Server::new();
        let mut client = AnyClient::connect(&server, kind).await;
        let handle = server.handle();
        let down = tokio::spawn(async move { handle.shut_down().await });
        assert_eq!(client.rest().await, [CLOSE_RECONNECT], "{kind:?}");
        down.await.unwrap();
        assert_eq!(log(&server, &[&client.id]), ["c1 disconnected", "c1 dropped"], "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_hub_sees_the_request_without_the_token() {
    for kind in [TransportKind::ServerSentEvents, TransportKind::LongPolling] {
        let connected = world::hook(async |cx, world: Arc<World>| {
            world.say(format!("{} {:?}", cx.request().uri, cx.user_id()));
            Ok(())
        });
        let server = Server::of(World { connected, ..World::default() }, |service| {
            service.user_id(|_| Some("ada".to_owned()))
        });
        let _client = AnyClient::connect(&server, kind).await;
        assert_eq!(server.log(), [r#"/hub Some("ada")"#], "{kind:?}");
    }
}
