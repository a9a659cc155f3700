//! Where a client that has lost its socket brings a new one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;
use std::time::Duration;

use tokio::time::Instant;

use crate::connection::duplex::Duplex;
use crate::connection::waker_slot::WakerSlot;

/// The window in which attempts to come back are counted.
const WINDOW: Duration = Duration::from_secs(60);

/// The place of one connection that may outlive its socket: requests hand in new sockets, the connection's transport
/// takes them.
pub(crate) struct Seat {
    attempts_per_minute: usize,
    state: Mutex<State>,
}

struct State {
    phase: Phase,
    /// A new socket that the connection has not taken yet.
    socket: Option<Box<dyn Duplex>>,
    /// How many requests of the client wait for the application before they bring one.
    visits: usize,
    /// When the client came back, within the last minute.
    attempts: VecDeque<Instant>,
    /// The connection's task.
    task: WakerSlot,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The handshake has not said yet whether the client can come back.
    Undecided,
    /// The client may come back.
    Open,
    /// The client cannot come back: its handshake said so.
    Off,
    /// The connection is ending, or has ended.
    Over,
}

/// Why a client may not come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResumeRefused {
    /// The connection does not outlive its socket.
    NotResumable,
    /// The connection is ending.
    Closing,
    /// The client comes back too often: it may after this time.
    TooOften(Duration),
}

impl Seat {
    /// The seat of a connection to which a client may come back so many times in a minute.
    pub(crate) fn new(attempts_per_minute: usize) -> Arc<Self> {
        let state = State {
            phase: Phase::Undecided,
            socket: None,
            visits: 0,
            attempts: VecDeque::new(),
            task: WakerSlot::default(),
        };
        Arc::new(Self { attempts_per_minute, state: Mutex::new(state) })
    }

    /// From now on the client may come back.
    pub(crate) fn open(&self) {
        self.settle(Phase::Open);
    }

    /// The client cannot come back.
    pub(crate) fn switch_off(&self) {
        self.settle(Phase::Off);
    }

    fn settle(&self, phase: Phase) {
        let mut state = self.lock();
        if state.phase == Phase::Undecided {
            state.phase = phase;
        }
    }

    /// Nobody may come back any more. A connection that waits for its client ends.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Over {
            return;
        }
        state.phase = Phase::Over;
        state.attempts = VecDeque::new();
        state.task.wake();
        let socket = state.socket.take();
        // Not under the lock: a socket may have much to give back.
        drop(state);
        drop(socket);
    }

    /// Whether the client may come back now. Each time it may counts as an attempt.
    pub(crate) fn admit(&self) -> Result<(), ResumeRefused> {
        let mut state = self.lock();
        match state.phase {
            Phase::Undecided | Phase::Off => return Err(ResumeRefused::NotResumable),
            Phase::Over => return Err(ResumeRefused::Closing),
            Phase::Open => {}
        }
        let now = Instant::now();
        while state.attempts.front().is_some_and(|at| now.duration_since(*at) >= WINDOW) {
            state.attempts.pop_front();
        }
        if state.attempts.len() >= self.attempts_per_minute {
            let oldest = state.attempts.front().map(|at| now.duration_since(*at)).unwrap_or_default();
            return Err(ResumeRefused::TooOften(WINDOW.saturating_sub(oldest)));
        }
        state.attempts.push_back(now);
        Ok(())
    }

    /// The client has come back, and is to bring its socket before this is dropped.
    pub(crate) fn visit(self: &Arc<Self>) -> Visit {
        self.lock().visits += 1;
        Visit(Arc::clone(self))
    }

    /// Gives the connection a new socket. It takes the place of the old one, even if that is believed to be alive; one
    /// that comes too late is dropped.
    pub(crate) fn hand_in(&self, socket: Box<dyn Duplex>) {
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return;
        }
        state.task.wake();
        let older = state.socket.replace(socket);
        drop(state);
        drop(older);
    }

    /// A new socket, if there is one. The task is woken when one comes, and when the seat is over.
    pub(crate) fn take(&self, cx: &Context<'_>) -> Option<Box<dyn Duplex>> {
        let mut state = self.lock();
        state.task.register(cx);
        state.socket.take()
    }

    /// Whether the client has come back, and its socket is still to come. The task is woken when that changes.
    pub(crate) fn is_visited(&self) -> bool {
        self.lock().visits > 0
    }

    /// Whether the client may come back.
    pub(crate) fn is_open(&self) -> bool {
        self.lock().phase == Phase::Open
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client that waits for the application before it brings its new socket.
pub(crate) struct Visit(Arc<Seat>);

impl Drop for Visit {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.visits = state.visits.saturating_sub(1);
        state.task.wake();
    }
}
