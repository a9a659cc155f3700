//! One thing for each hub protocol.
#![cfg_attr(
    not(any(feature = "json", feature = "messagepack")),
    expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "there is no protocol, and so no thing")
)]

use super::value::HubProtocol;

/// Something of which there is one for each hub protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerProtocol<T> {
    #[cfg(feature = "json")]
    json: T,
    #[cfg(feature = "messagepack")]
    messagepack: T,
    /// Keeps the type whole where neither protocol is built.
    #[cfg(not(any(feature = "json", feature = "messagepack")))]
    none: std::marker::PhantomData<T>,
}

impl<T> PerProtocol<T> {
    /// The thing for one protocol.
    pub(crate) fn get(&self, format: HubProtocol) -> &T {
        match format {
            #[cfg(feature = "json")]
            HubProtocol::Json => &self.json,
            #[cfg(feature = "messagepack")]
            HubProtocol::MessagePack => &self.messagepack,
        }
    }

    /// The thing for one protocol, to be changed.
    pub(crate) fn get_mut(&mut self, format: HubProtocol) -> &mut T {
        match format {
            #[cfg(feature = "json")]
            HubProtocol::Json => &mut self.json,
            #[cfg(feature = "messagepack")]
            HubProtocol::MessagePack => &mut self.messagepack,
        }
    }

    /// Makes another thing of each; the first error ends it.
    pub(crate) fn try_map<U, E>(
        &self,
        mut make: impl FnMut(HubProtocol, &T) -> Result<U, E>,
    ) -> Result<PerProtocol<U>, E> {
        Ok(PerProtocol {
            #[cfg(feature = "json")]
            json: make(HubProtocol::Json, &self.json)?,
            #[cfg(feature = "messagepack")]
            messagepack: make(HubProtocol::MessagePack, &self.messagepack)?,
            #[cfg(not(any(feature = "json", feature = "messagepack")))]
            none: std::marker::PhantomData,
        })
    }

    /// The first that is found in one of them.
    pub(crate) fn find<U>(&self, mut find: impl FnMut(HubProtocol, &T) -> Option<U>) -> Option<U> {
        self.try_map(|format, thing| find(format, thing).map_or(Ok(()), Err)).err()
    }

    /// Makes another thing of each.
    pub(crate) fn map<U>(&self, mut make: impl FnMut(HubProtocol, &T) -> U) -> PerProtocol<U> {
        let all: Result<_, std::convert::Infallible> = self.try_map(|format, thing| Ok(make(format, thing)));
        let Ok(all) = all;
        all
    }
}

/// The hub protocols that some clients speak.
pub(crate) type Formats = PerProtocol<bool>;

impl Formats {
    /// One protocol alone.
    pub(crate) fn only(format: HubProtocol) -> Self {
        let mut formats = Self::default();
        *formats.get_mut(format) = true;
        formats
    }

    /// The protocols of both.
    pub(crate) fn or(self, other: Self) -> Self {
        self.map(|format, spoken| *spoken || *other.get(format))
    }
}
