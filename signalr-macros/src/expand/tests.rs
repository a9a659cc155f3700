//! What the attributes write, as files to read: `cargo insta review`, or `INSTA_UPDATE=always cargo test`, after a
//! change that is meant.

use quote::quote;

use super::attribute;
use crate::model::Role;

/// The formatted expansion.
fn expand(role: Role, options: proc_macro2::TokenStream, item: &proc_macro2::TokenStream) -> String {
    let expanded = attribute(role, options, item);
    let file = syn::parse2(expanded.clone()).unwrap_or_else(|error| panic!("{error}:\n{expanded}"));
    prettyplease::unparse(&file)
}

#[test]
fn a_hub() {
    let item = quote! {
        /// What clients may call.
        pub trait ChatHub {
            /// Says something.
            async fn send_message(&self, room: &str, text: String) -> HubResult;

            #[signalr(name = "JoinRoom")]
            async fn join(&self, rooms: &[Room], as_who: &Person) -> Result<Vec<Message>, JoinError>;

            /// Streams to the client.
            #[deprecated]
            fn ticker(&self, every_ms: u64) -> impl Stream<Item = HubResult<Tick>>;

            async fn history(&self, room: &str) -> HubResult<impl Stream<Item = HubResult<Message>>> {
                Err(HubError::new("none"))
            }

            #[cfg(feature = "upload")]
            async fn upload(
                &self,
                lines: impl Stream<Item = HubResult<String>>,
                room: &str,
                times: impl Stream<Item = HubResult<u64>> + Unpin,
            ) -> HubResult<u64>;

            async fn ping(&self) -> HubResult {
                Ok(())
            }
        }
    };
    insta::assert_snapshot!(expand(Role::Hub, quote!(client = super::ChatClient), &item));
}

#[test]
fn a_client_proxy() {
    let item = quote! {
        /// What the server may call.
        pub(crate) trait ChatClient {
            /// Somebody wrote.
            async fn message_received(&self, message: &Message, unread: u32);
            async fn confirm(&self, question: &str) -> HubResult<bool>;
        }
    };
    let options = quote!(rename_all = "camelCase", crate = "crate::rpc");
    insta::assert_snapshot!(expand(Role::Client, options, &item));
}

#[test]
fn a_hub_with_faults_keeps_its_trait_and_its_other_methods() {
    let item = quote! {
        #[async_trait]
        trait ChatHub: Clone {
            type Room;
            async fn sound(&self, room: &str) -> HubResult;
            const async fn join(&mut self, (a, b): (u8, u8), #[signalr] c: Vec<&str>) -> HubResult<Self>;
            async fn sound(&self) -> HubResult;
            async fn upload(&self, lines: impl Stream<Item = HubResult<&str>>);
            async fn enter(&self, mut room: String) -> HubResult {
                room.clear();
                Ok(())
            }
        }
    };
    insta::assert_snapshot!(expand(Role::Hub, quote!(), &item));
}

#[test]
fn a_trait_with_generics_keeps_the_names_that_others_use() {
    let item = quote! {
        pub trait ChatHub<T> {
            async fn join(&self, room: T) -> HubResult;
        }
    };
    insta::assert_snapshot!(expand(Role::Hub, quote!(), &item));
}

#[test]
fn methods_of_one_wire_name_are_refused_where_both_are_compiled() {
    let item = quote! {
        trait ChatHub {
            #[cfg(unix)]
            async fn join(&self, room: &str) -> HubResult;
            #[cfg(feature = "more")]
            #[signalr(name = "JOIN")]
            async fn enter(&self, room: &str) -> HubResult;
        }
    };
    let expanded = expand(Role::Hub, quote!(), &item);
    let (_, conflict) = expanded.rsplit_once("#[cfg(all(").expect("a condition of both");
    insta::assert_snapshot!(conflict);
}

#[test]
fn what_is_no_trait_is_left_alone() {
    insta::assert_snapshot!(expand(
        Role::Hub,
        quote!(),
        &quote!(
            pub struct ChatHub;
        )
    ));
}

/// The names that what is generated for the trait gives to the methods of the stub.
fn stub_methods(item: &proc_macro2::TokenStream) -> Vec<String> {
    let expanded = expand(Role::Hub, quote!(), item);
    let stub = expanded.split("impl ChatClient {").nth(1).and_then(|rest| rest.split("\n    }").next());
    let lines = stub.unwrap_or_default().lines().filter_map(|line| line.trim().strip_prefix("pub fn "));
    lines.filter_map(|line| line.split(['(', '<']).next()).map(str::to_owned).collect()
}

#[test]
fn what_cannot_be_read_leaves_the_rest_of_the_trait() {
    let without_end = quote! {
        pub trait Chat {
            async fn join(&self) -> HubResult
            #[signalr(name = "Leave")]
            async fn leave(&self) -> HubResult
        }
    };
    assert_eq!(stub_methods(&without_end), ["join", "leave"]);
    let unreadable = quote! {
        pub trait Chat {
            async fn join(&self) -> HubResult;
            #[signalr(name = "Say")]
            async fn say(&self room: &str) -> HubResult { Ok(()) }
            async fn shout(&self, room &str) -> HubResult;
            async fn leave(&self) -> HubResult;
        }
    };
    assert_eq!(stub_methods(&unreadable), ["join", "leave"]);
    assert!(!expand(Role::Hub, quote!(), &unreadable).contains("compile_error"));
}

#[test]
fn the_helper_attribute_is_taken_out_of_what_is_no_trait() {
    let item = quote! {
        impl Chat for Rooms {
            #[signalr(name = "Say")]
            #[inline]
            fn say(&self) {}
        }
    };
    let expanded = expand(Role::Hub, quote!(), &item);
    assert!(expanded.contains("#[inline]") && !expanded.contains("#[signalr"), "{expanded}");
}
