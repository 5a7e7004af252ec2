//! What the codes of the server tell.

use tokenward_core::{Code, Words};

use crate::w;

code_words! {
        Code::ApiKeyUnknown => (
            w("the API key is missing, unknown, expired or revoked", "缺少 API 密钥，或密钥未知、已过期、已吊销"),
            w(
                "send a valid key as `Authorization: Bearer KEY`; create one with `tokenward serve key create NAME`",
                "请以 `Authorization: Bearer 密钥` 发送有效的密钥；可用 `tokenward serve key create 名字` 创建",
            ),
        ),
        Code::ApiKeyNotAllowed => (
            w("the API key does not permit this", "API 密钥没有这项权限"),
            w(
                "use a key that permits it; create one with `tokenward serve key create NAME --allow VERB`",
                "请使用有权限的密钥；可用 `tokenward serve key create 名字 --allow 权限` 创建",
            ),
        ),
        Code::ServerRequest => (
            w("the server does not understand the request", "服务无法理解这个请求"),
            w("compare it with GET /v1/openapi.json of the server", "请对照服务的 GET /v1/openapi.json"),
        ),
        Code::ServerBusy => (
            w("the server cannot take more requests at the moment", "服务暂时无法接受更多请求"),
            w("try again after the time in Retry-After", "请在 Retry-After 所示的时间之后重试"),
        ),
        Code::ApiKeyTooOften => (
            w("the API key is used too often", "API 密钥的使用过于频繁"),
            w(
                "try again after the time in Retry-After, and keep each token until shortly before its end",
                "请在 Retry-After 所示的时间之后重试；每个令牌可以一直用到快要到期时",
            ),
        ),
        Code::ServerOpenToOthers => (
            w("the server's address would be open to other machines", "服务的地址会对其他机器开放"),
            w(
                "listen on 127.0.0.1; or give it a certificate with --tls-certificate and --tls-key; or add --allow-remote and put a proxy with TLS in front",
                "请监听 127.0.0.1；或用 --tls-certificate 和 --tls-key 给出证书；或加上 --allow-remote，并在前面加一层带 TLS 的代理",
            ),
        ),
        Code::ServerCertificate => (
            w("the server's TLS certificate or its key cannot be used", "服务的 TLS 证书或其私钥无法使用"),
            w(
                "name the certificate with its chain and the key that belongs to it, both in PEM",
                "请给出 PEM 格式的证书（含证书链）和与之对应的私钥",
            ),
        ),
        Code::WebLoginUnknown => (
            w("this login is unknown, has expired, or was used already", "此登录未知、已过期，或已使用过"),
            w("go back to the site that you came from and start again there", "请回到原来的网站，重新开始"),
        ),
        Code::WebLoginElsewhere => (
            w("this login was started in another browser", "此登录是在另一个浏览器中开始的"),
            w(
                "go back to the site that you came from and start again there, in this browser with cookies enabled",
                "请在此浏览器中回到原来的网站，重新开始，并允许 Cookie",
            ),
        ),
        Code::ReturnNotAllowed => (
            w("the settings do not allow this return address", "设置不允许此返回地址"),
            w(
                "add it to `return_urls` of the profile or its app, exactly as it is sent",
                "请将它原样加入配置档或其应用的 `return_urls`",
            ),
        ),
        Code::AuditBroken => (
            w("the audit trail is not as the server wrote it", "审计记录与服务写入的不一致"),
            w(
                "find out who can write to the database, and compare with a backup from before",
                "请查明谁能写入数据库，并与更早的备份比较",
            ),
        ),
}
