//! The duplex engine that both sides of a connection use.
//!
//! - [`engine`] runs one connection over a [`duplex`] transport: [`calls`] are those of the peer, which a [`role`] binds
//!   to [`methods`] and [`waiting_streams`] feed, [`pending`] is what this side waits for, and [`clock`] watches the time.
//! - [`ending`] is how a connection is asked to end, and [`ended`] why it has; a [`kept_error`] is told more than once.
//! - [`outbound`] is the one way out, for [`frame`]s in [`pieces`], and [`writer`] empties it. Where a peer may come back,
//!   [`replay`] keeps what it may have missed, and [`receipts`] counts what it has sent.
//! - [`shared`] is what other tasks hold of a connection, and [`scope`] tells which of the user's code runs in it;
//!   [`returned_permits`] come from where that is not known.
//! - [`slice`] decides when a task lets others run, and [`round`] when it has its next turn among those who are busy.
//! - [`limit`], [`rate`], [`budget`], [`relief`], [`slow_consumer`] and [`strays`] bound what a peer may
//!   cost.

pub(crate) mod budget;
pub(crate) mod calls;
pub(crate) mod clock;
pub(crate) mod duplex;
pub(crate) mod ended;
pub(crate) mod ending;
pub(crate) mod engine;
pub(crate) mod first_record;
pub(crate) mod frame;
pub(crate) mod kept_error;
pub(crate) mod limit;
pub(crate) mod logged_name;
pub(crate) mod methods;
pub(crate) mod outbound;
pub(crate) mod panics;
pub(crate) mod pending;
pub(crate) mod pieces;
pub(crate) mod rate;
mod receipts;
mod replay;
pub(crate) mod returned_permits;
pub(crate) mod role;
pub(crate) mod round;
mod running_calls;
pub(crate) mod running_method;
pub(crate) mod scope;
pub(crate) mod shared;
pub(crate) mod slice;
pub(crate) mod slow_consumer;
mod strays;
pub(crate) mod thread;
mod waiting_streams;
pub(crate) mod waker_slot;
pub(crate) mod writer;
