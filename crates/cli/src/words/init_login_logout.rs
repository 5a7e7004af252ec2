//! Setting up, logging in and out.

super::sentences! {
    device_late() { "the code was not entered and confirmed in time" "未在规定时间内输入并确认验证码" }
    device_code_untold(url, code, span) { "on any device open\n  {url}\nand enter the code {code} (the server does not say how long it is valid; waiting up to {span})" "请在任意设备上打开\n  {url}\n并输入验证码 {code}（平台未说明有效期；将等待 {span}）" }
    device_again_elsewhere() { "run the same command again and enter the new code" "请再次运行同一命令并输入新的验证码" }
    device_again() { "run the same command again and enter the new code; if the page showed error 20027, enable the scopes for the app first (console: Permissions)" "请再次运行同一命令并输入新的验证码；若页面显示错误 20027，请先在开发者后台“权限管理”为应用开通权限" }
    ask_app_id() { "App ID (cli_…)" "App ID，即应用 ID（cli_…）" }
    ask_app_secret() { "App Secret (not shown)" "App Secret（输入时不显示）" }
    secret_ways() { "--app-secret-stdin, --app-secret-file FILE or TOKENWARD_APP_SECRET" "--app-secret-stdin、--app-secret-file 文件，或环境变量 TOKENWARD_APP_SECRET" }
    secret_is_no_argument(name) { "secrets cannot be passed as arguments, so there is no {name}: other users of this machine can read arguments, and shells save them in their history" "密钥不能作为命令行参数，因此没有 {name}：本机其他用户可以看到参数，shell 也会记录下来" }
    secret_is_given_by() { "leave it out to be asked for it, or use TOKENWARD_APP_SECRET, --app-secret-stdin or --app-secret-file FILE. What you typed is now in the shell's history: create a new secret if others can read it" "不写该参数时程序会询问；也可以用 --app-secret-stdin、--app-secret-file 文件，或环境变量 TOKENWARD_APP_SECRET 提供。刚才输入的内容已留在 shell 历史中：如果他人能看到，请重置密钥" }
    secret_unusable(source, why) { "the app secret from {source} cannot be used: {why}" "{source} 提供的 App Secret 无法使用：{why}" }
    secret_typed_empty() { "the app secret must not be empty" "App Secret 不能为空" }
    secret_file_unreadable(file) { "the app secret file {file} cannot be read" "无法读取 App Secret 文件 {file}" }
    no_such_provider(answer) { "unknown provider {answer}; use feishu, lark, blueking, oauth2, gitea or gitlab" "没有平台 {answer}；可选：feishu、lark、blueking、oauth2、gitea、gitlab" }
    no_such_token_service(answer, known) { "there is no token service {answer}; one of: {known}" "没有令牌服务 {answer}；可选：{known}" }
    init_checked() { "the provider accepts the app's id and secret" "平台接受该应用凭证（App ID / App Secret）" }
    init_unchecked(what) { "the app's id and secret were saved but could not be checked: {what}" "App ID 和 App Secret 已保存，但未能验证：{what}" }
    init_nothing_saved() { "nothing was saved; use --no-check to save without checking" "没有保存任何内容；加 --no-check 可不经验证直接保存" }
    other_secret_in_file(file, app) { "the App Secret in {file} is not the one stored for app {app}, and the stored one is used; if the one in the file is newer, run `tokenward init --app {app}` and type it in" "{file} 中的 App Secret 与应用 {app} 已保存的不同，使用的是已保存的；如果文件中的更新，请运行 `tokenward init --app {app}` 并输入它" }
    secret_or_enter(question) { "{question} [Enter keeps the stored one]" "{question} [按回车沿用已保存的]" }
    init_kept(settings) { "not given again and kept as it was: {settings}" "未重新指定，保持原样：{settings}" }
    init_dropped(app, settings) { "app {app} is another app now, so these of its settings were removed: {settings}" "应用 {app} 现已换成另一个应用，因此移除了它原有的这些设置：{settings}" }
    init_saved(app, file, profile) { "app {app} is saved in {file}, its secret encrypted in the vault; profile {profile}" "应用 {app} 已保存到 {file}，密钥已加密保存在保险库中；配置档 {profile}" }
    init_same_app(profiles) { "saved too, because they are logins at this app: {profiles}" "同一应用的其他登录也已保存：{profiles}" }
    init_first_stays(first, profile) { "profile {first} has a login and stays the default; use the new one with --profile {profile}" "配置档 {first} 已有登录，未指定配置档时仍使用它；新的配置档用 --profile {profile} 指定" }
    init_saved_secret_file(app, file, secret, profile) { "app {app} is saved in {file}; its secret stays in {secret}; profile {profile}" "应用 {app} 已保存到 {file}；密钥仍在文件 {secret} 中，每次从中读取；配置档 {profile}" }
    init_console(url) { "make these four settings in the console, once: {url}" "请在开发者后台完成四项设置（只需一次）：{url}" }
    init_console_elsewhere() { "make these four settings in the app's console, once:" "请在该应用的开发者后台完成四项设置（只需一次）：" }
    init_sandbox(url) { "{url} is on this machine: the app of `tokenward sandbox` already has the settings that a real app needs in the console" "{url} 在本机：`tokenward sandbox` 的应用已有真实应用须在开发者后台完成的设置" }
    init_redirect(uri) { "  1. Security Settings → Redirect URLs: add exactly {uri}" "  1. 安全设置 → 重定向 URL：添加 {uri}，须完全一致" }
    init_offline() { "  2. Permissions & Scopes: enable offline_access (without it no refresh token is issued) and the scopes you need" "  2. 权限管理：开通 offline_access（没有它就不会签发刷新令牌）以及所需的其他权限" }
    init_switch() { "  3. Security Settings: turn on \"Refresh user_access_token\" (if the switch is not shown, it is already on)" "  3. 安全设置：打开“刷新 user_access_token”开关（如果没有显示该开关，则默认已打开）" }
    init_publish() { "  4. Version Management & Release: publish a version; the changes take effect only then" "  4. 版本管理与发布：发布一个版本，之后以上修改才会生效" }
    nobody_came(url) { "run `tokenward login` again; if the page showed an error, fix it first: the redirect URL {url} and the requested scopes must be allowed where the app is registered" "请重新运行 `tokenward login`；若页面显示了错误，请先处理：须先在注册该应用的平台登记重定向 URL {url}、开通所申请的权限" }
    nobody_came_console(url) { "run `tokenward login` again; if the page showed an error, fix it first in the console: 20029 means that this exact redirect URL is not registered: {url}; 20027 means that a scope is not enabled; 20048 means that there is no app with this App ID (`tokenward doctor --online` checks it)" "请重新运行 `tokenward login`；若页面显示了错误，请先在开发者后台处理：20029 表示未登记重定向 URL {url}（须一字不差），20027 表示有权限未开通，20048 表示 App ID 不存在（可用 `tokenward doctor --online` 核对）" }
    app_id_where(url) { "find the App ID and App Secret in the developer console: {url} → your app → Credentials & Basic Info" "App ID 和 App Secret 在开发者后台：{url} → 你的应用 → “凭证与基础信息”" }
    app_in_use(app, id, who, count) { "app {app} is {id}, and {who} is logged in with it (logins: {count}); if another app replaces it, these logins can no longer be refreshed" "应用 {app} 目前是 {id}，{who} 已用它登录（登录记录数：{count}）；换成另一个应用后，这些登录将无法刷新" }
    app_in_use_second() { "use another name for a second app: `tokenward init --app NAME`" "第二个应用请另取名称：`tokenward init --app 名称`" }
    app_in_use_yes() { "to replace it anyway, run the same command with --yes" "仍要替换：在同一命令后加 --yes" }
    ask_replace_app() { "Replace the app?" "确定替换吗？" }
    init_next(command) { "next step: {command}" "下一步：{command}" }

    commas_explained() { "scopes are separated by spaces; the commas were read as spaces" "权限（scope）应以空格分隔；已把逗号当作空格处理" }
    opening_browser(url) { "opening the login page in your browser; if it does not appear, open\n  {url}" "正在浏览器中打开登录页；如果没有出现，请手动打开\n  {url}" }
    open_yourself(url) { "open this address in a browser:\n  {url}" "请在浏览器中打开：\n  {url}" }
    waiting_callback(address, span) { "waiting for the browser to return to {address} (up to {span}; press Ctrl-C to cancel)" "正在等待回调 {address}（最多 {span}；按 Ctrl-C 放弃）" }
    paste_here() { "log in there; the browser then goes to an address that may not load. Paste that whole address here" "登录后浏览器会停在一个地址（打不开也没关系）。请把完整地址粘贴到这里" }
    paste_not_url() { "the pasted text is not an address" "粘贴的内容不是网址" }
    paste_other_page(expected) { "the pasted address does not begin with {expected}" "粘贴的地址不是以 {expected} 开头" }
    paste_no_code() { "the pasted address contains no code" "粘贴的地址中没有授权码（code）" }
    paste_state_missing() { "the pasted address contains no state, so it is not clear whether it belongs to this login" "粘贴的地址中没有 state，无法确认它属于本次登录" }
    paste_other_login() { "the pasted address belongs to another login (its state differs)" "粘贴的地址属于另一次登录（state 不一致）" }
    device_code(url, code, span) { "on any device open\n  {url}\nand enter the code {code} (valid for {span})" "请在任意设备上打开\n  {url}\n并输入验证码 {code}（{span}内有效）" }
    device_direct(url) { "or open this address, which contains the code:\n  {url}" "也可以直接打开带有验证码的地址：\n  {url}" }
    qr_comes_back_elsewhere() { "a phone that scans this cannot return to this machine: use --paste with it, or log in with --device" "扫码的手机无法访问本机的回调地址：请配合 --paste 使用，或用 --device 登录" }
    qr_too_long() { "the address is too long for a QR code" "地址太长，无法生成二维码" }
    port_needs_loopback(uri) { "the redirect URL {uri} is not on this machine, so the callback cannot be received here: use --paste, or --port" "重定向 URL {uri} 不在本机，本机收不到回调：请用 --paste，或指定 --port" }
    new_profile(profile, app) { "profile {profile} is new and belongs to app {app}" "新建配置档 {profile}，属于应用 {app}" }
    profile_other_app(profile, app) { "profile {profile} belongs to app {app}: choose another name with --profile" "配置档 {profile} 属于应用 {app}：请用 --profile 换一个名字" }
    secret_is_of_variable() { "the App Secret comes from TOKENWARD_APP_SECRET: correct it there, or unset it to use the stored one" "App Secret 来自环境变量 TOKENWARD_APP_SECRET：请改正它，或取消设置以使用已保存的密钥" }
    login_of_other_app(profile, app) { "the login of profile {profile} belongs to app {app}, and the profile now has another app" "配置档 {profile} 的登录属于应用 {app}，而该配置档现在设置的是另一个应用" }
    login_of_script(profile, file) { "{profile} is the login that the old script's command took from {file}; it belongs to no profile yet" "{profile} 是旧脚本的命令从 {file} 取得的登录，还不属于任何配置档" }
    login_of_script_next(file) { "`tokenward link {file}` makes it the login of your profile; `tokenward refresh --config-file {file}` refreshes it as before" "`tokenward link {file}` 可使其成为你的配置档的登录；`tokenward refresh --config-file {file}` 可照旧刷新" }
    login_of_other_app_next(old, new) { "put app = \"{old}\" back into config.toml, or run `tokenward login` to log in with app {new}" "请在 config.toml 中恢复 app = \"{old}\"，或运行 `tokenward login` 用应用 {new} 登录" }
    login_of_other_id(profile, id) { "the login of profile {profile} belongs to another app, {id}, and the settings name a different one now" "配置档 {profile} 的登录属于另一个应用 {id}，而当前设置中的应用已不是它" }
    login_of_other_server(profile, id, before, now) { "the login of profile {profile} is of {id} at {before}, and the settings name {id} at {now} now" "配置档 {profile} 的登录属于 {before} 上的 {id}，而当前设置的是 {now} 上的 {id}" }
    login_of_other_server_next(flag, value) { "to keep using the existing login, run `tokenward init --{flag} {value}`; `tokenward login` logs in at the other one" "要继续使用保留的登录，请运行 `tokenward init --{flag} {value}`；运行 `tokenward login` 则在另一个平台登录" }
    login_of_other_id_by_variable(variable, now) { "{variable} names {now}: unset it to use the existing login, or run `tokenward login` to log in with {now}" "{variable} 指定了 {now}：要使用保留的登录，请清除该变量；或运行 `tokenward login` 用 {now} 登录" }
    login_of_other_id_by_file(app, now, id) { "to use the existing login again, run `tokenward config set apps.{app}.app_id {id}`; `tokenward login` logs in with {now}" "要继续使用保留的登录，请运行 `tokenward config set apps.{app}.app_id {id}`；运行 `tokenward login` 则用 {now} 登录" }
    login_of_other_id_next(now, id) { "`tokenward login` logs in with {now}; to keep using the existing login, run `tokenward init` with --app-id {id} again" "运行 `tokenward login` 用 {now} 登录；如要继续使用保留的登录，请用 --app-id {id} 重新运行 `tokenward init`" }
    no_such_app(app) { "there is no app {app}: run `tokenward init --app {app}`" "没有应用 {app}：请运行 `tokenward init --app {app}`" }

    logged_in(profile, who) { "logged in: profile {profile} as {who}" "登录成功：配置档 {profile} 的用户是 {who}" }
    somebody() { "a user the provider did not name" "平台未告知姓名的用户" }
    took_over(who, profile, id) { "profile {profile} previously used the login of {who}, which is kept without a profile: `tokenward adopt --undo -p {profile}` restores it, `tokenward logout --login {id}` deletes it" "配置档 {profile} 之前是 {who} 的登录，现已保留但不属于任何配置档：`tokenward adopt --undo -p {profile}` 可恢复，`tokenward logout --login {id}` 可将其删除" }
    login_not_told(user) { "the provider did not say which user the new login belongs to, and the profile belongs to {user}. Tokenward asks the provider again on each call. Until it answers, the new login is not used, and the token of the previous login is handed out while it is valid. If the new login belongs to another user, it is kept without a profile and the previous login stays in use" "平台没有说明这是谁的登录，而配置档属于 {user}：每次调用时会再次询问。在得到答复之前不使用此登录，而是继续提供之前登录的令牌（只要它仍有效）。若属于另一位用户，则该登录保留但不属于任何配置档，并恢复之前的登录" }
    scopes_granted(scopes) { "granted: {scopes}" "已授权：{scopes}" }
    scopes_asked(scopes) { "this login asked for: {scopes}" "本次登录申请的权限：{scopes}" }
    scopes_missing(scopes) { "requested but not granted: {scopes}. Enable them for the app in the console and publish a version, then log in again" "已申请但未授权：{scopes}。请在开发者后台为应用开通并发布版本，然后运行 `tokenward login`" }
    login_lasts(access, refresh) { "the access token is valid for {access} and refreshed automatically; the login expires after {refresh} without use" "访问令牌有效期 {access}，会自动刷新；闲置 {refresh}后登录到期" }
    login_wall(moment) { "the login expires {moment} at the latest" "登录最迟在 {moment}失效" }
    no_refresh_token(span) { "no refresh token was issued, so this login expires in {span}. Console: enable offline_access (Permissions), switch on \"Refresh user_access_token\" (Security settings), publish a version; then log in again" "没有签发刷新令牌，此登录将在 {span}后失效。请在开发者后台开通 offline_access（权限管理）、打开“刷新 user_access_token”开关（安全设置）并发布版本，然后运行 `tokenward login`" }

    ask_logout(profile) { "Delete the login of profile {profile}?" "确定要删除配置档 {profile} 的登录吗？" }
    ask_logout_revoke(profile) { "Revoke the login of profile {profile} at the provider and delete it?" "确定要在平台撤销配置档 {profile} 的登录并删除吗？" }
    ask_logout_login(user) { "Delete the login of {user}, which has no profile?" "确定要删除“{user}”的登录（不属于任何配置档）吗？" }
    logged_out_login(user) { "the login of {user}, which had no profile: its tokens are deleted from this machine" "{user} 的登录（不属于任何配置档）：本机上的令牌已删除" }
    logged_out_before(id) { "the login {id} was logged out before: none of its tokens are kept, only its history" "登录 {id} 此前已退出：本机不再保存其令牌，只保留其历史" }
    login_written(file) { "the linked file {file} now holds the new tokens" "已把新令牌写入关联文件 {file}" }
    logout_ways() { "`--yes`" "`--yes`" }
    nothing_changed() { "nothing was changed" "未做任何更改" }
    logged_out(profile) { "profile {profile}: logged out, the tokens are deleted from this machine" "配置档 {profile}：已退出登录，本机上的令牌已删除" }
    logged_out_already(profile) { "profile {profile}: nobody is logged in, so there is nothing to log out of" "配置档 {profile}：没有人登录，无需退出" }
    nothing_to_revoke() { "a login that was logged out earlier cannot be revoked any more: its tokens are no longer kept here" "此前已退出的登录无法再撤销：本机已不保存其令牌" }
    logout_leaves_files(files) { "the tokens in {files} keep working until they expire; with `--revoke` the provider ends them too" "{files} 中的令牌在到期前仍可使用；加 `--revoke` 可同时在平台使其失效" }
    logged_out_files(files) { "the tokens are still in {files}, and they work until they expire: delete them there" "{files} 中仍有这些令牌，到期前仍可使用：请在文件中删除" }
    logged_out_files_all(files) { "the tokens are still in {files}, and they work until they expire: delete them there. The next time, `tokenward logout --all --revoke` ends them at the provider too" "{files} 中仍有这些令牌，到期前仍可使用：请在文件中删除。下次可用 `tokenward logout --all --revoke`，会同时在平台使其失效" }
    logged_out_files_yes(files) { "the tokens are still in {files}, and they work until they expire: delete them there. The next time, `tokenward logout --revoke` ends them at the provider too" "{files} 中仍有这些令牌，到期前仍可使用：请在文件中删除。下次可用 `tokenward logout --revoke`，会同时在平台使其失效" }
    logged_out_revoked(profile) { "profile {profile}: revoked at the provider and deleted from this machine" "配置档 {profile}：已在平台撤销，本机上的令牌已删除" }
    logged_out_dead_files(files) { "the tokens that were ended are left in {files}: delete them there, or log in again, which writes new ones" "{files} 中仍有已失效的令牌：可在文件中删除，或重新登录以写入新令牌" }
    logged_out_unrevoked(profile) { "profile {profile}: deleted from this machine; the provider did not confirm the revocation" "配置档 {profile}：本机上的令牌已删除；平台未确认撤销" }
    revoke_by_hand(url) { "you can revoke it at {url}" "可在此页面自行撤销：{url}" }
    revoke_kept() { "the tokens are kept, because the provider did not confirm the revocation; use --force to delete them anyway" "平台未确认撤销，令牌已保留；使用 --force 可强制删除" }
}
