//! The policy, case by case and over generated facts. Each test names the promise it guards.

use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use tokenward_core::rotation_policy::{Change, Decision, Recovery, Settlement, decide, doubt_after, recover, settle};
use tokenward_core::*;
use uuid::Uuid;

const START: i64 = 1_800_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(START + seconds).unwrap()
}

const PUNISHED: Replay = Replay::Punished { grace: Duration::ZERO };

fn rules(replay: Replay) -> Rules {
    Rules {
        old_access: OldAccess::Stays,
        absent_refresh: AbsentRefresh::Ends,
        replay,
        margin: Duration::from_secs(300),
        jitter: Duration::from_secs(60),
        assumed_access: Duration::from_secs(6900),
        assumed_refresh: Some(Duration::from_secs(604_800)),
        refresh_end: RefreshEnd::Sliding,
        wall: Some(Duration::from_hours(365 * 24)),
        send_deadline: Duration::from_secs(30),
        rate: None,
    }
}

fn grant(life: i64) -> Grant {
    Grant {
        id: GrantId::from(Uuid::from_u128(7)),
        app: "work".parse().unwrap(),
        profile: Some("work".parse().unwrap()),
        generation: Generation::new(3),
        standing: Standing::Live,
        access: Some(Access { token: AccessToken::parse("present").unwrap(), obtained: at(0), expires: at(life) }),
        has_refresh: true,
        refresh_expires: Some(at(604_800)),
        wall: Some(at(365 * 86_400)),
        consented: at(0),
        rotated_at: at(0),
        scopes: Scopes::default(),
        subject: None,
        issued_by: TokenApi::V3,
        intent_open: false,
        on_trial: false,
        linked: false,
        unproven: false,
        former_profile: None,
    }
}

fn holder() -> Holder {
    Holder {
        node: Node { place: "here".into(), host: "here".into() },
        incarnation: 1,
        process: Some(LocalProcess { pid: 1, started: 1 }),
    }
}

fn intent_id() -> IntentId {
    IntentId::from(Uuid::from_u128(9))
}

fn intent(begun: i64) -> Intent {
    Intent {
        id: intent_id(),
        grant: grant(7200).id,
        generation: Generation::new(3),
        fingerprint: Fingerprint::from_bytes([1; 16]),
        fence: Fence::new(1),
        sender: holder(),
        api: TokenApi::V3,
        begun: at(begun),
        deadline: at(begun + 30),
        answer: None,
        doubted: false,
    }
}

fn answer() -> RawAnswer {
    RawAnswer {
        status: 200,
        content_type: None,
        log_id: None,
        date: None,
        retry_after: None,
        location: None,
        body: SecretBytes::new(b"{}".to_vec()),
        whole: true,
        received: at(1),
    }
}

fn refusal(class: RefusalClass, remedy: Remedy) -> Refusal {
    Refusal {
        class,
        remedy,
        provider_code: Some(20064),
        provider_word: None,
        meaning: None,
        status: 400,
        description: None,
        log_id: None,
        retry_after: None,
        missing_scopes: Vec::new(),
    }
}

fn living(seconds: u64) -> TokenWish {
    TokenWish::Living { min_ttl: Duration::from_secs(seconds) }
}

#[test]
fn a_fresh_token_is_served_and_a_due_one_rotated_ahead() {
    let rules = rules(Replay::Harmless);
    assert_eq!(decide(&grant(7200), living(0), &rules, at(10)), Decision::Serve);
    assert_eq!(decide(&grant(7200), living(0), &rules, at(6901)), Decision::RotateAhead);
    assert_eq!(decide(&grant(7200), living(0), &rules, at(7200)), Decision::Rotate);
    assert_eq!(decide(&grant(7200), living(3600), &rules, at(5000)), Decision::Rotate);
}

#[test]
fn i6_a_refresh_token_past_its_known_end_is_still_tried() {
    let mut grant = grant(7200);
    grant.refresh_expires = Some(at(100));
    let rules = rules(Replay::Harmless);
    assert_eq!(decide(&grant, living(0), &rules, at(8000)), Decision::Rotate);
    assert_eq!(grant.status(&rules, at(8000)), Status::NeedsConsent);
}

#[test]
fn i7_a_living_token_is_served_whatever_the_standing() {
    let rules = rules(Replay::Harmless);
    let mut grant = grant(7200);
    grant.standing = Standing::NeedsConsent { since: at(1), code: Code::AnswerLost, provider_code: None };
    assert_eq!(decide(&grant, living(0), &rules, at(7100)), Decision::Serve);
    assert_eq!(decide(&grant, living(0), &rules, at(7201)), Decision::Refuse(Code::AnswerLost));
    assert_eq!(
        decide(&grant, TokenWish::NewerThan(Generation::new(3)), &rules, at(10)),
        Decision::Refuse(Code::AnswerLost)
    );
    grant.standing = Standing::Retired { since: at(1) };
    assert_eq!(decide(&grant, living(0), &rules, at(10)), Decision::Refuse(Code::NotLoggedIn));
}

#[test]
fn two_callers_who_saw_one_generation_cause_one_spend() {
    let rules = rules(Replay::Harmless);
    let grant = grant(7200);
    assert_eq!(decide(&grant, TokenWish::NewerThan(Generation::new(3)), &rules, at(10)), Decision::Rotate);
    assert_eq!(decide(&grant, TokenWish::NewerThan(Generation::new(2)), &rules, at(10)), Decision::Serve);
}

#[test]
fn a_clock_set_back_makes_a_token_due_and_not_dead() {
    let rules = rules(Replay::Harmless);
    assert_eq!(decide(&grant(7200), living(0), &rules, at(-86_400)), Decision::RotateAhead);
}

#[test]
fn a_kept_answer_is_settled_and_one_that_could_not_be_read_is_not_read_for_ever() {
    let rules = rules(Replay::Harmless);
    let mut open = intent(0);
    open.answer = Some(answer());
    assert_eq!(recover(&open, &grant(7200), HolderFate::Dead, &rules, at(2)), Recovery::Settle);
    open.doubted = true;
    assert_eq!(recover(&open, &grant(7200), HolderFate::Dead, &rules, at(2)), Recovery::Replay);
}

#[test]
fn who_may_replay() {
    let (harmless, punished) = (rules(Replay::Harmless), rules(PUNISHED));
    let open = intent(0);
    // Known dead: at once, because some providers forgive within seconds.
    assert_eq!(recover(&open, &grant(7200), HolderFate::Dead, &harmless, at(1)), Recovery::Replay);
    // Perhaps alive: not before its deadline.
    for fate in [HolderFate::Alive, HolderFate::Unknown] {
        assert_eq!(recover(&open, &grant(7200), fate, &harmless, at(1)), Recovery::Wait { until: at(35) });
        assert_eq!(recover(&open, &grant(7200), fate, &harmless, at(36)), Recovery::Replay);
    }
    // Where a replay is punished: not while the access token still serves.
    assert_eq!(recover(&open, &grant(7200), HolderFate::Dead, &punished, at(1)), Recovery::Hold { until: at(7200) });
    assert_eq!(recover(&open, &grant(7200), HolderFate::Dead, &punished, at(7201)), Recovery::Replay);
    // A clock set back does not make anyone wait for a deadline a day away, and does not race the sender either.
    let waiting = Recovery::Wait { until: at(-86_400 + 35) };
    assert_eq!(recover(&open, &grant(7200), HolderFate::Unknown, &harmless, at(-86_400)), waiting);
    assert_eq!(recover(&open, &grant(7200), HolderFate::Dead, &harmless, at(-86_400)), Recovery::Replay);
}

/// The request of a killed sender may arrive after our replay. A provider that punishes replays would then end the login that
/// the replay has just saved.
#[test]
fn a_dead_senders_request_may_be_under_way_still() {
    let rules =
        |grace| Rules { old_access: OldAccess::Dies, ..rules(Replay::Punished { grace: Duration::from_secs(grace) }) };
    let dead = |grace, now| recover(&intent(0), &grant(7200), HolderFate::Dead, &rules(grace), at(now));
    assert_eq!(dead(0, 1), Recovery::Wait { until: at(35) });
    assert_eq!(dead(0, 36), Recovery::Replay);
    // Both fall into the grace: whichever comes second is merely refused.
    assert_eq!(dead(30, 1), Recovery::Replay);
    assert_eq!(dead(30, 16), Recovery::Wait { until: at(35) });
    // A sender that may live is not raced whatever the grace.
    let unknown = recover(&intent(0), &grant(7200), HolderFate::Unknown, &rules(30), at(1));
    assert_eq!(unknown, Recovery::Wait { until: at(35) });
}

/// Where the old access token dies with the rotation, a reader who comes while it is being rotated waits for the new one, and so
/// does one who comes when it is due; while it is neither, nobody waits.
#[test]
fn a_token_that_dies_with_its_rotation_is_not_handed_out_during_it() {
    let dies = Rules { old_access: OldAccess::Dies, ..rules(Replay::Harmless) };
    let ask = |grant: &Grant, now| decide(grant, TokenWish::default(), &dies, at(now));
    let mut grant = grant(7200);
    assert_eq!(ask(&grant, 1), Decision::Serve);
    assert_eq!(ask(&grant, 7100), Decision::Rotate);
    grant.intent_open = true;
    assert_eq!(ask(&grant, 1), Decision::Rotate);
    grant.intent_open = false;
    grant.standing = Standing::InDoubt { intent: intent_id(), since: at(0), doubt: Doubt::NoAnswer };
    assert_eq!(ask(&grant, 1), Decision::Rotate);
}

/// SSM's refresh token ends thirty days after the login, however often it is used; its answers do not say when.
#[test]
fn an_end_that_stands_since_the_login_is_not_moved_by_a_rotation() {
    let fixed = Rules { refresh_end: RefreshEnd::Fixed, ..rules(Replay::Harmless) };
    let rotated = |rules: &Rules, told: Option<i64>| {
        let issued = Issued {
            access: None,
            refresh: Some(RefreshToken::parse("same").unwrap()),
            refresh_expires: told.map(at),
            scopes: None,
            subject: None,
        };
        let outcome = Outcome::Rotated { issued, oddities: Vec::new() };
        match settle(outcome, &grant(7200), TokenApi::Ssm, false, rules, at(3600)) {
            Settlement::Commit { rotation, .. } => rotation.refresh_expires,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(rotated(&fixed, Some(3600 + 604_800)), Some(at(604_800)));
    assert_eq!(rotated(&fixed, Some(7200)), Some(at(7200)));
    assert_eq!(rotated(&fixed, None), Some(at(604_800)));
    assert_eq!(rotated(&rules(Replay::Harmless), Some(3600 + 604_800)), Some(at(3600 + 604_800)));
}

#[test]
fn i3_a_new_refresh_token_and_nothing_else_is_committed() {
    let issued = Issued {
        access: None,
        refresh: Some(RefreshToken::parse("next").unwrap()),
        refresh_expires: None,
        scopes: None,
        subject: None,
    };
    let outcome = Outcome::Rotated { issued, oddities: vec![Oddity::AccessMissing] };
    let settled = settle(outcome, &grant(7200), TokenApi::V3, false, &rules(Replay::Harmless), at(1));
    let Settlement::Commit { rotation, oddities } = settled else { panic!("{settled:?}") };
    assert!(matches!(rotation.access, Change::Keep));
    assert!(matches!(rotation.refresh, Change::Replace(_)));
    assert_eq!(oddities, [Oddity::AccessMissing]);
}

#[test]
fn only_an_answer_that_did_not_come_whole_is_called_lost() {
    let told = |standing, replay, remedy| {
        let grant = Grant { standing, ..grant(7200) };
        let outcome = Outcome::Refused(refusal(RefusalClass::NeedsConsent, remedy));
        match settle(outcome, &grant, TokenApi::V3, replay, &rules(Replay::Harmless), at(1)) {
            Settlement::Dead { code, refusal } => (code, refusal.remedy),
            other => panic!("{other:?}"),
        }
    };
    let in_doubt = |doubt| Standing::InDoubt { intent: intent_id(), since: at(0), doubt };
    for remedy in [Remedy::LogInAfterUse, Remedy::LogIn] {
        for doubt in [Doubt::NoAnswer, Doubt::SenderDied, Doubt::OddAnswer] {
            assert_eq!(told(in_doubt(doubt), true, remedy), (Code::AnswerLost, Remedy::LogIn), "{doubt:?}");
        }
        // An open send of somebody who is gone.
        assert_eq!(told(Standing::Live, true, remedy), (Code::AnswerLost, Remedy::LogIn));
        // Every answer came.
        let answered = in_doubt(Doubt::UnclearRefusal);
        assert_eq!(told(answered, true, remedy), (Code::RefreshTokenRefused, Remedy::LogIn), "{remedy:?}");
    }
    let after = |doubt| doubt_after(Doubt::UnclearRefusal, &Grant { standing: in_doubt(doubt), ..grant(7200) }, true);
    assert_eq!(after(Doubt::UnclearRefusal), Doubt::UnclearRefusal);
    // A later answer does not bring back the one that was lost.
    assert_eq!(after(Doubt::NoAnswer), Doubt::NoAnswer);
    assert_eq!(doubt_after(Doubt::UnclearRefusal, &grant(7200), true), Doubt::SenderDied);
    assert_eq!(doubt_after(Doubt::UnclearRefusal, &grant(7200), false), Doubt::UnclearRefusal);
}

#[test]
fn the_story_of_a_refusal() {
    let story = |remedy, replay, now| {
        let outcome = Outcome::Refused(refusal(RefusalClass::NeedsConsent, remedy));
        match settle(outcome, &grant(7200), TokenApi::V3, replay, &rules(Replay::Harmless), at(now)) {
            Settlement::Dead { code, refusal } => {
                // The advice fits the story: what we lost ourselves is nobody else's doing.
                assert_eq!(refusal.remedy == Remedy::LogInAfterUse, code == Code::ForeignSpender);
                code
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(story(Remedy::LogInAfterUse, false, 1), Code::ForeignSpender);
    assert_eq!(story(Remedy::LogInAfterUse, true, 1), Code::AnswerLost);
    assert_eq!(story(Remedy::LogIn, false, 1), Code::RefreshTokenRefused);
    assert_eq!(story(Remedy::LogInAfterEnd, true, 700_000), Code::RefreshTokenExpired);
    assert_eq!(story(Remedy::LogInAfterEnd, false, 365 * 86_400), Code::ConsentExpired);
}

fn any_class() -> impl Strategy<Value = RefusalClass> {
    prop::sample::select(vec![
        RefusalClass::Retry,
        RefusalClass::NeedsConsent,
        RefusalClass::Configuration,
        RefusalClass::OurBug,
        RefusalClass::UserState,
        RefusalClass::InDoubt,
        RefusalClass::AccessDead,
        RefusalClass::AppTokenDead,
        RefusalClass::Pending,
    ])
}

proptest! {
    /// I6: only a definite word ends a login; I7: while the token lives, no standing refuses a reader.
    #[test]
    fn a_living_token_is_never_refused(life in 1i64..100_000, now in 0i64..100_000, dead: bool, doubt: bool, refresh: bool) {
        let mut grant = grant(life);
        grant.has_refresh = refresh;
        if dead {
            grant.standing = Standing::NeedsConsent { since: at(0), code: Code::AnswerLost, provider_code: None };
        } else if doubt {
            grant.standing = Standing::InDoubt { intent: intent_id(), since: at(0), doubt: Doubt::NoAnswer };
        }
        let decision = decide(&grant, TokenWish::default(), &rules(PUNISHED), at(now));
        if now < life {
            prop_assert!(matches!(decision, Decision::Serve | Decision::RotateAhead));
        } else {
            prop_assert!(matches!(decision, Decision::Rotate | Decision::Refuse(_)));
            prop_assert_eq!(matches!(decision, Decision::Refuse(_)), dead || !refresh);
        }
    }

    /// I6: nothing but the classes that are a definite no leads to `Dead`.
    #[test]
    fn only_a_definite_no_ends_a_login(class in any_class(), replay: bool) {
        let outcome = Outcome::Refused(refusal(class, Remedy::TryLater));
        let settled = settle(outcome, &grant(7200), TokenApi::V3, replay, &rules(Replay::Harmless), at(1));
        let definite = matches!(class, RefusalClass::NeedsConsent | RefusalClass::AccessDead);
        let is_dead = matches!(settled, Settlement::Dead { .. });
        prop_assert_eq!(is_dead, definite);
    }

    /// I1: a sender that may still be at work is never raced.
    #[test]
    fn no_replay_before_the_deadline_of_a_living_sender(now in 0i64..34, punished: bool) {
        let rules = rules(if punished { PUNISHED } else { Replay::Harmless });
        for fate in [HolderFate::Alive, HolderFate::Unknown] {
            let recovery = recover(&intent(0), &grant(7200), fate, &rules, at(now));
            prop_assert_eq!(recovery, Recovery::Wait { until: at(35) });
        }
    }
}
