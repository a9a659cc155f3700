//! What a server does, frame by frame: text in, text out, and a clock that stands still until everybody waits.

mod any_client;
mod broken;
mod client;
mod probe;
mod recorder;
mod requests;
mod world;

mod access_token;
mod authentication;
mod authorize;
#[cfg(feature = "messagepack")]
mod bare;
mod blocking;
mod blocking_detector;
#[cfg(feature = "messagepack")]
mod broadcasts;
mod callback_timeout;
mod cancel;
mod client_results;
mod close;
#[cfg(feature = "axum")]
mod connecting;
mod dispatch;
mod drain;
#[cfg(all(feature = "client", feature = "metrics", feature = "test-util"))]
mod endings;
mod every_transport;
mod fairness;
mod fairness_of_requests;
mod filters;
mod giving_way;
mod handshake;
mod keep_alive;
mod leaving;
mod ledger;
mod lifecycle;
mod limits;
mod long_polling;
#[cfg(feature = "metrics")]
mod measurements;
#[cfg(feature = "messagepack")]
mod messagepack;
mod method_options;
#[cfg(feature = "axum")]
mod mounting;
mod negotiate;
mod opening;
mod ordering;
mod origin;
#[cfg(feature = "axum")]
mod over_tcp;
mod panics;
mod patience;
#[cfg(feature = "axum")]
mod proxies;
#[cfg(feature = "axum")]
mod raw;
#[cfg(feature = "messagepack")]
mod registry;
mod request_heads;
mod secrets;
mod selections;
mod send;
mod server_sent_events;
mod shutdown;
mod slow_consumers;
mod starvation;
mod stateful;
mod streams;
mod traces;
#[cfg(all(feature = "client", feature = "metrics", feature = "test-util"))]
mod unasked;
mod unwritten;
mod uploads;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use client::{Client, Watched};
use probe::{Probe, ProbeHubContract};
use world::World;

use super::{HttpOptions, HubHandle, HubOptions, HubService, ResponseBody};
use crate::connection::duplex::Duplex;
use crate::connection::frame::FrameHeader;
#[cfg(feature = "messagepack")]
use crate::contract::value::HubProtocol;
use crate::endpoint::connection_id::ConnectionId;
use crate::endpoint::http::accepted::{Accepted, Place};
use crate::endpoint::http::application::Application;
use crate::endpoint::resume::seat::Seat;
use crate::hub::session;
use crate::transport::memory;
use crate::transport::negotiate::TransportKind;

/// A hub under test, and the clients that connect to it.
struct Server {
    service: HubService<Probe>,
    world: Arc<World>,
    /// Connections are named `c1`, `c2` and so on.
    connections: AtomicUsize,
}

impl Server {
    fn new() -> Self {
        Self::with(HubOptions::default())
    }

    fn with(options: HubOptions) -> Self {
        Self::of(World::default(), |service| service.options(options))
    }

    /// A server without detailed errors and one with them, each with its Close message for a connection that fails with
    /// `text`.
    fn closing_with(text: &str, options: &HubOptions) -> [(Self, String); 2] {
        let detailed = format!(
            r#"{{"type":7,"error":"Connection closed with an error. {text}","allowReconnect":true}}"#
        );
        let with =
            |enable_detailed_errors| Self::with(HubOptions { enable_detailed_errors, ..options.clone() });
        [(with(false), CLOSE_ERROR.to_owned()), (with(true), detailed)]
    }

    /// With detailed errors.
    fn detailed() -> Self {
        Self::with(HubOptions { enable_detailed_errors: true, ..HubOptions::default() })
    }

    fn of(world: World, configure: impl FnOnce(HubService<Probe>) -> HubService<Probe>) -> Self {
        let world = Arc::new(world);
        let of_hubs = Arc::clone(&world);
        let service = HubService::<Probe>::try_new(move |cx| Probe::make(cx, Arc::clone(&of_hubs)));
        Self { service: configure(service), world, connections: AtomicUsize::new(0) }
    }

    fn handle(&self) -> HubHandle<ProbeHubContract> {
        self.service.handle()
    }

    /// A client whose transport is open.
    fn open(&self) -> Client {
        self.open_narrow(1 << 20)
    }

    /// A client whose line holds `capacity` bytes in each direction.
    fn open_narrow(&self, capacity: usize) -> Client {
        let (near, far) = memory::pair(capacity);
        let ended = Arc::new(Mutex::new(None));
        self.accept(Box::new(Watched { end: far, ended: Arc::clone(&ended) }), None);
        Client::new(near, ended)
    }

    /// A client whose request is as `change` makes it.
    fn open_with(&self, change: impl FnOnce(&mut http::request::Parts)) -> Client {
        let (near, far) = memory::pair(1 << 20);
        let ended = Arc::new(Mutex::new(None));
        let transport = Box::new(Watched { end: far, ended: Arc::clone(&ended) });
        self.accept_with(transport, FrameHeader::None, None, change);
        Client::new(near, ended)
    }

    /// Serves a connection on `transport`.
    fn accept(&self, transport: Box<dyn Duplex>, resume: Option<Arc<Seat>>) {
        self.accept_with(transport, FrameHeader::None, resume, |_| ());
    }

    fn accept_with(
        &self,
        transport: Box<dyn Duplex>,
        frame_header: FrameHeader,
        resume: Option<Arc<Seat>>,
        change: impl FnOnce(&mut http::request::Parts),
    ) {
        let number = self.connections.fetch_add(1, Ordering::Relaxed) + 1;
        let (mut request, ()) =
            http::Request::builder().uri(format!("/hub?user=u{number}")).body(()).unwrap().into_parts();
        change(&mut request);
        let accepted = Accepted {
            id: ConnectionId::new(&format!("c{number}")),
            user_id: self.service.shared.endpoint().identity.user_id(&request),
            request: Arc::new(request),
            transport,
            frame_header,
            kind: TransportKind::WebSockets,
            close_timeout: self.service.shared.endpoint().options.close_timeout,
            place: Place::default(),
            resume,
            authentication: None,
        };
        session::spawn(Arc::clone(&self.service.shared), accepted);
    }

    /// A client that has shaken hands.
    async fn connect(&self) -> Client {
        let mut client = self.open();
        client.shake_hands().await;
        client
    }

    #[cfg(feature = "messagepack")]
    async fn connect_with(&self, format: HubProtocol) -> Client {
        let mut client = self.open();
        client.shake_hands_for(format).await;
        client
    }

    async fn connect_narrow(&self, capacity: usize) -> Client {
        let mut client = self.open_narrow(capacity);
        client.shake_hands().await;
        client
    }

    /// Sends to everyone until a send waits for a narrow client that does not read, and returns that send.
    async fn send_until_one_waits(&self) -> tokio::task::JoinHandle<crate::HubResult> {
        let clients = self.handle().clients();
        for _ in 0..14 {
            clients.all().said(&"x".repeat(10_000)).await.unwrap();
        }
        let sending = tokio::spawn(async move { clients.all().said("last").await });
        settle().await;
        assert!(!sending.is_finished());
        sending
    }

    /// What has happened in the hub so far.
    fn log(&self) -> Vec<String> {
        self.world.log.lock().unwrap().clone()
    }
}

/// Lets everything run that can run without time passing.
async fn settle() {
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
}

/// Lets time pass.
async fn seconds(seconds: u64) {
    tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
}

/// A Close that lets the client come back.
const CLOSE_RECONNECT: &str = r#"{"type":7,"allowReconnect":true}"#;
/// A Close that does not.
const CLOSE: &str = r#"{"type":7}"#;
/// A Close after an error that the client is not to read.
const CLOSE_ERROR: &str = r#"{"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#;

/// A plain call.
fn call(id: &str, target: &str, arguments: &str) -> String {
    format!(r#"{{"type":1,"invocationId":"{id}","target":"{target}","arguments":{arguments}}}"#)
}

/// A call that streams its results.
fn stream(id: &str, target: &str, arguments: &str) -> String {
    format!(r#"{{"type":4,"invocationId":"{id}","target":"{target}","arguments":{arguments}}}"#)
}

/// A plain call that is fed by streams.
fn upload(id: &str, target: &str, arguments: &str, streams: &str) -> String {
    format!(
        r#"{{"type":1,"invocationId":"{id}","target":"{target}","arguments":{arguments},"streamIds":{streams}}}"#
    )
}

fn item(id: &str, item: &str) -> String {
    format!(r#"{{"type":2,"invocationId":"{id}","item":{item}}}"#)
}

/// The end of a stream or the answer to a call, without a value.
fn done(id: &str) -> String {
    format!(r#"{{"type":3,"invocationId":"{id}"}}"#)
}

fn result(id: &str, value: &str) -> String {
    format!(r#"{{"type":3,"invocationId":"{id}","result":{value}}}"#)
}

fn error(id: &str, text: &str) -> String {
    format!(r#"{{"type":3,"invocationId":"{id}","error":{}}}"#, serde_json::to_string(text).unwrap())
}

fn cancel(id: &str) -> String {
    format!(r#"{{"type":5,"invocationId":"{id}"}}"#)
}
