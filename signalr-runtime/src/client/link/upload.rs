//! Streams from this side: each in a task of its own, which ends with the connection.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::{FutureExt, StreamExt};
use tokio_util::sync::CancellationToken;

use super::Line;
use crate::connection::panics::Panicked;
use crate::connection::slice::give_way;
use crate::contract::error::{HubErrorKind, HubResult};
use crate::contract::link::Upload;
use crate::contract::value::Payload;
use crate::protocol::message::{Message, Outcome};

const CANCELED: &str = "Stream canceled by client.";

/// Sends the items of a stream, and then how it ended.
pub(crate) async fn run(line: Arc<Line>, id: Box<str>, items: Upload, given_up: CancellationToken) {
    // The stream is the user's code: a panic ends it and nothing else.
    let sending = AssertUnwindSafe(send(&line, &id, items)).catch_unwind();
    let outcome = match given_up.run_until_cancelled(sending).await {
        None => Outcome::Error(CANCELED.into()),
        Some(Ok(Ok(()))) => Outcome::Void,
        Some(Ok(Err(error))) if error.kind() == HubErrorKind::Canceled => Outcome::Error(CANCELED.into()),
        Some(Ok(Err(error))) => Outcome::Error(format!("Stream errored by client: '{error}'").into()),
        Some(Err(_)) => {
            Panicked::Upload.count();
            tracing::error!("a stream that is sent panicked");
            Outcome::Error("Stream errored by client: 'the stream panicked'".into())
        }
    };
    // A connection that is over takes nothing.
    line.shared.send(&Message::Completion { id: (&*id).into(), outcome });
}

async fn send(line: &Line, id: &str, mut items: Upload) -> HubResult {
    while let Some(item) = items.next().await {
        let item = item?;
        line.room().await?;
        let item = Payload { format: line.shared.format, bytes: item.bytes() };
        line.shared.send(&Message::StreamItem { id: id.into(), item });
        give_way().await;
    }
    Ok(())
}
