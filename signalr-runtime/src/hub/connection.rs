//! One client, as the server's code sees it.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::request::Parts;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::call_credentials::CallCredentials;
use super::roomy::is_roomy;
use crate::connection::budget::{Charge, ChargeKind};
use crate::connection::ending::EndRequest;
use crate::connection::limit::Limit;
use crate::connection::shared::Shared;
use crate::contract::error::{HubError, HubErrorKind, HubResult};
use crate::contract::locks::LockHeld;
use crate::endpoint::connection_id::ConnectionId;
use crate::endpoint::http::authentication::Authentication;
use crate::transport::negotiate::TransportKind;

/// One connection of a hub, from its handshake to its end.
pub(crate) struct Connection {
    pub(crate) id: ConnectionId,
    pub(crate) user_id: Option<Arc<str>>,
    /// The request that opened the connection.
    pub(crate) request: Arc<Parts>,
    /// What can change about who the client is, if anything can.
    pub(crate) authentication: Option<Arc<Authentication>>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) transport: TransportKind,
    pub(crate) since: Instant,
    /// Cancelled when the connection is over.
    pub(crate) aborted: CancellationToken,
    /// Time that the client has to answer a question. None for all the time it wants.
    pub(crate) client_result_timeout: Option<Duration>,
    /// Whether its hub is being made, or its connect callback runs: nothing is read until that is done.
    connecting: AtomicBool,
    group_limits: GroupLimits,
    groups: Mutex<Groups>,
}

/// In which groups a connection can be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupLimits {
    /// The longest name, in bytes.
    pub(crate) name_length: usize,
    /// How many at once.
    pub(crate) groups: usize,
}

/// The groups a connection is in.
enum Groups {
    In {
        names: HashSet<Arc<str>>,
        /// What the memberships cost.
        charge: Charge,
    },
    /// The connection is over: it cannot join any more, and has these still to leave.
    Leaving(Vec<Arc<str>>),
}

/// What a membership costs, on the side of the connection and on that of the group.
const MEMBERSHIP: usize = 96;

impl Connection {
    pub(crate) fn new(
        id: ConnectionId,
        user_id: Option<Arc<str>>,
        request: Arc<Parts>,
        authentication: Option<Arc<Authentication>>,
        shared: Arc<Shared>,
        transport: TransportKind,
        group_limits: GroupLimits,
    ) -> Self {
        let charge = Charge::new(shared.outbound.budget().cloned(), ChargeKind::Groups);
        Self {
            id,
            user_id,
            request,
            authentication,
            shared,
            transport,
            since: Instant::now(),
            aborted: CancellationToken::new(),
            client_result_timeout: None,
            connecting: AtomicBool::new(true),
            group_limits,
            groups: Mutex::new(Groups::In { names: HashSet::new(), charge }),
        }
    }

    /// The request whose credentials count for the code that asks; see [`CallCredentials::request`].
    pub(crate) fn authenticated_request(&self) -> Arc<Parts> {
        CallCredentials::request(self.authentication.as_ref(), &self.request)
    }

    /// The connect callback has ended.
    pub(crate) fn has_connected(&self) {
        self.connecting.store(false, Ordering::Release);
    }

    /// Whether the hub is being made, or its connect callback runs.
    pub(crate) fn is_connecting(&self) -> bool {
        self.connecting.load(Ordering::Acquire)
    }

    /// Ends the connection; the client does not connect again by itself.
    pub(crate) fn abort(&self) {
        self.shared.end(EndRequest::Abort);
    }

    /// Notes a group, and runs `enter` unless the connection is over or already in it. What is noted here and what
    /// `enter` does cannot be torn apart by another join or leave. `enter` also gives the name as the group has it.
    pub(crate) fn enter_group<T>(
        &self,
        group: &str,
        enter: impl FnOnce() -> (Arc<str>, T),
    ) -> HubResult<Option<T>> {
        let limits = self.group_limits;
        if group.len() > limits.name_length {
            Limit::GroupName.hit();
            let text = format!("The name of a group is longer than {} bytes.", limits.name_length);
            return Err(HubError::with_kind(HubErrorKind::Internal, text));
        }
        let entered = self.groups(|groups| {
            let Groups::In { names, charge } = groups else { return Ok(None) };
            if names.contains(group) {
                return Ok(None);
            }
            if names.len() >= limits.groups {
                return Err(Limit::GroupsPerConnection);
            }
            let (name, entered) = enter();
            names.insert(name);
            charge.set(names.len().saturating_mul(MEMBERSHIP));
            Ok(Some(entered))
        });
        // Counted with nothing locked.
        entered.map_err(|limit| {
            limit.hit();
            let text = format!("The connection is in {} groups, which is the maximum.", limits.groups);
            HubError::with_kind(HubErrorKind::Internal, text)
        })
    }

    /// Forgets a group, and runs `leave` if the connection was in it.
    pub(crate) fn leave_group<T>(&self, group: &str, leave: impl FnOnce() -> T) -> Option<T> {
        self.groups(|groups| {
            let Groups::In { names, charge } = groups else { return None };
            let left = names.remove(group).then(leave);
            if is_roomy(names.len(), names.capacity()) {
                names.shrink_to(names.len().saturating_mul(2));
            }
            charge.set(names.len().saturating_mul(MEMBERSHIP));
            left
        })
    }

    #[cfg(test)]
    pub(crate) fn is_in_group(&self, group: &str) -> bool {
        self.groups(|groups| matches!(groups, Groups::In { names, .. } if names.contains(group)))
    }

    #[cfg(test)]
    pub(crate) fn groups_capacity(&self) -> usize {
        self.groups(|groups| match groups {
            Groups::In { names, .. } => names.capacity(),
            Groups::Leaving(names) => names.capacity(),
        })
    }

    /// The groups it is in.
    pub(crate) fn group_names(&self) -> Vec<Arc<str>> {
        self.groups(|groups| match groups {
            Groups::In { names, .. } => names.iter().cloned().collect(),
            Groups::Leaving(_) => Vec::new(),
        })
    }

    /// Forgets all groups for good, and gives one that has still to be left.
    pub(crate) fn next_group_to_leave(&self) -> Option<Arc<str>> {
        self.groups(|groups| {
            if let Groups::In { names, .. } = groups {
                *groups = Groups::Leaving(names.drain().collect());
            }
            match groups {
                Groups::Leaving(names) => names.pop(),
                Groups::In { .. } => None,
            }
        })
    }

    fn groups<T>(&self, visit: impl FnOnce(&mut Groups) -> T) -> T {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let _held = LockHeld::new();
        visit(&mut groups)
    }
}
