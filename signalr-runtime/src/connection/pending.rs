//! The messages that this side of a connection waits for: the completions of its own invocations, and the items of streams.
//!
//! Their ids come from both sides. A side chooses those of its own invocations, and the peer those of the streams that it
//! sends along with its own, so that one id may stand for an invocation and for a stream at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::contract::error::{HubError, HubResult};
use crate::contract::incoming::{ItemSink, Taken};
use crate::contract::value::{Encoded, Payload};

/// The pending invocations and open incoming streams of one connection, by id.
#[derive(Default)]
pub(crate) struct Pending {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    streams: HashMap<Box<str>, Arc<dyn ItemSink>>,
    replies: HashMap<Box<str>, oneshot::Sender<HubResult<Encoded>>>,
    /// The error of invocations and streams that come too late. `None` while the connection is open.
    closed: Option<HubError>,
}

/// The messages that are awaited under an id.
pub(crate) enum Awaited {
    /// A Completion with the answer.
    Reply(oneshot::Sender<HubResult<Encoded>>),
    /// Items, and a Completion that ends the stream.
    Items(Arc<dyn ItemSink>),
}

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// The stream has read its value.
    Taken,
    /// The stream keeps the item as it came: its value has not been read.
    Unchecked,
    /// The stream did not take the item, and has ended with it.
    Ended,
    /// No open stream has its id.
    Nowhere,
}

impl Pending {
    /// Waits for the messages under `id`, which this side has chosen and uses once. Fails if the connection has ended.
    pub(crate) fn insert(&self, id: &str, awaited: Awaited) -> HubResult {
        let mut state = self.lock();
        if let Some(error) = &state.closed {
            return Err(error.again());
        }
        match awaited {
            Awaited::Reply(reply) => drop(state.replies.insert(id.into(), reply)),
            Awaited::Items(sink) => drop(state.streams.insert(id.into(), sink)),
        }
        Ok(())
    }

    /// Opens a stream whose `id` the peer has chosen. False if a stream with this id is open already: that one goes on, as
    /// in ASP.NET Core 11. Once the connection has ended, the stream ends at once.
    pub(crate) fn open_stream(&self, id: &str, sink: &Arc<dyn ItemSink>) -> bool {
        let mut state = self.lock();
        if let Some(error) = &state.closed {
            let error = error.again();
            drop(state);
            sink.end(Some(error));
            return true;
        }
        if state.streams.contains_key(id) {
            return false;
        }
        state.streams.insert(id.into(), Arc::clone(sink));
        true
    }

    /// Gives the further items of the stream `id` to the sink `by`, if the stream still goes to `sink`.
    pub(crate) fn replace_stream(&self, id: &str, sink: &Arc<dyn ItemSink>, by: &Arc<dyn ItemSink>) {
        if let Some(open) = self.lock().streams.get_mut(id)
            && Arc::ptr_eq(open, sink)
        {
            *open = Arc::clone(by);
        }
    }

    /// Removes what a Completion with this id ends: the stream, if there is a stream and an invocation. Nothing that comes
    /// under the id later is delivered.
    pub(crate) fn take(&self, id: &str) -> Option<Awaited> {
        let mut state = self.lock();
        match state.streams.remove(id) {
            Some(sink) => Some(Awaited::Items(sink)),
            None => state.replies.remove(id).map(Awaited::Reply),
        }
    }

    /// No longer waits for the answer to the invocation `id`.
    pub(crate) fn forget_reply(&self, id: &str) {
        self.lock().replies.remove(id);
    }

    /// Ends the stream that goes to `sink` without an error, and frees its `id`, unless another stream has that by now.
    /// Whether it was open.
    pub(crate) fn end_stream(&self, id: &str, sink: &Arc<dyn ItemSink>) -> bool {
        let mut state = self.lock();
        let is_open = state.streams.get(id).is_some_and(|open| Arc::ptr_eq(open, sink));
        if is_open {
            state.streams.remove(id);
        }
        drop(state);
        sink.end(None);
        is_open
    }

    /// Whether a stream with this id is open.
    pub(crate) fn is_open(&self, id: &str) -> bool {
        self.lock().streams.contains_key(id)
    }

    /// The number of open streams.
    pub(crate) fn open_streams(&self) -> usize {
        self.lock().streams.len()
    }

    /// Hands one item to its stream. A stream that does not take it ends.
    pub(crate) fn item(&self, id: &str, item: Payload<'_>) -> Delivered {
        let Some(sink) = self.lock().streams.get(id).cloned() else {
            return Delivered::Nowhere;
        };
        // Without the lock: it decodes the value, which runs code of the application.
        match sink.item(item) {
            Taken::Yes => Delivered::Taken,
            Taken::Unchecked => Delivered::Unchecked,
            Taken::No => {
                self.end_stream(id, &sink);
                Delivered::Ended
            }
        }
    }

    /// Ends all open streams with `error`.
    pub(crate) fn end_streams(&self, error: &HubError) {
        let streams = std::mem::take(&mut self.lock().streams);
        for sink in streams.into_values() {
            sink.end(Some(error.again()));
        }
    }

    /// The connection has ended: fails all invocations and streams with `error`, and all that come later. The error of the
    /// first call counts for those.
    pub(crate) fn close(&self, error: &HubError) {
        let mut state = self.lock();
        let replies = std::mem::take(&mut state.replies);
        state.closed.get_or_insert_with(|| error.again());
        drop(state);
        self.end_streams(error);
        for reply in replies.into_values() {
            // Nobody may wait for it any more.
            drop(reply.send(Err(error.again())));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
