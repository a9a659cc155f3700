//! What is held for clients that have lost their sockets, all together.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use super::seat::Seat;
use crate::connection::limit::Limit;

/// By default a process keeps so many bytes.
const DEFAULT: usize = 64 * 1024 * 1024;

/// How much may be kept for clients that have lost their WebSockets and have not come back yet, all of them together.
/// Beyond that, those for whom most is kept are given up, and of equals those that have been away for longest: whoever
/// lets little be kept is not pushed out by others.
///
/// For each of them the messages count that it has not acknowledged, as
/// [`stateful_reconnect_buffer_size`](crate::server::HubOptions::stateful_reconnect_buffer_size) counts them.
///
/// The default is a budget of 64 MiB that all hubs of the process share, unless they are given another one. Clones share
/// one budget, too.
#[derive(Clone)]
pub struct AbsenceBudget(Arc<Absentees>);

/// The connections that wait for their clients.
struct Absentees {
    limit: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Connections are numbered as their clients go.
    gone: u64,
    /// The one that is given up first stands last.
    waiting: BTreeMap<Place, Arc<Seat>>,
    /// What is held for all of them.
    bytes: usize,
}

/// The place of one of them: by what is held for it, and then by how long it has been away.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    bytes: usize,
    number: Reverse<u64>,
}

/// The entry of one of them. Dropping it takes the connection out.
pub(crate) struct Absence {
    absentees: Arc<Absentees>,
    /// Where it stood when it last reported.
    place: Place,
}

impl AbsenceBudget {
    /// A budget of so many bytes.
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Absentees { limit: bytes, state: Mutex::default() }))
    }

    /// How many bytes may be kept.
    pub fn bytes(&self) -> usize {
        self.0.limit
    }

    /// How many bytes are kept at the moment.
    pub fn held(&self) -> usize {
        self.0.lock().bytes
    }

    #[cfg(test)]
    pub(crate) fn shares_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Enters a connection whose client is gone.
    pub(crate) fn enter(&self, seat: &Arc<Seat>) -> Absence {
        let mut state = self.0.lock();
        let number = state.gone;
        state.gone = number.wrapping_add(1);
        let place = Place { bytes: 0, number: Reverse(number) };
        state.waiting.insert(place, Arc::clone(seat));
        Absence { absentees: Arc::clone(&self.0), place }
    }
}

impl Default for AbsenceBudget {
    fn default() -> Self {
        static OF_THE_PROCESS: LazyLock<AbsenceBudget> = LazyLock::new(|| AbsenceBudget::new(DEFAULT));
        OF_THE_PROCESS.clone()
    }
}

impl fmt::Debug for AbsenceBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbsenceBudget")
            .field("bytes", &self.bytes())
            .field("held", &self.held())
            .finish_non_exhaustive()
    }
}

impl Absentees {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Absence {
    /// Sets the bytes that are held for this client. If it is too much for all of them together, those with most are
    /// given up.
    pub(crate) fn holds(&mut self, bytes: usize) {
        if self.place.bytes == bytes {
            return;
        }
        let mut state = self.absentees.lock();
        let State { waiting, bytes: held, .. } = &mut *state;
        let Some(seat) = waiting.remove(&self.place) else {
            return;
        };
        *held = held.saturating_sub(self.place.bytes).saturating_add(bytes);
        self.place.bytes = bytes;
        waiting.insert(self.place, seat);
        let mut given_up = Vec::new();
        while *held > self.absentees.limit
            && let Some((place, seat)) = waiting.pop_last()
        {
            *held = held.saturating_sub(place.bytes);
            given_up.push(seat);
        }
        drop(state);
        for seat in given_up {
            Limit::AbsentClients.hit();
            seat.end();
        }
    }
}

impl Drop for Absence {
    fn drop(&mut self) {
        let mut state = self.absentees.lock();
        if state.waiting.remove(&self.place).is_some() {
            state.bytes = state.bytes.saturating_sub(self.place.bytes);
        }
    }
}
