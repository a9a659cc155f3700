//! The connections of an endpoint that can be found by their token.
//!
//! Nothing is remembered at negotiation. A connection gets its entry with the first request that brings its token, and
//! keeps it until its transport has ended.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::request::Parts;
use tokio::time::Instant;

use super::authentication::Authentication;
use super::options::HttpOptions;
use super::refused::Refused;
use super::request::connection_token;
use super::request_connection::RequestConnection;
use super::requester::Requester;
use super::token::{Claim, TokenSealer};
use super::used_tokens::UsedTokens;
use crate::endpoint::admission::Admission;
use crate::endpoint::connection_id::ConnectionId;
use crate::endpoint::limits::Limits;
use crate::endpoint::resume::absentees::AbsenceBudget;
use crate::endpoint::resume::seat::Seat;

/// The connections of one endpoint, the seal of those that it may get, and how many that may be.
pub(crate) struct Connections {
    pub(super) tokens: TokenSealer,
    /// What is kept for those whose clients have lost their sockets and may come back.
    pub(crate) absentees: AbsenceBudget,
    pub(super) admission: Admission,
    hasher: RandomState,
    tables: [Mutex<Table>; TABLES],
}

/// The number of tables. A connect locks one of them: few others wait for it, and none is long in growing.
const TABLES: usize = 16;

/// The connections whose ids have a common hash.
struct Table {
    live: HashMap<ConnectionId, Live>,
    used: UsedTokens,
}

/// A connection, as the requests that belong to it find it.
#[derive(Clone)]
pub(super) enum Live {
    /// It runs over a WebSocket.
    Socket(SocketConnection),
    /// It is made of requests.
    Requests(Arc<RequestConnection>),
}

/// What a good token stands for.
pub(super) struct Ticket {
    pub(super) claim: Claim,
    /// The connection that it has opened. `None` while it has opened nothing.
    pub(super) live: Option<Live>,
}

/// A connection over a WebSocket.
#[derive(Clone)]
pub(super) struct SocketConnection {
    /// Where the client comes back to, if the connection may outlive its socket.
    pub(super) seat: Option<Arc<Seat>>,
    pub(super) authentication: Option<Arc<Authentication>>,
}

impl Connections {
    pub(crate) fn new(options: &HttpOptions, limits: &Limits) -> Self {
        let tokens = TokenSealer::new(options.disconnect_timeout, options.token_key.as_ref());
        Self {
            tokens,
            absentees: limits.kept_for_absent_clients.clone(),
            admission: Admission::new(limits, options.retry_after),
            hasher: RandomState::new(),
            tables: std::array::from_fn(|_| {
                let used = UsedTokens::new(options.disconnect_timeout);
                Mutex::new(Table { live: HashMap::new(), used })
            }),
        }
    }

    /// What the token of a request stands for, if the request brings one. Refused if that is nothing, or if the request
    /// comes from another identity than the negotiation.
    pub(super) fn ticket(
        &self,
        request: &Parts,
        requester: &Requester<'_>,
    ) -> Result<Option<Ticket>, Refused> {
        let Some(token) = connection_token(request) else { return Ok(None) };
        let ticket = self.look_up(requester.endpoint, &token).ok_or(Refused::NoConnection)?;
        if self.is_held_by(&ticket, requester) {
            return Ok(Some(ticket));
        }
        let polling = matches!(&ticket.live, Some(Live::Requests(connection)) if connection.polls());
        Err(Refused::OtherIdentity { polling })
    }

    /// What a token stands for. `None` for one that opens nothing: unknown at this endpoint, expired, or used before.
    pub(super) fn look_up(&self, endpoint: &str, token: &str) -> Option<Ticket> {
        let claim = self.tokens.of(endpoint).open(token)?;
        let fingerprint = self.fingerprint(&claim.id);
        let table = self.table(fingerprint);
        let live = table.live.get(&claim.id).cloned();
        if live.is_none() && (Instant::now() >= claim.expiry || table.used.contains(fingerprint)) {
            return None;
        }
        drop(table);
        Some(Ticket { claim, live })
    }

    /// Whether a token is brought by the identity that has negotiated.
    pub(super) fn is_held_by(&self, ticket: &Ticket, requester: &Requester<'_>) -> bool {
        self.tokens.of(requester.endpoint).is_held_by(&ticket.claim, requester.identity())
    }

    /// Makes the connection of a token, or gives the one that is there. `None` when the token has expired, or was
    /// used before: it opens one connection.
    pub(super) fn enter<T>(
        self: &Arc<Self>,
        claim: Claim,
        make: impl FnOnce(LiveEntry) -> (Live, T),
    ) -> Option<Result<T, Live>> {
        let fingerprint = self.fingerprint(&claim.id);
        let mut table = self.table(fingerprint);
        if let Some(live) = table.live.get(&claim.id) {
            return Some(Err(live.clone()));
        }
        let now = Instant::now();
        if now >= claim.expiry || !table.used.insert(fingerprint, now) {
            return None;
        }
        let (live, entered) = make(LiveEntry { connections: Arc::clone(self), id: claim.id.clone() });
        table.live.insert(claim.id, live);
        Some(Ok(entered))
    }

    /// A secret hash of an id. Two ids with the same one cost the later client a new negotiation, and are not met.
    fn fingerprint(&self, id: &ConnectionId) -> u64 {
        self.hasher.hash_one(id)
    }

    /// The table of an id.
    fn table(&self, fingerprint: u64) -> MutexGuard<'_, Table> {
        let [first, ..] = &self.tables;
        let at = usize::try_from(fingerprint % TABLES as u64).unwrap_or_default();
        self.tables.get(at).unwrap_or(first).lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of a connection among the others. Dropping it makes the connection unknown.
pub(crate) struct LiveEntry {
    connections: Arc<Connections>,
    id: ConnectionId,
}

impl LiveEntry {
    pub(super) fn id(&self) -> &ConnectionId {
        &self.id
    }
}

impl Drop for LiveEntry {
    fn drop(&mut self) {
        let fingerprint = self.connections.fingerprint(&self.id);
        let gone = self.connections.table(fingerprint).live.remove(&self.id);
        // Not under the lock: the connection may hold the last reference to something large.
        drop(gone);
    }
}

impl fmt::Debug for LiveEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveEntry").finish_non_exhaustive()
    }
}
