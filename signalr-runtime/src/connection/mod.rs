//! The duplex engine that both sides of a connection use.

pub(crate) mod budget;
pub(crate) mod calls;
pub(crate) mod clock;
pub(crate) mod duplex;
pub(crate) mod engine;
pub(crate) mod first_record;
pub(crate) mod frame;
pub(crate) mod limit;
pub(crate) mod methods;
pub(crate) mod outbound;
pub(crate) mod panics;
pub(crate) mod pending;
pub(crate) mod pieces;
pub(crate) mod rate;
mod receipts;
mod replay;
pub(crate) mod role;
pub(crate) mod scope;
pub(crate) mod shared;
pub(crate) mod slow_consumer;
pub(crate) mod waker_slot;
