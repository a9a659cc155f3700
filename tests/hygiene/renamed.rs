//! The runtime under other names: as a dependency with another name, and re-exported from a module.

/// The user's own framework, which brings the runtime along.
pub(crate) mod framework {
    /// Under another name.
    pub(crate) mod rpc {
        pub(crate) use signalr_runtime::*;
    }
}

mod by_dependency {
    use renamed_runtime::{HubResult, client_proxy, hub};

    /// A hub.
    #[hub(client = Page, crate = "renamed_runtime")]
    pub trait Chat {
        /// A call.
        async fn say(&self, text: &str) -> HubResult;
    }

    /// A client.
    #[client_proxy(crate = "::renamed_runtime")]
    pub trait Page {
        /// No answer.
        async fn show(&self, text: &str);
    }
}

mod by_module {
    use crate::renamed::framework::rpc::{HubResult, hub};

    #[hub(crate = "crate::renamed::framework::rpc")]
    pub(crate) trait Chat {
        async fn say(&self, text: &str) -> HubResult;
    }

    pub(crate) mod inner {
        use super::HubResult;

        #[super::hub(crate = "super::super::framework::rpc")]
        pub(crate) trait Chat {
            async fn say(&self, text: &str) -> HubResult;
        }
    }
}

mod by_macro {
    macro_rules! chat {
        () => {
            #[$crate::renamed::framework::rpc::hub(client = Page, crate = $crate::renamed::framework::rpc)]
            pub(crate) trait Chat {
                async fn say(&self, text: &str) -> $crate::renamed::framework::rpc::HubResult;
            }

            #[$crate::renamed::framework::rpc::client_proxy(crate = renamed_runtime)]
            pub(crate) trait Page {
                async fn show(&self, text: &str);
            }
        };
    }

    chat!();
}

#[test]
fn works_under_another_name() {
    assert_eq!(crate::names::<by_macro::ChatContract>(), ["Say"]);
    assert_eq!(crate::names::<by_dependency::ChatContract>(), ["Say"]);
    assert_eq!(crate::names::<by_module::ChatContract>(), ["Say"]);
    assert_eq!(crate::names::<by_module::inner::ChatContract>(), ["Say"]);
}
