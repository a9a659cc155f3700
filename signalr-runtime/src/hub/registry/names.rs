//! The members of named things: groups, and users.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::change::{Change, Edge, Kind};
use super::lock::Lock;
use super::roster::{Members, Roster};
use super::{SHARDS, shard_of};
use crate::connection::budget::{Charge, ChargeKind};
use crate::contract::per_protocol::Formats;
use crate::endpoint::connection_id::ConnectionId;
use crate::hub::connection::Connection;
use crate::hub::roomy::is_roomy;
use crate::hub::selection::Except;

/// What a name costs beside its text: its entry, its roster, and what an allocator adds.
pub(crate) const NAME_OVERHEAD: usize = 256;

/// Connections by the name of what they belong to. No name without a member is kept.
pub(super) struct Names {
    kind: Kind,
    shards: [Lock<HashMap<Arc<str>, Named>>; SHARDS],
    /// Numbers the changes. Counted up with the name's shard locked.
    changes: AtomicU64,
}

struct Named {
    /// The key again: its text is kept once, however many members there are.
    name: Arc<str>,
    roster: Roster,
    /// What the name costs.
    _cost: Charge,
}

impl Names {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, shards: std::array::from_fn(|_| Lock::default()), changes: AtomicU64::new(0) }
    }

    /// Adds a member. Gives the name as it is kept here, and whether the member is the first one.
    pub(super) fn enter(
        &self,
        name: impl Deref<Target = str> + Into<Arc<str>>,
        connection: &Arc<Connection>,
    ) -> (Arc<str>, Option<Change>) {
        self.shard(&name).write(|names| {
            if let Some(named) = names.get_mut(&*name) {
                named.roster.insert(connection);
                return (Arc::clone(&named.name), None);
            }
            let name: Arc<str> = name.into();
            let mut cost = Charge::new(connection.shared.outbound.budget().cloned(), ChargeKind::Groups);
            cost.set(name.len().saturating_add(NAME_OVERHEAD));
            let mut named = Named { name: Arc::clone(&name), roster: Roster::default(), _cost: cost };
            named.roster.insert(connection);
            names.insert(Arc::clone(&name), named);
            let change = self.change(Arc::clone(&name), Edge::Occupied);
            (name, Some(change))
        })
    }

    /// Takes a member out. Gives whether it was the last one.
    pub(super) fn leave(&self, name: &str, id: &ConnectionId) -> Option<Change> {
        let (left, vacant, change) = self.shard(name).write(|names| {
            let Some(named) = names.get_mut(name) else { return (None, None, None) };
            let left = named.roster.remove(id);
            if named.roster.len() > 0 {
                return (left, None, None);
            }
            let change = self.change(Arc::clone(&named.name), Edge::Vacant);
            let vacant = names.remove(name);
            if is_roomy(names.len(), names.capacity()) {
                names.shrink_to(names.len().saturating_mul(2));
            }
            (left, vacant, Some(change))
        });
        // Behind the lock.
        drop((left, vacant));
        change
    }

    /// How many members a name has.
    pub(super) fn count(&self, name: &str) -> usize {
        self.shard(name).read(|names| names.get(name).map_or(0, |named| named.roster.len()))
    }

    /// The members of a name.
    pub(super) fn members(&self, name: &str) -> Option<Members> {
        self.shard(name).read(|names| names.get(name).map(|named| named.roster.members()))
    }

    /// The protocols that the members of a name speak, but for some.
    pub(super) fn formats(&self, name: &str, except: Option<&Except>) -> Formats {
        self.shard(name)
            .read(|names| names.get(name).map(|named| named.roster.formats(except)).unwrap_or_default())
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.read(HashMap::len)).sum()
    }

    #[cfg(test)]
    pub(super) fn places(&self, name: &str) -> usize {
        self.shard(name).read(|names| names.get(name).map_or(0, |named| named.roster.places()))
    }

    fn change(&self, name: Arc<str>, edge: Edge) -> Change {
        Change { kind: self.kind, name, edge, number: self.changes.fetch_add(1, Ordering::Relaxed) }
    }

    fn shard(&self, name: &str) -> &Lock<HashMap<Arc<str>, Named>> {
        shard_of(&self.shards, name)
    }
}
