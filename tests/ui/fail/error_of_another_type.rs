use signalr_runtime::{HubResult, hub};

#[hub]
trait Chat {
    async fn read(&self) -> HubResult<String>;
}

struct Rooms;

impl Chat for Rooms {
    async fn read(&self) -> HubResult<String> {
        Ok(std::fs::read_to_string("motd")?)
    }
}

fn main() {}
