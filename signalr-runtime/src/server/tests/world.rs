//! What the hubs under test share with the test: a log of what has happened, gates that the test opens, and hooks into the
//! life of a connection.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex};

use futures_core::future::BoxFuture;
use tokio::sync::{Notify, Semaphore};

use super::probe::Context;
use crate::{HubError, HubResult};

/// Lifted for all at the end of a test: a runtime waits for its threads.
pub(super) const EVERY_BARRIER: &str = "";

/// What a gate is: as many may pass as it was opened for.
type Gate = Arc<Semaphore>;

type Hook = Box<dyn Fn(Context, Arc<World>) -> BoxFuture<'static, HubResult> + Send + Sync>;

/// What the hubs of one test share.
#[derive(Default)]
pub(super) struct World {
    pub(super) log: Mutex<Vec<String>>,
    pub(super) gates: Mutex<HashMap<String, Gate>>,
    /// Gates that hold a thread.
    pub(super) barriers: Mutex<HashMap<String, usize>>,
    pub(super) lifted: Condvar,
    /// What disconnect callbacks were told.
    pub(super) told: Mutex<Vec<Option<HubError>>>,
    /// Tells of each line of the log.
    pub(super) said: Notify,
    /// Before the hub is made.
    pub(super) factory: Option<Hook>,
    pub(super) connected: Option<Hook>,
    pub(super) disconnected: Option<Hook>,
    pub(super) refreshed: Option<Hook>,
    /// Runs when a call is given up.
    pub(super) given_up: Option<fn()>,
    /// Runs when a hub is dropped.
    pub(super) dropped: Option<fn()>,
}

impl World {
    /// One whose disconnect callbacks wait for `disconnect` to be opened.
    pub(super) fn slow_to_end() -> Self {
        Self { disconnected: passing("disconnect"), ..Self::default() }
    }

    pub(super) fn say(&self, what: impl Into<String>) {
        self.log.lock().unwrap().push(what.into());
        self.said.notify_waiters();
    }

    /// Waits until something has been said: by another thread, and so in real time.
    pub(super) async fn hears(&self, what: &str) {
        let waiting = async {
            loop {
                let mut said = pin!(self.said.notified());
                said.as_mut().enable();
                if self.log.lock().unwrap().iter().any(|line| line == what) {
                    return;
                }
                said.await;
            }
        };
        let heard = tokio::time::timeout(std::time::Duration::from_secs(20), waiting).await;
        assert!(heard.is_ok(), "nobody says {what}: {:?}", self.log.lock().unwrap());
    }

    /// Lets one more thread pass.
    pub(super) fn lift(&self, name: &str) {
        *self.barriers.lock().unwrap().entry(name.to_owned()).or_default() += 1;
        self.lifted.notify_all();
    }

    /// Holds the thread.
    pub(super) fn hold(&self, name: &str) {
        self.say(format!("{name} blocks"));
        tracing::debug!("blocks");
        let barriers = self.barriers.lock().unwrap();
        let closed = |barriers: &mut HashMap<String, usize>| {
            ![name, EVERY_BARRIER].iter().any(|name| barriers.get(*name).is_some_and(|left| *left > 0))
        };
        let mut barriers = self.lifted.wait_while(barriers, closed).unwrap();
        barriers.entry(name.to_owned()).and_modify(|left| *left = left.saturating_sub(1));
        drop(barriers);
        self.say(format!("{name} goes on"));
    }

    fn gate(&self, name: &str) -> Gate {
        let mut gates = self.gates.lock().unwrap();
        Arc::clone(gates.entry(name.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(0))))
    }

    /// Lets one more pass.
    pub(super) fn open(&self, name: &str) {
        self.gate(name).add_permits(1);
    }

    pub(super) async fn pass(&self, name: &str) {
        self.gate(name).acquire().await.unwrap().forget();
    }
}

/// Makes a hook of a closure.
#[expect(clippy::unnecessary_wraps, reason = "it goes into a field that may be empty")]
pub(super) fn hook<F>(hook: impl Fn(Context, Arc<World>) -> F + Send + Sync + 'static) -> Option<Hook>
where
    F: Future<Output = HubResult> + Send + 'static,
{
    Some(Box::new(move |cx, world| Box::pin(hook(cx, world))))
}

/// A hook that waits for a gate.
pub(super) fn passing(gate: &'static str) -> Option<Hook> {
    hook(async move |_, world: Arc<World>| {
        world.pass(gate).await;
        Ok(())
    })
}
