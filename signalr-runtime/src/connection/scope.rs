//! Which code of the user runs right now.
//!
//! A hub method that asks its client for a result gives its permit back while it waits, and a hub that is still
//! connecting, or is being told of new credentials, must not ask at all. The question is put deep inside the user's code;
//! the connection's task, which polls that code, tells it here where it is and afterwards reads here whether it was put,
//! and whether the call has moved to a thread of its own.

use std::cell::Cell;
use std::sync::Arc;

use super::returned_permits::CallNumber;
use super::shared::Shared;
use super::thread::ThreadEnd;

/// What the code being polled belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Not polled by a connection: a task of the user's own.
    Outside,
    /// The connect callback of a hub.
    Connecting,
    /// The callback of a hub for new credentials.
    Refreshing,
    /// A hub method: this call of the connection that owns the code.
    Invocation(CallNumber),
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
    static NOTED: Cell<Noted> = const { Cell::new(Noted { asked: false, moved: false }) };
    /// Looked at only where it is noted that there is one.
    static THREAD: Cell<Option<ThreadEnd>> = const { Cell::new(None) };
}

#[derive(Clone, Copy, Default)]
struct Noted {
    asked: bool,
    moved: bool,
}

impl Noted {
    fn thread(self) -> Option<ThreadEnd> {
        if self.moved { THREAD.take() } else { None }
    }
}

/// What code has done that its connection must know.
pub(crate) struct Effects {
    /// It has asked a client for a result.
    pub(crate) asked: bool,
    /// It has moved to this thread.
    pub(crate) thread: Option<ThreadEnd>,
}

/// Runs `poll` in `scope`.
pub(crate) fn enter<T>(scope: Scope, poll: impl FnOnce() -> T) -> (T, Effects) {
    /// Puts the outer scope back, also when the user's code panics.
    struct Outer(Scope, Noted, Option<ThreadEnd>);
    impl Drop for Outer {
        fn drop(&mut self) {
            SCOPE.set(self.0);
            NOTED.set(self.1);
            if self.1.moved {
                THREAD.set(self.2.take());
            }
        }
    }
    let noted = NOTED.take();
    let _outer = Outer(SCOPE.replace(scope), noted, noted.thread());
    let polled = poll();
    let noted = NOTED.get();
    (polled, Effects { asked: noted.asked, thread: noted.thread() })
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

/// The call of this connection whose code runs now.
pub(crate) fn call_of(shared: &Arc<Shared>) -> Option<CallNumber> {
    match current() {
        Scope::Invocation(call) if is_own(shared) => Some(call),
        _ => None,
    }
}

/// Whether this connection's callback for new credentials runs now.
pub(crate) fn is_refreshing(shared: &Arc<Shared>) -> bool {
    current() == Scope::Refreshing && is_own(shared)
}

/// The code that runs now asks a client for a result.
pub(crate) fn ask() {
    NOTED.set(Noted { asked: true, ..NOTED.get() });
}

/// The code that runs now goes on in a thread, which ends with `end`. Outside of a connection nobody waits for that.
pub(crate) fn move_to_thread(end: ThreadEnd) {
    if matches!(SCOPE.get(), Scope::Invocation(_)) {
        NOTED.set(Noted { moved: true, ..NOTED.get() });
        THREAD.set(Some(end));
    }
}
