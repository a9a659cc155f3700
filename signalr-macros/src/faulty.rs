//! What stands for a method that has been refused, so that what uses it is not refused as well.

use proc_macro2::TokenStream;
use quote::quote;
use syn::visit::{self, Visit};
use syn::{
    Block, FnArg, GenericParam, Generics, Ident, Path, Receiver, ReceiverKind, ReturnType, Signature, Type,
    TypeImplTrait, parse_quote, parse_quote_spanned,
};

use crate::check;
use crate::model::Kind;
use crate::parse::{self, plain};
use crate::stream_type::{StreamResult, StreamType, boxed_stream_in, boxed_stream_item, with_stream};

/// How the method would answer, as far as it can be told.
pub(crate) fn kind(signature: &Signature, output_is_known: bool) -> Kind {
    let stated = match &signature.output {
        ReturnType::Type(_, ty) if output_is_known && !names_generics(signature, ty) => Some(&**ty),
        _ => None,
    };
    if let Some(stream) = stated.and_then(StreamType::of) {
        return Kind::Stream(stream.stated_item().cloned().unwrap_or_else(some_result));
    }
    if let Some(item) = stated.and_then(boxed_stream_item) {
        return Kind::Stream(item.clone());
    }
    if let Some((ty, item)) = stated.and_then(|ty| Some((ty, stream_in(ty)?))) {
        return parse::opened(ty, item);
    }
    Kind::Call(stated.filter(|ty| !has_impl(ty)).cloned().unwrap_or_else(some_result))
}

/// Whether the type speaks of what the generics of the method declare.
pub(crate) fn names_generics(signature: &Signature, ty: &Type) -> bool {
    struct Names<'a>(&'a Generics, bool);
    impl Visit<'_> for Names<'_> {
        fn visit_ident(&mut self, ident: &Ident) {
            self.1 |= self.0.params.iter().any(|param| match param {
                GenericParam::Type(param) => param.ident == *ident,
                GenericParam::Const(param) => param.ident == *ident,
                GenericParam::Lifetime(param) => param.lifetime.ident == *ident,
            });
        }
    }
    let mut names = Names(&signature.generics, false);
    names.visit_type(ty);
    names.1
}

/// The items of a stream in a `Result`, if nothing else in it is an `impl Trait`.
fn stream_in(ty: &Type) -> Option<Type> {
    let item = match boxed_stream_in(ty) {
        Some((_, item)) => item.clone(),
        None => StreamResult::of(ty)?.stream.stated_item().cloned().unwrap_or_else(some_result),
    };
    (!has_impl(&with_stream(ty, item.clone()))).then_some(item)
}

fn some_result() -> Type {
    parse_quote!(__rt::HubResult)
}

/// A body for the method in the trait, so that what implements the trait need not have it. None where it would need to
/// know more.
pub(crate) fn body(runtime: &Path, signature: &Signature) -> Option<Block> {
    let has_no_size = |input: &FnArg| matches!(input, FnArg::Typed(input) if check::has_no_size(&input.ty));
    if signature.inputs.iter().any(has_no_size) || signature.variadic.is_some() {
        return None;
    }
    let refused = quote!(#runtime::__private::refused);
    let value = match &signature.output {
        ReturnType::Type(_, ty) => value(runtime, ty)?,
        ReturnType::Default => quote!(#refused()),
    };
    let span = signature.ident.span();
    Some(match signature.asyncness {
        Some(_) => parse_quote_spanned!(span=> { async move { #value } }),
        None => parse_quote_spanned!(span=> { #value }),
    })
}

/// Whether a method with a body has to be left to types with a size, because it takes one by value.
pub(crate) fn takes_self(signature: &Signature) -> bool {
    matches!(signature.inputs.first(), Some(FnArg::Receiver(Receiver { kind, .. }))
        if !matches!(kind, ReceiverKind::Reference(..)))
}

/// Whether there can be such a body.
pub(crate) fn has_body(signature: &Signature) -> bool {
    body(&parse_quote!(x), signature).is_some()
}

/// A value of the type, which is never made.
fn value(runtime: &Path, ty: &Type) -> Option<TokenStream> {
    let private = quote!(#runtime::__private);
    let result = StreamResult::of(ty);
    let Some(stream) = StreamType::of(ty).or_else(|| Some(result?.stream)) else {
        return (!has_impl(ty)).then(|| quote!(#private::refused()));
    };
    let item = stream.stated_item().filter(|item| !has_impl(item) && check::only_markers(&stream))?;
    let stream = parse_quote!(#private::ResultStream<#item>);
    let value = if StreamType::of(ty).is_some() { stream } else { with_stream(ty, stream) };
    (!has_impl(&value)).then(|| quote!(#private::refused::<#value>()))
}

/// Whether `impl Trait` is somewhere in the type.
fn has_impl(ty: &Type) -> bool {
    struct Impls(bool);
    impl Visit<'_> for Impls {
        fn visit_type_impl_trait(&mut self, ty: &TypeImplTrait) {
            self.0 = true;
            visit::visit_type_impl_trait(self, ty);
        }
    }
    let mut impls = Impls(false);
    impls.visit_type(plain(ty));
    impls.0
}
