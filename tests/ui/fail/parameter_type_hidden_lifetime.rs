use signalr_runtime::{HubResult, hub};

#[derive(serde::Serialize)]
pub struct Room<'a>(&'a str);

#[hub]
pub trait Chat {
    async fn join(&self, room: Room) -> HubResult;
}

fn main() {}
