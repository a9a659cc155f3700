//! A TCP connection, as HTTP/1.1 and WebSockets need it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::Outcome;

/// What is read at once, at least. Small, because ten thousand of them are held.
const ROOM: usize = 512;

/// Where the next connection comes from: the system has to look for a free port ever longer once half of those of an
/// address are taken.
fn own_address() -> Ipv4Addr {
    static CONNECTIONS: AtomicU16 = AtomicU16::new(0);
    let [high, _] = CONNECTIONS.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    Ipv4Addr::new(127, 0, 1, 1 + high / 16)
}

/// A connection whose methods may all be dropped half-way, and lose nothing then.
pub struct Wire {
    stream: TcpStream,
    /// Bytes that have been received and not taken yet.
    pub received: BytesMut,
    unsent: BytesMut,
}

impl Wire {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> Outcome<Self> {
        Self::over(TcpSocket::new_v4()?, address).await
    }

    /// Connects with a receive buffer as small as the system allows: what is not read waits in the server.
    pub async fn connect_narrow(address: SocketAddr) -> Outcome<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(1)?;
        Self::over(socket, address).await
    }

    async fn over(socket: TcpSocket, address: SocketAddr) -> Outcome<Self> {
        socket.bind((own_address(), 0).into())?;
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: BytesMut::new(), unsent: BytesMut::new() })
    }

    /// Takes bytes, to be sent by [`flush`](Self::flush) or before anything is read.
    pub fn queue(&mut self, bytes: &[u8]) {
        self.unsent.extend_from_slice(bytes);
    }

    /// Sends what was queued.
    pub async fn flush(&mut self) -> Outcome<()> {
        while self.unsent.has_remaining() {
            self.stream.write_buf(&mut self.unsent).await?;
        }
        Ok(())
    }

    /// The socket alone, without what has been received and queued.
    pub fn into_stream(self) -> TcpStream {
        self.stream
    }

    /// Reads more; `false` when there is no more.
    pub async fn fill(&mut self) -> Outcome<bool> {
        self.flush().await?;
        self.received.reserve(ROOM);
        Ok(self.stream.read_buf(&mut self.received).await? > 0)
    }

    /// Reads more where there must be more.
    pub async fn fill_on(&mut self) -> Outcome<()> {
        if self.fill().await? { Ok(()) } else { Err("the server has closed the TCP connection".into()) }
    }
}
