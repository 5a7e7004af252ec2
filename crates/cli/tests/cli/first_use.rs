//! What somebody reads who tries the command in a shell for the first time, and mistypes it as other tools have it.

use crate::terminal::AtTerminal;
use crate::world::{Started, World, bare_command, run};

#[test]
fn a_profile_is_not_called_a_cause() {
    let world = World::new();
    for (lang, line, cause) in [("en", "\n  profile: default\n", "cause:"), ("zh", "\n  配置档：default\n", "原因：")]
    {
        let ran = world.run(&["token", "--lang", lang]);
        assert!(ran.fails(3, "TW0401").err.contains(line) && !ran.err.contains(cause), "{ran:?}");
    }
    // For programs it is where it was.
    assert_eq!(world.run(&["token", "--json"]).error()["detail"], "default");
}

/// The provider does not answer, and the clock is a day behind: each is said once, and nothing is called corrected.
#[test]
fn a_clock_that_was_set_back_is_told_once_and_in_true_words() {
    let world = World::logged_in();
    let back = [
        ("TOKENWARD_CLOCK_OFFSET", "-86400"),
        ("TOKENWARD_OPEN_URL", "http://127.0.0.1:1"),
        ("TOKENWARD_ACCOUNTS_URL", "http://127.0.0.1:1"),
    ];
    for (lang, clock, corrected, failed) in [
        ("en", "the clock was set back; the next refresh", "; a refresh corrected", "no newer token yet"),
        ("zh", "系统时钟被回拨：下一次成功刷新", "已通过刷新修正", "提前刷新失败"),
    ] {
        let ran = world.run_with(&back, &["api", "/open-apis/authen/v1/user_info", "--lang", lang]);
        assert!(ran.code != 0 && !ran.err.contains(corrected), "{ran:?}");
        assert_eq!((ran.err.matches(clock).count(), ran.err.matches(failed).count()), (1, 1), "{ran:?}");
    }
    let ran = world.run_with(&back, &["doctor"]);
    assert!(ran.out.contains("TW0918") && !ran.out.contains("nothing stored is dated in the future"), "{ran:?}");
    // Once it is refreshed, that is what is said.
    let ran = world.run_with(&back[..1], &["token"]);
    assert!(ran.succeeds().err.contains("; a refresh corrected the stored times"), "{ran:?}");
}

#[test]
fn the_sandbox_says_what_to_paste_before_what_to_run() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    for (lang, told) in [
        (
            "en",
            [
                "paste the lines below, then run: tokenward login",
                "separate from your real logins",
                "TOKENWARD_CLOCK_OFFSET=7260",
            ],
        ),
        ("zh", ["粘贴以下各行，然后运行：tokenward login", "与真实登录互不影响", "TOKENWARD_CLOCK_OFFSET=7260"]),
    ] {
        let mut sandbox =
            Started::new(&mut bare_command(&["sandbox", "--home", home.to_str().unwrap(), "--lang", lang]));
        for words in told {
            sandbox.until_told(words);
        }
        sandbox.signal("INT");
        sandbox.finish();
    }
}

#[test]
fn words_of_other_tools_lead_to_ours() {
    for (words, told) in [
        (&["profile", "add", "work"][..], "`tokenward login NAME`"),
        (&["profile", "create"], "`tokenward login NAME`"),
        (&["profile", "ls"], "did you mean `tokenward profile list`?"),
        (&["profile", "show"], "did you mean `tokenward status`?"),
        (&["profile", "current"], "did you mean `tokenward profile list`?"),
        (&["profile", "zzzzzz"], "see `tokenward profile --help`"),
        (&["exec", "-e", "X", "--", "true"], "did you mean --env?"),
        (&["token", "--raw"], "did you mean --format raw?"),
        (&["refresh", "--force"], "always refreshes"),
        (&["sts", "get-caller-identity"], "did you mean `tokenward whoami`?"),
        (&["explain"], "TW0401, a provider code such as 20064"),
        (&["explain", "TW401"], "did you mean TW0401?"),
        (&["sso", "login", "--profile", "work"], "did you mean `tokenward login`?"),
        (&["me"], "did you mean `tokenward whoami`?"),
        (&["curl", "/x"], "did you mean `tokenward api`?"),
        (&["link", "a", "b"], "`tokenward link` takes one file: run it once for each"),
        (&["unlink", "a", "b"], "`tokenward unlink` takes one file"),
        (&["logs"], "did you mean `tokenward doctor`?"),
        (&["api", "-X", "POST", "/x"], "`tokenward api POST /PATH`"),
        (&["api", "--request", "POST", "/x"], "`tokenward api POST /PATH`"),
        (&["api", "/x", "--paginate"], "did you mean --page-all?"),
        (&["api", "/x", "-f", "a=b"], "did you mean --data?"),
        (&["api", "/x", "-q", ".data.name"], "a jq expression goes into --jq"),
        (&["login", "--with-token"], "`tokenward adopt -` imports a login"),
        (
            &["explain", "401"],
            "401 is an HTTP status: look up the code or word that the response names beside it; did you mean TW0401?",
        ),
        (&["explain", "500"], "500 is an HTTP status"),
        (&["explain", "3"], "exit code 3: you have to log in"),
        (&["vault", "zzzzzz"], "see `tokenward vault --help`"),
        (&["zzzzzz"], "see `tokenward --help` or"),
    ] {
        let ran = run(&mut bare_command(words));
        assert!(ran.fails(2, "TW0200").err.contains(told), "{words:?} {ran:?}");
        assert!(!ran.err.contains("in the shell's history"), "{words:?} {ran:?}");
        let ran = run(&mut bare_command(&[&["--lang", "zh"], words].concat()));
        assert!(ran.fails(2, "TW0200").err.contains("下一步："), "{words:?} {ran:?}");
    }
}

#[test]
fn a_missing_file_is_told_in_the_systems_words() {
    let world = World::logged_in();
    let ran = world.run(&["vault", "restore", "/nowhere/at-all", "--yes"]);
    assert!(ran.code != 0 && !ran.err.contains("entity not found"), "{ran:?}");
    let secret = world.home.join("no-such-secret");
    let variables = [("TOKENWARD_APP_SECRET_FILE", secret.to_str().unwrap())];
    for (lang, told) in [("en", "No such file or directory"), ("zh", "文件或目录不存在")] {
        let ran = world.run_with(&variables, &["token", "--lang", lang]);
        assert!(ran.code != 0 && ran.err.contains(told) && !ran.err.contains("entity"), "{ran:?}");
    }
}

#[test]
fn explain_shows_no_stars_and_calls_no_finding_done() {
    for (code, exit) in [("TW0918", "exit code 0: a finding of"), ("TW0401", "exit code 3")] {
        let ran = run(&mut bare_command(&["explain", code]));
        assert!(ran.succeeds().out.contains(exit) && !ran.out.contains("nothing needs to be done"), "{ran:?}");
    }
    for &code in tokenward_core::Code::ALL {
        let ran = run(&mut bare_command(&["explain", code.as_str()]));
        let stars = ran.succeeds().out.lines().any(|line| line.trim_start_matches("* ").contains(".*"));
        assert!(!stars, "{ran:?}");
    }
}

#[test]
fn a_provider_that_is_down_is_told_once_by_doctor() {
    let world = World::logged_in();
    let down = [("TOKENWARD_OPEN_URL", "http://127.0.0.1:1"), ("TOKENWARD_ACCOUNTS_URL", "http://127.0.0.1:1")];
    let ran = world.run_with(&down, &["doctor", "--online"]);
    assert!(ran.out.contains("TW0502"), "{ran:?}");
    assert_eq!(ran.out.matches("check network, proxy").count(), 1, "{ran:?}");
    assert_eq!(ran.out.matches("tokenward explain TW0502").count(), 1, "{ran:?}");
}

#[test]
fn without_a_terminal_and_without_an_answer_the_flag_is_named() {
    let world = World::logged_in();
    let ran = world.run(&["logout"]);
    assert!(ran.fails(2, "TW0204").err.contains("cannot ask without a terminal: "), "{ran:?}");
    let mut logout = AtTerminal::new(&world, "logout");
    logout.until("[y/N]").answer("\u{4}");
    let (shown, code) = logout.end();
    assert!(code == 2 && shown.contains("no answer was given") && shown.contains("--yes"), "{shown}");
}
