use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(&self, room: &str) -> HubResult;
}

pub struct Rooms;

impl Chat for Rooms {
    async fn join(&self, room: &str) -> HubResult {
        let name = std::rc::Rc::<str>::from(room);
        std::future::ready(()).await;
        println!("{name}");
        Ok(())
    }
}

fn main() {}
