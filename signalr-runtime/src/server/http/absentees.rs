//! What is held for clients that have lost their sockets, all together.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::seat::Seat;
use crate::connection::limit::Limit;

/// The connections of one endpoint that wait for their clients, the longest absent first.
pub(crate) struct Absentees {
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

impl Absentees {
    /// No more than `limit` bytes are held for all of them together.
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, state: Mutex::default() })
    }

    /// Enters a connection whose client is gone.
    pub(super) fn enter(self: &Arc<Self>, seat: &Arc<Seat>) -> Absence {
        let mut state = self.lock();
        let number = state.gone;
        state.gone = number.wrapping_add(1);
        state.waiting.insert(number, Absentee { seat: Arc::clone(seat), bytes: 0 });
        Absence { absentees: Arc::clone(self), number, bytes: 0 }
    }

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
