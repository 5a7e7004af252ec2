//! A file is its user's: what was spent of it is given back, what nobody can tell is left, and what another profile keeps stays that
//! profile's, however old it is. What is advised is run.

use tokenward_emulator::{Fault, Operation};

use crate::gives_way::refresh_alone;
use crate::identity::{kept, mings};
use crate::project::Project;
use crate::world::Ran;

/// The commands in what was said, as a person would type them.
pub(crate) fn advised(words: &str) -> Vec<Vec<String>> {
    let pieces = words.split('`').skip(1).step_by(2);
    let commands = pieces.filter_map(|piece| piece.strip_prefix("tokenward "));
    commands.map(|command| command.split(' ').map(|word| word.trim_matches('\'').to_owned()).collect()).collect()
}

/// Runs the first advised command that has all of these words, with `NEW` filled in.
pub(crate) fn follow(project: &Project, said: &str, wanted: &[&str]) -> Ran {
    let all = advised(said);
    let found = all.iter().find(|words| wanted.iter().all(|wanted| words.iter().any(|word| word == wanted)));
    let found = found.unwrap_or_else(|| panic!("{wanted:?} in {said}"));
    let words: Vec<&str> = found.iter().map(|word| if word == "NEW" { "new" } else { word.as_str() }).collect();
    project.run(&words)
}

#[test]
fn a_file_is_given_what_was_issued_for_its_own_token() {
    let (project, tokens, token) = mings();
    let text = refresh_alone(&project, tokens.refresh_token.as_deref().unwrap());
    project.write("ming.env", &text);
    project.run(&["link", "ming.env"]).succeeds();
    let ran = project.run(&["token"]);
    assert_eq!(ran.succeeds().out, token, "the profile's own");
    assert!(ran.err.contains("小明") && ran.err.contains("ming.env") && ran.err.contains("new tokens"), "{ran:?}");
    let all = project.world.sandbox.current_tokens();
    let mings = all.into_iter().rfind(|login| login.refresh_token.is_some()).unwrap();
    let present = refresh_alone(&project, mings.refresh_token.as_deref().unwrap());
    assert_eq!(project.read("ming.env"), present, "its own, and no other byte");
    let links = project.run(&["links"]);
    assert_eq!((links.code, project.state("ming.env").as_str()), (2, "of-another-user"), "{links:?}");
    // What is advised works.
    let said = [links.out, links.err].concat();
    follow(&project, &said, &["unlink"]).succeeds();
    follow(&project, &said, &["link", "-p", "NEW"]).succeeds();
    assert_eq!(project.state("ming.env"), "in-sync");
    project.run(&["refresh", "-p", "new"]).succeeds();
    assert_eq!(project.state("ming.env"), "in-sync");
    assert_eq!(project.run(&["token"]).succeeds().out, token);
    assert_eq!(project.world.sandbox.counters().replays, 0);
}

#[test]
fn a_file_whose_login_is_over_before_anybody_knows_whose_is_written_over_by_a_yes_alone() {
    for lost in [true, false] {
        let (project, tokens, token) = mings();
        let refresh = if lost { tokens.refresh_token.as_deref().unwrap() } else { "ur-ended-long-ago-1" };
        let text = refresh_alone(&project, refresh);
        project.write("x.env", &text);
        project.run(&["link", "x.env"]).succeeds();
        if lost {
            project.world.sandbox.inject(Fault::drop_answer().when(Operation::Refresh));
            // An earlier command has adopted it, and what it replaced still serves (I7).
            let ran = project.run(&["token"]);
            assert_eq!(ran.succeeds().out, token);
            assert!(ran.err.contains("TW0601"), "{ran:?}");
            assert_eq!((project.state("x.env"), project.read("x.env")), ("unproven".to_owned(), text.clone()));
            let findings = project.run(&["doctor", "--json"]).json()["findings"].clone();
            let codes = findings.as_array().unwrap().iter().filter(|it| it["check"] == "links").map(|it| &it["code"]);
            assert_eq!(codes.collect::<Vec<_>>(), ["TW0922"], "{findings:#}");
        }
        let ran = project.run(&["token"]);
        assert_eq!(ran.succeeds().out, token, "{lost}");
        assert!(ran.err.contains("x.env holds a login that is no longer valid"), "{lost} {ran:?}");
        assert_eq!(project.state("x.env"), "of-ended-login", "{lost}");
        assert_eq!(project.run(&["links"]).code, 2);
        for words in [&["link", "x.env"][..], &["token", "--env-file", "x.env"]] {
            let ran = project.run(words);
            assert_eq!(ran.fails(2, "TW0527").out, "", "{lost} {ran:?}");
            assert_eq!(project.read("x.env"), text, "{lost}");
        }
        let ran = project.run(&["link", "x.env"]);
        follow(&project, &ran.err, &["link", "--replace-user"]).succeeds();
        assert_eq!(project.state("x.env"), "in-sync", "{lost}");
        assert_eq!(project.world.status()["login"]["user"]["name"], "Ada", "{lost}");
        // What is over can only be removed: no profile is taken from a login that serves.
        let id = kept(&project.world);
        let findings = project.run(&["doctor", "--json"]).json()["findings"].clone();
        let about: Vec<_> = findings.as_array().unwrap().iter().filter(|it| it["code"] == "TW0921").collect();
        assert_eq!(about.len(), 1, "{lost} {findings:#}");
        let next = about[0]["next"].as_array().unwrap();
        assert_eq!(next.len(), 1, "{lost} {findings:#}");
        let removal = format!("tokenward logout --login {id}");
        assert!(next[0].as_str().unwrap().contains(&removal), "{lost} {findings:#}");
        for words in ["list", "status"] {
            let ran = project.run(&[words]);
            assert!(ran.succeeds().err.contains(&removal), "{lost} {words} {ran:?}");
            assert!(!ran.err.contains("adopt --login"), "{lost} {words} {ran:?}");
        }
        project.run(&["logout", "--login", &id, "--yes"]).succeeds();
    }
}

#[test]
fn a_file_of_another_profile_stays_that_profiles_however_old_it_is() {
    for is_linked in [true, false] {
        let (project, tokens, token) = mings();
        let text = project.dotenv(&tokens);
        project.write("ming.env", &text);
        project.run(&["link", "ming.env", "-p", "ming"]).succeeds();
        project.run(&["refresh", "-p", "ming"]).succeeds();
        let old = project.read("ming.env");
        project.run(&["refresh", "-p", "ming"]).succeeds();
        if is_linked {
            project.write("x.env", &format!("FEISHU_APP_ID={}\n", project.world.app.id));
            project.run(&["link", "x.env", "--create", "-p", "default"]).succeeds();
        }
        project.write("x.env", &old);
        for words in [&["refresh"][..], &["link", "x.env", "-p", "default"], &["links"]] {
            let ran = project.run(words);
            assert_eq!(project.read("x.env"), old, "{is_linked} {ran:?}");
            assert!(words[0] != "link" || ran.fails(2, "TW0509").err.contains("ming"), "{ran:?}");
        }
        if is_linked {
            let ran = project.run(&["links", "x.env"]);
            assert_eq!((ran.code, project.state("x.env").as_str()), (2, "of-another"), "{ran:?}");
            assert_eq!(project.run(&["token", "--env-file", "x.env"]).fails(2, "TW0509").out, "");
            let said = [ran.out, ran.err].concat();
            follow(&project, &said, &["unlink"]).succeeds();
            follow(&project, &said, &["link", "-p"]).succeeds();
        } else {
            let ran = project.run(&["link", "x.env", "-p", "default"]);
            follow(&project, &ran.err, &["link", "-p"]).succeeds();
        }
        assert_eq!(project.state("x.env"), "in-sync", "{is_linked}");
        assert_ne!(project.run(&["token"]).succeeds().out, token, "{is_linked}");
        assert_eq!(project.world.status()["login"]["user"]["name"], "Ada");
        let mings = project.run(&["token", "-p", "ming"]).succeeds().out.trim().to_owned();
        assert!(project.read("x.env").contains(&mings) && project.read("ming.env").contains(&mings), "{is_linked}");
        assert_eq!(project.world.sandbox.counters().replays, 0);
    }
}
