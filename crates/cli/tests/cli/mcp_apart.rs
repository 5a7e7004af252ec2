//! Several servers in one file: which of them is given a token, and what is said of the others.

use serde_json::{Value, json};

use crate::identity::mings;
use crate::project::Project;
use crate::world::{World, run};

const OLD: &str = "u-8kQ2vXc1h5WpR7mZt0sLaB4nYdE3";
const OTHER: &str = "u-3nWb7Lq0TzXk5VdR9mPs2hYcJfGe81";

/// A server that is Feishu's by its name, and one that is asked over HTTP and says nothing of whose it is.
fn servers(env: &str, headers: &Value) -> String {
    let wiki = json!({ "type": "http", "url": "https://mcp.example.com/mcp", "headers": headers });
    let feishu = json!({ "command": "npx", "env": { "USER_ACCESS_TOKEN": env } });
    json!({ "mcpServers": { "feishu": feishu, "wiki": wiki } }).to_string()
}

fn bearer(token: &str) -> Value {
    json!({ "Authorization": format!("Bearer {token}") })
}

fn remote(header: &str) -> String {
    let headers = json!({ "Authorization": header });
    json!({ "servers": { "wiki": { "type": "http", "url": "https://mcp.example.com/mcp", "headers": headers } } })
        .to_string()
}

fn token(project: &Project) -> String {
    project.run(&["token"]).succeeds().out.trim().to_owned()
}

/// No host is given a token that its server was not meant for, however little its name says.
#[test]
fn the_same_token_of_a_server_that_is_not_named_stays() {
    let project = Project::of(World::logged_in());
    let own = token(&project);
    let place = "mcpServers.feishu.env.USER_ACCESS_TOKEN";
    for (number, (headers, key, way)) in [
        (bearer(OLD), "Authorization", "--server wiki"),
        (json!({ "X-Api-Key": OLD }), "X-Api-Key", "--access mcpServers.wiki.headers.X-Api-Key"),
    ]
    .into_iter()
    .enumerate()
    {
        for (form, flags) in [["--server", "feishu"], ["--access", place]].into_iter().enumerate() {
            let file = format!("{number}-{form}.json");
            project.write(&file, &servers(OLD, &headers));
            let ran = project.run(&[&["link", &file][..], &flags].concat());
            assert_eq!(project.read(&file), servers(&own, &headers), "{flags:?}: {ran:?}");
            let told = format!("the same token was also at mcpServers.wiki.headers.{key} and was left unchanged there");
            assert!(ran.succeeds().err.contains(&told), "{flags:?}: {ran:?}");
            assert!(ran.err.contains(&format!("`tokenward link {file} {way}`")), "{flags:?}: {ran:?}");
            assert!(!ran.err.contains("from now on: mcpServers.wiki"), "{flags:?}: {ran:?}");
            let links = project.run(&["links", "--json"]).json();
            assert!(!links.to_string().contains(&format!("mcpServers.wiki.headers.{key}")), "{links}");
            // What is advised works.
            let advised: Vec<&str> = ["link", &file].into_iter().chain(way.split(' ')).collect();
            project.run(&advised).succeeds();
            assert_eq!(
                project.read(&file),
                servers(&own, &serde_json::from_str(&headers.to_string().replace(OLD, &own)).unwrap())
            );
            project.run(&["unlink", &file]).succeeds();
        }
    }
    // Outside of every server it is no server's, and stays where one is named.
    let beside = |token: &str, other: &str| {
        let mut text: Value = serde_json::from_str(&servers(token, &json!({}))).unwrap();
        text["events"] = format!("https://x.example/?access_token={other}").into();
        text.to_string()
    };
    project.write("beside.json", &beside(OLD, OLD));
    let ran = project.run(&["link", "beside.json", "--server", "feishu"]);
    assert_eq!(project.read("beside.json"), beside(&own, OLD), "{ran:?}");
    assert!(ran.succeeds().err.contains("also at events and was left unchanged there"), "{ran:?}");
    // Without a name every place of it is meant.
    project.write("all.json", &servers(OLD, &bearer(OLD)));
    project.run(&["link", "all.json"]).succeeds();
    assert_eq!(project.read("all.json"), servers(&own, &bearer(&own)));
}

#[test]
fn a_living_token_of_another_user_is_not_written_over_at_a_server_that_is_not_named() {
    let (project, tokens, own) = mings();
    let theirs = tokens.access_token.as_str();
    for (file, flags) in
        [("a.json", ["--server", "feishu"]), ("b.json", ["--access", "mcpServers.feishu.env.USER_ACCESS_TOKEN"])]
    {
        project.write(file, &servers(theirs, &bearer(theirs)));
        let ran = project.run(&["link", file, flags[0], flags[1], "--write-over"]);
        assert_eq!(project.read(file), servers(own.trim(), &bearer(theirs)), "{ran:?}");
        ran.succeeds();
    }
}

#[test]
fn a_token_in_the_header_of_a_named_server_is_at_its_place() {
    let project = Project::of(World::logged_in());
    let own = token(&project);
    for (number, header) in [format!("Bearer {OLD}"), OLD.to_owned(), format!("Bearer {own}")].iter().enumerate() {
        let file = format!("{number}.json");
        project.write(&file, &remote(header));
        let ran = project.run(&["link", &file, "--server", "wiki"]);
        ran.succeeds();
        let filled = if header.starts_with("Bearer") { remote(&format!("Bearer {own}")) } else { remote(&own) };
        assert_eq!(project.read(&file), filled, "{ran:?}");
    }
    // Another user's is refused as anywhere, and what may be another service's is not shown to the provider.
    let (project, tokens, _) = mings();
    project.write("ming.json", &remote(&format!("Bearer {}", tokens.access_token)));
    project.run(&["link", "ming.json", "--server", "wiki"]).fails(2, "TW0519");
    let calls = project.world.sandbox.history().len();
    project.write("other.json", &remote("Bearer sk-0123456789abcdefghijklmn"));
    let ran = project.run(&["link", "other.json", "--server", "wiki"]);
    assert!(ran.fails(2, "TW0507").err.contains("may belong to another service"), "{ran:?}");
    assert!(!ran.err.contains("has no place"), "{ran:?}");
    assert_eq!(project.world.sandbox.history().len(), calls);
}

/// The first answer for a file of a remote server speaks of that file.
#[test]
fn a_remote_servers_header_is_named_at_once() {
    let project = Project::of(World::logged_in());
    let own = token(&project);
    let place = "servers.wiki.headers.Authorization";
    project.write("a.json", &remote(&format!("Bearer {OLD}")));
    let ran = project.run(&["link", "a.json"]);
    assert!(ran.fails(2, "TW0507").err.contains(place) && !ran.err.contains("mcpServers"), "{ran:?}");
    let line = ran.err.lines().find(|line| line.contains(place)).unwrap();
    let way: Vec<&str> = line.split('`').nth(1).unwrap().split(' ').skip(1).collect();
    let file = way.iter().position(|word| word.ends_with("a.json")).unwrap();
    project.run(&[&["link", "a.json"][..], &way[file + 1..]].concat()).succeeds();
    assert_eq!(project.read("a.json"), remote(&format!("Bearer {own}")));
    project.write("b.json", &remote("Bearer sk-0123456789abcdefghijklmn"));
    let ran = project.run(&["link", "b.json"]);
    assert!(ran.fails(2, "TW0507").err.contains(&format!("--access {place}")), "{ran:?}");
    let bare = json!({ "servers": { "wiki": { "type": "http", "url": "https://mcp.example.com/mcp" } } }).to_string();
    project.write("c.json", &bare);
    let ran = project.run(&["link", "c.json"]);
    let hint = "add \"Authorization\": \"\" to servers.wiki.headers in ";
    assert!(ran.fails(2, "TW0507").err.contains(hint), "{ran:?}");
    for (lang, kept) in [("en", "What to do"), ("zh", "怎么办")] {
        let page = project.run(&["explain", "TW0507", "--lang", lang]);
        assert!(page.succeeds().out.contains(kept) && page.out.contains(place), "{page:?}");
    }
}

/// One command links every place of a login, and one ends that.
#[test]
fn one_unlink_ends_what_one_link_began() {
    let project = Project::of(World::logged_in());
    project.write("two.json", &servers(OLD, &bearer(OLD)));
    project.run(&["link", "two.json"]).succeeds();
    let ran = project.run(&["unlink", "two.json"]);
    for place in ["mcpServers.feishu.env.USER_ACCESS_TOKEN", "mcpServers.wiki.headers.Authorization"] {
        assert!(ran.succeeds().err.contains(&format!("{place} in two.json is no longer kept in sync")), "{ran:?}");
    }
    assert_eq!(project.run(&["links", "--json"]).json()["links"], json!([]));
    // Of two logins in it, a person says which.
    project.world.login(&["-p", "work"]).succeeds();
    project.write("two.json", &servers("", &json!({ "Authorization": "" })));
    project.run(&["link", "two.json", "--server", "feishu"]).succeeds();
    project.run(&["link", "two.json", "--server", "wiki", "-p", "work"]).succeeds();
    let ran = project.run(&["unlink", "two.json"]);
    assert!(ran.fails(2, "TW0200").err.contains("profiles: default, work") && ran.err.contains("--all"), "{ran:?}");
    project.run(&["unlink", "two.json", "-p", "work"]).succeeds();
    project.run(&["unlink", "two.json"]).succeeds();
}

#[test]
fn a_file_of_a_revoked_login_is_not_said_to_work() {
    let project = Project::of(World::logged_in());
    project.write("two.json", &servers("", &json!({})));
    project.run(&["link", "two.json"]).succeeds();
    project.run(&["logout", "--revoke", "--yes"]).succeeds();
    let ran = project.run(&["unlink", "two.json"]);
    assert!(ran.succeeds().err.contains("its content stays as it is"), "{ran:?}");
    assert!(!ran.err.contains("expires within hours") && !ran.err.contains("next refresh"), "{ran:?}");
}

#[test]
fn a_token_that_is_replaced_and_nobody_knew_is_told() {
    let project = Project::of(World::logged_in());
    let told = "the access token that was at mcpServers.feishu.env.USER_ACCESS_TOKEN was not one that the vault knows";
    project.write("old.json", &servers(OLD, &json!({})));
    let ran = project.run(&["link", "old.json"]);
    assert!(ran.succeeds().err.contains(told), "{ran:?}");
    project.write("empty.json", &servers("", &json!({})));
    assert!(!project.run(&["link", "empty.json"]).succeeds().err.contains("the access token that was at"));
    project.write("own.json", &servers(&token(&project), &json!({})));
    assert!(!project.run(&["link", "own.json"]).succeeds().err.contains("the access token that was at"));
}

/// Whoever reads "in sync" believes it of every token in the file.
#[test]
fn another_token_of_the_file_is_told_as_not_linked() {
    let project = Project::of(World::logged_in());
    let own = token(&project);
    project.write("five.json", &servers(OLD, &bearer(OTHER)));
    let ran = project.run(&["link", "five.json"]);
    assert_eq!(project.read("five.json"), servers(&own, &bearer(OTHER)));
    let told = "another token is at mcpServers.wiki.headers.Authorization and was not linked";
    assert!(ran.succeeds().err.contains(told), "{ran:?}");
    assert!(ran.err.contains("`tokenward link five.json --server wiki`"), "{ran:?}");
    project.run(&["link", "five.json", "--server", "wiki"]).succeeds();
    assert_eq!(project.read("five.json"), servers(&own, &bearer(&own)));
}

#[test]
fn a_variable_that_names_another_app_is_told_at_once() {
    let project = Project::of(World::logged_in());
    let app = json!({ "APP_ID": "cli_a1b2a1b2a1b2a1b2", "USER_ACCESS_TOKEN": OLD });
    let text = json!({ "mcpServers": { "feishu": { "command": "npx", "env": app } } }).to_string();
    project.write("app.json", &text);
    let own = project.world.app.id.clone();
    let ran = run(project.command(&["link", "app.json"]).env("TOKENWARD_APP_ID", &own));
    let told = &ran.fails(2, "TW0515").err;
    assert!(told.contains(&format!("TOKENWARD_APP_ID of this shell says {own}")), "{ran:?}");
    assert!(told.contains("unset TOKENWARD_APP_ID") && told.contains("-p NAME"), "{ran:?}");
    assert!(!project.run(&["link", "app.json"]).fails(2, "TW0515").err.contains("TOKENWARD_APP_ID"));
}
