use signalr_runtime::client_proxy;

#[client_proxy]
pub async fn message_received(text: &str) {
    let _ = text;
}

fn main() {}
