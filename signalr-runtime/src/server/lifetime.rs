//! The connections of one hub on this node: who is there, in which group, as which user; and sending to them.
//!
//! ASP.NET Core calls this the hub lifetime manager.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use futures_util::future::join_all;

use super::connection::{Connection, ConnectionId};
use super::selection::Selection;
use crate::connection::frame::Frame;
use crate::connection::outbound::Refused;
use crate::contract::arguments::EncodeArguments;
use crate::contract::error::{HubError, HubErrorKind, HubResult};
use crate::contract::receivers::Delivery;
use crate::contract::value::{Encoded, HubProtocol, Payload};
use crate::protocol;
use crate::protocol::message::{Invocation, Message};

/// Connections by id.
type Members = HashMap<ConnectionId, Arc<Connection>>;

/// Connections by the name of what they belong to; no empty entry is kept.
type Index = RwLock<HashMap<Arc<str>, Members>>;

/// In how many parts the connections are kept, so that those who come and go seldom wait for each other.
const SHARDS: usize = 16;

/// The local registry of one hub.
pub(crate) struct LifetimeManager {
    shards: [RwLock<Members>; SHARDS],
    hasher: RandomState,
    groups: Index,
    users: Index,
}

impl LifetimeManager {
    pub(crate) fn new() -> Self {
        Self {
            shards: std::array::from_fn(|_| RwLock::default()),
            hasher: RandomState::new(),
            groups: Index::default(),
            users: Index::default(),
        }
    }

    /// From now on the connection can be sent to.
    pub(crate) fn add(&self, connection: &Arc<Connection>) {
        write(self.shard(&connection.id)).insert(connection.id.clone(), Arc::clone(connection));
        if let Some(user) = &connection.user_id {
            insert(&self.users, Arc::clone(user), connection);
        }
    }

    /// The connection is over: it leaves its groups, and then everything else.
    pub(crate) fn remove(&self, connection: &Connection) {
        for group in connection.leave_groups() {
            remove(&self.groups, &group, &connection.id);
        }
        if let Some(user) = &connection.user_id {
            remove(&self.users, user, &connection.id);
        }
        write(self.shard(&connection.id)).remove(&connection.id);
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<Connection>> {
        read(self.shard(id)).get(id).cloned()
    }

    /// How many connections there are.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| read(shard).len()).sum()
    }

    /// How many connections are in a group.
    pub(crate) fn group_len(&self, group: &str) -> usize {
        read(&self.groups).get(group).map_or(0, HashMap::len)
    }

    /// How many connections a user has.
    pub(crate) fn user_len(&self, user_id: &str) -> usize {
        read(&self.users).get(user_id).map_or(0, HashMap::len)
    }

    /// Whether nothing is left: no connection, no group, no user.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0 && read(&self.groups).is_empty() && read(&self.users).is_empty()
    }

    /// Adds a connection to a group. Doing it twice, or to a connection that is gone, does nothing.
    pub(crate) fn join(&self, connection: &Arc<Connection>, group: &str) -> HubResult {
        let group: Arc<str> = group.into();
        connection.note_group(&group, || insert(&self.groups, Arc::clone(&group), connection))
    }

    /// Takes a connection out of a group.
    pub(crate) fn leave(&self, connection: &Connection, group: &str) {
        connection.forget_group(group, || remove(&self.groups, group, &connection.id));
    }

    /// Runs `visit` on every connection.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(&Arc<Connection>)) {
        for shard in &self.shards {
            read(shard).values().for_each(&mut visit);
        }
    }

    /// Queues a call for every connection of a selection.
    pub(crate) fn send(
        &self,
        to: &Selection,
        target: &'static str,
        arguments: &dyn EncodeArguments,
    ) -> Delivery {
        let mut broadcast = Broadcast::new(target, arguments);
        match to {
            Selection::All => self.for_each(|connection| broadcast.send(connection)),
            Selection::AllExcept(except) => {
                self.for_each(|connection| broadcast.send_unless(connection, except));
            }
            Selection::Connection(connection) => broadcast.send(connection),
            Selection::Clients(ids) => {
                for connection in ids.iter().filter_map(|id| self.get(id)) {
                    broadcast.send(&connection);
                }
            }
            Selection::Groups(groups) if groups.iter().any(String::is_empty) => {
                return Delivery::Done(Err(HubError::named(
                    HubErrorKind::Internal,
                    "InvalidOperationException",
                    "Cannot send to an empty group name.",
                )));
            }
            Selection::Groups(names) => broadcast.send_named(&self.groups, names, &[]),
            Selection::GroupExcept(name, except) => {
                broadcast.send_named(&self.groups, std::slice::from_ref(name), except);
            }
            Selection::Users(names) => broadcast.send_named(&self.users, names, &[]),
        }
        broadcast.finish()
    }

    fn shard(&self, id: &str) -> &RwLock<Members> {
        let hash = usize::try_from(self.hasher.hash_one(id) % SHARDS as u64).unwrap_or_default();
        self.shards.get(hash).unwrap_or(&self.shards[0])
    }
}

/// One call on its way to many connections: encoded and framed once per protocol in use.
struct Broadcast<'a> {
    target: &'static str,
    arguments: &'a dyn EncodeArguments,
    frames: Frames,
    /// Those without room.
    waiting: Vec<(Arc<Connection>, Frame)>,
    failed: Option<HubError>,
}

impl<'a> Broadcast<'a> {
    fn new(target: &'static str, arguments: &'a dyn EncodeArguments) -> Self {
        Self { target, arguments, frames: Frames::default(), waiting: Vec::new(), failed: None }
    }

    fn send(&mut self, connection: &Arc<Connection>) {
        if self.failed.is_some() {
            return;
        }
        let format = connection.shared.format;
        let frame = match self.frames.of(format) {
            Some(frame) => frame,
            none => match invocation_frame(format, None, self.target, self.arguments) {
                Ok(frame) => none.insert(frame),
                Err(error) => {
                    self.failed = Some(error);
                    return;
                }
            },
        };
        match connection.shared.offer(frame) {
            // A connection that is over is sent nothing; that is no error.
            Ok(()) | Err(Refused::Closed | Refused::TooSlow) => {}
            Err(Refused::Full) => self.waiting.push((Arc::clone(connection), frame.clone())),
        }
    }

    fn send_unless(&mut self, connection: &Arc<Connection>, except: &[String]) {
        if !except.iter().any(|id| *id == *connection.id) {
            self.send(connection);
        }
    }

    fn send_named(&mut self, index: &Index, names: &[String], except: &[String]) {
        let index = read(index);
        for connection in names.iter().filter_map(|name| index.get(&**name)).flat_map(HashMap::values) {
            self.send_unless(connection, except);
        }
    }

    fn finish(self) -> Delivery {
        if let Some(error) = self.failed {
            return Delivery::Done(Err(error));
        }
        if self.waiting.is_empty() {
            return Delivery::Done(Ok(()));
        }
        let waiting = self.waiting;
        Delivery::Waiting(Box::pin(async move {
            let sends =
                waiting.iter().map(|(connection, frame)| connection.shared.outbound.push_when_room(frame));
            join_all(sends).await;
            Ok(())
        }))
    }
}

/// The frames of one call, for the protocols that were met.
#[derive(Default)]
struct Frames {
    json: Option<Frame>,
    #[cfg(feature = "messagepack")]
    messagepack: Option<Frame>,
}

impl Frames {
    fn of(&mut self, format: HubProtocol) -> &mut Option<Frame> {
        match format {
            HubProtocol::Json => &mut self.json,
            #[cfg(feature = "messagepack")]
            HubProtocol::MessagePack => &mut self.messagepack,
        }
    }
}

/// Encodes a call to a client.
pub(crate) fn invocation_frame(
    format: HubProtocol,
    id: Option<&str>,
    target: &str,
    arguments: &dyn EncodeArguments,
) -> HubResult<Frame> {
    let arguments = Encoded::arguments(format, arguments)
        .map_err(|error| HubError::with_kind(HubErrorKind::Codec, error.to_string()))?;
    let message = Message::Invocation(Invocation {
        headers: Vec::new(),
        id: id.map(Into::into),
        target: target.into(),
        arguments: Payload { format, bytes: arguments.bytes() },
        stream_ids: Vec::new(),
    });
    Ok(Frame::new(format, |out| protocol::write(format, &message, out)))
}

fn insert(index: &Index, name: Arc<str>, connection: &Arc<Connection>) {
    write(index).entry(name).or_default().insert(connection.id.clone(), Arc::clone(connection));
}

fn remove(index: &Index, name: &str, id: &ConnectionId) {
    if let Entry::Occupied(mut entry) = write(index).entry(name.into()) {
        entry.get_mut().remove(id);
        if entry.get().is_empty() {
            entry.remove();
        }
    }
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
