//! Streams as a contract writes them: `impl Stream<Item = …>`, and a `Result` of one.

use syn::punctuated::Punctuated;
use syn::{GenericArgument, PathArguments, PathSegment, Token, Type, TypeParamBound};

use crate::check;
use crate::errors::Faults;
use crate::parse::{innermost, plain};

/// An `impl Stream<…> + …`.
pub(crate) struct StreamType<'a> {
    pub(crate) bounds: &'a Punctuated<TypeParamBound, Token![+]>,
    /// The arguments of `Stream`.
    arguments: &'a PathArguments,
    /// The bounds besides `Stream`.
    pub(crate) others: Vec<&'a TypeParamBound>,
}

impl<'a> StreamType<'a> {
    pub(crate) fn of(ty: &'a Type) -> Option<Self> {
        let Type::ImplTrait(ty) = plain(ty) else { return None };
        let is_stream = |bound: &&TypeParamBound| stream_arguments(bound).is_some();
        let arguments = ty.bounds.iter().find_map(stream_arguments)?;
        let stream = ty.bounds.iter().find(is_stream);
        let others =
            ty.bounds.iter().filter(|bound| !stream.is_some_and(|stream| std::ptr::eq(stream, *bound)));
        Some(Self { bounds: &ty.bounds, arguments, others: others.collect() })
    }

    /// Whether it is already bound to be `Send`.
    pub(crate) fn is_send(&self) -> bool {
        self.others.iter().any(|bound| {
            matches!(bound, TypeParamBound::Trait(bound)
                if bound.path.segments.last().is_some_and(|last| last.ident == "Send"))
        })
    }

    /// The type of the items; checks everything but that type.
    pub(crate) fn item(&self, ty: &Type, faults: &mut Faults) -> Option<&'a Type> {
        let before = faults.count();
        check::stream_bounds(self, faults);
        let item = self.stated_item();
        if item.is_none() {
            check::stream_without_item(ty, faults);
        }
        item.filter(|_| faults.count() == before)
    }

    /// The type of the items, where it is stated, and nothing else is.
    pub(crate) fn stated_item(&self) -> Option<&'a Type> {
        match self.arguments {
            PathArguments::AngleBracketed(arguments) => match arguments.args.iter().collect::<Vec<_>>()[..] {
                [GenericArgument::AssocType(item)] if item.ident == "Item" && item.generics.is_none() => {
                    Some(&item.ty)
                }
                _ => None,
            },
            _ => None,
        }
    }
}

/// The items of a `BoxStream<'_, T>` or a `Pin<Box<dyn Stream<Item = T>>>`.
pub(crate) fn boxed_stream_item(ty: &Type) -> Option<&Type> {
    let named = last_segment(ty)?;
    if named.ident == "BoxStream" || named.ident == "LocalBoxStream" {
        return last_type(named);
    }
    let boxed =
        Some(named).filter(|named| named.ident == "Pin").and_then(last_type).and_then(last_segment)?;
    match plain(Some(boxed).filter(|boxed| boxed.ident == "Box").and_then(last_type)?) {
        Type::TraitObject(object) => match object.bounds.iter().find_map(stream_arguments)? {
            PathArguments::AngleBracketed(arguments) => {
                arguments.args.iter().find_map(|argument| match argument {
                    GenericArgument::AssocType(item) if item.ident == "Item" => Some(&item.ty),
                    _ => None,
                })
            }
            _ => None,
        },
        _ => None,
    }
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match plain(ty) {
        Type::Path(path) if path.qself.is_none() => path.path.segments.last(),
        _ => None,
    }
}

/// The last type among the arguments.
fn last_type(segment: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    arguments.args.iter().rev().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

fn stream_arguments(bound: &TypeParamBound) -> Option<&PathArguments> {
    let TypeParamBound::Trait(bound) = bound else { return None };
    let last = bound.path.segments.last()?;
    (last.ident == "Stream").then_some(&last.arguments)
}

/// A `Result<impl Stream<…>, …>`, by whatever name and with the stream in whichever place.
pub(crate) struct StreamResult<'a> {
    /// The name of the type, without what stands in its brackets.
    pub(crate) named: &'a PathSegment,
    /// The `impl Stream<…>`.
    pub(crate) ty: &'a Type,
    pub(crate) stream: StreamType<'a>,
}

impl<'a> StreamResult<'a> {
    pub(crate) fn of(ty: &'a Type) -> Option<Self> {
        let named = last_segment(ty)?;
        let PathArguments::AngleBracketed(arguments) = &named.arguments else { return None };
        arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(Self { named, ty, stream: StreamType::of(ty)? }),
            _ => None,
        })
    }

    /// The stream in the type, to be changed.
    pub(crate) fn stream_of(ty: &mut Type) -> Option<&mut Type> {
        let Type::Path(path) = innermost(ty) else { return None };
        let named = Some(path).filter(|path| path.qself.is_none())?.path.segments.last_mut()?;
        let PathArguments::AngleBracketed(arguments) = &mut named.arguments else { return None };
        arguments.args.iter_mut().find_map(|argument| match argument {
            GenericArgument::Type(ty) if StreamType::of(ty).is_some() || boxed_stream_item(ty).is_some() => {
                Some(ty)
            }
            _ => None,
        })
    }
}

/// The type with another one in the place of its stream.
pub(crate) fn with_stream(ty: &Type, stream: Type) -> Type {
    let mut ty = ty.clone();
    if let Some(place) = StreamResult::stream_of(&mut ty) {
        *place = stream;
    }
    ty
}

/// The stream in a `Result<BoxStream<…>, …>`, and its items.
pub(crate) fn boxed_stream_in(ty: &Type) -> Option<(&Type, &Type)> {
    let PathArguments::AngleBracketed(arguments) = &last_segment(ty)?.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some((ty, boxed_stream_item(ty)?)),
        _ => None,
    })
}
