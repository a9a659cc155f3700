use signalr_runtime::client::HubConnection;
use signalr_runtime::{HubResult, client_proxy, hub};

#[hub(client = ChatClient)]
trait ChatHub {
    async fn join(&self) -> HubResult;
}

#[client_proxy]
trait ChatClient {
    async fn message(&self, text: &str);
}

struct Ui;

fn main() {
    let _ = HubConnection::<ChatHubContract>::builder("http://localhost/chat").handlers(Ui);
}
