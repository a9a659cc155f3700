use signalr_runtime::{HubError, hub};

pub struct RoomFull;

impl From<RoomFull> for HubError {
    fn from(_: RoomFull) -> Self {
        Self::new("the room is full")
    }
}

#[hub]
pub trait Chat {
    async fn join(&self, room: &str) -> Result<(), RoomFull>;
}

fn main() {}
