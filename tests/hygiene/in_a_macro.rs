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

macro_rules! with_whole_trait {
    ($hub:item $client:item) => {
        #[signalr_runtime::hub(client = Widget)]
        $hub

        #[signalr_runtime::client_proxy]
        $client
    };
}

with_whole_trait! {
    /// A hub.
    pub(crate) trait Desk {
        async fn ask(&self, text: &str) -> HubResult<u32> {
            self.take(text.to_owned()).await
        }
        async fn take(&self, text: String) -> HubResult<u32>;
        fn listen(&self, from: u32) -> impl Stream<Item = HubResult<u32>>;
        async fn upload(&self, lines: impl Stream<Item = HubResult<u32>>) -> HubResult;
    }

    /// A client.
    pub(crate) trait Widget {
        async fn show(&self, text: &str);
        async fn confirm(&self, text: &str) -> HubResult<bool>;
    }
}

/// The methods one by one, and names in them from the macro.
macro_rules! with_methods {
    ($vis:vis $name:ident $client:path { $($method:item)* }) => {
        #[signalr_runtime::hub(client = $client)]
        $vis trait $name {
            async fn first(&self, text: &str) -> HubResult;
            $($method)*
        }
    };
}

with_methods!(pub(crate) Lobby Widget {});

#[test]
fn works_in_a_macro() {
    assert_eq!(crate::names::<DeskContract>(), ["Ask", "Take", "Listen", "Upload"]);
    assert_eq!(crate::names::<LobbyContract>(), ["First"]);
    assert_eq!(crate::names::<ChatContract>(), ["Say", "Listen", "Upload"]);
}
