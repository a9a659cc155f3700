//! A contract that a macro of the user's writes.

use signalr_runtime::{HubResult, Stream};

macro_rules! contract {
    ($name:ident, $client:ident, $ty:ty, $lent:ty, $param:ident) => {
        #[signalr_runtime::hub(client = $client)]
        pub(crate) trait $name {
            async fn say(&self, $param: $ty, room: $lent) -> HubResult<$ty>;
            fn listen(&self, hub: $lent) -> impl Stream<Item = HubResult<$ty>>;
            async fn upload(&self, lines: impl Stream<Item = HubResult<$ty>>) -> HubResult;
        }

        #[signalr_runtime::client_proxy]
        pub(crate) trait $client {
            async fn show(&self, text: $lent, $param: $ty);
        }
    };
}

contract!(Chat, Page, Vec<String>, &str, text);

#[test]
fn works_in_a_macro() {
    assert_eq!(crate::names::<ChatContract>(), ["Say", "Listen", "Upload"]);
}
