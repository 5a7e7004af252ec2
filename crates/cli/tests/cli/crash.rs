//! A real child process is killed (SIGKILL) at every step of a rotation and, in a
//! sweep, at random moments. After each kill the next command works; the provider's history shows no refresh token
//! sent twice with a known outcome; and no login is lost whose answer had reached the journal.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokenward::{Environment, Home, RotationStep, Session, SessionOptions, SystemClock, SystemEntropy};
use tokenward_core::{Entry, Event, Standing};
use tokenward_emulator::{Fault, FaultKind, Operation, Stage};
use tokenward_testkit::is_heavy;

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

/// How far a process had come that was killed, by what the provider and the journal know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// No intent of it is in the journal.
    Idle,
    /// It has begun, and the provider has not seen its token.
    Begun,
    /// The provider has rotated the token, and its answer is nowhere.
    Unanswered,
    /// The answer is kept, or the new generation is stored already.
    Answered,
}

impl Phase {
    fn of(journal: &[Entry], process: u32, refreshes: u64) -> Self {
        let its = |entry: &&Entry| {
            let holder = entry.by.as_ref().and_then(|holder| holder.process.as_ref());
            holder.is_some_and(|local| local.pid == process)
        };
        let begun = journal.iter().filter(its).find_map(|entry| match &entry.event {
            Event::Begun { intent, .. } => Some(*intent),
            _ => None,
        });
        let Some(begun) = begun else {
            return Self::Idle;
        };
        let is_answer = |entry: &Entry| matches!(&entry.event, Event::Answered { intent, .. } if *intent == begun);
        match (journal.iter().any(is_answer), refreshes) {
            (true, _) => Self::Answered,
            (false, 0) => Self::Begun,
            (false, _) => Self::Unanswered,
        }
    }

    /// What the next process sends.
    const fn sends_again(self) -> u64 {
        match self {
            Self::Idle | Self::Begun | Self::Unanswered => 1,
            Self::Answered => 0,
        }
    }
}

/// The provider forgives nothing here: a login is lost in the one phase in which nobody but it knows the new token, and in no other.
#[test]
fn killed_at_random_moments() {
    let heavy = is_heavy();
    let kills = if heavy { 1_000 } else { 100 };
    let mut login = Expiring::new();
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let (mut phases, mut finished, mut lost) = (BTreeMap::<Phase, u32>::new(), 0, 0);
    // How long an undisturbed rotation takes on this machine, so that kills are spread over all of it.
    let mut whole = Duration::from_millis(40);
    let (mut rounds, mut killed) = (0, 0);
    let is_spread = |phases: &BTreeMap<Phase, u32>| WANTED.iter().all(|wanted| count(phases, wanted) > 0);
    while killed < kills || !is_spread(&phases) {
        rounds += 1;
        let story = format!("round {rounds}");
        // Children that end before they are killed do not count; on a machine so busy that most do, say so.
        assert!(
            rounds <= 4 * kills,
            "{finished} of {rounds} children had finished before they were killed: {phases:?}"
        );
        login.expire();
        // A provider that is sometimes slow makes every phase wide enough to be hit.
        login.world.sandbox.rules(|rules| {
            rules.latency_before_ms = chance.below(4);
            rules.latency_after_ms = chance.below(4);
        });
        if rounds % 25 == 1 {
            let begun = std::time::SystemTime::UNIX_EPOCH;
            let start = now(begun);
            login.assert_lives(&login.token(), &story);
            whole = now(begun).saturating_sub(start).clamp(Duration::from_millis(5), Duration::from_millis(500));
            login.expire();
        }
        let refreshes = || login.world.sandbox.counters().refreshes;
        let before = refreshes();
        let mut child = login.started();
        let pause = whole.mul_f64(f64::from(u32::try_from(chance.below(1_100)).unwrap()) / 1_000.0);
        std::thread::sleep(pause);
        child.kill().unwrap();
        let ended = child.wait().unwrap();
        if ended.success() {
            finished += 1;
        } else {
            assert_eq!(ended.signal(), Some(9), "{story}: {ended}");
            // A request that was on its way is processed after its sender's death; the history must say "killed" after
            // that, or the checker takes the answer for one that was read.
            killed += 1;
            std::thread::sleep(IN_FLIGHT);
            login.world.sandbox.note_kill(&story);
        }

        let sent = refreshes() - before;
        let next = login.token();
        let sent_again = refreshes() - before - sent;
        let (standing, journal) = journal(&login.world.home);
        let phase = Phase::of(&journal, child.id(), sent);
        let story = format!("{story}, {phase:?}: {sent} sent, then {sent_again}; {next:?}\n{journal:#?}");
        assert_eq!(sent, u64::from(phase >= Phase::Unanswered), "{story}");
        assert_eq!(sent_again, phase.sends_again(), "{story}");
        if phase == Phase::Unanswered {
            next.fails(3, "TW0409");
            assert!(matches!(standing, Standing::NeedsConsent { .. }), "{story}: {standing:?}");
            lost += 1;
            login.log_in();
        } else {
            login.assert_lives(&next, &story);
        }
        if ended.success() {
            assert_eq!(phase, Phase::Answered, "{story}");
        } else {
            *phases.entry(phase).or_default() += 1;
        }
        login.assert_clean(&story);
    }
    assert_eq!(count(&phases, &[Phase::Unanswered]), lost);
    let counters = login.world.sandbox.counters();
    report(&format!(
        "{killed} kills in {rounds} rounds, by how far each had come: {phases:?}; {lost} needed a new login because the answer never reached \
         the journal; {finished} children had finished before; refreshes {}, replays in doubt {}",
        counters.refreshes, counters.replays
    ));
}

fn count(phases: &BTreeMap<Phase, u32>, wanted: &[Phase]) -> u32 {
    wanted.iter().filter_map(|phase| phases.get(phase)).sum()
}

/// The kills are spread over all of it: before the provider is asked, while it is, and afterwards.
const WANTED: [&[Phase]; 3] = [&[Phase::Idle, Phase::Begun], &[Phase::Unanswered], &[Phase::Answered]];

fn journal(home: &Path) -> (Standing, Vec<Entry>) {
    let home = Home::resolve(Some(home), &Environment::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let session = Session::open(SessionOptions::new(&home, Arc::new(SystemClock), Arc::new(SystemEntropy)));
        let session = session.await.unwrap();
        let keeper = session.keeper();
        let report = keeper.list().await.unwrap().into_iter().find(|report| report.grant.profile.is_some()).unwrap();
        (report.grant.standing, keeper.journal(report.grant.id, 12).await.unwrap())
    })
}

/// Longer than the sandbox takes for a request that has reached it, its latencies included.
const IN_FLIGHT: Duration = Duration::from_millis(40);

/// xorshift: the same kills every time, as far as a scheduler allows.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

#[expect(clippy::disallowed_methods, reason = "spreads the kills over a turn")]
fn now(since: std::time::SystemTime) -> Duration {
    std::time::SystemTime::now().duration_since(since).unwrap()
}

#[expect(clippy::print_stdout, reason = "the count is what one wants to read of a sweep")]
fn report(line: &str) {
    println!("{line}");
}
