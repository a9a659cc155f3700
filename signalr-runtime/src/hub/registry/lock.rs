//! The lock of one part of the registry.

use std::sync::{PoisonError, RwLock};

use crate::contract::locks::LockHeld;

/// A lock that is held while a closure runs, and no longer. The closure must not run code of the user.
#[derive(Default)]
pub(super) struct Lock<T>(RwLock<T>);

impl<T> Lock<T> {
    /// Runs `look` while nobody changes the value.
    pub(super) fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        let value = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let _held = LockHeld::new();
        look(&value)
    }

    /// Runs `change` while nobody else sees the value.
    pub(super) fn write<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let mut value = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let _held = LockHeld::new();
        change(&mut value)
    }
}
