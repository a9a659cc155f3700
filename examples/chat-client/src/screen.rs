//! What the person sees of the room, and what the server may call.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use chat_contract::{ChatClient, Entry, Event, Members, Welcome};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use signalr_runtime::{HubError, HubResult};
use tokio::sync::oneshot;

use crate::console::Output;

/// What is shown. All clones are one screen.
#[derive(Clone, Default)]
pub(crate) struct Screen {
    pub(crate) output: Output,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    room: Room,
    /// Where the answer goes, while somebody asks whether this person is still there.
    question: Option<oneshot::Sender<bool>>,
}

/// What is known of the room.
#[derive(Default)]
struct Room {
    /// Whether the person is in it. What is called before the answer to `join` is kept until then.
    is_entered: bool,
    early: Vec<Entry>,
    /// The entries that are shown, by their ids: some come twice.
    shown: BTreeSet<u64>,
    members: Option<Members>,
    /// When its server was started.
    since: Option<u64>,
}

impl ChatClient for Screen {
    async fn posted(&self, entry: &Entry) {
        let mut state = self.state();
        if state.room.is_entered {
            self.show(&mut state.room, entry);
        } else {
            state.room.early.push(entry.clone());
        }
    }

    async fn members_changed(&self, members: &Members) {
        let mut state = self.state();
        if state.room.set_members(members) && state.room.is_entered {
            self.output.line(here(members));
        }
    }

    async fn is_typing(&self, _name: &str) {
        // Lines that go away again have no place in a terminal that only adds lines.
    }

    async fn still_there(&self, asked_by: &str) -> HubResult<bool> {
        let (answer, answered) = oneshot::channel();
        self.state().question = Some(answer);
        self.output.line(format!("* {asked_by} asks whether you are still there: /yes or /no"));
        answered.await.map_err(|_| HubError::new("Somebody else is asking already."))
    }
}

impl Screen {
    /// Shows what a room looks like on joining it, and what is new on coming back.
    pub(crate) fn enter(&self, name: &str, welcome: &Welcome) {
        let mut state = self.state();
        let room = &mut state.room;
        match room.since.replace(welcome.since) {
            None => self.output.line(format!("* this is {name}; /help lists the commands")),
            Some(since) if since == welcome.since => self.output.line("* connected again"),
            Some(_) => {
                // Its entries are counted anew.
                room.shown.clear();
                self.output.line("* the server was restarted: what was said before is gone");
            }
        }
        for entry in &welcome.history {
            self.show(room, entry);
        }
        for entry in std::mem::take(&mut room.early) {
            self.show(room, &entry);
        }
        room.set_members(&welcome.members);
        room.is_entered = true;
        drop(state);
        self.show_members();
    }

    /// The connection is lost, and with it the place in the room.
    pub(crate) fn leave(&self) {
        let mut state = self.state();
        state.question = None;
        state.room.is_entered = false;
        state.room.members = None;
    }

    /// Shows who is here.
    pub(crate) fn show_members(&self) {
        if let Some(members) = &self.state().room.members {
            self.output.line(here(members));
        }
    }

    /// Answers the open question; false if there is none.
    pub(crate) fn answer(&self, there: bool) -> bool {
        let question = self.state().question.take();
        question.is_some_and(|question| question.send(there).is_ok())
    }

    fn show(&self, room: &mut Room, Entry { id, at, name, event }: &Entry) {
        if !room.shown.insert(*id) {
            return;
        }
        let at = time_of_day(*at);
        self.output.line(match event {
            Event::Joined => format!("{at} * {name} joined"),
            Event::Left => format!("{at} * {name} left"),
            Event::Said { text } => format!("{at} {name}: {text}"),
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds this lock")
    }
}

impl Room {
    /// Notes who is here; false if something newer is known.
    fn set_members(&mut self, members: &Members) -> bool {
        if self.members.as_ref().is_some_and(|known| known.version >= members.version) {
            return false;
        }
        self.members = Some(members.clone());
        true
    }
}

fn here(members: &Members) -> String {
    format!("* here: {}", members.names.join(", "))
}

/// The hour and the minute where the person is, for milliseconds since 1970.
pub(crate) fn time_of_day(at: u64) -> String {
    let at = i64::try_from(at).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    at.map_or_else(|| "--:--".to_owned(), |at| at.to_zoned(TimeZone::system()).strftime("%H:%M").to_string())
}
