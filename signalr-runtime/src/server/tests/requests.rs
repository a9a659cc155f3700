//! A client that speaks HTTP: its requests go straight into the service.

use std::pin::Pin;

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, Method, Request, request};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tower_service::Service;

use super::probe::Probe;
use super::{Server, settle};
use crate::server::{HubService, ResponseAborted, ResponseBody, ResponseFuture};

/// The requests of one connection.
#[derive(Clone)]
pub(super) struct Requests {
    service: HubService<Probe>,
    pub(super) id: String,
    token: String,
}

impl Requests {
    pub(super) async fn negotiate(server: &Server) -> Self {
        Self::negotiate_with(server, "", &[]).await
    }

    /// Negotiates with more in the query, and with headers.
    pub(super) async fn negotiate_with(server: &Server, query: &str, headers: &[(&str, &str)]) -> Self {
        let nobody = Self { service: server.service.clone(), id: String::new(), token: String::new() };
        let uri = format!("/hub/negotiate?negotiateVersion=1{query}");
        let mut request = Request::builder().method(Method::POST).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = whole(nobody.ask(request, Full::default())).await;
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        let text = |name| body[name].as_str().unwrap().to_owned();
        Self { id: text("connectionId"), token: text("connectionToken"), ..nobody }
    }

    /// A client that has polled once and has shaken hands.
    pub(super) async fn polling(server: &Server) -> Self {
        let client = Self::negotiate(server).await;
        assert_eq!(client.poll().await.brief(), (200, "application/octet-stream", ""));
        assert_eq!(client.post(record(HANDSHAKE)).await.status, 200);
        assert_eq!(client.poll().await.body, record("{}"));
        client
    }

    /// A client that has opened its event stream and has shaken hands.
    pub(super) async fn streaming(server: &Server) -> (Self, Events) {
        let client = Self::negotiate(server).await;
        let mut events = client.events().await;
        assert_eq!(events.chunk().await.unwrap(), ":\r\n");
        assert_eq!(client.post(record(HANDSHAKE)).await.status, 200);
        assert_eq!(events.chunk().await.unwrap(), event("{}"));
        (client, events)
    }

    /// The same requests with another token.
    pub(super) fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// The requests of another connection, of a client that does not know the version of the negotiation.
    pub(super) async fn with_id_of_version_0(&self) -> Self {
        let request = Request::builder().method(Method::POST).uri("/hub/negotiate");
        let answer = whole(self.ask(request, Full::default())).await;
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        let id = body["connectionId"].as_str().unwrap().to_owned();
        Self { token: id.clone(), id, ..self.clone() }
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// A request of this connection.
    pub(super) fn request(&self, method: Method) -> request::Builder {
        Request::builder().method(method).uri(format!("/hub?id={}", self.token))
    }

    /// Sends a request. Dropping what comes back is what a client does that goes away.
    pub(super) fn ask<B>(&self, request: request::Builder, body: B) -> ResponseFuture
    where
        B: Body<Data = Bytes> + Send + 'static,
    {
        self.service.clone().call(request.body(body).unwrap())
    }

    pub(super) fn poll(&self) -> Asked {
        whole(self.ask(self.request(Method::GET), Full::default()))
    }

    pub(super) fn post(&self, bytes: impl Into<Bytes>) -> Asked {
        self.post_body(Full::new(bytes.into()))
    }

    pub(super) fn post_body<B>(&self, body: B) -> Asked
    where
        B: Body<Data = Bytes> + Send + 'static,
    {
        whole(self.ask(self.request(Method::POST), body))
    }

    pub(super) fn delete(&self) -> Asked {
        whole(self.ask(self.request(Method::DELETE), Full::default()))
    }

    /// Asks for an event stream and is refused.
    pub(super) fn refused_events(&self) -> Asked {
        whole(self.ask(self.request(Method::GET).header(ACCEPT, "text/event-stream"), Full::default()))
    }

    /// Asks for a WebSocket. There is no socket, so that status 500 says that all else was in order.
    pub(super) fn upgrade(&self) -> Asked {
        let request = self
            .request(Method::GET)
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        whole(self.ask(request, Full::default()))
    }

    pub(super) async fn events(&self) -> Events {
        let request = self.request(Method::GET).header(ACCEPT, "text/event-stream");
        Events::of(self.ask(request, Full::default())).await
    }
}

pub(super) const HANDSHAKE: &str = r#"{"protocol":"json","version":1}"#;

/// An answer that may not have come yet.
pub(super) type Asked = Pin<Box<dyn Future<Output = Answer> + Send>>;

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// As text, however much of it is.
    pub(super) body: String,
    pub(super) bytes: Bytes,
}

impl Answer {
    pub(super) fn brief(&self) -> (u16, &str, &str) {
        (self.status, self.header(CONTENT_TYPE.as_str()), &self.body)
    }

    /// A header that is there once.
    pub(super) fn header(&self, name: &str) -> &str {
        let mut values = self.headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().unwrap(),
            values => panic!("{name}: {values:?}"),
        }
    }
}

pub(super) fn whole(response: ResponseFuture) -> Asked {
    Box::pin(async move {
        let (head, body) = response.await.unwrap().into_parts();
        let announced = body.size_hint().exact();
        let body = body.collect().await.unwrap().to_bytes();
        assert_eq!(announced, Some(body.len() as u64), "the length of the answer is known");
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
            bytes: body,
        }
    })
}

/// Makes sure that an answer does not come before something happens.
pub(super) async fn waits(asked: &mut Asked) {
    settle().await;
    assert!(asked.now_or_never().is_none(), "the answer is there already");
}

/// An event stream that is being read. Dropping it is what a client does that goes away.
pub(super) struct Events {
    pub(super) headers: HeaderMap,
    body: ResponseBody,
}

impl Events {
    pub(super) async fn of(response: ResponseFuture) -> Self {
        let (head, body) = response.await.unwrap().into_parts();
        assert_eq!(head.status, 200);
        Self { headers: head.headers, body }
    }

    /// The next part of an event, as long as the socket has not taken it.
    pub(super) async fn part(&mut self) -> Bytes {
        self.body.frame().await.unwrap().unwrap().into_data().unwrap()
    }

    /// The next event, none at the end.
    pub(super) async fn chunk(&mut self) -> Option<String> {
        self.try_chunk().await.map(Result::unwrap)
    }

    /// The next event, none at the end, or the error with which the response breaks off.
    pub(super) async fn try_chunk(&mut self) -> Option<Result<String, ResponseAborted>> {
        let mut event = Vec::new();
        while event != b":\r\n" && !event.ends_with(b"\r\n\r\n") {
            match self.body.frame().await? {
                Ok(frame) => event.extend_from_slice(&frame.into_data().unwrap()),
                Err(aborted) => return Some(Err(aborted)),
            }
        }
        Some(Ok(String::from_utf8(event).unwrap()))
    }
}

/// A record as it is sent.
pub(super) fn record(text: impl AsRef<str>) -> String {
    records([text])
}

pub(super) fn records(texts: impl IntoIterator<Item: AsRef<str>>) -> String {
    texts.into_iter().flat_map(|text| [text.as_ref().to_owned(), "\u{1E}".to_owned()]).collect()
}

/// The event that brings a record.
pub(super) fn event(text: impl AsRef<str>) -> String {
    format!("data: {}\u{1E}\r\n\r\n", text.as_ref())
}
