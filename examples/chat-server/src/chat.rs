//! The hub: what the server does for one connection.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chat_contract::{ChatClientProxy, ChatHub, ChatHubContract, JoinError, Tick, Welcome};
use futures_util::{Stream, StreamExt, stream};
use signalr_runtime::server::{Hub, HubContext};
use signalr_runtime::{HubError, HubResult};
use tokio::time::{interval, timeout};

use crate::room::{self, Change};
use crate::rooms::Rooms;

/// The longest text that somebody may say, in characters.
const TEXT_LIMIT: usize = 2_000;

/// How many lines somebody may paste at once.
const PASTE_LIMIT: u64 = 200;

/// How long somebody has to answer whether they are still there.
const ANSWER_TIME: Duration = Duration::from_secs(30);

/// How often the clock may tick.
const FASTEST_CLOCK: Duration = Duration::from_millis(100);

/// One connection. The server makes one for each client, and drops it when the client is gone.
pub struct Chat {
    cx: HubContext<ChatHubContract>,
    rooms: Arc<Rooms>,
    seat: Mutex<Option<Seat>>,
}

/// Where the person of this connection is, and as whom.
#[derive(Clone)]
struct Seat {
    room: String,
    name: String,
}

impl Hub for Chat {
    type Contract = ChatHubContract;

    async fn on_disconnected(&self, _error: Option<&HubError>) {
        // Nobody is left to hear of a failure.
        self.leave().await.ok();
    }
}

impl ChatHub for Chat {
    async fn join(&self, room: &str, name: &str) -> Result<Welcome, JoinError> {
        if self.seat().is_ok() {
            return Err(JoinError::AlreadyInRoom);
        }
        let (room, name) = (room.trim(), name.trim());
        let change = self.rooms.enter(room, name, self.cx.connection_id())?;
        self.take_seat(Some(Seat { room: room.to_owned(), name: name.to_owned() }));

        self.cx.groups().join(room).await?;
        announce(&self.cx.clients().others_in_group(room), &change).await?;
        // Looked up after joining the group: what happens from now on comes by a call, what was before is in here.
        Ok(self.rooms.welcome(room))
    }

    async fn leave(&self) -> HubResult {
        let Some(Seat { room, name }) = self.take_seat(None) else { return Ok(()) };
        self.cx.groups().leave(&room).await?;
        let change = self.rooms.leave(&room, &name);
        announce(&self.cx.clients().group(room), &change).await
    }

    async fn say(&self, text: String) -> HubResult {
        let seat = self.seat()?;
        check_text(&text)?;
        let entry = self.rooms.say(&seat.room, seat.name, text);
        self.cx.clients().group(seat.room).posted(&entry).await
    }

    async fn paste(&self, lines: impl Stream<Item = HubResult<String>>) -> HubResult<u64> {
        let mut lines = pin!(lines);
        let mut arrived = 0;
        while let Some(line) = lines.next().await {
            if arrived == PASTE_LIMIT {
                return Err(HubError::new(format!("Only the first {PASTE_LIMIT} lines were taken.")));
            }
            self.say(line?).await?;
            arrived += 1;
        }
        Ok(arrived)
    }

    async fn typing(&self) -> HubResult {
        let seat = self.seat()?;
        self.cx.clients().others_in_group(seat.room).is_typing(&seat.name).await
    }

    async fn ask(&self, name: &str) -> HubResult<bool> {
        let seat = self.seat()?;
        let asked = self
            .rooms
            .connection_of(&seat.room, name)
            .ok_or_else(|| HubError::new(format!("{name} is not here.")))?;
        timeout(ANSWER_TIME, self.cx.clients().client(asked).still_there(&seat.name))
            .await
            .unwrap_or_else(|_| Err(HubError::new(format!("{name} did not answer."))))
    }

    fn clock(&self, every_ms: u64) -> impl Stream<Item = HubResult<Tick>> {
        let ticks = interval(Duration::from_millis(every_ms).max(FASTEST_CLOCK));
        stream::unfold(ticks, async |mut ticks| {
            ticks.tick().await;
            Some((Ok(Tick { at: room::now() }), ticks))
        })
    }
}

impl Chat {
    /// A connection of somebody who is in no room yet.
    pub fn new(cx: HubContext<ChatHubContract>, rooms: Arc<Rooms>) -> Self {
        Self { cx, rooms, seat: Mutex::default() }
    }

    fn seat(&self) -> HubResult<Seat> {
        let seat = self.seat.lock().expect("nothing panics while it holds this lock");
        seat.clone().ok_or_else(|| HubError::new("Please join a room first."))
    }

    /// Changes where the person is, and gives where they were.
    fn take_seat(&self, seat: Option<Seat>) -> Option<Seat> {
        let mut current = self.seat.lock().expect("nothing panics while it holds this lock");
        std::mem::replace(&mut current, seat)
    }
}

/// Tells people that somebody came or went.
async fn announce(people: &ChatClientProxy, change: &Change) -> HubResult {
    people.posted(&change.entry).await?;
    people.members_changed(&change.members).await
}

fn check_text(text: &str) -> HubResult {
    if text.trim().is_empty() {
        return Err(HubError::new("There is nothing to say."));
    }
    if text.chars().count() > TEXT_LIMIT {
        return Err(HubError::new(format!("A text has at most {TEXT_LIMIT} characters.")));
    }
    Ok(())
}
