//! Words of `profile`, `whoami` and `version`, and of what is told about names of profiles.

super::sentences! {
    profile_is_made_as(name) { "to create a profile of that name, log in under it: `tokenward login --profile {name}`" "要新建这个名称的配置档，请以它登录：`tokenward login --profile {name}`" }
    profile_is_made_by() { "to create a profile, log in under its name: `tokenward login NAME`" "登录时即创建配置档：`tokenward login 名称`" }
    refresh_always_refreshes() { "`tokenward refresh` always refreshes, whether or not the token has expired: leave the flag out" "`tokenward refresh` 总会刷新，无论令牌是否过期：去掉该参数即可" }
    who_as(user, profile, app, status) { "{user} · profile {profile} · app {app} · {status}" "{user} · 配置档 {profile} · 应用 {app} · {status}" }
    user_with_id(name, id) { "{name} ({id})" "{name}（{id}）" }
    no_profiles() { "there is no profile yet: `tokenward init` sets up an app and a profile" "还没有配置档：`tokenward init` 会登记应用并创建配置档" }
    logins_of(count) { "{count} logins" "{count} 条登录记录" }
    profile_used(name) { "profile {name} is now the default" "默认配置档现在是 {name}" }
    profile_renamed(from, to) { "profile {from} is now called {to}; its login and linked files are kept" "配置档 {from} 已改名为 {to}；其登录和关联文件随之保留" }
    profile_removed(name) { "profile {name} is removed" "已移除配置档 {name}" }
    profile_and_app_removed(name, app) { "profile {name} is removed, and the app {app} with its secret" "已移除配置档 {name}，以及应用 {app} 及其密钥" }
    profile_removed_not_app(name, app) { "profile {name} is removed; the app {app} stays set up: `tokenward login {name} --app {app}` uses it again" "已移除配置档 {name}；应用 {app} 仍保留：`tokenward login {name} --app {app}` 可再次使用" }
    app_removed_by(app) { "`tokenward profile remove {app} --with-app` removes the app too" "`tokenward profile remove {app} --with-app` 可将应用也移除" }
    profile_removed_app_used(name, app, other) { "profile {name} is removed; the app {app} stays set up, since profile {other} uses it" "已移除配置档 {name}；应用 {app} 仍保留，因为配置档 {other} 正在使用它" }
    nobody_to_log_out() { "no profile is logged in" "没有配置档处于登录状态" }
    ask_logout_all_revoke(logins) { "Revoke the logins of all profiles at the provider and delete them: {logins}?" "确定要在平台撤销所有配置档的登录并删除吗：{logins}？" }
    logout_kept(profile) { "profile {profile}: the login is kept, because it was not revoked" "配置档 {profile}：登录未能撤销，已保留" }
    ask_logout_all(logins) { "Log out of all profiles on this machine: {logins}?" "确定要在本机退出所有配置档的登录吗：{logins}？" }
    no_longer_synced(file) { "{file} is no longer kept in sync; it is left as it is" "{file} 不再同步；文件保持原样" }
    profile_name_taken(name) { "{name} cannot be used as the new name: a profile or login of that name exists, or it is not a valid profile name" "不能改名为 {name}：已有同名的配置档或登录，或它不能用作配置档的名字" }
    profile_name_taken_next() { "choose another name; `tokenward profile list` shows those that are taken" "请换一个名字；`tokenward profile list` 列出已有的名字" }
    profile_of_variables(name) { "profile {name} is defined by environment variables only and is not in config.toml" "配置档 {name} 由环境变量设置，config.toml 中没有" }
    variable_names_another(name) { "TOKENWARD_PROFILE is set to {name} and overrides the default" "环境变量 TOKENWARD_PROFILE 指定了 {name}，它优先于默认配置档" }
    ask_remove_profile(name) { "Remove profile {name}?" "确定要移除配置档 {name} 吗？" }
    ask_remove_login_too(name, users) { "Remove profile {name}, and delete the login of {users} on this machine?" "确定要移除配置档 {name}，并在本机删除 {users} 的登录吗？" }
    no_login_to_attach() { "every login has a profile already" "所有登录都已有配置档" }
    several_to_attach(ids) { "several logins have no profile: {ids}" "有多条登录记录不属于任何配置档：{ids}" }
    name_the_id() { "choose one: `tokenward profile attach PROFILE ID`; `tokenward list` shows the user of each login" "请指定其中一个：`tokenward profile attach 配置档 ID`；`tokenward list` 显示各属于谁" }
    exec_profile(name) { "{name} is a profile: `tokenward exec -p {name} -- CMD` runs a program with its token" "{name} 是配置档：`tokenward exec -p {name} -- 命令` 用它的令牌运行程序" }
    new_profile_of(name) { "to create a new profile, also give its app: `tokenward login {name} --app APP`" "若要新建配置档，请指定应用：`tokenward login {name} --app 应用`" }
    perhaps_command(command) { "did you mean `tokenward {command}`?" "你是不是想输入 `tokenward {command}`？" }
}

/// The Chinese help of these commands, and of a profile as a word of its own.
pub(super) const HELP: &[(&str, &str, &str)] = &[
    ("login", "of", "使用的配置档，等同于 -p；不存在时新建"),
    ("token", "of", "使用的配置档，等同于 -p"),
    ("refresh", "of", "使用的配置档，等同于 -p"),
    ("status", "of", "使用的配置档，等同于 -p"),
    ("list", "of", "使用的配置档，等同于 -p"),
    ("logout", "of", "使用的配置档，等同于 -p"),
    ("whoami", "of", "使用的配置档，等同于 -p"),
    ("whoami", "", "显示当前登录的是谁、用哪个配置档"),
    ("version", "", "显示版本"),
    ("profile", "", "列出、选择、改名或移除配置档"),
    ("profile list", "", "列出配置档及其应用和用户；默认使用的带 *"),
    ("profile use", "", "设为默认配置档"),
    ("profile use", "of", "配置档"),
    ("profile rename", "", "给配置档改名；登录和关联文件随之保留"),
    ("profile rename", "of", "现在的名字"),
    ("profile rename", "to", "新名字"),
    ("profile remove", "", "移除配置档，并在本机删除其登录"),
    ("profile remove", "of", "配置档"),
    ("profile remove", "with_app", "同时移除其应用和应用密钥（若没有其他配置档使用该应用）"),
    ("profile remove", "yes", "不再确认"),
    ("logout", "all", "退出所有配置档的登录"),
    ("profile attach", "", "为没有配置档的登录指定配置档"),
    ("profile attach", "of", "配置档；不存在时新建"),
    ("profile attach", "login", "登录，用 `list` 所示的 id 指定；只有一个时可省略"),
    ("profile attach", "replace_user", "允许把配置档改为另一位用户的登录"),
];
