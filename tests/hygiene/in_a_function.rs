//! A contract in the body of a function.

use signalr_runtime::{HubResult, client_proxy, hub};

#[test]
fn works_in_the_body_of_a_function() {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Message(String);

    #[hub(client = Page)]
    trait Chat {
        async fn say(&self, message: Message) -> HubResult<Message>;
    }

    #[client_proxy]
    trait Page {
        async fn show(&self, message: &Message);
        async fn confirm(&self, message: &Message) -> HubResult<bool>;
    }

    struct Rooms;

    impl Chat for Rooms {
        async fn say(&self, message: Message) -> HubResult<Message> {
            Ok(message)
        }
    }

    fn is_hub<H: Chat>(_: &H) {}

    is_hub(&Rooms);
    assert_eq!(crate::names::<ChatContract>(), ["Say"]);
    assert_eq!(ChatContract::SAY.as_str(), "Say");
}
