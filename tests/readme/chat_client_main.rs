//! Starts the client.

use crate::chat_client::run;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    run("http://127.0.0.1:3000/chat").await
}
