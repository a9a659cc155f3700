//! The duplex engine that both sides of a connection use.

pub(crate) mod duplex;
pub(crate) mod frame;
pub(crate) mod outbound;
