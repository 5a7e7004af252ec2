//! The picture at the top of both READMEs: what a terminal shows from `init` to `doctor`, as SVG.
//!
//! Made from a real run before the sandbox: `TOKENWARD_BLESS=1 cargo test --locked --workspace --test cli picture` writes it anew. What
//! differs from run to run (ids, ports, the folder, tokens) is written as it looks for everybody; each word is the command's own of today,
//! so that a sentence that changed fails here. Lines appear in their order; without animations, or where less motion is asked for, the
//! picture is the end of the session.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use tokenward_emulator::{Brand, Moment};

use crate::terminal::AtTerminal;
use crate::world::{World, browse};

#[test]
fn the_picture_of_the_readme_shows_what_is_printed() {
    for (lang, name) in [("en", "terminal.svg"), ("zh", "terminal.zh-CN.svg")] {
        let drawn = svg(&session(lang), lang);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/pictures").join(name);
        #[expect(clippy::disallowed_methods, reason = "the one switch of this test")]
        if std::env::var_os("TOKENWARD_BLESS").is_some() {
            std::fs::write(&path, &drawn).unwrap();
        }
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        let differs = drawn.lines().zip(stored.lines()).find(|(drawn, stored)| drawn != stored);
        assert!(stored == drawn, "docs/pictures/{name} is old (see the head of this file): {differs:?}");
    }
}

/// What is shown after what was typed.
struct Step {
    typed: String,
    shown: Vec<String>,
}

/// A session from nothing to the doctor, with a refresh in the middle of it.
fn session(lang: &str) -> Vec<Step> {
    let world = World::bare();
    let urls = world.sandbox.urls(Brand::Feishu);
    let folder = world.home.parent().unwrap();
    let browser = folder.join("browser");
    let asked = folder.join("asked");
    std::fs::write(&browser, format!("#!/bin/sh\nprintf %s \"$1\" > {0}.new && mv {0}.new {0}\n", asked.display()))
        .unwrap();
    std::process::Command::new("chmod").arg("+x").arg(&browser).status().unwrap();
    // Both clocks stand at one moment, so that the picture does not depend on the day.
    let began = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let mut offset = i64::try_from(MORNING).unwrap() - i64::try_from(began).unwrap();
    world.sandbox.set_clock(Moment::from_milliseconds(i64::try_from(MORNING * 1000).unwrap()));
    let at = |offset: i64, words: &str| {
        let offset = offset.to_string();
        let variables = [
            ("TOKENWARD_OPEN_URL", urls.open.as_str()),
            ("TOKENWARD_ACCOUNTS_URL", urls.accounts.as_str()),
            ("TOKENWARD_REDIRECT_URI", "http://127.0.0.1/callback"),
            ("TOKENWARD_CLOCK_OFFSET", offset.as_str()),
            ("TOKENWARD_LANG", lang),
            ("BROWSER", browser.to_str().unwrap()),
            ("TZ", "UTC"),
        ];
        AtTerminal::behind(&world, &variables, "stty cols 400; ", words)
    };
    let shown = |text: &str| normal(text, &world, &[urls.open.as_str(), urls.accounts.as_str()]);
    let mut steps = Vec::new();
    let mut step = |typed: &str, text: &str| steps.push(Step { typed: typed.to_owned(), shown: shown(text) });

    let mut init = at(offset, "init --provider feishu");
    init.until("App ID").answer(&format!("{}\n", world.app.id)).until("App Secret");
    init.answer(&format!("{}\n", world.app.secret)).until("/n]").answer("n\n");
    step("tokenward init", &ends_well(init));
    let mut login = at(offset, "login --port 0");
    for _ in 0..600 {
        if let Ok(address) = std::fs::read_to_string(&asked) {
            browse(&address);
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    login.until("365");
    step("tokenward login", &ends_well(login));
    step("tokenward token", &ends_well(at(offset, "token")));
    world.advance(TWO_HOURS);
    offset += i64::try_from(TWO_HOURS).unwrap();
    step(if lang == "zh" { "# 两小时后，令牌已过期" } else { "# two hours later, the token has expired" }, "");
    step("tokenward token", &ends_well(at(offset, "token")));
    step("tokenward list", &ends_well(at(offset, "list")));
    step("tokenward doctor", &ends_well(at(offset, "doctor")));
    steps
}

fn ends_well(run: AtTerminal) -> String {
    let (shown, code) = run.end();
    assert_eq!(code, 0, "{shown}");
    shown
}

/// What was shown, line by line, as it looks for everybody.
fn normal(text: &str, world: &World, urls: &[&str]) -> Vec<String> {
    let home = world.home.to_str().unwrap();
    let mut text = text.replace("\r\n", "\n").replace('\r', "").replace(home, "~/.local/share/tokenward");
    text = text.replace(&world.app.id, "cli_a1b2c3d4e5f6").replace(&world.app.secret, "");
    for (url, instead) in urls.iter().zip(["https://open.feishu.cn", "https://accounts.feishu.cn"]) {
        text = text.replace(url.trim_end_matches('/'), instead);
    }
    // A run takes its time, and how far ahead a token is refreshed is drawn by lot: neither must show. Nothing is folded, because folds
    // would follow both.
    for (late, instead) in LATE {
        text = text.replace(late, instead);
    }
    for seconds in 1..60 {
        text = text.replace(&format!("{seconds} s ago"), "just now").replace(&format!("{seconds} 秒前"), "刚刚");
    }
    text = every(&text, "http://127.0.0.1:", |c| c.is_ascii_digit(), "http://127.0.0.1:9768");
    text = text.replace("http://127.0.0.1/", "http://127.0.0.1:9768/");
    text = every(
        &text,
        "eyJhbGciOiJFUzI1NiIs",
        |c| c.is_ascii_alphanumeric() || "-_.".contains(c),
        "eyJhbGciOiJFUzI1NiIsImZlYXR1cmVf…",
    );
    text = every(&text, "ou_", |c| c.is_ascii_hexdigit(), "ou_7d8a6e6df7621556");
    text = every(&text, "SQLite ", |c| c.is_ascii_digit() || c == '.', "SQLite 3.54");
    // Nobody who sees the picture has a sandbox.
    let lines =
        text.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.contains("`tokenward sandbox`"));
    lines.map(|line| cut(&anonymous(line))).collect()
}

/// Every word that begins so, up to where it ends, in another's place.
fn every(text: &str, begins: &str, goes_on: impl Fn(char) -> bool, instead: &str) -> String {
    let mut parts = text.split(begins);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(instead);
        out.push_str(part.trim_start_matches(&goes_on));
    }
    out
}

/// A line without the number of a process, the machine's name and the room on its disk.
fn anonymous(line: &str) -> String {
    let line = between(line, "(process ", " on ", "4276");
    let line = between(&line, "，进程 ", "（主机", "4276");
    let line = between(&line, "4276 on ", ")", "desk");
    let line = between(&line, "4276（主机", "）", " desk");
    let line = between(&line, "writable, ", " free", "54 GiB");
    between(&line, "剩余空间 ", "；", "54 GiB")
}

/// What stands between two words, or behind the first, in another's place.
fn between(line: &str, before: &str, behind: &str, instead: &str) -> String {
    let Some((head, rest)) = line.split_once(before) else { return line.to_owned() };
    let tail = if behind.is_empty() { "" } else { rest.find(behind).map_or("", |at| &rest[at..]) };
    format!("{head}{before}{instead}{tail}")
}

/// A line that fits, as a terminal that does not fold would show it.
fn cut(line: &str) -> String {
    let (mut out, mut width, mut escaped) = (String::new(), 0, false);
    for c in line.chars() {
        escaped |= c == '\u{1b}';
        if !escaped {
            width += cells(c);
            if width > COLUMNS - 2 {
                out.push('…');
                break;
            }
        }
        escaped &= c != 'm';
        out.push(c);
    }
    out
}

/// How wide a character is at a terminal.
fn cells(c: char) -> usize {
    if matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ff60}')
    {
        2
    } else {
        1
    }
}

/// The picture.
fn svg(steps: &[Step], lang: &str) -> String {
    let (mut body, mut frames) = (String::new(), String::new());
    let (mut row, mut time) = (0, 0.5);
    let lines: usize = steps.iter().map(|step| 1 + step.shown.len()).sum();
    let shift = |row: usize| (row + 1).saturating_sub(ROWS) * LINE;
    let mut add = |class: &str, line: &str, time: f64| {
        let top = row * LINE;
        writeln!(body, "<g class=\"l\" style=\"animation-delay:{time:.2}s\"><g transform=\"translate(0 {top})\">")
            .unwrap();
        body.push_str(&runs(line, class));
        body.push_str("</g></g>\n");
        if shift(row) > 0 {
            let percent = time / SECONDS * 100.0;
            writeln!(frames, "{percent:.2}%{{transform:translateY(-{}px)}}", shift(row)).unwrap();
        }
        row += 1;
    };
    for step in steps {
        let (class, typed) = match step.typed.strip_prefix("# ") {
            Some(_) => ("d", step.typed.clone()),
            None => ("b", format!("$ {}", step.typed)),
        };
        add(class, &typed, time);
        time += 0.8;
        for line in &step.shown {
            add("", line, time);
            time += 0.06;
        }
        // Long enough to be read.
        time += 0.7 + 0.16 * f64::from(u32::try_from(step.shown.len()).unwrap());
    }
    assert!(time < SECONDS, "{time}");
    let (width, height) = (COLUMNS * CELL_TENTHS / 10 + 32, ROWS * LINE + 28);
    let title = if lang == "zh" {
        "终端：init、login、token、刷新、doctor"
    } else {
        "A terminal: init, login, token, a refresh, doctor"
    };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{title}\">\n\
         <title>{title}</title>\n<style>\n{STYLE}\
         .s{{transform:translateY(-{}px);animation:s {SECONDS}s step-end both}}\n@keyframes s{{0%{{transform:translateY(0)}}\n{frames}100%{{transform:translateY(-{}px)}}}}\n\
         @media (prefers-reduced-motion:reduce){{.l,.s{{animation:none}}}}\n</style>\n\
         <clipPath id=\"c\"><rect x=\"0\" y=\"10\" width=\"{width}\" height=\"{}\"/></clipPath>\n\
         <rect class=\"w\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\"/>\n\
         <g clip-path=\"url(#c)\"><g transform=\"translate(16 26)\"><g class=\"s\">\n{body}</g></g></g>\n</svg>\n",
        shift(lines - 1),
        shift(lines - 1),
        height - 18,
        width - 1,
        height - 1,
    )
}

/// A line as stretches of one look, each at its column and as long as it is at a terminal, whatever the font.
fn runs(line: &str, class: &str) -> String {
    let (mut out, mut look, mut column) = (String::new(), class.to_owned(), 0);
    let mut parts = line.split('\u{1b}');
    let first = parts.next().unwrap_or_default();
    let coloured = parts.map(|part| part.trim_start_matches('[').split_once('m').unwrap_or_default());
    for (code, text) in std::iter::once(("", first)).chain(coloured) {
        match code {
            "0" => class.clone_into(&mut look),
            "1" => "b".clone_into(&mut look),
            "2" => "d".clone_into(&mut look),
            "32" => "g".clone_into(&mut look),
            "33" => "y".clone_into(&mut look),
            "31" => "r".clone_into(&mut look),
            _ => {}
        }
        let mut rest = text;
        while !rest.is_empty() {
            let words = rest.trim_start_matches(' ');
            column += rest.len() - words.len();
            let end = words.find("  ").unwrap_or(words.len());
            if end > 0 {
                let (x, text) = (column * CELL_TENTHS, words[..end].replace('&', "&amp;").replace('<', "&lt;"));
                let named = if look.is_empty() { String::new() } else { format!(" class=\"{look}\"") };
                let length = words[..end].chars().map(cells).sum::<usize>() * CELL_TENTHS;
                let (x, length) = (tenths(x), tenths(length));
                writeln!(
                    out,
                    "<text x=\"{x}\" textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\"{named}>{text}</text>"
                )
                .unwrap();
            }
            column += words[..end].chars().map(cells).sum::<usize>();
            rest = &words[end..];
        }
    }
    out
}

fn tenths(number: usize) -> String {
    format!("{}.{}", number / 10, number % 10)
}

const COLUMNS: usize = 96;
const ROWS: usize = 26;
/// The height of a line, and the width of a character in tenths, in pixels.
const LINE: usize = 18;
const CELL_TENTHS: usize = 78;
const SECONDS: f64 = 30.0;
/// 2026-12-01 09:00:05 UTC.
const MORNING: u64 = 1_796_115_605;
const TWO_HOURS: u64 = 7200;
/// What some seconds more make of a span or a minute.
const LATE: &[(&str, &str)] = &[
    ("1 h 59 min", "2 h"),
    ("1 h 54 min", "1 h 55 min"),
    ("6 d 23 h", "7 d"),
    ("364 d 23 h", "365 d"),
    ("364 d 21 h", "364 d 22 h"),
    ("1 小时 59 分", "2 小时"),
    ("1 小时 54 分", "1 小时 55 分"),
    ("6 天 23 小时", "7 天"),
    ("364 天 23 小时", "365 天"),
    ("364 天 21 小时", "364 天 22 小时"),
    (":01 UTC", ":00 UTC"),
    (":54 UTC", ":55 UTC"),
    (":56 UTC", ":55 UTC"),
];
const STYLE: &str = "\
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,'Noto Sans Mono CJK SC','DejaVu Sans Mono',monospace;white-space:pre;fill:#1f2328}
.w{fill:#f6f8fa;stroke:#d1d9e0}.b{font-weight:bold}.d{fill:#59636e}.g{fill:#1a7f37}.y{fill:#9a6700}.r{fill:#d1242f}
@media (prefers-color-scheme:dark){text{fill:#f0f6fc}.w{fill:#0d1117;stroke:#3d444d}.d{fill:#9198a1}.g{fill:#3fb950}.y{fill:#d29922}.r{fill:#f85149}}
.l{animation:l 1ms linear both}@keyframes l{from{opacity:0}to{opacity:1}}
";
