//! The argument list of a call: read one by one into the method's types, or written from them.

use std::fmt;

use serde::Serialize;
#[cfg(feature = "json")]
use serde::de::IgnoredAny;

use super::encoding::Encoding;
#[cfg(feature = "messagepack")]
use super::messagepack;
use super::value::{Encoded, HubProtocol, Payload, ValueError, WireValue};

/// Why the arguments of one invocation do not fit the method. Ends that invocation, never the connection.
#[derive(Debug, PartialEq, Eq)]
pub enum BindError {
    /// The list is shorter or longer than the method's.
    Count {
        /// How many the caller sent.
        provided: usize,
        /// How many the method takes.
        expected: usize,
    },
    /// The list could not be read.
    List,
    /// An argument has another type, or could not be read. The caller is not told which one, as in ASP.NET Core.
    Argument {
        /// Its place, counted from one.
        place: usize,
        /// What was expected of it. Never the value.
        expected: Box<str>,
    },
    /// There is no list.
    NoList,
}

impl BindError {
    /// What is wrong, for those who may look into the logs.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Argument { place, expected } => format!("argument {place}: {expected}"),
            error => error.to_string(),
        }
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { provided, expected } => {
                write!(f, "Invocation provides {provided} argument(s) but target expects {expected}.")
            }
            Self::List | Self::Argument { .. } => f.write_str(
                "Error binding arguments. Make sure that the types of the provided values match the types of \
                 the hub method being invoked.",
            ),
            Self::NoList => f.write_str("Reading array length for 'arguments' failed."),
        }
    }
}

/// Reads an argument list from the received bytes, each value straight into its type.
pub struct Arguments<'a> {
    format: HubProtocol,
    /// What has not been read yet.
    rest: &'a [u8],
    taken: usize,
    expected: usize,
    /// How many there are, where the list says so before the first.
    provided: Option<usize>,
}

impl<'a> Arguments<'a> {
    /// `list` is the encoded list (for JSON: the array with its brackets) and `expected` how many arguments
    /// the method takes.
    pub fn new(list: Payload<'a>, expected: usize) -> Self {
        Self { format: list.format, rest: list.bytes, taken: 0, expected, provided: None }
    }

    /// The next argument.
    pub fn next<T: WireValue>(&mut self) -> Result<T, BindError> {
        self.next_with(T::decode_front)
    }

    /// The next argument, as `read` decodes it from the front of the rest.
    pub(crate) fn next_with<T>(
        &mut self,
        read: impl FnOnce(HubProtocol, &mut &'a [u8]) -> Result<T, ValueError>,
    ) -> Result<T, BindError> {
        self.take()?;
        if let Some(provided) = self.provided.filter(|provided| *provided != self.expected) {
            return Err(BindError::Count { provided, expected: self.expected });
        }
        read(self.format, &mut self.rest).map_err(|error| self.misfit(&error))
    }

    /// The argument at `index`, whatever comes behind it.
    pub(crate) fn nth<T: WireValue>(list: Payload<'a>, index: usize) -> Result<T, BindError> {
        let mut arguments = Self::new(list, index.saturating_add(1));
        for _ in 0..index {
            arguments.skip()?;
        }
        arguments.take()?;
        T::decode_front(arguments.format, &mut arguments.rest).map_err(|error| arguments.misfit(&error))
    }

    /// Passes over the next argument; false at the end of the list.
    pub fn skip(&mut self) -> Result<bool, BindError> {
        if !self.at_value()? {
            return Ok(false);
        }
        self.taken += 1;
        let passed: Result<(), ValueError> = match self.format {
            #[cfg(feature = "json")]
            HubProtocol::Json => self.format.read_front::<IgnoredAny>(&mut self.rest).map(drop),
            #[cfg(feature = "messagepack")]
            HubProtocol::MessagePack => messagepack::value(&mut self.rest).map(drop).map_err(ValueError::new),
        };
        passed.map(|()| true).map_err(|error| self.misfit(&error))
    }

    /// Makes sure that there is nothing more than was asked for.
    pub fn finish(mut self) -> Result<(), BindError> {
        while self.skip()? {}
        if self.taken == self.expected {
            Ok(())
        } else {
            Err(BindError::Count { provided: self.taken, expected: self.expected })
        }
    }

    /// Moves to the next value, which the caller reads.
    fn take(&mut self) -> Result<(), BindError> {
        if !self.at_value()? {
            return Err(BindError::Count { provided: self.taken, expected: self.expected });
        }
        self.taken += 1;
        Ok(())
    }

    /// Moves to the next value, past what separates it from the one before; false at the end of the list.
    fn at_value(&mut self) -> Result<bool, BindError> {
        match self.format {
            #[cfg(feature = "json")]
            HubProtocol::Json => {
                let (&first, rest) = self.rest.trim_ascii_start().split_first().ok_or(BindError::List)?;
                let opening = if self.taken == 0 { b'[' } else { b',' };
                if first == b']' && self.taken > 0 {
                    return Ok(false);
                }
                if first != opening {
                    return Err(BindError::List);
                }
                let rest = rest.trim_ascii_start();
                if self.taken == 0 && rest.first() == Some(&b']') {
                    // Left in place: the list is empty however often it is asked.
                    return Ok(false);
                }
                self.rest = rest;
                Ok(true)
            }
            #[cfg(feature = "messagepack")]
            HubProtocol::MessagePack => {
                let provided = match self.provided {
                    Some(provided) => provided,
                    None => messagepack::array_len(&mut self.rest).ok_or(BindError::NoList)?,
                };
                self.provided = Some(provided);
                Ok(self.taken < provided)
            }
        }
    }

    /// The argument that was taken last does not fit.
    #[cold]
    fn misfit(&self, error: &ValueError) -> BindError {
        BindError::Argument { place: self.taken, expected: error.to_string().into() }
    }
}

/// Writes an argument list.
pub struct ArgumentWriter<'a> {
    format: HubProtocol,
    out: &'a mut Vec<u8>,
    written: usize,
}

impl ArgumentWriter<'_> {
    /// Appends one argument.
    pub fn push<T: WireArgument + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        self.push_with(|encoding, out| value.encode_argument(encoding, out))
    }

    /// Appends what `write` encodes.
    pub(crate) fn push_with(
        &mut self,
        write: impl FnOnce(Encoding, &mut Vec<u8>) -> Result<(), ValueError>,
    ) -> Result<(), ValueError> {
        match self.format {
            #[cfg(feature = "json")]
            HubProtocol::Json if self.written > 0 => self.out.push(b','),
            #[cfg(feature = "json")]
            HubProtocol::Json => {}
            #[cfg(feature = "messagepack")]
            HubProtocol::MessagePack => {}
        }
        self.written += 1;
        write(Encoding::of_argument(self.format), self.out)
    }
}

/// What can be written as one argument: any serializable type, sized or not, so that `&str` and `&[T]` need
/// no owned copy.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent through a hub",
    label = "not a type that can be sent",
    note = "add `#[derive(serde::Serialize)]` to `{Self}`"
)]
pub trait WireArgument {
    #[doc(hidden)]
    fn encode_argument(&self, encoding: Encoding, out: &mut Vec<u8>) -> Result<(), ValueError>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + ?Sized> WireArgument for T {
    fn encode_argument(&self, encoding: Encoding, out: &mut Vec<u8>) -> Result<(), ValueError> {
        encoding.write(self, out)
    }
}

/// The arguments of one call: a tuple of up to twelve values, `()` for none and `(value,)` for one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of arguments",
    label = "not a tuple of values that can be sent",
    note = "arguments are a tuple: write `(value,)` for one and `()` for none",
    note = "each of them must implement serde's `Serialize`"
)]
pub trait EncodeArguments {
    /// How many arguments there are.
    #[doc(hidden)]
    fn count(&self) -> usize;
    /// Writes each of them, for each hub protocol in use.
    #[doc(hidden)]
    fn write(&self, to: &mut ArgumentWriter<'_>) -> Result<(), ValueError>;
}

impl Encoded {
    /// Encodes a whole argument list (for JSON: the array with its brackets).
    pub(crate) fn arguments(
        format: HubProtocol,
        arguments: &dyn EncodeArguments,
    ) -> Result<Self, ValueError> {
        Self::write(|out| {
            match format {
                #[cfg(feature = "json")]
                HubProtocol::Json => out.push(b'['),
                #[cfg(feature = "messagepack")]
                HubProtocol::MessagePack => messagepack::write_array_len(arguments.count(), out)?,
            }
            let mut writer = ArgumentWriter { format, out, written: 0 };
            arguments.write(&mut writer)?;
            debug_assert_eq!(writer.written, arguments.count());
            match format {
                #[cfg(feature = "json")]
                HubProtocol::Json => out.push(b']'),
                #[cfg(feature = "messagepack")]
                HubProtocol::MessagePack => {}
            }
            Ok(())
        })
    }
}

macro_rules! encode_tuples {
    ($($count:literal: $($name:ident)*;)*) => {$(
        impl<$($name: Serialize),*> EncodeArguments for ($($name,)*) {
            fn count(&self) -> usize {
                $count
            }

            #[allow(non_snake_case, unused_variables)]
            fn write(&self, to: &mut ArgumentWriter<'_>) -> Result<(), ValueError> {
                let ($($name,)*) = self;
                $(to.push($name)?;)*
                Ok(())
            }
        }
    )*};
}

encode_tuples! {
    0: ;
    1: A;
    2: A B;
    3: A B C;
    4: A B C D;
    5: A B C D E;
    6: A B C D E F;
    7: A B C D E F G;
    8: A B C D E F G H;
    9: A B C D E F G H I;
    10: A B C D E F G H I J;
    11: A B C D E F G H I J K;
    12: A B C D E F G H I J K L;
}
