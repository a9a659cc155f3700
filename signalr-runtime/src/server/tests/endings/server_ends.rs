//! What a server finds out.

use std::time::Duration;

use super::peer::TEXT;
use super::*;
use crate::ResultExt;
use crate::connection::ending::EndRequest;
use crate::connection::rate::Rate;
use crate::server::Limits;
use any_client::AnyClient;

/// A connection that is open and of which nothing else is special.
const USUAL: Scenario = Scenario {
    what: "",
    server: Server::new,
    beginning: Beginning::Connected,
    deed: Deed::Nothing,
    capacity: ROOMY,
    reads_after: 0,
};

/// What breaks the rules of WebSockets, whichever side does it.
pub(super) const VIOLATIONS: [(&str, Act); 13] = [
    ("a frame with a reserved bit", |peer| peer.frame(0xC1, b"x")),
    ("a frame of an unknown kind", |peer| peer.frame(0x83, b"x")),
    ("a frame that is not masked, or is and must not be", Peer::wrongly_masked),
    ("a control frame that is fragmented or too long", |peer| peer.frame(0x09, b"x")),
    ("a fragment without a beginning", |peer| peer.frame(0x80, b"x")),
    ("a message inside another one", |peer| {
        peer.frame(0x01, b"x");
        peer.frame(TEXT, b"x");
    }),
    ("a close frame with half a status", |peer| peer.frame(peer::CLOSE, b"x")),
    ("a close frame with a status that is none", |peer| peer.frame(peer::CLOSE, &1005_u16.to_be_bytes())),
    ("a frame of 2^63 bytes or more", |peer| peer.bytes(&[&[TEXT, 0xFF][..], &[0xFF; 8], &[0; 4]].concat())),
    ("text that is not UTF-8", |peer| peer.frame(TEXT, b"\xFF")),
    ("a violation in the middle of a hub message", |peer| {
        peer.frame(TEXT, b"{\"type\":");
        peer.frame(0xC1, b"x");
    }),
    ("a message in too many small fragments", |peer| {
        peer.frame(0x01, b"x");
        (0..64).for_each(|_| peer.frame(0x00, b"x"));
    }),
    ("too many pings, pongs and empty messages", |peer| (0..101).for_each(|_| peer.frame(0x89, b""))),
];

fn with(limits: Limits) -> Server {
    Server::with(HubOptions { limits, ..HubOptions::default() })
}

pub(super) fn end(server: &Server, request: EndRequest) {
    server.service.shared.core.registry.get("c1").unwrap().shared.end(request);
}

/// Over a WebSocket.
const SCENARIOS: &[Scenario] = &[
    Scenario { what: "The client sends Close", deed: Deed::Peer(|peer| peer.record(CLOSE)), ..USUAL },
    Scenario {
        what: "The client sends Close with an error",
        deed: Deed::Peer(|peer| peer.record(r#"{"type":7,"error":"out of luck"}"#)),
        ..USUAL
    },
    Scenario {
        what: "The client closes the WebSocket, with any status or none",
        deed: Deed::Peer(|peer| peer.close(None)),
        ..USUAL
    },
    Scenario { what: "The connection breaks", deed: Deed::Peer(Peer::cut), ..USUAL },
    Scenario { what: "The connection is reset", deed: Deed::Peer(Peer::reset), ..USUAL },
    Scenario {
        what: "The connection breaks, or is closed, in the middle of a hub message",
        deed: Deed::Peer(|peer| {
            peer.frame(TEXT, b"{\"type\":");
            peer.close(Some(1000));
        }),
        ..USUAL
    },
    Scenario {
        what: "A hub message that cannot be read",
        deed: Deed::Peer(|peer| peer.record("garbage")),
        ..USUAL
    },
    Scenario {
        what: "A hub message that is too large",
        deed: Deed::Peer(|peer| peer.record(&" ".repeat(40_000))),
        ..USUAL
    },
    Scenario {
        what: "The answer to what another client was asked",
        deed: Deed::Peers(|server, peer, others| {
            Box::pin(async move {
                let mut asked = server.connect().await;
                asked.send(call("1", "Ask", r#"["?",""]"#)).await;
                asked.next().await;
                others.push(asked);
                peer.record(&result("s1", "1"));
            })
        }),
        ..USUAL
    },
    Scenario {
        what: "Too many items for streams that do not exist",
        server: || with(Limits { stray_items: Some(Rate::per_second(1)), ..Limits::default() }),
        deed: Deed::Peer(|peer| (0..3).for_each(|_| peer.record(&item("x", "1")))),
        ..USUAL
    },
    Scenario {
        what: "Silence for `client_timeout_interval` after a ping",
        deed: Deed::Peer(|peer| peer.record(client::PING)),
        ..USUAL
    },
    Scenario {
        what: "The client takes nothing for `transport_send_timeout`",
        deed: Deed::Peer(|peer| peer.record(&stream("1", "Flood", "[1000]"))),
        capacity: 1000,
        reads_after: 60,
        ..USUAL
    },
    Scenario {
        what: "The client uses up the `send_patience` of those who send to it",
        deed: Deed::Server(|server| Box::pin(async { drop(server.send_until_one_waits().await.await) })),
        capacity: 1000,
        reads_after: 60,
        ..USUAL
    },
    Scenario {
        what: "The client does not read, and the memory is short",
        deed: Deed::Server(|server| {
            Box::pin(async {
                let shared = Arc::clone(&server.service.shared.core.registry.get("c1").unwrap().shared);
                shared.ending.relieve(&shared.outbound);
            })
        }),
        capacity: 1000,
        reads_after: 60,
        ..USUAL
    },
    Scenario {
        what: "The hub, or a `HubHandle`, aborts it",
        deed: Deed::Server(|server| Box::pin(async { server.handle().abort("c1") })),
        ..USUAL
    },
    Scenario {
        what: "The hub aborts it, and the disconnect callback panics or takes too long",
        server: || {
            let disconnected = world::hook(async |_, _| panic!("a callback panics on purpose"));
            Server::of(World { disconnected, ..World::default() }, |service| service)
        },
        deed: Deed::Server(|server| Box::pin(async { server.handle().abort("c1") })),
        ..USUAL
    },
    Scenario {
        what: "The hub is drained",
        deed: Deed::Server(|server| Box::pin(async { drop(tokio::spawn(shut_down(server))) })),
        ..USUAL
    },
    Scenario {
        what: "The hub is drained, and the disconnect callback takes longer than the drain waits",
        server: || Server::of(World::slow_to_end(), |service| service),
        deed: Deed::Server(|server| Box::pin(async { drop(tokio::spawn(shut_down(server))) })),
        ..USUAL
    },
    Scenario {
        what: "The credentials of the client expire",
        deed: Deed::Server(|server| Box::pin(async { end(server, EndRequest::AuthenticationExpired) })),
        ..USUAL
    },
    Scenario {
        what: "A later request shows credentials that are refused",
        deed: Deed::Server(|server| Box::pin(async { end(server, EndRequest::AuthenticationRevoked) })),
        ..USUAL
    },
    Scenario {
        what: "The connect callback, or the factory of the hub, fails",
        server: || {
            let connected = world::hook(async |_, _| Err(std::io::Error::other("a secret")).internal());
            Server::of(World { connected, ..World::default() }, |service| service)
        },
        ..USUAL
    },
    Scenario {
        what: "The connect callback panics",
        server: || {
            let connected = world::hook(async |_, _| panic!("a callback panics on purpose"));
            Server::of(World { connected, ..World::default() }, |service| service)
        },
        ..USUAL
    },
    Scenario {
        what: "The connect callback takes longer than `callback_timeout`",
        server: || {
            let connected = world::hook(async |_, _| std::future::pending().await);
            Server::of(World { connected, ..World::default() }, |service| service)
        },
        ..USUAL
    },
    Scenario { what: "No handshake within `handshake_timeout`", beginning: Beginning::Open, ..USUAL },
    Scenario {
        what: "A handshake that cannot be read",
        beginning: Beginning::Open,
        deed: Deed::Peer(|peer| peer.record("garbage")),
        ..USUAL
    },
    Scenario {
        what: "A handshake that is larger than `handshake_size`",
        beginning: Beginning::Open,
        deed: Deed::Peer(|peer| peer.record(&" ".repeat(5000))),
        ..USUAL
    },
    Scenario {
        what: "A handshake for a protocol that the hub does not speak",
        beginning: Beginning::Open,
        deed: Deed::Peer(|peer| peer.record(r#"{"protocol":"xml","version":1}"#)),
        ..USUAL
    },
    Scenario {
        what: "The client goes before its handshake",
        beginning: Beginning::Open,
        deed: Deed::Peer(|peer| peer.close(Some(1000))),
        ..USUAL
    },
    Scenario {
        what: "A violation of the WebSocket before the handshake",
        beginning: Beginning::Open,
        deed: Deed::Peer(|peer| peer.frame(0xC1, b"x")),
        ..USUAL
    },
    Scenario {
        what: "The hub is drained before the handshake",
        beginning: Beginning::Open,
        deed: Deed::Server(|server| Box::pin(async { drop(tokio::spawn(shut_down(server))) })),
        ..USUAL
    },
    Scenario {
        what: "A client that may resume does not come back within `disconnect_timeout`",
        beginning: Beginning::Resumable,
        deed: Deed::Peer(Peer::cut),
        ..USUAL
    },
    Scenario {
        what: "A client that may resume acknowledges nothing for five seconds, and its buffer is full",
        server: || {
            let limits = Limits { send_patience: Duration::MAX, ..Limits::default() };
            Server::with(HubOptions { stateful_reconnect_buffer_size: 100, limits, ..HubOptions::default() })
        },
        beginning: Beginning::Resumable,
        deed: Deed::Server(|server| {
            Box::pin(async {
                let clients = server.handle().clients();
                drop(tokio::spawn(async move {
                    for _ in 0..3 {
                        let _ = clients.client("c1").said(&"x".repeat(100)).await;
                    }
                }));
            })
        }),
        ..USUAL
    },
    Scenario {
        what: "A client that may resume begins a sequence beyond what has arrived",
        beginning: Beginning::Resumable,
        deed: Deed::Peer(|peer| peer.record(r#"{"type":9,"sequenceId":7}"#)),
        ..USUAL
    },
];

fn shut_down(server: &Server) -> impl Future<Output = ()> + Send + use<> {
    let handle = server.handle();
    async move {
        handle.shut_down().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_server_finds_out() {
    let mut found = Vec::new();
    for scenario in SCENARIOS {
        found.push(happens(scenario).await);
    }
    table::compare("Found out by the server", &found);
}

#[tokio::test(start_paused = true)]
async fn what_breaks_the_rules_of_websockets() {
    let mut found = Vec::new();
    for (what, violate) in VIOLATIONS {
        let mut row = happens(&Scenario { what, deed: Deed::Peer(violate), ..USUAL }).await;
        row.what = format!("The client sends {what}");
        found.push(row);
    }
    table::compare("Violations of RFC 6455", &found);
}

/// Whoever has closed waits for nobody's callback, whatever he was in the middle of.
#[tokio::test(start_paused = true)]
async fn a_client_that_closes_in_the_middle_of_a_message_is_answered_at_once() {
    let server = Server::of(World::slow_to_end(), |service| service);
    let mut peer = server.open_websocket(ROOMY, false);
    peer.record(r#"{"protocol":"json","version":1}"#);
    assert_eq!(peer.next().await, "{}");
    peer.frame(TEXT, b"{");
    peer.close(Some(1000));
    let begun = tokio::time::Instant::now();
    let got = peer.rest().await;
    assert_eq!(wire(&got), "Close with `error` and `allowReconnect`, 1000");
    assert_eq!(begun.elapsed().as_secs(), 0);
    assert_eq!(server.handle().connection_count(), 1, "the hub is still being told");
    server.world.open("disconnect");
}

async fn happens(scenario: &Scenario) -> Row {
    let told = at_the_server(scenario).await;
    let closed = if scenario.beginning == Beginning::Open {
        connecting(&told.got).await
    } else {
        error(at_the_client(|client| client, |peer| peer.repeat(&told.got)).await.closed.as_ref())
    };
    row(scenario.what, &told, &closed)
}

/// What `connect` of the project's client says where the server did this instead of answering the handshake.
async fn connecting(got: &Got) -> String {
    let (mut peer, line) = Peer::pair(Side::Server, ROOMY);
    let settings = HubConnection::<ProbeHubContract>::builder("http://localhost/").into_settings();
    let opened = opened(line, &settings);
    let (started, ()) = tokio::join!(start(settings, opened), async {
        peer.next().await;
        peer.repeat(got);
    });
    format!("`connect`: {}", code(&started.err().expect("no connection").to_string()))
}

#[tokio::test(start_paused = true)]
async fn the_other_transports() {
    let mut found = Vec::new();
    for (what, kind, how) in [
        ("Server-Sent Events: the client drops the response", TransportKind::ServerSentEvents, "leaves"),
        ("Long polling: DELETE", TransportKind::LongPolling, "leaves"),
        ("Long polling: no poll for `disconnect_timeout`", TransportKind::LongPolling, "is gone"),
        ("Long polling: the client sends Close", TransportKind::LongPolling, "closes"),
    ] {
        let metrics = DebuggingRecorder::new();
        let _metrics = metrics::set_default_local_recorder(&metrics);
        let (recorder, _guard) = Recorder::start();
        let server = Server::new();
        let mut client = AnyClient::connect(&server, kind).await;
        let mut got = Got::default();
        match how {
            "leaves" => client.leave().await,
            "is gone" => drop(client),
            _ => {
                client.send(CLOSE).await;
                got.records = client.rest().await;
            }
        }
        let told = told(&server, got, &recorder, &metrics.snapshotter()).await;
        found.push(row(what, &told, "–"));
    }
    table::compare("Server-Sent Events and long polling", &found);
}
