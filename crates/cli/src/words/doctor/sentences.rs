//! The doctor's sentences.

crate::words::sentences! {
    doctor_good() { "ok" "正常" }
    doctor_note() { "note" "提示" }
    doctor_warning() { "warning" "警告" }
    doctor_trouble() { "problem" "问题" }
    check_app() { "app" "应用" }
    check_secret() { "secret" "密钥" }
    check_login() { "login" "登录" }
    check_tokens() { "tokens" "令牌" }
    check_turns() { "refreshes" "刷新" }
    check_links() { "links" "关联" }
    check_store() { "vault" "保险库" }
    check_clock() { "clock" "时钟" }
    check_brand() { "platform" "平台" }
    check_port() { "port" "端口" }
    check_owners() { "tools" "工具" }
    check_others() { "others" "其他" }
    doctor_profile(profile) { "profile {profile}" "配置档 {profile}" }
    doctor_all_well() { "no problems found" "一切正常" }
    doctor_count(troubles, warnings) { "problems: {troubles}, warnings: {warnings}" "问题 {troubles} 项，警告 {warnings} 项" }
    doctor_offline() { "nothing was sent" "没有发送任何请求" }
    doctor_all_well_here() { "no problems found; nothing was sent; `tokenward doctor --online` also asks the provider" "本机一切正常；没有发送任何请求。`tokenward doctor --online` 会同时询问平台" }
    doctor_was_online() { "the provider was asked; no refresh token was sent" "已询问平台；没有发送任何刷新令牌" }
    doctor_not_asked() { "the provider was not asked, because no app secret could be used here; nothing was sent" "没有询问平台：此处没有可用的 App Secret；没有发送任何请求" }
    doctor_ask_online() { "`tokenward doctor --online` asks the provider; it does not refresh" "`tokenward doctor --online` 可向平台询问，不会刷新令牌" }

    doctor_app(app, id, api) { "{app} is {id}; new logins use the token endpoint {api}" "{app} 的 App ID 为 {id}；新登录使用令牌接口 {api}" }
    doctor_secret_given() { "in TOKENWARD_APP_SECRET" "位于环境变量 TOKENWARD_APP_SECRET" }
    doctor_secret_file(path) { "in the file {path}" "位于文件 {path}" }
    doctor_secret_sealed() { "encrypted in the vault" "已加密保存在保险库中" }
    doctor_secret_accepted(place) { "the provider accepts the id and secret; the secret is {place}" "平台接受该应用的 App ID 和 App Secret；App Secret {place}" }
    doctor_secret_unchecked(place) { "{place}; not checked with the provider" "{place}；尚未向平台核实" }
    doctor_app_refused(what) { "the provider rejected the app: {what}" "平台拒绝了该应用：{what}" }
    doctor_perhaps_brand(other) { "if both are right, the app may belong to the other platform: `tokenward init --provider {other}`" "若两者都没有错，该应用可能属于另一个平台，请运行 `tokenward init --provider {other}`" }
    doctor_app_lacks(what) { "not checked: {what} is missing (the provider sends it to store apps)" "未核实：缺少 app_ticket（{what}），它由平台推送给商店应用" }
    doctor_secret_open(path, mode) { "other users can read the file with the secret: {path} (mode {mode})" "其他用户可以读取存放密钥的文件：{path}（权限 {mode}）" }
    doctor_close_file(path) { "run `chmod 600 {path}`" "请运行 `chmod 600 {path}`" }

    doctor_doubled(one, other) { "{one} and {other} are two logins of one user, as it seems with the same app: a token service keeps one token for each user, so the newer login may have ended the token of the older" "{one} 和 {other} 是同一用户的两条登录记录，看来属于同一应用：令牌服务为每位用户只保留一个令牌，因此较新的登录可能已使较旧的令牌失效" }
    doctor_doubled_next(logout) { "if no program uses the first, delete it with `{logout}`" "若没有程序使用前者，请用 `{logout}` 删除" }
    doctor_user_untold() { "a user the provider has not named yet" "平台尚未告知姓名的用户" }
    doctor_login(user, when, api) { "{user}, logged in {when}; tokens issued by {api}" "{user}，登录于 {when}；令牌由 {api} 签发" }
    doctor_scopes(scopes) { "scopes: {scopes}" "权限：{scopes}" }
    doctor_of_this_vault() { "a login of this vault" "本保险库中的登录" }
    doctor_logged_out(when) { "logged out {when}" "已于 {when}退出登录" }
    doctor_scopes_missing(scopes) { "the settings request scopes that this login was not granted: {scopes}" "此登录缺少设置中要求的权限：{scopes}" }
    doctor_scopes_missing_console() { "enable them for the app (console: Permissions), then run `tokenward login`; scopes granted earlier are kept" "请先在开发者后台“权限管理”为应用开通，再运行 `tokenward login` 申请；已授予的权限会保留" }
    doctor_scopes_missing_next() { "run `tokenward login` to request them; they must be allowed where the app is registered" "请先在注册该应用的平台开通这些权限，再运行 `tokenward login` 申请" }
    doctor_provider(words) { "provider response: {words}" "平台返回：{words}" }
    doctor_who(pid, host) { "process {pid} on {host}" "进程 {pid}（主机 {host}）" }
    doctor_nobody() { "a process no longer on record" "日志中已无记录的进程" }
    doctor_refused(when, who) { "refused at {when}, reported to {who}" "于 {when}被拒绝，由{who}收到" }
    doctor_serves(when) { "the access token is still valid; it expires {when}" "访问令牌仍有效，到期时间 {when}" }
    doctor_node(host) { "node {host}" "节点 {host}" }
    doctor_dead_lost(who, when, why) { "the login is no longer valid: {who} sent the refresh token at {when}, and the response was lost ({why})" "登录已失效：刷新令牌由{who}于 {when}发出，但应答丢失（{why}）" }
    doctor_dead_lost_why() { "the provider had most likely exchanged it already, and it accepts each refresh token only once; nothing points to another program" "平台当时已换发新令牌，旧令牌不能再用；与其他程序无关" }
    doctor_dead_foreign() { "the login is no longer valid: the provider says that its refresh token was revoked or used, but Tokenward had not used it" "登录已失效：平台称其刷新令牌已被撤销或使用，而 Tokenward 并未使用过它" }
    doctor_dead_withdrawn() { "the login is no longer valid: most likely the consent was withdrawn, since the provider refuses the access token as well" "登录已失效：很可能是授权已被撤销，因为平台同样拒绝访问令牌" }
    doctor_last_mended() { "the provider accepts the id and secret now: `tokenward refresh` tries again" "平台现在已接受 App ID 和密钥：请运行 `tokenward refresh` 重试" }
    doctor_used_before(when) { "this vault was restored from a backup, {when}, and the refresh token in it was already used before: the login ends with its access token" "此保险库是 {when}从备份恢复的，其中的刷新令牌在恢复前就已用掉：访问令牌过期后，登录即失效" }
    doctor_dead_restored(when) { "the login is no longer valid: this vault was restored from a backup, {when}, and most likely the login was refreshed after the backup was made" "登录已失效：此保险库是 {when}从备份恢复的，而登录很可能在备份之后又刷新过" }
    doctor_dead_used(who) { "the login is no longer valid: most likely another program has used its refresh token: {who}" "登录已失效：刷新令牌很可能已被其他程序使用（{who}）" }
    doctor_dead_copied() { "the login is no longer valid: most likely another program, or a copied file, has used its refresh token; the provider still accepts the access token, so the consent does not seem to have been withdrawn" "登录已失效：刷新令牌已被其他程序或被复制的文件使用；授权仍在，因为平台接受访问令牌" }
    doctor_dead_between(obtained, refused) { "the refresh token became invalid between {obtained} and {refused}" "发生在 {obtained}与 {refused}之间" }
    doctor_dead_withdrawn_by() { "users can withdraw consent on their account's authorized-apps page, administrators where the app is registered, and programs by revoking the token" "可能由用户（在账号的已授权应用页）、管理员（在注册该应用的平台）或程序（撤销令牌）撤销" }
    doctor_dead_ask_online() { "`tokenward doctor --online` checks whether the access token is refused as well; if so, the consent was most likely withdrawn" "`tokenward doctor --online` 可检查访问令牌是否也被拒绝；若是，则授权已被撤销" }
    doctor_dead_foreign_next() { "look for another program that uses this login: a script that refreshes by itself, a copied .env or vault, another tool; let it call `tokenward token` instead. Only if there is none, suspect theft: create a new app secret where the app is registered" "请查找使用同一登录的其他程序：自行刷新的脚本、被复制的 .env 或保险库、其他工具；让它改为调用 `tokenward token`。确实没有时，才考虑令牌被盗：请在注册该应用的平台重置 App Secret" }
    doctor_dead_unknown_next() { "most often the consent was withdrawn: logging in again is enough. If nobody withdrew it, look for another program that uses this login: a script that refreshes by itself, a copied .env or vault, another tool; let it call `tokenward token` instead. Only if there is none, suspect theft: create a new app secret where the app is registered" "多半是授权已被撤销：重新登录即可。若没有人撤销过，请查找使用同一登录的其他程序：自行刷新的脚本、被复制的 .env 或保险库、其他工具；让它改为调用 `tokenward token`。确实没有时，才考虑令牌被盗：请在注册该应用的平台重置 App Secret" }
    doctor_dead_before(path) { "the previous vault is kept in {path}, and the login may still work with it: stop the programs that use the vault, then run `tokenward vault restore --undo`, which first shows what happens to each login" "恢复之前的保险库保留在 {path}，登录在其中可能仍然有效：请先停止使用保险库的程序，再运行 `tokenward vault restore --undo`；它会先说明每条登录记录将会怎样" }
    doctor_program() { "logins of a program that brings its own settings, such as a Django site; nothing has to be set up here" "由自带设置的程序（例如 Django 站点）保存的登录；此处无需设置" }
    doctor_program_not_asked() { "to ask its token service, set TOKENWARD_PROVIDER, TOKENWARD_TOKEN_API, TOKENWARD_APP_ID, TOKENWARD_APP_SECRET and TOKENWARD_ACCOUNTS_URL as the program has them" "如需询问其令牌服务，请按该程序的设置填写 TOKENWARD_PROVIDER、TOKENWARD_TOKEN_API、TOKENWARD_APP_ID、TOKENWARD_APP_SECRET 和 TOKENWARD_ACCOUNTS_URL" }
    program_user_again() { "let the user log in to BlueKing and open the site again" "请该用户登录蓝鲸后重新打开该站点" }
    program_app_again() { "nothing: the site gets a new token at its next call" "无需操作：站点下次调用时会获取新的令牌" }
    program_continues() { "the site's next call continues" "站点的下一次调用会继续" }
    doctor_script(file) { "the login of the script's file {file}; it needs no app and no profile" "脚本文件 {file} 的登录；无需应用和配置档" }
    doctor_script_remove(name) { "to remove it from the vault: `tokenward logout --profile '{name}' --yes`" "如需从保险库中移除：`tokenward logout --profile '{name}' --yes`" }
    doctor_not_ours(count, first, owner) { "files of the vault that belong to another user: {count}, the first is {first} (user {owner})" "保险库中属于其他用户的文件：{count} 个，第一个是 {first}（用户 {owner}）" }
    doctor_not_ours_shut() { "this process cannot open all of them, so no login can be refreshed" "当前进程打不开其中一部分文件，因此任何登录都无法刷新" }
    doctor_not_ours_next(ours, folder) { "fix the owner: `sudo chown -R {ours} '{folder}'`; running tokenward with sudo creates such files" "请改回属主：`sudo chown -R {ours} '{folder}'`；用 sudo 运行过会留下这样的文件" }
    doctor_past_dead(what) { "the provider rejected the access token{what}" "平台称访问令牌已失效{what}" }
    doctor_dead_wall(end) { "the login is no longer valid: the consent expired {end}" "登录已失效：授权已于 {end}达到最长有效期" }
    doctor_dead_wall_why(when) { "the user consented {when}; a consent lasts at most 365 days, and a refresh cannot extend it" "用户于 {when}授权；满 365 天后刷新无法再延长" }
    doctor_dead_end(end) { "the login is no longer valid: the refresh token expired {end}" "登录已失效：刷新令牌已于 {end}过期" }
    doctor_dead_end_why(when) { "it was issued {when} and not refreshed in time; a login that is used regularly does not expire this way" "它获取于 {when}，之后没有及时刷新；经常使用的登录不会这样过期" }
    doctor_dead_mixed(issued, sent) { "the login is no longer valid: its refresh token was issued by {issued} and sent to {sent}, which does not accept it" "登录已失效：刷新令牌由 {issued} 签发，却发往 {sent}，后者不接受它" }
    doctor_dead_mixed_why(issued) { "the API variants do not accept each other's refresh tokens (a v1 token begins with ur-); this one belongs to {issued}" "各版本接口的刷新令牌不能混用（v1 的令牌以 ur- 开头）；此令牌属于 {issued}" }
    doctor_dead_mixed_next(issued) { "to keep using {issued}, set token_api = \"{issued}\" for the app in config.toml; otherwise log in again" "请为应用设置 token_api = \"{issued}\"，或保持现状并重新登录" }
    doctor_dead_invalid() { "the login is no longer valid: the provider says the refresh token is invalid" "登录已失效：平台认为刷新令牌无效" }
    doctor_dead_invalid_why(issued) { "possible causes: the user or an administrator withdrew the consent, or this is not a {issued} token (v1 tokens begin with ur-, and v2 and v3 refuse them)" "用户或管理员撤销了授权，或它不是 {issued} 的令牌：v1 的令牌以 ur- 开头，v2 和 v3 不接受" }
    doctor_dead_invalid_v1(issued) { "the consent was withdrawn, the token expired, or another program had used it: {issued} does not tell these apart" "授权已撤销、令牌已过期，或已被其他程序用掉：{issued} 不区分这几种情况" }
    doctor_dead_early() { "the login is no longer valid: the provider says that the refresh token has expired" "登录已失效：平台称刷新令牌已过期" }
    doctor_dead_early_why(obtained, announced) { "it was issued {obtained} with an expiry of {announced}: the company may have shortened it, or the consent is older than 365 days" "它获取于 {obtained}，当时告知的到期时间为 {announced}：可能被企业缩短，或授权已超过 365 天" }
    doctor_doubt(who, when, why) { "outcome unknown: {who} sent the refresh token at {when}, and {why}" "结果未知：刷新令牌由{who}于 {when}发出，但{why}" }
    doctor_doubt_died(who, when) { "outcome unknown: {who} was about to send the refresh token at {when} and ended before a response was saved; it is not known whether the token was sent" "结果未知：{who}于 {when}准备发送刷新令牌，但在保存应答前退出；是否已经发出无从得知" }
    doctor_doubt_now() { "the next use asks the provider once more; if the first request reached the provider, you may have to log in again" "下次使用时会再询问平台一次；若此前已经送达，则需要重新登录" }
    doctor_doubt_later(when) { "Tokenward may safely ask again from {when}" "最早可以安全重试的时间：{when}，届时会再询问平台一次" }
    doctor_doubt_next() { "once the provider may be asked again, `tokenward refresh` settles the outcome" "运行 `tokenward refresh` 即可得出结果" }

    doctor_access_ends(when) { "access token valid until {when}" "访问令牌有效至 {when}" }
    doctor_access_ended(when) { "the access token expired {when}" "访问令牌已于 {when}过期" }
    doctor_access_none() { "no access token" "没有访问令牌" }
    doctor_turned_from(when) { "refreshes at {when}" "下次刷新时间 {when}" }
    doctor_refresh_ends(when) { "the login expires {when} if it is not used" "若一直不使用，登录将于 {when}失效" }
    doctor_wall_at(when) { "the login expires {when} at the latest" "最迟失效时间 {when}" }
    doctor_access_accepted() { "the provider accepts the access token" "平台接受访问令牌" }
    doctor_access_dead() { "the provider rejects the access token although it has not expired" "访问令牌尚未过期，但平台拒绝了它" }
    doctor_access_dead_next() { "`tokenward refresh` gets a new one; if that is refused too, the consent was most likely withdrawn: run `tokenward login`" "运行 `tokenward refresh` 获取新令牌；若仍被拒绝，说明授权已撤销，请运行 `tokenward login`" }
    doctor_no_refresh(when) { "there is no refresh token: the login expires with its access token, {when}" "没有刷新令牌：登录将与访问令牌同时失效，时间为 {when}" }
    doctor_end_passed(when) { "by this machine's clock, the refresh token expired {when}" "按本机时钟，刷新令牌已于 {when}过期" }
    doctor_wall_passed(when) { "by this machine's clock, the consent expired {when}" "按本机时钟，授权已于 {when}达到最长有效期" }
    doctor_tried_all_the_same() { "the next use tries it anyway: the clock may be wrong, and only the provider's answer is final" "下次使用时仍会尝试：只有平台的答复才算数，且时钟可能有误" }

    doctor_turns(count) { "recent events, newest first ({count})" "最近的记录（{count} 条，新的在前）" }
    doctor_past(when, what, who) { "{when}: {what} ({who})" "{when}，{who}：{what}" }
    doctor_past_login(generation) { "logged in, token set {generation}" "登录，第 {generation} 版令牌" }
    doctor_past_logout() { "logged out" "退出登录" }
    doctor_past_adopted(generation, source) { "imported from {source}, token set {generation}" "从 {source} 导入，第 {generation} 版令牌" }
    doctor_past_back(generation) { "previous login restored, token set {generation}" "恢复此前的登录，第 {generation} 版令牌" }
    doctor_past_back_refused(generation) { "the provider refused the imported login; previous login restored, token set {generation}" "平台拒绝了导入的登录；已恢复此前的登录，第 {generation} 版令牌" }
    doctor_past_turned(old, new) { "refreshed, token set {old} to {new}" "刷新，第 {old} 版令牌换为第 {new} 版" }
    doctor_past_refused(generation, what, code) { "token set {generation}, refused with {code}: {what}" "第 {generation} 版令牌，被拒绝（{code}）：{what}" }
    doctor_past_failed(generation, what) { "token set {generation}: {what}" "第 {generation} 版令牌：{what}" }
    doctor_past_unsent(generation, why) { "token set {generation}, nothing was sent: {why}" "第 {generation} 版令牌，没有发送：{why}" }
    doctor_past_answered(generation) { "token set {generation}, answered; the answer is not processed yet" "第 {generation} 版令牌，已有应答，等待处理" }
    doctor_past_open(generation) { "token set {generation}, no answer was saved" "第 {generation} 版令牌，没有保存到应答" }
    doctor_past_parked(generation) { "token set {generation}, answered too late; its tokens are archived" "第 {generation} 版令牌，应答迟到；其中的令牌已存档" }
    doctor_past_again(what) { "asked again: {what}" "再次询问：{what}" }
    doctor_sender_lives() { "that process is still running" "该进程仍在运行" }
    doctor_sender_unseen() { "that process cannot be seen from here (another machine or container?)" "从这里看不到该进程（在另一台机器或容器中？）" }
    doctor_wait() { "wait for it; `tokenward token` does so by itself" "请等待其完成；`tokenward token` 会自动等待" }
    doctor_in_journal() { "in the journal" "日志中" }
    doctor_in_slot() { "in the rescue slot (the journal could not be written)" "应急存储区中（日志当时无法写入）" }
    doctor_answer_waits(who, when, place) { "an interrupted refresh: {who} received the provider's response at {when}; it is {place} and is not yet stored as a login" "有一次刷新中断：{who}于 {when}收到平台的应答；它保存在{place}，尚未入库" }
    doctor_says_tokens() { "it contains new tokens; nothing is lost" "其中有新令牌；没有丢失任何内容" }
    doctor_says_code(code) { "it is an error response: {code}" "应答为拒绝，错误码 {code}" }
    doctor_says_no() { "it is an error response" "应答为拒绝" }
    doctor_says_nothing() { "it cannot be read as a provider response" "无法解读为平台的应答" }
    doctor_answer_waits_next() { "`tokenward refresh` finishes it without sending anything" "运行 `tokenward refresh` 即可完成，无需为此发送请求" }
    doctor_last_doubtful(when, who, what) { "asked again at {when} ({who}): {what}. The outcome of the earlier request is still unknown" "{who}于 {when}再次询问平台：{what}。此前那次发送的结果仍然未知" }
    doctor_last_failed(when, who, what) { "the last refresh failed at {when} ({who}): {what}. The refresh token was not used" "上次刷新失败（{who}）：{what}，时间 {when}。刷新令牌未被使用" }
    doctor_replaced(count, when) { "tokens archived since you logged in again: {count} (nothing needs to be done); the newest {when}" "{count} 组旧令牌已被之后的登录取代并存档（无需处理）；最近一组 {when}" }
    doctor_aside(count, late, replaced, when) { "archived tokens: {count} (too late: {late}; replaced by a newer login: {replaced}); the newest {when}" "已存档的旧令牌 {count} 组（迟到 {late} 组，被新登录取代 {replaced} 组）；最近一组 {when}" }
    doctor_on_trial(source, when) { "the login was imported from {source}, {when}, and has not been refreshed yet; the previous one is kept until then" "此登录于 {when}从 {source} 导入，尚未刷新；首次刷新成功之前，会保留之前的登录" }
    doctor_on_trial_next() { "`tokenward refresh` verifies it now; `tokenward adopt --undo` restores the previous one" "运行 `tokenward refresh` 可立即验证；`tokenward adopt --undo` 可恢复之前的登录" }

    doctor_store(folder, engine, free) { "{folder} is intact and writable, {free} free; {engine}" "{folder} 完好可写，剩余空间 {free}；{engine}" }
    doctor_key(key) { "opened with {key}" "打开方式：{key}" }
    doctor_store_absent(folder) { "there is none yet in {folder}; `tokenward init` or the first login creates it" "{folder} 中还没有保险库；运行 `tokenward init` 或首次登录时会创建" }
    doctor_damaged(folder) { "the database in {folder} is damaged" "{folder} 中的数据库已损坏" }
    doctor_damaged_next() { "leave the folder as it is, check the disk, and restore a backup: `tokenward vault restore FILE`" "请原样保留该目录，检查磁盘，并恢复备份：`tokenward vault restore 文件`" }
    doctor_room(free, folder) { "only {free} are left on the disk of {folder}" "{folder} 所在磁盘只剩 {free}" }
    doctor_room_next() { "free some space; no refresh starts without space for its answer" "请腾出空间；没有空间存放应答时不会开始刷新" }
    doctor_was_open_next() { "if others use this machine, check who could have read it; `tokenward vault rekey` creates new keys" "若有他人使用本机，请确认有谁可能读取过；`tokenward vault rekey` 可更换密钥" }
    doctor_orphans(count) { "rescue slots with an answer to a refresh that this vault does not know: {count}; perhaps the vault was replaced by a copy" "应急存储区中有 {count} 个应答不属于本保险库记录的任何刷新；可能是恢复过备份" }
    doctor_orphans_next() { "if the vault that made that refresh still exists (`tokenward vault kept` lists archived ones), restore it with `tokenward vault restore`: the response may contain the newest tokens" "若当时的保险库还在，请用 `tokenward vault restore --undo` 换回：这些应答中可能有最新的令牌" }
    doctor_unfinished(profile) { "the provider answered a login of profile {profile}, but it was not stored because its process ended" "配置档 {profile} 的一次登录已得到平台应答，但进程中断，尚未入库" }
    doctor_unfinished_next(profile) { "`tokenward status --profile {profile}` stores it; if it cannot, because the user is not known: `tokenward logout --profile {profile}` deletes it" "运行 `tokenward status --profile {profile}` 即可完成入库；若因无法确认属于谁而不能入库：`tokenward logout --profile {profile}` 会删除它" }
    doctor_key_unused(key) { "a key is given by TOKENWARD_KEY or TOKENWARD_KEY_FILE, and this vault opens with {key} instead" "已设置 TOKENWARD_KEY 或 TOKENWARD_KEY_FILE，但本保险库使用的是{key}" }
    doctor_key_unused_next() { "unset it, or make the vault use a key file: `tokenward vault rekey --new-key-file FILE`" "请取消该设置，或运行 `tokenward vault rekey` 让保险库改用它" }

    doctor_clock_right(seconds) { "within {seconds} s of the provider's clock" "与平台相差不超过 {seconds} 秒" }
    doctor_clock_unchecked() { "nothing stored is dated in the future; the provider was not asked for the time" "没有发现晚于当前时间的记录；尚未与平台对时" }
    doctor_clock_ahead(span) { "this machine's clock is {span} ahead of the provider's" "本机时钟比平台快 {span}" }
    doctor_clock_behind(span) { "this machine's clock is {span} behind the provider's" "本机时钟比平台慢 {span}" }
    doctor_clocks(ours, theirs) { "this machine {ours}, provider {theirs}" "本机 {ours}，平台 {theirs}" }
    doctor_clock_back(when) { "stored times are in the future, the latest {when}: the clock was set back" "保存的时间晚于现在，最晚为 {when}：时钟被回拨过" }
    doctor_clock_next() { "check the clock (for example with NTP); `tokenward refresh` then corrects the stored times" "请校准时钟（例如使用 NTP），然后运行 `tokenward refresh` 校正所存时间" }

    doctor_brand_own(brand, host) { "{brand}, at the default host {host}; the provider was not asked" "{brand}，使用默认域名 {host}；尚未向平台核实" }
    doctor_brand_stand(brand, host) { "{brand}, at {host}, which is not a default host of either platform (a gateway or a test server?)" "{brand}，使用 {host}，不是飞书或 Lark 的默认域名（网关或测试环境？）" }
    doctor_brand_accepted(brand, host) { "{brand}: {host} accepts the app" "{brand}：{host} 接受该应用" }
    doctor_brand_accepted_stand(brand, host) { "{brand}: {host} accepts the app; it is not a default host of either platform (a gateway or a test server?)" "{brand}：{host} 接受该应用；它不是飞书或 Lark 的默认域名（网关或测试环境？）" }
    doctor_port_free(url) { "the port of {url} is free; only a login shows whether this URL is registered for the app" "{url} 的端口空闲；该 URL 是否已为应用登记，登录时才能得知" }
    doctor_port_taken(url) { "another program uses the port of {url}, so a browser login cannot complete" "{url} 的端口已被其他程序占用；浏览器登录将收不到回调" }
    doctor_redirect_elsewhere(url) { "{url} does not lead to this machine, so a login cannot complete by itself" "{url} 不指向本机，登录的回调到不了这里" }
    doctor_redirect_elsewhere_next() { "log in with `tokenward login --paste`" "请使用 `tokenward login --paste` 登录" }
    doctor_port_refused(url, why) { "cannot listen on {url}: {why}" "无法监听 {url}：{why}" }
    doctor_port_refused_next() { "choose a port above 1023 with `tokenward init --port 9768` and register that redirect URL where the app is registered" "请用 `tokenward init --port 9768` 选择 1023 以上的端口，并在注册该应用的平台登记该重定向 URL" }
    doctor_links_expired(count, since) { "linked files in sync: {count}; the access token in them expired {since}" "关联文件均已同步：{count} 个；其中的访问令牌已于 {since}过期" }
    doctor_links_in_step(count) { "linked files in sync: {count}" "关联文件均已同步：{count} 个" }
    doctor_link(file, state) { "{file}: {state}" "关联文件 {file}：{state}" }
    doctor_owners_none() { "no login of another tool was found on this machine" "本机没有找到其他工具的登录" }
    doctor_owners_well(tools) { "other tools have logins here ({tools}), and none holds a refresh token of this vault" "本机有其他工具的登录（{tools}），其中没有本保险库的刷新令牌" }
    doctor_tool_closed(tool, place) { "{tool} has a store here that cannot be opened without asking you for something: {place}" "本机有 {tool} 的存储，但无法直接打开：{place}" }
    doctor_second_owner(tool, profile, account) { "{tool} holds the same refresh token as profile {profile} ({account}); the first of the two to refresh it ends the other's login" "{tool} 持有与配置档 {profile} 相同的刷新令牌（{account}）；先刷新的一方会使另一方的登录失效" }
    doctor_old_copy(tool, account) { "{tool} holds a used refresh token of this vault ({account}); it will be refused there" "{tool} 持有本保险库已用掉的刷新令牌（{account}）；它使用时会被拒绝" }
    doctor_old_copy_next(file) { "delete {file}, or let that tool call `tokenward token`" "请删除 {file}，或让该工具改为调用 `tokenward token`" }
    doctor_suspect(tool, profile, account) { "{tool} has another login of the same app and user as profile {profile} ({account}): {tool} may have used this profile's refresh token" "{tool} 中有另一条登录记录（{account}），应用和用户与配置档 {profile} 相同：很可能是这个工具用掉了刷新令牌" }
    doctor_suspect_next(tool) { "if {tool} and this profile once shared a login, import the one in {tool} with `tokenward adopt`, or use only {tool}" "若双方曾共用一条登录记录，请用 `tokenward adopt` 导入，或只让 {tool} 使用" }
    doctor_other(profile, what) { "profile {profile}: {what}" "配置档 {profile}：{what}" }
    doctor_other_next(profile) { "run `tokenward doctor {profile}`" "请运行 `tokenward doctor {profile}`" }
}
