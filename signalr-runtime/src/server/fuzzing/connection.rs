//! Any bytes, in any order with anything else that happens to a connection.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::hub::{World, run, settle};
use super::script::{Step, steps};
use crate::connection::duplex::{Duplex, End, Received};
use crate::connection::frame::FrameHeader;
use crate::connection::outbound::{Outbound, QueueLimit};
use crate::contract::value::HubProtocol;
use crate::endpoint::connection_id::ConnectionId;
use crate::endpoint::http::accepted::{Accepted, Place};
use crate::endpoint::http::application::Application;
use crate::endpoint::resume::resumable::Resumable;
use crate::endpoint::resume::seat::Seat;
use crate::hub::session;
use crate::transport::memory::{self, Memory};
use crate::transport::negotiate::TransportKind;

/// What a client may begin with, so that a fuzzer need not find it out each time.
const BEGINNINGS: [&[u8]; 4] = [
    b"",
    b"{\"protocol\":\"json\",\"version\":1}\x1E",
    b"{\"protocol\":\"json\",\"version\":2}\x1E",
    b"{\"protocol\":\"messagepack\",\"version\":2}\x1E",
];

/// Serves a client that sends `data` over the in-memory transport, in between what else happens: lost and replaced
/// lines, time, calls of the server's. The first byte says what kind of client it is.
///
/// # Panics
///
/// If the connection does not end when its client is gone, leaves anything behind, or holds more than it may.
pub fn connection(data: &[u8]) {
    let Some((&kind, script)) = data.split_first() else { return };
    run(kind >> 3, async |world| attack(world, kind, script).await);
}

async fn attack(world: &World, kind: u8, script: &[u8]) {
    let mut client = Client::connect(world, kind & 4 != 0);
    if let Some(beginning) = BEGINNINGS.get(usize::from(kind & 3)) {
        client.send(beginning);
    }
    for step in steps(script) {
        match step {
            Step::Send(bytes) => client.send(bytes),
            Step::Act(act, argument) => client.act(act, argument).await,
        }
        settle().await;
        client.check();
    }
    client.leave().await;
}

/// A client, which is not one that keeps to the protocol.
struct Client<'a> {
    world: &'a World,
    id: ConnectionId,
    seat: Option<Arc<Seat>>,
    line: Memory,
    queue: Outbound,
    /// What the server does with its clients.
    server: JoinSet<()>,
}

impl<'a> Client<'a> {
    const CAPACITY: usize = 2 * 1024;

    fn connect(world: &'a World, resumable: bool) -> Self {
        let shared = &world.service.shared;
        let id = ConnectionId::new("victim");
        let (line, far) = memory::pair(Self::CAPACITY);
        let seat = resumable.then(|| Seat::new(shared.endpoint().limits.resumes_per_minute));
        let transport: Box<dyn Duplex> = match &seat {
            None => Box::new(far),
            Some(seat) => Box::new(Resumable::new(
                Box::new(far),
                Arc::clone(seat),
                shared.endpoint().connections.absentees.clone(),
                shared.endpoint().options.disconnect_timeout,
            )),
        };
        let (request, ()) = http::Request::new(()).into_parts();
        let accepted = Accepted {
            id: id.clone(),
            user_id: Ok(None),
            request: std::sync::Arc::new(request),
            transport,
            frame_header: FrameHeader::None,
            kind: TransportKind::WebSockets,
            close_timeout: shared.endpoint().options.close_timeout,
            place: Place::default(),
            resume: seat.clone(),
            authentication: None,
        };
        session::spawn(Arc::clone(shared), accepted);
        let queue = Outbound::new(FrameHeader::None, QueueLimit { bytes: usize::MAX, frames: usize::MAX });
        Self { world, id, seat, line, queue, server: JoinSet::new() }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.queue.push_control(HubProtocol::Json, bytes);
        self.flush();
    }

    /// What does not fit goes out later.
    fn flush(&mut self) {
        let _ = self.line.poll_send(&mut Context::from_waker(Waker::noop()), &self.queue);
    }

    /// Takes what has come.
    fn read(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        while let Poll::Ready(Ok(Received::Some)) = self.line.poll_receive(&mut cx, &mut |_| ()) {}
        self.flush();
    }

    async fn act(&mut self, act: u8, argument: u8) {
        match act % 8 {
            0 => self.read(),
            1 => self.line.line().cut(),
            2 => self.come_back(),
            3 => sleep(Duration::from_millis(1 << (argument % 18))).await,
            4 => {
                let clients = self.world.service.handle().clients();
                let text = "x".repeat(usize::from(argument) * 16);
                self.server.spawn(async move {
                    let _ = timeout(Duration::from_secs(1), clients.all().said(&text)).await;
                });
            }
            5 => {
                let clients = self.world.service.handle().clients();
                let id = self.id.clone();
                self.server.spawn(async move {
                    let _ = timeout(Duration::from_secs(1), clients.client(&id).confirm("really?")).await;
                });
            }
            6 => {
                let _ = self.line.poll_close(&mut Context::from_waker(Waker::noop()), End::Normal);
            }
            _ => {
                // Reads for some time, as a client does that is not attacking anybody.
                for _ in 0..argument % 16 {
                    self.read();
                    sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    fn come_back(&mut self) {
        let Some(seat) = &self.seat else { return };
        if seat.admit().is_ok() {
            let (near, far) = memory::pair(Self::CAPACITY);
            seat.hand_in(Box::new(far));
            self.line = near;
        }
    }

    /// Makes sure that the connection holds no more than it may.
    fn check(&self) {
        if let Some(connection) = self.world.service.shared.core.registry.get(&self.id) {
            let unsent = connection.shared.outbound.unsent();
            assert!(unsent <= World::MOST_UNSENT, "{unsent} bytes are held for one client");
        }
    }

    async fn leave(mut self) {
        self.line.line().cut();
        while let Some(told) = self.server.join_next().await {
            told.expect("to call a client does not panic");
        }
    }
}
