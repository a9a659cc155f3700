//! A contract as the rest of the macro sees it: only what can be expressed on the wire.

use syn::punctuated::Punctuated;
use syn::{Attribute, Ident, Path, Token, Type, TypeParamBound, Visibility};

/// Which attribute was used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// `#[hub]`: clients call it.
    Hub,
    /// `#[client_proxy]`: servers call it.
    Client,
}

impl Role {
    /// The attribute, for messages.
    pub(crate) fn attribute(self) -> &'static str {
        match self {
            Self::Hub => "#[hub]",
            Self::Client => "#[client_proxy]",
        }
    }

    /// What one of its methods is called in messages.
    pub(crate) fn method(self) -> &'static str {
        match self {
            Self::Hub => "a hub method",
            Self::Client => "a client method",
        }
    }
}

/// A trait that carries one of the attributes.
pub(crate) struct Contract {
    pub(crate) role: Role,
    /// The path of the runtime.
    pub(crate) runtime: Path,
    /// The trait of `client = …`.
    pub(crate) client: Option<Path>,
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    /// The `#[cfg]`s of the trait: everything that is generated carries them too.
    pub(crate) cfgs: Vec<Attribute>,
    /// The lint levels of the trait, as everything that is generated carries them.
    pub(crate) lints: Vec<Attribute>,
    /// The methods that have no fault.
    pub(crate) methods: Vec<Method>,
    /// Those that have one.
    pub(crate) faulty: Vec<FaultyMethod>,
    /// Methods that may share a wire name as long as they are never compiled together.
    pub(crate) conflicts: Vec<Conflict>,
    /// Whether anything is wrong with the trait itself, or with one of its methods.
    pub(crate) soundness: Soundness,
}

/// How much of a contract can be trusted, and so be built upon.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Soundness {
    Sound,
    /// There is more in the trait than could be said again in an implementation.
    Incomplete,
    /// The trait cannot even be named in a bound.
    Unusable,
    /// A name that would be generated is the user's.
    NamesTaken,
}

/// Two methods of one wire name that are both behind `#[cfg]`.
pub(crate) struct Conflict {
    /// The conditions under which both exist.
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) error: syn::Error,
}

/// A method that has been refused. It stands in what is generated with a body that never runs, so that what uses it is
/// not refused as well.
pub(crate) struct FaultyMethod {
    /// Its place in the trait.
    pub(crate) index: usize,
    pub(crate) ident: Ident,
    /// None where the name is the fault.
    pub(crate) wire_name: Option<String>,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) lints: Vec<Attribute>,
    /// The types of the parameters; none for what has a fault.
    pub(crate) params: Vec<Option<Type>>,
    pub(crate) kind: Kind,
}

pub(crate) struct Method {
    /// Its place in the trait, among those behind `#[cfg]` too.
    pub(crate) index: usize,
    pub(crate) ident: Ident,
    pub(crate) wire_name: String,
    /// Whether the constant of its name is its own: otherwise a fault has been reported.
    pub(crate) has_constant: bool,
    /// `#[doc]`.
    pub(crate) docs: Vec<Attribute>,
    /// `#[cfg]`.
    pub(crate) cfgs: Vec<Attribute>,
    /// The lint levels, as what is generated carries them.
    pub(crate) lints: Vec<Attribute>,
    /// `#[deprecated]`.
    pub(crate) deprecated: Vec<Attribute>,
    pub(crate) kind: Kind,
    pub(crate) params: Vec<Param>,
    /// The signature as the re-emitted trait has it, without attributes.
    pub(crate) signature: syn::Signature,
}

impl Method {
    /// The parameters that are streams, in order.
    pub(crate) fn streams(&self) -> impl Iterator<Item = &Param> {
        self.params.iter().filter(|param| matches!(param.kind, ParamKind::Stream { .. }))
    }
}

/// How a method answers.
pub(crate) enum Kind {
    /// Once, with this `Result`.
    Call(Type),
    /// With a stream of this `Result`.
    Stream(Type),
    /// With a stream of this `Result`, or an error: with `returned`, in which the stub's stream stands for the method's.
    Open { item: Type, returned: Box<Type> },
    /// Not at all.
    Notify,
}

pub(crate) struct Param {
    /// Its position among all parameters after `&self`.
    pub(crate) index: usize,
    pub(crate) ident: Ident,
    /// The lint levels, as what is generated carries them.
    pub(crate) lints: Vec<Attribute>,
    /// As the trait declares it.
    pub(crate) ty: Type,
    pub(crate) kind: ParamKind,
}

pub(crate) enum ParamKind {
    /// `&str`
    Str,
    /// `&[T]`, with `T`
    Slice(Type),
    /// `&T`, with `T`
    Lent(Type),
    /// `T`
    Owned(Type),
    /// `impl Stream<Item = T>`, with `T` and all bounds.
    Stream { item: Type, bounds: Punctuated<TypeParamBound, Token![+]> },
}
