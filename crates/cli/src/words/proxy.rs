//! Words of `proxy`.

super::sentences! {
    proxy_program() { "to run a program beside the proxy, put -- before it: `tokenward proxy -- CMD`" "若要让程序使用代理，请在程序前加上 --：`tokenward proxy -- 命令`" }
    bad_listen() { "use an address of this machine with a port, such as 127.0.0.1:9770, or just a port" "请写本机地址和端口，例如 127.0.0.1:9770，或只写端口" }
    proxy_ready(url) { "the proxy listens on {url}; press Ctrl-C to stop it" "代理已启动：{url}；按 Ctrl-C 结束" }
    proxy_user(profile, host) { "every request goes to {host} with the token of the login {profile}" "所有请求都会带上配置档 {profile} 的令牌发往 {host}" }
    proxy_app(app, host) { "every request goes to {host} with the token of the app {app} itself" "所有请求都会带上应用 {app} 自身的令牌发往 {host}" }
    proxy_tenant(app, host) { "every request goes to {host} with the tenant token of the app {app}" "所有请求都会带上应用 {app} 的 tenant 令牌发往 {host}" }
    proxy_set() { "use this address as the domain of an SDK or MCP server; id, secret and token can be any text there:" "把这个地址设为 SDK 或 MCP 服务的域名；其中的 ID、密钥和令牌可以是任意文本：" }
    proxy_set_secret() { "if the domain cannot have a path, leave out /s/… and use the secret as the app secret, and u- plus the secret as the token:" "如果域名不能带路径，请去掉 /s/…，并把密钥填作 App Secret，令牌填 u- 加密钥：" }
    proxy_settings_unshown(file) { "the local secret is the one in {file}, and is not shown where the output is no terminal; --print-env prints the settings with it" "本机密钥即 {file} 中的密钥；输出不是终端时不显示；--print-env 可输出含密钥的设置" }
    proxy_secret_on_stdout() { "the settings on stdout contain the local secret: if stdout is a log, use --secret-file FILE, which keeps it out" "标准输出中的设置含有本机密钥：如果标准输出是日志，请用 --secret-file 文件，密钥就不会写入日志" }
    proxy_secret_path() { "the address contains the local secret: anyone who knows it can use the login" "地址中含有本机密钥：知道它的人都能使用这条登录记录" }
    proxy_no_secret() { "every program and user on this machine can use the login; without --no-secret, a secret is required" "本机上的任何程序和用户都能使用这条登录记录；去掉 --no-secret 即要求密钥" }
    proxy_remote(address) { "other machines can reach {address}, and the traffic is not encrypted" "其他机器可以访问 {address}，而且往来内容在途中没有加密" }
    proxy_secret_written(file) { "a new local secret was written to {file}" "已生成新的本机密钥并写入 {file}" }
    proxy_secret_weak(file) { "{file} holds no local secret: at least 16 letters, digits, - or _ are needed" "{file} 中没有可用的本机密钥：至少需要 16 个字母、数字、- 或 _" }
    proxy_secret_weak_next() { "delete the file; the next start creates a strong one" "删除该文件，下次启动会生成合格的密钥" }
    proxy_file(file) { "{file} cannot be used" "无法使用 {file}" }
    proxy_other_port(port) { "port {port} is in use; --listen 0 takes a free one" "端口 {port} 已被占用；--listen 0 可自动选择空闲端口" }
    proxy_not_listening(address) { "cannot listen on {address}" "无法监听 {address}" }
    proxy_open(address) { "{address} can be reached from other machines" "{address} 可被其他机器访问" }
    proxy_bad_origin(origin) { "{origin} is not a web origin: write http:// or https:// and a host, with its port" "{origin} 不是网页来源：请写 http:// 或 https:// 加主机和端口" }
    proxy_turned() { "token refreshed" "令牌已刷新" }
    proxy_unshown(number) { "{number} more requests" "另有 {number} 个请求" }
    proxy_ends(name) { "{name} received: no new requests are accepted, running ones may finish; press Ctrl-C again to stop at once" "{name}：不再接受新请求，等待进行中的请求结束；再按一次立即结束" }
    proxy_ended() { "the proxy has stopped" "代理已结束" }
}
