//! Bytes without a hub: negotiation and transports of SignalR, and a protocol of one's own.

use std::error::Error;

use axum::Router;
use futures_util::{SinkExt, StreamExt};
use signalr_runtime::server::{HubRouterExt, RawConnection, RawService, TransferFormat};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

/// Answers every byte with the next higher one. The connection reads and writes like a socket.
async fn next_bytes(mut connection: RawConnection) {
    connection.set_transfer_format(TransferFormat::Binary);
    let mut buffer = [0; 1024];
    while let Ok(length @ 1..) = connection.read(&mut buffer).await {
        let (bytes, _) = buffer.split_at_mut(length);
        for byte in bytes.iter_mut() {
            *byte = byte.wrapping_add(1);
        }
        if connection.write_all(bytes).await.is_err() {
            return;
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let app = Router::new().raw("/bytes", RawService::new(next_bytes));
    tokio::spawn(axum::serve(listener, app).into_future());

    // Any WebSocket client will do. `HttpConnection` of `@microsoft/signalr` comes over the other transports as well.
    let stream = TcpStream::connect(address).await?;
    let (mut socket, _) = client_async(format!("ws://{address}/bytes"), stream).await?;
    socket.send(Message::binary(vec![1, 2, 255])).await?;
    let answer = socket.next().await.ok_or("the connection has ended")??;
    println!("{:?}", answer.into_data().to_vec());
    socket.close(None).await?;
    Ok(())
}
