//! MessagePack declares how much follows. Nothing is made ready for what is only declared.

use super::victim::Victim;
use super::wire::{BINARY, FINAL, RS, Socket};

async fn connect(victim: &Victim) -> Socket {
    let mut socket = victim.open().await;
    socket.text(&format!(r#"{{"protocol":"messagepack","version":1}}{RS}"#)).await;
    assert_eq!(socket.next().await, "{}");
    socket
}

/// A call of a method, whose arguments are these bytes.
fn call(arguments: &[u8]) -> Vec<u8> {
    let mut message = vec![0x96, 1, 0x80, 0xa1, b'1', 0xa4];
    message.extend_from_slice(b"Echo");
    message.extend_from_slice(arguments);
    // No streams.
    message.push(0x90);
    let mut record = vec![u8::try_from(message.len()).unwrap()];
    record.extend(message);
    record
}

#[tokio::test]
async fn a_message_that_declares_its_length() {
    let victim = Victim::new().await;
    let lengths: [&[u8]; 4] = [
        &[0xff, 0xff, 0xff, 0xff, 0x07],
        &[0x81, 0x80, 0x02],
        // More than 2^31 - 1, and a length that never ends.
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
        &[0xff; 64],
    ];
    for length in lengths {
        let mut socket = connect(&victim).await;
        socket.frame(FINAL | BINARY, length).await;
        socket.end().await;
    }
    victim.serves_others().await;
    victim.forgets_everybody().await;
}

#[tokio::test]
async fn values_that_declare_their_size() {
    let victim = Victim::new().await;
    let declared: [&[u8]; 8] = [
        &[0x91, 0xdd, 0xff, 0xff, 0xff, 0xff],
        &[0x91, 0xdf, 0xff, 0xff, 0xff, 0xff],
        &[0x91, 0xdb, 0xff, 0xff, 0xff, 0xff],
        &[0x91, 0xc6, 0xff, 0xff, 0xff, 0xff],
        &[0x91, 0xc9, 0xff, 0xff, 0xff, 0xff, 1],
        // The list of arguments itself.
        &[0xdd, 0xff, 0xff, 0xff, 0xff],
        &[0xdf, 0xff, 0xff, 0xff, 0xff],
        // Half an array in an array in an array.
        &[0x91, 0xdd, 0x10, 0, 0, 0, 0xdd, 0x10, 0, 0, 0, 0xdd, 0x10, 0, 0, 0],
    ];
    for arguments in declared {
        let mut socket = connect(&victim).await;
        socket.frame(FINAL | BINARY, &call(arguments)).await;
        socket.frame(FINAL | 8, &1000_u16.to_be_bytes()).await;
        socket.end().await;
    }
    // Deep, instead of wide.
    let mut socket = connect(&victim).await;
    let mut deep = vec![0x96, 1, 0x80, 0xa1, b'1', 0xa4];
    deep.extend_from_slice(b"Echo");
    deep.extend([0x91; 10_000]);
    deep.extend_from_slice(&[0xc0, 0x90]);
    let mut record =
        vec![0x80 | u8::try_from(deep.len() & 0x7f).unwrap(), u8::try_from(deep.len() >> 7).unwrap()];
    record.extend(deep);
    socket.frame(FINAL | BINARY, &record).await;
    socket.frame(FINAL | 8, &1000_u16.to_be_bytes()).await;
    socket.end().await;
    victim.serves_others().await;
    victim.forgets_everybody().await;
}
