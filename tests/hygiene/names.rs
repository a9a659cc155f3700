//! Raw identifiers, and names in every case.

#![allow(non_camel_case_types)]

use signalr_runtime::{HubContract, HubResult, hub};

#[hub(rename_all = "camelCase")]
pub(crate) trait r#move {
    async fn r#type(&self, r#in: &str, r#match: u32) -> HubResult;
    #[signalr(name = "with space")]
    async fn renamed(&self) -> HubResult;
    async fn two_words(&self) -> HubResult;
}

#[hub(rename_all = "kebab-case")]
pub(crate) trait Kebab {
    async fn two_words(&self) -> HubResult;
}

#[test]
fn raw_identifiers_lose_their_mark() {
    assert_eq!(moveContract::NAME, "move");
    assert_eq!(crate::names::<moveContract>(), ["type", "with space", "twoWords"]);
    assert_eq!(moveContract::TYPE.as_str(), "type");
    let parameters = moveContract::METHODS[0].parameters;
    assert_eq!(parameters.iter().map(|parameter| parameter.name).collect::<Vec<_>>(), ["in", "match"]);
    assert_eq!(crate::names::<KebabContract>(), ["two-words"]);
}
