//! The paths that a source file names.

/// One path of a file, from its first segment (`crate`, `super` or `self`) on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedPath {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    /// The name under which a `use` makes it known; none where the path stands in code.
    pub(crate) imported_as: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

/// All paths of a file but those of tests, of fuzzing and of `__private`.
pub(crate) fn paths(source: &str) -> Vec<NamedPath> {
    let mut reader = Reader { tokens: tokens(source), at: 0, paths: Vec::new() };
    reader.read();
    reader.paths
}

struct Reader {
    tokens: Vec<(Token, usize)>,
    at: usize,
    paths: Vec<NamedPath>,
}

impl Reader {
    fn read(&mut self) {
        while self.at < self.tokens.len() {
            if self.is_sign(0, '#') && self.is_sign(1, '[') {
                if self.attribute_exempts() {
                    self.skip_item();
                }
            } else if self.word(0) == Some("mod") && self.word(1) == Some("__private") {
                self.skip_item();
            } else if self.word(0) == Some("use") {
                self.at += 1;
                self.tree(&[]);
            } else if matches!(self.word(0), Some("crate" | "super" | "self")) && self.is_separator(1) {
                self.path_in_code();
            } else {
                self.at += 1;
            }
        }
    }

    fn word(&self, ahead: usize) -> Option<&str> {
        match self.tokens.get(self.at + ahead) {
            Some((Token::Word(word), _)) => Some(word),
            _ => None,
        }
    }

    fn is_sign(&self, ahead: usize, sign: char) -> bool {
        matches!(self.tokens.get(self.at + ahead), Some((Token::Sign(found), _)) if *found == sign)
    }

    fn is_separator(&self, ahead: usize) -> bool {
        self.is_sign(ahead, ':') && self.is_sign(ahead + 1, ':')
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |(_, line)| *line)
    }

    /// Passes an attribute, and tells whether its item is of tests or of fuzzing.
    fn attribute_exempts(&mut self) -> bool {
        let start = self.at;
        self.at += 1;
        self.skip_group('[', ']');
        let attribute = &self.tokens[start..self.at];
        let has_word = |word: &str| attribute.iter().any(|(token, _)| *token == Token::Word(word.into()));
        let has_text = |text: &str| attribute.iter().any(|(token, _)| *token == Token::Text(text.into()));
        has_word("cfg") && !has_word("not") && (has_word("test") || has_text("__fuzzing"))
    }

    /// Passes an item: to its semicolon, or to the end of its braces.
    fn skip_item(&mut self) {
        while self.at < self.tokens.len() {
            if self.is_sign(0, '{') {
                return self.skip_group('{', '}');
            }
            if self.is_sign(0, ';') || self.is_sign(0, ',') {
                self.at += 1;
                return;
            }
            if self.is_sign(0, '(') {
                self.skip_group('(', ')');
            } else {
                self.at += 1;
            }
        }
    }

    fn skip_group(&mut self, open: char, close: char) {
        let mut depth = 0;
        while self.at < self.tokens.len() {
            depth += i32::from(self.is_sign(0, open));
            depth -= i32::from(self.is_sign(0, close));
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }

    fn path_in_code(&mut self) {
        let line = self.line();
        let mut segments = vec![self.word(0).unwrap_or_default().to_owned()];
        self.at += 1;
        while self.is_separator(0) {
            let Some(word) = self.word(2).map(str::to_owned) else { break };
            segments.push(word);
            self.at += 3;
        }
        self.paths.push(NamedPath { segments, line, imported_as: None });
    }

    /// One branch of the tree of a `use`.
    fn tree(&mut self, prefix: &[String]) {
        let mut segments = prefix.to_vec();
        let line = self.line();
        loop {
            if self.is_sign(0, '{') {
                self.at += 1;
                while self.at < self.tokens.len() && !self.is_sign(0, '}') {
                    self.tree(&segments);
                    if self.is_sign(0, ',') {
                        self.at += 1;
                    }
                }
                self.at += 1;
                return;
            }
            if self.is_sign(0, '*') {
                self.at += 1;
                self.import(segments, line, "*");
                return;
            }
            let Some(word) = self.word(0).map(str::to_owned) else {
                self.at += 1;
                return;
            };
            self.at += 1;
            if word != "self" || segments.is_empty() {
                segments.push(word);
            }
            if self.is_separator(0) {
                self.at += 2;
                continue;
            }
            let mut name = segments.last().cloned().unwrap_or_default();
            if self.word(0) == Some("as") {
                name = self.word(1).unwrap_or("_").to_owned();
                self.at += 2;
            }
            return self.import(segments, line, &name);
        }
    }

    fn import(&mut self, segments: Vec<String>, line: usize, name: &str) {
        self.paths.push(NamedPath { segments, line, imported_as: Some(name.to_owned()) });
    }
}

/// Words, texts and signs of a source, without its comments, its spaces and its lifetimes.
fn tokens(source: &str) -> Vec<(Token, usize)> {
    let (mut tokens, mut line, mut rest) = (Vec::new(), 1, source);
    while let Some(first) = rest.chars().next() {
        let (token, length) = next_token(rest, first);
        if let Some(token) = token {
            tokens.push((token, line));
        }
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    tokens
}

fn next_token(rest: &str, first: char) -> (Option<Token>, usize) {
    if rest.starts_with("//") {
        return (None, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (None, block_comment(rest));
    }
    if let Some((text, length)) = raw_text(rest).or_else(|| text(rest)) {
        return (Some(Token::Text(text)), length);
    }
    if first == '\'' {
        return (None, character_or_lifetime(rest));
    }
    if first.is_alphanumeric() || first == '_' {
        let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        return (Some(Token::Word(rest[..length].to_owned())), length);
    }
    let token = (!first.is_whitespace()).then_some(Token::Sign(first));
    (token, first.len_utf8())
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    loop {
        match &rest[at..] {
            "" => return at,
            open if open.starts_with("/*") => (depth, at) = (depth + 1, at + 2),
            close if close.starts_with("*/") => (depth, at) = (depth - 1, at + 2),
            other => at += other.chars().next().map_or(1, char::len_utf8),
        }
        if depth == 0 {
            return at;
        }
    }
}

/// A text like `r#"…"#`, and the length of its token.
fn raw_text(rest: &str) -> Option<(String, usize)> {
    let after = ["r", "br", "cr"].iter().find_map(|prefix| rest.strip_prefix(prefix))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let text = after[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = text.find(&end)?;
    Some((text[..length].to_owned(), rest.len() - text.len() + length + end.len()))
}

/// A text like `"…"`, and the length of its token.
fn text(rest: &str) -> Option<(String, usize)> {
    let text = ["\"", "b\"", "c\""].iter().find_map(|prefix| rest.strip_prefix(prefix))?;
    let mut escaped = false;
    let length = text.find(|c: char| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    Some((text[..length].to_owned(), rest.len() - text.len() + length + 1))
}

fn character_or_lifetime(rest: &str) -> usize {
    let inner = &rest[1..];
    let escaped = inner.starts_with('\\');
    let first = inner.chars().nth(usize::from(escaped)).map_or(0, char::len_utf8);
    let start = usize::from(escaped) + first;
    if escaped {
        return inner[start..].find('\'').map_or(rest.len(), |end| 1 + start + end + 1);
    }
    if inner[start..].starts_with('\'') {
        return 1 + start + 1;
    }
    1 + inner.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(inner.len())
}

#[test]
fn paths_are_read_where_they_count() {
    let source = r##"
        use crate::a::{self, b::{C, D as E}};
        // use crate::comment;
        const TEXT: &str = "use crate::text;";
        const RAW: &str = r#"use "crate::raw";"#;
        pub(crate) fn f<'a>(c: char) -> super::g::H { if c == '\'' || c == '{' { crate::i::j() } }
        #[cfg(test)]
        mod tests { use super::k; }
        #[cfg(all(feature = "__fuzzing"))]
        use crate::l;
        #[cfg(not(test))]
        use crate::m;
        pub mod __private { pub use crate::n; }
    "##;
    let found: Vec<String> = paths(source).into_iter().map(|path| path.segments.join("::")).collect();
    assert_eq!(
        found,
        ["crate::a", "crate::a::b::C", "crate::a::b::D", "super::g::H", "crate::i::j", "crate::m"]
    );
}
