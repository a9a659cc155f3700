use signalr_runtime::{HubResult, Stream, client_proxy, hub};

#[hub(client = Page, colour = "blue")]
pub trait Chat {
    const ROOMS: usize;

    async fn leave(room: &str) -> HubResult;
    async fn rename(&mut self, name: String) -> HubResult;
    async fn join<R: Into<String>>(&self, room: R) -> HubResult;
    fn count(&self) -> HubResult<u32>;
    async fn names(&self, rooms: Vec<&str>) -> HubResult;
    async fn first(&self, (room, name): (String, String)) -> HubResult;
    async fn ticks(&self) -> impl Stream<Item = HubResult<u32>>;
    async fn shout(&self, text: String);
    async fn room(&self) -> HubResult<Room>;
    async fn setup(&self) -> HubResult;

    #[signalr(name = "setUp")]
    async fn arrange(&self) -> HubResult;
}

#[client_proxy]
pub trait Page {
    async fn show(&self, text: &str);
}

pub struct Room;

fn main() {}
