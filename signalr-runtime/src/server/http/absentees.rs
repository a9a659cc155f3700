//! What is held for clients that have lost their sockets, all together.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use super::seat::Seat;
use crate::connection::limit::Limit;

/// By default a process keeps so many bytes.
const DEFAULT: usize = 64 * 1024 * 1024;

/// How much may be kept for clients that have lost their WebSockets and have not come back yet, all of them together.
/// Beyond that, those that have been away for longest are given up.
///
/// The default is a budget of 64 MiB that all hubs of the process share, unless they are given another one. Clones share
/// one budget, too.
#[derive(Clone)]
pub struct AbsenceBudget(Arc<Absentees>);

/// The connections that wait for their clients, the longest absent first.
struct Absentees {
    limit: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Connections are numbered as their clients go.
    gone: u64,
    waiting: BTreeMap<u64, Absentee>,
    /// What is held for all of them.
    bytes: usize,
}

struct Absentee {
    seat: Arc<Seat>,
    bytes: usize,
}

/// The entry of one of them. Dropping it takes the connection out.
pub(super) struct Absence {
    absentees: Arc<Absentees>,
    number: u64,
    /// What was reported last.
    bytes: usize,
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
    pub(super) fn enter(&self, seat: &Arc<Seat>) -> Absence {
        let mut state = self.0.lock();
        let number = state.gone;
        state.gone = number.wrapping_add(1);
        state.waiting.insert(number, Absentee { seat: Arc::clone(seat), bytes: 0 });
        Absence { absentees: Arc::clone(&self.0), number, bytes: 0 }
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
    /// So much is held for this client now. If it is too much for all of them together, those that have been away for
    /// longest are given up.
    pub(super) fn holds(&mut self, bytes: usize) {
        if self.bytes == bytes {
            return;
        }
        self.bytes = bytes;
        let mut state = self.absentees.lock();
        let State { waiting, bytes: held, .. } = &mut *state;
        let Some(absentee) = waiting.get_mut(&self.number) else {
            return;
        };
        *held = held.saturating_sub(absentee.bytes).saturating_add(bytes);
        absentee.bytes = bytes;
        let mut given_up = Vec::new();
        while *held > self.absentees.limit
            && let Some((_, absentee)) = waiting.pop_first()
        {
            *held = held.saturating_sub(absentee.bytes);
            given_up.push(absentee.seat);
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
        if let Some(absentee) = state.waiting.remove(&self.number) {
            state.bytes = state.bytes.saturating_sub(absentee.bytes);
        }
    }
}
