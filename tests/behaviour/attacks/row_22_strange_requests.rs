//! Requests that no client sends.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::victim::{PATIENCE, Victim};
use super::wire::Socket;

#[tokio::test]
async fn they_are_refused() {
    let victim = Victim::new().await;
    let http = victim.http();
    let (long, pairs) = ("x".repeat(8_000), "&a=b".repeat(1_500));
    for (method, target, status) in [
        ("GET", format!("/hub?id={long}"), 404),
        ("POST", format!("/hub?id={long}"), 404),
        ("DELETE", format!("/hub?id={long}"), 404),
        ("GET", format!("/hub?x=y{pairs}"), 400),
        ("GET", format!("/hub?{pairs}&id=x"), 404),
        ("GET", "/hub?id=%zz%0d%0aX-Injected:%201".to_owned(), 404),
        ("GET", "/hub?id=".to_owned(), 400),
        ("POST", "/hub/negotiate?negotiateVersion=99999999999999999999".to_owned(), 400),
        ("GET", "/hub/negotiate".to_owned(), 405),
        ("POST", "/hub/negotiate/../../etc".to_owned(), 404),
        ("TRACE", "/hub".to_owned(), 405),
        ("CONNECT", "/hub".to_owned(), 405),
        ("BREW", "/hub?id=x".to_owned(), 405),
    ] {
        let answer = http.request(method, &target, "", "").await;
        let shown = target.get(..60).unwrap_or(&target);
        // A version that cannot be is answered as ASP.NET Core answers it, or refused.
        let fine = answer.status == status || (status == 400 && answer.body.contains("\"error\""));
        assert!(fine && !answer.head.contains("X-Injected"), "{method} {shown}: {answer:?}");
    }
    victim.serves_others().await;
}

#[tokio::test]
async fn a_connection_that_would_keep_large_headers() {
    let victim = Victim::new().await;
    let padding = |bytes: usize| format!("X-Padding: {}\r\n", "x".repeat(bytes));
    // Others are added to it.
    assert!(Socket::open(victim.address, &padding(32_000)).await.is_ok());
    let refused = Socket::open(victim.address, &padding(32 * 1024)).await.err().unwrap();
    assert_eq!(refused.status, 431);
    let many = "X-Padding: x\r\n".repeat(90) + &padding(32_000);
    assert_eq!(Socket::open(victim.address, &many).await.err().unwrap().status, 431);
    assert_eq!(
        victim.http().request("GET", &format!("/hub?{}", "x".repeat(33_000)), "", "").await.status,
        431
    );
    assert_eq!(victim.hits("request_head"), 3);
    victim.serves_others().await;
}

#[tokio::test]
async fn upgrades_that_are_none() {
    let victim = Victim::new().await;
    let host = victim.address;
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    let (version, key) = ("Sec-WebSocket-Version: 13\r\n", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    for headers in [
        format!("{upgrade}{version}"),
        format!("{upgrade}{version}Sec-WebSocket-Key: \r\n"),
        format!("{upgrade}{version}Sec-WebSocket-Key: short\r\n"),
        format!("{upgrade}{key}"),
        format!("{upgrade}Sec-WebSocket-Version: 8\r\n{key}"),
        format!("{upgrade}Sec-WebSocket-Version: 13, 8\r\n{key}"),
        format!("Connection: Upgrade\r\nUpgrade: h2c\r\n{version}{key}"),
        format!("Connection: close\r\nUpgrade: websocket\r\n{version}{key}"),
        format!("{upgrade}{version}{key}X: {}\r\n", "x".repeat(500_000)),
        format!("{upgrade}{version}{key}{}", "X: y\r\n".repeat(200)),
    ] {
        let mut stream = TcpStream::connect(host).await.unwrap();
        let request = format!("GET /hub HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n");
        let _ = stream.write_all(request.as_bytes()).await;
        let mut status = [0; 12];
        let read = tokio::time::timeout(PATIENCE, stream.read_exact(&mut status)).await.unwrap();
        let shown = headers.get(..200).unwrap_or(&headers);
        assert!(
            read.is_err() || status.starts_with(b"HTTP/1.1 4"),
            "{shown}: {}",
            String::from_utf8_lossy(&status)
        );
    }
    assert!(Socket::open(host, "").await.is_ok());
    victim.serves_others().await;
}
