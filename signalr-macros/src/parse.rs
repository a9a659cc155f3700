//! From the user's trait to the model.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{
    FnArg, Ident, ItemTrait, PatType, Path, Receiver, ReturnType, Signature, TraitItem, TraitItemFn, Type,
    parse_quote,
};

use crate::attr::{self, TraitOptions};
use crate::attributes::{lint_levels, named};
use crate::check::{self, Place};
use crate::errors::Faults;
use crate::expand::trait_item;
use crate::faulty;
use crate::model::{Contract, FaultyMethod, Kind, Method, Param, ParamKind, Role, Soundness};
use crate::recover;
use crate::stream_type::{StreamResult, StreamType, boxed_stream_in, boxed_stream_item, with_stream};

/// Reads the whole trait. What has a fault is reported and left out.
pub(crate) fn contract(role: Role, options: TraitOptions, item: &ItemTrait, faults: &mut Faults) -> Contract {
    check::trait_head(role, item, faults);
    let (mut methods, mut refused) = (Vec::new(), Vec::new());
    for (index, item) in item.items.iter().enumerate() {
        match item {
            TraitItem::Fn(method) => match self::method(role, &options, index, method, faults) {
                Ok(method) => methods.push(method),
                Err(method) => refused.push(*method),
            },
            other => check::not_a_method(role, other, faults),
        }
    }
    let conflicts = check::names(&mut methods, faults);
    refused.retain(|refused| {
        let same = |ident: &Ident| check::constant(ident) == check::constant(&refused.ident);
        !methods.iter().any(|method| same(&method.ident))
    });
    let generics = &item.generics;
    let mut soundness = if !generics.params.is_empty() || generics.where_clause.is_some() {
        methods.clear();
        refused.clear();
        Soundness::Unusable
    } else if item.unsafety.is_none()
        && item.items.iter().enumerate().all(|(index, item)| is_implemented(&refused, index, item))
    {
        Soundness::Sound
    } else {
        Soundness::Incomplete
    };
    if !check::client_name(&item.ident, options.client.as_ref(), faults) {
        soundness = Soundness::NamesTaken;
    }
    Contract {
        role,
        runtime: options.runtime,
        client: options.client,
        vis: item.vis.clone(),
        ident: item.ident.clone(),
        cfgs: named(&item.attrs, "cfg"),
        lints: lint_levels(&item.attrs),
        methods,
        faulty: refused,
        conflicts,
        soundness,
    }
}

/// Whether an implementation can do without this item, or knows how to have it.
fn is_implemented(refused: &[FaultyMethod], index: usize, item: &TraitItem) -> bool {
    match item {
        TraitItem::Fn(method) if refused.iter().any(|method| method.index == index) => {
            method.default.is_some() || faulty::has_body(&method.sig)
        }
        TraitItem::Fn(_) => true,
        TraitItem::Const(item) => item.default.is_some(),
        _ => false,
    }
}

fn method(
    role: Role,
    options: &TraitOptions,
    index: usize,
    item: &TraitItemFn,
    faults: &mut Faults,
) -> Result<Method, Box<FaultyMethod>> {
    let before = faults.count();
    let signature = &item.sig;
    let name = attr::of_method(&item.attrs, faults).name;
    check::method_attributes(&item.attrs, faults);
    check::method_head(role, signature, faults);
    check::receiver(role, signature, faults);
    let mut params = Vec::new();
    let mut types = Vec::new();
    for (index, input) in values(signature).enumerate() {
        let before = faults.count();
        params.extend(parameter(role, index, input, faults));
        let known = faults.count() == before && !faulty::names_generics(signature, &input.ty);
        types.push(known.then(|| (*input.ty).clone()));
    }
    let left_to_compiler = faults.left_to_compiler();
    let kind = kind(role, signature, faults);
    let output_is_known = faults.left_to_compiler() == left_to_compiler;
    let wire_name = name.map_or_else(
        || {
            let name = options.case.apply(&signature.ident.unraw().to_string());
            check::derived_name(&signature.ident, &name, faults);
            name
        },
        |name| name.value(),
    );
    let (cfgs, lints) = (named(&item.attrs, "cfg"), lint_levels(&item.attrs));
    match kind {
        Some(kind) if faults.count() == before => Ok(Method {
            index,
            ident: signature.ident.clone(),
            wire_name,
            has_constant: true,
            docs: named(&item.attrs, "doc"),
            cfgs,
            lints,
            deprecated: named(&item.attrs, "deprecated"),
            kind,
            params,
            signature: implemented(&options.runtime, signature),
        }),
        _ => Err(Box::new(FaultyMethod {
            index,
            ident: signature.ident.clone(),
            wire_name: Some(wire_name).filter(|name| !name.is_empty()),
            cfgs,
            lints,
            params: types,
            kind: faulty::kind(signature, output_is_known),
        })),
    }
}

/// The parameters after `&self`.
fn values(signature: &Signature) -> impl Iterator<Item = &PatType> {
    signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(input) => Some(input),
        FnArg::Receiver(_) => None,
    })
}

/// The signature as an implementation has it: of its parameters' attributes, only the lint levels.
fn implemented(runtime: &Path, declared: &Signature) -> Signature {
    let mut signature = trait_item::signature(runtime, declared);
    for input in &mut signature.inputs {
        let (FnArg::Receiver(Receiver { attrs, .. }) | FnArg::Typed(PatType { attrs, .. })) = input;
        *attrs = lint_levels(attrs);
    }
    signature
}

fn parameter(role: Role, index: usize, input: &PatType, faults: &mut Faults) -> Option<Param> {
    let ident = check::parameter_name(input, faults);
    let kind = parameter_kind(role, &input.ty, faults);
    let lints = lint_levels(&input.attrs);
    Some(Param { index, ident: ident?, lints, ty: (*input.ty).clone(), kind: kind? })
}

fn parameter_kind(role: Role, ty: &Type, faults: &mut Faults) -> Option<ParamKind> {
    if let Some(stream) = StreamType::of(ty) {
        if role == Role::Client {
            check::stream_of_client(ty, faults);
            return None;
        }
        let item = stream.item(ty, faults)?;
        check::value_type(Place::Item, item, faults);
        return Some(ParamKind::Stream { item: item.clone(), bounds: stream.bounds.clone() });
    }
    if let Some(item) = boxed_stream_item(ty) {
        match role {
            Role::Hub => check::boxed_stream(ty, item, faults),
            Role::Client => check::stream_of_client(ty, faults),
        }
        return None;
    }
    let Type::Reference(reference) = plain(ty) else {
        check::value_type(Place::Parameter, ty, faults);
        return Some(ParamKind::Owned(ty.clone()));
    };
    let before = faults.count();
    check::reference(reference, faults);
    if faults.count() > before {
        return None;
    }
    match plain(&reference.elem) {
        Type::Path(path) if path.qself.is_none() && path.path.is_ident("str") => Some(ParamKind::Str),
        Type::Slice(slice) => {
            check::value_type(Place::Parameter, &slice.elem, faults);
            Some(ParamKind::Slice((*slice.elem).clone()))
        }
        lent => {
            check::value_type(Place::Parameter, lent, faults);
            Some(ParamKind::Lent(lent.clone()))
        }
    }
}

fn kind(role: Role, signature: &Signature, faults: &mut Faults) -> Option<Kind> {
    let output = match &signature.output {
        ReturnType::Type(_, ty) if !is_unit(ty) => Some(&**ty),
        _ => None,
    };
    if let Some(ty) = output
        && let Some(stream) = StreamType::of(ty)
    {
        if role == Role::Client {
            check::stream_of_client(ty, faults);
            return None;
        }
        if signature.asyncness.is_some() {
            check::async_stream(signature, ty, faults);
        }
        let item = stream.item(ty, faults)?;
        check::value_type(Place::Result, item, faults);
        return Some(Kind::Stream(item.clone()));
    }
    if let Some(ty) = output
        && let Some((ty, item)) = boxed_stream_item(ty).map(|item| (ty, item)).or_else(|| boxed_stream_in(ty))
    {
        match role {
            Role::Hub => check::boxed_stream(ty, item, faults),
            Role::Client => check::stream_of_client(ty, faults),
        }
        return None;
    }
    if signature.asyncness.is_none() {
        check::not_async(role, signature, faults);
        return None;
    }
    if let Some(ty) = output
        && let Some(result) = StreamResult::of(ty)
    {
        return open(role, ty, &result, faults);
    }
    match (output, role) {
        (Some(ty), _) => {
            check::value_type(Place::Result, ty, faults);
            Some(Kind::Call(ty.clone()))
        }
        (None, Role::Hub) => {
            check::no_result(signature, faults);
            None
        }
        (None, Role::Client) => Some(Kind::Notify),
    }
}

/// A method that can fail before it streams.
fn open(role: Role, ty: &Type, result: &StreamResult<'_>, faults: &mut Faults) -> Option<Kind> {
    if role == Role::Client {
        check::stream_of_client(result.ty, faults);
        return None;
    }
    check::stream_result(ty, result, faults);
    let item = result.stream.item(result.ty, faults)?;
    check::value_type(Place::Result, item, faults);
    Some(opened(ty, item.clone()))
}

/// What such a method gives, for what is generated.
pub(crate) fn opened(ty: &Type, item: Type) -> Kind {
    let returned = with_stream(ty, parse_quote!(__rt::ResultStream<#item>));
    Kind::Open { item, returned: Box::new(returned) }
}

/// The type without parentheses, or the invisible ones around what a `macro_rules!` macro was given.
pub(crate) fn plain(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => plain(&group.elem),
        Type::Paren(paren) => plain(&paren.elem),
        other => other,
    }
}

/// The same, to be changed.
pub(crate) fn innermost(ty: &mut Type) -> &mut Type {
    match ty {
        Type::Group(group) => innermost(&mut group.elem),
        Type::Paren(paren) => innermost(&mut paren.elem),
        other => other,
    }
}

fn is_unit(ty: &Type) -> bool {
    matches!(plain(ty), Type::Tuple(tuple) if tuple.elems.is_empty())
}

/// Reads the item that the attribute is on; says what is wrong if it is not a trait.
pub(crate) fn item(
    role: Role,
    item: &proc_macro2::TokenStream,
    faults: &mut Faults,
) -> syn::Result<ItemTrait> {
    let attribute = role.attribute();
    let parsed = syn::parse2::<syn::Item>(item.clone());
    match parsed.or_else(|error| recover::item(item, faults).map(syn::Item::Trait).ok_or(error))? {
        syn::Item::Trait(item) => Ok(item),
        syn::Item::Impl(item) => {
            let head = item.impl_token;
            let message = format!("`{attribute}` goes on the trait: its implementations need no attribute");
            Err(syn::Error::new_spanned(head, message))
        }
        other => {
            let message = format!("`{attribute}` goes on a trait");
            Err(syn::Error::new_spanned(first_token(&other), message))
        }
    }
}

/// A span that is short: the item may be long.
fn first_token(item: &syn::Item) -> impl ToTokens + use<> {
    item.to_token_stream().into_iter().find(|token| matches!(token, proc_macro2::TokenTree::Ident(_)))
}

/// The names that are generated for a contract.
pub(crate) fn suffixed(ident: &Ident, suffix: &str) -> Ident {
    quote::format_ident!("{}{}", ident, suffix)
}
