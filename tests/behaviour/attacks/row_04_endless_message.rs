//! No message is larger than the largest, whatever it says and however it comes.

use super::victim::Victim;
use super::wire::{BINARY, CONTINUE, FINAL, Frame, TEXT, frame};

const ERROR: &str = r#"{"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#;

#[tokio::test]
async fn a_message_in_one_frame() {
    let victim = Victim::new().await;
    let mut socket = victim.connect().await;
    socket.send(&format!(r#"{{"type":6,"x":"{}"}}"#, "x".repeat(40_000))).await;
    let (said, _) = socket.end().await;
    assert_eq!(said, [ERROR]);
    assert_eq!(victim.hits("message_size"), 1);
    victim.serves_others().await;
}

#[tokio::test]
async fn a_message_without_an_end() {
    let victim = Victim::new().await;
    let mut socket = victim.connect().await;
    let (first, more) = (frame(TEXT, &[b' '; 1000]), frame(CONTINUE, &[b' '; 1000]));
    socket.raw(&first).await;
    // A gigabyte, if the server took it.
    for _ in 0..1_000_000 {
        socket.raw(&more).await;
        if victim.hits("message_size") > 0 {
            break;
        }
    }
    let (said, _) = socket.end().await;
    assert_eq!(said, [ERROR]);
    victim.serves_others().await;
}

#[tokio::test]
async fn a_frame_that_declares_more_than_there_is() {
    let victim = Victim::new().await;
    let mut socket = victim.connect().await;
    for kind in [TEXT, BINARY] {
        // Half of all that can be addressed: nothing is made ready for it.
        let mut header = vec![FINAL | kind, 0xff];
        header.extend_from_slice(&(u64::MAX >> 1).to_be_bytes());
        header.extend_from_slice(&[0; 4]);
        let mut socket = victim.connect().await;
        socket.raw(&header).await;
        socket.raw(b"{\"type\":1,\"invocationId\":\"1\",\"target\":\"Add\",\"arguments\":[1,2]}\x1e").await;
        assert_eq!(socket.next().await, r#"{"type":3,"invocationId":"1","result":3}"#);
        // It still ends with the largest message.
        socket.raw(" ".repeat(40_000).as_bytes()).await;
        assert_eq!(socket.end().await.0, [ERROR]);
    }
    let mut too_long = vec![FINAL | TEXT, 0xff];
    too_long.extend_from_slice(&u64::MAX.to_be_bytes());
    too_long.extend_from_slice(&[0; 4]);
    socket.raw(&too_long).await;
    assert_eq!(socket.end().await.1, 1002);
    assert_eq!(victim.hits("malformed_frame"), 1);
    victim.serves_others().await;
}

#[tokio::test]
async fn a_post_without_an_end() {
    let victim = Victim::impatient().await;
    let token = victim.http().polling().await;
    let body = " ".repeat(1_000_000);
    let (answer, polled) = tokio::join!(victim.http().send(&token, &body), victim.http().poll(&token));
    assert_ne!(answer.status, 200);
    assert_eq!(polled.body.trim_end_matches('\u{1e}'), ERROR);
    victim.serves_others().await;
}

#[tokio::test]
async fn what_was_held_is_given_back() {
    let victim = Victim::new().await;
    let mut socket = victim.connect().await;
    let text = "x".repeat(30_000);
    let answer = socket.call("1", "Echo", &format!("[\"{text}\"]")).await;
    assert_eq!(answer.len(), text.len() + r#"{"type":3,"invocationId":"1","result":""}"#.len());
    // A ping is answered between the two halves of a message: the connection lives while it waits.
    socket.frame(TEXT, b"{\"type\":1,\"invocationId\":\"2\",").await;
    socket.frame(FINAL | 9, b"?").await;
    assert_eq!(socket.read().await, Frame::Pong(b"?".to_vec()));
    socket.frame(FINAL | CONTINUE, b"\"target\":\"Add\",\"arguments\":[1,2]}\x1e").await;
    assert_eq!(socket.next().await, r#"{"type":3,"invocationId":"2","result":3}"#);
}
