//! Two users, two profiles, three files, and whatever people do with them: no file becomes another user's, and no profile, unless
//! somebody said so.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use tokenward_emulator::{Consent, Fault, Operation};

use crate::logins::second_user;
use crate::project::Project;
use crate::world::World;

const FILES: [&str; 3] = ["a.env", "b.env", "c.env"];
const PROFILES: [&str; 2] = ["default", "ming"];

/// A project, and whose each token is that was ever issued.
struct Walk {
    project: Project,
    users: [String; 2],
    whose: BTreeMap<String, String>,
    random: u64,
    story: Vec<String>,
}

impl Walk {
    fn new(seed: u64) -> Self {
        let project = Project::of(World::logged_in());
        let ada = project.world.sandbox.current_tokens()[0].user.clone();
        let ming = second_user(&project.world);
        let mut walk = Self {
            project,
            users: [ada, ming],
            whose: BTreeMap::new(),
            random: seed,
            story: vec![format!("seed {seed}")],
        };
        walk.consents(1);
        walk.project.login(&["--app", "default", "-p", "ming"]).succeeds();
        for (file, profile) in [("a.env", "default"), ("b.env", "ming")] {
            walk.empty(file);
            walk.project.run(&["link", file, "-p", profile]).succeeds();
        }
        walk.empty("c.env");
        walk.learn();
        walk
    }

    fn empty(&self, file: &str) {
        let app = &self.project.world.app.id;
        let text = format!("FEISHU_APP_ID={app}\nFEISHU_USER_ACCESS_TOKEN=\nFEISHU_USER_REFRESH_TOKEN=\n");
        self.project.write(file, &text);
    }

    fn draw(&mut self, below: usize) -> usize {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.random >> 33).unwrap() % below
    }

    fn consents(&self, user: usize) {
        let user = Some(self.users[user].clone());
        self.project.world.sandbox.rules(|rules| rules.consent = Consent::Auto { user });
    }

    fn learn(&mut self) {
        for login in self.project.world.sandbox.current_tokens() {
            let tokens = login.access_tokens.into_iter().map(|access| access.token).chain(login.refresh_token);
            self.whose.extend(tokens.map(|token| (token, login.user.clone())));
        }
    }

    /// Whose tokens stand in each file.
    fn shown(&self) -> Vec<BTreeSet<&str>> {
        let of = |file: &&str| {
            let text = self.project.read(file);
            let values =
                text.lines().filter_map(|line| line.split_once('=')).map(|(_, value)| value.trim_matches(['"', '\'']));
            values.filter_map(|value| self.whose.get(value).map(String::as_str)).collect()
        };
        FILES.iter().map(of).collect()
    }

    fn run(&mut self, words: &[&str]) {
        let ran = self.project.run(words);
        self.story.push(format!("{} -> {}", words.join(" "), ran.code));
        assert!(!ran.err.contains("panicked"), "{:#?} {ran:?}", self.story);
    }

    /// What people do with files without us.
    fn by_hand(&mut self) {
        let (from, to) = (FILES[self.draw(3)], FILES[self.draw(3)]);
        match self.draw(3) {
            0 => fs::write(self.project.path(to), self.project.read(from)).unwrap(),
            1 => {
                let (one, other) = (self.project.read(from), self.project.read(to));
                self.project.write(from, &other);
                self.project.write(to, &one);
            }
            _ => {
                let user = self.draw(2);
                let app = &self.project.world.app.id;
                let sandbox = &self.project.world.sandbox;
                let tokens = sandbox.seed_grant(app, &self.users[user], &["offline_access"]).unwrap();
                self.project.write(to, &self.project.dotenv(&tokens));
                self.story.push(format!("seeded {user}"));
            }
        }
        self.story.push(format!("by hand {from} {to}"));
        self.learn();
    }

    /// What people do with us, and no yes in it.
    fn by_command(&mut self) {
        let (file, profile, user) = (FILES[self.draw(3)], PROFILES[self.draw(2)], self.draw(2));
        self.consents(user);
        let fault = match self.draw(12) {
            0 => Some(Fault::code(20064).when(Operation::Refresh)),
            1 => Some(Fault::drop_answer().when(Operation::Refresh)),
            2 => Some(Fault::drop_request().when(Operation::Call)),
            3 => Some(Fault::code(99_991_679).when(Operation::Call)),
            _ => None,
        };
        self.project.world.sandbox.clear_faults();
        if let Some(fault) = fault {
            self.story.push(format!("{fault:?}"));
            self.project.world.sandbox.inject(fault);
        }
        match self.draw(11) {
            0 | 1 => self.run(&["refresh", "-p", profile]),
            2 => self.run(&["token", "-p", profile]),
            3 => self.run(&["token", "--env-file", file, "-p", profile]),
            4 => self.run(&["token", "--env-file", file]),
            5 => self.run(&["link", file, "-p", profile]),
            6 => self.run(&["adopt", file, "-p", profile, "--no-link"]),
            7 => self.run(&["unlink", file, "--all"]),
            8 => self.run(&["logout", "-p", profile, "--yes"]),
            9 => self.log_in(&["-p", profile]),
            _ => self.log_in(&["--env-file", file, "-p", profile]),
        }
    }

    fn log_in(&mut self, words: &[&str]) {
        let ran = self.project.login(words);
        self.story.push(format!("login {} -> {}", words.join(" "), ran.code));
    }
}

#[test]
fn no_file_changes_hands_by_whatever_is_done_without_a_yes() {
    for seed in 0..SEEDS {
        let mut walk = Walk::new(seed);
        for _ in 0..STEPS {
            if walk.draw(3) == 0 {
                walk.by_hand();
                continue;
            }
            let before: Vec<BTreeSet<String>> =
                walk.shown().into_iter().map(|users| users.into_iter().map(str::to_owned).collect()).collect();
            walk.by_command();
            walk.learn();
            for ((file, before), after) in FILES.iter().zip(before).zip(walk.shown()) {
                let is_same = before.is_empty() || after.iter().copied().eq(before.iter().map(String::as_str));
                assert!(is_same, "{file} was {before:?} and is {after:?}: {:#?}", walk.story);
            }
        }
    }
}

const SEEDS: u64 = 3;
const STEPS: usize = 30;
