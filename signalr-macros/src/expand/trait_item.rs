//! The user's trait: the same names, methods and parameters, with futures and streams that are `Send`.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Block, FnArg, ItemTrait, Lifetime, Pat, PatIdent, Path, ReturnType, Signature, TraitItem, TraitItemFn,
    Type, TypeReference, parse_quote, parse_quote_spanned,
};

use super::private;
use crate::attr::is_ours;
use crate::attributes;
use crate::check;
use crate::faulty;
use crate::model::{Contract, Role};
use crate::parse::innermost;
use crate::stream_type::{StreamResult, StreamType, with_stream};

/// Writes the trait. Also one that has faults: the rest of the crate, and the editor, still need it.
///
/// What has been refused is mended where the compiler would refuse it once more.
pub(crate) fn emit(contract: &Contract, mut item: ItemTrait) -> TokenStream {
    let Contract { role, runtime, faulty, .. } = contract;
    item.attrs.retain(|attr| !is_ours(attr) && !check::is_async_trait(attr) && !check::is_contract(attr));
    let (send, sync) = bounds_at(runtime, item.ident.span());
    let user_bounds = std::mem::replace(&mut item.supertraits, parse_quote!(#send + #sync));
    item.supertraits.extend(user_bounds);
    item.colon_token.get_or_insert_default();

    let (mut seen, mut index) = (Vec::new(), 0..);
    item.items.retain_mut(|item| match (item, index.next()) {
        (TraitItem::Fn(method), index) => {
            let again = !attributes::has(&method.attrs, "cfg") && seen.contains(&method.sig.ident.unraw());
            seen.push(method.sig.ident.unraw());
            let refused = faulty.iter().any(|faulty| Some(faulty.index) == index);
            self::method(runtime, method, refused);
            if *role == Role::Client {
                // So that `dyn ChatClient` is a type, which leads to the contract of the trait (`ClientTrait`).
                require_size(runtime, &mut method.sig);
            }
            !again
        }
        _ => true,
    });
    if item.generics.params.is_empty() { with_empty_generics(&item) } else { item.into_token_stream() }
}

/// Writes `trait ChatHub<>`.
///
/// About an unknown type in a result the compiler says in a trait, and nowhere else, "you might be missing a
/// type parameter". That is no help here, and makes its message differ from the one about the same token
/// in the code beside the trait, so that both are shown. It does not say so where the generics come from a
/// macro.
fn with_empty_generics(item: &ItemTrait) -> TokenStream {
    let mut tokens = TokenStream::new();
    let mut name_is_next = false;
    for token in item.to_token_stream() {
        let is_name =
            std::mem::replace(&mut name_is_next, matches!(&token, TokenTree::Ident(word) if word == "trait"));
        tokens.extend([token]);
        if is_name {
            tokens.extend(quote!(<>));
        }
    }
    tokens
}

fn require_size(runtime: &Path, signature: &mut Signature) {
    let sized = private(runtime, "Sized");
    signature.generics.make_where_clause().predicates.push(parse_quote!(Self: #sized));
}

fn method(runtime: &Path, method: &mut TraitItemFn, refused: bool) {
    method.attrs.retain(|attr| !is_ours(attr) && !attributes::hides(attr, "signalr"));
    if method.default.is_none() {
        method.sig.inputs.iter_mut().enumerate().for_each(name_parameter);
    }
    if let Some(body) = &method.default {
        if method.sig.asyncness.is_some() {
            method.default = Some(async_body(runtime, &method.sig.output, body));
        }
    } else if refused && let Some(body) = faulty::body(runtime, &method.sig) {
        // What implements the trait does without it.
        method.attrs.push(parse_quote!(#[allow(unused, clippy::all, clippy::pedantic)]));
        method.default = Some(body);
        if faulty::takes_self(&method.sig) {
            require_size(runtime, &mut method.sig);
        }
    }
    method.sig = signature(runtime, &method.sig);
}

/// `async fn f() -> R { body }` returns a future that runs `body`.
///
/// An `async` block does not say its type. It is that of its first `return`, which is never reached.
fn async_body(runtime: &Path, output: &ReturnType, body: &Block) -> Block {
    let ReturnType::Type(_, ty) = output else {
        return parse_quote_spanned!(body.brace_token.span.join()=> { async move #body });
    };
    let (option, statements) = (private(runtime, "Option"), &body.stmts);
    if StreamResult::of(ty).is_some() {
        return opening_body(runtime, ty, body);
    }
    parse_quote_spanned! {body.brace_token.span.join()=>
        {
            async move {
                if let #option::Some(__returned) = #option::None::<#ty> {
                    return __returned;
                }
                #(#statements)*
            }
        }
    }
}

/// The same where the type cannot be said, because there is an `impl Stream` in it: its error can.
fn opening_body(runtime: &Path, ty: &Type, body: &Block) -> Block {
    let private = quote!(#runtime::__private);
    let (result, statements) = (with_stream(ty, parse_quote!(())), &body.stmts);
    parse_quote_spanned! {body.brace_token.span.join()=>
        {
            async move {
                if let #private::Option::Some(__error) =
                    #private::Option::None::<<#result as #private::ErrorOf>::Error>
                {
                    return #private::Result::Err(__error);
                }
                #(#statements)*
            }
        }
    }
}

/// A method without a body has no patterns.
fn name_parameter((index, input): (usize, &mut FnArg)) {
    let FnArg::Typed(input) = input else { return };
    let name = match &*input.pat {
        Pat::Ident(PatIdent { by_ref: None, mutability: None, subpat: None, .. }) => return,
        Pat::Ident(pat) => pat.ident.clone(),
        _ => format_ident!("argument_{index}"),
    };
    *input.pat = parse_quote!(#name);
}

/// The signature of a method in the trait.
pub(crate) fn signature(runtime: &Path, signature: &Signature) -> Signature {
    let mut signature = signature.clone();
    signature.constness = None;
    for input in &mut signature.inputs {
        match input {
            FnArg::Receiver(receiver) => receiver.attrs.retain(|attr| !is_ours(attr)),
            FnArg::Typed(input) => {
                input.attrs.retain(|attr| !is_ours(attr));
                make_send(runtime, &mut input.ty);
                OwnedItems.visit_type_mut(&mut input.ty);
            }
        }
    }
    if let Some(asyncness) = signature.asyncness.take() {
        if let ReturnType::Type(_, ty) = &mut signature.output
            && let Some(stream) = StreamResult::stream_of(ty)
        {
            make_send(runtime, stream);
        }
        let (output, span) = match &signature.output {
            ReturnType::Default => (quote_spanned!(asyncness.span=> ()), asyncness.span),
            ReturnType::Type(_, ty) => (ty.to_token_stream(), ty.span()),
        };
        let (future, send) = (private_at(runtime, "Future", span), private_at(runtime, "Send", span));
        let future = quote_spanned!(span=> impl #future<Output = #output> + #send);
        signature.output = parse_quote!(-> #future);
    } else if let ReturnType::Type(_, ty) = &mut signature.output {
        make_send(runtime, ty);
    }
    signature
}

/// `Send` and `Sync` at the token that they belong to: messages about them point there.
fn bounds_at(runtime: &Path, span: Span) -> (TokenStream, TokenStream) {
    (private_at(runtime, "Send", span), private_at(runtime, "Sync", span))
}

fn private_at(runtime: &Path, name: &str, span: Span) -> TokenStream {
    let respan = |mut token: TokenTree| {
        token.set_span(token.span().located_at(span));
        token
    };
    private(runtime, name).into_iter().map(respan).collect()
}

/// `impl Stream` gains `+ Send`.
fn make_send(runtime: &Path, ty: &mut Type) {
    if StreamType::of(ty).is_some_and(|stream| !stream.is_send())
        && let Type::ImplTrait(ty) = innermost(ty)
    {
        let send = private_at(runtime, "Send", ty.span());
        ty.bounds.push(parse_quote!(#send));
    }
}

/// References in `impl Trait` parameters.
struct OwnedItems;

impl VisitMut for OwnedItems {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        match ty {
            Type::ImplTrait(ty) => StaticReferences.visit_type_impl_trait_mut(ty),
            _ => visit_mut::visit_type_mut(self, ty),
        }
    }
}

struct StaticReferences;

impl VisitMut for StaticReferences {
    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        let span = reference.and_token.spans[0];
        reference.lifetime.get_or_insert_with(|| Lifetime::new("'static", span));
        visit_mut::visit_type_reference_mut(self, reference);
    }
}
