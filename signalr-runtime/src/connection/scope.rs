//! Which code of the user runs right now.
//!
//! A hub method that asks its client for a result gives its permit back while it waits, and a hub that is
//! still connecting must not ask at all. The question is put deep inside the user's code; the connection's
//! task, which polls that code, tells it here where it is and afterwards reads here whether it was put.

use std::cell::Cell;
use std::sync::Arc;

use super::shared::Shared;

/// What the code being polled belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Not polled by a connection: a task of the user's own.
    Outside,
    /// The connect callback of a hub.
    Connecting,
    /// A hub method.
    Invocation,
}

/// Which connection's task runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner(usize);

impl Owner {
    /// No connection's.
    pub(crate) const NOBODY: Self = Self(0);

    #[cfg(test)]
    pub(crate) fn numbered(number: usize) -> Self {
        Self(number)
    }

    pub(crate) fn of(shared: &Arc<Shared>) -> Self {
        Self(Arc::as_ptr(shared).addr())
    }
}

thread_local! {
    static OWNER: Cell<Owner> = const { Cell::new(Owner::NOBODY) };
    static SCOPE: Cell<Scope> = const { Cell::new(Scope::Outside) };
    static ASKED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `poll` in `scope`; the second value says whether it asked a client for a result.
pub(crate) fn enter<T>(scope: Scope, poll: impl FnOnce() -> T) -> (T, bool) {
    /// Puts the outer scope back, also when the user's code panics.
    struct Outer(Scope, bool);
    impl Drop for Outer {
        fn drop(&mut self) {
            SCOPE.set(self.0);
            ASKED.set(self.1);
        }
    }
    let _outer = Outer(SCOPE.replace(scope), ASKED.replace(false));
    let polled = poll();
    (polled, ASKED.get())
}

/// Puts the owner before it back when it is dropped.
pub(crate) struct Owned {
    outer: Owner,
}

/// From now on the code that runs is that of `owner`.
pub(crate) fn owned_by(owner: Owner) -> Owned {
    Owned { outer: OWNER.replace(owner) }
}

impl Drop for Owned {
    fn drop(&mut self) {
        OWNER.set(self.outer);
    }
}

/// Whose code runs now.
pub(crate) fn owner() -> Owner {
    OWNER.get()
}

/// Whether the code that runs now is that of this connection.
pub(crate) fn is_own(shared: &Arc<Shared>) -> bool {
    owner() == Owner::of(shared)
}

/// The scope of the code that runs now.
pub(crate) fn current() -> Scope {
    SCOPE.get()
}

/// The code that runs now asks a client for a result.
pub(crate) fn ask() {
    ASKED.set(true);
}
