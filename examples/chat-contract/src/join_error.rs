//! Why somebody may not enter a room: an error type of the application's own.

use std::error::Error;
use std::fmt;

use signalr_runtime::HubError;

/// Why somebody may not enter a room.
#[derive(Debug, HubError)]
pub enum JoinError {
    /// Somebody else in the room has this name.
    NameTaken,
    /// A name must be short, and must not be empty.
    BadName,
    /// The same for the name of a room.
    BadRoom,
    /// There are as many rooms as the server allows.
    TooManyRooms,
    /// One room at a time.
    AlreadyInRoom,
    /// The call itself failed, on either side.
    #[signalr(other)]
    Call(HubError),
}

/// On the wire an error is a text: it is all that clients in other languages see, with the name of the variant behind it.
impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NameTaken => "Somebody in this room already has this name. Please choose another one.",
            Self::BadName => "A name has 1 to 24 characters.",
            Self::BadRoom => "The name of a room has 1 to 24 characters.",
            Self::TooManyRooms => "There are too many rooms. Please join one of those that are there.",
            Self::AlreadyInRoom => "You are in a room. Please leave it first.",
            Self::Call(error) => error.detail(),
        })
    }
}

impl Error for JoinError {}
