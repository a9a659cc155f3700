//! What an application says of who its clients are.

use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_core::future::BoxFuture;
use futures_util::FutureExt;
use http::request::Parts;

use super::authentication_refresh::AuthenticationRefresh;
use super::blocking_detector::BlockingDetector;
use super::deadline::within;
use super::network::{LocalAddress, Network};
use super::peer_address::{is_forwarded, is_private, peer_address};
use super::user_id::UserId;
use crate::connection::limit::Limit;
use crate::connection::panics::Panicked;

/// The identity that a client has shown, if it has shown one: it must show the same with each of its requests.
pub(crate) type IdentityKey = Option<Arc<str>>;

type UserIdProvider = dyn Fn(&Parts) -> Option<String> + Send + Sync;
type AddressProvider = dyn Fn(&Parts) -> Option<IpAddr> + Send + Sync;
type LocalAddressProvider = dyn Fn(&Parts) -> Option<LocalAddress> + Send + Sync;
type EndpointRule = dyn Fn(&Parts) -> bool + Send + Sync;
type ExpiryProvider = dyn Fn(&Parts) -> Option<SystemTime> + Send + Sync;
type RefreshGuard = dyn Fn(AuthenticationRefresh) -> BoxFuture<'static, bool> + Send + Sync;

/// Who sends a request and from where, whether that may use the application, when the credentials it shows end, and
/// whether others may take their place. By default nobody is known, everybody may, and credentials do not end.
#[derive(Clone)]
pub(crate) struct Identity {
    /// What logs call the application.
    application: &'static str,
    pub(crate) user_id: Option<Arc<UserIdProvider>>,
    /// By what clients are told apart, if not by their user ids.
    pub(crate) key: Option<Arc<UserIdProvider>>,
    pub(crate) address: Option<Arc<AddressProvider>>,
    /// Where it has arrived.
    pub(crate) local_address: Option<Arc<LocalAddressProvider>>,
    /// All of them must allow a request.
    pub(crate) rules: Vec<Arc<EndpointRule>>,
    pub(crate) expiry: Option<Arc<ExpiryProvider>>,
    pub(crate) refresh: Option<Arc<RefreshGuard>>,
    /// Finds those of them that hold their thread.
    pub(crate) blocking: BlockingDetector,
}

/// The application's own code, which says who a user is, has panicked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UserIdPanicked;

impl Identity {
    pub(crate) fn new(application: &'static str) -> Self {
        Self {
            application,
            user_id: None,
            key: None,
            address: None,
            local_address: None,
            rules: Vec::new(),
            expiry: None,
            refresh: None,
            blocking: BlockingDetector::new(application, Some(BlockingDetector::DEFAULT)),
        }
    }

    /// Who sends a request.
    pub(crate) fn user_id(&self, request: &Parts) -> Result<UserId, UserIdPanicked> {
        let Some(user_id) = &self.user_id else { return Ok(None) };
        let user_id = self.ask("the user id of a connection", || user_id(request)).ok_or(UserIdPanicked)?;
        Ok(user_id.map(Into::into))
    }

    /// The identity of whoever sends a request, whose user id is `user_id`. Nobody is nobody only.
    pub(crate) fn key(&self, request: &Parts, user_id: &UserId) -> Result<IdentityKey, UserIdPanicked> {
        let Some(key) = &self.key else { return Ok(user_id.clone()) };
        let key = self.ask("the identity of a client", || key(request)).ok_or(UserIdPanicked)?;
        Ok(key.map(Into::into))
    }

    /// Where a request comes from, if that is known.
    pub(crate) fn client_address(&self, request: &Parts) -> Option<IpAddr> {
        let Some(address) = &self.address else { return peer_address(request) };
        self.ask("the address of a client", || address(request)).flatten()
    }

    /// The network by which a request has come, as far as that is known.
    pub(crate) fn network(&self, request: &Parts) -> Network {
        let local = self.local_address.as_ref();
        let local =
            local.and_then(|local| self.ask("the address of the server", || local(request)).flatten());
        match (local, peer_address(request)) {
            (Some(local), _) => Network::Local(local),
            (None, Some(peer)) => Network::Peer(peer),
            (None, None) => Network::Unknown,
        }
    }

    /// Whether a request seems to come from a proxy, while its address is taken for that of the client. A client that
    /// comes directly has an address of the internet, and no reason to say for whom it asks.
    pub(crate) fn sees_a_proxy(&self, request: &Parts) -> bool {
        self.address.is_none() && (is_forwarded(request) || peer_address(request).is_some_and(is_private))
    }

    /// The name of the application in logs.
    pub(crate) fn application(&self) -> &'static str {
        self.application
    }

    /// Whether whoever sends a request may use the application at all.
    pub(crate) fn admits(&self, request: &Parts) -> bool {
        self.rules.iter().all(|allows| self.ask("a rule of a hub", || allows(request)).unwrap_or(false))
    }

    /// When the credentials of a request end by themselves. None if they do not.
    pub(crate) fn expiry(&self, request: &Parts) -> Option<SystemTime> {
        let expiry = self.expiry.as_ref()?;
        // Where nobody knows how long it is good, it is not.
        self.ask("the expiry of an authentication", || expiry(request))
            .unwrap_or(Some(SystemTime::UNIX_EPOCH))
    }

    /// Whether a client may go on with new credentials. It may not if that takes longer than `longest`.
    pub(crate) async fn accepts(&self, refresh: AuthenticationRefresh, longest: Option<Duration>) -> bool {
        let Some(guard) = &self.refresh else { return true };
        let accepted = within(longest, Limit::CallbackTime, async { guard(refresh).await });
        match AssertUnwindSafe(accepted).catch_unwind().await {
            Ok(Some(accepts)) => accepts,
            Ok(None) => {
                let hub = self.application;
                tracing::error!(hub, "the callback for an authentication refresh took longer than it may");
                false
            }
            Err(_) => {
                self.panicked("the callback for an authentication refresh");
                false
            }
        }
    }

    /// Runs the application's own code. None if it panics.
    fn ask<T>(&self, what: &'static str, code: impl FnOnce() -> T) -> Option<T> {
        let code = || self.blocking.watch(what, code);
        catch_unwind(AssertUnwindSafe(code)).map_err(|_| self.panicked(what)).ok()
    }

    fn panicked(&self, what: &str) {
        Panicked::Identity.count();
        tracing::error!(hub = self.application, "{what} panicked");
    }
}
