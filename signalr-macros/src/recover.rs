//! Reads a trait in which something cannot be read: what stands beside it is kept.
//!
//! The compiler has read the trait before, and has reported what it could not read. Nothing is reported here.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::quote;
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, ItemTrait, Signature, TraitItem, Visibility, parse_quote, token};

use crate::errors::Faults;

/// Reads the trait without the items that cannot be read. None if what stands before its braces cannot be read.
pub(crate) fn item(tokens: &TokenStream, faults: &mut Faults) -> Option<ItemTrait> {
    let mut head: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let TokenTree::Group(body) = head.pop()? else { return None };
    if body.delimiter() != Delimiter::Brace {
        return None;
    }
    let mut item: ItemTrait = syn::parse2(quote!(#(#head)* {})).ok()?;
    item.brace_token = token::Brace { span: body.delim_span() };
    let read = |input: ParseStream| Ok(items(input, faults));
    item.items = read.parse2(body.stream()).ok()?;
    Some(item)
}

fn items(input: ParseStream, faults: &mut Faults) -> Vec<TraitItem> {
    let mut items = Vec::new();
    while !input.is_empty() {
        if let Some(item) = attempt(input, TraitItem::parse) {
            items.push(item);
            continue;
        }
        faults.leave_to_compiler();
        match attempt(input, without_end) {
            Some(item) => items.push(item),
            None => skip(input),
        }
    }
    items
}

/// Moves past the item if it can be read.
fn attempt(input: ParseStream, read: fn(ParseStream) -> syn::Result<TraitItem>) -> Option<TraitItem> {
    let ahead = input.fork();
    let item = read(&ahead).ok()?;
    input.advance_to(&ahead);
    Some(item)
}

/// A method with nothing behind its signature: neither `;` nor a body.
fn without_end(input: ParseStream) -> syn::Result<TraitItem> {
    let attrs = input.call(Attribute::parse_outer)?;
    let _: Visibility = input.parse()?;
    let signature: Signature = input.parse()?;
    Ok(parse_quote!(#(#attrs)* #signature;))
}

/// Passes over an item: to behind its `;` or its braces.
fn skip(input: ParseStream) {
    while let Ok(token) = input.parse::<TokenTree>() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ';' => return,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return,
            _ => {}
        }
    }
}
