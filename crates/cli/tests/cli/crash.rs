//! A real child process is killed (SIGKILL) at every step of a rotation; at random moments it is in `crash_sweep.rs`. After each kill the
//! next command works; the provider's history shows no refresh token sent twice with a known outcome; and no login is lost whose answer had
//! reached the journal.

use std::process::{Child, Stdio};
use std::time::Duration;

use tokenward::RotationStep;
use tokenward_emulator::{Fault, FaultKind, Operation, Stage};

use crate::world::{Ran, World};

/// A login whose access token has always just expired: the clocks of provider and command move together.
struct Expiring {
    world: World,
    seconds: u64,
}

impl Expiring {
    fn new() -> Self {
        Self { world: World::logged_in(), seconds: 0 }
    }

    fn expire(&mut self) {
        self.seconds += 7300;
        self.world.advance(7300);
    }

    fn offset(&self) -> String {
        self.seconds.to_string()
    }

    fn token(&self) -> Ran {
        self.world.run_with(&[("TOKENWARD_CLOCK_OFFSET", &self.offset())], &["token"])
    }

    fn log_in(&self) {
        // `login` reads the moved clock from its own environment, like every command.
        let offset = self.offset();
        let ran = self.world.login_with(&[("TOKENWARD_CLOCK_OFFSET", &offset)], &[]);
        assert_eq!(ran.code, 0, "{ran:?}");
    }

    /// A `token` that is still running.
    fn started(&self) -> Child {
        let mut command = self.world.command(&["token"]);
        command.env("TOKENWARD_CLOCK_OFFSET", self.offset());
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// A `token` that is killed after the provider has rotated its token, and before the answer has reached it.
    fn killed_unanswered(&self) {
        self.world.sandbox.inject(Fault::new(FaultKind::Hang).when(Operation::Refresh).at(Stage::After));
        let mut child = self.started();
        while self.world.sandbox.hanging() == 0 {
            assert!(child.try_wait().unwrap().is_none(), "it ended before it was answered");
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        self.world.sandbox.note_kill("unanswered");
    }

    /// The token printed must be one that the provider accepts now.
    fn assert_lives(&self, ran: &Ran, story: &str) {
        assert_eq!(ran.code, 0, "{story}: {ran:?}");
        let live = self.world.sandbox.current_tokens().into_iter().flat_map(|login| login.access_tokens);
        assert!(live.into_iter().any(|access| access.token == ran.out.trim_end()), "{story}: a dead token was printed");
    }

    fn assert_clean(&self, story: &str) {
        let verdict = self.world.sandbox.check();
        let history = self.world.sandbox.history();
        let newest = &history[history.len().saturating_sub(12)..];
        assert!(verdict.is_clean(), "{story}: {:#?}\n{newest:#?}", verdict.violations);
    }
}

#[test]
fn killed_at_every_step() {
    let mut login = Expiring::new();
    for step in RotationStep::ALL {
        login.expire();
        let offset = login.offset();
        let variables = [("TOKENWARD_CLOCK_OFFSET", offset.as_str()), ("TOKENWARD_KILL_AT", step.as_str())];
        let killed = login.world.run_with(&variables, &["token"]);
        assert_eq!(killed.code, 128 + 9, "{step}: {killed:?}");
        assert_eq!(killed.out, "", "{step}: nothing is handed out by a process that has not come to the end");
        login.world.sandbox.note_kill(step.as_str());

        let next = login.token();
        login.assert_lives(&next, step.as_str());
        login.assert_clean(step.as_str());
        login.expire();
        login.assert_lives(&login.token(), step.as_str());
    }
}

/// What is lost with the process is an answer that has not reached it. The provider forgives nothing here, so a person is needed; the story
/// says that it was our own process.
#[test]
fn killed_before_the_answer_has_come() {
    let mut login = Expiring::new();
    login.expire();
    login.killed_unanswered();
    login.token().fails(3, "TW0409");
    login.assert_clean("unanswered");
    login.log_in();
    login.expire();
    login.assert_lives(&login.token(), "logged in again");
}

#[test]
fn killed_before_the_answer_has_come_at_a_provider_that_forgives() {
    let mut login = Expiring::new();
    login.world.sandbox.rules(|rules| rules.grace_seconds = 30);
    login.expire();
    login.killed_unanswered();
    // The sender is known to be dead, so the replay is not put off: it comes within the provider's window.
    login.assert_lives(&login.token(), "grace");
}

#[test]
fn killed_again_while_repeating_the_first_send() {
    // The first process was killed before its answer came; the second asked again, kept the refusal and was killed before it could
    // tell. The third knows that it was we who had used the token, and sends nobody looking for a thief.
    let mut login = Expiring::new();
    login.expire();
    let offset = login.offset();
    login.killed_unanswered();
    let variables = [("TOKENWARD_CLOCK_OFFSET", offset.as_str()), ("TOKENWARD_KILL_AT", "journalled")];
    assert_eq!(login.world.run_with(&variables, &["token"]).code, 128 + 9);
    login.world.sandbox.note_kill("journalled");
    login.token().fails(3, "TW0409");
    login.assert_clean("twice");
}

#[test]
fn an_answer_found_hours_later_has_aged() {
    let mut login = Expiring::new();
    login.expire();
    let offset = login.offset();
    let variables = [("TOKENWARD_CLOCK_OFFSET", offset.as_str()), ("TOKENWARD_KILL_AT", "journalled")];
    assert_eq!(login.world.run_with(&variables, &["token"]).code, 128 + 9);
    // The kept token lives on for less than a minute: good enough to be stored, too old to be all there is to hand out.
    login.seconds += 7150;
    login.world.advance(7150);
    let found = login.world.run_with(&[("TOKENWARD_CLOCK_OFFSET", &login.offset())], &["token", "--format", "json"]);
    assert!(found.succeeds().json()["expires_in"].as_u64().unwrap() > 7000, "{found:?}");
    assert_eq!(login.world.sandbox.counters().refreshes, 2);
    login.assert_clean("hours later");
}

#[test]
fn killed_while_the_vault_is_made() {
    let world = World::bare();
    let app = [("TOKENWARD_APP_ID", world.app.id.as_str()), ("TOKENWARD_APP_SECRET", world.app.secret.as_str())];
    for micros in (0..60_000).step_by(500) {
        let mut command = world.command(&["token"]);
        let mut child = command.envs(app).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(micros));
        child.kill().unwrap();
        child.wait().unwrap();
        // Nobody has logged in yet; that the vault was left half made is nothing to hear of.
        world.run_with(&app, &["token"]).fails(3, "TW0401");
        std::fs::remove_dir_all(&world.home).unwrap();
    }
}
