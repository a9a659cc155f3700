//! Deprecated methods warn who calls them, and nobody else.

use signalr_runtime::{HubResult, client_proxy, hub};

/// A type on its way out.
#[deprecated]
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct Old;

#[hub(client = Page)]
#[allow(deprecated)]
pub(crate) trait Chat {
    #[deprecated(note = "say `say`")]
    async fn tell(&self, text: &str) -> HubResult;
    async fn old(&self, old: Old) -> HubResult<Old>;
}

#[client_proxy]
pub(crate) trait Page {
    #[deprecated]
    async fn show(&self, text: &str);
    #[deprecated]
    async fn confirm(&self, text: &str) -> HubResult<bool>;
}

/// A whole trait on its way out.
#[hub]
#[deprecated]
pub(crate) trait Gone {
    async fn say(&self, text: &str) -> HubResult;
}

#[expect(deprecated)]
pub(crate) async fn stub_warns(chat: &ChatClient) -> HubResult {
    chat.tell("hi").await
}

#[expect(deprecated)]
pub(crate) async fn proxy_warns(page: &PageProxy) -> HubResult {
    page.show("hi").await
}

#[expect(deprecated)]
pub(crate) fn constant_warns() -> &'static str {
    ChatContract::TELL.as_str()
}

#[test]
fn the_constant_is_there() {
    assert_eq!(constant_warns(), "Tell");
    let _ = (stub_warns, proxy_warns);
}
