//! Words of `serve` and `audit`.

super::sentences! {
    bad_verb() { "use token:read, token:refresh, grants:read, grants:import, grants:retire, login, metrics:read, events:read or webhooks:manage" "可用的权限：token:read、token:refresh、grants:read、grants:import、grants:retire、login、metrics:read、events:read、webhooks:manage" }
    bad_pattern() { "use the name of a profile, with * for any characters, such as team-*" "请写配置档的名字，可用 * 代表任意字符，例如 team-*" }
    serve_ready(url) { "the server listens on {url}; press Ctrl-C to stop it" "服务已启动：{url}；按 Ctrl-C 结束" }
    serve_dashboard(url) { "the dashboard is at {url}" "管理页：{url}" }
    serve_store(place) { "it uses {place}" "使用的存储：{place}" }
    serve_remote(address) { "other machines can reach {address}, and the traffic is not encrypted; put a proxy with TLS in front" "其他机器可以访问 {address}，而且往来内容在途中没有加密；请在前面加一层带 TLS 的代理" }
    tls_file_not_read(file) { "cannot read {file}" "无法读取 {file}" }
    tls_no_certificate(file) { "{file} has no certificate in PEM" "{file} 中没有 PEM 格式的证书" }
    tls_no_key(file) { "{file} has no private key in PEM without a passphrase" "{file} 中没有 PEM 格式、不带密码的私钥" }
    tls_other_key(key, certificate) { "the key in {key} does not belong to the certificate in {certificate}" "{key} 中的私钥与 {certificate} 中的证书不对应" }
    tls_unusable(file) { "the certificate in {file} cannot be used" "{file} 中的证书无法使用" }
    serve_clients(file) { "only callers with a certificate of {file} can connect" "只有持 {file} 所颁发证书的调用方才能连接" }
    serve_no_keys() { "there is no API key yet, so every caller is refused; create one with `tokenward serve key create NAME`" "还没有 API 密钥，所有调用都会被拒绝；请用 `tokenward serve key create 名字` 创建" }
    serve_ended() { "the server has stopped" "服务已结束" }
    database_unusable() { "the URL of the database is not a PostgreSQL URL" "数据库的 URL 不是 PostgreSQL 的 URL" }
    database_unusable_next() { "write it as postgres://USER@HOST/NAME" "请写成 postgres://用户@主机/数据库名" }
    database_password() { "the URL of the database contains a password; other users of this machine can read arguments" "数据库的 URL 中含有密码；本机的其他用户可以看到命令行参数" }
    database_password_next() { "put the whole URL into the variable TOKENWARD_DATABASE, or into a file that only you can read: --database-file FILE" "请把完整的 URL 放进环境变量 TOKENWARD_DATABASE，或放进只有你可读的文件：--database-file 文件" }
    database_not_built_in() { "this tokenward was built without PostgreSQL" "这个 tokenward 构建时没有包含 PostgreSQL" }
    database_not_built_in_next() { "build it with --features postgres, or leave out --database to use the vault of this machine" "请用 --features postgres 构建，或去掉 --database 以使用本机的保险库" }
    key_made(name, id) { "the API key {name} was created; its id is {id}" "已创建 API 密钥 {name}，id 为 {id}" }
    key_permits(verbs, apps, logins, state) { "it permits {verbs}; apps: {apps}; logins: {logins}; {state}" "权限：{verbs}；应用：{apps}；登录：{logins}；{state}" }
    key_app_unknown(app) { "there is no app {app} yet; the key permits nothing there until there is one" "还没有应用 {app}；在它出现之前，密钥对它不起作用" }
    key_logins_unknown(pattern) { "no login matches {pattern} yet; the key permits nothing until one does" "还没有与 {pattern} 匹配的登录；在它出现之前，密钥不起作用" }
    serve_one_app(names) { "variables override the apps in config.toml: {names}" "环境变量会覆盖 config.toml 中的应用：{names}" }
    serve_one_app_next() { "unset them: a server takes its apps from config.toml" "请取消设置：服务以 config.toml 中的应用为准" }
    serve_vault_key() { "the server cannot open its vault now" "服务目前打不开它的保险库" }
    serve_vault_key_next() { "try again later; its operator starts it again with the key of the vault" "请稍后重试；运维人员需要用保险库的密钥重新启动服务" }
    key_same_name(name, others, id) { "another API key has the name {name} too: {others}; this one is {id}" "还有 API 密钥也叫 {name}：{others}；这一个是 {id}" }
    key_of_name(name, id) { "{name} ({id})" "{name}（{id}）" }
    key_never() { "none" "无" }
    head_key_last() { "LAST ENTRY" "最近记录" }
    serve_no_login() { "there is no login of this name that this API key may use" "没有这个名字的、此 API 密钥可用的登录" }
    serve_no_login_next() { "check the name in the URL; the server's operator sees the logins with `tokenward list`, and starts `tokenward serve` again after `config.toml` has changed" "请核对 URL 中的名字；服务的运维人员可用 `tokenward list` 查看登录，`config.toml` 改动后需要重新启动 `tokenward serve`" }
    key_shown_once() { "keep it now: it is not shown again. Callers send it as `Authorization: Bearer KEY`" "请立即保存：不会再次显示。调用方以 `Authorization: Bearer 密钥` 发送" }
    key_revoked(name) { "the API key {name} is revoked" "API 密钥 {name} 已吊销" }
    no_keys() { "there are no API keys" "没有 API 密钥" }
    no_such_api_key() { "there is no API key with this id" "没有这个 id 的 API 密钥" }
    no_such_api_key_next() { "see the ids with `tokenward serve key list`" "请用 `tokenward serve key list` 查看 id" }
    head_key_id() { "ID" "密钥 ID" }
    head_key_name() { "NAME" "名字" }
    head_key_permits() { "PERMITS" "权限" }
    head_key_apps() { "APPS" "应用" }
    head_key_logins() { "LOGINS" "登录" }
    head_key_state() { "STATE" "状态" }
    all_apps() { "all" "全部" }
    key_good() { "valid" "有效" }
    key_good_until(at) { "valid until {at}" "有效至 {at}" }
    key_ended_at(at) { "expired {at}" "已于 {at} 过期" }
    key_revoked_at(at) { "revoked {at}" "已于 {at} 吊销" }
    audit_nothing() { "no entry of the audit trail matches" "没有符合条件的审计记录" }
    no_such_caller() { "there is no API key with this name or id; entries of this command line are those of local" "没有这个名字或 id 的 API 密钥；本命令行的记录属于 local" }
    no_such_audited_login() { "there is no login with this profile or id" "没有这个配置档或 id 的登录" }
    no_such_audited_login_next() { "see the profiles with `tokenward list`; `tokenward audit list --json` shows the ids of logins in the audit trail" "请用 `tokenward list` 查看配置档；`tokenward audit list --json` 会显示审计记录中各登录的 id" }
    head_audit_at() { "AT" "时间" }
    head_audit_caller() { "CALLER" "调用方" }
    head_audit_act() { "ACT" "操作" }
    head_audit_login() { "LOGIN" "登录" }
    head_audit_outcome() { "OUTCOME" "结果" }
    audit_looked(rows, chains) { "checked {rows} entries; the audit trail has one part for each login and one for the server, so far {chains}" "已检查 {rows} 条审计记录；每条登录记录和服务自身各有一部分，目前共 {chains} 部分" }
    audit_whole() { "every entry is as it was written" "每条记录都与写入时一致" }
    audit_of_server() { "the server itself" "服务自身" }
    audit_changed(number, whose) { "entry {number} of the audit trail of {whose} was changed" "{whose} 的审计记录第 {number} 条被改动过" }
    audit_missing(number, whose) { "entry {number} of the audit trail of {whose} is missing" "{whose} 的审计记录缺少第 {number} 条" }
    audit_beyond(number, whose) { "entry {number} of the audit trail of {whose} was added by somebody else" "{whose} 的审计记录第 {number} 条不是服务写入的" }
}
