//! How hubs and clients behave: over real sockets, and over the in-memory transport where time matters.

mod attacks;
mod client;
mod http2;
mod rows;
