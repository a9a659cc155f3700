//! Calls to clients as futures of their own.

use signalr_runtime::server::HubContext;
use signalr_runtime::{ClientContract, HubError, HubResult, client_proxy, hub};

#[hub(client = Page)]
pub trait Chat {
    /// A call.
    async fn say(&self, text: &str) -> HubResult;
}

/// What the server may call.
#[client_proxy]
pub trait Page {
    /// No answer.
    async fn show(&self, text: &str);
    /// An answer.
    async fn confirm(&self, question: &str) -> HubResult<bool>;
}

/// Waits for two calls at once.
pub async fn joined(cx: &HubContext<ChatContract>, text: String) -> HubResult<bool> {
    let (shown, confirmed) =
        tokio::join!(cx.clients().others().show(&text), cx.clients().caller().confirm("?"));
    shown?;
    confirmed
}

/// Takes the answer that comes first.
pub async fn selected(cx: &HubContext<ChatContract>, ids: [&str; 2]) -> HubResult<bool> {
    let [first, second] = ids.map(|id| cx.clients().client(id).confirm(&format!("{id}?")));
    tokio::select! {
        answer = first => answer,
        answer = second => answer,
    }
}

/// Waits for as many calls as there are rooms.
pub async fn collected(cx: &HubContext<ChatContract>, rooms: &[String]) -> Vec<HubResult> {
    let text = String::from("hi");
    let calls: Vec<_> = rooms.iter().map(|room| cx.clients().group(room).show(&text)).collect();
    drop(text);
    futures_util::future::join_all(calls).await
}

/// Leaves a call to a task.
pub async fn spawned(page: &PageSingleProxy) -> HubResult<bool> {
    let question = String::from("ready?");
    let call = tokio::spawn(page.confirm(&question));
    drop(question);
    call.await.map_err(HubError::internal)?
}

/// Keeps a proxy of any contract.
pub fn kept<C: ClientContract>(proxy: &C::Proxy, single: &C::SingleProxy) -> (C::Proxy, C::SingleProxy) {
    (proxy.clone(), single.clone())
}

#[test]
fn the_future_of_a_call_can_be_given_to_a_task() {
    fn is_task<F: Future + Send>(_: fn(&'static HubContext<ChatContract>, String) -> F) {}
    is_task(joined);
    let _ = (selected, collected, spawned, kept::<PageContract>);
}
