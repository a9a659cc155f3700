//! The options of the attributes: `#[hub(…)]`, `#[client_proxy(…)]` and `#[signalr(…)]` on a method.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Ident, LitStr, Meta, Path, PathArguments, Token, parse_quote};

use crate::case::Case;
use crate::errors::Faults;
use crate::model::Role;

/// What `#[hub(…)]` or `#[client_proxy(…)]` says.
pub(crate) struct TraitOptions {
    pub(crate) client: Option<Path>,
    pub(crate) case: Case,
    pub(crate) runtime: Path,
}

/// What `#[signalr(…)]` says about a method.
#[derive(Default)]
pub(crate) struct MethodOptions {
    pub(crate) name: Option<LitStr>,
}

/// One key that an attribute takes, and how it is written.
struct Key {
    name: &'static str,
    example: &'static str,
}

const CLIENT: Key = Key { name: "client", example: "client = ChatClient" };
const CRATE: Key = Key { name: "crate", example: "crate = path::to::signalr_runtime" };
const RENAME_ALL: Key = Key { name: "rename_all", example: r#"rename_all = "camelCase""# };
const CODE: Key = Key { name: "code", example: r#"code = "RoomFull""# };
const OTHER: Key = Key { name: "other", example: "other" };
const NAME: Key = Key { name: "name", example: r#"name = "SendMessage""# };

/// Reads the options of the attribute itself.
pub(crate) fn of_trait(role: Role, options: TokenStream, faults: &mut Faults) -> TraitOptions {
    let keys: &[Key] = match role {
        Role::Hub => &[CLIENT, CRATE, RENAME_ALL],
        Role::Client => &[CRATE, RENAME_ALL],
    };
    let mut read =
        TraitOptions { client: None, case: Case::default(), runtime: parse_quote!(::signalr_runtime) };
    let mut list = OptionList::new(role.attribute(), keys);
    for part in split(options) {
        let Some(option) = list.next(part, faults) else { continue };
        match option.key.name {
            "client" => read.client = option.value(plain_path, faults).or(read.client),
            "crate" => read.runtime = option.value(runtime_path, faults).unwrap_or(read.runtime),
            _ => read.case = option.value(case, faults).unwrap_or(read.case),
        }
    }
    read
}

/// Reads every `#[signalr(…)]` of a method.
pub(crate) fn of_method(attrs: &[Attribute], faults: &mut Faults) -> MethodOptions {
    let mut read = MethodOptions::default();
    each(attrs, &[NAME], faults, |option, faults| {
        read.name = option.value(wire_name, faults).or(read.name.take());
    });
    read
}

/// Reads every `#[signalr(…)]` of an enum with `#[derive(HubError)]`: gives the path of the runtime.
pub(crate) fn of_error(attrs: &[Attribute], faults: &mut Faults) -> Path {
    let mut runtime = parse_quote!(::signalr_runtime);
    each(attrs, &[CRATE], faults, |option, faults| {
        if let Some(path) = option.value(runtime_path, faults) {
            runtime = path;
        }
    });
    runtime
}

/// What `#[signalr(…)]` says about a variant.
#[derive(Default)]
pub(crate) struct VariantOptions {
    pub(crate) code: Option<LitStr>,
    /// Where it is said that it stands for every other error.
    pub(crate) other: Option<Ident>,
}

/// Reads every `#[signalr(…)]` of a variant.
pub(crate) fn of_variant(attrs: &[Attribute], faults: &mut Faults) -> VariantOptions {
    let mut read = VariantOptions::default();
    each(attrs, &[CODE, OTHER], faults, |option, faults| match option.key.name {
        "other" => read.other = option.flag(faults).or(read.other.take()),
        _ => read.code = option.value(code, faults).or(read.code.take()),
    });
    read
}

/// Reads each option of every `#[signalr(…)]` among `attrs`.
fn each(
    attrs: &[Attribute],
    keys: &[Key],
    faults: &mut Faults,
    mut read: impl FnMut(OptionRead<'_>, &mut Faults),
) {
    let mut list = OptionList::new("#[signalr]", keys);
    for attr in attrs.iter().filter(|attr| is_ours(attr)) {
        let options = match &attr.meta {
            Meta::List(list) if !list.tokens.is_empty() => list.tokens.clone(),
            _ => {
                let example = keys.first().map_or("…", |key| key.example);
                faults.at(
                    attr,
                    format_args!("`#[signalr]` says nothing: write `#[signalr({example})]`, or remove it"),
                );
                continue;
            }
        };
        for part in split(options) {
            if let Some(option) = list.next(part, faults) {
                read(option, faults);
            }
        }
    }
}

/// Whether this is the helper attribute, which must not be left in the code.
pub(crate) fn is_ours(attr: &Attribute) -> bool {
    attr.path().is_ident("signalr")
}

/// The tokens without the helper attribute, wherever it stands: no attribute reads it where there is no trait.
pub(crate) fn without_ours(tokens: TokenStream) -> TokenStream {
    let mut tokens = tokens.into_iter().peekable();
    let mut kept = Vec::new();
    while let Some(token) = tokens.next() {
        let is_pound = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '#');
        if is_pound && tokens.next_if(is_our_bracket).is_some() {
            continue;
        }
        kept.push(match token {
            TokenTree::Group(group) => {
                let mut stripped = Group::new(group.delimiter(), without_ours(group.stream()));
                stripped.set_span(group.span());
                TokenTree::Group(stripped)
            }
            other => other,
        });
    }
    kept.into_iter().collect()
}

/// `[signalr…]`
fn is_our_bracket(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else { return false };
    let first = group.stream().into_iter().next();
    group.delimiter() == Delimiter::Bracket
        && matches!(first, Some(TokenTree::Ident(word)) if word == "signalr")
}

/// The options of one attribute, each at most once.
struct OptionList<'k> {
    attribute: &'static str,
    keys: &'k [Key],
    seen: Vec<&'static str>,
}

struct OptionRead<'k> {
    key: &'k Key,
    ident: Ident,
    value: TokenStream,
}

impl<'k> OptionList<'k> {
    fn new(attribute: &'static str, keys: &'k [Key]) -> Self {
        Self { attribute, keys, seen: Vec::new() }
    }

    /// Splits `key = value`, and finds the key.
    fn next(&mut self, part: TokenStream, faults: &mut Faults) -> Option<OptionRead<'k>> {
        let split = |input: ParseStream| {
            let ident = Ident::parse_any(input)?;
            let value = if input.is_empty() {
                TokenStream::new()
            } else if input.parse::<Token![=]>().is_ok() {
                input.parse()?
            } else {
                // Something else than `=`: the message about the value says how it is written.
                input.parse::<TokenStream>()?;
                TokenStream::new()
            };
            Ok((ident, value))
        };
        let Ok((ident, value)) = split.parse2(part.clone()) else {
            faults.at(part, format_args!("expected an option: `{}` takes {}", self.attribute, self.list()));
            return None;
        };
        let Some(key) = self.keys.iter().find(|key| ident == key.name) else {
            let message = format!("unknown option `{ident}`: `{}` takes {}", self.attribute, self.list());
            faults.at(ident, message);
            return None;
        };
        if self.seen.contains(&key.name) {
            let message = match key.name {
                "client" => "`client` is given twice: a hub has one client trait".to_owned(),
                name => format!("`{name}` is given twice: remove one"),
            };
            faults.at(ident, message);
            return None;
        }
        self.seen.push(key.name);
        Some(OptionRead { key, ident, value })
    }

    fn list(&self) -> String {
        let names: Vec<_> = self.keys.iter().map(|key| format!("`{}`", key.name)).collect();
        match names.split_last() {
            Some((last, [])) => format!("only {last}"),
            Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
            None => "nothing".to_owned(),
        }
    }
}

/// Why a value does not do: a message of its own, or none when it is not even of the right form.
type ValueFault = Option<syn::Error>;

impl OptionRead<'_> {
    fn value<T>(self, read: fn(ParseStream) -> Result<T, ValueFault>, faults: &mut Faults) -> Option<T> {
        let Key { name, example } = self.key;
        if self.value.is_empty() {
            faults.at(self.ident, format_args!("`{name}` needs a value: write `{example}`"));
            return None;
        }
        // Outside the parser, which would replace the error by one of its own.
        let mut outcome = Err(None);
        let parsed = Parser::parse2(
            |input: ParseStream| {
                outcome = read(input);
                Ok(())
            },
            self.value.clone(),
        );
        match outcome {
            Err(Some(error)) => faults.add(error),
            Ok(value) if parsed.is_ok() => return Some(value),
            _ => faults.at(self.value, format_args!("`{name}` does not take this: write `{example}`")),
        }
        None
    }
}

impl OptionRead<'_> {
    /// An option without a value.
    fn flag(self, faults: &mut Faults) -> Option<Ident> {
        if self.value.is_empty() {
            return Some(self.ident);
        }
        faults.at(self.value, format_args!("`{0}` takes no value: write `{0}`", self.key.name));
        None
    }
}

fn string(input: ParseStream) -> Result<LitStr, ValueFault> {
    input.parse().map_err(|_| None)
}

fn plain_path(input: ParseStream) -> Result<Path, ValueFault> {
    let path = input.call(Path::parse_mod_style).map_err(|_| None)?;
    if path.segments.iter().all(|segment| matches!(segment.arguments, PathArguments::None)) {
        Ok(path)
    } else {
        Err(None)
    }
}

/// A path, which may begin with `$crate`; or one in quotes.
fn runtime_path(input: ParseStream) -> Result<Path, ValueFault> {
    if !input.peek(LitStr) {
        return plain_path(input);
    }
    let written = string(input)?;
    written.parse_with(Path::parse_mod_style).map_err(|_| {
        let message = format!("`{}` is not the path of a crate or module", written.value());
        Some(syn::Error::new(written.span(), message))
    })
}

fn case(input: ParseStream) -> Result<Case, ValueFault> {
    let written = string(input)?;
    Case::from_str(&written.value()).ok_or_else(|| {
        let message = format!("unknown case `{}`: one of {}", written.value(), Case::list());
        Some(syn::Error::new(written.span(), message))
    })
}

/// What stands in brackets behind the text of an error.
fn code(input: ParseStream) -> Result<LitStr, ValueFault> {
    let code = string(input)?;
    let value = code.value();
    if value.is_empty() || !value.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c)) {
        let message = "a code consists of letters, digits, `_`, `-` and `.`";
        return Err(Some(syn::Error::new(code.span(), message)));
    }
    Ok(code)
}

fn wire_name(input: ParseStream) -> Result<LitStr, ValueFault> {
    let name = string(input)?;
    if name.value().trim().is_empty() {
        let message = "a wire name cannot be empty: write the name that callers use";
        return Err(Some(syn::Error::new(name.span(), message)));
    }
    Ok(name)
}

/// Splits at the commas (not at those in `<…>`), so that a fault in one option does not hide those in the
/// next.
fn split(options: TokenStream) -> impl Iterator<Item = TokenStream> {
    let mut parts = vec![TokenStream::new()];
    let mut depth = 0_usize;
    for token in options {
        let punct = if let TokenTree::Punct(punct) = &token { punct.as_char() } else { ' ' };
        match punct {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match parts.last_mut() {
            Some(part) if punct != ',' || depth > 0 => part.extend([token]),
            _ => parts.push(TokenStream::new()),
        }
    }
    parts.into_iter().filter(|part| !part.is_empty())
}
