//! Waits that have an end.

use std::future::Future;
use std::time::Duration;

use tokio::time::timeout;

use crate::connection::limit::Limit;

/// Runs `work` for at most `longest`. None if it took longer: it has been dropped, and `limit` counted.
pub(crate) async fn within<F: Future>(longest: Option<Duration>, limit: Limit, work: F) -> Option<F::Output> {
    let Some(longest) = longest else { return Some(work.await) };
    let done = timeout(longest, work).await.ok();
    if done.is_none() {
        limit.hit();
    }
    done
}
