//! A real child process is killed (SIGKILL) at random moments, in each family of token endpoints that the command can log in with.
//!
//! After each kill the next command is judged by how far the killed process had come, as the provider and the journal know it: it sends again
//! where nothing of an answer was kept, and nothing where one was; the provider's history shows no refresh token sent twice with a known
//! outcome. A login is lost in the one phase in which nobody but the provider knows the new token, and in no other; and not even there where
//! the provider's refresh token stays good and can be shown once more.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokenward::{Environment, Home, Session, SessionOptions, SystemClock, SystemEntropy};
use tokenward_core::{Entry, Event, Standing, TokenApi};
use tokenward_emulator::{Door, Sandbox};
use tokenward_testkit::is_heavy;

use crate::desk::{Desk, cookie};
use crate::world::{Ran, Started, World, browse, run, run_fed};

#[test]
fn killed_at_random_moments_in_v3() {
    sweep(TokenApi::V3, 100);
}

#[test]
fn killed_at_random_moments_in_v2() {
    sweep(TokenApi::V2, FEW);
}

#[test]
fn killed_at_random_moments_in_oidc_v1() {
    sweep(TokenApi::OidcV1, FEW);
}

#[test]
fn killed_at_random_moments_in_legacy_v1() {
    sweep(TokenApi::LegacyV1, FEW);
}

#[test]
fn killed_at_random_moments_in_ssm() {
    sweep(TokenApi::Ssm, FEW);
}

#[test]
fn killed_at_random_moments_in_auth_api() {
    sweep(TokenApi::AuthApi, FEW);
}

#[test]
fn killed_at_random_moments_in_bkauth() {
    sweep(TokenApi::BkAuth, FEW);
}

#[test]
fn killed_at_random_moments_in_oauth2() {
    sweep(TokenApi::Rfc6749, FEW);
}

/// What a family is like as far as a kill shows it.
struct Terms {
    /// What is told of a login whose new token only the provider knows. `None`: there is none, because the refresh token that was sent stays
    /// good, so that its answer can be asked for once more (reference/blueking.md §2.1: SSM gives the same one again).
    lost: Option<&'static str>,
    /// How long a sender that died is given before its token is shown again: its request may be under way still, and the later of the
    /// two would end what the earlier has brought (design/0000-charter.md §5).
    respite: u64,
}

impl Terms {
    const fn of(api: TokenApi) -> Self {
        let answer_lost = Some("TW0409");
        match api {
            TokenApi::V3 | TokenApi::V2 | TokenApi::OidcV1 | TokenApi::LegacyV1 | TokenApi::BkAuth => {
                Self { lost: answer_lost, respite: 0 }
            }
            // What it says of a used refresh token is not published (reference/blueking.md §2.2), so its no is no definite one (I6).
            TokenApi::AuthApi => Self { lost: Some("TW0415"), respite: 0 },
            TokenApi::Ssm => Self { lost: None, respite: 0 },
            TokenApi::Rfc6749 => Self { lost: answer_lost, respite: 60 },
        }
    }
}

/// A provider and a home.
enum Stand {
    Feishu(World),
    Other(Desk),
}

/// A login whose access token has always just expired: the clocks of provider and command move together.
struct Expiring {
    stand: Stand,
    api: TokenApi,
    terms: Terms,
    seconds: u64,
}

impl Expiring {
    fn new(api: TokenApi) -> Self {
        let stand = match api {
            TokenApi::V3 | TokenApi::V2 | TokenApi::OidcV1 | TokenApi::LegacyV1 => {
                let world = World::bare();
                world.init(&["--dialect", api.as_str()]).succeeds();
                Stand::Feishu(world)
            }
            TokenApi::Ssm => Stand::Other(Desk::new(Door::Ssm)),
            TokenApi::AuthApi => Stand::Other(Desk::new(Door::AuthApi)),
            TokenApi::BkAuth => Stand::Other(Desk::new(Door::Bkauth)),
            TokenApi::Rfc6749 => Stand::Other(Desk::new(Door::Plain)),
        };
        let login = Self { stand, api, terms: Terms::of(api), seconds: 0 };
        // One life for all, and logins that outlive a thousand of them.
        login.sandbox().rules(|rules| {
            for tokens in [&mut rules.blueking.ssm.tokens, &mut rules.blueking.auth_api.tokens] {
                (tokens.access_seconds, tokens.refresh_seconds) = (LIFE, YEARS);
            }
            (rules.blueking.bkauth.access_seconds, rules.blueking.bkauth.refresh_seconds) = (LIFE, YEARS);
            (rules.plain.access_seconds, rules.plain.refresh_seconds) = (LIFE, YEARS);
        });
        login.log_in();
        login
    }

    fn sandbox(&self) -> &Sandbox {
        match &self.stand {
            Stand::Feishu(world) => &world.sandbox,
            Stand::Other(desk) => &desk.sandbox,
        }
    }

    fn home(&self) -> &Path {
        match &self.stand {
            Stand::Feishu(world) => &world.home,
            Stand::Other(desk) => &desk.home,
        }
    }

    fn pass(&mut self, seconds: u64) {
        self.seconds += seconds;
        self.sandbox().advance(Duration::from_secs(seconds));
    }

    fn expire(&mut self) {
        self.pass(LIFE + 100);
    }

    /// The command, by the moved clock.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = match &self.stand {
            Stand::Feishu(world) => world.command(words),
            Stand::Other(desk) => desk.command(words),
        };
        command.env("TOKENWARD_CLOCK_OFFSET", self.seconds.to_string());
        command
    }

    fn token_command(&self) -> Command {
        match self.api {
            TokenApi::Ssm | TokenApi::AuthApi => self.command(&["token", "--user", "alice"]),
            _ => self.command(&["token"]),
        }
    }

    fn token(&self) -> Ran {
        run(&mut self.token_command())
    }

    fn log_in(&self) {
        let by_cookie = |name| {
            let words = ["login", "--user", "alice", "--cookie-stdin"];
            run_fed(&mut self.command(&words), &cookie(name, "alice"))
        };
        let ran = match self.api {
            TokenApi::Ssm => by_cookie("bk_token"),
            TokenApi::AuthApi => by_cookie("bk_ticket"),
            _ => {
                let words = ["login", "--no-browser", "--port", "0", "--timeout", "30s"];
                let mut login = Started::new(&mut self.command(&words));
                browse(&login.line());
                login.finish()
            }
        };
        assert_eq!(ran.code, 0, "{ran:?}");
    }

    /// A `token` that is still running.
    fn started(&self) -> Child {
        self.token_command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// The token printed must be one that the provider accepts now.
    fn assert_lives(&self, ran: &Ran, story: &str) {
        assert_eq!(ran.code, 0, "{story}: {ran:?}");
        let live = self.sandbox().current_tokens().into_iter().flat_map(|login| login.access_tokens);
        assert!(live.into_iter().any(|access| access.token == ran.out.trim_end()), "{story}: a dead token was printed");
    }

    fn assert_clean(&self, story: &str) {
        let verdict = self.sandbox().check();
        let history = self.sandbox().history();
        let newest = &history[history.len().saturating_sub(12)..];
        assert!(verdict.is_clean(), "{story}: {:#?}\n{newest:#?}", verdict.violations);
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

/// So many kills, or a thousand.
fn sweep(api: TokenApi, kills: u32) {
    let kills = if is_heavy() { 1_000 } else { kills };
    let mut login = Expiring::new(api);
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let (mut phases, mut finished, mut lost) = (BTreeMap::<Phase, u32>::new(), 0, 0);
    // How long an undisturbed rotation takes on this machine, so that kills are spread over all of it.
    let mut whole = Duration::from_millis(40);
    let (mut rounds, mut killed) = (0, 0);
    let is_spread = |phases: &BTreeMap<Phase, u32>| WANTED.iter().all(|wanted| count(phases, wanted) > 0);
    while killed < kills || !is_spread(&phases) {
        rounds += 1;
        let story = format!("{api}, round {rounds}");
        // Children that end before they are killed do not count; on a machine so busy that most do, say so.
        assert!(
            rounds <= 4 * kills.max(100),
            "{finished} of {rounds} children had finished before they were killed: {phases:?}"
        );
        login.expire();
        // A provider that is sometimes slow makes every phase wide enough to be hit.
        login.sandbox().rules(|rules| {
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
        let refreshes = || login.sandbox().counters().refreshes;
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
            std::thread::sleep(IN_FLIGHT.max(2 * whole));
            login.sandbox().note_kill(&story);
        }

        let sent = refreshes() - before;
        login.pass(login.terms.respite);
        let next = login.token();
        let sent_again = login.sandbox().counters().refreshes - before - sent;
        let (standing, journal) = journal(login.home());
        let phase = Phase::of(&journal, child.id(), sent);
        let story = format!("{story}, {phase:?}: {sent} sent, then {sent_again}; {next:?}\n{journal:#?}");
        assert_eq!(sent, u64::from(phase >= Phase::Unanswered), "{story}");
        assert_eq!(sent_again, phase.sends_again(), "{story}");
        if let (Phase::Unanswered, Some(code)) = (phase, login.terms.lost) {
            next.fails(3, code);
            let is_definite = matches!(standing, Standing::NeedsConsent { .. });
            assert!(
                is_definite || matches!((api, &standing), (TokenApi::AuthApi, Standing::InDoubt { .. })),
                "{story}: {standing:?}"
            );
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
    let may_be_lost = if login.terms.lost.is_some() { count(&phases, &[Phase::Unanswered]) } else { 0 };
    assert_eq!(lost, may_be_lost);
    let counters = login.sandbox().counters();
    report(&format!(
        "{api}: {killed} kills in {rounds} rounds, by how far each had come: {phases:?}; {lost} needed a new login because the answer never \
         reached the journal; {finished} children had finished before; refreshes {}, replays in doubt {}",
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

/// Kills in the ordinary run, where it is not v3.
const FEW: u32 = 12;

/// How long an access token lives, in seconds.
const LIFE: u64 = 7_200;

/// How long a refresh token lives that no refresh lengthens, in seconds: longer than a sweep.
const YEARS: u64 = 10 * 365 * 86_400;

/// Longer than the sandbox takes for a request that has reached it, its latencies included; on a busy machine twice what a refresh takes is
/// longer.
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
