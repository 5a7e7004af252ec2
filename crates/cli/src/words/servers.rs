//! Words about what servers refuse and name, and about the way to them.

use tokenward_core::{Code, Words};

use super::{code_words, w};

code_words! {
        Code::RefusedUnclearly => (
            w(
                "the provider refuses to refresh the login, and does not say whether the login still lives",
                "服务方拒绝刷新，且没有说明登录是否仍然有效",
            ),
            w(
                "log in again with `tokenward login`, or have the provider asked once more with `tokenward refresh`",
                "请用 `tokenward login` 重新登录，或用 `tokenward refresh` 再询问服务方一次",
            ),
        ),
        Code::NoAccessToken => (
            w("the provider's answer brings no access token that could be used", "服务方的应答中没有可用的访问令牌"),
            w(
                "ask once more with `tokenward refresh`; if no access token comes then either, ask who runs the server, and log in again with `tokenward login`",
                "请用 `tokenward refresh` 再询问一次；若仍没有访问令牌，请联系服务器的管理者，然后用 `tokenward login` 重新登录",
            ),
        ),
        Code::LoginNotFinished => (
            w(
                "the login page ended before anybody could consent: it wants a person to log in, choose an account or consent there",
                "登录页在授权之前就结束了：需要用户在页面上登录、选择账号或同意授权",
            ),
            w(
                "run `tokenward login` again, and do what the page asks for; if it shows nothing, log in at the provider in the same browser first",
                "请重新运行 `tokenward login`，并按页面提示操作；若页面没有任何提示，请先在同一浏览器中登录服务方",
            ),
        ),
        Code::LoginAnswerOdd => (
            w("the provider's answer to the login cannot be read", "无法解读服务方对登录的应答"),
            w(
                "run `tokenward login` again: a code is good once; if it happens again, compare the token endpoint with the server's documents",
                "请重新运行 `tokenward login`（授权码只能用一次）；若再次出现，请与服务器的文档核对令牌端点",
            ),
        ),
        Code::ExchangeRejected => (
            w(
                "the token endpoint calls the request for the login's tokens malformed",
                "令牌端点认为换取登录令牌的请求格式有误",
            ),
            w(
                "compare the redirect URL and the way the client proves itself with its registration, then run `tokenward login` again",
                "请与注册信息核对重定向 URL 和客户端的认证方式，然后重新运行 `tokenward login`",
            ),
        ),
        Code::ForeignIssuer => (
            w(
                "the answer of the login page is not from the server that was asked; its code was sent nowhere",
                "登录页的应答不是来自所请求的服务器；其中的授权码没有发往任何地方",
            ),
            w(
                "run `tokenward login` again in a fresh browser window; if it happens again, ask who runs the server that is named",
                "请在新的浏览器窗口中重新运行 `tokenward login`；若再次出现，请查清应答中所写的服务器由谁运行",
            ),
        ),
        Code::IssuerDiffers => (
            w(
                "the server's document names another issuer than the settings",
                "服务器的元数据与设置中的签发者（issuer）不同",
            ),
            w(
                "give the issuer that the document names with --issuer, or name --authorization-endpoint and --token-endpoint",
                "请用 --issuer 填写元数据中的签发者，或指定 --authorization-endpoint 和 --token-endpoint",
            ),
        ),
}

super::sentences! {
    no_authentication_named() { "the server's document names no way in which a client proves itself" "服务器的文档没有给出任何客户端验证方式" }
    ask_drop_answers(name) { "Nobody is logged in under {name}. Drop the answer to a login that is kept for it, with the tokens in it?" "{name} 下没有登录。确定删除为它保存的登录应答及其中的令牌吗？" }
    answers_dropped(name) { "what was kept of a login of {name} is dropped" "已删除为 {name} 保存的登录应答" }
    no_known_authentication(methods) { "the server takes no client secret in a header or a body; it names: {methods}" "服务器不接受以请求头或请求体发送的客户端密钥；它支持的是：{methods}" }
    other_brand(tried, other) { "{tried} was tried, and the app is the other brand's: run `tokenward init --provider {other}`" "已用 {tried} 尝试，而该应用属于另一个品牌：请运行 `tokenward init --provider {other}`" }
    certificate_next() { "an authority of your own goes into a PEM file that SSL_CERT_FILE names (or a folder that SSL_CERT_DIR names); it takes the place of the system's" "自建的证书颁发机构请放入 SSL_CERT_FILE 所指的 PEM 文件（或 SSL_CERT_DIR 所指的目录）；它会取代系统自带的证书" }
    certificate_system_next() { "if no SSL_CERT_FILE is meant, the system's certificates may be missing or old: install the package ca-certificates" "若无需 SSL_CERT_FILE，可能是系统证书缺失或过旧：请安装 ca-certificates" }
    proxy_next(variable, proxy) { "requests go through the proxy {proxy} ({variable}): see that it runs and lets them through, or name the host in NO_PROXY" "请求经由代理 {proxy}（{variable}）：请确认它在运行并放行，或把该主机写入 NO_PROXY" }
    proxy_unusable(variable) { "{variable} names a proxy that cannot be used: requests that would go through it are not sent. Write http://HOST:PORT, https://…, socks5://… or socks5h://…" "{variable} 指定的代理无法使用：本应经由它的请求不会发送。请写成 http://主机:端口、https://…、socks5://… 或 socks5h://…" }
    proxy_barred(variable) { "{variable} does not hold the address of a proxy; a #, ? or / in its password is written %23, %3F or %2F" "{variable} 的值不是代理的地址；密码中的 #、? 或 / 要写成 %23、%3F 或 %2F" }
    certificates_missing(variable, path, why) { "{variable} names {path}, which cannot be read ({why}): without it no https server is trusted by it" "{variable} 指向的 {path} 无法读取（{why}）：其中的证书不会生效" }
    certificates_none(variable, path) { "{variable} names {path}, which holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)" "{variable} 指向的 {path} 中没有 PEM 格式的证书（-----BEGIN CERTIFICATE-----）" }
}
