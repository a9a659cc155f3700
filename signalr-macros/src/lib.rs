//! The `#[hub]` and `#[client_proxy]` attributes of `signalr-runtime`.
