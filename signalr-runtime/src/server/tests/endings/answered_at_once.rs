//! The server ends a connection, and a callback takes its time: whoever closes in turn does not wait for it.

use tokio::time::{Duration, Instant};

use super::server_ends::end;
use super::*;
use crate::connection::ending::EndRequest;

const PING: u8 = 0x89;
const PONG: u8 = 0x8A;

/// The callbacks, of which one takes its time.
const CALLBACKS: [&str; 2] = ["connect", "disconnect"];

/// A server whose callbacks come to their end when their gates open: all but that of `slow` are open.
fn server(slow: &str, options: HubOptions) -> Server {
    let connected = world::hook(async |_, world: Arc<World>| {
        world.pass("connect").await;
        Ok(())
    });
    let server = Server::of(World { connected, ..World::slow_to_end() }, |service| service.options(options));
    CALLBACKS.iter().filter(|callback| **callback != slow).for_each(|callback| server.world.open(callback));
    server
}

async fn connect(server: &Server) -> Peer {
    let mut peer = server.open_websocket(ROOMY, false);
    peer.record(r#"{"protocol":"json","version":1}"#);
    assert_eq!(peer.next().await, "{}");
    settle().await;
    peer
}

#[tokio::test(start_paused = true)]
async fn a_client_that_closes_after_the_server_has_ended_it() {
    let ends = [
        (EndRequest::Abort, CLOSE, "this side ended it"),
        (EndRequest::Drain, CLOSE_RECONNECT, "the hub is being drained"),
        (EndRequest::AuthenticationExpired, CLOSE_RECONNECT, "the credentials of the client have expired"),
    ];
    for (slow, (request, close, reason)) in CALLBACKS.iter().flat_map(|slow| ends.map(|end| (slow, end))) {
        let (recorder, _guard) = Recorder::start();
        let server = server(slow, HubOptions::default());
        let mut peer = connect(&server).await;
        let begun = Instant::now();
        end(&server, request);
        assert_eq!(peer.next().await, close, "{slow}: {request:?}");
        assert_eq!(ending(&recorder.events(), Side::Server, None), reason);
        peer.record(&call("1", "Echo", r#"["too late"]"#));
        peer.frame(PING, b"there?");
        assert_eq!(peer.read().await, Some((PONG, b"there?".to_vec())));
        peer.close(Some(1000));
        assert_eq!(peer.rest().await.close, Some(1000));
        // Who sends to it does not wait for room.
        for _ in 0..20 {
            server.handle().clients().all().said(&"x".repeat(10_000)).await.unwrap();
        }
        assert_eq!(begun.elapsed().as_secs(), 0, "{slow}: {request:?}");
        let has_been_called: &[_] = if *slow == "connect" { &[] } else { &["c1 disconnected"] };
        assert_eq!(server.log(), has_been_called);
        assert_eq!(server.handle().connection_count(), 1);
        server.world.open(slow);
        settle().await;
        assert_eq!(server.log(), ["c1 disconnected", "c1 dropped"]);
        let told = server.world.told.lock().unwrap();
        assert!(matches!(told[..], [None]), "{told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_breaks_off_after_the_server_has_ended_it() {
    for slow in CALLBACKS {
        let server = server(slow, HubOptions::default());
        let mut peer = connect(&server).await;
        let begun = Instant::now();
        end(&server, EndRequest::Abort);
        assert_eq!(peer.next().await, CLOSE);
        peer.cut();
        assert_eq!(peer.read().await, None, "{slow}");
        assert_eq!(begun.elapsed().as_secs(), 0, "{slow}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_nothing_after_the_server_has_ended_it() {
    let http = HttpOptions { close_timeout: Duration::from_secs(3), ..HttpOptions::default() };
    for slow in CALLBACKS {
        let server = server(slow, HubOptions { http: http.clone(), ..HubOptions::default() });
        let mut peer = connect(&server).await;
        end(&server, EndRequest::Abort);
        assert_eq!(peer.next().await, CLOSE);
        seconds(2).await;
        assert!(peer.is_open(), "{slow}");
        seconds(2).await;
        assert!(!peer.is_open(), "{slow}");
        assert_eq!(server.handle().connection_count(), 1);
    }
}

/// The first end is the one that counts, and the hub that was not made is told of none.
#[tokio::test(start_paused = true)]
async fn a_connect_callback_that_fails_after_the_server_has_ended_it() {
    let (recorder, _guard) = Recorder::start();
    let connected = world::hook(async |_, world: Arc<World>| {
        world.pass("connect").await;
        Err(HubError::new("not you"))
    });
    let server = Server::of(World { connected, ..World::default() }, |service| service);
    let mut peer = connect(&server).await;
    end(&server, EndRequest::Abort);
    settle().await;
    server.world.open("connect");
    let got = peer.rest().await;
    assert_eq!((got.records, got.close), (vec![CLOSE.to_owned()], Some(1000)));
    settle().await;
    assert_eq!(ending(&recorder.events(), Side::Server, None), "this side ended it");
    assert_eq!(server.log(), ["c1 dropped"]);
}
