//! What this side has asked of the other and not been answered yet.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::contract::error::{HubError, HubErrorKind, HubResult};
use crate::contract::upload::ItemSink;
use crate::contract::value::{Encoded, Payload};

/// The open questions and open incoming streams of one connection, by id.
#[derive(Default)]
pub(crate) struct Pending {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    awaited: HashMap<Box<str>, Awaited>,
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

impl Awaited {
    fn fail(self, error: HubError) {
        match self {
            // The asker may have gone meanwhile.
            Self::Reply(reply) => drop(reply.send(Err(error))),
            Self::Items(sink) => sink.end(Some(error)),
        }
    }
}

impl Pending {
    /// Waits for what comes under `id`. An id that is still awaited is replaced, as ASP.NET Core does with
    /// the streams of a client; whoever waited for it is told.
    pub(crate) fn insert(&self, id: &str, awaited: Awaited) -> HubResult {
        let mut state = self.lock();
        if let Some(error) = &state.closed {
            return Err(error.again());
        }
        let replaced = state.awaited.insert(id.into(), awaited);
        drop(state);
        if let Some(replaced) = replaced {
            replaced.fail(HubError::with_kind(HubErrorKind::Canceled, "The id was used again."));
        }
        Ok(())
    }

    /// Forgets `id`; what arrives for it later is dropped.
    pub(crate) fn take(&self, id: &str) -> Option<Awaited> {
        self.lock().awaited.remove(id)
    }

    /// Hands over one item. False when no open stream has this id, or when its reader does not take the item.
    pub(crate) fn item(&self, id: &str, item: Payload<'_>) -> bool {
        let sink = match self.lock().awaited.get(id) {
            Some(Awaited::Items(sink)) => Arc::clone(sink),
            _ => return false,
        };
        // Without the lock: decoding is the user's code.
        let taken = sink.item(item);
        if !taken {
            self.take(id);
        }
        taken
    }

    /// Fails everything that is awaited, and everything that is asked from now on.
    pub(crate) fn close(&self, error: &HubError) {
        let mut state = self.lock();
        let awaited = std::mem::take(&mut state.awaited);
        state.closed.get_or_insert_with(|| error.again());
        drop(state);
        for awaited in awaited.into_values() {
            awaited.fail(error.again());
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
