//! Permits that come back from outside of a connection's task.
//!
//! A call that waits for a client lets the next one start, whichever task waits (`HubCallerClients` of ASP.NET Core). Where
//! it is the connection's own, [`scope`](super::scope) tells; any other task leaves the number of the call here.

use std::mem;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A call among all that its connection has started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallNumber(NonZeroU64);

impl CallNumber {
    pub(crate) const FIRST: Self = Self(NonZeroU64::MIN);

    pub(crate) fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// The calls that hold their permits no longer, until the connection's task has seen it.
#[derive(Default)]
pub(crate) struct ReturnedPermits {
    /// Whether there are any, for the connection's task, which asks in each of its rounds.
    any: AtomicBool,
    /// Each call once.
    calls: Mutex<Box<[CallNumber]>>,
}

impl ReturnedPermits {
    pub(super) fn add(&self, call: CallNumber) {
        let mut calls = self.lock();
        if !calls.contains(&call) {
            let mut more = mem::take(&mut *calls).into_vec();
            more.push(call);
            *calls = more.into_boxed_slice();
        }
        self.any.store(true, Ordering::Release);
    }

    #[inline]
    pub(super) fn any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    pub(super) fn take(&self) -> Box<[CallNumber]> {
        let mut calls = self.lock();
        self.any.store(false, Ordering::Relaxed);
        mem::take(&mut *calls)
    }

    fn lock(&self) -> MutexGuard<'_, Box<[CallNumber]>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
