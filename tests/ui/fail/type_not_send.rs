use signalr_runtime::{HubResult, hub};

#[derive(serde::Serialize, serde::Deserialize)]
pub struct Room(std::marker::PhantomData<*const ()>);

#[hub]
pub trait Chat {
    async fn join(&self, room: Room) -> HubResult;
}

fn main() {}
