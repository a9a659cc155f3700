use std::fmt;

use signalr_runtime::{HubError, hub};

pub struct Room;

#[derive(HubError)]
pub enum JoinError {
    RoomFull { room: Room, limit: u32 },
    #[signalr(other)]
    Call(HubError),
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the room is full")
    }
}

#[hub]
pub trait Chat {
    async fn join(&self) -> Result<(), JoinError>;
}

fn main() {}
