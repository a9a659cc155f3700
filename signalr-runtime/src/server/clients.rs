//! Choosing the clients that a call goes to.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use futures_core::future::BoxFuture;

use super::connection::Connection;
use super::core::HubCore;
use super::selection::Selection;
use crate::contract::arguments::EncodeArguments;
use crate::contract::error::{HubError, HubErrorKind, HubResult};
use crate::contract::hub::{ClientContract, HubContract};
use crate::contract::receivers::{Delivery, Receiver, Receivers};
use crate::contract::value::{Encoded, HubProtocol};

/// The typed proxy to any number of clients of a hub with contract `C`.
type Proxy<C> = <<C as HubContract>::Client as ClientContract>::Proxy;

/// The typed proxy to one client of a hub with contract `C`.
type SingleProxy<C> = <<C as HubContract>::Client as ClientContract>::SingleProxy;

/// The clients of a hub, from anywhere in the server (`IHubClients`).
///
/// A call to ids, groups or users that do not exist reaches nobody and is no error. A call is done when it is
/// in the queue of every receiver; it waits for receivers whose queue is full, while the others have it.
pub struct Clients<C> {
    core: Arc<HubCore>,
    contract: PhantomData<fn() -> C>,
}

impl<C: HubContract> Clients<C> {
    pub(crate) fn new(core: Arc<HubCore>) -> Self {
        Self { core, contract: PhantomData }
    }

    /// Every client.
    pub fn all(&self) -> Proxy<C> {
        self.select(Selection::All)
    }

    /// Every client but these connections.
    pub fn all_except<I>(&self, connection_ids: I) -> Proxy<C>
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.select(Selection::AllExcept(strings(connection_ids)))
    }

    /// One connection. Only here, and with [`CallerClients::caller`], can a client be asked for a result.
    pub fn client(&self, connection_id: impl AsRef<str>) -> SingleProxy<C> {
        let one = match self.core.lifetime.get(connection_id.as_ref()) {
            Some(connection) => One::Here(connection),
            None => One::Unknown(connection_id.as_ref().into()),
        };
        self.single(one)
    }

    /// These connections.
    pub fn clients<I>(&self, connection_ids: I) -> Proxy<C>
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.select(Selection::Clients(distinct(connection_ids)))
    }

    /// The connections in a group.
    pub fn group(&self, group: impl Into<String>) -> Proxy<C> {
        self.select(Selection::Groups(vec![group.into()]))
    }

    /// The connections in these groups; who is in two of them is called twice.
    pub fn groups<I>(&self, groups: I) -> Proxy<C>
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.select(Selection::Groups(strings(groups)))
    }

    /// The connections in a group, but not these.
    pub fn group_except<I>(&self, group: impl Into<String>, connection_ids: I) -> Proxy<C>
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.select(Selection::GroupExcept(group.into(), strings(connection_ids)))
    }

    /// All connections of one user.
    pub fn user(&self, user_id: impl Into<String>) -> Proxy<C> {
        self.select(Selection::Users(vec![user_id.into()]))
    }

    /// All connections of these users.
    pub fn users<I>(&self, user_ids: I) -> Proxy<C>
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.select(Selection::Users(distinct(user_ids)))
    }

    fn select(&self, selection: Selection) -> Proxy<C> {
        let receivers: Box<dyn Receivers> = Box::new(Many { core: Arc::clone(&self.core), selection });
        receivers.into()
    }

    fn single(&self, one: One) -> SingleProxy<C> {
        let receiver: Box<dyn Receiver> = Box::new(Single { core: Arc::clone(&self.core), one });
        receiver.into()
    }
}

impl<C> fmt::Debug for Clients<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").finish_non_exhaustive()
    }
}

/// The clients of a hub, from inside a connection (`IHubCallerClients`): [`Clients`] and the choices that need
/// a caller.
pub struct CallerClients<C> {
    clients: Clients<C>,
    caller: Arc<Connection>,
}

impl<C: HubContract> CallerClients<C> {
    pub(crate) fn new(core: Arc<HubCore>, caller: Arc<Connection>) -> Self {
        Self { clients: Clients::new(core), caller }
    }

    /// The client of this connection.
    pub fn caller(&self) -> SingleProxy<C> {
        self.clients.single(One::Here(Arc::clone(&self.caller)))
    }

    /// Every client but this one.
    pub fn others(&self) -> Proxy<C> {
        self.clients.all_except([&self.caller.id])
    }

    /// The connections in a group, but not this one.
    pub fn others_in_group(&self, group: impl Into<String>) -> Proxy<C> {
        self.clients.group_except(group, [&self.caller.id])
    }
}

impl<C> Deref for CallerClients<C> {
    type Target = Clients<C>;

    fn deref(&self) -> &Clients<C> {
        &self.clients
    }
}

impl<C> fmt::Debug for CallerClients<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallerClients").field("caller", &self.caller.id).finish_non_exhaustive()
    }
}

fn strings<I>(names: I) -> Vec<String>
where
    I: IntoIterator<Item: Into<String>>,
{
    names.into_iter().map(Into::into).collect()
}

/// Who is named twice is called once.
fn distinct<I>(names: I) -> Vec<String>
where
    I: IntoIterator<Item: Into<String>>,
{
    let mut names = strings(names);
    names.sort_unstable();
    names.dedup();
    names
}

/// The receivers behind a proxy to many clients.
struct Many {
    core: Arc<HubCore>,
    selection: Selection,
}

impl Receivers for Many {
    fn send(&self, target: &'static str, arguments: &dyn EncodeArguments) -> Delivery {
        self.core.lifetime.send(&self.selection, target, arguments)
    }
}

/// The receiver behind a proxy to one client.
struct Single {
    core: Arc<HubCore>,
    one: One,
}

enum One {
    Here(Arc<Connection>),
    Unknown(Box<str>),
}

impl Receivers for Single {
    fn send(&self, target: &'static str, arguments: &dyn EncodeArguments) -> Delivery {
        match &self.one {
            One::Here(connection) => {
                self.core.lifetime.send(&Selection::Connection(Arc::clone(connection)), target, arguments)
            }
            One::Unknown(_) => Delivery::Done(Ok(())),
        }
    }
}

impl Receiver for Single {
    fn format(&self) -> HubProtocol {
        match &self.one {
            One::Here(connection) => connection.shared.format,
            // Nothing is ever decoded for it.
            One::Unknown(_) => HubProtocol::Json,
        }
    }

    fn invoke(
        &self,
        target: &'static str,
        arguments: &dyn EncodeArguments,
    ) -> BoxFuture<'static, HubResult<Encoded>> {
        match &self.one {
            One::Here(connection) => self.core.client_results.ask(connection, target, arguments),
            One::Unknown(id) => {
                let error =
                    HubError::with_kind(HubErrorKind::Closed, format!("Connection '{id}' does not exist."));
                Box::pin(std::future::ready(Err(error)))
            }
        }
    }
}
