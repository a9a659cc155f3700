//! An error with a type of its own.

use std::fmt;

use signalr_runtime::{HubError, hub};

#[derive(Debug)]
pub enum JoinError {
    RoomFull,
    /// The call itself failed, on either side.
    Call(HubError),
}

const ROOM_FULL: &str = "The room is full.";

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RoomFull => f.write_str(ROOM_FULL),
            Self::Call(error) => f.write_str(error.detail()),
        }
    }
}

/// The server sends it: every client reads the text.
impl From<JoinError> for HubError {
    fn from(error: JoinError) -> Self {
        if let JoinError::Call(error) = error { error } else { Self::new(error.to_string()) }
    }
}

/// A client with the contract gets it back.
impl From<HubError> for JoinError {
    fn from(error: HubError) -> Self {
        if error.detail() == ROOM_FULL { Self::RoomFull } else { Self::Call(error) }
    }
}

#[hub]
pub trait Rooms {
    async fn join(&self, room: &str) -> Result<u32, JoinError>;
}
