//! Methods that can fail before they stream, in every form.

use std::pin::Pin;

use signalr_runtime::{HubError, HubResult, OpenStream, ResultStream, Stream, hub};

/// An error of the user's.
#[derive(Debug, HubError)]
pub enum Refused {
    /// A reason.
    Full,
    /// Any other.
    #[signalr(other)]
    Call(HubError),
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

/// An alias.
pub type Answer<T> = Result<T, Refused>;

/// An alias with its error first.
pub type Fallible<E, T> = Result<T, E>;

macro_rules! hub_of {
    ($item:ty, $result:ty) => {
        mod in_a_macro {
            use super::*;

            #[hub]
            pub trait Given {
                /// A stream that a macro was given.
                async fn read(&self) -> HubResult<impl Stream<Item = $item>>;
                /// A type that one was given.
                async fn call(&self) -> $result;
            }
        }
    };
}

hub_of!(HubResult<u8>, Answer<u8>);

/// A hub.
#[hub]
pub trait Chat {
    /// The plain form.
    async fn one(&self, room: &str) -> HubResult<impl Stream<Item = HubResult<String>>>;
    /// Bounds that a stream may have.
    async fn two(&self) -> Result<impl Stream<Item = Answer<u8>> + Send + Unpin, Refused>;
    /// By path and by alias.
    async fn three(
        &self,
    ) -> std::result::Result<impl signalr_runtime::Stream<Item = HubResult<u8>> + Send, HubError>;
    /// In any place.
    async fn four(&self) -> Fallible<Refused, impl Stream<Item = Answer<Vec<u8>>>>;
    /// In parentheses.
    #[allow(unused_parens)]
    async fn five(&self) -> (Answer<(impl Stream<Item = HubResult<u8>>)>);
    /// Boxed by who implements it.
    async fn six(
        &self,
        lines: impl Stream<Item = HubResult<u8>>,
    ) -> Answer<impl Stream<Item = HubResult<u8>>>;
    /// With a body, which returns early and in the end.
    async fn seven(&self, room: &str, early: bool) -> Answer<impl Stream<Item = HubResult<String>>> {
        if early {
            return Err(Refused::Full);
        }
        let first = self.one(room).await?;
        std::future::ready(()).await;
        Ok(first)
    }
    /// With a body that never fails.
    async fn eight(&self) -> HubResult<impl Stream<Item = HubResult<u8>>> {
        Ok(crate::empty())
    }
    /// With a body that always does.
    async fn nine(&self) -> HubResult<impl Stream<Item = HubResult<u8>>> {
        let none: HubResult<crate::Empty<HubResult<u8>>> = Err(HubError::new("no"));
        none
    }
    /// Deprecated, and only on some platforms.
    #[deprecated]
    #[cfg(any(unix, windows))]
    async fn ten(&self) -> HubResult<impl Stream<Item = HubResult<u8>>> {
        Ok(crate::empty())
    }
}

struct Rooms(String);

/// Borrows.
struct Lent<'a, 'b>(&'a str, &'b str);

impl Stream for Lent<'_, '_> {
    type Item = HubResult<String>;

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(Some(Ok(format!("{} {}", self.0, self.1))))
    }
}

impl Chat for Rooms {
    async fn one(&self, room: &str) -> HubResult<impl Stream<Item = HubResult<String>>> {
        Ok(Lent(&self.0, room))
    }

    async fn two(&self) -> Result<impl Stream<Item = Answer<u8>>, Refused> {
        Ok(crate::empty())
    }

    async fn three(&self) -> HubResult<impl Stream<Item = HubResult<u8>>> {
        Ok(crate::empty())
    }

    async fn four(&self) -> Answer<impl Stream<Item = Answer<Vec<u8>>>> {
        std::future::ready(()).await;
        Ok(crate::empty())
    }

    async fn five(&self) -> Answer<impl Stream<Item = HubResult<u8>>> {
        Err::<crate::Empty<_>, _>(Refused::Full)
    }

    async fn six(
        &self,
        lines: impl Stream<Item = HubResult<u8>> + Send,
    ) -> Answer<impl Stream<Item = HubResult<u8>>> {
        Ok(Box::pin(lines))
    }
}

/// Reads from a hub, whatever it is.
pub async fn read(hub: &impl Chat) -> Answer<Option<HubResult<String>>> {
    let mut lines = Box::pin(hub.seven("lobby", false).await?);
    Ok(std::future::poll_fn(|cx| lines.as_mut().poll_next(cx)).await)
}

/// The stub's own methods say what they return.
pub async fn asked(hub: &ChatClient) -> Answer<ResultStream<HubResult<u8>>> {
    let call: OpenStream<HubResult<u8>, Answer<ResultStream<HubResult<u8>>>> = hub.five();
    call.await
}

#[test]
fn a_stream_that_borrows_comes_out_of_a_default_body() {
    let rooms = Rooms("hello".to_owned());
    let mut reading = Box::pin(read(&rooms));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(Ok(Some(Ok(line)))) = reading.as_mut().poll(&mut cx) else {
        panic!("it is there at once")
    };
    assert_eq!(line, "hello lobby");
    let _ = asked;
}

#[test]
fn it_is_described_as_any_stream() {
    use signalr_runtime::{HubContract, MethodKind};
    let described = ChatContract::METHODS.iter().map(|method| (method.kind, method.result_type));
    let expected = ["HubResult<String>", "Answer<u8>", "HubResult<u8>", "Answer<Vec<u8>>"];
    assert_eq!(described.take(4).collect::<Vec<_>>(), expected.map(|of| (MethodKind::Stream, of)));
    assert_eq!(in_a_macro::GivenContract::METHODS[0].kind, MethodKind::Stream);
}
