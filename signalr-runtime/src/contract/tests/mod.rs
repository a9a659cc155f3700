//! Contracts as the attributes generate them, in memory: the engine's side is played by [`wire`].

mod dispatch;
mod proxies;
mod stub;
mod typed_error;
mod wire;

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use futures_core::Stream;
use serde::{Deserialize, Serialize};

use crate::{HubError, HubResult, client_proxy, hub};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Message {
    from: String,
    text: String,
}

#[derive(Debug, PartialEq)]
pub(super) enum JoinError {
    RoomFull,
    Other(String),
}

impl From<JoinError> for HubError {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::RoomFull => Self::new("the room is full"),
            JoinError::Other(text) => Self::new(text),
        }
    }
}

impl From<HubError> for JoinError {
    fn from(error: HubError) -> Self {
        if error.message() == "the room is full" {
            Self::RoomFull
        } else {
            Self::Other(error.message().to_owned())
        }
    }
}

/// What clients may call.
#[hub(client = ChatClient, crate = "crate")]
pub(super) trait ChatHub {
    /// Says something.
    ///
    /// To everyone.
    async fn send_message(&self, room: &str, text: String) -> HubResult;

    #[signalr(name = "JoinRoom")]
    async fn join(&self, room: &str) -> Result<Vec<Message>, JoinError>;

    async fn longest(&self, messages: &[Message], or: &Message) -> HubResult<Message>;

    fn count_down(&self, from: u32) -> impl Stream<Item = HubResult<u32>>;

    async fn upload(&self, room: &str, lines: impl Stream<Item = HubResult<String>>) -> HubResult<u64>;

    fn shout(&self, lines: impl Stream<Item = HubResult<String>>) -> impl Stream<Item = HubResult<String>>;

    async fn merge(
        &self,
        left: impl Stream<Item = Result<u32, JoinError>>,
        factor: u32,
        right: impl Stream<Item = HubResult<u32>>,
    ) -> HubResult<Vec<u32>>;

    async fn ping(&self) -> HubResult<String> {
        Ok("pong".to_owned())
    }

    async fn replay(&self, room: &str) -> Result<impl Stream<Item = HubResult<String>>, JoinError>;

    async fn echo(
        &self,
        room: &str,
        lines: impl Stream<Item = HubResult<String>>,
    ) -> HubResult<impl Stream<Item = Result<String, JoinError>>>;

    async fn nothing(&self, room: &str) -> Result<impl Stream<Item = HubResult<String>>, JoinError> {
        self.join(room).await?;
        Ok(wire::Items::from_iter([]))
    }
}

/// What the server may call on clients.
#[client_proxy(rename_all = "camelCase", crate = "crate")]
pub(super) trait ChatClient {
    async fn message_received(&self, message: &Message, unread: u32);
    async fn confirm(&self, question: &str) -> HubResult<bool>;
}

/// A hub without state, but for how often its methods have been entered.
#[derive(Default)]
pub(super) struct Rooms {
    entered: AtomicUsize,
}

impl ChatHub for Rooms {
    async fn send_message(&self, _room: &str, _text: String) -> HubResult {
        self.entered.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn join(&self, room: &str) -> Result<Vec<Message>, JoinError> {
        match room {
            "full" => Err(JoinError::RoomFull),
            _ => Ok(vec![Message { from: "Ada".into(), text: format!("welcome to {room}") }]),
        }
    }

    async fn longest(&self, messages: &[Message], or: &Message) -> HubResult<Message> {
        Ok(messages.iter().max_by_key(|message| message.text.len()).unwrap_or(or).clone())
    }

    fn count_down(&self, from: u32) -> impl Stream<Item = HubResult<u32>> {
        self.entered.fetch_add(1, Ordering::SeqCst);
        let last = Err(HubError::new("lift-off"));
        (1..=from).rev().map(Ok).chain([last]).collect::<wire::Items<_>>()
    }

    async fn upload(&self, room: &str, lines: impl Stream<Item = HubResult<String>>) -> HubResult<u64> {
        let mut lines = Box::pin(lines);
        let mut sum = 0;
        while let Some(line) = wire::next(&mut lines).await {
            let line = line?;
            if line == "stop" {
                break;
            }
            sum += (room.len() + line.len()) as u64;
        }
        Ok(sum)
    }

    fn shout(&self, lines: impl Stream<Item = HubResult<String>>) -> impl Stream<Item = HubResult<String>> {
        Shout(Box::pin(lines))
    }

    async fn merge(
        &self,
        left: impl Stream<Item = Result<u32, JoinError>>,
        factor: u32,
        right: impl Stream<Item = HubResult<u32>>,
    ) -> HubResult<Vec<u32>> {
        let (mut left, mut right, mut merged) = (Box::pin(left), Box::pin(right), Vec::new());
        while let Some(item) = wire::next(&mut left).await {
            merged.push(item? * factor);
            merged.extend(wire::next(&mut right).await.transpose()?);
        }
        Ok(merged)
    }

    async fn replay(&self, room: &str) -> Result<impl Stream<Item = HubResult<String>>, JoinError> {
        self.entered.fetch_add(1, Ordering::SeqCst);
        let history = self.join(room).await?;
        wire::yield_now().await;
        Ok(history.into_iter().map(|message| Ok(message.text)).collect::<wire::Items<_>>())
    }

    async fn echo(
        &self,
        room: &str,
        lines: impl Stream<Item = HubResult<String>>,
    ) -> HubResult<impl Stream<Item = Result<String, JoinError>>> {
        let mut lines = Box::pin(lines);
        match wire::next(&mut lines).await.transpose()? {
            Some(first) if first == room => Ok(Said { room, lines }),
            _ => Err(HubError::new("the room is full")),
        }
    }
}

struct Shout<S>(Pin<Box<S>>);

/// Reads a stream into lines that say where they are from, for as long as the room is lent.
struct Said<'a, S> {
    room: &'a str,
    lines: Pin<Box<S>>,
}

impl<S: Stream<Item = HubResult<String>>> Stream for Said<'_, S> {
    type Item = Result<String, JoinError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let room = self.room;
        self.lines
            .as_mut()
            .poll_next(cx)
            .map(|line| line.map(|line| Ok(format!("{room}: {}", line.map_err(JoinError::from)?))))
    }
}

impl<S: Stream<Item = HubResult<String>>> Stream for Shout<S> {
    type Item = HubResult<String>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx).map(|line| line.map(|line| line.map(|line| line.to_uppercase())))
    }
}
