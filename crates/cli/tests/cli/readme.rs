//! Every command of the README, run as it is typed there, in a shell, before the sandbox.
//!
//! Only hosts and ids that are placeholders are those of the sandbox. What builds the program itself is run by whoever runs this test.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tokenward_emulator::{Brand, Door};

use crate::desk::Desk;
use crate::world::{Ran, World, browse, run};

/// The commands of one README, in their order, without what is said of them.
fn commands(readme: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(readme);
    let page = std::fs::read_to_string(path).unwrap();
    let blocks = page.split("\n```").skip(1).step_by(2);
    let shown = blocks.filter(|block| block.starts_with("sh\n") || block.starts_with("console\n"));
    let lines = shown.flat_map(|block| block.lines().skip(1)).map(|line| line.trim_start_matches("$ "));
    lines.map(|line| line.split(" # ").next().unwrap().trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// A shell line at a folder, with the command on its path; `asked` gets the address that a browser would open.
fn line(words: &str, folder: &Path, home: &Path, variables: &[(&str, &str)]) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_tokenward"));
    let mut command = Command::new("bash");
    command.args(["-c", words]).current_dir(folder).env_clear().stdin(Stdio::null());
    command.env("PATH", format!("{}:/usr/bin:/bin", program.parent().unwrap().display()));
    command.env("LANG", "C.UTF-8").env("TOKENWARD_HOME", home).env("BROWSER", folder.join("browser"));
    command.envs(variables.iter().copied());
    command
}

/// Runs a login, as a person with a browser would.
fn logged_in(mut command: Command, folder: &Path) -> Ran {
    let asked = folder.join("asked");
    let _ = std::fs::remove_file(&asked);
    let run = std::thread::spawn(move || run(&mut command));
    while !run.is_finished() {
        if let Ok(address) = std::fs::read_to_string(&asked) {
            let _ = std::fs::remove_file(&asked);
            browse(&address);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    run.join().unwrap()
}

fn executable(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    assert!(Command::new("chmod").arg("+x").arg(path).status().unwrap().success());
}

#[test]
fn every_command_of_the_readme_runs_as_typed() {
    let english = commands("README.md");
    assert_eq!(english, commands("README.zh-CN.md"));
    let world = World::bare();
    let folder = world.home.parent().unwrap();
    executable(&folder.join("browser"), "#!/bin/sh\nprintf %s \"$1\" > asked.new && mv asked.new asked\n");
    executable(&folder.join("my-script"), "#!/bin/sh\n[ -n \"$TOKENWARD_ACCESS_TOKEN$FEISHU_TOKEN\" ]\n");
    let ini = "[TOKEN]\nuser_access_token =\nrefresh_token =\n";
    std::fs::write(folder.join("feishu-config.ini"), ini).unwrap();
    let (app, urls) = (&world.app, world.sandbox.urls(Brand::Feishu));
    std::fs::write(folder.join(".env"), format!("FEISHU_APP_ID={}\nFEISHU_APP_SECRET={}\n", app.id, app.secret))
        .unwrap();
    let redirect = format!("http://127.0.0.1:{}/callback", free_port());
    let hosts = [
        ("TOKENWARD_OPEN_URL", urls.open.as_str()),
        ("TOKENWARD_ACCOUNTS_URL", urls.accounts.as_str()),
        ("TOKENWARD_REDIRECT_URI", redirect.as_str()),
    ];
    let desks = [Desk::bare(Door::Ssm), Desk::bare(Door::Plain)];
    let mut done = 0;
    for typed in &english {
        let words = typed.replace("https://open.feishu.cn", urls.open.trim_end_matches('/'));
        let words = words.replace("CLIENT_ID", &desks[1].app.id);
        let words = words.replace("https://bkssm.example.com", desks[0].url(Door::Ssm).trim_end_matches('/'));
        let words = words.replace("https://login.example.com", desks[1].url(Door::Plain).trim_end_matches('/'));
        let at = |variables: &[(&str, &str)]| line(&words, folder, &world.home, &[&hosts[..], variables].concat());
        let id = [("TOKENWARD_APP_ID", app.id.as_str()), ("TOKENWARD_APP_SECRET", app.secret.as_str())];
        let ran = match typed.split_whitespace().collect::<Vec<_>>()[..] {
            // Whoever runs this test has done the like.
            ["cargo" | "./test" | "packaging/build" | "sudo", ..] => continue,
            // What it asks at a terminal is answered by variables here.
            ["tokenward", "init"] => run(&mut at(&id)),
            ["tokenward", "init", "--provider", provider, ..] => {
                let desk = &desks[usize::from(provider == "oauth2")];
                let app =
                    [("TOKENWARD_APP_ID", desk.app.id.as_str()), ("TOKENWARD_APP_SECRET", desk.app.secret.as_str())];
                let app = if provider == "oauth2" { &app[1..] } else { &app[..] };
                let http = [("TOKENWARD_ALLOW_HTTP", "true")];
                run(&mut line(&words, folder, &desk.home, &[app, &http[..]].concat()))
            }
            ["tokenward", "login", ..] => logged_in(at(&[]), folder),
            // It runs on: the address is what counts.
            ["tokenward", "proxy"] => {
                run(&mut line(&format!("timeout 5 {words} --listen 0 || [ $? = 124 ]"), folder, &world.home, &hosts))
            }
            _ => run(&mut at(&[])),
        };
        assert_eq!(ran.code, 0, "{typed}: {ran:?}");
        done += 1;
    }
    assert!(done >= 12, "{done} of {english:?}");
    let linked = std::fs::read_to_string(folder.join("feishu-config.ini")).unwrap();
    assert!(
        linked.lines().skip(1).all(|line| line.split_once('=').is_some_and(|(_, token)| token.len() > 20)),
        "{linked}"
    );
}

/// A port that nobody listens at.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
