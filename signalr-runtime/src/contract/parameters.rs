//! The parameters of a method, as a type: how each is written by a caller, and how it is read from the arguments of a call,
//! kept, and passed to the method.
//!
//! Everything here is generic, so that generated code has no more to say of a parameter than its kind. A type `C` that
//! states the types of the method stands for them (see [`Method`](super::hub::Method)).

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_core::stream::BoxStream;

use super::arguments::{ArgumentWriter, Arguments, BindError, EncodeArguments};
use super::dispatch::Call;
use super::hub::{Outcome, Param, SliceParam, StreamParam};
use super::incoming::Incoming;
use super::lent::{LentParam, LentValue};
use super::value::{ValueError, WireValue};

/// A type that states the types of a method: what it takes.
pub trait Signature {
    /// The list of the parameters.
    type Parameters: Parameters;
}

/// What the method of `C` takes.
pub type Passed<'a, C> = <<C as Signature>::Parameters as Parameters>::Passed<'a>;

/// What a caller of the method of `C` gives.
pub(crate) type Given<'a, C> = <<C as Signature>::Parameters as Parameters>::Given<'a>;

/// A parameter, or a list of them: `(A, (B, ()))`.
pub trait Parameters {
    /// How many are among the arguments.
    const VALUES: usize;
    /// How many are streams from the caller.
    const STREAMS: usize;
    /// What a caller gives: a reference, and nothing for a stream.
    type Given<'a>;
    /// What the method borrows from.
    type Kept: Send + 'static;
    /// What has been read for the method to own.
    type Read;
    /// The same, with the streams.
    type Owned: Send + 'static;
    /// What the method takes.
    type Passed<'a>;

    /// Writes the next arguments.
    fn write(given: &Self::Given<'_>, to: &mut ArgumentWriter<'_>) -> Result<(), ValueError>;
    /// Reads the next arguments.
    fn read(arguments: &mut Arguments<'_>) -> Result<(Self::Kept, Self::Read), BindError>;
    /// Opens the streams.
    fn open(read: Self::Read, call: &mut Call<'_>) -> Self::Owned;
    /// Passes them to the method.
    fn pass(kept: &Self::Kept, owned: Self::Owned) -> Self::Passed<'_>;
}

/// The arguments of a call, as they are given.
pub(crate) struct GivenArguments<'a, P: Parameters>(pub(crate) P::Given<'a>);

impl<P: Parameters> EncodeArguments for GivenArguments<'_, P> {
    fn count(&self) -> usize {
        P::VALUES
    }

    fn write(&self, to: &mut ArgumentWriter<'_>) -> Result<(), ValueError> {
        P::write(&self.0, to)
    }
}

/// Reads the arguments of a call, and then opens its streams: a call whose arguments do not fit opens none.
pub(crate) fn bind<P: Parameters>(call: &mut Call<'_>) -> Result<(P::Kept, P::Owned), BindError> {
    let mut arguments = call.arguments(P::VALUES);
    let (kept, read) = P::read(&mut arguments)?;
    arguments.finish()?;
    Ok((kept, P::open(read, call)))
}

/// No parameters.
impl Parameters for () {
    const VALUES: usize = 0;
    const STREAMS: usize = 0;
    type Given<'a> = ();
    type Kept = ();
    type Read = ();
    type Owned = ();
    type Passed<'a> = ();

    fn write((): &(), _: &mut ArgumentWriter<'_>) -> Result<(), ValueError> {
        Ok(())
    }

    fn read(_: &mut Arguments<'_>) -> Result<((), ()), BindError> {
        Ok(((), ()))
    }

    fn open((): (), _: &mut Call<'_>) {}

    fn pass((): &(), (): ()) {}
}

/// One, and those after it.
impl<A: Parameters, B: Parameters> Parameters for (A, B) {
    const VALUES: usize = A::VALUES + B::VALUES;
    const STREAMS: usize = A::STREAMS + B::STREAMS;
    type Given<'a> = (A::Given<'a>, B::Given<'a>);
    type Kept = (A::Kept, B::Kept);
    type Read = (A::Read, B::Read);
    type Owned = (A::Owned, B::Owned);
    type Passed<'a> = (A::Passed<'a>, B::Passed<'a>);

    fn write((given, others): &Self::Given<'_>, to: &mut ArgumentWriter<'_>) -> Result<(), ValueError> {
        A::write(given, to)?;
        B::write(others, to)
    }

    fn read(arguments: &mut Arguments<'_>) -> Result<(Self::Kept, Self::Read), BindError> {
        let (kept, read) = A::read(arguments)?;
        let (others_kept, others_read) = B::read(arguments)?;
        Ok(((kept, others_kept), (read, others_read)))
    }

    fn open((read, others): Self::Read, call: &mut Call<'_>) -> Self::Owned {
        let owned = A::open(read, call);
        (owned, B::open(others, call))
    }

    fn pass((kept, others_kept): &Self::Kept, (owned, others): Self::Owned) -> Self::Passed<'_> {
        (A::pass(kept, owned), B::pass(others_kept, others))
    }
}

/// A `&str`.
pub enum Text {}

impl Parameters for Text {
    const VALUES: usize = 1;
    const STREAMS: usize = 0;
    type Given<'a> = &'a str;
    type Kept = String;
    type Read = ();
    type Owned = ();
    type Passed<'a> = &'a str;

    fn write(given: &&str, to: &mut ArgumentWriter<'_>) -> Result<(), ValueError> {
        to.push(*given)
    }

    fn read(arguments: &mut Arguments<'_>) -> Result<(String, ()), BindError> {
        Ok((arguments.next()?, ()))
    }

    fn open((): (), _: &mut Call<'_>) {}

    fn pass(kept: &String, (): ()) -> &str {
        kept
    }
}

/// A value: parameter `P` of the method.
pub struct Owned<C, P>(PhantomData<(C, P)>);

impl<C: Param<P>, P> Parameters for Owned<C, P> {
    const VALUES: usize = 1;
    const STREAMS: usize = 0;
    type Given<'a> = &'a C::Owned;
    type Kept = ();
    type Read = C::Owned;
    type Owned = C::Owned;
    type Passed<'a> = C::Owned;

    fn write(given: &&C::Owned, to: &mut ArgumentWriter<'_>) -> Result<(), ValueError> {
        to.push_with(|encoding, out| given.encode(encoding, out))
    }

    fn read(arguments: &mut Arguments<'_>) -> Result<((), C::Owned), BindError> {
        Ok(((), arguments.next()?))
    }

    fn open(read: C::Owned, _: &mut Call<'_>) -> C::Owned {
        read
    }

    fn pass((): &(), owned: C::Owned) -> C::Owned {
        owned
    }
}

/// A value that is lent: parameter `P` of the method.
pub struct Lent<C, P>(PhantomData<(C, P)>);

impl<C: LentParam<P>, P> Parameters for Lent<C, P> {
    const VALUES: usize = 1;
    const STREAMS: usize = 0;
    type Given<'a> = &'a C::Owned;
    type Kept = <C::Owned as LentValue>::Kept;
    type Read = ();
    type Owned = ();
    type Passed<'a> = &'a C::Owned;

    fn write(given: &&C::Owned, to: &mut ArgumentWriter<'_>) -> Result<(), ValueError> {
        to.push_with(|encoding, out| given.encode_lent(encoding, out))
    }

    fn read(arguments: &mut Arguments<'_>) -> Result<(Self::Kept, ()), BindError> {
        Ok((arguments.next_with(C::Owned::decode_lent)?, ()))
    }

    fn open((): (), _: &mut Call<'_>) {}

    fn pass(kept: &Self::Kept, (): ()) -> &C::Owned {
        kept
    }
}

/// A slice: parameter `P` of the method.
pub struct Slice<C, P>(PhantomData<(C, P)>);

impl<C: SliceParam<P>, P> Parameters for Slice<C, P> {
    const VALUES: usize = 1;
    const STREAMS: usize = 0;
    type Given<'a> = &'a [C::Element];
    type Kept = Vec<C::Element>;
    type Read = ();
    type Owned = ();
    type Passed<'a> = &'a [C::Element];

    fn write(given: &&[C::Element], to: &mut ArgumentWriter<'_>) -> Result<(), ValueError> {
        to.push_with(|encoding, out| C::Element::encode_list(given, encoding, out))
    }

    fn read(arguments: &mut Arguments<'_>) -> Result<(Self::Kept, ()), BindError> {
        Ok((arguments.next_with(C::Element::decode_list)?, ()))
    }

    fn open((): (), _: &mut Call<'_>) {}

    fn pass(kept: &Self::Kept, (): ()) -> &[C::Element] {
        kept
    }
}

/// A stream from the caller: parameter `P` of the method.
pub struct Upload<C, P>(PhantomData<(C, P)>);

impl<C: StreamParam<P>, P> Parameters for Upload<C, P> {
    const VALUES: usize = 0;
    const STREAMS: usize = 1;
    type Given<'a> = ();
    type Kept = ();
    type Read = ();
    type Owned = BoxStream<'static, C::Item>;
    type Passed<'a> = BoxStream<'static, C::Item>;

    fn write((): &(), _: &mut ArgumentWriter<'_>) -> Result<(), ValueError> {
        Ok(())
    }

    fn read(_: &mut Arguments<'_>) -> Result<((), ()), BindError> {
        Ok(((), ()))
    }

    fn open((): (), call: &mut Call<'_>) -> Self::Owned {
        Box::pin(Uploaded::<C::Item>(call.upload()))
    }

    fn pass((): &(), owned: Self::Owned) -> Self::Owned {
        owned
    }
}

/// An arriving stream whose items are what the method declares.
struct Uploaded<R: Outcome>(Incoming<R::Value>);

impl<R: Outcome> Stream for Uploaded<R> {
    type Item = R;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<R>> {
        Pin::new(&mut self.0).poll_next(cx).map(|item| item.map(R::from_result))
    }
}
