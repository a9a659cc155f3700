//! The kinds of flood.

use clap::ValueEnum;
use signalr_benches::client::link::Transport;
use signalr_benches::client::messages::SEPARATOR;

/// The bytes of one flooding write.
const BATCH: usize = 60_000;

/// What the flooding clients do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Calls that end at once
    Calls,
    /// Calls that compute for 100 µs
    Computing,
    /// Calls with 32 KB of small maps
    Maps,
    /// Pings of the hub protocol
    Pings,
    /// Messages of a type that nobody knows
    UnknownTypes,
    /// A method that sends to its caller for ever
    SendsToCaller,
    /// The same, for a caller that does not read
    SendsUnread,
    /// The same, for callers that have left
    SendsAfterLeaving,
    /// A method that sends to a group for ever
    SendsToGroup,
    /// A method that sends to an empty group for ever
    SendsToNobody,
    /// A method that joins and leaves groups for ever
    JoinsAndLeaves,
    /// A method that asks a connection that is not there for ever
    ClientResults,
    /// Items of an upload
    ItemsUp,
    /// Items of an endless stream
    ItemsDown,
    /// Items of a hundred endless streams
    ResultStreams,
    /// Calls of methods that do not exist
    UnknownMethods,
    /// Calls with arguments of another type
    WrongArguments,
    /// Calls that no rule allows
    Unauthorized,
    /// Calls in POST requests beside an event stream
    PostsServerSentEvents,
    /// Calls in POST requests beside polls
    PostsLongPolling,
    /// Clients that come, join 1,000 groups and leave
    Ends,
    /// Pings of the WebSocket
    ControlFrames,
    /// Broadcasts to 10,000 clients
    Broadcasts,
}

/// How a flooding client behaves.
#[derive(Debug)]
pub(crate) enum Plan {
    /// Sends a message once.
    Once(String, Then),
    /// Sends a message once, and another one for ever.
    Again { first: Option<String>, again: String, transport: Transport },
    /// Sends empty WebSocket pings for ever.
    ControlFrames,
    /// Connects, sends a message, waits for its answer, leaves, and begins again.
    ConnectAgain(String),
    /// Calls `Broadcast`, waits for the answer, and begins again.
    Broadcast,
}

/// What follows a message that is sent once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Whatever comes is read.
    Read,
    /// Nothing is read.
    Stall,
    /// The connection is closed when its method runs.
    Leave,
}

impl Kind {
    /// How many clients receive the broadcasts.
    pub(crate) fn audience(self) -> usize {
        if self == Self::Broadcasts { 10_000 } else { 0 }
    }

    /// What each flooding client does.
    pub(crate) fn plan(self) -> Plan {
        match self {
            Self::Calls => again(call(None, "Echo", r#""x""#)),
            Self::Computing => again(call(None, "Compute", "100")),
            Self::Maps => {
                let maps = vec![r#"{"":0}"#; 4_600].join(",");
                again(call(None, "Take", &format!("[{maps}]")))
            }
            Self::Pings => again(r#"{"type":6}"#.to_owned()),
            Self::UnknownTypes => again(r#"{"type":99}"#.to_owned()),
            Self::SendsToCaller => Plan::Once(call(None, "SendToCaller", ""), Then::Read),
            Self::SendsUnread => Plan::Once(call(None, "SendToCaller", ""), Then::Stall),
            Self::SendsAfterLeaving => Plan::Once(call(None, "SendToCaller", ""), Then::Leave),
            Self::SendsToGroup => Plan::Once(call(None, "SendToOwnGroup", ""), Then::Read),
            Self::SendsToNobody => Plan::Once(call(None, "SendToNobody", ""), Then::Read),
            Self::JoinsAndLeaves => Plan::Once(call(None, "JoinAndLeave", ""), Then::Read),
            Self::ClientResults => Plan::Once(call(None, "AskNobody", ""), Then::Read),
            Self::ItemsUp => Plan::Again {
                first: Some(r#"{"type":1,"target":"Upload","arguments":[],"streamIds":["u"]}"#.to_owned()),
                again: r#"{"type":2,"invocationId":"u","item":7}"#.to_owned(),
                transport: Transport::WebSockets,
            },
            Self::ItemsDown => Plan::Once(stream(0), Then::Read),
            Self::ResultStreams => {
                let separator = char::from(SEPARATOR).to_string();
                Plan::Once((0..100).map(stream).collect::<Vec<_>>().join(&separator), Then::Read)
            }
            Self::UnknownMethods => again(call(Some("1"), "Unknown", "")),
            Self::WrongArguments => again(call(Some("1"), "Compute", r#""a text""#)),
            Self::Unauthorized => again(call(Some("1"), "Forbidden", "")),
            Self::PostsServerSentEvents => posts(Transport::ServerSentEvents),
            Self::PostsLongPolling => posts(Transport::LongPolling),
            Self::Ends => Plan::ConnectAgain(call(Some("1"), "JoinGroups", "1000")),
            Self::ControlFrames => Plan::ControlFrames,
            Self::Broadcasts => Plan::Broadcast,
        }
    }
}

fn again(again: String) -> Plan {
    Plan::Again { first: None, again, transport: Transport::WebSockets }
}

fn posts(transport: Transport) -> Plan {
    Plan::Again { first: None, again: call(Some("1"), "Echo", r#""x""#), transport }
}

fn call(id: Option<&str>, target: &str, arguments: &str) -> String {
    let id = id.map(|id| format!(r#""invocationId":"{id}","#)).unwrap_or_default();
    format!(r#"{{"type":1,{id}"target":"{target}","arguments":[{arguments}]}}"#)
}

fn stream(id: usize) -> String {
    format!(r#"{{"type":4,"invocationId":"{id}","target":"Items","arguments":[]}}"#)
}

/// As many copies of a message as fit into one flooding write, and their number.
pub(crate) fn batch(message: &str) -> (Vec<u8>, u64) {
    let mut one = message.as_bytes().to_vec();
    one.push(SEPARATOR);
    let count = (BATCH / one.len()).max(1);
    (one.repeat(count), count as u64)
}
