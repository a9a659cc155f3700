//! Requests as the page makes them.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The head and the body of the answer to a `POST`.
pub(crate) async fn post(address: SocketAddr, path: &str, headers: &str, body: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(Duration::from_secs(10), stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), body.to_owned())
}

/// Signs in, and gives the head and the body of the answer.
pub(crate) async fn log_in(address: SocketAddr, name: &str, password: &str) -> (String, serde_json::Value) {
    let body = serde_json::json!({ "name": name, "password": password }).to_string();
    let (head, body) = post(address, "/login", "Content-Type: application/json\r\n", &body).await;
    (head, serde_json::from_str(&body).unwrap_or_default())
}
