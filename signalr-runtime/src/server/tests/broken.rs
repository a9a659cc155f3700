//! A value whose own code fails.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What the code of a value says that cannot be written.
pub(super) const UNWRITABLE: &str = "a value that cannot be written";

/// A value that its own code does not let pass.
#[derive(Clone, Copy, Debug)]
pub(super) enum Broken {
    Fails,
    Panics,
}

impl Serialize for Broken {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fails => Err(serde::ser::Error::custom(UNWRITABLE)),
            Self::Panics => panic!("a serializer panics on purpose"),
        }
    }
}

impl<'de> Deserialize<'de> for Broken {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match &*String::deserialize(from)? {
            "fails" => Ok(Self::Fails),
            "panics" => Ok(Self::Panics),
            _ => panic!("a deserializer panics on purpose"),
        }
    }
}
