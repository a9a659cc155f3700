//! The rules of the chat, through the hub's own client and a real socket.

use std::time::Duration;

use axum::Router;
use chat_contract::{ChatClient, ChatHubClient, ChatHubContract, Entry, JoinError, Members};
use futures_util::stream;
use signalr_runtime::client::HubConnection;
use signalr_runtime::server::HubRouterExt;
use signalr_runtime::{HubError, HubResult};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Starts a chat of its own, and gives the address of its hub.
async fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().hub("/chat", chat_server::hub());
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}/chat")
}

/// Somebody who is connected.
struct Guest {
    connection: HubConnection<ChatHubContract>,
    hub: ChatHubClient,
    members: mpsc::UnboundedReceiver<Members>,
}

/// What the server calls on a guest.
struct Ears {
    members: mpsc::UnboundedSender<Members>,
}

impl ChatClient for Ears {
    async fn posted(&self, _entry: &Entry) {}

    async fn members_changed(&self, members: &Members) {
        self.members.send(members.clone()).ok();
    }

    async fn is_typing(&self, _name: &str) {}

    async fn still_there(&self, asked_by: &str) -> HubResult<bool> {
        Ok(asked_by == "Ada")
    }
}

impl Guest {
    async fn connect(url: &str) -> Self {
        let (ears, members) = mpsc::unbounded_channel();
        let connection =
            HubConnection::builder(url).handlers(Ears { members: ears }).connect().await.unwrap();
        Self { hub: connection.hub(), connection, members }
    }

    async fn join(url: &str, name: &str) -> Self {
        let guest = Self::connect(url).await;
        guest.hub.join("lobby", name).await.unwrap();
        guest
    }

    /// The names in the room, when they change next.
    async fn next_members(&mut self) -> Vec<String> {
        timeout(Duration::from_secs(10), self.members.recv()).await.unwrap().unwrap().names
    }
}

fn text(result: Result<impl Sized, HubError>) -> String {
    result.err().expect("this is refused").detail().to_owned()
}

#[tokio::test]
async fn who_may_not_enter_learns_why() {
    let url = start().await;
    let ada = Guest::join(&url, "Ada").await;
    let stranger = Guest::connect(&url).await;
    let long = "x".repeat(25);
    let join = async |room, name| stranger.hub.join(room, name).await.unwrap_err();
    assert!(matches!(join("lobby", "Ada").await, JoinError::NameTaken));
    assert!(matches!(join("lobby", " ada ").await, JoinError::NameTaken));
    assert!(matches!(join("lobby", "  ").await, JoinError::BadName));
    assert!(matches!(join("lobby", &long).await, JoinError::BadName));
    assert!(matches!(join("lobby", "A\nB").await, JoinError::BadName));
    assert!(matches!(join("", "Bob").await, JoinError::BadRoom));
    assert!(matches!(join(&long, "Bob").await, JoinError::BadRoom));
    assert!(matches!(ada.hub.join("kitchen", "Ada").await, Err(JoinError::AlreadyInRoom)));
    // None of this let anybody in.
    let welcome = stranger.hub.join("lobby", "Bob").await.unwrap();
    assert_eq!(welcome.members.names, ["Ada", "Bob"]);
}

#[tokio::test]
async fn there_are_only_so_many_rooms() {
    let url = start().await;
    let mut guests = Vec::new();
    for number in 0..100 {
        let guest = Guest::connect(&url).await;
        guest.hub.join(&format!("room {number}"), "Ada").await.unwrap();
        guests.push(guest);
    }
    let late = Guest::connect(&url).await;
    assert!(matches!(late.hub.join("one more", "Ada").await, Err(JoinError::TooManyRooms)));
    late.hub.join("room 7", "Bob").await.unwrap();
    late.hub.leave().await.unwrap();
    // A deserted room makes space.
    guests[0].hub.leave().await.unwrap();
    late.hub.join("one more", "Ada").await.unwrap();
}

#[tokio::test]
async fn a_lost_connection_leaves_the_room_and_frees_the_name() {
    let url = start().await;
    let mut ada = Guest::join(&url, "Ada").await;
    let bob = Guest::join(&url, "Bob").await;
    assert_eq!(ada.next_members().await, ["Ada", "Bob"]);
    bob.connection.stop().await;
    assert_eq!(ada.next_members().await, ["Ada"]);
    Guest::join(&url, "Bob").await;
}

#[tokio::test]
async fn outside_of_a_room_there_is_nothing_to_do() {
    let url = start().await;
    let hub = Guest::connect(&url).await.hub;
    let wanted = "Please join a room first.";
    assert_eq!(text(hub.say("hello".to_owned()).await), wanted);
    assert_eq!(text(hub.typing().await), wanted);
    assert_eq!(text(hub.ask("Ada").await), wanted);
    assert_eq!(text(hub.paste(stream::iter([Ok("hello".to_owned())])).await), wanted);
    hub.leave().await.unwrap();
}

#[tokio::test]
async fn texts_have_limits() {
    let url = start().await;
    let hub = Guest::join(&url, "Ada").await.hub;
    assert_eq!(text(hub.say(" \n ".to_owned()).await), "There is nothing to say.");
    assert_eq!(text(hub.say("x".repeat(2_001)).await), "A text has at most 2000 characters.");
    hub.say("ü".repeat(2_000)).await.unwrap();
    let lines = |count| stream::iter((0..count).map(|line| Ok(format!("line {line}"))));
    assert_eq!(hub.paste(lines(200)).await.unwrap(), 200);
    assert_eq!(text(hub.paste(lines(201)).await), "Only the first 200 lines were taken.");
}

#[tokio::test]
async fn history_holds_what_happened_last() {
    let url = start().await;
    let ada = Guest::join(&url, "Ada").await;
    let lines = stream::iter((0..150).map(|line| Ok(format!("line {line}"))));
    ada.hub.paste(lines).await.unwrap();
    let welcome = Guest::connect(&url).await.hub.join("lobby", "Bob").await.unwrap();
    let ids: Vec<u64> = welcome.history.iter().map(|entry| entry.id).collect();
    // Ada came, said 150 lines, and Bob came.
    assert_eq!(ids, (53..=152).collect::<Vec<_>>());
}

#[tokio::test]
async fn somebody_who_is_asked_answers() {
    let url = start().await;
    let ada = Guest::join(&url, "Ada").await;
    let bob = Guest::join(&url, "Bob").await;
    assert!(ada.hub.ask("Bob").await.unwrap());
    assert!(!bob.hub.ask("Ada").await.unwrap());
    assert_eq!(text(ada.hub.ask("Cy").await), "Cy is not here.");
}
