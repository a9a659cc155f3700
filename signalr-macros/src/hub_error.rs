//! `#[derive(HubError)]`: an enum of errors, whose variants are codes on the wire.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Attribute, Data, DeriveInput, Fields, Member, Type};

use crate::attr::{self, is_ours};
use crate::attributes::named;
use crate::errors::Faults;
use crate::expand::number;

/// What the derive adds to the enum.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut faults = Faults::default();
    let runtime = attr::of_error(&input.attrs, &mut faults);
    let error = ErrorType::read(&input, &mut faults);
    let is_sound = faults.count() == 0;
    let faults = faults.finish();
    if !input.generics.params.is_empty() {
        return faults;
    }
    let impls = match &error {
        Some(error) if is_sound => error.impls(),
        _ => refused(&input.ident),
    };
    quote! {
        #faults
        #[doc(hidden)]
        #[allow(deprecated, clippy::all, clippy::nursery, clippy::pedantic, clippy::restriction)]
        const _: () = {
            use #runtime::__private as __rt;
            #impls
        };
    }
}

struct ErrorType {
    ident: Ident,
    variants: Vec<Variant>,
    /// The variant for every other error.
    other: Other,
}

struct Other {
    ident: Ident,
    member: Member,
}

struct Variant {
    index: usize,
    ident: Ident,
    code: String,
    cfgs: Vec<Attribute>,
    fields: Vec<Field>,
}

struct Field {
    index: usize,
    member: Member,
    name: String,
    ty: Type,
}

impl ErrorType {
    fn read(input: &DeriveInput, faults: &mut Faults) -> Option<Self> {
        let Data::Enum(data) = &input.data else {
            faults.at(
                &input.ident,
                "`#[derive(HubError)]` goes on an `enum`: each variant is a code of its own",
            );
            return None;
        };
        if !input.generics.params.is_empty() {
            let message =
                "an error of a contract cannot have generics or lifetimes: both sides know its types";
            faults.at(&input.generics.params, message);
        }
        let (mut variants, mut other): (Vec<Variant>, Option<Other>) = (Vec::new(), None);
        for (index, variant) in data.variants.iter().enumerate() {
            let options = attr::of_variant(&variant.attrs, faults);
            let mut fields = variant.fields.iter().zip(variant.fields.members()).enumerate();
            for attr in variant.fields.iter().flat_map(|field| &field.attrs).filter(|attr| is_ours(attr)) {
                faults.at(attr, "`#[signalr]` belongs on the enum or a variant: a field has no options");
            }
            if let Some(flag) = options.other {
                let member = match (&variant.fields, fields.next(), &other) {
                    (Fields::Unnamed(_), Some((_, (_, member))), None) if variant.fields.len() == 1 => member,
                    (_, _, Some(first)) => {
                        let message =
                            format!("`{}` stands for every other error already: remove this", first.ident);
                        faults.at(flag, message);
                        continue;
                    }
                    _ => {
                        let message = format!(
                            "every other error is kept as it is: write `{}(HubError)`",
                            variant.ident
                        );
                        faults.at(&variant.ident, message);
                        continue;
                    }
                };
                other = Some(Other { ident: variant.ident.clone(), member });
                continue;
            }
            let code = options.code.map_or_else(|| variant.ident.unraw().to_string(), |code| code.value());
            if let Some(first) = variants.iter().find(|first| first.code == code && first.cfgs.is_empty()) {
                let message = format!(
                    "`{}` and `{}` are both `{code}` on the wire: rename one",
                    variant.ident, first.ident
                );
                faults.at(&variant.ident, message);
            }
            let fields = fields.map(|(index, (field, member))| Field {
                index,
                name: match &member {
                    Member::Named(name) => name.unraw().to_string(),
                    Member::Unnamed(place) => place.index.to_string(),
                },
                member,
                ty: field.ty.clone(),
            });
            variants.push(Variant {
                index,
                ident: variant.ident.clone(),
                code,
                cfgs: named(&variant.attrs, "cfg"),
                fields: fields.collect(),
            });
        }
        if other.is_none() && faults.count() == 0 {
            let message =
                "a call can fail in other ways as well: add a variant `#[signalr(other)] Call(HubError)`";
            faults.at(&input.ident, message);
        }
        Some(Self { ident: input.ident.clone(), variants, other: other? })
    }

    fn impls(&self) -> TokenStream {
        let Self { ident, variants, other } = self;
        let Other { ident: other, member } = other;
        let types = variants.iter().flat_map(Variant::types);
        let written = variants.iter().map(|variant| variant.written(ident));
        let read = variants.iter().map(|variant| variant.read(ident));
        // At the name of the enum: this asks it for `Display`.
        let text = quote_spanned!(ident.span()=> __rt::error_text(&__error));
        quote! {
            enum __Fields {}
            #(#types)*

            impl __rt::From<#ident> for __rt::HubError {
                fn from(__error: #ident) -> Self {
                    let __text = #text;
                    match __error {
                        #ident::#other { #member: __other } => __rt::From::from(__other),
                        #(#written)*
                    }
                }
            }

            impl __rt::From<__rt::HubError> for #ident {
                fn from(__error: __rt::HubError) -> Self {
                    match __known(&__error) {
                        __rt::Option::Some(__known) => __known,
                        __rt::Option::None => #ident::#other { #member: __rt::From::from(__error) },
                    }
                }
            }

            fn __known(__error: &__rt::HubError) -> __rt::Option<#ident> {
                let __reader = __rt::ErrorReader::new(__error)?;
                match __rt::ErrorReader::code(&__reader) {
                    #(#read)*
                    _ => __rt::Option::None,
                }
            }
        }
    }
}

impl Variant {
    fn types(&self) -> impl Iterator<Item = TokenStream> {
        let (v, cfgs) = (number(self.index), &self.cfgs);
        self.fields.iter().map(move |Field { index, ty, .. }| {
            let f = number(*index);
            quote! {
                #(#cfgs)*
                impl __rt::ErrorField<#v, #f> for __Fields {
                    type Value = #ty;
                }
            }
        })
    }

    fn written(&self, error: &Ident) -> TokenStream {
        let Self { index, ident, code, cfgs, fields } = self;
        let v = number(*index);
        let pattern = fields.iter().map(|field| {
            let (member, local) = (&field.member, local(field));
            quote!(#member: #local)
        });
        let fields = fields.iter().map(|field| {
            let (f, name, local) = (number(field.index), &field.name, local(field));
            quote!(.field::<__Fields, #v, #f>(#name, &#local))
        });
        quote! {
            #(#cfgs)*
            #error::#ident { #(#pattern),* } => __rt::ErrorWriter::new(__text, #code)#(#fields)*.finish(),
        }
    }

    fn read(&self, error: &Ident) -> TokenStream {
        let Self { index, ident, code, cfgs, fields } = self;
        let v = number(*index);
        let fields = fields.iter().map(|field| {
            let (f, name, member) = (number(field.index), &field.name, &field.member);
            quote!(#member: __rt::ErrorReader::field::<__Fields, #v, #f>(&__reader, #name)?)
        });
        quote! {
            #(#cfgs)*
            #code => __rt::Option::Some(#error::#ident { #(#fields),* }),
        }
    }
}

fn local(field: &Field) -> Ident {
    format_ident!("__field_{}", field.index)
}

/// For an enum that has been refused: what uses it is not refused as well.
fn refused(ident: &Ident) -> TokenStream {
    quote! {
        impl __rt::From<#ident> for __rt::HubError {
            fn from(_: #ident) -> Self {
                __rt::refused()
            }
        }

        impl __rt::From<__rt::HubError> for #ident {
            fn from(_: __rt::HubError) -> Self {
                __rt::refused()
            }
        }
    }
}
