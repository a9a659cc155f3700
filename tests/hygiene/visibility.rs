//! Contracts and types that not everyone may see.

#![allow(private_bounds, private_interfaces)]

use signalr_runtime::{HubResult, Stream, client_proxy, hub};

/// Only seen here.
#[derive(serde::Serialize, serde::Deserialize)]
struct Secret(u32);

/// Says more than its types are seen.
#[hub(client = Page)]
pub trait Chat {
    /// A call.
    async fn say(&self, secret: Secret, all: &[Secret], one: &Secret) -> HubResult<Secret>;
    /// Both directions.
    fn echo(&self, items: impl Stream<Item = HubResult<Secret>>) -> impl Stream<Item = HubResult<Secret>>;
}

/// Says more than its types are seen.
#[client_proxy]
pub trait Page {
    /// No answer.
    async fn show(&self, secret: &Secret);
    /// An answer.
    async fn confirm(&self, secret: Secret) -> HubResult<Secret>;
}

/// Nobody uses these.
mod unused {
    use super::{HubResult, client_proxy, hub};

    #[hub(client = PrivatePage)]
    trait Private {
        async fn say(&self, text: &str) -> HubResult;
    }

    #[client_proxy]
    trait PrivatePage {
        async fn show(&self, text: &str);
        async fn confirm(&self, text: &str) -> HubResult<bool>;
    }

    #[hub(client = super::super::pedantic::Page)]
    pub(in crate::visibility) trait Elsewhere {
        async fn say(&self, text: &str) -> HubResult;
    }
}
