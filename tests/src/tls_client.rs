//! Calls the test hub once, at the address given. In a program of its own, because the certificates that a client
//! trusts are those of its environment.

use signalr_runtime::client::HubConnection;
use signalr_tests::test_hub::TestHubContract;

#[tokio::main]
async fn main() {
    let url = std::env::args().nth(1).unwrap_or_default();
    match HubConnection::<TestHubContract>::builder(url).connect().await {
        Ok(connection) => println!("{:?}", connection.hub().echo("hello".into()).await),
        Err(error) => println!("{error}"),
    }
}
