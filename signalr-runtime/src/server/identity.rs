//! What an application says of who its clients are.

use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::SystemTime;

use futures_core::future::BoxFuture;
use futures_util::FutureExt;
use http::request::Parts;

use super::authentication_refresh::AuthenticationRefresh;
use super::http::accepted::UserId;
use super::http::authentication::Expiry;
use super::peer_address::peer_address;

type UserIdProvider = dyn Fn(&Parts) -> Option<String> + Send + Sync;
type AddressProvider = dyn Fn(&Parts) -> Option<IpAddr> + Send + Sync;
type ExpiryProvider = dyn Fn(&Parts) -> Option<SystemTime> + Send + Sync;
type RefreshGuard = dyn Fn(AuthenticationRefresh) -> BoxFuture<'static, bool> + Send + Sync;

/// Who sends a request and from where, when the credentials it shows end, and whether others may take their place. By
/// default nobody is known, and credentials do not end.
#[derive(Clone)]
pub(crate) struct Identity {
    /// What logs call the application.
    application: &'static str,
    pub(crate) user_id: Option<Arc<UserIdProvider>>,
    pub(crate) address: Option<Arc<AddressProvider>>,
    pub(crate) expiry: Option<Arc<ExpiryProvider>>,
    pub(crate) refresh: Option<Arc<RefreshGuard>>,
}

/// The application's own code, which says who a user is, has panicked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UserIdPanicked;

impl Identity {
    pub(crate) fn new(application: &'static str) -> Self {
        Self { application, user_id: None, address: None, expiry: None, refresh: None }
    }

    /// Who sends a request.
    pub(crate) fn user_id(&self, request: &Parts) -> Result<UserId, UserIdPanicked> {
        let Some(user_id) = &self.user_id else { return Ok(None) };
        match catch_unwind(AssertUnwindSafe(|| user_id(request))) {
            Ok(user_id) => Ok(user_id.map(Into::into)),
            Err(_) => {
                tracing::error!(hub = self.application, "the user id of a connection panicked");
                Err(UserIdPanicked)
            }
        }
    }

    /// Where a request comes from, if that is known.
    pub(crate) fn client_address(&self, request: &Parts) -> Option<IpAddr> {
        let Some(address) = &self.address else { return peer_address(request) };
        catch_unwind(AssertUnwindSafe(|| address(request))).unwrap_or_else(|_| {
            tracing::error!(hub = self.application, "the address of a client panicked");
            None
        })
    }

    /// When the credentials of a request end. None if they do not.
    pub(crate) fn expiry(&self, request: &Parts) -> Option<Expiry> {
        let expiry = self.expiry.as_ref()?;
        let at = catch_unwind(AssertUnwindSafe(|| expiry(request))).unwrap_or_else(|_| {
            tracing::error!(hub = self.application, "the expiry of an authentication panicked");
            // Nobody knows how long it is good: it is not.
            Some(SystemTime::UNIX_EPOCH)
        });
        at.map(Expiry::new)
    }

    /// Whether a client may go on with new credentials.
    pub(crate) async fn accepts(&self, refresh: AuthenticationRefresh) -> bool {
        let Some(guard) = &self.refresh else { return true };
        let accepted = AssertUnwindSafe(async { guard(refresh).await }).catch_unwind();
        accepted.await.unwrap_or_else(|_| {
            tracing::error!(hub = self.application, "the callback for an authentication refresh panicked");
            false
        })
    }
}
