//! The text of `#[doc]` attributes, as the description of a method has it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// An expression for the text, line by line. What `cfg_attr` holds is not in it.
pub(super) fn doc_text(docs: &[Attribute]) -> TokenStream {
    let mut parts = Vec::new();
    for doc in docs {
        let Meta::NameValue(doc) = &doc.meta else { continue };
        parts.push(Part::of(&doc.value));
    }
    let lines: Option<Vec<&str>> = parts.iter().map(Part::as_line).collect();
    if let Some(lines) = lines {
        let text = lines.join("\n");
        return quote!(#text);
    }
    let parts = parts.iter().enumerate().map(|(index, part)| {
        let separator = (index > 0).then(|| quote!("\n",));
        match part {
            Part::Line(line) => quote!(#separator #line),
            Part::Expression(value) => quote!(#separator #value),
        }
    });
    quote!(__rt::concat!(#(#parts),*))
}

/// The value of one attribute.
enum Part<'a> {
    Line(String),
    /// `concat!`, `include_str!` and their like: known to the compiler only.
    Expression(&'a Expr),
}

impl<'a> Part<'a> {
    fn of(value: &'a Expr) -> Self {
        match value {
            Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) => {
                let line = line.value();
                Self::Line(line.strip_prefix(' ').map(str::to_owned).unwrap_or(line))
            }
            Expr::Group(group) => Self::of(&group.expr),
            Expr::Paren(paren) => Self::of(&paren.expr),
            other => Self::Expression(other),
        }
    }

    fn as_line(&self) -> Option<&str> {
        match self {
            Self::Line(line) => Some(line),
            Self::Expression(_) => None,
        }
    }
}
