//! The recorded frames, in `tests/vectors.json`.

use serde::Deserialize;
use serde_json::Value;

use super::model::records;

#[derive(Deserialize)]
pub(crate) struct Vector {
    pub(crate) name: String,
    protocol: String,
    text: Option<String>,
    bytes_hex: Option<String>,
    pub(crate) message: Value,
    pub(crate) expect: String,
    pub(crate) error: Option<String>,
    #[serde(default)]
    pub(crate) exact: bool,
}

impl Vector {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match (&self.text, &self.bytes_hex) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, Some(hex)) => {
                let digits = hex.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).expect("hex"));
                digits.map(|pair| u8::from_str_radix(pair, 16).expect("hex")).collect()
            }
            (None, None) => panic!("{}: no bytes", self.name),
        }
    }

    /// The one record of the vector.
    pub(crate) fn record(&self) -> Vec<u8> {
        let [record] = <[_; 1]>::try_from(records(&self.bytes())).expect("one record");
        record
    }

    /// The messages of the vector, in order.
    pub(crate) fn messages(&self) -> Vec<Value> {
        match &self.message {
            Value::Array(several) => several.clone(),
            one => vec![one.clone()],
        }
    }
}

pub(crate) fn vectors(protocol: &str) -> Vec<Vector> {
    let all: Vec<Vector> =
        serde_json::from_str(include_str!("../../../../tests/vectors.json")).expect("the vectors are JSON");
    let chosen: Vec<_> = all.into_iter().filter(|vector| vector.protocol == protocol).collect();
    assert!(!chosen.is_empty(), "no vectors for {protocol}");
    chosen
}
