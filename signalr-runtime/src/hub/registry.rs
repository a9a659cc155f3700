//! Who is here: the connections of one hub on this node, by id, by user and by group.
//!
//! Locks are held for lookups and changes only. Whoever wants to do something with the members of a roster takes them
//! out first, which costs as little as one reference: see [`Members`].

pub(crate) mod change;
mod lock;
mod names;
mod roster;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use self::change::{Change, Kind};
use self::lock::Lock;
use self::names::Names;
use self::roster::Roster;
pub(crate) use self::roster::{Chosen, Members};
use super::connection::Connection;
use super::selection::{Except, Selection};
use crate::contract::error::HubResult;
use crate::contract::per_protocol::{Formats, PerProtocol};
use crate::contract::value::HubProtocol;
use crate::endpoint::connection_id::ConnectionId;

/// In how many parts a table is kept, so that those who change it seldom wait for each other.
const SHARDS: usize = 16;

/// The connections of one hub on this node.
pub(crate) struct Registry {
    shards: [Lock<Roster>; SHARDS],
    /// How many speak each protocol.
    speakers: PerProtocol<AtomicUsize>,
    groups: Names,
    users: Names,
}

impl Registry {
    pub(crate) fn new() -> Self {
        Self {
            shards: std::array::from_fn(|_| Lock::default()),
            speakers: PerProtocol::default(),
            groups: Names::new(Kind::Group),
            users: Names::new(Kind::User),
        }
    }

    /// Adds a connection. Gives whether it is the first one of its user.
    pub(crate) fn add(&self, connection: &Arc<Connection>) -> Option<Change> {
        // First: a call that may find it here is encoded for it.
        self.speakers.get(connection.shared.format).fetch_add(1, Ordering::Relaxed);
        self.shard(&connection.id).write(|shard| shard.insert(connection));
        self.users.enter(Arc::clone(connection.user_id.as_ref()?), connection).1
    }

    /// Takes out a connection that is over, first from the groups that are left to it. Gives what that has ended.
    pub(crate) fn remove(&self, connection: &Connection, mut ended: impl FnMut(Change)) {
        while self.leave_next(connection, &mut ended) {}
        if let Some(change) =
            connection.user_id.as_ref().and_then(|user| self.users.leave(user, &connection.id))
        {
            ended(change);
        }
        // Dropped behind the lock: with the last reference goes what the application keeps in the request.
        let removed = self.shard(&connection.id).write(|shard| shard.remove(&connection.id));
        if removed.is_some() {
            self.speakers.get(connection.shared.format).fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Takes a connection that is over out of one of its groups. False if there is none left.
    pub(crate) fn leave_next(&self, connection: &Connection, ended: &mut impl FnMut(Change)) -> bool {
        let Some(group) = connection.next_group_to_leave() else { return false };
        if let Some(change) = self.groups.leave(&group, &connection.id) {
            ended(change);
        }
        true
    }

    /// Adds a connection to a group. Doing it twice, or to a connection that is over, does nothing. Gives whether it is
    /// the first member.
    pub(crate) fn join(&self, connection: &Arc<Connection>, group: &str) -> HubResult<Option<Change>> {
        connection.enter_group(group, || self.groups.enter(group, connection)).map(Option::flatten)
    }

    /// Takes a connection out of a group. Gives whether it was the last member.
    pub(crate) fn leave(&self, connection: &Connection, group: &str) -> Option<Change> {
        connection.leave_group(group, || self.groups.leave(group, &connection.id)).flatten()
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<Connection>> {
        self.shard(id).read(|shard| shard.get(id).cloned())
    }

    /// How many connections there are.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.read(Roster::len)).sum()
    }

    /// The ids of all connections.
    pub(crate) fn ids(&self) -> Vec<ConnectionId> {
        let shards = self.shards.iter().map(|shard| shard.read(Roster::members));
        shards.flat_map(|shard| shard.iter().map(|member| member.id.clone()).collect::<Vec<_>>()).collect()
    }

    /// How many connections are in a group.
    pub(crate) fn group_len(&self, group: &str) -> usize {
        self.groups.count(group)
    }

    /// How many connections a user has.
    pub(crate) fn user_len(&self, user_id: &str) -> usize {
        self.users.count(user_id)
    }

    /// How many groups there are.
    #[cfg(test)]
    pub(crate) fn groups_len(&self) -> usize {
        self.groups.len()
    }

    /// For how many members a group has room where it keeps their places.
    #[cfg(test)]
    pub(crate) fn group_places(&self, group: &str) -> usize {
        self.groups.places(group)
    }

    /// Whether nothing is left: no connection, no group, no user.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0 && self.groups.len() == 0 && self.users.len() == 0
    }

    /// The connections of a selection, those that it leaves out included.
    pub(crate) fn choose(&self, of: &Selection) -> Chosen {
        let rosters = match of {
            Selection::All | Selection::AllExcept(_) => {
                self.shards.iter().map(|shard| shard.read(Roster::members)).collect()
            }
            Selection::Connection(id) => return Chosen::One(self.get(id).map(|one| Members::of(&[one]))),
            Selection::Connections(ids) => {
                let found: Vec<_> = ids.iter().filter_map(|id| self.get(id)).collect();
                return Chosen::One(Some(Members::of(&found)));
            }
            Selection::Groups(names) => names.iter().filter_map(|name| self.groups.members(name)).collect(),
            Selection::Group(name) | Selection::GroupExcept(name, _) => {
                return Chosen::One(self.groups.members(name));
            }
            Selection::Users(ids) => match &**ids {
                [id] => return Chosen::One(self.users.members(id)),
                ids => ids.iter().filter_map(|id| self.users.members(id)).collect(),
            },
        };
        Chosen::Many(rosters)
    }

    /// The protocols of the connections that may be in a selection by the time that they are chosen: of connections that
    /// are here, their own, which does not change; of whoever may join a group, all that are spoken.
    pub(crate) fn possible_formats(&self, of: &Selection) -> Formats {
        let known = match of {
            Selection::Connection(id) => self.format_of(id).map(Formats::only),
            Selection::Connections(ids) => ids.iter().try_fold(Formats::default(), |formats, id| {
                Some(formats.or(Formats::only(self.format_of(id)?)))
            }),
            _ => None,
        };
        known.unwrap_or_else(|| self.speakers.map(|_, speakers| speakers.load(Ordering::Relaxed) > 0))
    }

    /// The protocols that the connections of a selection speak, but for those that it leaves out.
    pub(crate) fn formats(&self, of: &Selection) -> Formats {
        match of {
            Selection::All => self.formats_of_all(None),
            Selection::AllExcept(except) => self.formats_of_all(Some(except)),
            Selection::Connection(id) => self.format_of(id).map(Formats::only).unwrap_or_default(),
            Selection::Connections(ids) => {
                let formats = ids.iter().filter_map(|id| self.format_of(id)).map(Formats::only);
                formats.fold(Formats::default(), Formats::or)
            }
            Selection::Group(name) => self.groups.formats(name, None),
            Selection::Groups(names) => {
                names.iter().map(|name| self.groups.formats(name, None)).fold(Formats::default(), Formats::or)
            }
            Selection::GroupExcept(name, except) => self.groups.formats(name, Some(except)),
            Selection::Users(ids) => {
                ids.iter().map(|id| self.users.formats(id, None)).fold(Formats::default(), Formats::or)
            }
        }
    }

    fn formats_of_all(&self, except: Option<&Except>) -> Formats {
        let formats = self.shards.iter().map(|shard| shard.read(|shard| shard.formats(except)));
        formats.fold(Formats::default(), Formats::or)
    }

    fn format_of(&self, id: &str) -> Option<HubProtocol> {
        self.shard(id).read(|shard| shard.get(id).map(|connection| connection.shared.format))
    }

    fn shard(&self, id: &str) -> &Lock<Roster> {
        shard_of(&self.shards, id)
    }
}

/// The part of a table where a name is kept. Whoever chooses names can fill one part, which is only slower: the table
/// in it hashes with a key.
fn shard_of<'a, T>(shards: &'a [Lock<T>; SHARDS], name: &str) -> &'a Lock<T> {
    // A multiplication for each word, as Firefox and rustc hash.
    const FACTOR: u64 = 0x517c_c1b7_2722_0a95;
    let (words, rest) = name.as_bytes().as_chunks();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let hash = words.chain(rest.iter().map(|byte| u64::from(*byte)));
    let hash = hash.fold(0_u64, |hash, word| (hash.rotate_left(5) ^ word).wrapping_mul(FACTOR));
    // The upper bits are the good ones.
    shards.get(usize::from((hash >> 56) as u8) % SHARDS).unwrap_or(&shards[0])
}
