//! Values that parsers stumble over.

use super::victim::Victim;
use super::wire::{BINARY, FINAL, TEXT, call, frame};

/// What a server may make of it: an answer, or the end of this one connection.
async fn survives(victim: &Victim, record: &[u8]) {
    let mut socket = victim.connect().await;
    socket.raw(&frame(FINAL | TEXT, &[record, b"\x1e"].concat())).await;
    // If the connection still stands it answers this; if not, it has said why.
    socket.send(&call("after", "Add", "[1,2]")).await;
    socket.frame(FINAL | 8, &1000_u16.to_be_bytes()).await;
    let (said, code) = socket.end().await;
    let text = String::from_utf8_lossy(record);
    let text = text.get(..100).unwrap_or(&text);
    let stands = said.iter().any(|record| record.contains(r#""invocationId":"after""#));
    let closed = said.iter().any(|record| record.starts_with(r#"{"type":7"#));
    assert!(stands || closed || code == 1007, "{text}: {said:?} {code}");
}

#[tokio::test]
async fn whatever_it_is_only_its_sender_pays() {
    let victim = Victim::new().await;
    let echo = |argument: &str| call("1", "Echo", &format!("[{argument}]"));
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(5_000), close.repeat(5_000));
    let records = [
        echo(&deep("[", "]")),
        echo(&deep(r#"{"a":"#, "}")),
        format!(r#"{{"type":1,"headers":{}}}"#, deep(r#"{"a":"#, "}")),
        format!(r#"{{"type":1,"unknown":{},"target":"Add","arguments":[1,2]}}"#, deep("[", "]")),
        format!(r#"{{"type":6,"unknown":{}"#, "[".repeat(10_000)),
        call("1", "Add", "[1e999999999,2]"),
        call("1", "Add", &format!("[{},2]", "9".repeat(20_000))),
        call("1", "Add", "[NaN,Infinity]"),
        call("1", "Add", "[-0,0.0]"),
        r#"{"type":1e400}"#.to_owned(),
        r#"{"type":99999999999999999999}"#.to_owned(),
        r#"{"type":1,"type":7,"target":"Add","target":"Echo","arguments":[1,2]}"#.to_owned(),
        echo(r#""\ud800""#),
        echo(r#""\udc00\ud800""#),
        echo(r#""\u0000""#),
        r#"{"type":1,"invocationId":"\ud800","target":"Add","arguments":[1,2]}"#.to_owned(),
        "{".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        "\u{feff}{\"type\":6}".to_owned(),
        format!(r#"{{"type":1,"target":"{}","arguments":[]}}"#, "x".repeat(30_000)),
    ];
    for record in &records {
        survives(&victim, record.as_bytes()).await;
    }
    for bytes in [&b"\xff\xfe"[..], b"{\"type\":6,\"x\":\"\xed\xa0\x80\"}", b"\xc0\xae"] {
        survives(&victim, bytes).await;
    }
    victim.serves_others().await;
    victim.forgets_everybody().await;
}

#[tokio::test]
async fn values_are_as_deep_as_they_may_be() {
    let victim = Victim::new().await;
    let mut socket = victim.connect().await;
    let nested = |depth: usize| format!("[{}{}]", "[".repeat(depth), "]".repeat(depth));
    // It does not fit its parameter, but it can be read.
    let answer = socket.call("1", "Echo", &nested(50)).await;
    assert!(answer.contains("Failed to invoke 'Echo'"), "{answer}");
    socket.send(&call("2", "Echo", &nested(200))).await;
    let (said, _) = socket.end().await;
    assert_eq!(said, [r#"{"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#]);
    assert_eq!(victim.hits("malformed_message"), 1);
}

#[tokio::test]
async fn a_string_that_is_not_utf_8_fails_its_call_or_is_no_text() {
    let victim = Victim::new().await;
    let echo = &b"{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"\xff\"]}\x1e"[..];
    let mut socket = victim.connect().await;
    socket.raw(&frame(FINAL | BINARY, echo)).await;
    assert!(socket.next().await.contains("Failed to invoke 'Echo' due to an error on the server."));
    assert!(socket.call("2", "Add", "[1,2]").await.contains(r#""result":3"#));
    // RFC 6455, section 8.1.
    socket.raw(&frame(FINAL | TEXT, echo)).await;
    assert_eq!(socket.end().await.1, 1007);
}
