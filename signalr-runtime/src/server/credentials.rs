//! What an application says of the credentials of its clients.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::SystemTime;

use futures_core::future::BoxFuture;
use futures_util::FutureExt;
use http::request::Parts;

use super::authentication_refresh::AuthenticationRefresh;
use super::http::authentication::Expiry;

type ExpiryProvider = dyn Fn(&Parts) -> Option<SystemTime> + Send + Sync;
type RefreshGuard = dyn Fn(AuthenticationRefresh) -> BoxFuture<'static, bool> + Send + Sync;

/// When credentials end, and whether others may take their place. By default they do not, and they may.
#[derive(Clone, Default)]
pub(crate) struct Credentials {
    pub(crate) expiry: Option<Arc<ExpiryProvider>>,
    pub(crate) refresh: Option<Arc<RefreshGuard>>,
}

impl Credentials {
    /// When those of a request end. None if they do not.
    pub(crate) fn expiry(&self, request: &Parts) -> Option<Expiry> {
        let expiry = self.expiry.as_ref()?;
        let at = catch_unwind(AssertUnwindSafe(|| expiry(request))).unwrap_or_else(|_| {
            tracing::error!("the expiry of an authentication panicked");
            // Nobody knows how long it is good: it is not.
            Some(SystemTime::UNIX_EPOCH)
        });
        at.map(Expiry::new)
    }

    /// Whether a client may go on with new ones.
    pub(crate) async fn accept(&self, refresh: AuthenticationRefresh) -> bool {
        let Some(guard) = &self.refresh else { return true };
        let accepted = AssertUnwindSafe(async { guard(refresh).await }).catch_unwind();
        accepted.await.unwrap_or_else(|_| {
            tracing::error!("the callback for an authentication refresh panicked");
            false
        })
    }
}
