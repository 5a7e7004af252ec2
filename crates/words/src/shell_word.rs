//! A word in a command that somebody is told to run.

use tokenward_core::is_hidden;

/// A word as a shell takes it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:@%+=,~".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    if word.contains(is_hidden) {
        // What a person cannot see is spelled in bytes (POSIX.1-2024 §2.2.4), so that the command works as it is shown.
        let spelled = word.chars().map(|c| match c {
            '\\' | '\'' => format!("\\{c}"),
            c if is_hidden(c) => c.to_string().bytes().fold(String::new(), |text, byte| format!("{text}\\{byte:03o}")),
            c => c.to_string(),
        });
        let (home, spelled) = match spelled.collect::<String>() {
            text if text.starts_with("~/") => ("~/", text[2..].to_owned()),
            text => ("", text),
        };
        return format!("{home}$'{spelled}'");
    }
    let inside = |word: &str| format!("'{}'", word.replace('\'', r"'\''"));
    // Within quotes a shell does not know home.
    match word.strip_prefix("~/") {
        Some(rest) if !rest.is_empty() => format!("~/{}", inside(rest)),
        _ => inside(word),
    }
}
