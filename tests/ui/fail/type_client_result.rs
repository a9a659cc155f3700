use signalr_runtime::{HubResult, client_proxy};

pub struct Room;

#[client_proxy]
pub trait Chat {
    async fn ask(&self) -> HubResult<Room>;
}

fn main() {}
