//! What this side has asked of the other and not been answered yet.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::contract::error::{HubError, HubResult};
use crate::contract::incoming::{ItemSink, Taken};
use crate::contract::value::{Encoded, Payload};

/// The open questions and open incoming streams of one connection, by id.
#[derive(Default)]
pub(crate) struct Pending {
    state: Mutex<State>,
}

/// A peer numbers its own streams and we number our questions: the same id may stand for one of each.
#[derive(Default)]
struct State {
    streams: HashMap<Box<str>, Arc<dyn ItemSink>>,
    replies: HashMap<Box<str>, oneshot::Sender<HubResult<Encoded>>>,
    /// Why nothing more can be asked.
    closed: Option<HubError>,
}

/// What an id waits for.
pub(crate) enum Awaited {
    /// One answer.
    Reply(oneshot::Sender<HubResult<Encoded>>),
    /// Items, and then the end.
    Items(Arc<dyn ItemSink>),
}

impl Pending {
    /// Waits for what comes under `id`, an id of our own that is used once.
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

    /// Opens a stream of the peer. False if one is open that has this id: it goes on, as in ASP.NET Core 11.
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

    /// Lets another sink take what comes for the stream `id`, if that is still open.
    pub(crate) fn replace_stream(&self, id: &str, sink: &Arc<dyn ItemSink>, by: &Arc<dyn ItemSink>) {
        if let Some(open) = self.lock().streams.get_mut(id)
            && Arc::ptr_eq(open, sink)
        {
            *open = Arc::clone(by);
        }
    }

    /// Forgets `id`, a stream before an answer; what arrives for it later is dropped.
    pub(crate) fn take(&self, id: &str) -> Option<Awaited> {
        let mut state = self.lock();
        match state.streams.remove(id) {
            Some(sink) => Some(Awaited::Items(sink)),
            None => state.replies.remove(id).map(Awaited::Reply),
        }
    }

    /// Forgets the answer that is awaited under `id`.
    pub(crate) fn forget_reply(&self, id: &str) {
        self.lock().replies.remove(id);
    }

    /// Ends the stream `id` without an error, if it is still this one.
    pub(crate) fn end_stream(&self, id: &str, sink: &Arc<dyn ItemSink>) {
        let mut state = self.lock();
        if state.streams.get(id).is_some_and(|open| Arc::ptr_eq(open, sink)) {
            state.streams.remove(id);
        }
        drop(state);
        sink.end(None);
    }

    /// How many streams are open.
    pub(crate) fn open_streams(&self) -> usize {
        self.lock().streams.len()
    }

    /// Hands over one item. A stream that does not take it is forgotten.
    pub(crate) fn item(&self, id: &str, item: Payload<'_>) -> Delivered {
        let Some(sink) = self.lock().streams.get(id).cloned() else {
            return Delivered::Nowhere;
        };
        // Without the lock: decoding is the user's code.
        match sink.item(item) {
            Taken::Yes => Delivered::Taken,
            Taken::Unchecked => Delivered::Unchecked,
            Taken::No => {
                self.end_stream(id, &sink);
                Delivered::Unchecked
            }
        }
    }

    /// Ends every open stream with `error`.
    pub(crate) fn end_streams(&self, error: &HubError) {
        let streams = std::mem::take(&mut self.lock().streams);
        for sink in streams.into_values() {
            sink.end(Some(error.again()));
        }
    }

    /// Fails everything that is awaited, and everything that is asked from now on.
    pub(crate) fn close(&self, error: &HubError) {
        let mut state = self.lock();
        let replies = std::mem::take(&mut state.replies);
        state.closed.get_or_insert_with(|| error.again());
        drop(state);
        self.end_streams(error);
        for reply in replies.into_values() {
            // The asker may have gone meanwhile.
            drop(reply.send(Err(error.again())));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of an item that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// Its stream has it.
    Taken,
    /// Its stream keeps it as it came, or did not take it: nobody has looked at its value.
    Unchecked,
    /// No open stream has its id.
    Nowhere,
}
