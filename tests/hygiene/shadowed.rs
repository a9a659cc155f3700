//! Where the names of the standard library, and those in generated code, mean something else.

#![allow(dead_code, unused_imports, unused_macros, non_camel_case_types, clippy::upper_case_acronyms)]

use signalr_runtime::{HubResult, client_proxy, hub};

/// Not the one of the language.
pub struct Result;
/// Not the one of the language.
pub struct Option;
/// Not the one of the language.
pub struct Vec;
/// Not the one of the language.
pub struct Box;
/// Not the one of the language.
pub struct String;
/// Not the one of the language.
pub struct Arc;
/// Not the one of the language.
pub struct Pin;
/// Not the one of the language.
pub trait Send {}
/// Not the one of the language.
pub trait Sync {}
/// Not the one of the language.
pub trait Future {}
/// Not the one of the language.
pub trait Clone {}
/// Not the one of the language.
pub trait From {}
/// Not the one of the language.
pub trait Into {}
/// Not the one of the language.
pub trait Fn {}
/// Not the one of the language.
pub trait Debug {}
/// Not the one of the runtime.
pub struct HubError;
/// Not the one of the runtime.
pub struct Invoke;
/// Not the one of the runtime.
pub struct Method;
/// Called like a type in generated code.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct Signatures;
/// Not the function of the language.
#[allow(non_snake_case)]
pub fn Ok() {}
/// Not the function of the language.
#[allow(non_snake_case)]
pub fn Err() {}
/// A name in generated code.
pub fn method_0() {}
/// Not the crate.
pub mod core {}
/// Not the crate.
pub mod std {}
/// Not the crate.
pub mod alloc {}
/// Not the crate.
pub mod signalr_runtime_ {}

macro_rules! vec {
    () => {
        compile_error!("not this one")
    };
}
macro_rules! panic {
    () => {
        compile_error!("not this one")
    };
}
pub(crate) use {panic, vec};

/// Adds methods to everything.
pub trait Extension {
    /// Not the one of the hub.
    fn join(&self) -> u8 {
        0
    }
    /// Not the one of the hub.
    fn clone(&self) -> u8 {
        0
    }
    /// Not the one of the runtime.
    fn push(&self) -> u8
    where
        Self: Sized,
    {
        0
    }
    /// Not the one of the runtime.
    fn arguments(&self) -> u8
    where
        Self: Sized,
    {
        0
    }
    /// Not the one of the runtime.
    fn param(&mut self) -> u8
    where
        Self: Sized,
    {
        0
    }
    /// Not the one of the runtime.
    fn next(&self) -> u8
    where
        Self: Sized,
    {
        0
    }
    /// Not the one of the runtime.
    fn finish(self) -> u8
    where
        Self: Sized,
    {
        0
    }
    /// Not the one of the runtime.
    fn format(&self) -> u8
    where
        Self: Sized,
    {
        0
    }
    /// Not the one of the runtime.
    fn results(&self) -> u8
    where
        Self: Sized,
    {
        0
    }
    /// Not the one of the runtime.
    fn stream_param(self) -> u8
    where
        Self: Sized,
    {
        0
    }
    /// Not the one of the runtime.
    fn invoke(self) -> u8
    where
        Self: Sized,
    {
        0
    }
    /// Not the one of the runtime.
    fn stream(&self) -> u8
    where
        Self: Sized,
    {
        0
    }
    /// Not the one of the runtime.
    fn write_str(&self) -> u8
    where
        Self: Sized,
    {
        0
    }
    /// Not the one of the runtime.
    fn into(self) -> u8
    where
        Self: Sized,
    {
        0
    }
}
impl<T: ?Sized> Extension for T {}

/// A hub whose parameters are called like the variables in generated code.
#[hub(client = Page)]
pub trait Chat {
    /// Called like a method of everything.
    async fn join(&self, hub: &str, call: u32, to: &[u32], arguments: u32, format: u32) -> HubResult;
    /// Called like methods of the stub.
    async fn clone(&self, link: u32, sink: u32, stub: u32) -> HubResult<u32>;
    /// Called like a function of the stub.
    async fn from(&self, argument_0: u32, pump_0: u32) -> HubResult<u32>;
    /// Called like methods of the call that the stub returns.
    async fn send(&self, timeout: u32) -> HubResult<u32>;
    /// Called like a method of every value.
    async fn fmt(&self, f: u32) -> HubResult<u32>;
    /// Takes a type that is called like one in generated code.
    async fn compare(&self, one: Signatures, other: &Signatures) -> HubResult<Signatures>;
}

/// An error whose variants are called like what generated code names.
#[derive(signalr_runtime::HubError)]
pub enum Refused {
    /// Not the one of the language.
    Some {
        /// Called like something in generated code.
        other: u32,
        /// Called like something in generated code.
        text: u32,
    },
    /// Not the one of the language.
    None,
    /// Anything else.
    #[signalr(other)]
    From(signalr_runtime::HubError),
}

impl ::std::fmt::Display for Refused {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        f.write_str("refused")
    }
}

/// Called like a type parameter in generated code.
#[hub]
pub trait H {
    /// A call.
    async fn call(&self) -> HubResult;
}

/// A client whose parameters are called like the variables in generated code.
#[client_proxy]
pub trait Page {
    /// No answer.
    async fn show(&self, answer: &str, to: u32, receivers: u32);
    /// An answer.
    async fn from(&self, answer: &str, to: u32) -> HubResult<bool>;
}
