//! Any bytes in any number of POST requests, beside polls and whatever else a client may ask.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower_service::Service;

use super::hub::{Victim, World, run, settle};
use super::script::{Step, steps};
use crate::server::HubService;

/// What a client may begin with, so that a fuzzer need not find it out each time.
const BEGINNINGS: [&[u8]; 4] = [
    b"",
    b"{\"protocol\":\"json\",\"version\":1}\x1E",
    b"{\"protocol\":\"json\",\"version\":1}\x1E{\"type\":6}\x1E",
    b"{\"protocol\":\"messagepack\",\"version\":1}\x1E",
];

/// Longer than any request may take, and than any connection may be without one.
const LONG: Duration = Duration::from_secs(10 * 60);

/// Serves a client that sends `data` by POST, beside polls, deletions, time and bodies that never end. The first byte
/// says what kind of client it is.
///
/// # Panics
///
/// If a request is never answered, or as it never may be; if the connection does not end when its client is gone, or
/// leaves anything behind; or if its token opens another one.
pub fn long_polling(data: &[u8]) {
    let Some((&kind, script)) = data.split_first() else { return };
    run(kind >> 3, async |world| attack(world, kind, script).await);
}

async fn attack(world: &World, kind: u8, script: &[u8]) {
    let mut client = Client::negotiate(world.service.clone()).await;
    if kind & 4 == 0 {
        client.poll();
        settle().await;
    }
    if let Some(beginning) = BEGINNINGS.get(usize::from(kind & 3)) {
        client.post(Sent::whole(beginning));
    }
    for step in steps(script) {
        match step {
            Step::Send(bytes) => client.post(Sent::whole(bytes)),
            Step::Act(act, argument) => client.act(act, argument).await,
        }
        settle().await;
    }
    client.leave().await;
}

struct Client {
    service: HubService<Victim>,
    uri: String,
    requests: JoinSet<StatusCode>,
    /// The event streams that were asked for. They last as long as their connection.
    events: JoinSet<StatusCode>,
}

impl Client {
    async fn negotiate(mut service: HubService<Victim>) -> Self {
        let request = request(Method::POST, "/negotiate?negotiateVersion=1", Sent::NOTHING);
        let Ok(response) = service.call(request).await;
        let body = response.into_body().collect().await.expect("a whole answer");
        let body: serde_json::Value = serde_json::from_slice(&body.to_bytes()).expect("JSON");
        let token = body["connectionToken"].as_str().expect("a token");
        Self { service, uri: format!("/?id={token}"), requests: JoinSet::new(), events: JoinSet::new() }
    }

    /// Asks, and gives the status when the whole answer has come.
    fn ask(&self, request: Request<Sent>) -> impl Future<Output = StatusCode> + use<> {
        let answer = self.service.clone().call(request);
        async {
            let Ok(response) = answer.await;
            let (parts, body) = response.into_parts();
            // One that is given up breaks off.
            let _ = body.collect().await;
            parts.status
        }
    }

    fn start(&mut self, request: Request<Sent>) {
        let answer = self.ask(request);
        self.requests.spawn(answer);
    }

    fn poll(&mut self) {
        self.start(request(Method::GET, &self.uri, Sent::NOTHING));
    }

    fn post(&mut self, body: Sent) {
        self.start(request(Method::POST, &self.uri, body));
    }

    async fn act(&mut self, act: u8, argument: u8) {
        match act % 8 {
            0 => self.poll(),
            1 => self.start(request(Method::DELETE, &self.uri, Sent::NOTHING)),
            2 => sleep(Duration::from_millis(1 << (argument % 18))).await,
            3 => self.post(Sent::Stuck),
            4 => self.post(Sent::Broken),
            // Goes, and takes along what it has asked.
            5 => {
                self.requests.abort_all();
                self.events.abort_all();
            }
            6 => {
                let mut events = request(Method::GET, &self.uri, Sent::NOTHING);
                let accept = http::HeaderValue::from_static("text/event-stream");
                events.headers_mut().insert(http::header::ACCEPT, accept);
                let answer = self.ask(events);
                self.events.spawn(answer);
            }
            _ => {
                let clients = self.service.handle().clients();
                let text = "x".repeat(usize::from(argument) * 16);
                self.requests.spawn(async move {
                    let _ = timeout(Duration::from_secs(1), clients.all().said(&text)).await;
                    StatusCode::OK
                });
            }
        }
    }

    /// Is not heard of any more.
    async fn leave(mut self) {
        // A connection that has a client may leave one call waiting for another of the client's.
        self.events.abort_all();
        let answered = async {
            for requests in [&mut self.events, &mut self.requests] {
                while let Some(answered) = requests.join_next().await {
                    check(answered);
                }
            }
        };
        timeout(LONG, answered).await.expect("a request is not answered");
        // By now the connection has ended, and so has its token.
        sleep(LONG).await;
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let Ok(response) = self.service.call(request(method, &self.uri, Sent::NOTHING)).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "a token that was used");
        }
    }
}

fn check(answered: Result<StatusCode, tokio::task::JoinError>) {
    match answered {
        // 429: bodies of unknown length wait for their turn, and each is charged what may be read ahead of it.
        Ok(status) => assert!(
            matches!(status.as_u16(), 200 | 202 | 204 | 400 | 404 | 408 | 409 | 429),
            "a request is answered with {status}"
        ),
        Err(error) => assert!(error.is_cancelled(), "a request panicked"),
    }
}

fn request(method: Method, uri: &str, body: Sent) -> Request<Sent> {
    Request::builder().method(method).uri(uri).body(body).expect("a request")
}

/// The body of a request.
enum Sent {
    /// Comes at once.
    Whole(Bytes),
    /// Never comes.
    Stuck,
    /// Fails.
    Broken,
}

impl Sent {
    const NOTHING: Self = Self::Whole(Bytes::new());

    fn whole(bytes: &[u8]) -> Self {
        Self::Whole(Bytes::copy_from_slice(bytes))
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = ();

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, ()>>> {
        match &mut *self {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Stuck => Poll::Pending,
            Self::Broken => Poll::Ready(Some(Err(()))),
        }
    }
}
