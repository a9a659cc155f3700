//! What a line means.

/// What the person wants.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Say this to the room.
    Say(String),
    /// Show who is here.
    Who,
    /// Collect the lines that follow, and send them as one stream.
    Paste,
    /// Start or stop the server's clock.
    Clock,
    /// Ask somebody whether they are still there.
    Ask(String),
    /// The answer to somebody who asks that.
    Answer(bool),
    Help,
    Quit,
}

pub(crate) const HELP: &str = "\
/who          who is here
/paste        send the lines that follow as one stream, up to a line with only a dot
/clock        start or stop the server's clock
/ask NAME     ask somebody whether they are still there
/yes, /no     answer somebody who asks you
/quit         leave";

impl Command {
    /// Reads a line; the error is a text for the person.
    pub(crate) fn read(line: &str) -> Result<Self, String> {
        let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        match (word, rest.trim()) {
            ("/who", "") => Ok(Self::Who),
            ("/paste", "") => Ok(Self::Paste),
            ("/clock", "") => Ok(Self::Clock),
            ("/ask", name) if !name.is_empty() => Ok(Self::Ask(name.to_owned())),
            ("/yes", "") => Ok(Self::Answer(true)),
            ("/no", "") => Ok(Self::Answer(false)),
            ("/help", "") => Ok(Self::Help),
            ("/quit", "") => Ok(Self::Quit),
            _ if word.starts_with('/') => Err(format!("there is no command `{line}`; `/help` lists them")),
            _ => Ok(Self::Say(line.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_said_unless_they_are_commands() {
        assert_eq!(Command::read("hello there"), Ok(Command::Say("hello there".to_owned())));
        assert_eq!(Command::read(" /who "), Ok(Command::Who));
        assert_eq!(Command::read("/ask Ada Lovelace"), Ok(Command::Ask("Ada Lovelace".to_owned())));
        assert!(Command::read("/ask").is_err());
        assert!(Command::read("/whom").is_err());
    }
}
