//! Words about what servers refuse and name, and about the way to them.

use tokenward_core::{Code, Words};

use super::{code_words, w};

code_words! {
        Code::RefusedUnclearly => (
            w(
                "the provider rejected the refresh without saying whether the login is still valid",
                "平台拒绝刷新，且没有说明登录是否仍然有效",
            ),
            w(
                "log in again with `tokenward login`, or try once more with `tokenward refresh`",
                "请用 `tokenward login` 重新登录，或用 `tokenward refresh` 再询问平台一次",
            ),
        ),
        Code::NoAccessToken => (
            w("the provider's answer contains no usable access token", "平台的应答中没有可用的访问令牌"),
            w(
                "run `tokenward refresh`; if that returns no access token either, ask the server's operator, then log in again with `tokenward login`",
                "请用 `tokenward refresh` 再询问一次；若仍没有访问令牌，请联系服务器的管理者，然后用 `tokenward login` 重新登录",
            ),
        ),
        Code::LoginNotFinished => (
            w(
                "the login page ended before consent was given: you have to log in, choose an account or consent there",
                "登录页在授权之前就结束了：需要用户在页面上登录、选择账号或同意授权",
            ),
            w(
                "run `tokenward login` again, and follow the page; if it shows nothing, log in at the provider in the same browser first",
                "请重新运行 `tokenward login`，并按页面提示操作；若页面没有任何提示，请先在同一浏览器中登录平台",
            ),
        ),
        Code::LoginAnswerOdd => (
            w("the provider's response to the login cannot be read", "无法解读平台对登录的应答"),
            w(
                "run `tokenward login` again (a code is valid only once); if it happens again, compare the token endpoint with the server's documentation",
                "请重新运行 `tokenward login`（授权码只能用一次）；若再次出现，请与服务器的文档核对令牌端点",
            ),
        ),
        Code::ExchangeRejected => (
            w(
                "the token endpoint rejected the token request as malformed",
                "令牌端点认为换取登录令牌的请求格式有误",
            ),
            w(
                "compare the redirect URL and the client authentication with the client's registration, then run `tokenward login` again",
                "请与注册信息核对重定向 URL 和客户端的认证方式，然后重新运行 `tokenward login`",
            ),
        ),
        Code::ForeignIssuer => (
            w(
                "the login response did not come from the server that was asked; its code was not sent anywhere",
                "登录页的应答不是来自所请求的服务器；其中的授权码没有发往任何地方",
            ),
            w(
                "run `tokenward login` again in a fresh browser window; if it happens again, find out who runs the server that is named",
                "请在新的浏览器窗口中重新运行 `tokenward login`；若再次出现，请查清应答中所写的服务器由谁运行",
            ),
        ),
        Code::IssuerDiffers => (
            w(
                "the server's metadata names a different issuer than the settings",
                "服务器元数据中的签发者（issuer）与设置中的不同",
            ),
            w(
                "pass the issuer named in the metadata with --issuer, or set --authorization-endpoint and --token-endpoint",
                "请用 --issuer 填写元数据中的签发者，或指定 --authorization-endpoint 和 --token-endpoint",
            ),
        ),
}

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
