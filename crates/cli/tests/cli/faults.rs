//! What a person reads when the provider or the clock misbehaves, and that no login is erased by it.
//!
//! The engine's own tests cover what is stored; here is what is printed, as a snapshot in both languages.

use std::fmt::Write as _;
use std::time::Duration;

use tokenward_emulator::{Fault, FaultKind, OddAnswer, Operation};

use crate::world::{Ran, World};

/// A way for things to go wrong during a rotation, and by how many seconds the child's clock differs then.
struct Trouble {
    name: &'static str,
    offset: i64,
    set: fn(&World),
}

fn refresh(kind: FaultKind) -> Fault {
    Fault::new(kind).when(Operation::Refresh)
}

/// Past the access token's end; a minute before it ends and the rotation is due.
const EXPIRED: i64 = 7260;
const DUE: i64 = 7140;

const TROUBLES: &[Trouble] = &[
    Trouble {
        name: "the answer is lost",
        offset: EXPIRED,
        set: |world| {
            world.sandbox.inject(Fault::drop_answer().when(Operation::Refresh));
        },
    },
    Trouble {
        name: "the answer is lost while the old token serves",
        offset: DUE,
        set: |world| {
            world.sandbox.inject(Fault::drop_answer().when(Operation::Refresh));
        },
    },
    Trouble {
        name: "half an answer, without the refresh token",
        offset: EXPIRED,
        set: |world| {
            world.sandbox.inject(refresh(FaultKind::Cut { bytes: 60 }));
        },
    },
    Trouble {
        name: "an HTML answer",
        offset: EXPIRED,
        set: |world| {
            world.sandbox.inject(refresh(FaultKind::Html { status: 200 }));
        },
    },
    Trouble {
        name: "an empty answer",
        offset: EXPIRED,
        set: |world| {
            world.sandbox.inject(refresh(FaultKind::Empty { status: 200 }));
        },
    },
    Trouble {
        name: "503 and 20072",
        offset: EXPIRED,
        set: |world| {
            world.sandbox.inject(Fault::code(20072).when(Operation::Refresh));
        },
    },
    Trouble {
        name: "503 and 20072 while the old token serves",
        offset: DUE,
        set: |world| {
            world.sandbox.inject(Fault::code(20072).when(Operation::Refresh));
        },
    },
    Trouble {
        name: "the rate is limited",
        offset: EXPIRED,
        set: |world| {
            world.sandbox.inject(refresh(FaultKind::RateLimit { reset_seconds: 17 }));
        },
    },
    Trouble {
        name: "an expires_in smaller than the margin",
        offset: EXPIRED,
        set: |world| {
            world.sandbox.rules(|rules| rules.lifetimes.access = 60);
        },
    },
    Trouble {
        name: "a new refresh token and nothing else of use",
        offset: EXPIRED,
        set: |world| {
            world.sandbox.inject(refresh(FaultKind::Odd { answer: OddAnswer::OnlyRefreshToken }));
        },
    },
    Trouble {
        name: "no new refresh token",
        offset: EXPIRED,
        set: |world| {
            world.sandbox.inject(refresh(FaultKind::Odd { answer: OddAnswer::NoRefreshToken }));
        },
    },
    Trouble {
        name: "the refresh switch is off",
        offset: EXPIRED,
        set: |world| {
            world.sandbox.change_app(&world.app.id, |app| app.refresh_switch = false).unwrap();
        },
    },
    Trouble { name: "the clock is set back a day", offset: -86_400, set: |_| {} },
];

#[test]
fn what_is_printed_and_what_is_kept() {
    for lang in ["en", "zh"] {
        let mut page = String::new();
        for trouble in TROUBLES {
            let world = World::logged_in();
            if let Ok(ahead) = u64::try_from(trouble.offset) {
                world.sandbox.advance(Duration::from_secs(ahead));
            }
            (trouble.set)(&world);
            let offset = trouble.offset.to_string();
            let run = |words: &[&str]| {
                world.run_with(&[("TOKENWARD_CLOCK_OFFSET", &offset), ("TOKENWARD_LANG", lang)], words)
            };
            let token = run(&["token"]);
            let status = run(&["status", "--json"]).json()["login"].clone();
            assert!(status["grant"].is_string(), "{}: the record is there", trouble.name);
            let _ = writeln!(page, "# {}\n\n$ tokenward token\n{}", trouble.name, told(&token));
            let _ = writeln!(page, "generation {}, {}", status["generation"], status["status"].as_str().unwrap());
            world.sandbox.clear_faults();
            world.sandbox.change_app(&world.app.id, |app| app.refresh_switch = true).unwrap();
            let again = run(&["token"]);
            let _ = writeln!(page, "\n$ tokenward token\n{}\n", told(&again));
            assert!(!token.err.contains("panicked") && !again.err.contains("panicked"));
        }
        insta::assert_snapshot!(format!("troubles_{lang}"), page);
    }
}

/// A run without what differs from one to the next.
fn told(ran: &Ran) -> String {
    let out = if ran.out.starts_with("eyJ") { "<a token>\n" } else { &ran.out };
    let mut err = String::new();
    for word in ran.err.split_inclusive([' ', '\n', '，', '（', '：']) {
        let bare = word.trim_end();
        let log_id = bare.len() > 25 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
        let port = bare.strip_prefix("127.0.0.1:").is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
        err.push_str(&match (log_id, port) {
            (true, _) => word.replace(bare, "<log id>"),
            (_, true) => word.replace(bare, "<address>"),
            _ => word.to_owned(),
        });
    }
    // How long a token still lives depends on how quick the machine is.
    for (before, after) in [("its access token is valid ", ";"), ("访问令牌还可用 ", "；")] {
        if let Some((head, (_, tail))) =
            err.split_once(before).and_then(|(head, rest)| Some((head, rest.split_once(after)?)))
        {
            err = format!("{head}{before}<a while>{after}{tail}");
        }
    }
    format!("{out}{err}(exit {})", ran.code)
}
