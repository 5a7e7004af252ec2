//! A login on another device that runs into the end of its time, and redirect URLs by which no login comes back.

use tokenward_emulator::{Consent, Door, Fault, FaultKind, Operation};

use crate::desk::Desk;

#[test]
fn a_pause_that_outlasts_the_code_or_the_persons_patience_still_asks() {
    for interval in [100_000, 5] {
        let desk = Desk::new(Door::Plain);
        desk.sandbox.rules(|rules| rules.plain.device_interval = interval);
        let before = desk.sandbox.counters();
        let ran = desk.run(&["login", "--device", "--timeout", "3s"]);
        assert!(desk.sandbox.counters().requests > before.requests + 1, "{interval}: {ran:?}");
    }
}

#[test]
fn what_is_told_of_a_device_login_that_ends_speaks_of_the_code() {
    let desk = Desk::new(Door::Plain);
    desk.sandbox.rules(|rules| rules.device_consent = Consent::Ask);
    for (lang, code, not) in [("en", "the code", "redirect"), ("zh", "验证码", "重定向")] {
        let ran = desk.run(&["login", "--device", "--timeout", "2s", "--lang", lang]);
        let told = &ran.fails(3, "TW0408").err;
        assert!(told.contains(code) && !told.contains(not), "{ran:?}");
    }
}

#[test]
fn a_life_that_the_server_does_not_tell_is_not_told_as_its_word() {
    let desk = Desk::new(Door::Plain);
    let body = r#"{"device_code":"d-1","user_code":"AB-CD","verification_uri":"http://127.0.0.1:9/x"}"#;
    let answer = FaultKind::Answer { status: 200, body: body.to_owned(), content_type: None };
    desk.sandbox.inject(Fault::new(answer).when(Operation::DeviceStart));
    let ran = desk.run(&["login", "--device", "--timeout", "1s"]);
    assert!(ran.err.contains("does not say how long") && !ran.err.contains("(valid for"), "{ran:?}");
}

#[test]
fn a_redirect_url_by_which_no_login_comes_back_is_refused_when_it_is_read() {
    let desk = Desk::new(Door::Plain);
    for (url, why) in [
        ("http://127.0.0.1:9768/callback#top", "fragment"),
        ("http://127.0.0.1:9768/callback#", "fragment"),
        ("http://127.0.0.1:9768/callback?state=1", "may not hold code, state"),
        ("https://app.test/callback?x=1&code=2", "may not hold code, state"),
        ("https://app.test/callback?%65rror=2", "may not hold code, state"),
    ] {
        let ran = desk.run_with(&[("TOKENWARD_REDIRECT_URI", url)], &["login", "--paste"]);
        assert!(ran.fails(2, "TW02").err.contains(why), "{url}: {ran:?}");
    }
    let fine = desk.run_with(&[("TOKENWARD_REDIRECT_URI", "http://127.0.0.1:9768/callback?app=1")], &["token"]);
    fine.fails(3, "TW0401");
}
