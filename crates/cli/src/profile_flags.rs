//! Which login is meant, as flags: what a command has to be given so that it acts on the login that is spoken of.
//!
//! Enters: the name that a login is kept under, and a sentence with commands in it. Leaves: the sentence with commands that work when
//! they are typed. Where an app serves many users, that takes `--user`; so one function says the commands of every remedy.

use tokenward_core::{ProfileName, UserName};

use crate::token_places::quoted;

/// The flags that mean one login.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Meant {
    profile: Option<String>,
    user: Option<String>,
    /// With which `init` means its app.
    init: Option<String>,
}

impl Meant {
    /// The login that is kept under a name; `said` is whether its profile has to be named. `given` is the user as a person wrote it: a
    /// long name is kept shortened, and is not to be read back from there.
    pub(crate) fn of(name: &ProfileName, said: bool, given: Option<&UserName>) -> Self {
        if !name.is_of_user() {
            return Self { profile: said.then(|| quoted(name.base())), ..Self::default() };
        }
        match user_of(name, given) {
            Some(user) => Self {
                profile: said.then(|| quoted(name.base())),
                user: Some(quoted(user.as_str())),
                ..Self::default()
            },
            None => Self { profile: Some(quoted(name.as_str())), ..Self::default() },
        }
    }

    /// What was said on the command line, where no login is known.
    pub(crate) fn said(profile: Option<&ProfileName>, user: Option<&UserName>) -> Self {
        let mut meant = profile.map_or_else(Self::default, |name| Self::of(name, true, user));
        meant.user = meant.user.or_else(|| user.map(|user| quoted(user.as_str())));
        meant
    }

    /// The same, where `init` has to be given flags to mean the login's app.
    pub(crate) fn registering(self, init: Option<String>) -> Self {
        Self { init, ..self }
    }

    /// A command for this login.
    pub(crate) fn command(&self, verb: &str) -> String {
        self.completed(&format!("tokenward {verb}"), verb)
    }

    /// A sentence whose commands name this login.
    pub(crate) fn within(&self, sentence: &str) -> String {
        let mut pieces: Vec<String> = sentence.split('`').map(str::to_owned).collect();
        // Every second piece stands between two of them, unless it is the last.
        let closed = pieces.len().saturating_sub(1);
        for piece in pieces.iter_mut().take(closed).skip(1).step_by(2) {
            let verb = piece.strip_prefix("tokenward ").and_then(|rest| rest.split(' ').next());
            if let (Some("init"), Some(flags)) = (verb, &self.init)
                && !piece.split(' ').any(|word| word == "--app")
            {
                let rest = piece.strip_prefix("tokenward init").unwrap_or_default();
                *piece = format!("tokenward init{flags}{rest}");
            }
            let verb = piece.strip_prefix("tokenward ").and_then(|rest| rest.split(' ').next());
            if let Some(verb) = VERBS.into_iter().find(|known| verb == Some(known)) {
                *piece = self.completed(piece, verb);
            }
        }
        pieces.join("`")
    }

    /// A command that was typed with other flags, for this login.
    pub(crate) fn complete(&self, command: &str, verb: &str) -> String {
        self.completed(command, verb)
    }

    /// The flags that a command lacks, behind its verb. One that names an app or a file means its login by that.
    fn completed(&self, command: &str, verb: &str) -> String {
        let has = |flags: &[&str]| command.split(' ').any(|word| flags.contains(&word));
        if has(&["--config-file", "--app", "--login"]) {
            return command.to_owned();
        }
        let head = format!("tokenward {verb}");
        let rest = command.strip_prefix(&head).unwrap_or_default();
        let profile = self.profile.as_ref().filter(|_| !has(&["--profile", "-p"]));
        // A whole name behind --profile says the user too.
        let user = self.user.as_ref().filter(|_| !has(&["--user", "--as", "--profile", "-p"]));
        let flag =
            |name: &str, value: Option<&String>| value.map_or_else(String::new, |value| format!(" {name} {value}"));
        format!("{head}{}{}{rest}", flag("--profile", profile), flag("--user", user))
    }
}

/// The user whom a profile's name means: as given, else what stands behind the colon.
pub(crate) fn user_of(name: &ProfileName, given: Option<&UserName>) -> Option<UserName> {
    given.filter(|user| name.of_user(user) == *name).cloned().or_else(|| name.user())
}

/// The commands that act on one login.
const VERBS: [&str; 9] = ["login", "logout", "refresh", "status", "token", "exec", "api", "link", "adopt"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_a_remedy_names_the_login() {
        let name = |text: &str| text.parse::<ProfileName>().unwrap();
        let alice = Meant::of(&name("default:alice"), false, None);
        let sentence = "`tokenward login` again, or `tokenward refresh`; `tokenward doctor --online` tells more";
        assert_eq!(
            alice.within(sentence),
            "`tokenward login --user alice` again, or `tokenward refresh --user alice`; `tokenward doctor --online` tells more"
        );
        let context = Meant::of(&name("desk:a%2Fb"), true, None);
        assert_eq!(context.command("login"), "tokenward login --profile desk --user a/b");
        assert_eq!(context.within("`tokenward token --as app`"), "`tokenward token --profile desk --as app`");
        assert_eq!(context.within("`tokenward login --user bob`"), "`tokenward login --profile desk --user bob`");
        assert_eq!(
            context.within("`tokenward login --scope X`"),
            "`tokenward login --profile desk --user a/b --scope X`"
        );
        let into_file = "`tokenward login --profile desk --user a/b --env-file .env`";
        assert_eq!(context.within("`tokenward login --env-file .env`"), into_file);
        for whole in ["`tokenward login --profile x --app y`", "`tokenward init`", "`tokenward unlink x`", "a`b"] {
            assert_eq!(context.within(whole), whole);
        }
        let work = Meant::of(&name("work"), true, None);
        assert_eq!(
            work.within("`tokenward login`, `tokenward login"),
            "`tokenward login --profile work`, `tokenward login"
        );
        assert_eq!(Meant::said(None, None).within(sentence), sentence);
        let corp = Meant::said(None, None).registering(Some(" --app corp --profile c".to_owned()));
        let told = corp.within(
            "`tokenward init`, `tokenward init --provider lark`, `tokenward init --app NAME`, `tokenward login`",
        );
        let flags = "--app corp --profile c";
        assert_eq!(
            told,
            format!(
                "`tokenward init {flags}`, `tokenward init {flags} --provider lark`, `tokenward init --app NAME`, `tokenward login`"
            )
        );
        let long: UserName = "王".repeat(85).parse().unwrap();
        let kept = name("w").of_user(&long);
        assert_eq!(Meant::of(&kept, false, Some(&long)).command("login"), format!("tokenward login --user '{long}'"));
        assert!(Meant::of(&kept, false, None).command("login").starts_with("tokenward login --profile "));
    }
}
