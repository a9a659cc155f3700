//! The trait of the clients by every name that it can have: nothing else has to be in scope.

use signalr_runtime::HubContract;

pub(crate) mod contract {
    use signalr_runtime::{HubResult, client_proxy};

    #[client_proxy]
    pub(crate) trait Page {
        async fn show(&self, text: &str);
        async fn confirm(&self, text: &str) -> HubResult<bool>;
    }
}

mod imported {
    use super::contract::Page;
    use signalr_runtime::{HubResult, hub};

    #[hub(client = Page)]
    pub(crate) trait Chat {
        async fn say(&self, text: &str) -> HubResult;
    }
}

mod renamed {
    use super::contract::Page as Widget;
    use signalr_runtime::{HubResult, hub};

    #[hub(client = Widget)]
    pub(crate) trait Chat {
        async fn say(&self, text: &str) -> HubResult;
    }
}

mod by_path {
    use super::contract;
    use signalr_runtime::{HubResult, hub};

    #[hub(client = contract::Page)]
    pub(crate) trait Chat {
        async fn say(&self, text: &str) -> HubResult;
    }
}

mod by_path_of_a_macro {
    macro_rules! chat {
        ($client:path) => {
            #[signalr_runtime::hub(client = $client)]
            pub(crate) trait Chat {
                async fn say(&self, text: &str) -> signalr_runtime::HubResult;
            }
        };
    }

    chat!(super::contract::Page);
}

#[test]
fn the_contract_is_found_by_the_trait() {
    fn are_one<C: HubContract<Client = contract::PageContract>>() {}
    are_one::<imported::ChatContract>();
    are_one::<renamed::ChatContract>();
    are_one::<by_path::ChatContract>();
    are_one::<by_path_of_a_macro::ChatContract>();
}
