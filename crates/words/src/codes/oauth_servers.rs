//! What the codes of servers tell.

use tokenward_core::{Code, Words};

use crate::w;

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
