//! A client made of bytes: cheaper than the server that it loads, and free to send what no honest client would.

pub mod caller;
pub mod http;
pub mod link;
pub mod messages;
pub mod websocket;
pub mod wire;

use std::error::Error;

/// An error of a load generator: it ends the program.
pub type Fault = Box<dyn Error + Send + Sync>;

/// A value, or the fault that kept it from coming.
pub type Outcome<T> = Result<T, Fault>;
