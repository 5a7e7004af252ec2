//! What a person can do about a provider's refusal.

use tokenward_core::{Remedy, Words};

use crate::w;

/// The remedy in words.
pub fn remedy(remedy: Remedy) -> Words {
    words(remedy)
}

#[expect(clippy::too_many_lines, reason = "one row a remedy; a table reads better whole")]
fn words(remedy: Remedy) -> Words {
    match remedy {
        Remedy::LogIn => w("log in again with `tokenward login`", "请用 `tokenward login` 重新登录"),
        Remedy::LogInAfterEnd => w(
            "log in again with `tokenward login`: the token or the consent has expired",
            "令牌或授权已过期，请用 `tokenward login` 重新登录",
        ),
        Remedy::LogInAfterUse => w(
            "the token was revoked or already used: log in again with `tokenward login`; `tokenward doctor --online` shows the likely cause",
            "令牌已被撤销或使用过：请用 `tokenward login` 重新登录；`tokenward doctor --online` 会给出可能的原因",
        ),
        Remedy::LogInAgainFromStart => w(
            "start again with `tokenward login`: the code was already used, has expired or is unknown",
            "授权码已用过、过期或不存在，请重新运行 `tokenward login`",
        ),
        Remedy::TryLater => w("try again later; nothing is lost", "请稍后重试；没有丢失任何内容"),
        Remedy::TryLaterThenLogIn => w(
            "try again later; if this persists, the refresh token may no longer be usable: log in again with `tokenward login`",
            "请稍后重试；若一直如此，则刷新令牌已无法使用：请用 `tokenward login` 重新登录",
        ),
        Remedy::WaitForLimit => w("wait as long as the provider asks, then try again", "请按平台要求的时间等待后重试"),
        Remedy::CheckSecret => w(
            "copy the app's id and secret again from the console (Credentials) and run `tokenward init`",
            "请从开发者后台“凭证与基础信息”重新复制 App ID 和 App Secret，并运行 `tokenward init`",
        ),
        Remedy::CheckBrand => w(
            "the app belongs to the other platform: run `tokenward init --provider feishu` if it was created at open.feishu.cn, `tokenward init --provider lark` if it was created at open.larksuite.com",
            "该应用属于另一个平台：在 open.feishu.cn 创建的请运行 `tokenward init --provider feishu`，在 open.larksuite.com 创建的请运行 `tokenward init --provider lark`",
        ),
        Remedy::CheckAppId => {
            w("check the app's id: it does not exist at this provider", "请核对 App ID：它在这个平台上不存在")
        }
        Remedy::EnableApp => {
            w("enable the app in the console and publish a version", "请在开发者后台启用应用并发布版本")
        }
        Remedy::InstallApp => w("have the app installed in the company", "请在企业中安装该应用"),
        Remedy::WidenAvailability => w(
            "add the user to the app's availability (console: Version Management & Release) and publish a version",
            "请在开发者后台“版本管理与发布”中把该用户加入应用可用范围并发布版本",
        ),
        Remedy::EnableRefresh => w(
            "console: Security Settings → turn on \"Refresh user_access_token\", then publish a version",
            "开发者后台：安全设置 → 打开“刷新 user_access_token”开关，然后发布版本",
        ),
        Remedy::RegisterRedirect => w(
            "console: Security Settings → Redirect URLs: register the redirect URL exactly as it is used",
            "开发者后台：安全设置 → 登记重定向 URL，须与实际使用的完全一致",
        ),
        Remedy::EnableScope => w(
            "console: Permissions & Scopes → enable the scope for the app, then publish a version",
            "开发者后台：权限管理 → 为应用开通该权限，然后发布版本",
        ),
        Remedy::GrantScope => w(
            "log in again with `tokenward login --scope SCOPE` for what is missing; scopes granted earlier are kept",
            "请用 --scope 带上缺少的权限重新登录；授权会累加",
        ),
        Remedy::AskAdministrator => w(
            "ask the company's administrator to check the user's account and the app's availability",
            "请联系企业管理员处理该账号",
        ),
        Remedy::AllowAddress => w(
            "console: Security settings → put this machine's address on the IP allow list",
            "开发者后台：安全设置 → 把本机地址加入 IP 白名单",
        ),
        Remedy::RaiseQuota => {
            w("the quota is used up: wait for the next month or raise it", "调用额度已用完：请等到下月或提升额度")
        }
        Remedy::UseIssuingApp => w(
            "the token belongs to another app or API variant: check --app-id and --token-api of `tokenward init`, then log in again",
            "令牌属于另一个应用或接口版本：请核对 `tokenward init` 的 --app-id 和 --token-api，然后运行 `tokenward login`",
        ),
        Remedy::PassChallenge => w(
            "the company requires an additional check: run `tokenward login` and complete it in the browser",
            "企业要求进一步验证：请在浏览器中登录并完成验证",
        ),
        Remedy::ResendTicket => w(
            "wait for the next app ticket (sent to the app's event URL every hour), then try again",
            "需要新的 app_ticket：平台每小时向应用的事件地址推送一次",
        ),
        Remedy::CheckUrl => w(
            "check --open-url, --accounts-url and --token-url: there is no provider endpoint at that address",
            "请核对 `tokenward init` 的 --open-url、--accounts-url 和 --token-url：该地址上没有平台的接口",
        ),
        Remedy::RenewAppToken => {
            w("run the command again: a new app token is fetched", "请再运行一次：会重新获取应用令牌")
        }
        Remedy::RenewAccess => w("run `tokenward refresh`", "请运行 `tokenward refresh`"),
        Remedy::ReportBug => w("report this with the complete error message", "请附上以上内容反馈给我们"),
        Remedy::LogInIfItLasts => w(
            "the login may no longer be valid: log in again with `tokenward login`, or try once more with `tokenward refresh`",
            "登录可能已失效：请用 `tokenward login` 重新登录，或用 `tokenward refresh` 再询问平台一次",
        ),
        Remedy::CheckClient => w(
            "compare the client's id, secret and authentication method (--client-authentication basic or body) with its registration at the server, then run `tokenward init`",
            "请与服务器上的注册信息核对客户端的 ID、密钥和认证方式（--client-authentication basic 或 body），然后运行 `tokenward init`",
        ),
        Remedy::AllowGrant => w(
            "allow this kind of login where the client is registered (authorization code, refresh token, device code)",
            "请在注册该客户端的地方允许这种授权类型（authorization code、refresh token、device code）",
        ),
        Remedy::CheckScopes => w(
            "request only scopes that the server supports and allows for this client (`tokenward login --scope`)",
            "请只申请服务器支持且该客户端可用的权限（`tokenward login --scope`）",
        ),
        Remedy::RegisterRedirectThere => w(
            "register the redirect URL where the client is registered, exactly as it is used",
            "请在注册该客户端的地方登记重定向 URL，须与实际使用的逐字一致",
        ),
        Remedy::CheckEndpoints => w(
            "compare --issuer and the endpoints with the server's documentation: there is no such endpoint at that address",
            "请与服务器的文档核对 --issuer 和各端点：那里没有它的接口",
        ),
        Remedy::CompareIssuer => w(
            "pass the issuer named in the metadata with --issuer, or set --authorization-endpoint and --token-endpoint",
            "请用 --issuer 填写元数据中的签发者，或指定 --authorization-endpoint 和 --token-endpoint",
        ),
        Remedy::NameTenant => w(
            "pass the issuer of your own tenant with --issuer: put the tenant's id in place of `common` or `organizations`",
            "请用 --issuer 填写自己租户的签发者：用租户 ID 代替 `common` 或 `organizations`",
        ),
        Remedy::AllowSecret => w(
            "have the server allow client_secret_basic or client_secret_post for this client, or try one with --client-authentication",
            "请在服务器上为该客户端允许 client_secret_basic 或 client_secret_post，或用 --client-authentication 指定一种",
        ),
        Remedy::CompareExchange => w(
            "compare with the client's registration at the server, most likely first: the redirect URL, character by character; the client authentication (--client-authentication); whether PKCE is allowed; the token endpoint. Then log in again: a code is valid only once",
            "请与服务器上的客户端注册信息核对（最可能的在前）：重定向 URL 须逐字一致；客户端的认证方式（--client-authentication）；是否允许 PKCE；令牌端点。然后重新登录：授权码只能用一次",
        ),
        Remedy::CheckSecretAtBlueKing => w(
            "copy the app's code and secret (bk_app_code, bk_app_secret) again from BlueKing's developer center, and run `tokenward init`",
            "请从蓝鲸开发者中心重新复制应用编码和密钥（bk_app_code、bk_app_secret），并运行 `tokenward init`",
        ),
        Remedy::EnableAtBlueKing => w(
            "check in BlueKing's developer center that the app is enabled; the operator of the token service allows this kind of login",
            "请在蓝鲸开发者中心确认该应用已启用；能否使用这种登录由令牌服务的管理员设置",
        ),
        Remedy::PermitAtBlueKing => w(
            "apply for the permission to call this API in BlueKing's developer center, on the app's page",
            "请在蓝鲸开发者中心的应用页面申请该 API 的调用权限",
        ),
        Remedy::AdmitAtBlueKing => w(
            "ask the operator of this API in BlueKing's gateway to allow this machine's address and the app's tenant",
            "请让该 API 的网关管理员放行本机地址和应用所属租户",
        ),
        Remedy::RefreshOnce => w(
            "run `tokenward refresh`; if that returns no access token either, ask the server's operator, then log in again with `tokenward login`",
            "请用已保存的刷新令牌询问一次：`tokenward refresh`；若仍没有访问令牌，请联系服务器的管理者，然后用 `tokenward login` 重新登录",
        ),
        Remedy::AskServer => w(
            "run `tokenward login` again; if the response is the same, send the complete error message to the server's operator",
            "请重新运行 `tokenward login`；若应答仍然相同，请把以上内容交给服务器的管理者",
        ),
        Remedy::NameResource => w(
            "name the resource that the login is for, as in the token service's documents: `tokenward login --scope RESOURCE` once, or `scopes` of the profile (`tokenward init --scope RESOURCE`, TOKENWARD_SCOPES); if the token request itself is refused: `bk_token_resource` of the app",
            "请指定登录所针对的资源（resource），以令牌服务文档中的名称为准：单次用 `tokenward login --scope 资源`，或写入配置档的 `scopes`（`tokenward init --scope 资源`、TOKENWARD_SCOPES）；若被拒绝的是令牌请求，请设置应用的 `bk_token_resource`",
        ),
        _ => w(UNTOLD, "请参见平台的说明"),
    }
}

/// Stands for a remedy that nobody has written a sentence for.
const UNTOLD: &str = "see the provider's description";

/// Every remedy in words.
pub fn all() -> Vec<Words> {
    EVERY.iter().map(|&remedy| words(remedy)).collect()
}

/// Every remedy. The serialised name of each is asked for below, so that one that is missing here is found by the
/// exhaustive list of the dialect's table instead.
const EVERY: &[Remedy] = &[
    Remedy::LogIn,
    Remedy::LogInAfterEnd,
    Remedy::LogInAfterUse,
    Remedy::LogInAgainFromStart,
    Remedy::TryLater,
    Remedy::TryLaterThenLogIn,
    Remedy::WaitForLimit,
    Remedy::CheckSecret,
    Remedy::CheckBrand,
    Remedy::CheckAppId,
    Remedy::EnableApp,
    Remedy::InstallApp,
    Remedy::WidenAvailability,
    Remedy::EnableRefresh,
    Remedy::RegisterRedirect,
    Remedy::EnableScope,
    Remedy::GrantScope,
    Remedy::AskAdministrator,
    Remedy::AllowAddress,
    Remedy::RaiseQuota,
    Remedy::UseIssuingApp,
    Remedy::PassChallenge,
    Remedy::ResendTicket,
    Remedy::CheckUrl,
    Remedy::RenewAppToken,
    Remedy::RenewAccess,
    Remedy::ReportBug,
    Remedy::LogInIfItLasts,
    Remedy::CheckClient,
    Remedy::AllowGrant,
    Remedy::CheckScopes,
    Remedy::RegisterRedirectThere,
    Remedy::CheckEndpoints,
    Remedy::CompareIssuer,
    Remedy::NameTenant,
    Remedy::AllowSecret,
    Remedy::CompareExchange,
    Remedy::CheckSecretAtBlueKing,
    Remedy::EnableAtBlueKing,
    Remedy::PermitAtBlueKing,
    Remedy::AdmitAtBlueKing,
    Remedy::RefreshOnce,
    Remedy::AskServer,
    Remedy::NameResource,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_remedy_is_told() {
        for &remedy in EVERY {
            assert_ne!(words(remedy).en, UNTOLD, "{remedy:?}");
        }
        // `Remedy` derives its order from its declaration: the last one listed must be the last one there is, and
        // the list must be without gaps.
        assert!(EVERY.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
