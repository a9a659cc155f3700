//! The user's trait: the same names, methods and parameters, with futures and streams that are `Send`.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{
    Block, FnArg, ItemTrait, Pat, PatIdent, Path, ReturnType, Signature, TraitItem, TraitItemFn, Type,
    parse_quote, parse_quote_spanned,
};

use super::private;
use crate::attr::is_ours;
use crate::parse::StreamType;

/// Writes the trait. Also one that has faults: the rest of the crate, and the editor, still need it.
pub(crate) fn emit(runtime: &Path, mut item: ItemTrait) -> TokenStream {
    let (send, sync) = (private(runtime, "Send"), private(runtime, "Sync"));
    item.attrs.retain(|attr| !is_ours(attr));
    item.colon_token.get_or_insert_default();
    let user_bounds = std::mem::take(&mut item.supertraits);
    item.supertraits = parse_quote!(#send + #sync + 'static);
    item.supertraits.extend(user_bounds);

    let mut seen = Vec::new();
    item.items.retain_mut(|item| match item {
        TraitItem::Fn(method) => {
            // The second of one name has been refused already.
            let again = method.attrs.iter().all(|attr| !attr.path().is_ident("cfg"))
                && seen.contains(&method.sig.ident.unraw());
            seen.push(method.sig.ident.unraw());
            self::method(runtime, method);
            !again
        }
        _ => true,
    });
    item.into_token_stream()
}

fn method(runtime: &Path, method: &mut TraitItemFn) {
    method.attrs.retain(|attr| !is_ours(attr));
    if method.sig.asyncness.is_some()
        && let Some(body) = method.default.take()
    {
        method.default = Some(async_body(&body));
    }
    method.sig = signature(runtime, &method.sig);
}

/// `async fn f() { body }` returns a future that runs `body`.
fn async_body(body: &Block) -> Block {
    parse_quote_spanned!(body.brace_token.span.join()=> { async move #body })
}

/// The signature of a method in the trait.
pub(crate) fn signature(runtime: &Path, signature: &Signature) -> Signature {
    let mut signature = signature.clone();
    // Refused; if they were written, the compiler would report them once more.
    signature.constness = None;
    for (index, input) in signature.inputs.iter_mut().enumerate() {
        match input {
            FnArg::Receiver(receiver) => receiver.attrs.retain(|attr| !is_ours(attr)),
            FnArg::Typed(input) => {
                input.attrs.retain(|attr| !is_ours(attr));
                name(&mut input.pat, index);
                make_send(runtime, &mut input.ty);
            }
        }
    }
    if let Some(asyncness) = signature.asyncness.take() {
        let output = match &signature.output {
            ReturnType::Default => quote_spanned!(asyncness.span=> ()),
            ReturnType::Type(_, ty) => ty.to_token_stream(),
        };
        let span = match &signature.output {
            ReturnType::Default => asyncness.span,
            ReturnType::Type(_, ty) => ty.span(),
        };
        let (future, send) = (private(runtime, "Future"), private(runtime, "Send"));
        let future = quote_spanned!(span=> impl #future<Output = #output> + #send);
        signature.output = parse_quote!(-> #future);
    } else if let ReturnType::Type(_, ty) = &mut signature.output {
        make_send(runtime, ty);
    }
    signature
}

/// A pattern has been refused; the compiler would refuse it once more.
fn name(pat: &mut Pat, index: usize) {
    let replacement = match pat {
        Pat::Ident(PatIdent { by_ref: None, mutability: None, subpat: None, .. }) => return,
        Pat::Ident(pat) => pat.ident.clone(),
        _ => format_ident!("argument_{index}"),
    };
    *pat = parse_quote!(#replacement);
}

/// `impl Stream` gains `+ Send`.
fn make_send(runtime: &Path, ty: &mut Type) {
    if StreamType::of(ty).is_some_and(|stream| !stream.is_send())
        && let Type::ImplTrait(ty) = innermost(ty)
    {
        let send = private(runtime, "Send");
        ty.bounds.push(parse_quote!(#send));
    }
}

fn innermost(ty: &mut Type) -> &mut Type {
    match ty {
        Type::Group(group) => innermost(&mut group.elem),
        Type::Paren(paren) => innermost(&mut paren.elem),
        other => other,
    }
}
