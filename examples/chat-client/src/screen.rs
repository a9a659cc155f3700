//! What the person sees, and what the server may call.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use chat_contract::{ChatClient, Entry, Event, Members, Welcome};
use signalr_runtime::{HubError, HubResult};
use tokio::sync::oneshot;

/// The terminal. All clones are one screen.
#[derive(Clone, Default)]
pub(crate) struct Screen {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The entries that are shown, by their ids: some come twice.
    shown: BTreeSet<u64>,
    members: Option<Members>,
    /// Where the answer goes, while somebody asks whether this person is still there.
    question: Option<oneshot::Sender<bool>>,
}

impl ChatClient for Screen {
    async fn posted(&self, entry: &Entry) {
        self.show(entry);
    }

    async fn members_changed(&self, members: &Members) {
        if self.set_members(members) {
            self.show_members();
        }
    }

    async fn is_typing(&self, _name: &str) {
        // Lines that go away again have no place in a terminal that only adds lines.
    }

    async fn still_there(&self, asked_by: &str) -> HubResult<bool> {
        let (answer, answered) = oneshot::channel();
        self.state().question = Some(answer);
        println!("* {asked_by} asks whether you are still there: /yes or /no");
        answered.await.map_err(|_| HubError::new("Somebody else is asking already."))
    }
}

impl Screen {
    /// Shows what a room looks like on joining it.
    pub(crate) fn show_room(&self, room: &str, welcome: &Welcome) {
        println!("* this is {room}; /help lists the commands");
        for entry in &welcome.history {
            self.show(entry);
        }
        self.set_members(&welcome.members);
        self.show_members();
    }

    /// Shows who is here.
    pub(crate) fn show_members(&self) {
        if let Some(members) = &self.state().members {
            println!("* here: {}", members.names.join(", "));
        }
    }

    /// Answers the open question; false if there is none.
    pub(crate) fn answer(&self, there: bool) -> bool {
        let question = self.state().question.take();
        question.is_some_and(|question| question.send(there).is_ok())
    }

    fn show(&self, Entry { id, name, event, .. }: &Entry) {
        if !self.state().shown.insert(*id) {
            return;
        }
        match event {
            Event::Joined => println!("* {name} joined"),
            Event::Left => println!("* {name} left"),
            Event::Said { text } => println!("{name}: {text}"),
        }
    }

    /// Notes who is here; false if something newer is known.
    fn set_members(&self, members: &Members) -> bool {
        let mut state = self.state();
        if state.members.as_ref().is_some_and(|known| known.version >= members.version) {
            return false;
        }
        state.members = Some(members.clone());
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds this lock")
    }
}
