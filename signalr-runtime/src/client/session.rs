//! One connection, from its open transport to its end.

use std::borrow::Cow;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::dispatcher::ClientDispatcher;
use super::error::ConnectError;
use super::life::Life;
use super::link::{Held, Line};
use super::settings::Settings;
use crate::connection::clock::{Ping, Silence, Timing};
use crate::connection::duplex::{Duplex, End};
use crate::connection::ended::Ended;
use crate::connection::engine::{Engine, EngineLimits, Leaving, Linger, Pause};
use crate::connection::first_record::{NoRecord, first_record};
use crate::connection::frame::FrameHeader;
use crate::connection::outbound::{Outbound, QueueLimit};
use crate::connection::round::in_rounds;
use crate::connection::shared::Shared;
use crate::contract::error::{HubError, HubErrorKind};
use crate::contract::value::HubProtocol;
use crate::protocol::framing::{Framing, RecordReader};
use crate::protocol::handshake::{HandshakeRequest, HandshakeResponse};
use crate::protocol::message::Message;

/// The version of the hub protocol that is asked for. A newer one only tells that the connection may be resumed.
const VERSION: i32 = 1;

/// The largest answer to the handshake, in bytes.
const HANDSHAKE: usize = 64 * 1024;

/// What may wait to be sent before a call waits.
const QUEUE: QueueLimit = QueueLimit { bytes: 64 * 1024, frames: 1024 };

/// What may wait of answers to the server, which cannot wait, before nothing more is read.
const ANSWERS: QueueLimit = QueueLimit { bytes: 1024 * 1024, frames: 16 * 1024 };

/// Calls of the server that wait for their turn before nothing more is read.
const QUEUED_CALLS: usize = 1024;

/// What they may hold.
const QUEUED_CALL_BYTES: usize = 1024 * 1024;

/// The longest id of a server's call, in bytes.
const ID_LENGTH: usize = 128;

/// Items that a result stream holds before they count in the connection's buffer.
const STREAM_CAPACITY: usize = 16;

/// A transport that is open, and what was agreed on.
pub(crate) struct Opened {
    pub(crate) transport: Box<dyn Duplex>,
    pub(crate) frame_header: FrameHeader,
    pub(crate) format: HubProtocol,
    /// The public id of the connection; none where negotiation was skipped.
    pub(crate) id: Option<String>,
}

/// Shakes hands, and lets the connection run in a task of its own.
pub(crate) async fn start(settings: Settings, opened: Opened) -> Result<Arc<Held>, ConnectError> {
    let Opened { mut transport, frame_header, format, id } = opened;
    let outbound = Outbound::new(frame_header, QUEUE);
    let mut reader = RecordReader::new(Some(HANDSHAKE));
    let shaken =
        timeout(settings.handshake_timeout, shake_hands(&mut *transport, &mut reader, &outbound, format));
    if let Err(error) = shaken.await.unwrap_or(Err(ConnectError::HandshakeTimeout)) {
        let closing = async move { poll_fn(|cx| transport.poll_close(cx, End::Normal)).await };
        // Nobody has to wait for that.
        tokio::spawn(timeout(settings.close_timeout, closing));
        return Err(error);
    }
    reader.switch(Framing::of(format), settings.maximum_receive_message_size);

    let shared = Arc::new(Shared::new(format, outbound));
    // It tells the server that this client pings, and that its silence means something.
    shared.send(&Message::Ping);
    let role = ClientDispatcher {
        handlers: settings.handlers,
        shared: Arc::clone(&shared),
        server_timeout: settings.server_timeout,
    };
    let limits = EngineLimits {
        parallel_calls: 1,
        queued_calls: QUEUED_CALLS,
        queued_call_bytes: QUEUED_CALL_BYTES,
        unordered_calls: QUEUED_CALLS,
        id_length: ID_LENGTH,
        // A server has no streams that feed a handler,
        upload_streams: 0,
        // and goes on with those of results for a while after they were given up.
        stray_items: None,
        messages: None,
        stream_capacity: STREAM_CAPACITY,
        backlog: settings.stream_buffer.max(1),
        pause: Pause::WhenNobodyWaits { answers: ANSWERS },
        read_ahead: ANSWERS.bytes,
        longest_poll: None,
    };
    let timing = Timing {
        ping: Some(Ping::WhenIdle(settings.keep_alive_interval)),
        silence: Some(Silence::FromStart(settings.server_timeout)),
        // A server may take its time: it says by its pings that it is there.
        write: Duration::MAX,
    };
    let engine = Engine::new(transport, reader, Arc::clone(&shared), role, Arc::new(limits), timing);
    let line = Arc::new(Line {
        shared,
        backlog: Arc::clone(engine.backlog()),
        stream_capacity: STREAM_CAPACITY,
        ids: AtomicU64::new(0),
        runtime: Handle::current(),
        over: CancellationToken::new(),
        life: Life::new(),
    });
    let ending = Ending { line: Arc::clone(&line) };
    let held = Held { line, id };
    tokio::spawn(in_rounds(async move {
        let mut engine = engine;
        let left = run(&mut engine, ending, settings.close_timeout).await;
        // Nobody waits for handlers that are still busy.
        left.run_out().await;
    }));
    Ok(Arc::new(held))
}

/// Asks for a hub protocol and waits for the answer.
async fn shake_hands(
    transport: &mut dyn Duplex,
    reader: &mut RecordReader,
    outbound: &Outbound,
    format: HubProtocol,
) -> Result<(), ConnectError> {
    let mut request = Vec::new();
    HandshakeRequest { protocol: format.name().into(), version: VERSION }.write(&mut request);
    outbound.push_control(format, &request);
    let answer = first_record(transport, reader, outbound, |record| {
        HandshakeResponse::read(record).map(|response| response.error.map(Cow::into_owned))
    });
    match answer.await {
        Ok(Ok(None)) => Ok(()),
        Ok(Ok(Some(error))) => Err(ConnectError::HandshakeRefused(error)),
        Ok(Err(error)) | Err(NoRecord::Unreadable(error)) => {
            Err(ConnectError::HandshakeUnreadable(error.to_string()))
        }
        Err(NoRecord::Gone(Ended::Lost(error) | Ended::Violated(error)))
            if error.kind() != io::ErrorKind::UnexpectedEof =>
        {
            Err(ConnectError::HandshakeLost(error.into()))
        }
        Err(NoRecord::Gone(_)) => Err(ConnectError::HandshakeEnded),
    }
}

/// Runs a connection until its transport is closed.
async fn run(
    engine: &mut Engine<ClientDispatcher>,
    ending: Ending,
    close_timeout: Duration,
) -> Leaving<'_, ClientDispatcher> {
    let ended = engine.run().await;
    tracing::debug!(reason = ended.reason(), error = ended.detail(), "a connection ended");
    let close =
        matches!(ended, Ended::Stopped(_)).then_some(Message::Close { error: None, allow_reconnect: false });
    // Handlers are the user's own, and so is the time that they take.
    let mut left = engine.leave(close, Linger { start_queued: true, longest: None });
    if let Ended::PeerClosed { allow_reconnect, .. } = ended {
        tracing::debug!(allow_reconnect, "the server closed the connection");
    }
    let error = match ended {
        Ended::Stopped(_) | Ended::Left | Ended::PeerClosed { error: None, .. } => None,
        Ended::PeerClosed { error: Some(error), .. } => Some(HubError::with_kind(
            HubErrorKind::Closed,
            format!("The server closed the connection with the following error: {error}"),
        )),
        Ended::Lost(error) | Ended::Violated(error) => {
            Some(HubError::with_kind(HubErrorKind::Closed, error.to_string()))
        }
        Ended::CutOff(error) | Ended::Refused(error) | Ended::Failed(error) => Some(error),
    };
    ending.give_up(error.as_ref());
    // A server that does not answer the close in time is left; one that was silent for too long is not waited for.
    let is_late = error.as_ref().is_some_and(|error| error.kind() == HubErrorKind::Timeout);
    let patience = if is_late { Duration::ZERO } else { close_timeout };
    let _ = timeout(patience, left.close(End::Normal)).await;
    ending.line.life.end(error);
    left
}

/// What must happen at the end of a connection, whatever brings it: also when its task is dropped with its runtime.
struct Ending {
    line: Arc<Line>,
}

impl Ending {
    /// Ends what waits for the server.
    fn give_up(&self, error: Option<&HubError>) {
        self.line.life.ending();
        self.line.over.cancel();
        let text = match error {
            Some(error) => error.message().to_owned(),
            None => "Invocation canceled due to the underlying connection being closed.".to_owned(),
        };
        self.line.shared.pending.close(&HubError::with_kind(HubErrorKind::Closed, text));
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if !self.line.life.is_over() {
            let error =
                HubError::with_kind(HubErrorKind::Closed, "The connection was dropped with its runtime.");
            self.line.shared.send_last(None);
            self.give_up(Some(&error));
            self.line.life.end(Some(error));
        }
    }
}
