use signalr_runtime::client::HubConnection;
use signalr_runtime::{HubResult, hub};

#[hub]
trait Chat {
    async fn join(&self) -> HubResult;
}

fn main() {
    let _ = HubConnection::<ChatClient>::builder("http://localhost/chat");
}
