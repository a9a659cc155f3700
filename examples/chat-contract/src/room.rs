//! What is known of a room.

use serde::{Deserialize, Serialize};

/// What somebody who joins a room gets to see.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Welcome {
    /// What happened last, the oldest entry first.
    pub history: Vec<Entry>,
    /// Who is here.
    pub members: Members,
    /// When the server was started, in milliseconds since 1970. Somebody who comes back and gets another number than
    /// before knows that it was restarted, and that its rooms began anew.
    pub since: u64,
}

/// One thing that happened in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Counts the entries of the room. Somebody who joins may get an entry twice, in the history and by a call: the
    /// same id means that it is the same entry.
    pub id: u64,
    /// When it happened, in milliseconds since 1970.
    pub at: u64,
    /// Whose doing it was.
    pub name: String,
    /// What happened.
    pub event: Event,
}

/// What can happen in a room. In JSON: `{"kind":"said","text":"hello"}`, `{"kind":"joined"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Event {
    /// Somebody came.
    Joined,
    /// Somebody went, or lost the connection.
    Left,
    /// Somebody said something.
    Said {
        /// What they said.
        text: String,
    },
}

/// Who is in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    /// Grows with every change. Two changes at the same time may arrive in either order: the higher version counts.
    pub version: u64,
    /// Their names, in the order in which they came.
    pub names: Vec<String>,
}

/// One tick of the server's clock.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tick {
    /// The server's time, in milliseconds since 1970.
    pub at: u64,
}
