//! Without the prelude of the language.

#![no_implicit_prelude]

use ::signalr_runtime::{HubError, HubResult, Stream, client_proxy, hub};
use ::std::primitive::{bool, str, u8, u32};

/// A hub.
#[hub(client = Page)]
pub trait Chat {
    /// A call.
    async fn say(&self, room: &str, parts: &[u8], times: u32) -> HubResult<u32>;
    /// Both directions.
    fn echo(&self, items: impl Stream<Item = HubResult<u32>>) -> impl Stream<Item = HubResult<u32>>;
    /// An error, or both directions.
    async fn open(
        &self,
        items: impl Stream<Item = HubResult<u32>>,
    ) -> HubResult<impl Stream<Item = HubResult<u32>>>;
    /// The same with a body.
    async fn opened(&self) -> HubResult<impl Stream<Item = HubResult<u32>>> {
        HubResult::Ok(crate::empty())
    }
    /// With a body.
    async fn twice(&self, n: u32) -> HubResult<u32> {
        HubResult::Ok(n * 2)
    }
}

/// An error.
#[derive(HubError)]
pub enum Refused {
    /// With data.
    Full {
        /// How much.
        limit: u32,
    },
    /// With data that has no name.
    Taken(u8, u32),
    /// With none.
    Closed,
    /// Anything else.
    #[signalr(other)]
    Call(HubError),
}

impl ::std::fmt::Display for Refused {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        f.write_str("refused")
    }
}

/// A client.
#[client_proxy]
pub trait Page {
    /// No answer.
    async fn show(&self, text: &str);
    /// An answer.
    async fn confirm(&self, question: &str) -> HubResult<bool>;
}
