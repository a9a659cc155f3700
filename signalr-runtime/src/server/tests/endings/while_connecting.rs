//! What a client does while its hub is being made is seen at once, and handled when the hub is there.

use tokio::time::Instant;

use super::peer::TEXT;
use super::*;
use crate::connection::budget::ChargeKind;
use crate::server::{Limits, MemoryBudget};

const PING: u8 = 0x89;
const PONG: u8 = 0x8A;

/// A server whose hubs are there when a gate opens.
fn server(options: HubOptions) -> Server {
    let connected = world::hook(async |cx, world: Arc<World>| {
        world.say("connecting");
        world.pass("connect").await;
        world.say(if cx.aborted().is_cancelled() { "connected too late" } else { "connected" });
        Ok(())
    });
    Server::of(World { connected, ..World::default() }, |service| service.options(options))
}

async fn connect(server: &Server) -> Peer {
    let mut peer = server.open_websocket(ROOMY, false);
    peer.record(r#"{"protocol":"json","version":1}"#);
    assert_eq!(peer.next().await, "{}");
    peer
}

/// A way to go, the status of the close frame that answers it, and what everybody is told afterwards.
type Case = (Act, Option<u16>, &'static str, &'static str);

const CASES: [Case; 4] = [
    (|peer| peer.close(Some(1000)), Some(1000), "`None`", "the peer closed the transport"),
    (
        |peer| {
            peer.frame(TEXT, b"{\"type\":");
            peer.close(Some(1000));
        },
        Some(1000),
        "`Codec`: `Connection terminated while reading a message.`",
        "the transport ended in the middle of a message",
    ),
    (
        |peer| peer.frame(0xC1, b"x"),
        Some(1002),
        "`Closed`: `a frame uses a reserved bit: no extension was agreed on`",
        "the peer broke the rules of the transport",
    ),
    (
        Peer::cut,
        None,
        "`None`",
        "the transport was lost: `the connection was lost: it ended without a close frame`",
    ),
];

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_is_answered_at_once_and_its_calls_are_handled() {
    for (go, status, told, reason) in CASES {
        let (recorder, _guard) = Recorder::start();
        let server = server(HubOptions::default());
        let mut peer = connect(&server).await;
        peer.record(&call("1", "Echo", r#"["before"]"#));
        go(&mut peer);
        let begun = Instant::now();
        assert_eq!(peer.rest().await.close, status, "{reason}");
        assert_eq!(begun.elapsed().as_secs(), 0, "{reason}");
        settle().await;
        assert_eq!(server.log(), ["connecting"]);
        assert_eq!(server.handle().connection_count(), 1);
        // Who sends to it does not wait for room.
        for _ in 0..20 {
            server.handle().clients().all().said(&"x".repeat(10_000)).await.unwrap();
        }
        assert_eq!(begun.elapsed().as_secs(), 0);
        server.world.open("connect");
        settle().await;
        let log = server.log();
        assert_eq!(log[..3], ["connecting", "connected too late", "echo before"], "{reason}");
        assert!(log[3].starts_with("c1 disconnected") && log[4] == "c1 dropped", "{log:?}");
        let [last] = &server.world.told.lock().unwrap()[..] else { panic!("it was not called once") };
        assert_eq!(error(last.as_ref()), told);
        assert_eq!(ending(&recorder.events(), Side::Server, last.as_ref().map(HubError::message)), reason);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_take_the_answer_is_left() {
    let close_timeout = std::time::Duration::from_secs(3);
    let http = HttpOptions { close_timeout, ..HttpOptions::default() };
    let server = server(HubOptions { http, ..HubOptions::default() });
    let mut peer = connect(&server).await;
    // After a violation the rest is read to its end, which does not come.
    peer.frame(0xC1, b"x");
    assert_eq!(peer.read().await, Some((super::peer::CLOSE, 1002_u16.to_be_bytes().to_vec())));
    seconds(2).await;
    assert!(peer.is_open());
    seconds(2).await;
    assert!(!peer.is_open());
    assert_eq!(server.log(), ["connecting"]);
}

#[tokio::test(start_paused = true)]
async fn a_ping_is_answered_at_once() {
    let server = server(HubOptions::default());
    let mut peer = connect(&server).await;
    peer.frame(PING, b"there?");
    assert_eq!(peer.read().await, Some((PONG, b"there?".to_vec())));
    assert_eq!(server.log(), ["connecting"]);
}

#[tokio::test(start_paused = true)]
async fn no_more_is_read_ahead_than_there_is_room_for() {
    const ROOM: usize = 64 * 1024;
    let budget = MemoryBudget::new(10_000_000);
    let limits = Limits { memory: Some(budget.clone()), ..Limits::default() };
    let server = server(HubOptions { limits, ..HubOptions::default() });
    let mut peer = connect(&server).await;
    let ids: Vec<_> = (0..30).map(|n| n.to_string()).collect();
    for id in &ids {
        peer.record(&(" ".repeat(30_000) + &call(id, "Add", "[1,2]")));
    }
    settle().await;
    let held = budget.held_as(ChargeKind::Received);
    assert!((ROOM..=2 * ROOM).contains(&held), "{held}");
    server.world.open("connect");
    for id in &ids {
        assert_eq!(peer.next().await, result(id, "3"));
    }
    assert_eq!(server.log(), ["connecting", "connected"]);
    assert_eq!(budget.held_as(ChargeKind::Received), 0);
}
