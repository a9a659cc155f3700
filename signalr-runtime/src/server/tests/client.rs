//! A client that speaks in frames.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Request;
use tokio::time::timeout;

use crate::connection::duplex::{Duplex, End, Received};
use crate::connection::frame::FrameHeader;
use crate::connection::outbound::{Outbound, QueueLimit};
use crate::contract::value::HubProtocol;
use crate::server::{Hub, HubService};
use crate::transport::memory::{self, Line, Memory};

pub(super) const PING: &str = r#"{"type":6}"#;

/// The server's end of a line, which remembers how it was ended.
pub(super) struct Watched {
    pub(super) end: Memory,
    pub(super) ended: Arc<Mutex<Option<End>>>,
}

impl Duplex for Watched {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        receive: &mut dyn FnMut(&[u8]),
    ) -> Poll<io::Result<Received>> {
        // In small parts, and together with the end if that has come too: what a WebSocket does with its frames.
        let mut received = Poll::Pending;
        for _ in 0..2 {
            let more = self.end.poll_receive(cx, &mut |bytes| bytes.chunks(16).for_each(&mut *receive));
            if more.is_pending() {
                break;
            }
            received = more;
        }
        received
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, queue: &Outbound) -> Poll<io::Result<()>> {
        self.end.poll_send(cx, queue)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, end: End) -> Poll<io::Result<()>> {
        self.ended.lock().unwrap().get_or_insert(end);
        self.end.poll_close(cx, end)
    }
}

/// A client of any hub protocol. What it sends and receives is given in JSON, whatever it is on the wire.
pub(super) struct Client {
    format: HubProtocol,
    end: Memory,
    queue: Outbound,
    received: Vec<u8>,
    records: VecDeque<String>,
    ended: Arc<Mutex<Option<End>>>,
}

/// What a client sees after the last record.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// The server has closed the line in good order, for this reason.
    Closed(End),
    Lost,
}

impl Client {
    pub(super) fn new(end: Memory, ended: Arc<Mutex<Option<End>>>) -> Self {
        let queue = Outbound::new(FrameHeader::None, QueueLimit { bytes: usize::MAX, frames: usize::MAX });
        Self { format: HubProtocol::Json, end, queue, received: Vec::new(), records: VecDeque::new(), ended }
    }

    /// A client of a hub, which has shaken hands. Its line holds `capacity` bytes in each direction.
    pub(super) async fn connect_to<H: Hub + 'static>(service: &HubService<H>, capacity: usize) -> Self {
        let (near, far) = memory::pair(capacity);
        let (request, ()) = Request::new(()).into_parts();
        service.accept(request, Box::new(far)).unwrap();
        let mut client = Self::new(near, Arc::default());
        client.shake_hands().await;
        client
    }

    pub(super) async fn shake_hands(&mut self) {
        self.shake_hands_for(HubProtocol::Json).await;
    }

    pub(super) async fn shake_hands_for(&mut self, format: HubProtocol) {
        self.send(format!(r#"{{"protocol":"{}","version":1}}"#, format.name())).await;
        assert_eq!(self.next().await, "{}");
        self.format = format;
    }

    /// Sends a record.
    pub(super) async fn send(&mut self, record: impl AsRef<str>) {
        self.send_all([record]).await;
    }

    /// Sends records in one piece.
    pub(super) async fn send_all(&mut self, records: impl IntoIterator<Item: AsRef<str>>) {
        let mut bytes = Vec::new();
        for record in records {
            match self.format {
                HubProtocol::Json => {
                    bytes.extend_from_slice(record.as_ref().as_bytes());
                    bytes.push(0x1E);
                }
                #[cfg(feature = "messagepack")]
                format => bytes.extend(translate(HubProtocol::Json, record.as_ref().as_bytes(), format)),
            }
        }
        self.send_bytes(&bytes).await;
    }

    pub(super) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.queue.push_control(HubProtocol::Json, bytes);
        // What does not fit goes out while we read.
        let _ = poll_fn(|cx| Poll::Ready(self.end.poll_send(cx, &self.queue))).await;
    }

    /// Makes a call that is answered: whatever came before has done the connection no harm.
    pub(super) async fn goes_on(&mut self) {
        self.send(super::call("on", "Add", "[1,2]")).await;
        assert_eq!(self.next().await, super::result("on", "3"));
    }

    /// The next record that is not a ping.
    pub(super) async fn next(&mut self) -> String {
        self.next_if(|record| record != PING).await
    }

    /// The next record that is neither a ping nor a call of this method.
    pub(super) async fn next_but(&mut self, target: &str) -> String {
        let target = format!(r#""target":"{target}""#);
        self.next_if(|record| record != PING && !record.contains(&target)).await
    }

    pub(super) async fn next_or_ping(&mut self) -> String {
        self.next_if(|_| true).await
    }

    async fn next_if(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        let read = async {
            loop {
                match self.read().await {
                    Ok(record) if wanted(&record) => return record,
                    Ok(_) => {}
                    Err(over) => panic!("the connection is over: {over:?}"),
                }
            }
        };
        timeout(Duration::from_secs(3600), read).await.expect("nothing comes")
    }

    /// The records up to the last, pings left out, and then how it ended.
    pub(super) async fn rest(&mut self) -> (Vec<String>, Over) {
        let mut records = Vec::new();
        let read = async {
            loop {
                match self.read().await {
                    Ok(record) if record == PING => {}
                    Ok(record) => records.push(record),
                    Err(over) => return over,
                }
            }
        };
        let over = timeout(Duration::from_secs(3600), read).await.expect("the connection does not end");
        (records, over)
    }

    /// Makes sure that the connection ends in good order, with this record.
    pub(super) async fn expect_last(&mut self, last: &str) {
        assert_eq!(self.rest().await, (vec![last.to_owned()], Over::Closed(End::Normal)));
    }

    /// Everything that has come so far, pings left out.
    pub(super) async fn so_far(&mut self) -> Vec<String> {
        super::settle().await;
        let mut records = Vec::new();
        while let Ok(Ok(record)) = timeout(Duration::ZERO, self.read()).await {
            records.push(record);
        }
        records.retain(|record| record != PING);
        records
    }

    /// Everything that has come so far, while threads run that do not answer.
    pub(super) async fn so_far_in_real_time(&mut self) -> Vec<String> {
        let mut records = Vec::new();
        for _ in 0..100 {
            tokio::task::yield_now().await;
            while let Ok(Ok(record)) = timeout(Duration::ZERO, self.read()).await {
                records.push(record);
            }
        }
        records
    }

    /// The next bytes, as they are.
    #[cfg(feature = "messagepack")]
    pub(super) async fn bytes(&mut self, count: usize) -> Vec<u8> {
        let Self { end, received, .. } = self;
        while received.len() < count {
            let got = poll_fn(|cx| end.poll_receive(cx, &mut |bytes| received.extend_from_slice(bytes)));
            assert!(matches!(got.await, Ok(Received::Some)), "more comes");
        }
        received.drain(..count).collect()
    }

    /// Reads about `bytes` bytes and forgets them.
    pub(super) async fn swallow(&mut self, bytes: usize) {
        let mut swallowed = 0;
        while swallowed < bytes {
            swallowed += self.read().await.expect("more comes").len();
        }
    }

    async fn read(&mut self) -> Result<String, Over> {
        loop {
            if let Some(record) = self.records.pop_front() {
                return Ok(record);
            }
            let Self { end, received, queue, .. } = self;
            let got = poll_fn(|cx| {
                let _ = end.poll_send(cx, queue);
                end.poll_receive(cx, &mut |bytes| received.extend_from_slice(bytes))
            });
            let got = got.await;
            while let Some(record) = self.cut() {
                self.records.push_back(record);
            }
            let over = match got {
                Ok(Received::Some | Received::Interrupted) => continue,
                Ok(Received::End) => {
                    // The server waits for our end.
                    let _ = poll_fn(|cx| self.end.poll_close(cx, End::Normal)).await;
                    Over::Closed(self.ended.lock().unwrap().unwrap())
                }
                Err(_) => Over::Lost,
            };
            assert_eq!(self.received, b"", "half a record");
            return Err(over);
        }
    }

    /// Takes one whole record out of what was received.
    fn cut(&mut self) -> Option<String> {
        match self.format {
            HubProtocol::Json => {
                let at = self.received.iter().position(|byte| *byte == 0x1E)?;
                let record = self.received.drain(..=at).take(at).collect();
                Some(String::from_utf8(record).unwrap())
            }
            #[cfg(feature = "messagepack")]
            HubProtocol::MessagePack => {
                let prefix = crate::protocol::prefix::Prefix::read(&self.received).unwrap()?;
                let end = prefix.len + prefix.record;
                if self.received.len() < end {
                    return None;
                }
                let record: Vec<u8> = self.received.drain(..end).skip(prefix.len).collect();
                let mut text = translate(HubProtocol::MessagePack, &record, HubProtocol::Json);
                assert_eq!(text.pop(), Some(0x1E));
                Some(String::from_utf8(text).unwrap())
            }
        }
    }

    /// Closes our direction in good order; the server's stays open.
    pub(super) async fn leave(&mut self) {
        let _ = poll_fn(|cx| Poll::Ready(self.end.poll_close(cx, End::Normal))).await;
    }

    /// Goes on with another line. What was on its way over the old one is lost, as is half a record.
    pub(super) fn continue_on(&mut self, end: Memory) {
        self.end = end;
        self.received.clear();
        self.queue = Outbound::new(FrameHeader::None, QueueLimit { bytes: usize::MAX, frames: usize::MAX });
    }

    pub(super) fn line(&self) -> Line {
        self.end.line()
    }
}

/// A record as a whole frame of another protocol.
#[cfg(feature = "messagepack")]
fn translate(from: HubProtocol, record: &[u8], to: HubProtocol) -> Vec<u8> {
    use crate::protocol::tests::model::{Described, describe};

    let message = crate::protocol::read(from, record).unwrap().expect("a known message");
    let mut frame = Vec::new();
    crate::protocol::write(to, &Described::of(to, &describe(&message)).message(), &mut frame);
    frame
}
