use signalr_runtime::{HubError, HubResult, Stream, hub};

pub struct RoomFull;

impl From<HubError> for RoomFull {
    fn from(_: HubError) -> Self {
        Self
    }
}

#[hub]
pub trait Chat {
    fn listen(&self, room: &str) -> impl Stream<Item = Result<u32, RoomFull>>;
    async fn leave(&self) -> HubResult;
}

fn main() {}
