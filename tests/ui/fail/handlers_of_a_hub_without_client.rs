use signalr_runtime::client::HubConnection;
use signalr_runtime::{HubResult, hub};

#[hub]
trait Chat {
    async fn join(&self) -> HubResult;
}

struct Ui;

fn main() {
    let _ = HubConnection::<ChatContract>::builder("http://localhost/chat").handlers(Ui);
}
