//! Calls from this side: what a stub does through its [`Link`].

mod upload;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, TryFutureExt};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::life::Life;
use crate::connection::ending::EndRequest;
use crate::connection::outbound::Refused;
use crate::connection::pending::Awaited;
use crate::connection::shared::Shared;
use crate::connection::slice::give_way;
use crate::contract::backlog::Backlog;
use crate::contract::error::{HubError, HubResult};
use crate::contract::incoming::Incoming;
use crate::contract::link::{Link, OutgoingCall, Upload};
use crate::contract::value::{Encoded, HubProtocol, Payload};
use crate::protocol::message::{Invocation, Message};

/// One connection to the server, from the side of those who call.
pub(crate) struct Line {
    pub(crate) shared: Arc<Shared>,
    pub(crate) backlog: Arc<Backlog>,
    /// Items that a result stream holds before they count as backlog.
    pub(crate) stream_capacity: usize,
    /// The last id that was given out. Calls and upload streams share the numbers.
    pub(crate) ids: AtomicU64,
    /// Where upload streams run.
    pub(crate) runtime: Handle,
    /// Cancelled when the connection is over.
    pub(crate) over: CancellationToken,
    pub(crate) life: Life,
}

/// What keeps a connection alive: when the last of its holders is gone, it ends.
pub(crate) struct Held {
    pub(crate) line: Arc<Line>,
    /// The public id; none where negotiation was skipped.
    pub(crate) id: Option<String>,
}

impl Held {
    /// Asks the connection to end in good order.
    pub(crate) fn stop(&self) {
        self.line.life.ending();
        self.line.shared.end(EndRequest::Abort);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.stop();
    }
}

/// How a method is called.
#[derive(Clone, Copy)]
enum Kind {
    Call,
    Stream,
}

impl Line {
    /// Why it takes no more messages; none while it does, at once or later.
    fn refusal(&self) -> Option<HubError> {
        let is_over = self.shared.ending.asked().is_some()
            || matches!(self.shared.outbound.has_room(), Err(refused) if refused != Refused::Full);
        is_over.then(|| self.life.refusal())
    }

    /// Waits until the connection takes one more message.
    pub(crate) async fn room(&self) -> HubResult {
        if self.shared.ending.asked().is_some() {
            return Err(self.life.refusal());
        }
        let mut room = self.shared.outbound.has_room();
        if room == Err(Refused::Full) {
            // The server may take nothing before we have read what it sends.
            let _waiting = self.backlog.wait();
            room = self.shared.outbound.room().await;
        }
        room.map_err(|_| self.life.refusal())
    }

    /// Sends a call, and starts its upload streams; `asking` says how and under which id the answer is awaited.
    fn call(
        self: &Arc<Self>,
        call: OutgoingCall,
        asking: Option<(Kind, Awaited)>,
    ) -> HubResult<Option<Question>> {
        let OutgoingCall { target, arguments, uploads } = call;
        let uploads: Vec<(Box<str>, Upload)> =
            uploads.into_iter().map(|upload| (self.next_id(), upload)).collect();
        let mut question = None;
        let mut invocation = Invocation {
            headers: Vec::new(),
            id: None,
            target,
            arguments: Payload { format: self.shared.format, bytes: arguments.bytes() },
            stream_ids: uploads.iter().map(|(id, _)| (&**id).into()).collect(),
        };
        let message = match asking {
            None => Message::Invocation(invocation),
            Some((kind, awaited)) => {
                let id = self.next_id();
                self.shared.pending.insert(&id, awaited)?;
                invocation.id = Some(id.clone().into_string().into());
                let uploads = (!uploads.is_empty()).then(|| self.over.child_token());
                question = Some(Question { line: Arc::clone(self), id, uploads });
                match kind {
                    Kind::Call => Message::Invocation(invocation),
                    Kind::Stream => Message::StreamInvocation(invocation),
                }
            }
        };
        self.shared.send(&message);
        drop(message);
        let given_up = question.as_ref().and_then(|question| question.uploads.as_ref()).unwrap_or(&self.over);
        for (id, items) in uploads {
            self.runtime.spawn(upload::run(Arc::clone(self), id, items, given_up.clone()));
        }
        Ok(question)
    }

    /// Sends a call, and waits for its answer.
    async fn ask(self: &Arc<Self>, call: OutgoingCall) -> HubResult<Encoded> {
        let _waiting = self.backlog.wait();
        self.room().await?;
        let (reply, answer) = oneshot::channel();
        let _question = self.call(call, Some((Kind::Call, Awaited::Reply(reply))))?;
        answer.await.unwrap_or_else(|_| Err(self.life.refusal()))
    }

    fn next_id(&self) -> Box<str> {
        (self.ids.fetch_add(1, Ordering::Relaxed) + 1).to_string().into()
    }
}

/// A call that waits for its answer or its results. Dropping it before its end cancels it on the server. The streams
/// that it uploads end with it in any case: no server reads them any longer (`DefaultHubDispatcher`).
struct Question {
    line: Arc<Line>,
    id: Box<str>,
    uploads: Option<CancellationToken>,
}

impl Drop for Question {
    fn drop(&mut self) {
        // Whoever answers takes the entry out: then there is nothing left to cancel.
        if self.line.shared.pending.take(&self.id).is_some() {
            self.line.shared.send(&Message::CancelInvocation { id: (&*self.id).into() });
        }
        if let Some(uploads) = &self.uploads {
            uploads.cancel();
        }
    }
}

/// The results of a call that streams them. The parts are dropped in this order: an item that comes for a reader who
/// has gone is the end of the stream, and must not come before the call is cancelled.
struct Results {
    _question: Option<Question>,
    items: Incoming<Encoded>,
    _held: Arc<Held>,
}

impl Stream for Results {
    type Item = HubResult<Encoded>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.items).poll_next(cx)
    }
}

/// A connection as a stub sees it.
pub(crate) struct ClientLink(pub(crate) Arc<Held>);

impl Link for ClientLink {
    fn format(&self) -> HubProtocol {
        self.0.line.shared.format
    }

    fn invoke(&self, call: OutgoingCall) -> BoxFuture<'static, HubResult<Encoded>> {
        let held = Arc::clone(&self.0);
        Box::pin(async move {
            let answer = held.line.ask(call).await;
            if answer.is_err() {
                // It may have failed at once, and whoever called may try again.
                give_way().await;
            }
            answer
        })
    }

    fn send(&self, call: OutgoingCall) -> BoxFuture<'static, HubResult<()>> {
        let held = Arc::clone(&self.0);
        Box::pin(async move {
            let sent = match held.line.room().await {
                Ok(()) => held.line.call(call, None).map(drop),
                Err(error) => Err(error),
            };
            give_way().await;
            sent
        })
    }

    fn stream(&self, call: OutgoingCall) -> BoxStream<'static, HubResult<Encoded>> {
        let held = Arc::clone(&self.0);
        let results = async move {
            let line = &held.line;
            line.room().await?;
            let (items, sink) = Incoming::encoded(line.stream_capacity, Arc::clone(&line.backlog));
            let question = line.call(call, Some((Kind::Stream, Awaited::Items(sink))))?;
            Ok(Results { _question: question, items, _held: held })
        };
        results.try_flatten_stream().boxed()
    }

    fn refusal(&self) -> Option<HubError> {
        self.0.line.refusal()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        // A call may be awaited outside the runtime of its connection.
        let _context = self.0.line.runtime.enter();
        Box::pin(tokio::time::sleep(duration))
    }
}
