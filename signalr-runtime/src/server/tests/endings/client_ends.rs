//! What a client finds out.

use std::io;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll};

use super::peer::TEXT;
use super::server_ends::VIOLATIONS;
use super::*;
use crate::connection::duplex::{End, Received};
use crate::connection::outbound::Outbound;

/// What the server of a client does.
const DEEDS: [(&str, Act); 10] = [
    ("The server sends Close", |peer| peer.record(super::super::CLOSE)),
    ("The server sends Close with an error", |peer| peer.record(r#"{"type":7,"error":"too many"}"#)),
    ("The server closes the WebSocket with 1000, or without a status", |peer| peer.close(None)),
    ("The server closes the WebSocket with another status", |peer| peer.close(Some(1011))),
    ("The connection breaks", Peer::cut),
    ("The connection is reset", Peer::reset),
    ("The connection breaks, or is closed, in the middle of a hub message", |peer| {
        peer.frame(TEXT, b"{\"type\":");
        peer.close(Some(1000));
    }),
    ("A hub message that cannot be read", |peer| peer.record("garbage")),
    ("A hub message that is larger than `maximum_receive_message_size`", |peer| {
        peer.record(&" ".repeat(40_000));
    }),
    ("Silence for `server_timeout`", |_| ()),
];

#[tokio::test(start_paused = true)]
async fn what_a_client_finds_out() {
    let mut found = Vec::new();
    for (what, deed) in DEEDS {
        found.push(happens(what, deed).await);
    }
    found.push(stopped("The client stops, or nobody holds it any more").await);
    for (what, violate) in VIOLATIONS {
        found.push(happens(&format!("The server sends {what}"), violate).await);
    }
    table::compare("Found out by the client", &found);
}

async fn happens(what: &str, deed: Act) -> Row {
    let client = at_the_client(|client| client.maximum_receive_message_size(Some(30_000)), deed).await;
    as_row(what, client).await
}

/// A row, with what our own server makes of what the client has sent.
async fn as_row(what: &str, client: ToldClient) -> Row {
    let ToldClient { got, closed, reason } = client;
    let metrics = DebuggingRecorder::new();
    let _metrics = metrics::set_default_local_recorder(&metrics);
    let (recorder, _guard) = Recorder::start();
    let server = Server::new();
    let mut peer = server.open_websocket(ROOMY, false);
    peer.record(r#"{"protocol":"json","version":1}"#);
    assert_eq!(peer.next().await, "{}");
    peer.repeat(&got);
    peer.rest().await;
    let mut told = told(&server, got, &recorder, &metrics.snapshotter()).await;
    told.reason = reason;
    row(what, &told, &error(closed.as_ref()))
}

async fn stopped(what: &str) -> Row {
    let (recorder, guard) = Recorder::start();
    let (connection, mut peer) = client(ROOMY, |client| client).await;
    let ((), got) = tokio::join!(connection.stop(), peer.rest());
    let closed = connection.closed().await;
    let reason = ending(&recorder.events(), Side::Client, None);
    drop(guard);
    as_row(what, ToldClient { got, closed, reason }).await
}

#[tokio::test(start_paused = true)]
async fn what_a_server_may_do_can_be_set() {
    use crate::client::Rate;

    let pings = |peer: &mut Peer| (0..10).for_each(|_| peer.frame(0x89, b""));
    let fragments = |peer: &mut Peer| {
        peer.frame(0x01, b" ");
        (0..8).for_each(|_| peer.frame(0x00, b" "));
        peer.frame(0x80, b" ");
    };
    let seldom = |client: Builder| client.fragments(9).control_frames(Some(Rate::per_second(9)));
    for (deed, status, text) in [
        (pings as Act, 1008, "too many frames came that carry no data"),
        (fragments, 1009, "a message came in too many small fragments"),
    ] {
        let told = at_the_client(seldom, deed).await;
        assert_eq!((told.got.close, told.closed.unwrap().message()), (Some(status), text));
        let often = |client: Builder| client.fragments(10).control_frames(Some(Rate::per_second(10)));
        let told = at_the_client(often, |peer| {
            deed(peer);
            peer.record(super::super::CLOSE);
        });
        assert!(told.await.closed.is_none());
    }
    // Without a limit there may be any number.
    let told = at_the_client(
        |client| client.control_frames(None),
        |peer| {
            (0..1000).for_each(|_| peer.frame(0x8A, b""));
            peer.record(super::super::CLOSE);
        },
    );
    assert!(told.await.closed.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_violation_before_the_handshake_is_told_as_what_it_is() {
    let (mut peer, line) = Peer::pair(Side::Server, ROOMY);
    let settings = HubConnection::<ProbeHubContract>::builder("http://localhost/").into_settings();
    let opened = opened(line, &settings);
    let (started, got) = tokio::join!(start(settings, opened), async {
        peer.next().await;
        peer.frame(0xC1, b"x");
        peer.rest().await
    });
    let error = started.err().expect("no connection").to_string();
    assert!(error.ends_with(": a frame uses a reserved bit: no extension was agreed on"), "{error}");
    assert_eq!(got.close, Some(1002));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_silent_for_too_long_is_not_waited_for() {
    // It reads nothing either, and something waits to be written.
    let (connection, peer) = client(100, |client| client).await;
    let call = tokio::spawn(connection.hub().echo("x".repeat(1000)));
    let begun = tokio::time::Instant::now();
    let error = connection.closed().await.unwrap();
    assert_eq!(error.kind(), crate::HubErrorKind::Timeout);
    assert_eq!(begun.elapsed().as_secs(), 29, "thirty since it was heard last");
    assert!(call.await.unwrap().is_err());
    drop(peer);
}

/// A socket to which a word of its peer comes between a read and a write that fails.
struct Late {
    socket: Box<dyn Duplex>,
    is_late: Arc<AtomicBool>,
}

impl Duplex for Late {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        receive: &mut dyn FnMut(&[u8]),
    ) -> Poll<io::Result<Received>> {
        if self.is_late.load(Ordering::Relaxed) {
            Poll::Pending
        } else {
            self.socket.poll_receive(cx, receive)
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, queue: &Outbound) -> Poll<io::Result<()>> {
        let sent = self.socket.poll_send(cx, queue);
        if let Poll::Ready(Err(_)) = sent {
            self.is_late.store(false, Ordering::Relaxed);
        }
        sent
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, end: End) -> Poll<io::Result<()>> {
        self.socket.poll_close(cx, end)
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_word_of_a_server_is_read_although_nothing_can_be_written_any_more() {
    let is_late = Arc::<AtomicBool>::default();
    let late = |socket| Box::new(Late { socket, is_late: Arc::clone(&is_late) }) as Box<dyn Duplex>;
    let (connection, mut peer) = client_over(ROOMY, |client| client, late).await;
    is_late.store(true, Ordering::Relaxed);
    peer.record(r#"{"type":7,"error":"too many"}"#);
    drop(peer);
    let call = tokio::spawn(connection.hub().echo("hello?".to_owned()));
    let error = connection.closed().await.unwrap();
    assert_eq!(error.message(), "The server closed the connection with the following error: too many");
    assert!(call.await.unwrap().is_err());
}
