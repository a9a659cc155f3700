//! Which code of the user runs right now.
//!
//! A hub method that asks its client for a result gives its permit back while it waits, and a hub that is
//! still connecting must not ask at all. The question is put deep inside the user's code; the connection's
//! task, which polls that code, tells it here where it is and afterwards reads here whether it was put.

use std::cell::Cell;

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

thread_local! {
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

/// The scope of the code that runs now.
pub(crate) fn current() -> Scope {
    SCOPE.get()
}

/// The code that runs now asks a client for a result.
pub(crate) fn ask() {
    ASKED.set(true);
}
