//! A contract crate alone.
