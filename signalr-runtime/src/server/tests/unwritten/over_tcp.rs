//! The same over TCP, with hyper as the HTTP server.

use axum::Router;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::super::over_tcp::{serve, within};
use super::super::requests::{HANDSHAKE, record};
use super::*;
use crate::server::HttpOptions;

/// More than the kernel keeps of a connection.
const LARGE: usize = 30_000_000;

async fn until(is_so: impl Fn() -> bool) {
    within(async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Opens a connection of a client that reads little, and sends a request.
async fn get(address: std::net::SocketAddr, client: &Requests, accept: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let token = client.token();
    let head = format!("GET /hub?id={token} HTTP/1.1\r\nHost: test\r\nAccept: {accept}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn a_client_that_reads_nothing_leaves_nothing_behind() {
    let http = HttpOptions { transport_send_timeout: Duration::from_millis(300), ..HttpOptions::default() };
    for accept in ["text/event-stream", "*/*"] {
        let (limits, memory) = limits();
        let server = Server::with(HubOptions { limits, http: http.clone(), ..HubOptions::default() });
        let address = serve(Router::new().nest_service("/hub", server.service.clone())).await;
        let client = Requests::negotiate(&server).await;
        let mut first = get(address, &client, accept).await;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(within(first.read_u8()).await.unwrap());
        }
        assert_eq!(client.post(record(HANDSHAKE)).await.status, 200);
        until(|| server.handle().connection_count() == 1).await;
        server.handle().clients().all().said(&"x".repeat(LARGE)).await.unwrap();
        let stuck = if accept == "*/*" { get(address, &client, accept).await } else { first };
        until(|| server.handle().connection_count() == 0).await;
        if accept == "*/*" {
            // Hyper gathers more of it than it can write, and does not ask whether it still should.
            until(|| (1..600_000).contains(&memory.held())).await;
            assert_eq!(connecting(&server).await, 503);
            drop(stuck);
            until(|| memory.held() == 0).await;
        } else {
            // The body breaks off. Hyper drops it with everything that was written of it, and the socket.
            until(|| memory.held() == 0).await;
        }
        assert_eq!(connecting(&server).await, 200);
    }
}
