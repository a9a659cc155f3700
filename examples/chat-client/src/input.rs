//! What the person types.

use std::io;
use std::thread;

use tokio::sync::mpsc;

/// The lines of standard input, until it ends. A thread of its own reads them, so that the program can end while
/// nothing is typed.
pub(crate) fn lines() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(1);
    thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
