//! When the program is to end.

use std::io;

/// Listens for Ctrl-C, and for SIGTERM, with which service managers end a program. The future is done when one of them has
/// come.
#[cfg(unix)]
pub fn requested() -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Listens for Ctrl-C. The future is done when it has come.
#[cfg(not(unix))]
pub fn requested() -> io::Result<impl Future<Output = ()> + Send> {
    Ok(async {
        // A console that cannot be listened to never says so.
        let _ = tokio::signal::ctrl_c().await;
    })
}
