use signalr_runtime::HubResult;
use signalr_runtime::client::RawHub;

async fn double(hub: RawHub) -> HubResult<u32> {
    hub.invoke("Double", 5).await
}

fn main() {}
