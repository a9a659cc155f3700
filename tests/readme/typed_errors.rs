//! An error with a type of its own.

use std::fmt;

use signalr_runtime::{HubError, hub};

#[derive(Debug, HubError)]
pub enum JoinError {
    RoomFull {
        places: u32,
    },
    /// Every other error: the connection, a timeout, an argument.
    #[signalr(other)]
    Call(HubError),
}

/// All that a person reads.
impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RoomFull { places } => write!(f, "The room is full: it has {places} places."),
            Self::Call(error) => f.write_str(error.detail()),
        }
    }
}

#[hub]
pub trait Rooms {
    async fn join(&self, room: &str) -> Result<u32, JoinError>;
}
