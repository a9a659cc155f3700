//! The processes that serve a hub.

use std::fmt;
use std::sync::OnceLock;

/// One process that serves hubs, among several that share their clients. Every [`ConnectionId`](crate::server::ConnectionId) begins with that of the
/// node that gave it out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

impl NodeId {
    /// A number that no other node has.
    pub fn new(number: u32) -> Self {
        Self(number)
    }

    /// A random number, the same as long as the process lives.
    pub fn of_this_process() -> Self {
        static ID: OnceLock<u32> = OnceLock::new();
        Self(*ID.get_or_init(rand::random))
    }

    /// The number.
    pub fn number(self) -> u32 {
        self.0
    }
}

impl Default for NodeId {
    fn default() -> Self {
        Self::of_this_process()
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeId({:08x})", self.0)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}
