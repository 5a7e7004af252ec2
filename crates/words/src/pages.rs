//! What the pages of the server's dashboard say.

use crate::notices::Language;
use crate::sentences::sentences;

sentences! { "page: "
    page_skip() { "Skip to content" "跳到正文" }
    page_navigation() { "Pages" "页面" }
    page_overview() { "Overview" "概览" }
    page_logins() { "Logins" "登录记录" }
    page_apps() { "Apps" "应用" }
    page_sign_in() { "Sign in" "进入管理页" }
    page_sign_out() { "Sign out" "离开管理页" }
    page_signed_in_with(name) { "API key: {name}" "API 密钥：{name}" }
    page_api_key() { "API key" "API 密钥" }
    page_api_key_hint() { "It starts with `tw_`. Create one with `tokenward serve key create NAME --allow grants:read`; it shows what that key may see and do." "以 `tw_` 开头。可用 `tokenward serve key create 名字 --allow grants:read` 创建；管理页只显示该密钥可见、可做的内容。" }
    page_key_refused() { "This API key is unknown, expired or revoked." "此 API 密钥未知、已过期或已吊销。" }
    page_session_ended() { "The session has ended. Sign in again." "会话已结束，请重新输入 API 密钥。" }
    page_signed_out() { "You have signed out." "你已离开管理页。" }
    page_what_this_is() { "Logins that this server keeps alive." "由此服务保持有效的登录。" }

    page_not_encrypted() { "This page is not encrypted" "此页面没有加密" }
    page_not_encrypted_next() { "Others could read the API key on its way. Open the dashboard over https, or through a tunnel: run `ssh -L 9790:127.0.0.1:9790 HOST`, then open http://127.0.0.1:9790/dashboard. If there is a proxy with TLS in front, have it send `X-Forwarded-Proto: https`." "API 密钥在途中可能被他人读取。请通过 https 打开管理页，或使用隧道：运行 `ssh -L 9790:127.0.0.1:9790 主机`，再打开 http://127.0.0.1:9790/dashboard 。如果前面有带 TLS 的代理，请让它发送 `X-Forwarded-Proto: https`。" }
    page_old_form() { "This form is not from your current session" "此表单不属于你当前的会话" }
    page_old_form_next() { "Nothing was changed. Go back, reload the page and try again." "没有做任何改动。请返回并刷新页面，然后重试。" }
    page_foreign_form() { "This form was sent from another site" "此表单来自其他网站" }
    page_foreign_form_next() { "Nothing was changed. Open the dashboard itself and try again there." "没有做任何改动。请直接打开管理页再操作。" }
    page_no_page() { "There is no such page" "没有这个页面" }
    page_no_page_next() { "Start from the overview." "请从概览开始。" }
    page_no_login() { "There is no such login, or this API key may not see it" "没有这个登录，或此 API 密钥看不到它" }
    page_no_login_next() { "Look for it in the list of logins." "请在登录记录中查找。" }
    page_no_profile() { "The server has no such profile, or this API key may not see it" "服务没有这个配置档，或此 API 密钥看不到它" }
    page_no_profile_next() { "Compare the name with the apps page. The server reads `config.toml` when it starts." "请与“应用”页对照名字。服务在启动时读取 `config.toml`。" }
    page_lacks(verb) { "This API key lacks {verb}" "此 API 密钥没有 {verb} 权限" }
    page_lacks_next(verb) { "Sign in with a key that has it: `tokenward serve key create NAME --allow {verb}`" "请改用有此权限的密钥：`tokenward serve key create 名字 --allow {verb}`" }
    page_code(code) { "Code {code}" "错误码 {code}" }

    page_needs_attention() { "Needs attention" "需要处理" }
    page_nothing_to_do() { "Nothing needs attention." "没有需要处理的登录。" }
    page_show_more() { "Show more" "显示更多" }
    page_time_left() { "Time left" "剩余时间" }
    page_time_left_of(count) { "Time left (logins: {count})" "剩余时间（登录数：{count}）" }
    page_time_left_note() { "How many days each login stays valid if it is not refreshed." "每个登录在不刷新的情况下还能保持有效多少天。" }
    page_time_left_part(count) { "This API key is limited to some profiles, so only the first {count} logins it may see are counted." "此 API 密钥只限部分配置档，因此只统计了它可见的前 {count} 个登录。" }
    page_no_logins() { "There are no logins yet." "还没有登录。" }
    page_count() { "Logins" "登录数" }
    page_as_table() { "Show as a table" "以表格显示" }
    page_over() { "expired" "已到期" }
    page_no_end() { "no end" "无期限" }
    page_bar(span, count) { "{span}: {count}" "{span}：{count}" }
    page_bar_days(days, count) { "{days} days: {count}" "{days} 天：{count}" }
    page_days() { "Days left" "剩余天数" }
    page_refreshes() { "Refreshes" "刷新结果" }
    page_refreshes_note(since) { "Counted by this node since it was started {since}." "本节点启动（{since}）以来的计数。" }
    page_no_refreshes() { "This node has not refreshed anything yet." "本节点还没有刷新过。" }
    page_outcome() { "Outcome" "结果" }
    page_times() { "Times" "次数" }
    page_outcome_refreshed() { "refreshed" "已刷新" }
    page_outcome_parked() { "late answer, archived" "应答迟到，已存档" }
    page_outcome_refused() { "refused, login unchanged" "被拒绝，登录不变" }
    page_outcome_ended() { "login no longer valid" "登录已失效" }
    page_outcome_not_sent() { "not sent" "没有发送" }
    page_outcome_unknown() { "outcome unknown" "结果未知" }
    page_outcome_not_stored() { "answer kept, not stored yet" "应答已保留，尚未入库" }
    page_replays(count) { "{count} of them were sent again, because the first outcome was unknown." "其中 {count} 次是因为首次结果未知而再次发送。" }

    page_search() { "Search" "搜索" }
    page_search_hint() { "Profile, user or the start of an id" "配置档、用户，或 id 的开头" }
    page_any_app() { "Any app" "全部应用" }
    page_any_status() { "Any status" "全部状态" }
    page_show() { "Show" "显示" }
    page_clear() { "Clear" "清除" }
    page_older_first() { "Logins, oldest first" "登录，从旧到新" }
    page_found_exactly() { "Exact match" "完全匹配" }
    page_none_found() { "No login matches." "没有符合条件的登录。" }
    page_none_here() { "None here yet. A search looks at some thousands of logins at a time." "这一部分没有。一次搜索会查看数千个登录。" }
    page_next() { "Next page" "下一页" }
    page_search_on() { "Search on" "继续搜索" }
    page_first() { "First page" "第一页" }
    page_head_login() { "Login" "登录" }
    page_head_app() { "App" "应用" }
    page_head_user() { "User" "用户" }
    page_head_status() { "Status" "状态" }
    page_head_left() { "Time left" "剩余时间" }
    page_head_refreshed() { "Last refreshed" "上次刷新" }
    page_without_profile() { "no profile" "无配置档" }
    page_former(profile) { "formerly {profile}" "原 {profile}" }
    page_unknown_user() { "not known yet" "尚未得知" }
    page_expired() { "expired" "已到期" }
    page_no_expiry() { "no known end" "无到期时间" }

    page_details() { "Details" "详情" }
    page_id() { "Id" "编号" }
    page_tenant() { "Company" "企业" }
    page_access_expires() { "Access token expires" "访问令牌到期" }
    page_refreshes_at() { "Refreshes at" "下次刷新" }
    page_login_expires() { "Login expires if unused" "闲置失效" }
    page_login_ends() { "Login expires at the latest" "最迟失效" }
    page_logged_in_at() { "Logged in" "登录时间" }
    page_token_set() { "Token set" "令牌版本" }
    page_scopes() { "Scopes" "权限" }
    page_none() { "none" "无" }
    page_history() { "History" "历史" }
    page_history_note() { "Newest first. Times are in UTC." "从新到旧；时间为 UTC。" }
    page_no_history() { "Nothing is recorded." "没有记录。" }
    page_whole_history() { "Show the whole history" "显示全部历史" }
    page_refresh_now() { "Refresh now" "立即刷新" }
    page_end_login() { "End this login" "结束此登录" }
    page_connect_again() { "Log in again" "重新登录" }
    page_refreshed_now() { "The login was refreshed." "已刷新。" }
    page_ended_now() { "The login was ended; its tokens are deleted." "已结束此登录，其令牌已删除。" }
    page_ended_and_revoked() { "The provider revoked the login, and it was ended; its tokens are deleted." "平台已吊销此登录，并已将其结束；其令牌已删除。" }

    page_now_valid(span) { "The access token is valid for {span}." "访问令牌有效期还有 {span}。" }
    page_now_refreshed_alone() { "The server refreshes this login on its own." "服务会自动刷新此登录。" }
    page_now_not_refreshed() { "This server does not refresh it in the background." "此服务不会在后台刷新它。" }
    page_now_due() { "The access token has expired or is about to; it is refreshed when it is read next." "访问令牌已到期或即将到期，下次读取时会刷新。" }
    page_now_refreshing() { "A refresh is in progress." "正在刷新。" }
    page_now_unknown(when, why) { "A refresh token was sent {when}, and {why}. Tokenward asks again when that is safe." "刷新令牌已发出（{when}），但{why}。等到可以安全重试时，会再询问平台一次。" }
    page_now_required(when, what) { "This login is no longer valid ({when}): {what}." "此登录已失效（{when}）：{what}。" }
    page_now_expired(when) { "This login expired {when}." "此登录已到期（{when}）。" }
    page_now_no_refresh() { "There is no refresh token, so the login ends with its access token." "没有刷新令牌，访问令牌到期后登录即失效。" }
    page_now_logged_out(when) { "Logged out {when}. Its tokens are deleted; this record is kept." "已退出（{when}）。令牌已删除，此记录保留。" }
    page_now_ends(when) { "This login expires {when}, and a refresh cannot extend it." "此登录的最迟失效时间：{when}，刷新无法延长。" }
    page_now_unverified() { "It was imported, and the provider has not confirmed yet whose it is: its token is given to nobody." "它是导入的，平台尚未确认属于谁：在此之前不会提供其令牌。" }
    page_do_nothing() { "Nothing to do." "无需处理。" }
    page_do_wait() { "Nothing to do: the result will be shown here." "无需处理：结果会显示在这里。" }
    page_do_wait_or_refresh() { "Wait, or refresh it now. If the provider refuses, its user logs in again." "可以等待，也可以立即刷新。如果平台拒绝，请让用户重新登录。" }
    page_do_log_in_here() { "Its user has to log in again: with “Log in again” on this login’s page, or on the site that uses it." "需要用户重新登录：在此登录的页面上选择“重新登录”，或由使用它的网站发起。" }
    page_do_log_in_by_site() { "Its user has to log in again, on the site that uses this login." "需要用户在使用此登录的网站上重新登录。" }
    page_do_log_in_by_command(profile) { "Its user has to log in again: run `tokenward login -p {profile}` on the machine of this server." "需要用户重新登录：请在此服务所在的机器上运行 `tokenward login -p {profile}`。" }
    page_do_log_in_before(how) { "Do this before it expires. {how}" "请在到期之前处理。{how}" }
    page_do_name_profile(profile) { "Add the profile {profile} to `config.toml`, and start the server again." "请在 `config.toml` 中加入配置档 {profile}，然后重新启动服务。" }
    page_do_give_profile(id) { "No profile points at it, so nobody can read its token. `tokenward adopt --login {id} -p NAME` gives it one." "没有配置档指向它，因此无法读取其令牌。`tokenward adopt --login {id} -p 名字` 可指定配置档。" }
    page_do_refresh_soon() { "Refresh it before its end, or let somebody read its token." "请在到期前刷新，或读取其令牌。" }

    page_past_logged_in() { "Logged in" "登录" }
    page_past_refreshed(old, new) { "Refreshed: token set {old} to {new}" "已刷新：第 {old} 版令牌换为第 {new} 版" }
    page_past_refreshed_many(count, old, new) { "Refreshed {count} times: token set {old} to {new}" "刷新 {count} 次：第 {old} 版令牌换到第 {new} 版" }
    page_past_answered_in(span) { "The provider answered within {span}." "平台在 {span}内应答。" }
    page_past_log_id(id) { "Log id of the provider: {id}" "平台的日志 ID：{id}" }
    page_past_no_access() { "The answer had no usable access token." "应答中没有可用的访问令牌。" }
    page_past_again() { "The same refresh token was sent again, because the first outcome was unknown." "由于首次结果未知，同一刷新令牌被再次发送。" }
    page_past_unsent(why) { "Not sent: {why}" "没有发送：{why}" }
    page_past_kept(what) { "Not refreshed: {what}" "没有刷新：{what}" }
    page_past_unchanged() { "The login is unchanged." "登录保持不变。" }
    page_past_unknown(why) { "Outcome unknown: {why}" "结果未知：{why}" }
    page_past_kept_until_known() { "The login is kept until the provider has answered." "在平台应答之前，登录会一直保留。" }
    page_past_refused(what) { "No longer valid: {what}" "登录失效：{what}" }
    page_past_provider_code(code) { "Code of the provider: {code}" "平台错误码：{code}" }
    page_past_parked() { "A late answer came; its tokens are archived" "应答迟到；其中的令牌已存档" }
    page_past_open() { "Refresh started; no answer is recorded yet" "已开始刷新；尚未记录应答" }
    page_past_answered() { "The provider has answered; the answer is not processed yet" "平台已应答；应答等待处理" }
    page_past_imported(source) { "Imported from {source}" "从 {source} 导入" }
    page_past_restored() { "Previous login restored" "已恢复此前的登录" }
    page_past_restored_refused() { "The provider refused the imported login; the previous one is restored" "平台拒绝了导入的登录；已恢复此前的登录" }
    page_past_linked(file) { "Linked to {file}" "已关联 {file}" }
    page_past_unlinked(file) { "No longer linked to {file}" "已解除与 {file} 的关联" }
    page_past_written(file) { "{file} had older tokens and was updated" "{file} 中的令牌较旧，已更新" }
    page_past_access_refused() { "The provider rejected the access token before its expiry" "平台在到期之前拒绝了访问令牌" }
    page_past_logged_out() { "Logged out" "退出登录" }
    page_past_revoked() { "The provider confirmed that it is revoked." "平台已确认吊销。" }
    page_past_set(generation) { "Token set {generation}" "第 {generation} 版令牌" }
    page_past_other() { "Something else happened" "其他事件" }
    page_past_each() { "Show each" "逐次显示" }

    page_end_title(profile) { "End login {profile}?" "结束登录 {profile}？" }
    page_end_means() { "Its tokens are deleted from the server. Every program that uses it gets no more tokens, and its user has to log in again. The record and its history are kept." "服务会删除其令牌：使用它的程序将无法再取得令牌，用户需要重新登录。记录和历史会保留。" }
    page_end_revoke() { "Revoke it at the provider first" "先在平台吊销" }
    page_end_revoke_hint() { "If the provider refuses, nothing is changed. Not every provider can do this." "如果平台拒绝，则不做任何改动。并非每个平台都支持。" }
    page_keep_login() { "Keep it" "保留" }

    page_profiles() { "Profiles" "配置档" }
    page_provider() { "Provider" "平台" }
    page_client_id() { "App id" "应用 ID" }
    page_no_apps() { "This API key is for no app of the settings." "设置中没有此 API 密钥可用的应用。" }
    page_see_logins() { "See its logins" "查看其登录" }
    page_connect() { "Connect a user" "连接用户" }
    page_connect_hint() { "Opens a login for one of your users, by the name that your site has for them." "为你的一位用户发起登录，用户名以你的网站为准。" }
    page_connect_profile() { "Profile" "配置档" }
    page_connect_user() { "User" "用户" }
    page_connect_open() { "Open a login" "发起登录" }
    page_bad_user() { "This user name cannot be used: 1 to 255 bytes, without control characters" "用户名不可用：须为 1 到 255 个字节，且不含控制字符" }

    page_connection_of(profile) { "Connect {profile}" "连接 {profile}" }
    page_connection_open() { "The login is open." "登录已发起。" }
    page_connection_open_next(when) { "Continue in this browser, or send the address to the user. It works once, for the browser that opens it first, until {when}." "可以在此浏览器中继续，也可以把地址发给用户。地址只能用一次，属于最先打开它的浏览器，有效期至 {when}。" }
    page_connection_go() { "Continue to the provider" "前往平台登录" }
    page_connection_address() { "Address" "地址" }
    page_connection_started() { "A browser has opened the login and is at the provider." "已有浏览器打开登录，正在平台页面上。" }
    page_connection_working() { "The provider has answered; the login is being finished." "平台已应答，正在完成登录。" }
    page_connection_look_again() { "Look again" "重新查看" }
    page_connection_done() { "The login was made." "登录成功。" }
    page_connection_see() { "See the login" "查看此登录" }
    page_connection_denied() { "Access was not granted at the provider. Nothing has changed." "在平台上没有获得授权。一切保持不变。" }
    page_connection_failed(what) { "The login failed: {what}" "登录失败：{what}" }
    page_connection_over() { "Nobody finished the login in time." "登录没有在限定时间内完成。" }
    page_connection_back() { "You are back from the provider" "已从平台返回" }
    page_connection_result() { "See how the login went" "查看登录结果" }
}
