//! From the name of a method in Rust to its name on the wire.

use std::fmt;

/// How wire names are written: the values of `rename_all`.
#[derive(Clone, Copy, Default)]
pub(crate) enum Case {
    /// What .NET servers and their clients use.
    #[default]
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl Case {
    const ALL: [Self; 6] =
        [Self::Pascal, Self::Camel, Self::Snake, Self::ScreamingSnake, Self::Kebab, Self::ScreamingKebab];

    /// As it is written in `rename_all`.
    fn as_str(self) -> &'static str {
        match self {
            Self::Pascal => "PascalCase",
            Self::Camel => "camelCase",
            Self::Snake => "snake_case",
            Self::ScreamingSnake => "SCREAMING_SNAKE_CASE",
            Self::Kebab => "kebab-case",
            Self::ScreamingKebab => "SCREAMING-KEBAB-CASE",
        }
    }

    pub(crate) fn from_str(written: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|case| case.as_str() == written)
    }

    /// Every value, as a sentence would list them.
    pub(crate) fn list() -> impl fmt::Display {
        Self::ALL.map(|case| format!("`{}`", case.as_str())).join(", ")
    }

    /// `method` in this case; expects a name in snake case, without `r#`.
    pub(crate) fn apply(self, method: &str) -> String {
        match self {
            Self::Pascal => pascal(method),
            Self::Camel => {
                let pascal = pascal(method);
                let mut letters = pascal.chars();
                letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
            }
            Self::Snake => method.to_owned(),
            Self::ScreamingSnake => method.to_uppercase(),
            Self::Kebab => method.replace('_', "-"),
            Self::ScreamingKebab => method.to_uppercase().replace('_', "-"),
        }
    }
}

fn pascal(method: &str) -> String {
    let words = method.split('_').map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::Case;

    #[test]
    fn names_in_every_case() {
        for (method, names) in [
            (
                "send_message",
                [
                    "SendMessage",
                    "sendMessage",
                    "send_message",
                    "SEND_MESSAGE",
                    "send-message",
                    "SEND-MESSAGE",
                ],
            ),
            ("join", ["Join", "join", "join", "JOIN", "join", "JOIN"]),
            ("_x__y2_", ["XY2", "xY2", "_x__y2_", "_X__Y2_", "-x--y2-", "-X--Y2-"]),
            (
                "already_isOk",
                [
                    "AlreadyIsOk",
                    "alreadyIsOk",
                    "already_isOk",
                    "ALREADY_ISOK",
                    "already-isOk",
                    "ALREADY-ISOK",
                ],
            ),
            (
                "größe_ändern",
                [
                    "GrößeÄndern",
                    "größeÄndern",
                    "größe_ändern",
                    "GRÖSSE_ÄNDERN",
                    "größe-ändern",
                    "GRÖSSE-ÄNDERN",
                ],
            ),
            ("__", ["", "", "__", "__", "--", "--"]),
        ] {
            assert_eq!(Case::ALL.map(|case| case.apply(method)), names, "{method}");
        }
    }

    #[test]
    fn cases_are_found_by_their_names() {
        for case in Case::ALL {
            assert_eq!(Case::from_str(case.as_str()).map(Case::as_str), Some(case.as_str()));
        }
        assert!(Case::from_str("pascalcase").is_none());
    }
}
