//! Words of `adopt`, and of two owners of one login.

use tokenward::stores::{Forget, Renewal, Tool};

use super::Lang;

super::sentences! {
    no_store_of(tool) { "no store of {tool} was found on this machine" "本机没有找到 {tool} 的存储" }
    several_stores(tool) { "there are several stores of {tool}: run `tokenward adopt PATH --from {tool}` with the path of one" "本机有多个 {tool} 的存储：请指定一个" }
    nothing_found_here() { "no login was found, neither of another tool on this machine nor in a file in this folder; to name a file: `tokenward adopt FILE`" "本机没有找到其他工具的登录，当前目录的文件中也没有；请指定：`tokenward adopt 文件`" }
    head_tool() { "FROM" "来源" }
    head_place() { "PLACE" "位置" }
    head_opens() { "IMPORT WITH" "导入命令" }
    a_file() { "file" "文件" }
    no_refresh_token_in(source) { "there is no refresh token in {source}" "{source} 中没有刷新令牌" }
    no_refresh_next() { "an access token alone expires within hours and cannot be imported; `tokenward link FILE` keeps the file's access token valid with a login of yours (`tokenward login` makes one)" "仅有访问令牌无法导入，几小时内就会到期；`tokenward link 文件` 可用你的登录让文件中的访问令牌保持有效（没有登录时先运行 `tokenward login`）" }
    found_login(tool, account) { "found: {tool} · {account}" "找到：{tool} · {account}" }
    profile_given(profile, user) { "profile {profile} now uses the login of {user}" "配置档 {profile} 现为“{user}”的登录" }
    name_for_login() { "name the profile that should use it: -p NAME" "请用 -p 名称 指定配置档" }
    no_such_login(id) { "no login without a profile has the id {id}" "没有 id 为 {id} 且不属于任何配置档的登录" }
    no_such_login_next() { "`tokenward list` shows the logins with their ids" "`tokenward list` 可查看各登录及其 id" }
    source_login() { "`tokenward login`" "命令 `tokenward login`" }
    ask_adopt() { "Import this login?" "确定导入此登录吗？" }
    adopt_ways() { "`--yes`" "`--yes`" }
    no_such_account(text) { "no login there matches \"{text}\"" "没有包含“{text}”的登录" }
    nothing_piped() { "nothing came from stdin" "stdin 没有内容" }
    no_token_piped() { "what came from stdin is not token JSON" "stdin 的内容不是令牌 JSON" }
    taken_back_already(profile) { "profile {profile} has no import to undo: the provider refused the imported login, and the previous one is already restored" "配置档 {profile} 没有可撤销的导入：上次导入的登录被平台拒绝，之前的登录已自动恢复" }
    pipe_like_this() { "pipe a token JSON in, as in `oidc-add --print NAME | tokenward adopt -`, or name a file" "请通过管道传入令牌 JSON，例如 `oidc-add --print 名称 | tokenward adopt -`，或指定文件" }
    stdin_name() { "stdin" "stdin（标准输入）" }
    user_not_told() { "the user is unknown" "用户未知" }
    adopted(source, profile, who) { "imported from {source}: profile {profile} ({who}). No refresh token was used" "已从 {source} 导入：配置档 {profile}（{who}）。没有使用刷新令牌" }
    adopted_trial() { "it is unverified until its first refresh: if the provider refuses it, the previous login is restored automatically; `tokenward adopt --undo` restores it now" "首次刷新之前尚未验证：若平台拒绝，会自动恢复之前的登录；`tokenward adopt --undo` 可立即恢复" }
    known_already(source, profile) { "the vault already has the login in {source} (profile {profile}); nothing was imported" "保险库中已有 {source} 里的这条登录记录（配置档 {profile}），没有再导入" }
    nothing_to_take_back(profile) { "profile {profile} has no import to undo: no import replaced a login, or the profile has been refreshed or logged in again since" "配置档 {profile} 没有可撤销的导入：它的登录没有被导入替换过，或导入之后又刷新过、重新登录过" }
    nothing_to_take_back_next() { "`tokenward status` shows the login that the profile has; `tokenward list` also shows logins that are kept without a profile" "`tokenward status` 可查看该配置档现在的登录；`tokenward list` 还会列出不属于任何配置档的登录" }
    taken_back_apart(profile, user, generation) { "profile {profile} uses the login of {user} again, as before the import (now token set {generation}); the imported login is kept without a profile because its user is not known: `tokenward list` shows it" "配置档 {profile} 已换回导入之前的登录（{user}），现为第 {generation} 版令牌；导入的登录尚不清楚属于谁，已保存但不属于任何配置档：`tokenward list` 可查看" }
    taken_back(profile, user, generation) { "profile {profile} uses the login of {user} again, as before the import (now token set {generation}); run `tokenward adopt --undo` again to switch back" "配置档 {profile} 已换回导入之前的登录（{user}），现为第 {generation} 版令牌；再运行一次 `tokenward adopt --undo` 可以再换回来" }

    owners_when_expired(tool) { "two programs cannot share one login: if {tool} runs after the access token has expired, it uses the refresh token, and the login is then invalid for both" "一条登录记录不能由两个程序共用：访问令牌过期后再使用 {tool}，它就会用掉刷新令牌，双方的登录都会失效" }
    owners_ahead(tool, span) { "two programs cannot share one login: if {tool} runs less than {span} before the access token expires, it uses the refresh token, and the login is then invalid for both" "一条登录记录不能由两个程序共用：在访问令牌到期前 {span}内使用 {tool}，它就会用掉刷新令牌，双方的登录都会失效" }
    owners_running(tool) { "two programs cannot share one login: while {tool} is running it uses the refresh token by itself, and the login is then invalid for both" "一条登录记录不能由两个程序共用：{tool} 运行时会自行用掉刷新令牌，双方的登录都会失效" }
    owners_file(file) { "if another program refreshes the token in {file} by itself, turn that off: a refresh token works only once. Copies of the file need their own links" "若有其他程序自行用 {file} 中的令牌刷新，请关闭它的自动刷新：刷新令牌只能用一次。文件的副本需要各自关联" }
    two_owners_piped() { "the program that the token came from must not refresh it any more: a refresh token works only once" "提供该令牌的程序不应再用它刷新：刷新令牌只能用一次" }
    let_go_logout(command) { "log out of that tool with `{command}`; the login stays valid here" "请用 `{command}` 让它退出登录，这不会使该登录失效" }
    let_go_delete(file, then) { "log out of that tool: delete {file} first, then run `{then}`" "请让它退出登录：先删除 {file}，再运行 `{then}`" }
    its_account_file() { "its account's file" "它的账户文件" }
    let_go_revokes(command) { "do not use `{command}` alone, which also ends the login at the provider" "不要只用 `{command}`，它还会在平台上撤销该登录" }
}

impl Lang {
    /// What it means to share a login with a tool, and how it is made to let go without ending the login.
    pub(crate) fn two_owners(self, tool: Tool, place: &str, app_id: Option<&str>) -> String {
        let facts = tool.two_owners();
        let told = |command: &str| app_id.map_or_else(|| command.to_owned(), |id| command.replace("APP_ID", id));
        let mut words = vec![match facts.renewal {
            Renewal::WhenExpired => self.owners_when_expired(tool),
            Renewal::Ahead(seconds) => self.owners_ahead(tool, self.span(u64::from(seconds))),
            Renewal::WhileRunning => self.owners_running(tool),
            _ => self.owners_file(place),
        }];
        match (facts.forget, facts.logout) {
            (Forget::ByLogout, Some(logout)) => words.push(self.let_go_logout(told(logout.command))),
            (Forget::ByDeleting { then }, _) => {
                let file = if place.is_empty() { self.its_account_file() } else { place.to_owned() };
                words.push(self.let_go_delete(file, then));
            }
            _ => {}
        }
        if let Some(logout) = facts.logout.filter(|logout| logout.revokes) {
            words.push(self.let_go_revokes(told(logout.command)));
        }
        words.join(self.stop())
    }
}
