//! Why somebody may not enter a room: an error type of the application's own.

use std::error::Error;
use std::fmt;

use signalr_runtime::HubError;

/// Why somebody may not enter a room.
#[derive(Debug)]
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
    Call(HubError),
}

const NAME_TAKEN: &str = "Somebody in this room already has this name. Please choose another one.";
const BAD_NAME: &str = "A name has 1 to 24 characters.";
const BAD_ROOM: &str = "The name of a room has 1 to 24 characters.";
const TOO_MANY_ROOMS: &str = "There are too many rooms. Please join one of those that are there.";
const ALREADY_IN_ROOM: &str = "You are in a room. Please leave it first.";

/// On the wire an error is a text: it is all that clients in other languages see.
impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NameTaken => NAME_TAKEN,
            Self::BadName => BAD_NAME,
            Self::BadRoom => BAD_ROOM,
            Self::TooManyRooms => TOO_MANY_ROOMS,
            Self::AlreadyInRoom => ALREADY_IN_ROOM,
            Self::Call(error) => error.detail(),
        })
    }
}

impl Error for JoinError {}

/// For the server, which sends it.
impl From<JoinError> for HubError {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::Call(error) => error,
            refused => Self::new(refused.to_string()),
        }
    }
}

/// For the client, which gets it back.
impl From<HubError> for JoinError {
    fn from(error: HubError) -> Self {
        match error.detail() {
            NAME_TAKEN => Self::NameTaken,
            BAD_NAME => Self::BadName,
            BAD_ROOM => Self::BadRoom,
            TOO_MANY_ROOMS => Self::TooManyRooms,
            ALREADY_IN_ROOM => Self::AlreadyInRoom,
            _ => Self::Call(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_the_same_on_both_sides() {
        let sent = HubError::from(JoinError::NameTaken);
        let text =
            format!("An unexpected error occurred invoking 'Join' on the server. HubException: {sent}");
        assert!(matches!(JoinError::from(HubError::new(text)), JoinError::NameTaken));
    }

    #[test]
    fn any_other_error_is_kept() {
        let error = JoinError::from(HubError::new("out of order"));
        assert_eq!(error.to_string(), "out of order");
    }
}
