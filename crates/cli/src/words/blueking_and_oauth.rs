//! Words about apps of BlueKing and of any OAuth server, and about the users of an app that serves many.

use tokenward::stores::BkoauthError;
use tokenward_core::Words;

use super::{Lang, w};
impl Lang {
    /// What is wrong with the database of a program that uses bkoauth. What the database itself says stays as it says it.
    pub(crate) fn database_error(self, error: &BkoauthError) -> String {
        match (self, error) {
            (Self::Zh, BkoauthError::Io { path, source }) => format!("无法读取 {}：{source}", path.display()),
            (Self::Zh, BkoauthError::NotSqlite(path)) => format!("{} 不是 SQLite 数据库", path.display()),
            (Self::Zh, BkoauthError::NoTable(place)) => format!("{place} 中没有表 bkoauth_access_token"),
            (Self::Zh, BkoauthError::UnknownScheme(scheme)) => {
                format!("{scheme}:// 不是 bkoauth 所用数据库的地址：请给出 SQLite 文件、postgres:// 或 mysql://")
            }
            (Self::Zh, BkoauthError::NotBuiltIn(kind)) => format!(
                "此版本未包含读取 {} 的功能：请构建包含它的版本（`cargo install --path crates/cli --locked --features {}`）；或者在那边运行 \
                 `python manage.py dumpdata bkoauth`，把结果导入一个 SQLite 数据库（用指向它的配置运行 `loaddata`），再指定该文件",
                kind.as_str(),
                kind.feature()
            ),
            (Self::Zh, BkoauthError::Database { place, reason }) => {
                let own = DATABASE_REASONS.iter().find(|words| words.en == reason);
                format!("无法读取 {place}：{}", own.map_or(reason.as_str(), |words| self.of(*words)))
            }
            // English is their own language, and a newer reader may say more.
            (Self::En | Self::Zh, error) => error.to_string(),
        }
    }
}

/// The reader's own reasons.
const DATABASE_REASONS: &[Words] = &[w("its address is not well-formed", "地址格式不正确")];

super::sentences! {
    bad_provider() { "use feishu, lark, blueking or oauth2" "请写 feishu、lark、blueking 或 oauth2" }
    bad_provider_or_preset() { "use feishu, lark, blueking, gitea, gitlab or oauth2" "请写 feishu、lark、blueking、oauth2、gitea 或 gitlab" }
    preset_console(url) { "the app is registered at {url}; that page shows its client ID (GitLab calls it the Application ID)" "在 {url} 登记应用，该页会显示 client_id（GitLab 称之为 Application ID）" }
    bad_authentication() { "use basic, body or none" "请写 basic、body 或 none" }
    bad_user() { "a user's name has 1 to 255 bytes and no control characters" "用户名为 1 到 255 字节，不含控制字符" }

    no_such_realm(realm, url) { "there is no realm {realm} at {url}, or it is not a bkauth server: compare both with the token service's documentation" "{url} 上没有 realm {realm}，或者那里不是 bkauth：请与令牌服务的文档核对" }
    no_such_dialect(dialect, url) { "{url} does not serve {dialect}: check the API variant, and the address with its path" "{url} 上没有 {dialect} 的接口：请核对接口种类，以及地址和其中的路径" }

    ask_provider() { "Provider: feishu, lark, blueking, gitea, gitlab or oauth2" "平台（feishu 飞书、lark、blueking 蓝鲸、gitea、gitlab，或 oauth2 其他）" }
    dialects_told() { "BlueKing's API variants: ssm (enterprise and community editions; bkoauth's BKAUTH_BACKEND_TYPE is bk_token), auth-api (internal editions; every other value), bkauth (the OAuth 2.0 server of 2026)" "蓝鲸的接口有三种：ssm（企业版和社区版，即 bkoauth 的 BKAUTH_BACKEND_TYPE 为 bk_token）、auth-api（内部版，即其他取值）、bkauth（2026 年的 OAuth 2.0 服务）" }
    ask_dialect() { "API variant: ssm, auth-api or bkauth" "接口（ssm、auth-api 或 bkauth）" }
    ask_app_code() { "App code (bk_app_code)" "应用编码（bk_app_code）" }
    ask_client_id() { "Client ID" "客户端 ID（client_id）" }
    ask_client_secret() { "Secret (not shown)" "密钥（输入时不显示）" }
    ask_token_service() { "Address of the token service (bkoauth's OAUTH_API_URL)" "令牌服务地址（即 bkoauth 的 OAUTH_API_URL）" }
    ask_bk_resource() { "Resource that users consent to, as in the token service's documents; separate several with commas (- for none)" "用户要授权的资源（resource），以令牌服务文档中的名称为准；多个用逗号分隔（没有请填 -）" }
    http_means(url) { "{url} is not encrypted: anyone on the network in between can read and use the app's secret, the users' login cookies and every token" "{url} 未加密：网络途中的任何人都能读到应用密钥、用户的登录 Cookie 和每一个令牌，并加以使用" }
    ask_allow_http() { "Use plain http anyway, for this app only?" "仍然允许这个应用使用明文 http 吗？" }
    http_refused(url) { "{url} is not encrypted: the app's secret, the users' cookies and every token could be read on the way" "{url} 未加密：应用密钥、用户的 Cookie 和令牌都可能在途中被读取" }
    http_refused_next() { "use an https address; if the token service supports plain http only, add `--allow-http`, which allows it for this app only" "请使用 https 地址；如果令牌服务只支持明文 http：加上 `--allow-http`，只对这个应用放行" }
    ask_realm() { "Realm" "realm（认证域）" }
    ask_gateway() { "Address of the API gateway, for `tokenward api` (- for none)" "API 网关地址，用于 `tokenward api`（没有请填 -）" }
    ask_issuer() { "Issuer (the server's URL, as in its own documents)" "issuer（签发者，即服务器自己公布的地址）" }
    ask_has_secret() { "Does the client have a secret?" "该客户端有密钥吗？" }
    ask_resource() { "Address of the API that tokens are for (- for the issuer itself)" "令牌用于哪个接口地址（就是 issuer 请填 -）" }
    not_discovered(what) { "the issuer's endpoints could not be read: {what}; they will be requested again when needed" "无法读取 issuer 的端点：{what}；需要时会再次读取" }
    not_discovered_next() { "compare --issuer exactly with the server's documentation, or set --authorization-endpoint and --token-endpoint" "请核对 --issuer 与服务器公布的是否完全一致，或用 --authorization-endpoint 和 --token-endpoint 指明端点" }
    init_register_redirect(uri) { "register exactly this redirect URL at the server: {uri}" "请在服务器上登记重定向 URL，须完全一致：{uri}" }
    init_next_user(named) { "tokenward login{named} --user NAME, or tokenward token{named} --as app" "tokenward login{named} --user 用户名，或 tokenward token{named} --as app" }
    public_ways() { "--client-authentication none for a public client" "公共客户端没有密钥：--client-authentication none" }

    user_not_here(provider) { "--user is for apps of BlueKing's ssm and auth-api, which serve many users; a profile for {provider} is one login" "--user 只用于蓝鲸 ssm 和 auth-api 的应用（一个应用服务多个用户）；这里（{provider}）一个配置档就是一条登录记录" }
    user_not_here_next() { "give each user a profile: `tokenward login --profile NAME --app APP`" "请为每个用户各建一个配置档：`tokenward login --profile 名称 --app 应用`" }
    user_missing(profile) { "the app of profile {profile} serves many users, and no user was given" "配置档 {profile} 的应用服务多个用户，但没有指定哪一个" }
    user_missing_next() { "use --user NAME; for the app's own token, run `tokenward token --as app`" "请用 --user 用户名 指定；应用自己的令牌用 `tokenward token --as app`" }
    no_user_yet(profile) { "no user is logged in yet with profile {profile}, whose app serves many users" "配置档 {profile} 的应用服务多个用户，目前还没有用户登录" }
    no_user_yet_next() { "run `tokenward login --user NAME` with that user's login cookie" "请用该用户的登录 Cookie 运行 `tokenward login --user 用户名`" }
    site_logs_in_itself() { "users of a Django site with bkoauth log in at the site and need no login here" "使用 bkoauth 的 Django 站点，其用户在站点上登录，无需在此登录" }
    cookie_login_undone(user) { "the new login of {user} failed; the existing login is unchanged" "{user} 没有重新登录：原有的登录保持原状" }
    login_user_next(user) { "`tokenward login --user {user}` with that user's login cookie, or set TOKENWARD_BK_TOKEN or TOKENWARD_BK_TICKET" "请用该用户的登录 Cookie 运行 `tokenward login --user {user}`，或设置 TOKENWARD_BK_TOKEN 或 TOKENWARD_BK_TICKET" }
    no_login_page(dialect, cookie) { "{dialect} has no login page: it issues tokens for the cookie {cookie} of a user who is logged in to BlueKing, and there is no terminal to ask for it on" "{dialect} 没有登录页：它凭已登录蓝鲸的用户的 Cookie {cookie} 签发令牌，而当前不是交互式终端，无法询问" }
    no_page_for(flag, dialect) { "{flag} needs a login page, and {dialect} has none: it issues tokens for the login cookie of a user" "{flag} 需要登录页，而 {dialect} 没有：它凭用户的登录 Cookie 签发令牌" }
    app_logs_not_in() { "an app needs no login: `tokenward token --as app` gets its token with the app secret" "应用无需登录：`tokenward token --as app` 凭密钥获取其令牌" }
    cookie_where(url) { "there is no login page at {url}: it issues tokens for a user's login cookie. To find the cookie, in the browser that is logged in to BlueKing open developer tools → Application → Cookies. The cookie is sent to the token service and is not stored" "{url} 没有登录页：它凭用户的登录 Cookie 签发令牌。请在已登录蓝鲸的浏览器中打开开发者工具 → Application → Cookies 查看。Cookie 只发送给令牌服务，不会保存" }
    ask_cookie(cookie, user) { "Cookie {cookie} of {user} (not shown)" "{user} 的 Cookie {cookie}（输入时不显示）" }
    cookie_unreadable(source) { "the login cookie cannot be read from {source}" "无法从 {source} 读取登录 Cookie" }
    cookie_absent(cookie) { "the given text does not contain the cookie {cookie}" "所给内容中没有 Cookie {cookie}" }
    cookie_line(names) { "provide the line as the browser sends it: {names}=…" "请给出浏览器发送的整行 Cookie：{names}=…" }
    cookie_unusable(cookie, why) { "the cookie {cookie} cannot be used: {why}" "Cookie {cookie} 无法使用：{why}" }
    cookie_not_here(dialect) { "--cookie-stdin and --cookie-file are for BlueKing's ssm and auth-api; {dialect} has a login page" "--cookie-stdin 和 --cookie-file 只用于蓝鲸的 ssm 和 auth-api；{dialect} 有登录页" }
    user_logged_in_already(user) { "{user} is already logged in with a valid token; no request was made" "{user} 已登录且令牌有效，没有发送登录 Cookie" }
    user_of_program(user, profile) { "{user} is logged in already as {profile}, by a program that keeps its logins here: a second login may end the token of the first. Nothing was sent" "{user} 已由另一个把登录保存在此处的程序登录为 {profile}：再次登录可能使其令牌失效，因此没有发送任何请求" }
    user_of_program_next(profile) { "to use that login: `--profile {profile}`; for a second one all the same: `--profile default`" "如需使用该登录：`--profile {profile}`；仍要另外登录：`--profile default`" }
    program_has_settings(profile) { "the login {profile} belongs to a program that brings its own settings, such as a Django site: its app is not known here" "登录 {profile} 属于自带设置的程序（例如 Django 站点）：此处不知道其应用" }
    program_logout_next(profile) { "`tokenward logout --profile {profile}` deletes it from this machine" "`tokenward logout --profile {profile}` 可将其从本机删除" }
    program_has_settings_next(profile) { "the site refreshes it at its next call; to do it here, add `--profile {profile}` and set TOKENWARD_PROVIDER, TOKENWARD_TOKEN_API, TOKENWARD_APP_ID, TOKENWARD_APP_SECRET and TOKENWARD_ACCOUNTS_URL as the site has them" "站点会在下次调用时刷新它；如需在此刷新，请加上 `--profile {profile}`，并按站点的设置填写 TOKENWARD_PROVIDER、TOKENWARD_TOKEN_API、TOKENWARD_APP_ID、TOKENWARD_APP_SECRET 和 TOKENWARD_ACCOUNTS_URL" }
    user_logged_in(user, profile) { "logged in: {user}, kept as {profile}" "登录成功：{user}，保存为 {profile}" }
    user_login_lasts(access, refresh) { "the access token is valid for {access} and refreshed automatically; the login expires in {refresh}, and a refresh does not change that" "访问令牌有效期 {access}，会自动刷新；登录将在 {refresh}后失效，刷新不会延长" }
    user_login_turned(access) { "the access token is valid for {access} and refreshed automatically; the provider does not say how long the login lasts" "访问令牌有效期 {access}，会自动刷新；平台未告知登录何时失效" }
    user_login_ends(access) { "no refresh token was issued: the login expires in {access}" "没有签发刷新令牌：登录将在 {access}后失效" }
    no_refresh_token_elsewhere(span) { "no refresh token was issued, so this login expires in {span}. Most servers issue one for the scope offline_access: `tokenward login --scope offline_access` (with OpenID Connect: 'openid offline_access')" "没有签发刷新令牌，此登录将在 {span}后失效。多数服务器在申请 offline_access 时签发：`tokenward login --scope offline_access`（OpenID Connect：'openid offline_access'）" }
    scopes_missing_elsewhere(scopes) { "requested but not granted: {scopes}" "已申请但未授权：{scopes}" }
    no_tenants(provider) { "{provider} has no tenant tokens: use --as user or --as app" "{provider} 没有租户（tenant）令牌：请用 --as user 或 --as app" }
    wiki_not_here(provider) { "`wiki` is for the wiki of Feishu and Lark, but the profile's app is at {provider}: choose another profile with --profile" "`wiki` 用于飞书和 Lark 的知识库，而该配置档的应用属于 {provider}：请用 --profile 选择其他配置档" }
    proxy_not_here(provider) { "`proxy` is for apps of Feishu and Lark, but the profile's app is at {provider}" "`proxy` 只代理飞书和 Lark 的应用，而该配置档的应用属于 {provider}" }
    proxy_not_here_next() { "call with `tokenward api`, or run the program with `tokenward exec -- CMD`" "请用 `tokenward api` 调用，或用 `tokenward exec -- 命令` 运行程序" }

    doctor_users(count, names) { "users with a login: {count} ({names})" "已保存 {count} 个用户的登录：{names}" }
    doctor_web_users(count) { "users of web back ends with a login: {count}" "已保存 {count} 个网站用户的登录" }
    doctor_web_users_none() { "the profile is for users of web back ends (`return_urls`), and none has logged in yet" "该配置档供网站用户使用（`return_urls`），目前还没有任何人登录" }
    doctor_users_and_app(count, names) { "users with a login: {count} ({names}); and the app's own token" "已保存 {count} 个用户的登录：{names}；另有应用自己的令牌" }
    doctor_users_none_but_app() { "there is the app's own token, and no login of a user yet" "已保存应用自己的令牌，尚无任何用户的登录" }
    doctor_users_none() { "the app serves many users, and no user is logged in yet" "该应用服务多个用户，目前还没有任何人的登录" }
    doctor_users_next() { "`tokenward login --user NAME`, or `tokenward token --as app` for the app's own token" "请运行 `tokenward login --user 用户名`，或用 `tokenward token --as app` 获取应用自己的令牌" }
    doctor_service(tokens, calls) { "tokens from {tokens}, calls to {calls}" "令牌来自 {tokens}，调用发往 {calls}" }
    doctor_realm(realm) { "realm {realm}" "realm（认证域）为 {realm}" }
    doctor_public() { "not needed: a public client has no secret" "无需提供：公共客户端没有密钥" }

    fact_subject() { "subject" "用户标识（sub）" }
    fact_refresh_fixed() { "login expires" "登录失效时间" }
    no_app_token(dialect) { "{dialect} issues no tokens for the app itself: log in as a user, or let the gateway use the app's id and secret" "{dialect} 不为应用签发令牌：请登录用户，或让网关直接使用应用的 ID 和密钥" }
    call_no_such_path() { "compare the path and method with the API's documentation" "请对照接口文档核对路径和方法" }

    bad_offset() { "use a UTC offset such as +08:00 or 8" "请写 +08:00 或 8" }
    bkoauth_not_here(profile, provider) { "the app of profile {profile} is at {provider}, but bkoauth's tokens belong to BlueKing" "配置档 {profile} 的应用属于 {provider}，而 bkoauth 的令牌属于蓝鲸" }
    bkoauth_init() { "set up the program's app first with `tokenward init --provider blueking`, then name its profile with --profile" "请先用 `tokenward init --provider blueking` 设置该程序的应用，再用 --profile 指定其配置档" }
    bkoauth_two_owners() { "two programs cannot share one refresh token, because each invalidates the other's tokens: stop the Django program first, or let it get its tokens from Tokenward. Tokenward only reads its table" "同一个刷新令牌由两个程序共用，会互相使对方的令牌失效：请先停掉 Django 程序，或改由它向 Tokenward 取令牌。该表只读取，不修改" }
    bkoauth_looking() { "reading the table, and asking the token service which users its tokens belong to; nothing is changed" "正在读取该表，并向令牌服务询问各令牌属于谁；不做任何更改" }
    bkoauth_reading() { "reading the table; nothing is changed" "正在读取该表；不做任何更改" }
    bkoauth_rows(count) { "rows in the table: {count}" "表中的行数：{count}" }
    bkoauth_new(count, names) { "to be imported: {count} ({names})" "将导入：{count} 个（{names}）" }
    and_more(names, count) { "{names} and {count} more" "{names} 等，另有 {count} 个" }
    bkoauth_known(count) { "already in the vault: {count}" "保险库已有：{count}" }
    bkoauth_elsewhere(count) { "skipped because their environment differs from the app's: {count}" "属于其他环境，不导入：{count}" }
    bkoauth_left(count) { "skipped for other reasons, shown in each row: {count}" "因其他原因不导入（各行有说明）：{count}" }
    bkoauth_replaces(count) { "logins in the vault that these replace: {count}. They are archived, and `tokenward adopt --undo --profile NAME` restores one" "将取代保险库中的登录：{count} 个。原登录会存档，可用 `tokenward adopt --undo --profile 名称` 恢复" }
    bkoauth_unasked(count) { "the token service did not say which users these tokens belong to: {count}. They are imported as in the table; none is handed out before its user is known" "令牌服务没有说明这些令牌属于谁：{count} 个。将按表中所写导入；确认用户之前不会提供给任何程序" }
    bkoauth_rows_hidden(count) { "-v shows all {count} rows, --json has them too" "-v 可显示全部 {count} 行，--json 中也有" }
    bkoauth_nothing_new() { "nothing to import" "没有需要导入的登录" }
    ask_adopt_rows(count) { "Import these logins ({count})?" "确定导入这些登录（{count} 个）吗？" }
    bkoauth_adopted(count) { "logins imported: {count}. Each is unverified until its first refresh" "已导入 {count} 条登录记录；首次刷新之前均未验证" }
    row_to_adopt(name) { "would be imported as {name}" "将导入为 {name}" }
    row_to_adopt_due(name) { "would be imported as {name}; its access token is refreshed at the first use" "将导入为 {name}；其访问令牌会在首次使用时刷新" }
    bkoauth_server_next() { "compare user, password, host, port and database with the program's own, and check that its server runs and can be reached from here; the user needs the right to read the table bkoauth_access_token" "请对照该程序自己的配置核对用户名、密码、主机、端口和数据库名，并确认数据库服务正在运行、从本机可以连接；该用户需要有读取 bkoauth_access_token 表的权限" }
    bkoauth_no_table() { "the database has no bkoauth table" "数据库中没有 bkoauth 的表" }
    bkoauth_table_next() { "compare the database with the one in the program's settings (DATABASES): bkoauth's migrations create the table there" "请对照该程序配置（DATABASES）中的数据库：该表由 bkoauth 的迁移（migrate）创建" }
    address_not_read(what) { "the database's address could not be read from {what}" "无法从 {what} 读取数据库地址" }
    address_in_arguments() { "other users of this machine can read the password in this address, and shells save it in their history; use --bkoauth @FILE, or - with a line on stdin" "本机其他用户可以看到该地址中的密码，shell 也会记录下来；请用 --bkoauth @文件，或用 - 从 stdin 读取一行" }
    head_row() { "ROW" "行" }
    head_environment() { "ENVIRONMENT" "环境" }
    head_fate() { "OUTCOME" "结果" }
    row_of_app() { "the app" "应用" }
    row_of_nobody() { "unknown" "未知用户" }
    row_adopted(name) { "imported as {name}" "已导入，保存为 {name}" }
    row_adopted_due(name) { "imported as {name}; its access token has expired and is refreshed at the first use" "已导入，保存为 {name}；访问令牌已失效，首次使用时刷新" }
    row_known() { "already in the vault" "保险库已有" }
    row_superseded(row) { "skipped: row {row} of the same user is the valid or newer one" "未导入：同一用户的第 {row} 行才有效，或比这一行新" }
    row_elsewhere() { "skipped: its environment differs from the app's" "未导入：属于另一个环境" }
    row_anonymous() { "skipped: the token of an anonymous visitor" "未导入：匿名访客的令牌，不属于任何人" }
    row_without_refresh() { "skipped: it has no refresh token" "未导入：没有刷新令牌" }
    row_malformed() { "skipped: the name or the token is malformed" "未导入：用户名或令牌不合法" }

    sandbox_plays() { "the sandbox simulates feishu, oauth2, or blueking with --dialect ssm, auth-api or bkauth" "沙箱可模拟 feishu、oauth2，或 blueking（用 --dialect 指定 ssm、auth-api 或 bkauth）" }
    sandbox_user() { "the cookie of alice is in those lines; `tokenward token --user alice` prints her token" "上述设置中已有 alice 的 Cookie；`tokenward token --user alice` 输出她的令牌" }
}
