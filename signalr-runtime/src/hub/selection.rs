//! Which connections a call goes to.

use std::collections::HashSet;
use std::sync::Arc;

use crate::endpoint::connection_id::ConnectionId;

/// A choice of connections: ids and names alone, so that it means the same on every node. They compare exactly; one
/// that does not exist means nobody.
pub(crate) enum Selection {
    All,
    AllExcept(Except),
    Connection(ConnectionId),
    /// Each of these once; no id occurs twice.
    Connections(Vec<String>),
    /// Any name is that of a group, an empty one too.
    Group(String),
    /// A member of two of them is sent to twice. None of the names may be empty.
    Groups(Vec<String>),
    GroupExcept(String, Except),
    /// No id occurs twice.
    Users(Vec<String>),
}

impl Selection {
    /// The connections that are left out, if any are.
    pub(crate) fn except(&self) -> Option<&Except> {
        match self {
            Self::AllExcept(except) | Self::GroupExcept(_, except) => Some(except),
            _ => None,
        }
    }
}

/// The ids of connections that are left out. Cheap to clone.
#[derive(Clone)]
pub(crate) enum Except {
    One(ConnectionId),
    /// So few that they are compared one by one.
    Few(Arc<[String]>),
    Many(Arc<HashSet<String>>),
}

impl Except {
    /// How many are compared one by one.
    const FEW: usize = 8;

    pub(crate) fn new(mut ids: Vec<String>) -> Self {
        ids.sort_unstable();
        ids.dedup();
        if let [one] = &*ids {
            return Self::One(ConnectionId::new(one));
        }
        if ids.len() <= Self::FEW {
            Self::Few(ids.into())
        } else {
            Self::Many(Arc::new(ids.into_iter().collect()))
        }
    }

    #[inline]
    pub(crate) fn contains(&self, id: &ConnectionId) -> bool {
        match self {
            Self::One(one) => one == id,
            Self::Few(few) => few.iter().any(|one| **one == **id),
            Self::Many(many) => many.contains(id.as_str()),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Few(few) => few.len(),
            Self::Many(many) => many.len(),
        }
    }

    /// Runs `visit` on each id, once.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(&str)) {
        match self {
            Self::One(one) => visit(one),
            Self::Few(few) => few.iter().for_each(|id| visit(id)),
            Self::Many(many) => many.iter().for_each(|id| visit(id)),
        }
    }
}
