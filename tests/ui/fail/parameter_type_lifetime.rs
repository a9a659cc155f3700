use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(&self, room: std::borrow::Cow<'_, str>) -> HubResult;
}

fn main() {}
