use signalr_runtime::server::HubContext;
use signalr_runtime::{HubResult, hub};

#[hub]
trait Chat {
    async fn join(&self) -> HubResult;
}

async fn welcome(cx: HubContext<ChatContract>) -> HubResult {
    cx.clients().all().joined("Ada").await
}

fn main() {}
