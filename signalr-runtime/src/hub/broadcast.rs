//! Sending one call to many connections.
//!
//! The call is framed once for each protocol; then it is queued for one connection after the other, with nothing locked
//! but that connection's queue. Between parts others may run. A walk that has begun ends, even if nobody waits for it:
//! what one sender sends in a row reaches everybody in this order.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use tokio::task::yield_now;

use super::connection::Connection;
use super::registry::Chosen;
use super::selection::Except;
use crate::connection::budget::{Charge, ChargeKind};
use crate::connection::frame::Frame;
use crate::connection::outbound::Refused;
use crate::connection::slow_consumer::Sender;
use crate::contract::client_call::{ClientCall, not_encoded};
use crate::contract::error::HubResult;
use crate::contract::locks;
use crate::contract::per_protocol::PerProtocol;
use crate::contract::receivers::Delivery;
use crate::contract::value::{HubProtocol, Payload};
use crate::protocol;
use crate::protocol::message::{Invocation, Message};

/// The connections that all walks together send to before others run. Each of them is woken by what it is sent, and
/// writes it: that takes longer than the walk.
const PART: usize = 64;

/// The connections that one walk sends to before others run, however many walks there are.
const LEAST: usize = 2;

/// How often a sender lets others run, at the most, until its receivers have run.
const MOST_TURNS: usize = 8;

/// The walks that are under way in this process.
static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

/// What a sender holds for each slow connection that it waits for, beside the frame and the wait itself: its place in
/// two lists, and what wakes it.
const WAITING: usize = 128;

/// Frames a call in one protocol. None if it is not encoded in it.
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
    let format = connection.shared.format;
    let Some(frame) = frame(call, None, format) else { return Delivery::Done(Err(call.missing(format))) };
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
    let posting = Posting {
        frames,
        charged: false,
        except: except.cloned(),
        waiting: Vec::new(),
        late: None,
        passed_over: None,
    };
    let mut walk = Walk { to, next: Some(Place::default()), posting, counted: Some(Counted::new()) };
    walk.part(PART);
    if walk.next.is_none() && walk.posting.waiting.is_empty() {
        return Delivery::Done(walk.posting.result());
    }
    Delivery::Waiting(Box::pin(async move {
        while walk.next.is_some() {
            let_receivers_run(walk.posting.late.take()).await;
            walk.part(share());
        }
        walk.posting.wait_for_room().await;
        walk.posting.result()
    }))
}

/// Lets those run who were sent to, whatever is left of the sender's slice. A sender may be the first that runs when the
/// runtime has looked at its sockets, before those that wait already: it goes on when one of the last of them has run.
async fn let_receivers_run(late: Option<Arc<Connection>>) {
    for _ in 0..MOST_TURNS {
        yield_now().await;
        if late.as_ref().is_none_or(|late| late.shared.outbound.is_at_rest()) {
            break;
        }
    }
}

/// A call on its way through the connections that it goes to.
struct Walk {
    to: Chosen,
    /// Where it goes on. None at the end.
    next: Option<Place>,
    posting: Posting,
    /// Until it has ended: a sender that only waits for room keeps no other walk back.
    counted: Option<Counted>,
}

/// A member of a chunk among those of several rosters.
#[derive(Clone, Copy, Default)]
struct Place {
    roster: usize,
    chunk: usize,
    member: usize,
}

/// Counts a walk for as long as it is under way.
struct Counted;

impl Counted {
    fn new() -> Self {
        UNDER_WAY.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        UNDER_WAY.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The share of one walk in the connections that all send to.
fn share() -> usize {
    let walks = UNDER_WAY.load(Ordering::Relaxed).max(1);
    (PART / walks).max(LEAST)
}

impl Walk {
    /// Goes on to so many connections.
    fn part(&mut self, connections: usize) {
        let mut left = connections;
        while let Some(place) = self.next
            && left > 0
        {
            let members = self.to.roster(place.roster);
            self.next = match members.map(|members| members.chunk(place.chunk)) {
                Some(Some(chunk)) => {
                    self.posting.charge(chunk.first());
                    let rest = chunk.get(place.member..).unwrap_or_default();
                    for connection in rest.iter().take(left) {
                        self.posting.send(connection);
                    }
                    // The very last may run first: a runtime keeps the task that was woken last at hand.
                    let late = rest.len().min(left).saturating_sub(2);
                    self.posting.late = rest.get(late).cloned();
                    let next = if rest.len() > left {
                        Place { member: place.member.saturating_add(left), ..place }
                    } else {
                        Place { chunk: place.chunk.saturating_add(1), member: 0, ..place }
                    };
                    left = left.saturating_sub(rest.len());
                    Some(next)
                }
                Some(None) => Some(Place { roster: place.roster.saturating_add(1), chunk: 0, member: 0 }),
                None => None,
            };
        }
        if self.next.is_none() {
            self.counted = None;
        }
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        while self.next.is_some() {
            self.part(PART);
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
    /// One of the last connections of the part.
    late: Option<Arc<Connection>>,
    /// The protocol of somebody who could not be sent the call.
    passed_over: Option<HubProtocol>,
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
        let format = connection.shared.format;
        let Some(frame) = self.frames.get(format) else {
            self.passed_over = Some(format);
            return;
        };
        if let Offered::Full = offer(connection, frame, Sender::to(&connection.shared)) {
            self.waiting.push(Arc::clone(connection));
        }
    }

    /// An error if somebody could not be sent the call.
    fn result(&self) -> HubResult {
        self.passed_over.map_or(Ok(()), |format| Err(not_encoded(format)))
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
