//! Contracts in surroundings that generated code has to survive. Each module compiles, without a warning, or
//! it does not: what runs is beside the point for most of them.

#![deny(warnings, clippy::pedantic)]
// What users write `pub`, in a test that nobody can import.
#![allow(unreachable_pub)]
#![forbid(unsafe_code)]

/// What `renamed = { package = "signalr-runtime" }` does in a manifest.
extern crate signalr_runtime as renamed_runtime;

mod cfg;
mod client_names;
mod default_bodies;
mod deprecated;
mod docs;
mod imports;
mod in_a_function;
mod in_a_macro;
mod lint_levels;
mod names;
mod no_prelude;
mod opening;
mod pedantic;
mod proxies;
mod renamed;
mod shadowed;
mod types;
mod unit_structs;
mod visibility;

/// Streams nothing.
struct Empty<T>(std::marker::PhantomData<fn() -> T>);

impl<T> signalr_runtime::Stream for Empty<T> {
    type Item = T;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<T>> {
        std::task::Poll::Ready(None)
    }
}

const fn empty<T>() -> Empty<T> {
    Empty(std::marker::PhantomData)
}

/// The wire names of a contract.
fn names<C: signalr_runtime::HubContract>() -> Vec<&'static str> {
    C::METHODS.iter().map(|method| method.name).collect()
}
