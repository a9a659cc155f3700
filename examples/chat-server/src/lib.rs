//! The server of the chat example. Read [`chat`] first: it is the hub.

pub mod chat;
pub mod page;
pub mod room;
pub mod rooms;
pub mod shutdown;

use std::sync::Arc;

use chat::Chat;
use rooms::Rooms;
use signalr_runtime::server::HubService;

/// The hub, ready to be given a path. Its connections share the rooms.
pub fn hub() -> HubService<Chat> {
    let rooms = Arc::new(Rooms::default());
    HubService::new(move |cx| Chat::new(cx, Arc::clone(&rooms)))
}
