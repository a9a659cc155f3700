//! Nothing is compressed: there is nothing to blow up, and no length that tells of a secret.

use super::victim::Victim;
use super::wire::{FINAL, Socket, TEXT, call};

#[tokio::test]
async fn it_is_not_offered_and_not_taken() {
    let victim = Victim::new().await;
    let offer =
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-webkit-deflate-frame\r\n";
    let mut socket = Socket::open(victim.address, offer).await.ok().unwrap();
    assert!(!socket.head().to_ascii_lowercase().contains("sec-websocket-extensions"), "{}", socket.head());
    socket.shake_hands().await;
    // A compressed frame although nothing was agreed on.
    socket.frame(FINAL | 0x40 | TEXT, call("1", "Add", "[1,2]").as_bytes()).await;
    assert_eq!(socket.end().await.1, 1002);
    // An answer is not compressed either, and a compressed body is no message.
    let answer = victim
        .http()
        .request("POST", "/hub/negotiate?negotiateVersion=1", "Accept-Encoding: gzip, deflate, br\r\n", "")
        .await;
    assert_eq!((answer.status, answer.header("content-encoding")), (200, None));
}
