//! Documentation that does not stand in the attribute itself.

use signalr_runtime::{HubContract, HubResult, hub};

macro_rules! documented {
    ($text:expr) => {
        #[hub]
        pub(crate) trait Chat {
            /// One line,
            /// and another, see [`Self::leave`].
            async fn join(&self) -> HubResult<u32>;

            #[doc = include_str!("cfg.md")]
            #[doc = concat!("and ", "more", " of it")]
            /// At the end.
            #[doc(alias = "go")]
            async fn leave(&self) -> HubResult;

            #[doc = $text]
            async fn say(&self) -> HubResult;
        }
    };
}

documented!("From a macro.");

#[test]
fn the_text_is_in_the_description() {
    let texts: Vec<_> = ChatContract::METHODS.iter().map(|method| method.docs).collect();
    let leave = concat!(include_str!("cfg.md"), "\nand more of it\nAt the end.");
    assert_eq!(texts, ["One line,\nand another, see [`Self::leave`].", leave, "From a macro."]);
}
