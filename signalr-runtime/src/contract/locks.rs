//! A check of debug builds: no code of the user, no policy and no recorder of metrics runs while a registry is locked.
//!
//! Such code may ask the registry, and would then wait for its own thread for ever.

#[cfg(debug_assertions)]
use std::cell::Cell;

#[cfg(debug_assertions)]
thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
}

/// A lock that this thread holds, for as long as this lives.
pub(crate) struct LockHeld(());

impl LockHeld {
    pub(crate) fn new() -> Self {
        #[cfg(debug_assertions)]
        HELD.set(HELD.get().saturating_add(1));
        Self(())
    }
}

impl Drop for LockHeld {
    fn drop(&mut self) {
        #[cfg(debug_assertions)]
        HELD.set(HELD.get().saturating_sub(1));
    }
}

/// Panics in debug builds if this thread holds the lock of a registry.
#[inline]
#[track_caller]
pub(crate) fn assert_none_held() {
    #[cfg(debug_assertions)]
    assert_eq!(HELD.get(), 0, "code of the user, a policy or a recorder runs while a registry is locked");
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::{LockHeld, assert_none_held};

    #[test]
    fn nothing_of_others_runs_while_a_lock_is_held() {
        assert_none_held();
        let held = (LockHeld::new(), LockHeld::new());
        assert!(std::panic::catch_unwind(assert_none_held).is_err());
        drop(held.0);
        assert!(std::panic::catch_unwind(assert_none_held).is_err());
        drop(held.1);
        assert_none_held();
    }
}
