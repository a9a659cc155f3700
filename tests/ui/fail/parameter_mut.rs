use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(&self, mut room: String) -> HubResult {
        room.clear();
        Ok(())
    }
}

fn main() {}
