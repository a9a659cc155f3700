//! Everything that a contract cannot say, refused at the user's own token.
//!
//! What the macro cannot know (whether a type is a `Result`, whether it can be sent) is refused by the trait
//! bounds of the runtime.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, FnArg, Ident, ItemTrait, Lifetime, Pat, PatType, Path, Receiver, ReceiverKind, ReturnType,
    Safety, Signature, TraitItem, Type, TypeImplTrait, TypeInfer, TypeParamBound, TypeReference, parse_quote,
};

use crate::attr::is_ours;
use crate::attributes::{has, hides};
use crate::errors::Faults;
use crate::expand::type_text;
use crate::model::{Conflict, Method, Role};
use crate::parse::plain;
use crate::stream_type::{StreamResult, StreamType};

/// The trait itself: what stands before its braces.
pub(crate) fn trait_head(role: Role, item: &ItemTrait, faults: &mut Faults) {
    let attribute = role.attribute();
    if let Some(unsafety) = &item.unsafety {
        faults.at(unsafety, format_args!("a `{attribute}` trait cannot be `unsafe`: remove `unsafe`"));
    }
    if let Some(auto) = &item.modifiers.auto_token {
        faults.at(auto, format_args!("a `{attribute}` trait cannot be `auto`: remove `auto`"));
    }
    if !item.generics.params.is_empty() {
        let message = format!(
            "a `{attribute}` trait cannot have generics or lifetimes: its methods are called by name, with \
             values of fixed types"
        );
        faults.at(&item.generics.params, message);
    } else if let Some(clause) = &item.generics.where_clause {
        faults.at(clause, format_args!("a `{attribute}` trait cannot have a `where` clause: remove it"));
    }
    for supertrait in item.supertraits.iter().filter(|bound| !is_marker(bound, &["Send", "Sync"])) {
        let message = format!(
            "a `{attribute}` trait cannot have supertraits: what is generated from it implements nothing else \
             (`Send + Sync` are added by `{attribute}`)"
        );
        faults.at(supertrait, message);
    }
    for attr in &item.attrs {
        if is_ours(attr) {
            faults.at(
                attr,
                format_args!("`#[signalr]` belongs on a method: options of the trait go into `{attribute}`"),
            );
        } else if is_contract(attr) {
            faults.at(
                attr,
                "a trait is what clients call, or what the server calls on its clients, and that once: remove this",
            );
        } else if is_async_trait(attr) {
            faults.at(
                attr,
                format_args!("`{attribute}` makes `async fn` work by itself: remove `#[async_trait]`"),
            );
        }
    }
}

/// An item of the trait that is not a method.
pub(crate) fn not_a_method(role: Role, item: &TraitItem, faults: &mut Faults) {
    let what = match item {
        TraitItem::Const(_) => "associated constants",
        TraitItem::Type(_) => "associated types",
        TraitItem::Macro(_) => "macro calls",
        // The compiler refuses `pub` in a trait.
        TraitItem::Verbatim(tokens) if tokens.to_string().starts_with("pub") => {
            return faults.leave_to_compiler();
        }
        _ => "anything but methods",
    };
    faults.at(
        item,
        format_args!("a `{}` trait cannot have {what}: move this out of the trait", role.attribute()),
    );
}

/// The attributes of a method that would have to be understood, and cannot be.
pub(crate) fn method_attributes(attrs: &[Attribute], faults: &mut Faults) {
    for attr in attrs {
        if hides(attr, "signalr") {
            faults
                .at(attr, "`signalr` cannot be inside of `cfg_attr`: put `#[signalr]` on the method itself");
        }
    }
}

/// Whether this is `#[hub]` or `#[client_proxy]`.
pub(crate) fn is_contract(attr: &Attribute) -> bool {
    let segments = &attr.path().segments;
    let ours = segments.len() == 1 || segments.first().is_some_and(|first| first.ident == "signalr_runtime");
    ours && (ends_with(attr.path(), "hub") || ends_with(attr.path(), "client_proxy"))
}

/// Whether this is `#[async_trait]`.
pub(crate) fn is_async_trait(attr: &Attribute) -> bool {
    ends_with(attr.path(), "async_trait")
}

/// What stands before the parameters of a method.
pub(crate) fn method_head(role: Role, signature: &Signature, faults: &mut Faults) {
    let what = role.method();
    if let Some(constness) = &signature.constness {
        faults.at(constness, format_args!("{what} cannot be `const`: remove `const`"));
    }
    if !matches!(signature.safety, Safety::Default) {
        let safety = signature.safety.to_token_stream();
        let message =
            format!("{what} cannot be `{safety}`: it is called by the other side, remove `{safety}`");
        faults.at(safety, message);
    }
    if let Some(abi) = &signature.abi {
        faults.at(abi, format_args!("{what} cannot be `extern`: remove it"));
    }
    if let Some(variadic) = &signature.variadic {
        faults.at(variadic, format_args!("{what} cannot take `...`: take a `Vec`"));
    }
    if !signature.generics.params.is_empty() {
        let message = format!(
            "{what} cannot have generics or lifetimes: its arguments are read into fixed types, and borrowed \
             only for the call"
        );
        faults.at(&signature.generics.params, message);
    } else if let Some(clause) = &signature.generics.where_clause {
        faults.at(clause, format_args!("{what} cannot have a `where` clause: remove it"));
    }
}

/// How the method takes `self`.
pub(crate) fn receiver(role: Role, signature: &Signature, faults: &mut Faults) {
    let what = role.method();
    let Some(FnArg::Receiver(receiver)) = signature.inputs.first() else {
        let message = format!("{what} needs `&self`: write `{}(&self, …)`", signature.ident);
        faults.at(&signature.ident, message);
        return;
    };
    let Receiver { mutability, kind, .. } = receiver;
    let message = match kind {
        ReceiverKind::Reference(_, None, None) if mutability.is_none() => {
            no_attributes(&receiver.attrs, faults);
            return;
        }
        ReceiverKind::Reference(_, _, Some(_)) => {
            "calls run side by side and share one value: write `&self`, and keep what changes in a `Mutex`, an \
             atomic or a channel"
                .to_owned()
        }
        // Declared, and refused there; or not declared.
        ReceiverKind::Reference(_, Some(_), None) => return faults.leave_to_compiler(),
        ReceiverKind::Value => {
            format!("{what} cannot take `self` by value: the same value serves the next call, write `&self`")
        }
        _ => format!("{what} takes `&self`: write it without a type"),
    };
    faults.at(receiver, message);
}

/// A parameter after `&self`: its attributes and its pattern. Gives the name.
pub(crate) fn parameter_name(parameter: &PatType, faults: &mut Faults) -> Option<Ident> {
    no_attributes(&parameter.attrs, faults);
    let message = match &*parameter.pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => match &pat.mutability {
            None => return Some(pat.ident.clone()),
            Some(_) => {
                format!("write `{0}`: `mut` is the business of who implements the method", pat.ident)
            }
        },
        Pat::Wild(_) => "give the parameter a name: callers see it".to_owned(),
        _ => "a parameter is a plain name here: take it apart where the method is implemented".to_owned(),
    };
    faults.at(&parameter.pat, message);
    None
}

fn no_attributes(attrs: &[Attribute], faults: &mut Faults) {
    for attr in attrs {
        if is_ours(attr) || hides(attr, "signalr") {
            faults.at(attr, "`#[signalr]` belongs on a method: a parameter has no options");
        } else if has(std::slice::from_ref(attr), "cfg") {
            let message = "a parameter cannot depend on `cfg`: the other side counts on it, put `#[cfg]` on two methods";
            faults.at(attr, message);
        }
    }
}

/// A `&` parameter as a whole.
pub(crate) fn reference(reference: &TypeReference, faults: &mut Faults) {
    let TypeReference { lifetime, mutability, elem, .. } = reference;
    if StreamType::of(elem).is_some() {
        faults.at(and(reference), "a stream is taken by value: remove this");
    } else if mutability.is_some() {
        let message = "what a method changes does not travel back: take it without `mut`, and return it";
        faults.at(and(reference), message);
    } else if let Some(lifetime) = lifetime
        && is_static(lifetime)
    {
        faults.at(lifetime, "the argument is lent for the call only: write `&` without a lifetime");
    } else if lifetime.as_ref().is_some_and(|lifetime| lifetime.ident != "_") {
        // Declared, and refused there; or not declared.
        faults.leave_to_compiler();
    }
}

/// The `&` of a reference, with what belongs to it.
fn and(reference: &TypeReference) -> TokenStream {
    let TypeReference { and_token, lifetime, mutability, .. } = reference;
    quote!(#and_token #lifetime #mutability)
}

/// Whether a stream is bound by nothing that is refused.
pub(crate) fn only_markers(stream: &StreamType<'_>) -> bool {
    stream.others.iter().all(|bound| is_marker(bound, &STREAM_MARKERS))
}

const STREAM_MARKERS: [&str; 2] = ["Send", "Unpin"];

/// The bounds of an `impl Stream` besides the stream itself.
pub(crate) fn stream_bounds(stream: &StreamType<'_>, faults: &mut Faults) {
    for bound in &stream.others {
        if !is_marker(bound, &STREAM_MARKERS) {
            faults.at(
                bound,
                "a stream of a contract can be bound by `Send`, `Unpin` and `'static` only: remove this",
            );
        }
    }
}

/// `impl Stream` without a type for its items, or with more than that.
pub(crate) fn stream_without_item(stream: &Type, faults: &mut Faults) {
    faults
        .at(stream, "say what the stream consists of, and nothing else: `impl Stream<Item = HubResult<T>>`");
}

/// A stream in a trait that servers call on clients.
pub(crate) fn stream_of_client(stream: &Type, faults: &mut Faults) {
    let message = "streams exist only between a client and a hub: a client method takes and returns values, send \
                   items with one call each";
    faults.at(stream, message);
}

/// A method without a result on a trait that must have one.
pub(crate) fn no_result(signature: &Signature, faults: &mut Faults) {
    let message = "every call of a hub can fail on the way: write `-> HubResult`";
    match &signature.output {
        ReturnType::Default => faults.at(&signature.ident, message),
        ReturnType::Type(_, ty) => faults.at(ty, message),
    }
}

/// A method that is neither `async` nor streams.
pub(crate) fn not_async(role: Role, signature: &Signature, faults: &mut Faults) {
    let message = match (&signature.output, role) {
        (ReturnType::Type(_, ty), _) if names_impl(ty, "Future") => {
            return faults.at(ty, "write `async fn` and the result alone: the attribute writes the future");
        }
        (_, Role::Hub) => {
            "a hub method is an `async fn`, or returns `impl Stream<Item = …>`: write `async fn`"
        }
        (_, Role::Client) => "a client method is an `async fn`: write `async fn`",
    };
    faults.at(signature.fn_token, message);
}

/// `async fn` that returns a stream.
pub(crate) fn async_stream(signature: &Signature, stream: &Type, faults: &mut Faults) {
    let stream = type_text(stream);
    let message = format!(
        "an `async` method can fail before it streams: write `-> HubResult<{stream}>`, or remove `async`, since the \
         stream can wait before its first item"
    );
    faults.at(signature.asyncness, message);
}

/// What an `async` method that streams returns, apart from the stream.
pub(crate) fn stream_result(ty: &Type, result: &StreamResult<'_>, faults: &mut Faults) {
    const OTHERS: [&str; 6] = ["Option", "Vec", "Box", "Pin", "Arc", "Rc"];
    if OTHERS.iter().any(|other| result.named.ident == other) {
        let stream = type_text(result.ty);
        let message =
            format!("an `async` method that streams returns a `Result`: write `HubResult<{stream}>`");
        return faults.at(&result.named.ident, message);
    }
    Parts { place: Place::Result, whole: ty, stream: Some(result.ty), faults }.visit_type(ty);
}

/// Methods of one Rust name or one wire name. Gives those that are wrong only if both are compiled.
pub(crate) fn names(methods: &mut Vec<Method>, faults: &mut Faults) -> Vec<Conflict> {
    let mut conflicts = Vec::new();
    let mut distinct: Vec<Method> = Vec::with_capacity(methods.len());
    for mut method in methods.drain(..) {
        let Some((first, message)) = distinct.iter().find_map(|first| Some((first, clash(first, &method)?)))
        else {
            distinct.push(method);
            continue;
        };
        let error = syn::Error::new(method.ident.span(), message);
        let same = first.ident.unraw() == method.ident.unraw();
        if first.cfgs.is_empty() && method.cfgs.is_empty() {
            faults.add(error);
            if same {
                continue;
            }
            method.has_constant = constant(&first.ident) != constant(&method.ident);
        } else if !same {
            // Of one Rust name: the compiler reports that itself if both are compiled.
            let cfgs = first.cfgs.iter().chain(&method.cfgs).cloned().collect();
            conflicts.push(Conflict { cfgs, error });
        }
        distinct.push(method);
    }
    *methods = distinct;
    conflicts
}

fn clash(first: &Method, second: &Method) -> Option<String> {
    let (one, two) = (first.ident.unraw(), second.ident.unraw());
    let (one_name, two_name) = (&first.wire_name, &second.wire_name);
    if one == two {
        return Some(format!("there is another method `{one}`: methods are not overloaded, rename one"));
    }
    if one_name == two_name {
        return Some(format!(
            "`{two}` and `{one}` are both `{one_name}` on the wire: give one of them another name, with \
             `#[signalr(name = \"…\")]`"
        ));
    }
    if one_name.eq_ignore_ascii_case(two_name) {
        return Some(format!(
            "`{two}` and `{one}` are `{two_name}` and `{one_name}` on the wire, and servers ignore case: give \
             one of them another name, with `#[signalr(name = \"…\")]`"
        ));
    }
    (constant(&one) == constant(&two))
        .then(|| format!("`{two}` and `{one}` would share the constant `{}`: rename one", constant(&one)))
}

/// The name of the constant for the method.
pub(crate) fn constant(method: &Ident) -> String {
    method.unraw().to_string().to_uppercase()
}

/// The wire name that was derived from the Rust name.
pub(crate) fn derived_name(method: &Ident, name: &str, faults: &mut Faults) {
    if name.is_empty() {
        faults.at(method, "no wire name can be made of this: write `#[signalr(name = \"…\")]`");
    }
}

/// The trait of `client = …` beside the names that are generated; false when it takes one of them.
pub(crate) fn client_name(ident: &Ident, client: Option<&Path>, faults: &mut Faults) -> bool {
    let Some(client) = client else { return true };
    let stub = format!("{}Client", ident.unraw());
    if client.get_ident().is_some_and(|client| *client == stub) {
        let message = format!(
            "the stub of `{ident}` is called `{stub}` too: rename one of the traits, for instance `{ident}` to \
             `{ident}Hub`"
        );
        faults.at(client, message);
        return false;
    }
    true
}

/// Whether the bound is one of those, or `'static`.
fn is_marker(bound: &TypeParamBound, traits: &[&str]) -> bool {
    match bound {
        TypeParamBound::Lifetime(lifetime) => is_static(lifetime),
        TypeParamBound::Trait(bound) => {
            bound.lifetimes.is_none()
                && bound.maybe.is_none()
                && traits.iter().any(|name| ends_with(&bound.path, name))
        }
        _ => false,
    }
}

fn ends_with(path: &Path, name: &str) -> bool {
    path.segments.last().is_some_and(|last| last.ident == name)
}

/// Whether the type is `impl Name<…>`.
fn names_impl(ty: &Type, name: &str) -> bool {
    matches!(plain(ty), Type::ImplTrait(ty) if has_bound(ty, name))
}

fn has_bound(ty: &TypeImplTrait, name: &str) -> bool {
    ty.bounds
        .iter()
        .any(|bound| matches!(bound, TypeParamBound::Trait(bound) if ends_with(&bound.path, name)))
}

fn is_static(lifetime: &Lifetime) -> bool {
    lifetime.ident == "static"
}

/// Where a type stands, which decides what to write instead.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// A parameter, without its outermost `&`.
    Parameter,
    /// A result, or an item of a stream of results.
    Result,
    /// An item of a stream parameter.
    Item,
}

/// Refuses what cannot be decoded, or does not mean the same on both sides.
pub(crate) fn value_type(place: Place, ty: &Type, faults: &mut Faults) {
    let message = match plain(ty) {
        Type::Path(path) if path.qself.is_none() && path.path.is_ident("str") => {
            "`str` has no size of its own: write `&str` for a parameter, or `String`"
        }
        Type::Slice(_) => "a slice has no size of its own: write `&[…]` for a parameter, or `Vec<…>`",
        Type::TraitObject(_) => {
            "a `dyn` type cannot be sent: name a type, for instance an `enum` of what it can be"
        }
        Type::Ptr(_) | Type::FnPtr(_) => "a pointer cannot be sent: send what it points to",
        Type::Never(_) => "`!` cannot be sent: every call is answered, or fails",
        _ => return Parts { place, whole: ty, stream: None, faults }.visit_type(ty),
    };
    faults.at(ty, message);
}

/// A stream that is written as a type of its own.
pub(crate) fn boxed_stream(ty: &Type, item: &Type, faults: &mut Faults) {
    let item = type_text(item);
    faults.at(
        ty,
        format_args!(
            "a stream is not named by a type here: write `impl Stream<Item = {item}>`, which may be boxed"
        ),
    );
}

/// Whether a value of the type would have no size of its own.
pub(crate) fn has_no_size(ty: &Type) -> bool {
    match plain(ty) {
        Type::Path(path) => path.path.is_ident("str") || path.path.is_ident("Self"),
        Type::Slice(_) | Type::TraitObject(_) => true,
        _ => false,
    }
}

/// The parts of a type.
struct Parts<'a> {
    place: Place,
    whole: &'a Type,
    /// The one that may be a stream.
    stream: Option<&'a Type>,
    faults: &'a mut Faults,
}

/// Makes of each reference within a type what it refers to, in its owned form.
struct Owned;

impl VisitMut for Owned {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::Reference(reference) = plain(ty) {
            *ty = match plain(&reference.elem) {
                Type::Path(path) if path.path.is_ident("str") => parse_quote!(String),
                Type::Slice(slice) => {
                    let element = &slice.elem;
                    parse_quote!(Vec<#element>)
                }
                elem => elem.clone(),
            };
            return self.visit_type_mut(ty);
        }
        visit_mut::visit_type_mut(self, ty);
    }
}

impl Visit<'_> for Parts<'_> {
    fn visit_type(&mut self, ty: &Type) {
        if !self.stream.is_some_and(|stream| std::ptr::eq(stream, ty)) {
            visit::visit_type(self, ty);
        }
    }

    fn visit_type_reference(&mut self, reference: &TypeReference) {
        let why = match self.place {
            Place::Parameter => "only a whole parameter can be borrowed, because it is decoded first",
            Place::Result => "a result cannot borrow, because it is sent away",
            Place::Item => "an item of a stream cannot borrow, because it is sent away",
        };
        let mut owned = self.whole.clone();
        Owned.visit_type_mut(&mut owned);
        self.faults.at(and(reference), format_args!("{why}: write `{}`", type_text(&owned)));
    }

    fn visit_type_impl_trait(&mut self, ty: &TypeImplTrait) {
        let message = if has_bound(ty, "Stream") {
            "a stream is a whole parameter, the whole result of a method that is not `async`, or what the `Result` of one \
             that is has in it"
        } else {
            match self.place {
                Place::Parameter => "name a type here: only a stream can be `impl Stream<Item = …>`",
                Place::Result | Place::Item => "name a type here: both sides must know it",
            }
        };
        self.faults.at(ty, message);
    }

    fn visit_type_infer(&mut self, _: &TypeInfer) {
        self.faults.leave_to_compiler();
    }

    fn visit_lifetime(&mut self, lifetime: &Lifetime) {
        if lifetime.ident == "_" {
            let message = match self.place {
                Place::Parameter => {
                    "arguments are decoded before the call and own their data: take a type without lifetimes"
                }
                Place::Result | Place::Item => "what is sent owns its data: use a type without lifetimes",
            };
            self.faults.at(lifetime, message);
        } else if !is_static(lifetime) {
            // Declared, and refused there; or not declared.
            self.faults.leave_to_compiler();
        }
    }

    fn visit_path(&mut self, path: &Path) {
        match path.segments.first() {
            Some(first) if first.ident == "Self" => {
                self.faults.at(&first.ident, "`Self` is a different type on each side: name the type");
            }
            _ => visit::visit_path(self, path),
        }
    }
}
