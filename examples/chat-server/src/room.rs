//! One room: who is in it, and what happened.

use std::collections::VecDeque;
use std::time::{SystemTime, UNIX_EPOCH};

use chat_contract::{Entry, Event, JoinError, Members, Welcome};
use signalr_runtime::server::ConnectionId;

/// How many entries the history holds.
const HISTORY: usize = 100;

/// A room.
#[derive(Default)]
pub struct Room {
    history: VecDeque<Entry>,
    /// How many entries there have been.
    entries: u64,
    members: Vec<Member>,
    /// How often the members have changed.
    version: u64,
}

struct Member {
    name: String,
    connection: ConnectionId,
}

/// Somebody came or went.
pub struct Change {
    /// The notice of it.
    pub entry: Entry,
    /// Who is here now.
    pub members: Members,
}

impl Room {
    /// Lets somebody in.
    pub fn enter(&mut self, name: &str, connection: &ConnectionId) -> Result<Change, JoinError> {
        if self.member(name).is_some() {
            return Err(JoinError::NameTaken);
        }
        self.members.push(Member { name: name.to_owned(), connection: connection.clone() });
        Ok(self.changed(name, Event::Joined))
    }

    /// Lets somebody out.
    pub fn leave(&mut self, name: &str) -> Change {
        self.members.retain(|member| member.name != name);
        self.changed(name, Event::Left)
    }

    /// Notes what somebody said.
    pub fn say(&mut self, name: String, text: String) -> Entry {
        self.note(name, Event::Said { text })
    }

    /// What somebody who joins gets to see; all rooms began at `since`.
    pub fn welcome(&self, since: u64) -> Welcome {
        Welcome { history: self.history.iter().cloned().collect(), members: self.members(), since }
    }

    /// The connection of somebody here.
    pub fn connection_of(&self, name: &str) -> Option<ConnectionId> {
        self.member(name).map(|member| member.connection.clone())
    }

    /// Whether nobody is here.
    pub fn is_deserted(&self) -> bool {
        self.members.is_empty()
    }

    /// `Ada` and `ada` are one name: people could not tell them apart.
    fn member(&self, name: &str) -> Option<&Member> {
        let name = name.to_lowercase();
        self.members.iter().find(|member| member.name.to_lowercase() == name)
    }

    fn members(&self) -> Members {
        let names = self.members.iter().map(|member| member.name.clone()).collect();
        Members { version: self.version, names }
    }

    fn changed(&mut self, name: &str, event: Event) -> Change {
        self.version += 1;
        Change { entry: self.note(name.to_owned(), event), members: self.members() }
    }

    fn note(&mut self, name: String, event: Event) -> Entry {
        self.entries += 1;
        let entry = Entry { id: self.entries, at: now(), name, event };
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(entry.clone());
        entry
    }
}

/// The time, in milliseconds since 1970.
pub fn now() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since_1970.as_millis().try_into().unwrap_or(u64::MAX)
}
