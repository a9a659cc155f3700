//! Server-Sent Events: one endless response for what the server sends, POST requests for what the client sends.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Response;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, PRAGMA};
use http::request::Parts;
use memchr::memchr_iter;

use super::accepted::Unwritten;
use super::application::Application;
use super::connections::Ticket;
use super::inbox::Inbox;
use super::opening::{self, Opened, open};
use super::outgoing::Outgoing;
use super::refused::Refused;
use super::request_connection::Carrier;
use super::requester::Requester;
use super::response::{HttpResponse, ResponseBody};
use crate::connection::budget::{Charge, ChargeKind};
use crate::connection::duplex::{Duplex, End, Received};
use crate::connection::outbound::Outbound;
use crate::connection::pieces::Piece;
use crate::transport::negotiate::TransportKind;

/// The header by which a response tells nginx not to buffer it (`ngx_http_proxy_module`).
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// A comment, so that the client learns at once that the stream is open.
const OPEN: &[u8] = b":\r\n";

/// Begins the event stream of a connection.
pub(super) fn answer(
    app: &Arc<dyn Application>,
    ticket: Ticket,
    requester: &Requester<'_>,
    parts: Parts,
) -> Result<HttpResponse, Refused> {
    let (connection, mut place) = match open(app, ticket, requester, &parts, Carrier::Events)? {
        Opened::New(connection, place) => (connection, place),
        Opened::Known(connection) => {
            return Err(match connection.carrier() {
                Carrier::Events => Refused::Taken,
                Carrier::Polls(_) => Refused::OtherTransport,
            });
        }
    };
    let charge = Charge::new(app.endpoint().limits.memory.clone(), ChargeKind::Answers);
    let events = Outgoing::stream(Bytes::from_static(OPEN), charge);
    place.unwritten = Unwritten::Events(events.clone());
    let mut response = Response::new(ResponseBody::outgoing(&events));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache,no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("identity"));
    // An nginx in front passes events on as they come, and does not wait for its buffers to be full.
    headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    let transport = ServerSentEvents {
        inbox: Arc::clone(connection.inbox()),
        events,
        progress: 0,
        batch: VecDeque::new(),
    };
    let close_timeout = app.endpoint().options.close_timeout;
    let opening = (requester.user_id(), parts);
    opening::begin(
        &connection,
        app,
        place,
        opening,
        Box::new(transport),
        TransportKind::ServerSentEvents,
        close_timeout,
    );
    Ok(response)
}

/// An event stream, as the connection's task drives it.
struct ServerSentEvents {
    inbox: Arc<Inbox>,
    events: Outgoing,
    /// How far its body was when it was last looked at.
    progress: usize,
    /// Kept for its room.
    batch: VecDeque<Piece>,
}

impl Duplex for ServerSentEvents {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        receive: &mut dyn FnMut(&[u8]),
    ) -> Poll<io::Result<Received>> {
        if let Poll::Ready(received) = self.inbox.poll_read(cx, receive) {
            return Poll::Ready(Ok(received));
        }
        self.events.poll_left(cx).map(|_| Err(left()))
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, queue: &Outbound) -> Poll<io::Result<()>> {
        let taken = self.events.poll_taken(cx);
        let progress = self.events.progress();
        if std::mem::replace(&mut self.progress, progress) != progress && taken.is_pending() {
            queue.wrote_part();
        }
        ready!(taken).map_err(|_| left())?;
        queue.take(&mut self.batch);
        if self.batch.is_empty() {
            return Poll::Ready(Ok(()));
        }
        self.events.send(event(&mut self.batch));
        queue.copied();
        // Until the HTTP server has taken it.
        self.events.poll_taken(cx).map_err(|_| left())
    }

    fn give_up(&mut self) {
        self.events.finish();
    }

    /// A POST that waits for room goes on waiting, and finds no connection in the end, as in `HttpConnectionDispatcher`.
    fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.events.poll_left(cx).map(drop)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, _: End) -> Poll<io::Result<()>> {
        // Not only taken: a socket that takes nothing more is to be reset.
        let written = ready!(self.events.poll_written(cx));
        self.events.finish();
        Poll::Ready(written.map_err(|_| left()))
    }
}

impl Drop for ServerSentEvents {
    fn drop(&mut self) {
        self.inbox.close();
        self.events.finish();
    }
}

fn left() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the client has left its event stream")
}

/// One event for all that gathered: a `data` line for each of its lines.
fn event(batch: &mut VecDeque<Piece>) -> Bytes {
    const DATA: &[u8] = b"data: ";
    const LINE_END: &[u8] = b"\r\n";
    let length: usize = batch.iter().map(|piece| piece.as_ref().len()).sum();
    let mut event = Vec::with_capacity(length + DATA.len() + 2 * LINE_END.len());
    event.extend_from_slice(DATA);
    for piece in batch.drain(..) {
        let bytes = piece.as_ref();
        let mut from = 0;
        for at in memchr_iter(b'\n', bytes) {
            event.extend_from_slice(bytes.get(from..at).unwrap_or_default());
            // A line may end in CR LF; the CR is not part of it.
            if event.ends_with(b"\r") {
                event.pop();
            }
            event.extend_from_slice(LINE_END);
            event.extend_from_slice(DATA);
            from = at + 1;
        }
        event.extend_from_slice(bytes.get(from..).unwrap_or_default());
    }
    event.extend_from_slice(LINE_END);
    event.extend_from_slice(LINE_END);
    event.into()
}
