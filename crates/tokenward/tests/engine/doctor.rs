//! The doctor over true rotations: what it finds, and that the provider never sees a refresh token because of it (I8).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aes_gcm::aead::Aead;
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use tokenward::core::ports::Clock;
use tokenward::core::{Brand, Code, RawAnswer, SecretBytes, Standing, TokenApi};
use tokenward::doctor::{self, Check, Facts, Finding, Severity, Story, Tale, Wish};
use tokenward::{Environment, Home, Overrides, Settings, SystemEntropy};
use tokenward_emulator::{CatalogueEntry, Endpoint, Fault, FaultKind, Operation, Stage, Visit, catalogue};
use tokenward_testkit::until;

use crate::world::World;

impl World {
    /// The settings of the profile `work`, as variables.
    fn settings(&self, user: Option<&Path>) -> Settings {
        let home = self.folder.path().to_str().unwrap();
        let user = user.and_then(Path::to_str).unwrap_or("/nowhere");
        let variables = [
            ("HOME", user),
            ("TOKENWARD_HOME", home),
            ("TOKENWARD_PROFILE", "work"),
            ("TOKENWARD_PROVIDER", self.app.provider().as_str()),
            ("TOKENWARD_APP_ID", &self.app.client_id),
            ("TOKENWARD_APP_SECRET", self.app.expose_secret()),
            ("TOKENWARD_OPEN_URL", self.app.hosts.open.as_str()),
            ("TOKENWARD_ACCOUNTS_URL", self.app.hosts.accounts.as_str()),
            ("TOKENWARD_TOKEN_API", self.app.token_api.as_str()),
        ];
        let env = Environment::new(variables);
        let home = Home::resolve(None, &env).unwrap();
        Settings::load(home, env, Overrides::default()).unwrap().0
    }

    async fn facts(&self, online: bool) -> Facts {
        let wish = Wish { online, ..Wish::default() };
        doctor::gather(&self.settings(None), Vec::new(), self.clock.clone(), Arc::new(SystemEntropy), wish).await
    }

    /// Looks twice, once with calls that spend nothing, and sees that the provider's grants are as they were.
    async fn look(&self) -> Vec<Finding> {
        let counted = || {
            let counters = self.sandbox.counters();
            (counters.refreshes, counters.replays, counters.exchanges)
        };
        let live = || self.sandbox.current_tokens().into_iter().map(|login| login.refresh_token).collect::<Vec<_>>();
        let refresh = |visit: &Visit| visit.operation == Operation::Refresh;
        let refreshes = || self.sandbox.history().iter().filter(|record| record.visit().is_some_and(refresh)).count();
        let before = (counted(), live(), refreshes());
        let offline = doctor::examine(&self.facts(false).await);
        let online = doctor::examine(&self.facts(true).await);
        assert_eq!(before, (counted(), live(), refreshes()), "a look moved a refresh token");
        // What the provider adds does not change what the journal tells.
        let stories = |findings: &[Finding]| {
            let journal = |finding: &&Finding| matches!(finding.check, Check::Login | Check::Rotations);
            let codes = findings.iter().filter(journal).map(|finding| finding.story.code());
            codes.collect::<Vec<_>>()
        };
        assert_eq!(stories(&offline), stories(&online));
        offline
    }
}

fn worst(findings: &[Finding]) -> &Finding {
    let found = findings.iter().filter(|finding| matches!(finding.check, Check::Login | Check::Rotations));
    found.max_by_key(|finding| finding.story.severity()).unwrap()
}

/// Every code that reference/feishu.md lists for a refresh, met by a true rotation.
#[tokio::test]
async fn every_refresh_code_is_found() {
    let families = [
        (TokenApi::V3, Endpoint::V3Token),
        (TokenApi::V2, Endpoint::V2Token),
        (TokenApi::OidcV1, Endpoint::OidcRefresh),
        (TokenApi::LegacyV1, Endpoint::LegacyRefresh),
    ];
    let mut met = 0;
    for (api, endpoint) in families {
        let world = World::with(api, Brand::Feishu).await;
        let keeper = world.keeper().await;
        let (mut id, _) = world.log_in(&keeper, "work").await;
        let listed = |entry: &CatalogueEntry| entry.endpoint == endpoint && entry.operation == Operation::Refresh;
        for entry in catalogue().into_iter().filter(listed) {
            world.sandbox.inject(Fault::code(entry.code).on(entry.endpoint).when(entry.operation));
            let error = keeper.renew(&world.app, id).await.unwrap_err();
            assert!(world.sandbox.faults().is_empty(), "{api} {}: never sent", entry.code);
            let findings = world.look().await;
            let found = worst(&findings);
            assert_eq!(found.story.code(), error.code(), "{api} {}: {findings:#?}", entry.code);
            let cause = match &found.story {
                Story::Dead(death) => death.cause,
                Story::LastFailed { cause, .. } => *cause,
                other => panic!("{api} {}: {other:?}", entry.code),
            };
            assert_eq!(cause.provider_code, Some(i64::from(entry.code)));
            assert!(cause.explained.is_some(), "{api} {}: its meaning is known", entry.code);
            if matches!(keeper.status(id).await.unwrap().grant.standing, Standing::NeedsConsent { .. }) {
                id = world.log_in(&keeper, "work").await.0;
            }
            met += 1;
        }
    }
    assert!(met > 60, "{met}");
}

#[tokio::test]
async fn a_healthy_login_has_nothing_wrong() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    keeper.renew(&world.app, id).await.unwrap();
    world.look().await;
    let findings = doctor::examine(&world.facts(true).await);
    // The callback's port is this machine's, and others may be at it.
    let ours = findings.iter().filter(|finding| finding.check != Check::Port);
    let bad: Vec<_> = ours.filter(|finding| finding.story.severity() > Severity::Note).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    let checks: Vec<_> = findings.iter().map(|finding| finding.check).collect();
    for check in [Check::App, Check::Secret, Check::Login, Check::Tokens, Check::Rotations, Check::Store, Check::Clock]
    {
        assert!(checks.contains(&check), "{check:?}");
    }
    assert!(findings.iter().any(|finding| matches!(finding.story, Story::AccessAccepted)), "{findings:#?}");
    assert!(findings.iter().any(|finding| matches!(finding.story, Story::ClockRight(_))), "{findings:#?}");
}

#[tokio::test]
async fn a_second_owner_is_told_from_an_answer_that_we_lost() {
    let mut world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    // A copy of the whole folder rotates the login: this vault's journal knows nothing of it.
    let copy = tempfile::tempdir().unwrap();
    copy_folder(world.folder.path(), copy.path());
    world.expire();
    let own = std::mem::replace(&mut world.folder, copy);
    world.keeper().await.renew(&world.app, id).await.unwrap();
    world.folder = own;
    assert_eq!(keeper.renew(&world.app, id).await.unwrap_err().code(), Code::ForeignSpender);
    let findings = world.look().await;
    let Story::Dead(death) = &worst(&findings).story else { panic!("{findings:#?}") };
    assert!(matches!((death.code, &death.tale), (Code::ForeignSpender, Tale::SecondOwner(_))), "{death:#?}");
    assert_eq!(death.met_by.as_ref().unwrap().pid, Some(std::process::id()));

    // The same code from the provider after a send of our own, whose answer did not come.
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    world.expire();
    world.sandbox.inject(Fault::drop_answer().when(Operation::Refresh));
    assert_eq!(keeper.renew(&world.app, id).await.unwrap_err().code(), Code::OutcomeUnknown);
    assert!(matches!(worst(&world.look().await).story, Story::InDoubt(_)));
    assert_eq!(keeper.renew(&world.app, id).await.unwrap_err().code(), Code::AnswerLost);
    let findings = world.look().await;
    let Story::Dead(death) = &worst(&findings).story else { panic!("{findings:#?}") };
    let Tale::AnswerLost { sender: Some(sender), at: Some(_), .. } = &death.tale else { panic!("{death:#?}") };
    assert_eq!((death.code, sender.pid), (Code::AnswerLost, Some(std::process::id())));
}

#[tokio::test]
async fn the_wall_is_named_with_its_date() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, report) = world.log_in(&keeper, "work").await;
    let wall = report.report.grant.wall.unwrap();
    // Kept alive for a year, a week at a time.
    for _ in 0..61 {
        world.pass(Duration::from_hours(6 * 24));
        if keeper.renew(&world.app, id).await.is_err() {
            break;
        }
    }
    let findings = world.look().await;
    let Story::Dead(death) = &worst(&findings).story else { panic!("{findings:#?}") };
    let Tale::End { end: Some(end), wall: true, .. } = death.tale else { panic!("{death:#?}") };
    assert_eq!((death.code, end), (Code::ConsentExpired, wall));
}

#[tokio::test]
async fn a_clock_that_differs_is_seen_in_the_providers_date() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    world.log_in(&keeper, "work").await;
    world.sandbox.advance(Duration::from_secs(300));
    let findings = doctor::examine(&world.facts(true).await);
    let wrong = findings.iter().find_map(|finding| match &finding.story {
        Story::ClockWrong(clocks) => Some(clocks.theirs.duration_since(clocks.ours).as_secs()),
        _ => None,
    });
    assert!((295..=305).contains(&wrong.unwrap()), "{wrong:?}");
    // Without being asked, the provider tells nothing.
    let findings = doctor::examine(&world.facts(false).await);
    assert!(findings.iter().any(|finding| matches!(finding.story, Story::ClockNotChecked)));
}

#[tokio::test]
async fn the_secret_and_the_brand_are_checked_for_nothing() {
    let mut world = World::new().await;
    let keeper = world.keeper().await;
    world.log_in(&keeper, "work").await;
    world.app.secret = Some(tokenward::core::AppSecret::parse("wrong").unwrap());
    let findings = doctor::examine(&world.facts(true).await);
    let refused = findings.iter().find(|finding| finding.check == Check::Secret).unwrap();
    assert_eq!((refused.story.code(), refused.story.severity()), (Code::AppCredentialsWrong, Severity::Trouble));
    assert_eq!(world.sandbox.counters().refreshes, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rotation_under_way_is_no_trouble() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    world.expire();
    world.sandbox.inject(Fault::new(FaultKind::Hang).when(Operation::Refresh).at(Stage::Before));
    let app = world.app.clone();
    let rotation = tokio::spawn(async move { keeper.renew(&app, id).await });
    until(|| world.sandbox.hanging() > 0).await;
    let findings = world.look().await;
    let told = worst(&findings);
    assert_eq!((told.story.code(), told.story.severity()), (Code::TurnUnderWay, Severity::Note), "{findings:#?}");
    let Story::UnderWay { sender, visible, .. } = &told.story else { panic!("{told:?}") };
    assert!(*visible && sender.pid == Some(std::process::id()));
    world.sandbox.release();
    rotation.await.unwrap().unwrap();
    assert!(worst(&world.look().await).story.severity() < Severity::Note);
    world.assert_clean();
}

#[tokio::test]
async fn a_login_that_was_not_stored_is_seen_and_left() {
    let world = World::new().await;
    world.keeper().await;
    let vault = world.parts().await.vault;
    let answer = RawAnswer {
        status: 200,
        content_type: Some("application/json".into()),
        log_id: None,
        date: None,
        retry_after: None,
        location: None,
        body: SecretBytes::new(
            br#"{"code":0,"access_token":"eyJa","expires_in":7200,"refresh_token":"eyJr","refresh_token_expires_in":604800}"#.to_vec(),
        ),
        whole: true,
        received: Clock::now(&*world.clock),
    };
    let profile = "work".parse().unwrap();
    vault.keep_login_answer(&profile, &world.app.name, TokenApi::V3, &answer).await.unwrap();
    let unfinished = |facts: &Facts| {
        doctor::examine(facts).iter().filter(|finding| matches!(finding.story, Story::LoginUnfinished(_))).count()
    };
    assert_eq!(unfinished(&world.facts(false).await), 0, "its process may still be at work");
    world.clock.advance(jiff::SignedDuration::from_secs(90));
    for _ in 0..2 {
        assert_eq!(unfinished(&world.facts(false).await), 1, "a look stores nothing");
    }
    // Any other opening stores it.
    assert!(world.keeper().await.grant_of(&profile).await.is_ok());
    assert_eq!(unfinished(&world.facts(false).await), 0);
}

/// A store of `lark-cli` with one login, as its Linux builds write it (see the tests of stores).
fn lark_cli(user: &Path, app: &str, refresh: &str) {
    let folder = user.join(".local/share/lark-cli");
    std::fs::create_dir_all(&folder).unwrap();
    let (key, nonce) = ([7; 32], [5; 12]);
    let login = format!(
        r#"{{"appId":"{app}","userOpenId":"ou_1","accessToken":"u-x","refreshToken":"{refresh}","expiresAt":0,"scope":""}}"#
    );
    let cipher = Aes256Gcm::new(&key.into());
    let sealed = cipher.encrypt(&Nonce::from(nonce), login.as_bytes()).unwrap();
    std::fs::write(folder.join("master.key"), key).unwrap();
    std::fs::write(folder.join(format!("{app}_ou_1.enc")), [&nonce[..], &sealed].concat()).unwrap();
}

#[tokio::test]
async fn another_tool_with_the_same_refresh_token_is_found() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    let user = tempfile::tempdir().unwrap();
    let look = async || {
        let wish = Wish::default();
        let settings = world.settings(Some(user.path()));
        let facts = doctor::gather(&settings, Vec::new(), world.clock.clone(), Arc::new(SystemEntropy), wish).await;
        doctor::examine(&facts).into_iter().filter(|finding| finding.check == Check::Owners).collect::<Vec<_>>()
    };
    let found = look().await;
    assert!(
        matches!(&found[..], [Finding { story: Story::NoOtherOwner(looked), .. }] if looked.is_empty()),
        "{found:#?}"
    );

    let refresh = world.sandbox.current_tokens().remove(0).refresh_token.unwrap();
    lark_cli(user.path(), &world.app.client_id, &refresh);
    let found = look().await;
    let [Finding { story: Story::SecondOwner { tool, profile, held }, .. }] = &found[..] else { panic!("{found:#?}") };
    assert_eq!((tool.as_str(), profile.as_str()), ("lark-cli", "work"));
    assert_eq!(held.app_id.as_ref(), Some(&world.app.client_id));
    assert!(!format!("{found:?}").contains(&refresh), "no token is in a finding");

    // Once we have rotated it, what the tool holds is used up.
    keeper.renew(&world.app, id).await.unwrap();
    let found = look().await;
    assert!(matches!(&found[..], [Finding { story: Story::OldCopy { .. }, .. }]), "{found:#?}");
    // A login of its own is nobody's business.
    lark_cli(user.path(), &world.app.client_id, "eyJ-its-own");
    let found = look().await;
    assert!(
        matches!(&found[..], [Finding { story: Story::NoOtherOwner(looked), .. }] if looked.len() == 1),
        "{found:#?}"
    );
    // A store that asks for a password is told and not opened.
    std::fs::create_dir_all(user.path().join(".config/oidc-agent")).unwrap();
    std::fs::write(user.path().join(".config/oidc-agent/feishu"), "1234\nsealed\n").unwrap();
    let found = look().await;
    assert!(!found.iter().any(|finding| finding.story.severity() > Severity::Note), "{found:#?}");
    assert_eq!(world.sandbox.counters().refreshes, 1);
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}
