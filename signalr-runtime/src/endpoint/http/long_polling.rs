//! Long polling: each response brings what has gathered, POST requests carry what the client sends.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CACHE_CONTROL, EXPIRES, HeaderValue, PRAGMA};
use http::request::Parts;
use tokio::time::{Sleep, sleep};

use super::accepted::Unwritten;
use super::application::Application;
use super::connections::Ticket;
use super::inbox::Inbox;
use super::opening::{self, Opened, open};
use super::outgoing::Outgoing;
use super::polls::{Attendance, Brought, Polls};
use super::refresh::Refresh;
use super::refused::Refused;
use super::request_connection::{Carrier, RequestConnection};
use super::requester::Requester;
use super::response::{HttpResponse, ResponseBody, ResponseFuture, plain, with_body, with_type};
use crate::connection::budget::{Charge, ChargeKind, MemoryBudget};
use crate::connection::duplex::{Duplex, End, Received};
use crate::connection::limit::Limit;
use crate::connection::outbound::Outbound;
use crate::connection::pieces::Piece;
use crate::transport::negotiate::TransportKind;

const BYTES: &str = "application/octet-stream";

/// Answers one poll. The first one of a connection begins it, and is answered at once.
pub(super) fn answer(
    app: &Arc<dyn Application>,
    ticket: Ticket,
    requester: &Requester<'_>,
    parts: Parts,
) -> Result<ResponseFuture, Refused> {
    let options = &app.endpoint().options;
    let polls = Arc::new(Polls::default());
    let opened = open(app, ticket, requester, &parts, Carrier::Polls(Arc::clone(&polls)))?;
    let (connection, mut place) = match opened {
        Opened::New(connection, place) => (connection, place),
        Opened::Known(connection) => {
            return match connection.carrier() {
                Carrier::Polls(polls) => later_poll(app, &connection, polls, requester, parts),
                Carrier::Events => Err(Refused::OtherTransport),
            };
        }
    };
    place.unwritten = Unwritten::Answers(Arc::clone(&polls));
    let transport = LongPolling {
        inbox: Arc::clone(connection.inbox()),
        polls,
        patience: Patience::new(options.transport_send_timeout, options.disconnect_timeout),
        memory: app.endpoint().limits.memory.clone(),
        batch: VecDeque::new(),
    };
    // How long its client is waited for is the transport's own business.
    let close_timeout = Duration::MAX;
    let opening = (requester.user_id(), parts);
    opening::begin(
        &connection,
        app,
        place,
        opening,
        Box::new(transport),
        TransportKind::LongPolling,
        close_timeout,
    );
    Ok(ResponseFuture::now(with_type(StatusCode::OK, BYTES, Bytes::new())))
}

/// Answers a poll of a connection that has begun.
fn later_poll(
    app: &Arc<dyn Application>,
    connection: &RequestConnection,
    polls: &Arc<Polls>,
    requester: &Requester<'_>,
    parts: Parts,
) -> Result<ResponseFuture, Refused> {
    let longest = app.endpoint().options.poll_timeout;
    let refresh = match connection.authentication() {
        Some(authentication) => {
            Refresh::by_later_request(app, Arc::clone(authentication), requester.user_id(), parts)?
        }
        None => None,
    };
    // From now on its client is there, however long the application looks at its credentials.
    let poll = polls.open(longest);
    let Some(refresh) = refresh else {
        return Ok(ResponseFuture::later(async move { brought(poll.await) }));
    };
    Ok(ResponseFuture::later(async move {
        match refresh.run_or_end().await {
            Ok(()) => brought(poll.await),
            Err(refused) => refused.response(),
        }
    }))
}

fn brought(brought: Brought) -> HttpResponse {
    match brought {
        Brought::Bytes(answer) => with_body(StatusCode::OK, BYTES, ResponseBody::outgoing(&answer)),
        Brought::Nothing => plain(StatusCode::OK, ""),
        Brought::Over => plain(StatusCode::NO_CONTENT, ""),
    }
}

/// Says that no answer to a poll may be kept.
pub(super) fn not_cached(mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(EXPIRES, HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"));
    response
}

/// The polls of one client, as the connection's task drives them.
struct LongPolling {
    inbox: Arc<Inbox>,
    polls: Arc<Polls>,
    patience: Patience,
    memory: Option<MemoryBudget>,
    /// Kept for its room.
    batch: VecDeque<Piece>,
}

/// The thing that the connection waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Awaited {
    Nothing,
    /// That an answer is taken, which has come so far.
    Taking(usize),
    /// The next poll.
    Poll,
}

/// The time in which the client is to do its part.
struct Patience {
    taking: Duration,
    absence: Duration,
    awaited: Awaited,
    timer: Pin<Box<Sleep>>,
    counted: bool,
}

impl Patience {
    fn new(taking: Duration, absence: Duration) -> Self {
        Self { taking, absence, awaited: Awaited::Nothing, timer: Box::pin(sleep(absence)), counted: false }
    }

    /// Ready when the client has not done in time what is awaited.
    fn poll(&mut self, awaited: Awaited, cx: &mut Context<'_>) -> Poll<io::Error> {
        let (longest, limit, text) = match awaited {
            Awaited::Nothing => {
                self.awaited = awaited;
                return Poll::Pending;
            }
            Awaited::Taking(_) => (self.taking, Limit::WriteTime, "the client does not take an answer"),
            Awaited::Poll => (self.absence, Limit::PollAbsence, "the client does not poll"),
        };
        if self.awaited != awaited {
            self.awaited = awaited;
            self.timer.set(sleep(longest));
        }
        if self.timer.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        if !std::mem::replace(&mut self.counted, true) {
            limit.hit();
        }
        Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, text))
    }
}

impl LongPolling {
    /// Who is there; an error when nobody has been for too long, or an answer is not taken.
    fn attendance(&mut self, cx: &mut Context<'_>) -> io::Result<Attendance> {
        let attendance = self.polls.attendance(cx);
        let awaited = match attendance {
            Attendance { writing: Some(parts), .. } => Awaited::Taking(parts),
            Attendance { open: true, .. } => Awaited::Nothing,
            _ => Awaited::Poll,
        };
        match self.patience.poll(awaited, cx) {
            Poll::Ready(error) => Err(error),
            Poll::Pending => Ok(attendance),
        }
    }
}

impl Duplex for LongPolling {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        receive: &mut dyn FnMut(&[u8]),
    ) -> Poll<io::Result<Received>> {
        if let Poll::Ready(received) = self.inbox.poll_read(cx, receive) {
            return Poll::Ready(Ok(received));
        }
        match self.attendance(cx) {
            Ok(_) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, queue: &Outbound) -> Poll<io::Result<()>> {
        let attendance = self.attendance(cx)?;
        if attendance.left {
            // Nobody comes for it, and a full queue would keep us from reading to the end.
            queue.take(&mut self.batch);
            self.batch.clear();
            return Poll::Ready(Ok(()));
        }
        if queue.is_empty() {
            return Poll::Ready(Ok(()));
        }
        if !(attendance.open && attendance.takes) {
            return Poll::Pending;
        }
        queue.take(&mut self.batch);
        let (answer, memory) = match joined(&mut self.batch) {
            Joined::Own(answer) => (answer, self.memory.clone()),
            Joined::Shared(answer) => (answer, None),
        };
        self.polls.send(Outgoing::whole(answer, Charge::new(memory, ChargeKind::Answers)));
        queue.copied();
        Poll::Ready(Ok(()))
    }

    fn is_away(&self) -> bool {
        true
    }

    /// A POST that waits for room goes on waiting, and finds no connection in the end, as in `HttpConnectionDispatcher`.
    fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.attendance(cx) {
            Ok(Attendance { left: false, .. }) => Poll::Pending,
            Ok(_) | Err(_) => Poll::Ready(()),
        }
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, _: End) -> Poll<io::Result<()>> {
        if self.polls.poll_close(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        match self.attendance(cx) {
            Ok(_) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl Drop for LongPolling {
    fn drop(&mut self) {
        self.inbox.close();
        self.polls.over();
    }
}

/// Everything that gathered, in one piece.
enum Joined {
    Own(Bytes),
    /// A frame that others may have too, which is charged by itself.
    Shared(Bytes),
}

fn joined(batch: &mut VecDeque<Piece>) -> Joined {
    if batch.len() == 1 {
        return match batch.pop_front() {
            Some(Piece::Gathered(bytes)) => Joined::Own(bytes.into()),
            Some(Piece::Shared(bytes)) => Joined::Shared(bytes),
            None => Joined::Own(Bytes::new()),
        };
    }
    let length = batch.iter().map(|piece| piece.as_ref().len()).sum();
    let mut all = Vec::with_capacity(length);
    for piece in batch.drain(..) {
        all.extend_from_slice(piece.as_ref());
    }
    Joined::Own(all.into())
}
