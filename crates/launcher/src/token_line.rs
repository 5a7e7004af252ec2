//! A token as a line of text that needs to know nothing but the token.

/// A form in which a token is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenLine {
    /// The token alone.
    Raw,
    /// A line of a POSIX shell.
    Env,
    /// A line of a `.env` file.
    Dotenv,
}

impl TokenLine {
    /// By its name as `--format` takes it.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "raw" => Some(Self::Raw),
            "env" => Some(Self::Env),
            "dotenv" => Some(Self::Dotenv),
            _ => None,
        }
    }

    /// The line of a user's token, where the token has one.
    pub fn of(self, token: &str) -> Option<String> {
        match self {
            Self::Raw => Some(token.to_owned()),
            Self::Env => Some(assignment(USER_VARIABLE, token)),
            Self::Dotenv => dotenv_line(USER_VARIABLE, token),
        }
    }
}

/// A line that a POSIX shell can read. A token is visible ASCII ([`tokenward_core::AccessToken::parse`]); the quotes keep characters that mean
/// something to a shell quiet.
pub fn assignment(variable: &str, token: &str) -> String {
    format!("export {variable}='{}'", token.replace('\'', r"'\''"))
}

/// A line that every reader of `.env` files takes for the same value: `docker run --env-file` (which knows no quotes), python-dotenv,
/// Docker Compose, dotenv for Node.js. So it has no quotes, and a token with a character that only some of them keep has no line.
pub fn dotenv_line(variable: &str, token: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_graphic() && !"'\"`$\\#".contains(c);
    token.chars().all(is_plain).then(|| format!("{variable}={token}"))
}

/// The variable that `--format env` and `exec` set for a user's token.
pub const USER_VARIABLE: &str = "TOKENWARD_ACCESS_TOKEN";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_dotenv_file_has_no_quotes_or_is_none() {
        let token = "eyJhbGciOi.J9-_~+/=:x";
        assert_eq!(dotenv_line("T", token), Some(format!("T={token}")));
        for token in ["a'b", "a\"b", "a$b", "a`b", "a\\b", "a #b", "a#b", "a b"] {
            assert_eq!(dotenv_line("T", token), None, "{token}");
        }
    }

    #[test]
    fn a_shell_reads_the_assignment_whatever_the_token_holds() {
        let token = r#"a'b"c$d`e\f;g&h"#;
        let script = format!("{}; printf %s \"$T\"", assignment("T", token));
        let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), token);
    }
}
