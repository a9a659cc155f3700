//! Attributes of the user's items, those within `cfg_attr` among them.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Path, Token, parse_quote};

/// The attributes of that name. Of a `cfg_attr`, what it holds of that name.
pub(crate) fn named(attrs: &[Attribute], name: &str) -> Vec<Attribute> {
    select(attrs, &|meta| meta.path().is_ident(name).then(|| meta.clone()))
}

/// Whether there is one of that name, also within `cfg_attr`.
pub(crate) fn has(attrs: &[Attribute], name: &str) -> bool {
    !named(attrs, name).is_empty()
}

/// Whether this is a `cfg_attr` that holds an attribute of that name.
pub(crate) fn hides(attr: &Attribute, name: &str) -> bool {
    attr.path().is_ident("cfg_attr") && has(std::slice::from_ref(attr), name)
}

/// The lint levels, as the code that is generated for the item carries them.
///
/// There, what is expected may not happen, and what is forbidden may be allowed where it cannot be avoided.
pub(crate) fn lint_levels(attrs: &[Attribute]) -> Vec<Attribute> {
    select(attrs, &|meta| {
        let level = LEVELS.iter().find(|level| meta.path().is_ident(level.written))?;
        let mut meta = meta.clone();
        if let Meta::List(list) = &mut meta {
            list.path = Path::from(proc_macro2::Ident::new(level.carried, path_span(&list.path)));
        }
        Some(meta)
    })
}

/// Whether one of the lint levels does more than to allow.
pub(crate) fn are_strict(levels: &[Attribute]) -> bool {
    LEVELS.iter().any(|level| level.carried != "allow" && has(levels, level.carried))
}

struct Level {
    written: &'static str,
    carried: &'static str,
}

const LEVELS: [Level; 5] = [
    Level { written: "allow", carried: "allow" },
    Level { written: "expect", carried: "allow" },
    Level { written: "warn", carried: "warn" },
    Level { written: "deny", carried: "deny" },
    Level { written: "forbid", carried: "deny" },
];

fn path_span(path: &Path) -> proc_macro2::Span {
    path.segments.first().map_or_else(proc_macro2::Span::call_site, |segment| segment.ident.span())
}

/// The condition under which a `cfg` or `cfg_attr` attribute lets its item be compiled.
pub(crate) fn condition(attr: &Attribute) -> TokenStream {
    meta_condition(&attr.meta)
}

fn meta_condition(meta: &Meta) -> TokenStream {
    if let Some((condition, attributes)) = conditional(meta) {
        let then = attributes.iter().map(meta_condition);
        return quote!(any(not(#condition), all(#(#then),*)));
    }
    match meta {
        Meta::List(list) => list.tokens.clone(),
        _ => TokenStream::new(),
    }
}

/// What `pick` makes of each attribute; a `cfg_attr` is kept around what it makes of those within.
fn select(attrs: &[Attribute], pick: &dyn Fn(&Meta) -> Option<Meta>) -> Vec<Attribute> {
    let picked = |attr: &Attribute| Some(Attribute { meta: select_meta(&attr.meta, pick)?, ..attr.clone() });
    attrs.iter().filter_map(picked).collect()
}

fn select_meta(meta: &Meta, pick: &dyn Fn(&Meta) -> Option<Meta>) -> Option<Meta> {
    let Some((condition, attributes)) = conditional(meta) else { return pick(meta) };
    let picked: Vec<_> = attributes.iter().filter_map(|meta| select_meta(meta, pick)).collect();
    (!picked.is_empty()).then(|| parse_quote!(cfg_attr(#condition, #(#picked),*)))
}

/// The condition and the attributes of a `cfg_attr`.
fn conditional(meta: &Meta) -> Option<(TokenStream, Vec<Meta>)> {
    let list = meta.require_list().ok().filter(|list| list.path.is_ident("cfg_attr"))?;
    let mut tokens = list.tokens.clone().into_iter();
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    let condition = tokens.by_ref().take_while(|token| !is_comma(token)).collect();
    let attributes = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(tokens.collect()).ok()?;
    Some((condition, attributes.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use quote::{ToTokens, quote};
    use syn::parse_quote;

    use super::*;

    fn text(attrs: &[Attribute]) -> String {
        quote!(#(#attrs)*).to_string()
    }

    #[test]
    fn paths_are_looked_at_and_not_texts() {
        for attr in [
            parse_quote!(#[cfg_attr(docsrs, doc(cfg(feature = "x")))]),
            parse_quote!(#[cfg_attr(all(), doc = "of cfg and signalr")]),
            parse_quote!(#[cfg_attr(cfg, doc = include_str!("cfg.md"))]),
            parse_quote!(#[cfg(signalr)]),
        ] {
            let attr: Attribute = attr;
            assert!(!hides(&attr, "cfg") && !hides(&attr, "signalr"), "{}", attr.to_token_stream());
        }
        let nested: Attribute = parse_quote!(#[cfg_attr(a, doc = "x", cfg_attr(b, signalr(name = "N")))]);
        assert!(hides(&nested, "signalr") && !hides(&nested, "cfg"));
    }

    #[test]
    fn a_part_of_a_cfg_attr_is_kept_under_its_condition() {
        let attrs: Vec<Attribute> = parse_quote! {
            #[doc = "one"]
            #[cfg_attr(feature = "x", deprecated, doc = "two", cfg_attr(y, deprecated(note = "z")))]
            #[deprecated]
        };
        let expected: Vec<Attribute> = parse_quote! {
            #[cfg_attr(feature = "x", deprecated, cfg_attr(y, deprecated(note = "z")))]
            #[deprecated]
        };
        assert_eq!(text(&named(&attrs, "deprecated")), text(&expected));
    }

    #[test]
    fn what_is_expected_or_forbidden_of_the_item_is_not_of_what_is_generated() {
        let attrs: Vec<Attribute> = parse_quote! {
            #[expect(a, reason = "r")] #[forbid(b)] #[warn(c)] #[cfg_attr(x, expect(d), must_use)] #[inline]
        };
        let expected: Vec<Attribute> = parse_quote! {
            #[allow(a, reason = "r")] #[deny(b)] #[warn(c)] #[cfg_attr(x, allow(d))]
        };
        let levels = lint_levels(&attrs);
        assert_eq!(text(&levels), text(&expected));
        assert!(are_strict(&levels));
        assert!(!are_strict(&lint_levels(&[parse_quote!(#[expect(a)])])));
    }

    #[test]
    fn a_condition_says_when_the_item_is_there() {
        let attr: Attribute = parse_quote!(#[cfg_attr(unix, cfg(feature = "x"), cfg(test))]);
        let expected = quote!(any(not(unix), all(feature = "x", test)));
        let [cfg] = &named(&[attr], "cfg")[..] else { panic!("one attribute") };
        assert_eq!(condition(cfg).to_string(), expected.to_string());
        assert_eq!(condition(&parse_quote!(#[cfg(test)])).to_string(), "test");
    }
}
