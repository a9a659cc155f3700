use signalr_runtime::{HubResult, client_proxy, hub};

#[hub]
#[client_proxy]
pub trait Chat {
    async fn join(&self, room: &str) -> HubResult;
}

#[client_proxy]
#[signalr_runtime::hub]
pub trait Page {
    async fn show(&self, text: &str);
}

#[hub]
#[hub]
pub trait Rooms {
    async fn count(&self) -> HubResult<u32>;
}

fn main() {}
