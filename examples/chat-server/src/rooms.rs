//! The rooms: what all connections share.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use chat_contract::{Entry, JoinError, Welcome};
use signalr_runtime::server::ConnectionId;

use crate::room::{Change, Room, now};

/// How many rooms there may be.
const ROOM_LIMIT: usize = 100;

/// The longest name of a room or a person, in characters.
const NAME_LIMIT: usize = 24;

/// All rooms by name. A room begins with the first person who enters it.
pub struct Rooms {
    rooms: Mutex<HashMap<String, Room>>,
    /// When they began, in milliseconds since 1970.
    since: u64,
}

impl Default for Rooms {
    fn default() -> Self {
        Self { rooms: Mutex::default(), since: now() }
    }
}

impl Rooms {
    /// Lets somebody into a room.
    pub fn enter(&self, room: &str, name: &str, connection: &ConnectionId) -> Result<Change, JoinError> {
        if !is_allowed(name) {
            return Err(JoinError::BadName);
        }
        if !is_allowed(room) {
            return Err(JoinError::BadRoom);
        }
        let mut rooms = self.rooms();
        if rooms.len() >= ROOM_LIMIT && !rooms.contains_key(room) {
            // A deserted room is kept for its history, but only while there is space.
            rooms.retain(|_, room| !room.is_deserted());
            if rooms.len() >= ROOM_LIMIT {
                return Err(JoinError::TooManyRooms);
            }
        }
        rooms.entry(room.to_owned()).or_default().enter(name, connection)
    }

    /// Lets somebody out.
    pub fn leave(&self, room: &str, name: &str) -> Change {
        self.rooms().entry(room.to_owned()).or_default().leave(name)
    }

    /// Notes what somebody said.
    pub fn say(&self, room: &str, name: String, text: String) -> Entry {
        self.rooms().entry(room.to_owned()).or_default().say(name, text)
    }

    /// What somebody who joins gets to see.
    pub fn welcome(&self, room: &str) -> Welcome {
        self.rooms().entry(room.to_owned()).or_default().welcome(self.since)
    }

    /// The connection of somebody in a room.
    pub fn connection_of(&self, room: &str, name: &str) -> Option<ConnectionId> {
        self.rooms().get(room)?.connection_of(name)
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<String, Room>> {
        self.rooms.lock().expect("nothing panics while it holds this lock")
    }
}

fn is_allowed(name: &str) -> bool {
    (1..=NAME_LIMIT).contains(&name.chars().count()) && !name.contains(char::is_control)
}
