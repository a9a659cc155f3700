//! What the chat's server and its clients agree on: the calls in both directions, what they carry, and how they fail.

mod join_error;
mod room;

pub use join_error::JoinError;
pub use room::{Entry, Event, Members, Tick, Welcome};
use signalr_runtime::{HubResult, Stream, client_proxy, hub};

/// What clients may call.
#[hub(client = ChatClient)]
pub trait ChatHub {
    /// Enters a room under a name. The answer holds what the room looks like at that moment.
    async fn join(&self, room: &str, name: &str) -> Result<Welcome, JoinError>;

    /// Leaves the room. Who is in no room has nothing to leave.
    async fn leave(&self) -> HubResult;

    /// Says something to everybody in the room, the caller included.
    async fn say(&self, text: String) -> HubResult;

    /// Says every line of a stream, and answers how many arrived.
    async fn paste(&self, lines: impl Stream<Item = HubResult<String>>) -> HubResult<u64>;

    /// Lets the others in the room know that the caller is writing something.
    async fn typing(&self) -> HubResult;

    /// Asks somebody in the room whether they are still there, and gives their answer.
    async fn ask(&self, name: &str) -> HubResult<bool>;

    /// The server's time, again and again until the caller has seen enough.
    fn clock(&self, every_ms: u64) -> impl Stream<Item = HubResult<Tick>>;
}

/// What the server may call on clients.
#[client_proxy]
pub trait ChatClient {
    /// Something happened in the room.
    async fn posted(&self, entry: &Entry);

    /// Somebody came or went: this is who is here now.
    async fn members_changed(&self, members: &Members);

    /// Somebody else in the room is writing something.
    async fn is_typing(&self, name: &str);

    /// Somebody wants to know whether this person is still there.
    async fn still_there(&self, asked_by: &str) -> HubResult<bool>;
}
