//! No secret of BlueKing or of a plain server is seen where it does not belong (I4): login cookies, app secrets, tokens, over
//! everything that is said, logged or left in files, at the loudest.

use tokenward_emulator::Door;

use crate::desk::{Desk, cookie};
use crate::world::{Ran, files};

struct Watch<'a> {
    desk: &'a Desk,
    secrets: Vec<String>,
    looked_at: usize,
}

impl<'a> Watch<'a> {
    fn new(desk: &'a Desk) -> Self {
        let mut secrets = vec![desk.app.secret.clone()];
        for user in ["alice", "bob"] {
            secrets.extend(["bk_token", "bk_ticket"].map(|name| cookie(name, user)));
        }
        Self { desk, secrets, looked_at: 0 }
    }

    fn run(&mut self, variables: &[(&str, &str)], words: &[&str], input: &str) -> Ran {
        let mut command = self.desk.command(&[words, &["-vv"]].concat());
        command.env("TOKENWARD_LOG", "trace").env("RUST_BACKTRACE", "full").envs(variables.iter().copied());
        let ran = crate::world::run_fed(&mut command, input);
        if words[0] == "token" && ran.code == 0 {
            self.secrets.push(ran.out.trim().to_owned());
        } else {
            self.look(&format!("stdout of {words:?}"), &ran.out);
        }
        self.look(&format!("stderr of {words:?}"), &ran.err);
        ran
    }

    fn look(&mut self, place: &str, text: &str) {
        self.looked_at += 1;
        for (number, secret) in self.secrets.iter().enumerate() {
            assert!(!text.contains(secret.as_str()), "secret {number} in {place}: {text}");
        }
    }

    fn folder(&mut self) {
        for file in files(&self.desk.home) {
            let bytes = std::fs::read(&file).unwrap();
            self.look(&file.display().to_string(), &String::from_utf8_lossy(&bytes));
        }
    }
}

#[test]
fn by_cookie_at_its_loudest() {
    for (door, name, life) in [(Door::Ssm, "bk_token", 43_140), (Door::AuthApi, "bk_ticket", 180 * 86_400 - 60)] {
        let desk = Desk::bare(door);
        let mut watch = Watch::new(&desk);
        let words = desk.init_words();
        let words: Vec<&str> = words.iter().map(String::as_str).chain(["--app-secret-stdin"]).collect();
        assert_ne!(watch.run(&[], &words, "not-the-secret").code, 0);
        assert_eq!(watch.run(&[], &words, &desk.app.secret).code, 0);
        let login = ["login", "--user", "alice", "--cookie-stdin"];
        assert_eq!(watch.run(&[], &login, &cookie(name, "bob")).code, 3);
        assert_eq!(watch.run(&[], &login, "a-cookie-that-nobody-has").code, 3);
        assert_eq!(watch.run(&[], &login, &format!("{name}={}", cookie(name, "alice"))).code, 0);
        assert_eq!(watch.run(&[], &["token", "--user", "alice"], "").code, 0);
        assert_eq!(watch.run(&[], &["token", "--as", "app"], "").code, 0);
        assert_eq!(watch.run(&[], &["api", "/users/me", "--user", "alice", "-i"], "").code, 0);
        desk.advance(life);
        let later = [("TOKENWARD_CLOCK_OFFSET", &*life.to_string())];
        assert_eq!(watch.run(&later, &["refresh", "--user", "alice"], "").code, 0);
        assert_eq!(watch.run(&later, &["token", "--user", "alice"], "").code, 0);
        for words in
            [&["status"][..], &["list", "--json"], &["doctor", "--online"], &["doctor", "--user", "alice", "--json"]]
        {
            watch.run(&later, words, "");
        }
        let variable = format!("TOKENWARD_{}", name.to_uppercase());
        watch.run(&[later[0], (&variable, &cookie(name, "alice"))], &["exec", "--user", "alice", "--", "true"], "");
        watch.run(&[], &["logout", "--user", "alice", "--yes"], "");
        watch.folder();
        assert!(watch.looked_at > 30, "{}", watch.looked_at);
    }
}

#[test]
fn by_browser_at_its_loudest() {
    for (door, life) in [(Door::Bkauth, 7140), (Door::Plain, 3540)] {
        let desk = Desk::new(door);
        let mut watch = Watch::new(&desk);
        desk.login_by_browser(&["-vv"]).succeeds();
        assert_eq!(watch.run(&[], &["token"], "").code, 0);
        desk.advance(life);
        let later = [("TOKENWARD_CLOCK_OFFSET", &*life.to_string())];
        assert_eq!(watch.run(&later, &["refresh"], "").code, 0);
        assert_eq!(watch.run(&later, &["token"], "").code, 0);
        for words in [&["api", "/users/me"][..], &["status"], &["doctor", "--online"], &["logout", "--revoke", "--yes"]]
        {
            watch.run(&later, words, "");
        }
        watch.folder();
    }
}
