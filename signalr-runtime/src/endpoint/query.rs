//! The parameters in the query of a request. Their names are matched without regard to case.

use std::borrow::Cow;

use http::Uri;

/// The value of the parameter with this name. As in ASP.NET Core, the values of a repeated one are one text with commas,
/// in which empty ones do not count: what is ambiguous opens nothing.
pub(super) fn parameter<'a>(uri: &'a Uri, name: &str) -> Option<Cow<'a, str>> {
    uri.query()?.split('&').filter_map(|pair| value(pair, name)).reduce(|all, value| match (&*all, &*value) {
        (_, "") => all,
        ("", _) => value,
        (all, value) => Cow::Owned(format!("{all},{value}")),
    })
}

/// A query without the parameters of this name, whose values go to `removed`: with its question mark, or nothing. The
/// rest stays as it was, byte for byte.
pub(super) fn without<'a>(query: &'a str, name: &str, mut removed: impl FnMut(Cow<'a, str>)) -> String {
    let mut rest = String::with_capacity(query.len() + 1);
    for pair in query.split('&') {
        if let Some(value) = value(pair, name) {
            removed(value);
            continue;
        }
        rest.push(if rest.is_empty() { '?' } else { '&' });
        rest.push_str(pair);
    }
    rest
}

/// The value of a pair that has this name.
fn value<'a>(pair: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let (key, value) = form_urlencoded::parse(pair.as_bytes()).next()?;
    key.eq_ignore_ascii_case(name).then_some(value)
}
