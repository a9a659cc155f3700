//! ASP.NET Core SignalR for Rust: typed hubs, typed clients, exactly the same wire.

// Without a protocol `Format` has no variant, and what takes one has nothing to do with its arguments.
#![cfg_attr(not(feature = "json"), allow(unused_variables, unused_mut, unreachable_code))]

#[cfg(feature = "client")]
pub mod client;
// What only one side uses is dead without that side.
#[cfg(feature = "engine")]
#[cfg_attr(not(all(feature = "server", feature = "client")), allow(dead_code, unused_imports))]
mod connection;
mod contract;
#[cfg(feature = "engine")]
#[cfg_attr(not(all(feature = "server", feature = "client")), allow(dead_code, unused_imports))]
mod protocol;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "test-util")]
pub mod test;
#[cfg(feature = "engine")]
#[cfg_attr(not(all(feature = "server", feature = "client")), allow(dead_code, unused_imports))]
mod transport;

pub use contract::error::{HubError, HubErrorKind, HubResult, ResultExt};
pub use contract::hub::{
    ClientContract, HubContract, MethodDescription, MethodKind, MethodName, NoClient, NoProxy,
    ParameterDescription,
};
pub use contract::stub::{Invoke, ResultStream, Sending};
pub use contract::value::WireValue;
#[doc(no_inline)]
pub use futures_core::Stream;
#[cfg(feature = "macros")]
pub use signalr_macros::{client_proxy, hub};

/// What generated code names. Not part of the API: it may change in any release.
#[doc(hidden)]
pub mod __private {
    pub use core::fmt;
    pub use core::future::Future;
    pub use core::marker::{Send, Sync};
    pub use core::result::Result;
    pub use std::boxed::Box;
    pub use std::clone::Clone;
    pub use std::convert::From;
    pub use std::string::String;
    pub use std::sync::Arc;

    pub use futures_core::Stream;

    pub use crate::contract::arguments::{ArgumentList, ArgumentWriter, Arguments, BindError, WireArgument};
    pub use crate::contract::bind::{arguments, opened, returned, streamed};
    pub use crate::contract::dispatch::{Call, Dispatch, Handler, Reply, ResultSink, Running, send_items};
    pub use crate::contract::error::{HubError, HubResult};
    pub use crate::contract::hub::{
        ClientContract, HubContract, Method, MethodDescription, MethodKind, MethodName, NoClient, Outcome,
        Param, ParameterDescription, Returned, SliceParam, StreamItem, StreamMethod, StreamParam, WireError,
    };
    pub use crate::contract::link::Link;
    pub use crate::contract::proxy::{ask, deliver};
    pub use crate::contract::receivers::{Receiver, Receivers};
    pub use crate::contract::relay::{Pump, Pumping, Relay, pumping, relay};
    pub use crate::contract::stub::{Invoke, Outgoing, ResultStream};
    pub use crate::contract::upload::Incoming;
    pub use crate::contract::value::{Format, ValueError, WireValue};
}
