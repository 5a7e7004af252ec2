//! The lines of the demo.

super::sentences! {
    demo_intro() { "What Tokenward does, on a simulated provider on this machine. No account needed." "在本机沙箱上演示 Tokenward 的主要功能，不需要任何账号。" }
    demo_sandbox(url) { "a sandbox provider listens on {url}; its refresh tokens work once" "沙箱服务已在 {url} 启动；其刷新令牌只能使用一次" }
    demo_init(app) { "app {app} is set up; its secret is encrypted in the vault" "应用 {app} 已设置；密钥已加密保存在保险库中" }
    demo_login(who) { "{who} logged in: authorization code, PKCE S256, callback on loopback" "{who} 已登录：授权码 + PKCE S256 + 本机回调" }
    demo_token(token) { "`tokenward token` prints {token}" "`tokenward token` 输出 {token}" }
    demo_clock(span) { "the sandbox's clock moves forward {span}: that token has expired" "沙箱时钟前进 {span}：该令牌已过期" }
    demo_turned(token, generation) { "`tokenward token` refreshed it: {token}, token set {generation}" "`tokenward token` 已自动刷新：{token}，第 {generation} 版令牌" }
    demo_kill(what) { "the next refresh is killed (SIGKILL) when {what}" "下一次刷新被强制终止（SIGKILL），此时{what}" }
    demo_kill_begun_what() { "the journal says what will be sent, and nothing is sent yet" "发送意图已写入日志，尚未发送" }
    demo_kill_journalled_what() { "the provider has issued new tokens, its answer is in the journal, and nothing else is stored" "平台已签发新令牌，应答已写入日志，尚未入库" }
    demo_recovered(token, generation) { "the next `tokenward token` recovers from the journal: {token}, token set {generation}" "下一次 `tokenward token` 从日志中恢复：{token}，第 {generation} 版令牌" }
    demo_lives(generation) { "the login works: token set {generation}, status valid" "登录仍然有效：第 {generation} 版令牌，状态为“有效”" }
    demo_counters(exchanges, refreshes, replays) { "sandbox counters: code exchanges {exchanges}, refreshes {refreshes}, replays of a used token {replays}" "沙箱统计：授权码兑换 {exchanges} 次，刷新 {refreshes} 次，重放旧令牌 {replays} 次" }
    demo_done() { "Everything the demo started has exited; its folder is deleted." "演示启动的进程均已退出；演示目录已删除。" }
    demo_kept(folder) { "Everything the demo started has exited; its folder is {folder}." "演示启动的进程均已退出；演示目录：{folder}。" }
    demo_wrong(step) { "the demo failed at: {step}" "演示未达到预期，出错步骤：{step}" }
}
