//! What becomes of calls to a peer that does not take them.

/// What is done with a call to a client for which as much waits already as may wait: when it reads more slowly than it is
/// sent to.
///
/// This is about calls without a result, to one client or to many. Results, stream items and questions to a client are
/// never dropped: whoever produces them waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SlowConsumer {
    /// Whoever sends waits until there is room, as with ASP.NET Core. Other clients of the same call are not delayed;
    /// whoever awaits it is, for as long as a write may take.
    #[default]
    Wait,
    /// The client is disconnected, and may connect again.
    Disconnect,
    /// The call is dropped.
    DropNewest,
    /// The oldest calls that wait are dropped, as many as it takes. Where a client may resume its connection it counts its
    /// messages, so that none may be missing: there, the newest is dropped.
    DropOldest,
}
