//! The part of a connection that other tasks hold: they queue frames and wait for answers through it.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::budget::relief::Holder;
use super::ending::{EndRequest, Ending};
use super::frame::Frame;
use super::outbound::{Outbound, Refused, Share};
use super::pending::Pending;
use super::returned_permits::{CallNumber, ReturnedPermits};
use super::slice;
use super::slow_consumer::Sender;
use super::writer::Writing;
use crate::contract::dispatch::SendItems;
use crate::contract::error::{HubError, HubErrorKind};
use crate::contract::value::{Encoded, HubProtocol, Payload};
use crate::protocol;
use crate::protocol::message::Message;

/// One connection, seen from outside its task.
pub(crate) struct Shared {
    /// The protocol that was agreed on in the handshake.
    pub(crate) format: HubProtocol,
    pub(crate) outbound: Outbound,
    pub(crate) ending: Ending,
    pub(crate) pending: Pending,
    pub(super) returned_permits: ReturnedPermits,
}

impl Holder for Shared {
    fn unsent(&self) -> usize {
        self.outbound.unsent()
    }

    fn progress(&self) -> usize {
        self.outbound.progress()
    }

    fn give_up(&self) {
        self.ending.relieve(&self.outbound);
    }
}

impl Shared {
    pub(crate) fn new(format: HubProtocol, outbound: Outbound) -> Self {
        Self {
            format,
            outbound,
            ending: Ending::default(),
            pending: Pending::default(),
            returned_permits: ReturnedPermits::default(),
        }
    }

    /// Asks the connection to end. Where the peer may not come back, nothing more is accepted from here on.
    pub(crate) fn end(&self, request: EndRequest) {
        if !request.allows_reconnect() {
            self.outbound.refuse();
        }
        self.ending.ask(request, &self.outbound);
    }

    /// Lets the next call start: this one waits for a client, in a task that is not the connection's.
    pub(crate) fn give_permit_back(&self, call: CallNumber) {
        self.returned_permits.add(call);
        self.outbound.wake();
    }

    /// The connection's task is about to sleep: true when it may, false when there is something to do meanwhile.
    pub(crate) fn sleep(&self, writing: Writing, cx: &mut Context<'_>) -> bool {
        self.outbound.sleep(writing, cx) && self.ending.asked().is_none() && !self.returned_permits.any()
    }

    /// Queues a call that nobody waits for an answer to: see [`Outbound::offer`].
    #[inline]
    pub(crate) fn offer(&self, frame: &Frame, sender: Sender) -> Result<(), Refused> {
        let offered = self.outbound.offer(frame, sender);
        if offered == Err(Refused::TooSlow) {
            self.ending.ask(EndRequest::SlowConsumer, &self.outbound);
        }
        offered
    }

    /// [`offer`](Self::offer), and waits for room as long as `sender` is to.
    pub(crate) async fn push_when_room(&self, frame: &Frame, sender: Sender) {
        while self.offer(frame, sender) == Err(Refused::Full) {
            self.outbound.room_for(sender).await;
        }
    }

    /// [`push_when_room`](Self::push_when_room) for somebody who sends to this connection only.
    pub(crate) async fn push_alone(&self, frame: &Frame) {
        let until = self.outbound.patience_from_now();
        while self.offer(frame, Sender::Alone) == Err(Refused::Full) {
            self.outbound.room_until(until).await;
        }
    }

    /// Queues a message of the connection itself, whether or not there is room.
    pub(crate) fn send(&self, message: &Message<'_>) {
        let record = self.record(message);
        if message.is_numbered() {
            self.outbound.push_message(self.format, record.bytes());
        } else {
            self.outbound.push_control(self.format, record.bytes());
        }
    }

    /// Queues the last message, if there is one; nothing is accepted after it.
    pub(crate) fn send_last(&self, message: Option<Message<'_>>) {
        let record = message.map(|message| self.record(&message));
        self.outbound.close(self.format, record.as_ref().map(Encoded::bytes));
    }

    fn record(&self, message: &Message<'_>) -> Encoded {
        let written: Result<Encoded, Infallible> = Encoded::write(|record| {
            protocol::write(self.format, message, record);
            Ok(())
        });
        let Ok(record) = written;
        record
    }
}

/// Sends the items of a result stream, at the pace at which the connection takes them.
pub(crate) struct StreamResults {
    pub(crate) shared: Arc<Shared>,
    pub(crate) id: Box<str>,
    pub(crate) share: Share,
}

impl SendItems for StreamResults {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), HubError>> {
        // What was sent before leaves then.
        ready!(slice::poll_give_way(cx));
        self.shared
            .outbound
            .poll_share(&mut self.share, cx)
            .map_err(|_| HubError::with_kind(HubErrorKind::Closed, "The connection is closed."))
    }

    fn send(&mut self, item: Encoded) {
        self.share.used();
        let item = Payload { format: self.shared.format, bytes: item.bytes() };
        self.shared.send(&Message::StreamItem { id: (&*self.id).into(), item });
    }
}
