//! From the model to code.
//!
//! Everything besides the trait and the generated types stands in one anonymous constant, so that it adds no
//! name to the user's scope. Every name in it begins with two underscores, local variables too: a pattern that is
//! called like a unit struct or a constant of the user's would mean that. Inside, `__rt` is what the runtime keeps for
//! generated code, and `__Signature0` and so on are the private types that state the types of each method (`Method`,
//! `Param`, …): private, because the user's types may be less visible than the trait.

mod carried;
mod describe;
mod dispatch;
mod doc_text;
mod faulty;
mod proxy;
mod signatures;
mod stub;
#[cfg(test)]
mod tests;
pub(crate) mod trait_item;

use proc_macro2::{Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::{Path, Type};

use crate::attr;
use crate::attributes;
use crate::errors::Faults;
use crate::model::{Contract, Method, Param, ParamKind, Role, Soundness};
use crate::parse;

/// What an attribute is replaced by.
pub(crate) fn attribute(role: Role, options: TokenStream, item: &TokenStream) -> TokenStream {
    let mut faults = Faults::default();
    let user_trait = match parse::item(role, item, &mut faults) {
        Ok(user_trait) => user_trait,
        Err(error) => {
            let (item, error) = (attr::without_ours(item.clone()), error.to_compile_error());
            let faults = faults.finish();
            return quote!(#item #error #faults);
        }
    };
    let options = attr::of_trait(role, options, &mut faults);
    let contract = parse::contract(role, options, &user_trait, &mut faults);
    let faults = faults.finish();
    let emitted = trait_item::emit(&contract, user_trait);
    let generated = generated(&contract);
    quote! {
        #emitted
        #generated
        #faults
    }
}

fn generated(contract: &Contract) -> TokenStream {
    if contract.soundness == Soundness::NamesTaken {
        return TokenStream::new();
    }
    let Contract { conflicts, runtime, .. } = contract;
    let (carried, allowed) = (carried::of_contract(contract), carried::allowed());
    let marker = describe::marker(contract);
    let types = match contract.role {
        Role::Hub => stub::item(contract),
        Role::Client => proxy::items(contract),
    };
    let parts = [
        describe::impls(contract),
        signatures::impls(contract),
        dispatch::impls(contract),
        match contract.role {
            Role::Hub => stub::impls(contract),
            Role::Client => proxy::impls(contract),
        },
    ];
    let conflicts = conflicts.iter().map(|conflict| {
        let conditions = conflict.cfgs.iter().map(attributes::condition);
        let error = conflict.error.to_compile_error();
        quote!(#[cfg(all(#(#conditions),*))] #error)
    });
    quote! {
        #marker
        #types
        #carried
        #[doc(hidden)]
        #allowed
        const _: () = {
            use #runtime::__private as __rt;
            #(#parts)*
            #(#conflicts)*
        };
    }
}

/// The path of `name` in the runtime's part for generated code, for use outside the anonymous constant.
fn private(runtime: &Path, name: &str) -> TokenStream {
    let name = Ident::new(name, Span::call_site());
    quote!(#runtime::__private::#name)
}

/// The type that states the types of the method.
fn signature(method: &Method) -> Ident {
    format_ident!("__Signature{}", method.index)
}

/// The place of the parameter, as a type.
fn place(param: &Param) -> TokenStream {
    let index = param.index.to_string();
    let digits: Vec<_> = index.chars().map(|digit| format_ident!("P{digit}")).collect();
    match &*digits {
        [digit] => quote!(__rt::#digit),
        digits => quote!((#(__rt::#digits),*)),
    }
}

/// A number without a suffix, as a person would write it.
pub(crate) fn number(number: usize) -> Literal {
    Literal::usize_unsuffixed(number)
}

/// Adds a sentence to what the user wrote, or says it alone.
fn docs(method: &Method, sentence: &str) -> TokenStream {
    let docs = &method.docs;
    let sentence = doc_comment(sentence);
    if docs.is_empty() { sentence } else { quote!(#(#docs)* #[doc = ""] #sentence) }
}

/// What `///` makes of each line.
fn doc_comment(text: &str) -> TokenStream {
    let lines = text.lines().map(|line| if line.is_empty() { String::new() } else { format!(" {line}") });
    quote!(#(#[doc = #lines])*)
}

/// The arguments of a call that a stub or a proxy makes.
fn given(method: &Method) -> TokenStream {
    list(method.params.iter().map(|Param { ident, kind, .. }| match kind {
        ParamKind::Str | ParamKind::Slice(_) | ParamKind::Lent(_) => quote!(#ident),
        ParamKind::Owned(_) => quote!(&#ident),
        ParamKind::Stream { .. } => quote!(()),
    }))
}

/// The list of two is `(a, (b, ()))`.
fn list(items: impl DoubleEndedIterator<Item = TokenStream>) -> TokenStream {
    items.rev().fold(quote!(()), |others, item| quote!((#item, #others)))
}

/// A type as a person would write it on one line.
pub(crate) fn type_text(ty: &Type) -> String {
    let mut text = String::new();
    write_tokens(ty.to_token_stream(), &mut text);
    text
}

fn write_tokens(tokens: TokenStream, text: &mut String) {
    use proc_macro2::Delimiter;
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                write_tokens(group.stream(), text);
                text.truncate(text.trim_end().len());
                text.push_str(close);
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                ',' => text.push_str(", "),
                ';' => text.push_str("; "),
                '+' => text.push_str(" + "),
                '=' => text.push_str(" = "),
                '-' => text.push_str(" -"),
                other => text.push(other),
            },
            word => {
                if text.ends_with(|last: char| last.is_alphanumeric() || "_>".contains(last)) {
                    text.push(' ');
                }
                text.push_str(&word.to_string());
            }
        }
    }
}
