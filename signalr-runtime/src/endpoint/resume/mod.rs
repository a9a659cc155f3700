//! Connections whose clients may bring a new socket in place of a lost one (stateful reconnect).

pub(crate) mod absentees;
pub(crate) mod resumable;
pub(crate) mod seat;
