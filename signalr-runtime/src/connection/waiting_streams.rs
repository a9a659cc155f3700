//! The streams of the peer that feed a call which waits for its turn.
//!
//! Their ids are taken as soon as the call has come. Their items are kept as they came, and count like all others that
//! nobody has read.

use std::borrow::Cow;
use std::sync::Arc;

use super::pending::Pending;
use crate::contract::backlog::Backlog;
use crate::contract::incoming::{Incoming, ItemSink};
use crate::contract::value::Encoded;

/// The streams of one call: nothing for most calls, which have none.
#[derive(Default)]
pub(crate) struct WaitingStreams(Option<Box<Taken>>);

struct Taken {
    streams: Vec<WaitingStream>,
    /// The first id that was in use: the call will be refused.
    busy: Option<Box<str>>,
}

struct WaitingStream {
    id: Box<str>,
    items: Incoming<Encoded>,
    sink: Arc<dyn ItemSink>,
}

impl WaitingStreams {
    /// Takes the ids of the streams, if none of them is in use.
    #[inline]
    pub(crate) fn take(
        ids: &[Cow<'_, str>],
        capacity: usize,
        backlog: &Arc<Backlog>,
        pending: &Pending,
    ) -> Self {
        Self((!ids.is_empty()).then(|| Box::new(Taken::new(ids, capacity, backlog, pending))))
    }

    /// The id for which the call is refused.
    pub(crate) fn busy(&self) -> Option<&str> {
        self.0.as_ref()?.busy.as_deref()
    }

    /// The call starts: its own sinks, in the order of its streams, get what has come, and what comes from now on.
    #[inline]
    pub(crate) fn hand_over<'a>(self, sinks: impl Iterator<Item = &'a Arc<dyn ItemSink>>, pending: &Pending) {
        if let Some(taken) = self.0 {
            taken.hand_over(sinks, pending);
        }
    }

    /// The call does not start.
    #[inline]
    pub(crate) fn give_up(self, pending: &Pending) {
        if let Some(mut taken) = self.0 {
            taken.give_up(pending);
        }
    }
}

impl Taken {
    fn new(ids: &[Cow<'_, str>], capacity: usize, backlog: &Arc<Backlog>, pending: &Pending) -> Self {
        let mut taken = Self { streams: Vec::new(), busy: None };
        for id in ids {
            let (items, sink) = Incoming::kept(capacity, Arc::clone(backlog));
            if !pending.open_stream(id, &sink) {
                taken.give_up(pending);
                return Self { busy: Some((&**id).into()), ..taken };
            }
            taken.streams.push(WaitingStream { id: (&**id).into(), items, sink });
        }
        taken
    }

    fn hand_over<'a>(mut self, sinks: impl Iterator<Item = &'a Arc<dyn ItemSink>>, pending: &Pending) {
        let mut streams = std::mem::take(&mut self.streams).into_iter();
        // A stream is taken only where there is a sink for it.
        for (own, WaitingStream { id, items, sink }) in sinks.zip(streams.by_ref()) {
            pending.replace_stream(&id, &sink, own);
            if !items.hand_over(&**own) {
                pending.end_stream(&id, own);
            }
        }
        // More than the method takes.
        self.streams.extend(streams);
        self.give_up(pending);
    }

    fn give_up(&mut self, pending: &Pending) {
        for stream in self.streams.drain(..) {
            pending.end_stream(&stream.id, &stream.sink);
        }
    }
}
