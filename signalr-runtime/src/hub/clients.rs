//! Choosing the clients that a call goes to.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::future::BoxFuture;

use super::asker::{self, Asker};
use super::connection::Connection;
use super::core::HubCore;
use super::selection::{Except, Selection};
use crate::connection::returned_permits::CallNumber;
use crate::connection::scope;
use crate::connection::slice::{self, give_way};
use crate::contract::client_call::ClientCall;
use crate::contract::error::HubResult;
use crate::contract::hub::{ClientContract, HubContract};
use crate::contract::per_protocol::Formats;
use crate::contract::receivers::{Answer, Delivery, Receiver, Receivers};
use crate::endpoint::connection_id::ConnectionId;

/// The clients of a hub, from anywhere in the server (`IHubClients`).
///
/// The arguments of a call are encoded when it is made; its receivers are chosen when its future is first polled, so a
/// future that is never polled sends nothing. A call to ids, groups or users that do not exist, or to connections that
/// are over, reaches nobody and is no error, as in ASP.NET Core. A call is done when it is
/// in the queue of every receiver; it waits for receivers whose queue is full, while the others have it. One that does
/// not wait gives other tasks their turn before it returns, so a loop of calls holds up nobody.
///
/// A call is encoded once for each hub protocol in which it may be needed: for connections that are there, their own; for
/// a group, a user or all, those that any client of the hub speaks at the moment, whoever joins before the first poll.
/// While the hub has no client, nothing is encoded. Arguments that cannot be written in a protocol make the call fail, and
/// reach nobody, if a receiver speaks it. A future that is polled so late that a receiver speaks a protocol which nobody
/// spoke when the call was made sends it to the others, and is an error.
///
/// Each choice returns the typed proxy `P` of the hub's client contract: [`ClientContract::Proxy`] for any number of
/// clients, [`ClientContract::SingleProxy`] for one. It is a parameter of the choice, so that a hub without
/// `client = …`, which has neither, is told so by name.
pub struct Clients<C> {
    core: Arc<HubCore>,
    caller: Option<Caller>,
    contract: PhantomData<fn() -> C>,
}

impl<C: HubContract> Clients<C> {
    pub(crate) fn new(core: Arc<HubCore>) -> Self {
        Self { core, caller: None, contract: PhantomData }
    }

    /// Every client.
    pub fn all<P>(&self) -> P
    where
        C::Client: ClientContract<Proxy = P>,
    {
        self.select(Selection::All)
    }

    /// Every client but these connections.
    pub fn all_except<I, P>(&self, connection_ids: I) -> P
    where
        C::Client: ClientContract<Proxy = P>,
        I: IntoIterator<Item: Into<String>>,
    {
        self.select(Selection::AllExcept(Except::new(strings(connection_ids))))
    }

    /// One connection. Only here, and with [`CallerClients::caller`], can a client be asked for a result.
    pub fn client<P>(&self, connection_id: impl AsRef<str>) -> P
    where
        C::Client: ClientContract<SingleProxy = P>,
    {
        self.single(ConnectionId::new(connection_id.as_ref()))
    }

    /// These connections.
    pub fn clients<I, P>(&self, connection_ids: I) -> P
    where
        C::Client: ClientContract<Proxy = P>,
        I: IntoIterator<Item: Into<String>>,
    {
        self.select(Selection::Connections(distinct(connection_ids)))
    }

    /// The connections in a group.
    pub fn group<P>(&self, group: impl Into<String>) -> P
    where
        C::Client: ClientContract<Proxy = P>,
    {
        self.select(Selection::Group(group.into()))
    }

    /// The connections in these groups; one that is in two of them is called twice. The call fails if a name is empty.
    pub fn groups<I, P>(&self, groups: I) -> P
    where
        C::Client: ClientContract<Proxy = P>,
        I: IntoIterator<Item: Into<String>>,
    {
        self.select(Selection::Groups(strings(groups)))
    }

    /// The connections in a group, but not these.
    pub fn group_except<I, P>(&self, group: impl Into<String>, connection_ids: I) -> P
    where
        C::Client: ClientContract<Proxy = P>,
        I: IntoIterator<Item: Into<String>>,
    {
        self.select(Selection::GroupExcept(group.into(), Except::new(strings(connection_ids))))
    }

    /// All connections of one user.
    pub fn user<P>(&self, user_id: impl Into<String>) -> P
    where
        C::Client: ClientContract<Proxy = P>,
    {
        self.select(Selection::Users(vec![user_id.into()]))
    }

    /// All connections of these users.
    pub fn users<I, P>(&self, user_ids: I) -> P
    where
        C::Client: ClientContract<Proxy = P>,
        I: IntoIterator<Item: Into<String>>,
    {
        self.select(Selection::Users(distinct(user_ids)))
    }

    fn select(&self, selection: Selection) -> <C::Client as ClientContract>::Proxy
    where
        C::Client: ClientContract,
    {
        let receivers: Arc<dyn Receivers> = Arc::new(Many { core: Arc::clone(&self.core), selection });
        receivers.into()
    }

    fn single(&self, id: ConnectionId) -> <C::Client as ClientContract>::SingleProxy
    where
        C::Client: ClientContract,
    {
        let selection = Selection::Connection(id.clone());
        let one = Many { core: Arc::clone(&self.core), selection };
        let asker = self.caller.as_ref().map(|caller| Asker::now(&caller.connection, caller.call));
        let receiver: Arc<dyn Receiver> = Arc::new(Single { one, id, asker });
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
    id: ConnectionId,
}

/// The connection whose hub chooses clients, and the call that does so.
struct Caller {
    connection: Arc<Connection>,
    call: Option<CallNumber>,
}

impl<C: HubContract> CallerClients<C> {
    pub(crate) fn new(core: Arc<HubCore>, connection: Arc<Connection>, call: Option<CallNumber>) -> Self {
        let id = connection.id.clone();
        let caller = Some(Caller { connection, call });
        Self { clients: Clients { caller, ..Clients::new(core) }, id }
    }

    /// The client of this connection.
    pub fn caller<P>(&self) -> P
    where
        C::Client: ClientContract<SingleProxy = P>,
    {
        self.clients.single(self.id.clone())
    }

    /// Every client but this one.
    pub fn others<P>(&self) -> P
    where
        C::Client: ClientContract<Proxy = P>,
    {
        self.clients.select(Selection::AllExcept(self.but_me()))
    }

    /// The connections in a group, but not this one.
    pub fn others_in_group<P>(&self, group: impl Into<String>) -> P
    where
        C::Client: ClientContract<Proxy = P>,
    {
        self.clients.select(Selection::GroupExcept(group.into(), self.but_me()))
    }

    fn but_me(&self) -> Except {
        Except::One(self.id.clone())
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
        f.debug_struct("CallerClients").field("caller", &self.id).finish_non_exhaustive()
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
    fn formats(&self) -> Formats {
        self.core.lifetime.formats(&self.selection)
    }

    fn send(&self, call: ClientCall) -> Delivery {
        self.core.lifetime.send(&self.selection, call)
    }

    fn poll_give_way(&self, cx: &mut Context<'_>) -> Poll<()> {
        slice::poll_give_way(cx)
    }
}

/// The receiver behind a proxy to one client.
struct Single {
    one: Many,
    id: ConnectionId,
    /// None where no hub has chosen it.
    asker: Option<Asker>,
}

impl Receivers for Single {
    fn formats(&self) -> Formats {
        self.one.formats()
    }

    fn send(&self, call: ClientCall) -> Delivery {
        self.one.send(call)
    }

    fn poll_give_way(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.one.poll_give_way(cx)
    }
}

impl Receiver for Single {
    fn ask(&self, call: ClientCall) -> BoxFuture<'static, HubResult<Answer>> {
        let core = &self.one.core;
        let is_to_itself = || core.registry.get(&self.id).is_some_and(|client| scope::is_own(&client.shared));
        match asker::ask(self.asker.as_ref(), is_to_itself) {
            Ok(()) => core.lifetime.ask(&self.id, call),
            Err(error) => Box::pin(async move {
                give_way().await;
                Err(error)
            }),
        }
    }
}
