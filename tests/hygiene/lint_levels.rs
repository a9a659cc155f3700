//! Lint levels of a trait, its methods and its parameters.

#![deny(missing_docs, unused, non_camel_case_types, non_snake_case, unused_qualifications)]

use signalr_runtime::{HubResult, Stream, client_proxy, hub};

/// Named like something in another language.
#[hub(client = Page)]
#[allow(non_camel_case_types)]
#[deny(unused, clippy::all, clippy::pedantic, deprecated)]
#[warn(clippy::nursery)]
pub trait chat_hub {
    /// Named like something in another language.
    #[allow(non_snake_case)]
    async fn sendMessage(&self, roomName: &str, userName: String) -> HubResult;

    /// Named like something in another language, and known for it.
    #[expect(non_snake_case)]
    fn countDown(&self, from: u32) -> impl Stream<Item = HubResult<u32>>;

    /// Does not use one of its parameters, and says so of that one alone.
    async fn join(&self, #[expect(unused_variables)] room: &str, #[allow(unused)] last: u32) -> HubResult {
        Ok(())
    }

    /// Allows nothing.
    #[forbid(unused)]
    async fn leave(&self, room: &str) -> HubResult;

    /// Says more of a type than it has to.
    #[allow(unused_qualifications)]
    async fn list(&self, rooms: std::vec::Vec<u32>) -> signalr_runtime::HubResult<std::vec::Vec<u32>>;

    /// Uses what is deprecated.
    #[cfg_attr(all(), allow(deprecated), deprecated(note = "say `join`"))]
    async fn enter(&self) -> HubResult;
}

/// A client.
#[client_proxy]
#[deny(unused, clippy::all, clippy::pedantic)]
pub trait Page {
    /// Named like something in another language.
    #[expect(non_snake_case)]
    async fn showMessage(&self, fromWhom: &str);

    /// Named like something in another language.
    #[allow(non_snake_case)]
    async fn confirmMessage(&self, fromWhom: &str) -> HubResult<bool>;
}

#[expect(deprecated)]
pub(crate) async fn warns_under_a_condition(chat: &chat_hubClient) -> HubResult {
    chat.enter().await
}

#[test]
fn names_are_made_of_the_words() {
    assert_eq!(
        crate::names::<chat_hubContract>(),
        ["SendMessage", "CountDown", "Join", "Leave", "List", "Enter"]
    );
    let _ = warns_under_a_condition;
}
