//! Every story as a person reads it, in both languages: facts in, findings out, a page of words.
//!
//! The refresh codes are taken from the sandbox's catalogue, which is the reference's tables; what each leaves in the
//! journal is settled by the engine's own rules from the provider's answer, so that the facts are those of a true rotation.

mod facts;
mod identities;
mod other_programs;
mod stories;

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use tokenward::doctor::{Facts, Finding, Severity, Story, examine};
use tokenward_core::Closing;

use super::{SecretOrigin, Setting};
use crate::words::Lang;
use facts::{answers, at, base, begun, closed, entry};

/// Everything that is found, or only what is not as it should be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Show {
    Everything,
    NotGood,
}

fn page(facts: &Facts, lang: Lang, show: Show) -> String {
    // That nobody asked the provider is in every offline look.
    let usual = |story: &Story| matches!(story, Story::SecretNotChecked(_) | Story::ClockNotChecked);
    let shown = |finding: &&Finding| {
        show == Show::Everything || finding.story.severity() > Severity::Good && !usual(&finding.story)
    };
    let mut page = String::new();
    for finding in examine(facts).iter().filter(shown) {
        write_finding(&mut page, finding, facts, lang);
    }
    page
}

fn write_finding(page: &mut String, finding: &Finding, facts: &Facts, lang: Lang) {
    let (zone, online) = (TimeZone::UTC, facts.online);
    let setting = Setting {
        now: facts.now,
        zone: &zone,
        online,
        profile: None,
        console: true,
        script: None,
        program: false,
        secret: SecretOrigin::Kept,
    };
    let told = lang.finding(finding, setting);
    let (severity, code) = (finding.story.severity(), finding.story.code());
    let (word, check) = (lang.severity(severity), lang.check(finding.check));
    let _ = writeln!(page, "{word} · {check} · {} ({code}, exit {})", told.message, code.exit() as u8);
    for detail in &told.details {
        let _ = writeln!(page, "  - {detail}");
    }
    for next in &told.next {
        let _ = writeln!(page, "  {}{}{next}", lang.next_head(), lang.gap());
    }
    // A finding that hurts says what to do.
    if severity == Severity::Trouble {
        let complete = matches!(finding.story, Story::Settings(_));
        assert!(complete || !told.next.is_empty(), "{told:?}");
    }
}

#[test]
fn every_story_is_told() {
    for lang in [Lang::En, Lang::Zh] {
        let mut text = String::new();
        for (name, facts, show) in stories::all() {
            let _ = writeln!(text, "# {name}\n\n{}", page(&facts, lang, show));
        }
        insta::assert_snapshot!(format!("stories_{}", lang.as_str()), text);
    }
}

/// Each code that the reference lists for a refresh, at each endpoint family; those that read alike share an entry.
#[test]
fn every_refresh_code_is_told() {
    let answers = answers();
    assert!(answers.len() > 60, "{}", answers.len());
    for lang in [Lang::En, Lang::Zh] {
        let mut told: Vec<(String, Vec<String>)> = Vec::new();
        for answer in &answers {
            let mut facts = base();
            facts::settle(&mut facts, answer);
            let text = page(&facts, lang, Show::NotGood);
            assert!(text.contains(&answer.code.to_string()), "{answer:?}: {text}");
            let name = format!("{} {}", answer.api, answer.code);
            match told.iter_mut().find(|(known, _)| *known == text) {
                Some((_, names)) => names.push(name),
                None => told.push((text, vec![name])),
            }
        }
        let mut page = String::new();
        for (text, names) in told {
            let _ = writeln!(page, "# {}\n\n{text}", names.join(", "));
        }
        insta::assert_snapshot!(format!("codes_{}", lang.as_str()), page);
    }
}

#[test]
fn a_story_is_as_bad_as_its_code_says() {
    // Whatever is in trouble leads to an exit code other than 0, and whatever is good has the code for that.
    for (name, facts, _) in stories::all() {
        for finding in examine(&facts) {
            let (severity, code) = (finding.story.severity(), finding.story.code());
            match severity {
                Severity::Trouble => assert_ne!(code.exit() as u8, 0, "{name}: {code}"),
                Severity::Good => assert_eq!(code, tokenward_core::Code::CheckPassed, "{name}"),
                Severity::Note | Severity::Warning => {}
            }
        }
    }
}

#[test]
fn questions_are_answered_in_their_order() {
    let order = |facts: &Facts| examine(facts).iter().map(|finding| finding.check).collect::<Vec<_>>();
    let checks = order(&base());
    assert!(checks.is_sorted(), "{checks:?}");
    assert!(checks.len() >= 8, "{checks:?}");
}

/// The guide's sample is what is printed, in each language's guide.
#[test]
fn the_guide_shows_what_is_printed() {
    let facts = stories::sample();
    let findings = examine(&facts);
    let zone = TimeZone::UTC;
    let setting = |_| Setting {
        now: facts.now,
        zone: &zone,
        online: false,
        profile: None,
        console: true,
        script: None,
        program: false,
        secret: SecretOrigin::Kept,
    };
    for (lang, guide) in [(Lang::En, "docs/guide/doctor.md"), (Lang::Zh, "docs/guide/zh/doctor.md")] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(guide);
        let shown = std::fs::read_to_string(path).unwrap();
        let printed = crate::render::sheet(&crate::commands::doctor_rows(&findings, false, setting, lang), None, false);
        assert!(shown.contains(&printed), "{guide} does not show this:\n{printed}");
    }
}

#[test]
fn a_repeated_send_is_told_by_the_first_one() {
    // The newest word about a spend is that it was repeated; why it had to be says more.
    let mut facts = base();
    let login = facts::login(&mut facts);
    login.journal = vec![
        entry(at(3), 2, None, closed(1, Closing::Replayed)),
        entry(at(2), 2, None, closed(1, Closing::Doubt { doubt: tokenward_core::Doubt::NoAnswer })),
        entry(at(1), 2, Some(7), begun(1, false)),
    ];
    let text = page(&facts, Lang::En, Show::Everything);
    assert!(text.contains("no answer came"), "{text}");
}
