//! Commands as a person types them: words as a shell takes them, and what was typed about a file besides its name. A command that is
//! advised in place of the one that was typed has to say it too, or it would mean another place of the file, another server, or nothing.
//!
//! Enters: the command. Leaves: words for a shell. The profile and the user are added by [`crate::profile_flags`].

use clap::ValueEnum;
use tokenward_core::Brand;
pub(crate) use tokenward_words::quoted;

use crate::args::{Command, InsistFlags, Login, PlaceFlags};

/// The flags about a file that a command was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Typed {
    /// How the file is written, and what the person insists on.
    file: String,
    /// Where in it the login stands that is meant.
    places: String,
    /// Which server's that is.
    server: String,
    /// Whether it is `login` that was to write the file.
    is_login: bool,
    /// What `login` is to ask for.
    asks: String,
    /// Of which app it is to make a profile.
    app: String,
    /// How it is to reach a person.
    way: &'static str,
    /// The file of `login`.
    into: Option<String>,
}

impl Typed {
    /// What this command says of its file.
    pub(crate) fn of(command: &Command) -> Self {
        let none = InsistFlags::default();
        match command {
            Command::Link(link) => {
                let provider = link.provider.map(Brand::as_str);
                Self::new(&link.at, link.server.as_deref(), link.create, link.insists, provider)
            }
            Command::Adopt(adopt) => {
                let provider = adopt.provider.map(Brand::as_str);
                Self::new(&adopt.at, adopt.server.as_deref(), false, none, provider)
            }
            Command::Login(login) => {
                let provider = login.provider.map(Brand::as_str);
                Self {
                    is_login: true,
                    asks: asks(login),
                    app: login.app.as_ref().map(|app| format!(" --app {}", quoted(app.as_str()))).unwrap_or_default(),
                    way: if login.device { " --device" } else { "" },
                    into: login.env_file.as_ref().map(|file| file.display().to_string()),
                    ..Self::new(&login.at, None, false, login.insists, provider)
                }
            }
            _ => Self::default(),
        }
    }

    fn new(
        at: &PlaceFlags,
        server: Option<&str>,
        create: bool,
        insists: InsistFlags,
        provider: Option<&'static str>,
    ) -> Self {
        let value = |flag: &str, value: Option<&str>| value.map(|value| format!(" {flag} {}", quoted(value)));
        let set = |flag: &str, is_set: bool| is_set.then(|| format!(" {flag}"));
        let format = at.format.and_then(|format| format.to_possible_value()).map(|value| value.get_name().to_owned());
        let file = [
            value("--format", format.as_deref()),
            set("--create", create),
            set("--shared-folder", insists.shared_folder),
            set("--open-to-others", insists.open_to_others),
            value("--provider", provider),
        ];
        let places = [
            value("--access", at.access.as_deref()),
            value("--refresh", at.refresh.as_deref()),
            value("--app-id-at", at.app_id_at.as_deref()),
            value("--app-secret-at", at.app_secret_at.as_deref()),
        ];
        Self {
            file: file.into_iter().flatten().collect(),
            places: places.into_iter().flatten().collect(),
            server: value("--server", server).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// `link` for a file, with all of it.
    pub(crate) fn link(&self, file: &str) -> String {
        format!("{}{}{}", self.link_elsewhere(file), self.places, self.server)
    }

    /// What writes into the file as the command was to do.
    pub(crate) fn again(&self, file: &str) -> String {
        if self.is_login { self.login_into(file) } else { self.link(file) }
    }

    /// The file, with what was said of it besides its places.
    pub(crate) fn file_elsewhere(&self, file: &str) -> String {
        format!("{}{}", quoted(file), self.file)
    }

    /// What was said of the file besides its name and its places.
    pub(crate) fn file_flags(&self) -> &str {
        &self.file
    }

    /// `link` for other places of the file.
    pub(crate) fn link_elsewhere(&self, file: &str) -> String {
        format!("tokenward link {}", self.file_elsewhere(file))
    }

    /// `login` into the file, at these places. It makes the file where there is none, and knows no servers.
    pub(crate) fn login_into(&self, file: &str) -> String {
        let known = self.file.replace(" --create", "");
        format!("tokenward login --env-file {}{known}{}{}{}", quoted(file), self.places, self.asks, self.way)
    }

    /// `login` as it was typed, as far as it says what is to be logged in to and how a code is shown.
    pub(crate) fn login_again(&self) -> String {
        match &self.into {
            Some(file) => self.login_into(file),
            None => format!("tokenward login{}{}", self.asks, self.way),
        }
    }

    /// The same for advice to take another way to a person.
    pub(crate) fn login_otherwise(&self) -> String {
        Self { way: "", ..self.clone() }.login_again()
    }

    /// A command that makes a profile of the app that was named.
    pub(crate) fn of_app(&self, command: &str) -> String {
        format!("{command}{}", self.app)
    }

    /// Whether the person has said where in the file the login stands.
    pub(crate) fn names_places(&self) -> bool {
        !self.places.is_empty() || !self.server.is_empty()
    }

    /// The same, with these flags about the places.
    pub(crate) fn at(&self, flags: &str) -> Self {
        Self { places: format!(" {flags}"), ..self.clone() }
    }

    /// `unlink` for the login that stands there: of a file with several links it ends that one alone.
    pub(crate) fn unlink(&self, file: &str, owner: &str) -> String {
        let which = if self.server.is_empty() { format!(" -p {}", quoted(owner)) } else { self.server.clone() };
        format!("tokenward unlink {}{which}", quoted(file))
    }

    /// The same words behind another command.
    pub(crate) fn after(&self, command: &str) -> String {
        format!("{command}{}{}{}", self.file, self.places, self.server)
    }
}

/// What a login is to ask for, as flags.
fn asks(login: &Login) -> String {
    let names = login.purpose.iter().filter_map(|purpose| Some(purpose.to_possible_value()?.get_name().to_owned()));
    let purposes = names.map(|name| format!(" --for {name}"));
    let scopes = login.scope.iter().map(|scope| format!(" --scope {}", quoted(scope)));
    let set = |flag: &str, is_set: bool| is_set.then(|| format!(" {flag}"));
    let flags = [
        set("--force-consent", login.force_consent),
        set("--replace-user", login.replace_user),
        set("--write-over", login.write_over),
    ];
    purposes.chain(scopes).chain(flags.into_iter().flatten()).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::args::Cli;

    use super::*;

    #[test]
    fn every_flag_about_a_file_is_said_again() {
        let flags = [
            "--format",
            "env",
            "--create",
            "--shared-folder",
            "--open-to-others",
            "--provider",
            "lark",
            "--access",
            "a b",
            "--refresh",
            "R",
            "--app-id-at",
            "I",
            "--app-secret-at",
            "S",
            "--server",
            "it's",
        ];
        let words = [&["tokenward", "link", "f", "-p", "work", "--replace-user"][..], &flags].concat();
        let typed = Typed::of(&Cli::try_parse_from(words).unwrap().command);
        let said = "--format env --create --shared-folder --open-to-others --provider lark";
        assert_eq!(typed.link_elsewhere("f"), format!("tokenward link f {said}"));
        let login = r"--access 'a b' --refresh R --app-id-at I --app-secret-at S --server 'it'\''s'";
        assert_eq!(typed.link("my f"), format!("tokenward link 'my f' {said} {login}"));
        let words = ["tokenward", "adopt", "f", "--server", "s", "--format", "json"];
        let typed = Typed::of(&Cli::try_parse_from(words).unwrap().command);
        assert_eq!(typed.after("tokenward adopt f"), "tokenward adopt f --format json --server s");
        assert_eq!(Typed::of(&Cli::try_parse_from(["tokenward", "status"]).unwrap().command), Typed::default());
    }

    #[test]
    fn words_as_a_shell_takes_them() {
        assert_eq!(quoted("a.b_c-d"), "a.b_c-d");
        assert_eq!(quoted("args[after -u]"), "'args[after -u]'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(
            (quoted("~/.env"), quoted("~/my files/.env")),
            ("~/.env".to_owned(), "~/'my files/.env'".to_owned())
        );
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("a\u{1b}[31m'\n\\\u{9b}"), r"$'a\033[31m\'\012\\\302\233'");
    }
}
