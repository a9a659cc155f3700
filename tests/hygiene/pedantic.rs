//! What `clippy::pedantic` says about generated code: nothing.

use signalr_runtime::{HubError, HubResult, Stream, client_proxy, hub};

/// An error of the application.
#[derive(Debug)]
pub enum Refused {
    /// Not today.
    Closed,
}

impl From<Refused> for HubError {
    fn from(_: Refused) -> Self {
        Self::new("closed")
    }
}

impl From<HubError> for Refused {
    fn from(_: HubError) -> Self {
        Self::Closed
    }
}

/// What is lent.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub struct Refusal(String);

/// A hub.
#[hub(client = Page)]
pub trait Chat {
    /// Owned values that are only read.
    async fn say(&self, text: String, times: u8, tags: Vec<String>) -> Result<(), Refused>;
    /// Large and small values behind references.
    async fn count(&self, n: &u8, all: &[String], one: &Refusal) -> HubResult<usize>;
    /// Both directions.
    fn echo(&self, items: impl Stream<Item = HubResult<u32>>) -> impl Stream<Item = Result<u32, Refused>>;
    /// Nothing at all.
    async fn ping(&self) -> HubResult;
}

/// A client.
#[client_proxy]
pub trait Page {
    /// Owned values that are only read.
    async fn show(&self, text: String, tags: Vec<String>);
    /// Nothing at all.
    async fn ping(&self);
    /// An answer.
    async fn confirm(&self, text: String) -> HubResult<bool>;
}

/// An implementation of what is declared above.
#[derive(Debug)]
#[allow(dead_code)]
pub struct Rooms;

impl Chat for Rooms {
    async fn say(&self, _: String, _: u8, _: Vec<String>) -> Result<(), Refused> {
        Err(Refused::Closed)
    }

    async fn count(&self, n: &u8, all: &[String], one: &Refusal) -> HubResult<usize> {
        Ok(usize::from(*n) + all.len() + one.0.len())
    }

    fn echo(&self, _: impl Stream<Item = HubResult<u32>>) -> impl Stream<Item = Result<u32, Refused>> {
        crate::empty()
    }

    async fn ping(&self) -> HubResult {
        Ok(())
    }
}
