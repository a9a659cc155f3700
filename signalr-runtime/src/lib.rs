//! ASP.NET Core SignalR for Rust.
