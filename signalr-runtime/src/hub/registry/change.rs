//! The news that other nodes would have to be told.

use std::sync::Arc;

/// The first member of a group or of a user has come, or the last one has gone.
///
/// It is told when the registry is unlocked again, so two changes of one name may be told in the wrong order. Their
/// numbers are in the right one: whoever has seen a number of a name drops lower ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) kind: Kind,
    pub(crate) name: Arc<str>,
    pub(crate) edge: Edge,
    /// Grows with each change of the name.
    pub(crate) number: u64,
}

/// A kind of names that connections belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Group,
    User,
}

/// What a name has become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// It has its first member.
    Occupied,
    /// It has lost its last member.
    Vacant,
}
