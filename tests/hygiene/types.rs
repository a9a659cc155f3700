//! Every kind of type that a contract can name.

#![allow(clippy::ptr_arg, clippy::ref_option, clippy::too_many_arguments)]

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use signalr_runtime::{HubResult, Stream, hub};

/// Without `Clone`, which borrowing does not need.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct Message<T = String> {
    /// What it says.
    pub text: T,
}

/// An alias.
pub type Answer<T> = Result<T, signalr_runtime::HubError>;

/// A hub.
#[hub]
pub trait Chat: Send + Sync + 'static {
    /// Lent.
    async fn lent(
        &self,
        text: &str,
        bytes: &[u8],
        all: &[Message<u32>],
        one: &Message,
        array: &[u8; 4],
        map: &HashMap<String, Vec<u8>>,
        string: &String,
        tuple: &(u8, Option<String>),
        maybe: &Option<String>,
        number: &u64,
    ) -> HubResult;

    /// Given.
    async fn given(
        &self,
        array: [u8; 4],
        tuple: (u8, (String,)),
        unit: (),
        boxed: Box<str>,
        slice: Box<[u8]>,
        map: BTreeMap<u8, Message<Vec<Option<u8>>>>,
        cow: Cow<'static, str>,
        qualified: <Vec<String> as IntoIterator>::Item,
        absolute: ::std::string::String,
    ) -> Answer<Message<(u8, String)>>;

    /// Bounds that a stream may have.
    fn streams(
        &self,
        one: impl Stream<Item = Answer<u8>> + Send,
        two: impl Stream<Item = HubResult<Message>> + Unpin + 'static,
        three: impl signalr_runtime::Stream<Item = Result<Vec<u8>, signalr_runtime::HubError>>,
    ) -> impl Stream<Item = Answer<Option<u8>>> + Send + Unpin;
}

struct Rooms;

impl Chat for Rooms {
    async fn lent(
        &self,
        _: &str,
        _: &[u8],
        _: &[Message<u32>],
        _: &Message,
        _: &[u8; 4],
        _: &HashMap<String, Vec<u8>>,
        _: &String,
        _: &(u8, Option<String>),
        _: &Option<String>,
        _: &u64,
    ) -> HubResult {
        Ok(())
    }

    async fn given(
        &self,
        _: [u8; 4],
        _: (u8, (String,)),
        (): (),
        boxed: Box<str>,
        _: Box<[u8]>,
        _: BTreeMap<u8, Message<Vec<Option<u8>>>>,
        _: Cow<'static, str>,
        _: String,
        _: String,
    ) -> Answer<Message<(u8, String)>> {
        Ok(Message { text: (1, boxed.into()) })
    }

    fn streams(
        &self,
        _: impl Stream<Item = Answer<u8>>,
        _: impl Stream<Item = HubResult<Message>>,
        _: impl Stream<Item = HubResult<Vec<u8>>>,
    ) -> impl Stream<Item = Answer<Option<u8>>> {
        crate::empty()
    }
}

#[test]
fn types_are_described_as_they_are_written() {
    use signalr_runtime::HubContract;
    let _ = Arc::new(Rooms);
    let [lent, given, streams] = ChatContract::METHODS else { panic!("there are three methods") };
    let types = |method: &signalr_runtime::MethodDescription| {
        method.parameters.iter().map(|parameter| parameter.type_name).collect::<Vec<_>>()
    };
    assert_eq!(
        types(lent),
        [
            "&str",
            "&[u8]",
            "&[Message<u32>]",
            "&Message",
            "&[u8; 4]",
            "&HashMap<String, Vec<u8>>",
            "&String",
            "&(u8, Option<String>)",
            "&Option<String>",
            "&u64"
        ]
    );
    assert_eq!(
        types(given),
        [
            "[u8; 4]",
            "(u8, (String,))",
            "()",
            "Box<str>",
            "Box<[u8]>",
            "BTreeMap<u8, Message<Vec<Option<u8>>>>",
            "Cow<'static, str>",
            "<Vec<String> as IntoIterator>::Item",
            "::std::string::String"
        ]
    );
    let results = [lent, given, streams].map(|method| method.result_type);
    assert_eq!(results, ["HubResult", "Answer<Message<(u8, String)>>", "Answer<Option<u8>>"]);
    assert_eq!(
        types(streams),
        ["Answer<u8>", "HubResult<Message>", "Result<Vec<u8>, signalr_runtime::HubError>"]
    );
}
