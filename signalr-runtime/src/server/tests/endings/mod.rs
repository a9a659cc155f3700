//! Each row of the table of endings happens, and everybody is told what stands there.

mod answered_at_once;
mod busy_client;
mod client_ends;
pub(super) mod peer;
mod server_ends;
mod table;
mod while_calls_wait;
mod while_connecting;

use std::sync::Arc;

use futures_core::future::LocalBoxFuture;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tokio_util::either::Either;

use self::peer::{Got, Line, Peer, Side};
use self::table::Row;
use super::recorder::{RecordedEvent, Recorder};
use super::*;
use crate::client::{HubConnection, HubConnectionBuilder, Opened, over, start};
use crate::contract::error::HubError;
use crate::endpoint::resume::resumable::Resumable;
use crate::server::telemetry::CONNECTION_DURATION;
use crate::transport::websocket::stream::WebSocket;

/// As much as a line holds, unless it is about that.
const ROOMY: usize = 1 << 20;

/// One way in which a connection ends.
struct Scenario {
    /// The row of the table.
    what: &'static str,
    server: fn() -> Server,
    beginning: Beginning,
    deed: Deed,
    /// How many bytes the line holds in each direction, and how long the peer reads nothing of it, in seconds.
    capacity: usize,
    reads_after: u64,
}

/// How far the connection comes before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beginning {
    Connected,
    /// It may be resumed.
    Resumable,
    /// Its handshake is what fails.
    Open,
}

/// What a peer does.
type Act = fn(&mut Peer);

/// What ends it.
#[derive(Clone, Copy)]
enum Deed {
    /// Nobody does anything.
    Nothing,
    Peer(Act),
    Server(for<'a> fn(&'a Server) -> LocalBoxFuture<'a, ()>),
    /// The peer, and other clients.
    Peers(for<'a> fn(&'a Server, &'a mut Peer, &'a mut Vec<Client>) -> LocalBoxFuture<'a, ()>),
}

/// What the server's side was told.
struct Told {
    got: Got,
    /// What the disconnect callback was told.
    hub: String,
    reason: String,
    status: String,
    limits: String,
}

impl Server {
    /// The other end of a WebSocket to a hub.
    fn open_websocket(&self, capacity: usize, is_resumable: bool) -> Peer {
        let (peer, line) = Peer::pair(Side::Client, capacity);
        let (limits, options) =
            (&self.service.shared.endpoint().limits, &self.service.shared.endpoint().options);
        let socket: Box<dyn Duplex> =
            Box::new(WebSocket::server(line, &[]).limited(limits.fragments, limits.control_frames));
        let seat = is_resumable.then(|| Seat::new(limits.resumes_per_minute));
        let transport = match &seat {
            Some(seat) => {
                let absentees = self.service.shared.endpoint().connections.absentees.clone();
                Box::new(Resumable::new(socket, Arc::clone(seat), absentees, options.disconnect_timeout))
            }
            None => socket,
        };
        self.accept_with(transport, FrameHeader::WebSocket, seat, |_| ());
        peer
    }
}

/// Lets it happen to a connection of a server.
async fn at_the_server(scenario: &Scenario) -> Told {
    let metrics = DebuggingRecorder::new();
    let _metrics = metrics::set_default_local_recorder(&metrics);
    let (recorder, _guard) = Recorder::start();
    let server = (scenario.server)();
    let mut peer = server.open_websocket(scenario.capacity, scenario.beginning == Beginning::Resumable);
    let version = match scenario.beginning {
        Beginning::Connected => 1,
        Beginning::Resumable => 2,
        Beginning::Open => 0,
    };
    if version > 0 {
        peer.record(&format!(r#"{{"protocol":"json","version":{version}}}"#));
        assert_eq!(peer.next().await, "{}");
        settle().await;
    }
    let mut others = Vec::new();
    match scenario.deed {
        Deed::Nothing => {}
        Deed::Peer(deed) => deed(&mut peer),
        Deed::Server(deed) => deed(&server).await,
        Deed::Peers(deed) => deed(&server, &mut peer, &mut others).await,
    }
    seconds(scenario.reads_after).await;
    let got = peer.rest().await;
    told(&server, got, &recorder, &metrics.snapshotter()).await
}

/// What was told of the one connection that has ended.
async fn told(server: &Server, got: Got, recorder: &Recorder, metrics: &Snapshotter) -> Told {
    // Whatever is left of it.
    seconds(60).await;
    let mut told = std::mem::take(&mut *server.world.told.lock().unwrap());
    let last = told.pop();
    assert!(told.is_empty(), "it was called twice");
    let events = recorder.events();
    let hub = last.as_ref().map_or("not called".to_owned(), |last| error(last.as_ref()));
    let reason = ending(&events, Side::Server, last.flatten().as_ref().map(HubError::message));
    let mut limits: Vec<String> = Vec::new();
    for event in events.iter().filter(|event| event.fields["message"] == "a limit was reached") {
        if !limits.contains(&event.fields["kind"]) {
            limits.push(event.fields["kind"].clone());
        }
    }
    let limits = limits.join(", ");
    Told { got, hub, reason, status: status(metrics), limits }
}

/// The line of the log that says why the connection of this side has ended. An `error` that somebody was told as well is not
/// repeated.
fn ending(events: &[RecordedEvent], side: Side, error: Option<&str>) -> String {
    let is_ending = |event: &&RecordedEvent| {
        let message = &*event.fields["message"];
        ["a connection ended", "a handshake failed"].contains(&message)
            && event.fields.contains_key("hub") == (side == Side::Server)
    };
    let ends: Vec<_> = events.iter().filter(is_ending).collect();
    let [end] = ends[..] else { panic!("one end is told once: {ends:?}") };
    let reason = &end.fields["reason"];
    match end.fields.get("error") {
        Some(text) if Some(&**text) != error => format!("{reason}: {}", code(text)),
        _ => reason.clone(),
    }
}

/// How the metric says that the connection has ended.
fn status(metrics: &Snapshotter) -> String {
    let mut found = Vec::new();
    for (key, _, _, value) in metrics.snapshot().into_vec() {
        if let (CONNECTION_DURATION, DebugValue::Histogram(values)) = (key.key().name(), value) {
            let status = key.key().labels().find(|label| label.key() == "signalr.connection.status").unwrap();
            found.extend(values.iter().map(|_| status.value().to_owned()));
        }
    }
    let [status] = &found[..] else { panic!("one end is counted once: {found:?}") };
    status.clone()
}

/// What the client's side was told: what it has said in return, what its `closed()` says, and its log.
struct ToldClient {
    got: Got,
    closed: Option<HubError>,
    reason: String,
}

type Builder = HubConnectionBuilder<ProbeHubContract>;

/// A client that has shaken hands, and the other end of its WebSocket, whose line holds `capacity` bytes in each direction.
pub(super) async fn client(
    capacity: usize,
    configure: impl FnOnce(Builder) -> Builder,
) -> (HubConnection<ProbeHubContract>, Peer) {
    client_over(capacity, configure, |socket| socket).await
}

/// The same, over what `wrap` makes of its socket.
async fn client_over(
    capacity: usize,
    configure: impl FnOnce(Builder) -> Builder,
    wrap: impl FnOnce(Box<dyn Duplex>) -> Box<dyn Duplex>,
) -> (HubConnection<ProbeHubContract>, Peer) {
    let (mut peer, line) = Peer::pair(Side::Server, capacity);
    let settings = configure(HubConnection::builder("http://localhost/")).into_settings();
    let mut opened = opened(line, &settings);
    opened.transport = wrap(opened.transport);
    let (held, ()) = tokio::join!(start(settings, opened), async {
        peer.next().await;
        peer.record("{}");
    });
    settle().await;
    (HubConnection::new(held.unwrap()), peer)
}

/// Lets the other end of a client's WebSocket do something.
async fn at_the_client(
    configure: impl FnOnce(Builder) -> Builder,
    deed: impl FnOnce(&mut Peer),
) -> ToldClient {
    let (recorder, _guard) = Recorder::start();
    let (connection, mut peer) = client(ROOMY, configure).await;
    deed(&mut peer);
    let (closed, got) = tokio::join!(connection.closed(), peer.rest());
    let reason = ending(&recorder.events(), Side::Client, closed.as_ref().map(HubError::message));
    ToldClient { got, closed, reason }
}

fn opened(line: Line, settings: &crate::client::Settings) -> Opened {
    let format = settings.protocol;
    let transport = over(Either::Right(Box::new(line)), &[], format, settings);
    Opened { transport, frame_header: FrameHeader::None, format, id: None }
}

/// What goes over the wire at the end.
fn wire(got: &Got) -> String {
    let mut said: Vec<String> = got.records.iter().map(|record| said_last(record)).collect();
    said.extend(got.close.map(|status| status.to_string()));
    if said.is_empty() { "nothing".to_owned() } else { said.join(", ") }
}

fn said_last(record: &str) -> String {
    let record: serde_json::Value = serde_json::from_str(record).unwrap();
    let (error, reconnect) = (record.get("error"), record.get("allowReconnect"));
    if record.get("type").is_none() {
        return format!("`{}`", error.unwrap().as_str().unwrap());
    }
    match (error, reconnect) {
        (None, None) => "Close",
        (None, Some(_)) => "Close with `allowReconnect`",
        (Some(_), None) => "Close with `error`",
        (Some(_), Some(_)) => "Close with `error` and `allowReconnect`",
    }
    .to_owned()
}

/// A text as it stands in the table.
fn code(text: &str) -> String {
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// What a callback of the user is told.
fn error(error: Option<&HubError>) -> String {
    match error {
        Some(error) => format!("`{:?}`: {}", error.kind(), code(error.message())),
        None => "`None`".to_owned(),
    }
}

/// What a row says if this was told.
fn row(what: &str, told: &Told, closed: &str) -> Row {
    Row {
        what: what.to_owned(),
        wire: wire(&told.got),
        hub: told.hub.clone(),
        reason: told.reason.clone(),
        status: format!("`{}`", told.status),
        limits: if told.limits.is_empty() { String::new() } else { format!("`{}`", told.limits) },
        closed: closed.to_owned(),
    }
}
