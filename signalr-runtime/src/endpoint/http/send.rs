//! POST: bytes of a client whose transport carries only the other direction.

use std::pin::Pin;
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::header::{CONNECTION, HeaderValue};
use http::{StatusCode, Version};
use http_body::Body;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use tokio::time::{Instant, timeout};

use super::inbox::Inbox;
use super::refused::Refused;
use super::response::{HttpResponse, plain};
use crate::connection::limit::Limit;
use crate::connection::slice::give_way;

/// The body of a request, of whatever server.
pub(super) struct RequestBody {
    pieces: UnsyncBoxBody<Bytes, Unreadable>,
    /// The longest that it may be. None if the client has not announced that.
    longest: Option<u64>,
}

impl RequestBody {
    /// The most that the HTTP server has read of it before it was asked for. One in chunks announces no length (RFC 9112,
    /// 7.1).
    fn read_ahead(&self, version: Version) -> usize {
        let most = if version <= Version::HTTP_11 { READ_BUFFER } else { STREAM_WINDOW };
        self.longest
            .and_then(|longest| usize::try_from(longest).ok())
            .map_or(most, |longest| longest.min(most))
    }
}

/// A body could not be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unreadable;

/// The slowest body that is accepted, in bytes per second.
const SLOWEST: u32 = 240;

/// The most that the HTTP server reads at once (with hyper), and holds while pieces of it have not been handed over.
const READ_BUFFER: usize = 408 * 1024;

/// The same over HTTP/2: the window of a stream.
const STREAM_WINDOW: usize = 1024 * 1024;

/// A piece with fewer bytes than this is tiny: what stands around it may be much larger (RFC 9112, 7.1).
const TINY: usize = 16;

/// So many tiny pieces make the HTTP server read as much at once as it does.
const MANY: usize = 1_000;

/// What a request holds that waits for its turn, beside the part of its body that the HTTP server has read.
const WAITING: usize = 1024;

/// When a client may try again that has too many requests waiting.
const CROWD: Duration = Duration::from_secs(1);

/// The body of a request, as every server has it.
pub(super) fn request_body<B>(body: B) -> RequestBody
where
    B: Body + Send + 'static,
    B::Data: Send,
{
    let longest = body.size_hint().upper();
    let pieces = body
        .map_frame(|frame| frame.map_data(|mut data| data.copy_to_bytes(data.remaining())))
        .map_err(|_| Unreadable)
        .boxed_unsync();
    RequestBody { pieces, longest }
}

/// Writes a body into the inbox of its connection, one body at a time, and answers when all of it is there. Whoever has
/// sent it in tiny pieces has to connect anew for the next one: the HTTP server keeps the room of a connection in which it
/// has read them.
pub(super) async fn answer(
    inbox: &Inbox,
    body: RequestBody,
    version: Version,
    patience: Duration,
) -> HttpResponse {
    let mut tiny = TinyPieces::default();
    let mut response = take(inbox, body, version, &mut tiny, patience).await;
    if tiny.are_many() && version <= Version::HTTP_11 {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn take(
    inbox: &Inbox,
    body: RequestBody,
    version: Version,
    tiny: &mut TinyPieces,
    patience: Duration,
) -> HttpResponse {
    let waiting = WAITING.saturating_add(body.read_ahead(version));
    let RequestBody { pieces: mut body, .. } = body;
    let Ok(mut turn) = inbox.turn(waiting).await else {
        Limit::QueuedPosts.hit();
        return Refused::TooOften { retry_after: CROWD }.response();
    };
    let mut pace = Pace::new(patience);
    loop {
        let frame = match timeout(pace.left(), Pin::new(&mut body).frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(Unreadable))) => return plain(StatusCode::BAD_REQUEST, ""),
            Ok(None) => return plain(StatusCode::OK, ""),
            Err(_) => {
                Limit::BodyTime.hit();
                return plain(StatusCode::REQUEST_TIMEOUT, "The body of the request comes too slowly.");
            }
        };
        if let Ok(data) = frame.into_data() {
            pace.received(data.len());
            tiny.received(data.len());
            let before = Instant::now();
            if turn.write(&data, tiny.read_ahead()).await.is_err() {
                return Refused::NoConnection.response();
            }
            pace.held_back(before.elapsed());
        }
        // A body may consist of any number of tiny pieces that are all there.
        give_way().await;
    }
}

/// The tiny pieces of a body that have come.
#[derive(Default)]
struct TinyPieces(usize);

impl TinyPieces {
    fn received(&mut self, bytes: usize) {
        self.0 = self.0.saturating_add(usize::from(bytes < TINY));
    }

    fn are_many(&self) -> bool {
        self.0 > MANY
    }

    /// What the HTTP server may hold of the rest.
    fn read_ahead(&self) -> usize {
        if self.are_many() { READ_BUFFER } else { 0 }
    }
}

/// How long the next piece of a body may take.
struct Pace {
    patience: Duration,
    /// When it began.
    begun: Instant,
    /// How long it may have taken since, at the slowest pace, for what has come so far.
    slowest: Duration,
}

impl Pace {
    fn new(patience: Duration) -> Self {
        Self { patience, begun: Instant::now(), slowest: patience }
    }

    /// How long the next piece is waited for.
    fn left(&self) -> Duration {
        self.slowest.saturating_sub(self.begun.elapsed()).min(self.patience)
    }

    fn received(&mut self, bytes: usize) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.slowest = self.slowest.saturating_add(Duration::from_secs(1).saturating_mul(bytes) / SLOWEST);
    }

    /// The client does not pay for the time in which we did not read.
    fn held_back(&mut self, time: Duration) {
        self.slowest = self.slowest.saturating_add(time);
    }
}
