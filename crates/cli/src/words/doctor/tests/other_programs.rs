//! Other programs that hold a login of ours, or one like it.

use tokenward::doctor::{Facts, HeldLogin, HeldRefresh, OtherStore};
use tokenward::stores::Tool;
use tokenward_core::Code;

use super::Show;
use super::stories::{Story, dead, story};

fn held(refresh: HeldRefresh) -> HeldLogin {
    HeldLogin {
        account: "cli_a1 · Ada".into(),
        place: "/home/ada/.local/share/lark-cli/cli_a1_ou_1.enc".into(),
        app_id: Some("cli_a1".into()),
        user: Some("ou_1".into()),
        refresh,
    }
}

fn owner(facts: &mut Facts, tool: Tool, logins: Result<Vec<HeldLogin>, String>) {
    facts.others.push(OtherStore { tool, place: "/home/ada/.local/share/lark-cli".into(), logins });
}

/// Every story.
pub(super) fn all() -> Vec<Story> {
    let mut well = story("other tools have logins of their own", |facts| {
        owner(facts, Tool::LarkCli, Ok(vec![held(HeldRefresh::Unknown), held(HeldRefresh::Absent)]));
    });
    well.2 = Show::Everything;
    let mut stories = vec![
        well,
        story("a used refresh token elsewhere", |facts| {
            owner(facts, Tool::LarkCli, Ok(vec![held(HeldRefresh::Used)]));
        }),
        story("a store that asks", |facts| {
            owner(facts, Tool::LarkMcp, Err("storage.json is encrypted, and its key is in the keyring".into()));
        }),
        story("an ended login, and a tool that may have ended it", |facts| {
            dead(facts, Code::ForeignSpender, 20064);
            owner(facts, Tool::LarkCli, Ok(vec![held(HeldRefresh::Unknown)]));
        }),
        story("an ended login, and another user's in a tool", |facts| {
            dead(facts, Code::ForeignSpender, 20064);
            owner(
                facts,
                Tool::LarkCli,
                Ok(vec![HeldLogin { user: Some("ou_2".into()), ..held(HeldRefresh::Unknown) }]),
            );
        }),
    ];
    for tool in Tool::ALL {
        stories.push(story("a second owner", |facts| {
            owner(facts, tool, Ok(vec![held(HeldRefresh::Present("work".parse().unwrap()))]));
        }));
    }
    stories
}
