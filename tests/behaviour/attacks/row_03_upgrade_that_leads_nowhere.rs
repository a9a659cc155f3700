//! A request for a WebSocket whose client never takes the answer, or goes: nothing is left of it.

use std::time::Duration;

use signalr_runtime::server::{HubOptions, Limits};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::victim::{Victim, impatience};
use super::wire::Socket;

#[tokio::test]
async fn a_client_that_goes_or_stays_silent() {
    let limits = Limits { connections: Some(3), ..Limits::default() };
    let http = impatience();
    let handshake_timeout = Duration::from_millis(200);
    let options = HubOptions { limits, http, handshake_timeout, ..HubOptions::default() };
    let victim = Victim::with(options).await;
    let request = format!(
        "GET /hub HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        victim.address
    );
    let mut silent = Vec::new();
    for round in 0..4 {
        for _ in 0..3 {
            let mut stream = TcpStream::connect(victim.address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            // Half of them stay, and never read a byte.
            if round % 2 == 0 {
                silent.push(stream);
            }
        }
        // Their places are free again, as soon as their time is over.
        super::until_async(async || Socket::open(victim.address, "").await.is_ok()).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    super::until_async(async || {
        let Ok(mut socket) = Socket::open(victim.address, "").await else { return false };
        socket.shake_hands().await;
        true
    })
    .await;
}
