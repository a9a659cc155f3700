//! The `#[hub]` and `#[client_proxy]` attributes of `signalr-runtime`, and its `#[derive(HubError)]` (`hub_error`); it
//! re-exports and documents them.
//!
//! A macro runs as a pipeline: `attr` reads the options and `attributes` the other attributes, `parse` the trait into the
//! `model`, `check` refuses what a contract cannot say, and `expand` writes the code. Faults are collected on the way and
//! reported together (`errors`); the trait itself is always written, and with it what uses need of a method that has a fault
//! (`faulty`).

mod attr;
mod attributes;
mod case;
mod check;
mod errors;
mod expand;
mod faulty;
mod hub_error;
mod model;
mod parse;
mod recover;
mod stream_type;

use model::Role;

/// See `signalr_runtime::hub`.
#[proc_macro_attribute]
pub fn hub(options: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand::attribute(Role::Hub, options.into(), &item.into()).into()
}

/// See `signalr_runtime::HubError`.
#[proc_macro_derive(HubError, attributes(signalr))]
pub fn hub_error(item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    hub_error::derive(item.into()).into()
}

/// See `signalr_runtime::client_proxy`.
#[proc_macro_attribute]
pub fn client_proxy(
    options: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    expand::attribute(Role::Client, options.into(), &item.into()).into()
}
