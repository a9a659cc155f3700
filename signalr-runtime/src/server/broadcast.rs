//! Sending one call to many connections.
//!
//! The call is framed once for each protocol; then it is queued for one connection after the other, with nothing locked
//! but that connection's queue. Between parts others may run. A walk that has begun ends, even if nobody waits for it:
//! what one sender sends in a row reaches everybody in this order.

use std::sync::Arc;

use futures_util::future::join_all;

use super::connection::Connection;
use super::registry::Chosen;
use super::selection::Except;
use crate::connection::budget::{Charge, ChargeKind};
use crate::connection::frame::Frame;
use crate::connection::outbound::Refused;
use crate::connection::slice::give_way;
use crate::connection::slow_consumer::Sender;
use crate::contract::client_call::ClientCall;
use crate::contract::locks;
use crate::contract::per_protocol::PerProtocol;
use crate::contract::receivers::Delivery;
use crate::contract::value::{HubProtocol, Payload};
use crate::protocol;
use crate::protocol::message::{Invocation, Message};

/// How many connections are sent to before others may run.
const PART: usize = 256;

/// How many operations a part counts for, where operations are counted.
const OPERATIONS: usize = 32;

/// What a sender holds for each slow connection that it waits for, beside the frame and the wait itself: its place in
/// two lists, and what wakes it.
const WAITING: usize = 128;

/// Frames a call in one protocol. None if it was not encoded in it.
pub(crate) fn frame(call: &ClientCall, id: Option<&str>, format: HubProtocol) -> Option<Frame> {
    call.arguments(format).map(|arguments| invocation_frame(call.target(), id, arguments))
}

fn invocation_frame(target: &str, id: Option<&str>, arguments: Payload<'_>) -> Frame {
    let message = Message::Invocation(Invocation {
        headers: Vec::new(),
        id: id.map(Into::into),
        target: target.into(),
        arguments,
        stream_ids: Vec::new(),
    });
    Frame::new(arguments.format, |out| protocol::write(arguments.format, &message, out))
}

/// Queues a call for one connection.
pub(crate) fn send_to_one(connection: Arc<Connection>, call: &ClientCall) -> Delivery {
    let Some(frame) = frame(call, None, connection.shared.format) else { return Delivery::Done(Ok(())) };
    let frame = frame.charged_to(connection.shared.outbound.budget());
    let sender = Sender::to_one(&connection.shared);
    match offer(&connection, &frame, sender) {
        Offered::Settled => Delivery::Done(Ok(())),
        Offered::Full => {
            let mut charge = Charge::new(connection.shared.outbound.budget().cloned(), ChargeKind::Senders);
            let bytes = frame.uncharged().saturating_add(WAITING);
            let wait = async move {
                match sender {
                    Sender::Alone => connection.shared.push_alone(&frame).await,
                    sender => connection.shared.push_when_room(&frame, sender).await,
                }
            };
            charge.set(size_of_val(&wait).saturating_add(bytes));
            Delivery::Waiting(Box::pin(async move {
                wait.await;
                drop(charge);
                Ok(())
            }))
        }
    }
}

/// Queues a call for each of the connections but some.
pub(crate) fn send(to: Chosen, except: Option<&Except>, call: &ClientCall) -> Delivery {
    let frames = PerProtocol::<()>::default().map(|format, ()| frame(call, None, format));
    let posting = Posting { frames, charged: false, except: except.cloned(), waiting: Vec::new() };
    let mut walk = Walk { to, next: Some(Place::default()), posting };
    walk.part();
    if walk.next.is_none() && walk.posting.waiting.is_empty() {
        return Delivery::Done(Ok(()));
    }
    Delivery::Waiting(Box::pin(async move {
        while walk.next.is_some() {
            give_way_after_part().await;
            walk.part();
        }
        walk.posting.wait_for_room().await;
        Ok(())
    }))
}

async fn give_way_after_part() {
    for _ in 0..OPERATIONS {
        give_way().await;
    }
}

/// A call on its way through the connections that it goes to.
struct Walk {
    to: Chosen,
    /// Where it goes on. None at the end.
    next: Option<Place>,
    posting: Posting,
}

/// A chunk among the members of several rosters.
#[derive(Clone, Copy, Default)]
struct Place {
    roster: usize,
    chunk: usize,
}

impl Walk {
    /// Goes on for a while.
    fn part(&mut self) {
        let mut sent = 0;
        while let Some(place) = self.next
            && sent < PART
        {
            let members = self.to.roster(place.roster);
            self.next = match members.map(|members| members.chunk(place.chunk)) {
                Some(Some(chunk)) => {
                    self.posting.charge(chunk.first());
                    for connection in chunk {
                        self.posting.send(connection);
                    }
                    sent = sent.saturating_add(chunk.len());
                    Some(Place { chunk: place.chunk.saturating_add(1), ..place })
                }
                Some(None) => Some(Place { roster: place.roster.saturating_add(1), chunk: 0 }),
                None => None,
            };
        }
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        while self.next.is_some() {
            self.part();
        }
    }
}

/// A framed call, and those who have had no room for it.
struct Posting {
    frames: PerProtocol<Option<Frame>>,
    /// Whether the frames are charged to the budget of those who get them.
    charged: bool,
    except: Option<Except>,
    waiting: Vec<Arc<Connection>>,
}

impl Posting {
    /// Charges the frames to the budget of the first who gets them: it is that of all.
    fn charge(&mut self, first: Option<&Arc<Connection>>) {
        if let Some(first) = first.filter(|_| !self.charged) {
            self.charged = true;
            if let Some(budget) = first.shared.outbound.budget() {
                self.frames = self.frames.map(|_, frame| Some(frame.clone()?.charged_to(Some(budget))));
            }
        }
    }

    fn send(&mut self, connection: &Arc<Connection>) {
        if self.except.as_ref().is_some_and(|except| except.contains(&connection.id)) {
            return;
        }
        // Who speaks another protocol than was found at the call has come later.
        let Some(frame) = self.frames.get(connection.shared.format) else { return };
        if let Offered::Full = offer(connection, frame, Sender::to(&connection.shared)) {
            self.waiting.push(Arc::clone(connection));
        }
    }

    /// Waits for those who have had no room. All of them share one frame for each protocol.
    async fn wait_for_room(&self) {
        let Some(first) = self.waiting.first() else { return };
        let waits = self.waiting.iter().filter_map(|connection| {
            let frame = self.frames.get(connection.shared.format).as_ref()?;
            Some(connection.shared.push_when_room(frame, Sender::to(&connection.shared)))
        });
        let waits: Vec<_> = waits.collect();
        let mut charge = Charge::new(first.shared.outbound.budget().cloned(), ChargeKind::Senders);
        let mut held = size_of_val(&*waits).saturating_add(waits.len().saturating_mul(WAITING));
        self.frames.map(|_, frame| {
            held = held.saturating_add(frame.as_ref().map_or(0, Frame::uncharged));
        });
        charge.set(held);
        join_all(waits).await;
    }
}

enum Offered {
    /// It is queued, or will never be: a connection that is over is sent nothing, and that is no error.
    Settled,
    /// The sender has to wait.
    Full,
}

fn offer(connection: &Connection, frame: &Frame, sender: Sender) -> Offered {
    locks::assert_none_held();
    match connection.shared.offer(frame, sender) {
        Ok(()) | Err(Refused::Closed | Refused::TooSlow) => Offered::Settled,
        Err(Refused::Full) => Offered::Full,
    }
}
