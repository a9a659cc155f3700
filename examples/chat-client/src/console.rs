//! The terminal itself: lines go in and out, and do not get into each other's way.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustyline_async::{Readline, ReadlineError, ReadlineEvent};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

const PROMPT: &str = "> ";

/// How many lines may be typed ahead.
const TYPED_AHEAD: usize = 64;

/// How many lines are kept while there is no connection.
const KEPT: usize = 100;

/// Where lines are shown. All clones are one output.
#[derive(Clone)]
pub(crate) struct Output(Arc<Mutex<Box<dyn Write + Send>>>);

impl Default for Output {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Box::new(io::stdout()))))
    }
}

impl Output {
    /// Shows a line.
    pub(crate) fn line(&self, text: impl AsRef<str>) {
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // With nobody to read there is nothing to be done.
        let _ = writeln!(writer, "{}", text.as_ref());
    }

    fn set(&self, writer: Box<dyn Write + Send>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = writer;
    }
}

/// What the person types.
pub(crate) struct Input {
    lines: mpsc::Receiver<String>,
    /// What was typed while there was no connection.
    kept: VecDeque<String>,
    editor: Option<Editor>,
}

/// The task that edits a line. It ends when `closing` is dropped.
struct Editor {
    task: JoinHandle<()>,
    closing: oneshot::Sender<Infallible>,
}

impl Input {
    /// Begins to read. On a terminal the person edits a line at the bottom, and `output` goes above it; what is piped in
    /// is read as it comes.
    pub(crate) fn open(output: &Output) -> Result<Self, ReadlineError> {
        let (sender, lines) = mpsc::channel(TYPED_AHEAD);
        let mut editor = None;
        if io::stdin().is_terminal() && io::stdout().is_terminal() {
            let (mut readline, writer) = Readline::new(PROMPT.to_owned())?;
            // What was said comes back from the server, with everybody else's lines.
            readline.should_print_line_on(false, false);
            output.set(Box::new(writer));
            let (closing, closed) = oneshot::channel();
            editor = Some(Editor { task: tokio::spawn(edit(readline, sender, closed)), closing });
        } else {
            thread::spawn(move || read(&sender));
        }
        Ok(Self { lines, kept: VecDeque::new(), editor })
    }

    /// The next line; none at the end of the input.
    pub(crate) async fn next(&mut self) -> Option<String> {
        match self.kept.pop_front() {
            Some(line) => Some(line),
            None => self.lines.recv().await,
        }
    }

    /// The next line that is typed, even if others are kept; none at the end of the input.
    pub(crate) async fn typed(&mut self) -> Option<String> {
        self.lines.recv().await
    }

    /// Keeps a line for [`next`](Self::next); false if there are too many.
    pub(crate) fn keep(&mut self, line: String) -> bool {
        let has_room = self.kept.len() < KEPT;
        if has_room {
            self.kept.push_back(line);
        }
        has_room
    }

    /// Gives the terminal back as it was, with everything shown that there was to show.
    pub(crate) async fn close(self) {
        drop(self.lines);
        if let Some(Editor { task, closing }) = self.editor {
            drop(closing);
            // It fails if it has panicked: the terminal is what it is then.
            let _ = task.await;
        }
    }
}

/// Lets the person edit line by line. The end of what they type is not yet the end of what is shown: that comes with
/// `closing`.
async fn edit(
    mut readline: Readline,
    lines: mpsc::Sender<String>,
    mut closing: oneshot::Receiver<Infallible>,
) {
    let mut lines = Some(lines);
    loop {
        let event = tokio::select! {
            event = readline.readline() => event,
            _ = &mut closing => break,
        };
        match (event, &lines) {
            (Ok(ReadlineEvent::Line(line)), Some(typed)) => {
                readline.add_history_entry(line.clone());
                // Whoever does not receive any more is about to close.
                let _ = typed.send(line).await;
            }
            (Ok(ReadlineEvent::Line(_)), None) => {}
            // Ctrl-D, or Ctrl-C.
            (Ok(_), _) => lines = None,
            // The terminal is gone.
            (Err(_), _) => break,
        }
    }
    let _ = readline.flush();
}

/// Reads the standard input in a thread of its own, so that the program can end while nothing comes.
fn read(lines: &mpsc::Sender<String>) {
    for line in io::stdin().lines().map_while(Result::ok) {
        if lines.blocking_send(line).is_err() {
            return;
        }
    }
}
