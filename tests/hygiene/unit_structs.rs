//! Unit structs, constants and statics in lower case, as attributes of web frameworks write them: a pattern of that name
//! would mean the value.

#![allow(dead_code, non_camel_case_types, non_upper_case_globals)]

macro_rules! unit_structs {
    ($($name:ident)*) => { $(struct $name;)* };
}

macro_rules! constants {
    ($($name:ident)*) => { $(const $name: usize = 1;)* };
}

macro_rules! statics {
    ($($name:ident)*) => { $(static $name: usize = 1;)* };
}

/// A module of its own, so that every name can be a value.
mod hub_of_values {
    use signalr_runtime::{HubResult, Stream, client_proxy};

    unit_structs!(hub call arguments format argument_0 argument_1 argument_2 receivers f to answer);
    constants!(link sink pump_0 pump_1 method_0 method_1 method_2 method_3 ret body);
    statics!(value error this cx result stub item stream self_ h);

    #[signalr_runtime::hub(client = Page)]
    pub(crate) trait Chat {
        async fn say(&self, room: &str, list: [u8; method_0], rooms: &[String]) -> HubResult<u32> {
            let _ = (room, list, rooms);
            Ok(1)
        }

        async fn upload(
            &self,
            first: impl Stream<Item = HubResult<u32>>,
            second: impl Stream<Item = HubResult<u32>>,
        ) -> HubResult;

        fn listen(&self, room: String) -> impl Stream<Item = HubResult<u32>>;
    }

    #[client_proxy]
    pub(crate) trait Page {
        async fn show(&self, text: &str, list: [u8; method_0]);
        async fn confirm(&self, text: &str) -> HubResult<bool>;
    }
}

#[test]
fn values_in_lower_case_are_left_alone() {
    assert_eq!(crate::names::<hub_of_values::ChatContract>(), ["Say", "Upload", "Listen"]);
}
