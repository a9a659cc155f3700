//! Methods and traits that are not always there.

use signalr_runtime::{HubResult, client_proxy, hub};

#[hub(client = Page)]
pub(crate) trait Chat {
    #[cfg(any())]
    async fn never(&self, what: NoSuchType) -> HubResult;

    #[cfg(not(any()))]
    async fn always(&self, n: u32) -> HubResult<u32>;

    #[cfg(any())]
    fn never_streams(&self, what: &NoSuchType) -> impl signalr_runtime::Stream<Item = HubResult<NoSuchType>>;

    #[cfg(any())]
    async fn never_uploads(
        &self,
        what: impl signalr_runtime::Stream<Item = HubResult<NoSuchType>>,
    ) -> HubResult;

    /// One of two, under one name.
    #[cfg(not(any()))]
    async fn one_of_two(&self, n: u32) -> HubResult<u32>;

    #[cfg(any())]
    async fn one_of_two(&self, n: u64, m: u64) -> HubResult<u64>;

    #[cfg(any())]
    #[signalr(name = "Always")]
    async fn same_wire_name(&self, n: u64) -> HubResult;

    #[cfg_attr(all(), doc = "Documented at times.")]
    async fn documented(&self) -> HubResult;

    #[cfg_attr(any(), cfg(no_such_condition, because = "this is not looked at"))]
    #[cfg_attr(all(), cfg(any()))]
    async fn never_in_other_words(&self, what: NoSuchType) -> HubResult;

    #[cfg_attr(all(), cfg(not(any())))]
    async fn one_of_two_more(&self) -> HubResult;

    #[cfg_attr(all(), cfg(any()))]
    #[signalr(name = "OneOfTwoMore")]
    async fn other_of_two_more(&self) -> HubResult;

    #[cfg_attr(any(), doc(cfg(feature = "x")))]
    #[cfg_attr(all(), doc = "Speaks of cfg and of signalr.")]
    #[doc = include_str!("cfg.md")]
    async fn speaks_of_cfg(&self, #[cfg_attr(all(), allow(unused))] cfg: u32) -> HubResult;
}

#[client_proxy]
pub(crate) trait Page {
    #[cfg(any())]
    async fn never(&self, what: NoSuchType);
    #[cfg(any())]
    async fn never_answers(&self, what: &NoSuchType) -> HubResult<NoSuchType>;
    async fn show(&self, n: u32);
}

#[hub]
#[cfg(any())]
pub(crate) trait Nowhere {
    async fn never(&self, what: NoSuchType) -> HubResult;
}

#[hub]
#[cfg_attr(all(), cfg(any()))]
pub(crate) trait NowhereElse {
    async fn never(&self, what: NoSuchType) -> HubResult;
}

struct Rooms;

impl Chat for Rooms {
    async fn always(&self, n: u32) -> HubResult<u32> {
        Ok(n)
    }

    async fn one_of_two(&self, n: u32) -> HubResult<u32> {
        Ok(n)
    }

    async fn documented(&self) -> HubResult {
        Ok(())
    }

    async fn one_of_two_more(&self) -> HubResult {
        Ok(())
    }

    async fn speaks_of_cfg(&self, _: u32) -> HubResult {
        Ok(())
    }
}

#[test]
fn only_what_is_compiled_is_in_the_contract() {
    let _: &dyn std::any::Any = &Rooms;
    assert_eq!(
        crate::names::<ChatContract>(),
        ["Always", "OneOfTwo", "Documented", "OneOfTwoMore", "SpeaksOfCfg"]
    );
}
