//! Words about what servers refuse and name, and about the way to them.

super::sentences! {
    no_authentication_named() { "the server's metadata names no client authentication method" "服务器的元数据没有给出任何客户端认证方式" }
    ask_drop_answers(name) { "{name} is not logged in. Delete the saved answer to an unfinished login, with the tokens in it?" "{name} 下没有登录。确定删除为它保存的登录应答及其中的令牌吗？" }
    answers_dropped(name) { "the saved answer to a login of {name} is deleted" "已删除为 {name} 保存的登录应答" }
    no_known_authentication(methods) { "the server accepts a client secret neither in a header nor in the body; it supports: {methods}" "服务器不接受以请求头或请求体发送的客户端密钥；它支持的是：{methods}" }
    other_brand(tried, other) { "{tried} was tried, but the app belongs to the other platform: run `tokenward init --provider {other}`" "已用 {tried} 尝试，而该应用属于另一个平台：请运行 `tokenward init --provider {other}`" }
    certificate_next() { "put your own certificate authority into a PEM file named by SSL_CERT_FILE (or a folder named by SSL_CERT_DIR); it replaces the system's" "自建的证书颁发机构请放入 SSL_CERT_FILE 所指的 PEM 文件（或 SSL_CERT_DIR 所指的目录）；它会取代系统自带的证书" }
    certificate_system_next() { "if you do not use SSL_CERT_FILE, the system's certificates may be missing or old: install the package ca-certificates" "若没有设置 SSL_CERT_FILE，可能是系统证书缺失或过旧：请安装 ca-certificates 软件包" }
    proxy_next(variable, proxy) { "requests go through the proxy {proxy} ({variable}): check that it runs and lets them through, or add the host to NO_PROXY" "请求经由代理 {proxy}（{variable}）：请确认它在运行并放行，或把该主机写入 NO_PROXY" }
    proxy_unusable(variable) { "{variable} names a proxy that cannot be used: requests that would go through it are not sent. Write http://HOST:PORT, https://…, socks5://… or socks5h://…" "{variable} 指定的代理无法使用：本应经由它的请求不会发送。请写成 http://主机:端口、https://…、socks5://… 或 socks5h://…" }
    proxy_barred(variable) { "{variable} is not a proxy address; in its password, write #, ? and / as %23, %3F and %2F" "{variable} 的值不是代理的地址；密码中的 #、? 或 / 要写成 %23、%3F 或 %2F" }
    certificates_missing(variable, path, why) { "{variable} names {path}, which cannot be read ({why}): its certificates are not used" "{variable} 指向的 {path} 无法读取（{why}）：其中的证书不会生效" }
    certificates_none(variable, path) { "{variable} names {path}, which holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)" "{variable} 指向的 {path} 中没有 PEM 格式的证书（-----BEGIN CERTIFICATE-----）" }
}
