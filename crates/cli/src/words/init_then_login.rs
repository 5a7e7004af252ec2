//! From nothing to a login.

super::sentences! {
    login_begins_with_init() { "nothing is set up yet, so the app comes first (as with `tokenward init`)" "还没有任何设置，先登记应用（与 `tokenward init` 相同）" }
    ask_login_now() { "Log in now?" "现在登录吗？" }
    login_needs_init() { "in a terminal, `tokenward login` asks for the app. Elsewhere, set it up first: `tokenward init --app-id ID --app-secret-stdin` (or the variables TOKENWARD_APP_ID and TOKENWARD_APP_SECRET); then `tokenward login --device`, or `tokenward login --no-browser`" "在终端中，`tokenward login` 会询问应用信息。在其他环境中请先登记应用：`tokenward init --app-id ID --app-secret-stdin`（或环境变量 TOKENWARD_APP_ID 和 TOKENWARD_APP_SECRET），然后运行 `tokenward login --device` 或 `tokenward login --no-browser`" }
    purposes_not_here(provider) { "--for requests scopes of Feishu and Lark, but this app is registered at {provider}: use --scope" "--for 是飞书和 Lark 的权限组合，而此应用属于 {provider}：请用 --scope" }
}
