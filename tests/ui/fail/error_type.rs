use signalr_runtime::hub;

#[derive(Debug)]
pub struct RoomFull;

#[hub]
pub trait Chat {
    async fn join(&self, room: &str) -> Result<(), RoomFull>;
}

fn main() {}
