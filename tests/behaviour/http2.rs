//! What `axum::serve` offers over HTTP/2, where nobody but the feature `http2` of the runtime has asked for it.

use axum::Router;
use signalr_runtime::server::{HubRouterExt, HubService};
use signalr_tests::test_hub::TestHubServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// `SETTINGS_ENABLE_CONNECT_PROTOCOL` (RFC 8441, 3).
const ENABLE_CONNECT_PROTOCOL: u16 = 8;

/// A client opens a WebSocket over HTTP/2 only where the settings of the server say that it may.
#[tokio::test]
async fn the_settings_offer_websockets() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let hub = HubService::<TestHubServer>::new(TestHubServer::new);
    tokio::spawn(async { axum::serve(listener, Router::new().hub("/hub", hub)).await });

    // The preface, and settings of our own, which are none (RFC 9113, 3.4).
    client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut head = [0; 9];
    client.read_exact(&mut head).await.unwrap();
    assert_eq!(head[3], 4, "the first frame has the settings: {head:?}");
    let mut settings = vec![0; usize::from(u16::from_be_bytes([head[1], head[2]]))];
    client.read_exact(&mut settings).await.unwrap();
    let offered = settings.chunks_exact(6).any(|setting| {
        let (name, value) = setting.split_at(2);
        name == ENABLE_CONNECT_PROTOCOL.to_be_bytes() && value == 1_u32.to_be_bytes()
    });
    assert!(offered, "{settings:?}");
}
