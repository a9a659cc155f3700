use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(&self, room: &dyn ToString) -> HubResult;
}

fn main() {}
