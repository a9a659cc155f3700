//! Requests and answers of HTTP/1.1.

use std::str::from_utf8;

use bytes::{Bytes, BytesMut};

use super::Outcome;
use super::wire::Wire;

/// An answer, or as much of it as is no stream.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body, if its length is known.
    pub body: Bytes,
}

impl Answer {
    /// This answer, if it has the status.
    pub fn expect(self, status: u16, what: &str) -> Outcome<Self> {
        if self.status == status {
            return Ok(self);
        }
        let body = String::from_utf8_lossy(&self.body);
        Err(format!("{what} was answered with {}, not {status}: {body}", self.status).into())
    }
}

/// A request; `headers` end with CR LF each.
pub fn request(method: &str, target: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

/// Reads the next answer.
pub async fn answer(wire: &mut Wire) -> Outcome<Answer> {
    loop {
        if let Some(answer) = split_answer(&mut wire.received)? {
            return Ok(answer);
        }
        wire.fill_on().await?;
    }
}

/// Sends a request and reads its answer.
pub async fn exchange(wire: &mut Wire, request: &[u8]) -> Outcome<Answer> {
    wire.queue(request);
    answer(wire).await
}

/// Takes an answer whose length is known, or the head of one that is a stream.
fn split_answer(received: &mut BytesMut) -> Outcome<Option<Answer>> {
    const END: &[u8] = b"\r\n\r\n";
    let Some(end) = received.windows(END.len()).position(|window| window == END) else { return Ok(None) };
    let head = from_utf8(&received[..end])?;
    let status = head.get(9..12).ok_or("an answer without a status")?.parse()?;
    let mut length = 0;
    for (name, value) in head.lines().filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse()?;
        }
    }
    let body = end + END.len();
    if received.len() < body + length {
        return Ok(None);
    }
    let mut answer = received.split_to(body + length);
    Ok(Some(Answer { status, body: answer.split_off(body).freeze() }))
}

/// Takes the next chunk of a stream; an empty one is its end.
pub fn split_chunk(received: &mut BytesMut) -> Outcome<Option<Bytes>> {
    const END: usize = b"\r\n".len();
    let Some(line) = received.windows(END).position(|window| window == b"\r\n") else { return Ok(None) };
    let length = usize::from_str_radix(from_utf8(&received[..line])?, 16)?;
    let whole = line + END + length + END;
    if received.len() < whole {
        return Ok(None);
    }
    let chunk = received.split_to(whole).freeze();
    Ok(Some(chunk.slice(line + END..line + END + length)))
}
