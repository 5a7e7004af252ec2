//! Words of `adopt`, and of two owners of one login.

use tokenward::stores::{Forget, Renewal, Tool};

use super::Lang;

super::sentences! {
    no_store_of(tool) { "no store of {tool} was found on this machine" "本机没有找到 {tool} 的存储" }
    several_stores(tool) { "there are several stores of {tool}: name one" "本机有多个 {tool} 的存储：请指定一个" }
    nothing_found_here() { "no login of another tool was found on this machine, and none in a file of this folder; name one: `tokenward adopt FILE`" "本机没有找到其他工具的登录，当前目录的文件中也没有；请指定：`tokenward adopt 文件`" }
    head_tool() { "FROM" "来源" }
    head_place() { "PLACE" "位置" }
    head_opens() { "TAKE IT OVER WITH" "接管命令" }
    a_file() { "file" "文件" }
    no_refresh_token_in(source) { "there is no refresh token in {source}" "{source} 中没有刷新令牌" }
    no_refresh_next() { "an access token alone ends within hours and cannot be taken over: `tokenward login`; `tokenward link FILE` keeps a file's access token fresh after that" "仅有访问令牌无法接管，几小时内就会到期：请运行 `tokenward login`；之后 `tokenward link 文件` 可让文件中的访问令牌保持有效" }
    found_login(tool, account) { "found: {tool} · {account}" "找到：{tool} · {account}" }
    profile_given(profile, user) { "profile {profile} is the login of {user} now" "配置档 {profile} 现为 {user} 的登录" }
    name_for_login() { "say which profile is to point at it: -p NAME" "请用 -p 名称 指定配置档" }
    no_such_login(id) { "no login without a profile has the id {id}" "没有 id 为 {id} 且不属于任何配置档的登录" }
    no_such_login_next() { "`tokenward list` shows the logins with their ids" "`tokenward list` 可查看各登录及其 id" }
    source_login() { "`tokenward login`" "命令 `tokenward login`" }
    ask_adopt() { "Take this login over?" "确定接管此登录吗？" }
    adopt_ways() { "--yes" "参数 --yes" }
    no_such_account(text) { "no login there has \"{text}\" in its words" "没有包含 \"{text}\" 的登录" }
    nothing_piped() { "nothing came from stdin" "stdin 没有内容" }
    no_token_piped() { "what came from stdin is no token JSON" "stdin 的内容不是令牌 JSON" }
    taken_back_already(profile) { "profile {profile} has no login to take back: the provider refused the one that was taken over last, and the one before it is back already" "配置档 {profile} 没有可换回的登录：上次接管的登录被服务方拒绝，之前的登录已自动换回" }
    pipe_like_this() { "pipe a token JSON in, as in `oidc-add --print NAME | tokenward adopt -`, or name a file" "请通过管道传入令牌 JSON，例如 `oidc-add --print 名称 | tokenward adopt -`，或指定文件" }
    stdin_name() { "stdin" "标准输入（stdin）" }
    user_not_told() { "the user is unknown" "用户未知" }
    adopted(source, profile, who) { "taken over from {source}: profile {profile} ({who}). Nothing was spent" "已从 {source} 接管：配置档 {profile}（{who}）。没有消耗任何令牌" }
    adopted_trial() { "it is on trial until its first refresh: if the provider refuses it, the login before it comes back by itself; `tokenward adopt --undo` goes back to it now" "首次续期之前为试用：若服务方拒绝，会自动换回之前的登录；`tokenward adopt --undo` 可立即换回" }
    known_already(source, profile) { "the login in {source} is one the vault has already (profile {profile}); nothing was taken over" "{source} 中的登录保险库已有（配置档 {profile}），无需接管" }
    nothing_to_take_back(profile) { "profile {profile} has no login to take back: none was replaced by an adoption, or it has been refreshed or logged in since" "配置档 {profile} 没有可换回的登录：没有被接管替换过，或此后已续期或重新登录" }
    taken_back_apart(profile, user, generation) { "profile {profile} is the login of {user} again, as it was before the adoption (token set {generation} now); the login that was taken over is kept without a profile, since nobody has said whose it is: `tokenward list` shows it" "配置档 {profile} 已换回接管之前 {user} 的登录，现为第 {generation} 组令牌；接管的登录尚不清楚属于谁，已保存但不属于任何配置档：`tokenward list` 可查看" }
    taken_back(profile, user, generation) { "profile {profile} is the login of {user} again, as it was before the adoption (token set {generation} now); `tokenward adopt --undo` once more changes them back" "配置档 {profile} 已换回接管之前 {user} 的登录，现为第 {generation} 组令牌；再运行一次 `tokenward adopt --undo` 可再换回来" }

    owners_when_expired(tool) { "two owners of one login will fight: {tool} spends its refresh token when it is used after the access token's end, and then the login is dead for both" "一个登录有两个持有者会互相冲突：访问令牌到期后再使用 {tool}，它就会用掉刷新令牌，登录对双方都会失效" }
    owners_ahead(tool, span) { "two owners of one login will fight: {tool} spends its refresh token when it is used less than {span} before the access token's end, and then the login is dead for both" "一个登录有两个持有者会互相冲突：在访问令牌到期前 {span} 内使用 {tool}，它就会用掉刷新令牌，登录对双方都会失效" }
    owners_running(tool) { "two owners of one login will fight: {tool} spends its refresh token by itself while it runs, and then the login is dead for both" "一个登录有两个持有者会互相冲突：{tool} 运行时会自行用掉刷新令牌，登录对双方都会失效" }
    owners_file(file) { "if another program refreshes with the token of {file} by itself, stop that part of it: a refresh token works once. Copies of the file need a link of their own" "若有其他程序自行用 {file} 中的令牌刷新，请停掉那一部分：刷新令牌只能用一次。文件的副本需要各自链接" }
    two_owners_piped() { "whoever the token came from must not refresh with it any more: a refresh token works once" "令牌原来的持有者不应再用它刷新：刷新令牌只能用一次" }
    let_go_logout(command) { "make it let go with `{command}`, which does not end the login" "请用 `{command}` 让它放手，这不会结束该登录" }
    let_go_delete(file, then) { "make it let go: delete {file} first, then run `{then}`" "请让它放手：先删除 {file}，再运行 `{then}`" }
    its_account_file() { "its account's file" "它的账户文件" }
    let_go_revokes(command) { "not with `{command}` alone, which ends the login at the provider too" "不要只用 `{command}`，它会在服务方一并结束该登录" }
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
