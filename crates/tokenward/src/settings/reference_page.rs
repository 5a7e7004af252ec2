//! The page `docs/reference/settings.md`, printed from the table in both languages.
//!
//! The Chinese words of a setting stand here, since no program but this page says them; the compiler asks for those of a new one.

use std::fmt::Write as _;

use super::setting_definitions::Setting;

/// The page in English and in Chinese, by path below `docs/reference/`.
pub fn reference() -> [(&'static str, String); 2] {
    [
        ("settings.md", page(PREFACE, |setting| (setting.default_words(), setting.meaning()), AFTERWORD)),
        ("zh/settings.md", page(PREFACE_ZH, in_chinese, AFTERWORD_ZH)),
    ]
}

fn page(preface: &str, words: impl Fn(Setting) -> (&'static str, &'static str), afterword: &str) -> String {
    let mut page = String::from(preface);
    for setting in Setting::ALL {
        let code = |name: Option<&str>| name.map_or_else(|| "–".to_owned(), |name| format!("`{name}`"));
        let (default, meaning) = words(*setting);
        let _ = writeln!(
            page,
            "| {} | {} | {} | {default} | {meaning} |",
            code(setting.variable()),
            code(setting.flag()),
            code(setting.config_key().as_deref()),
        );
    }
    page.push_str(afterword);
    page
}

/// What holds when nobody says anything, and what a setting is for.
#[expect(clippy::too_many_lines, reason = "a row for each setting")]
const fn in_chinese(setting: Setting) -> (&'static str, &'static str) {
    match setting {
        Setting::Home => {
            ("`$XDG_DATA_HOME/tokenward`，否则 `~/.local/share/tokenward`", "存放 `config.toml` 和保险库的目录。")
        }
        Setting::Profile => ("唯一的配置档；没有文件指定时为 `default`", "使用哪个配置档。"),
        Setting::App => ("无：每个配置档都要写明应用", "配置档所属的应用：`[apps.NAME]` 表的 `NAME`。"),
        Setting::Provider => (
            "由所设主机判断品牌，否则为 `feishu`",
            "应用注册在哪里：`feishu`、`lark`、`blueking`；任何遵循 RFC 6749 的服务器为 `oauth2`；`gitea` 和 `gitlab` 是 `oauth2`，没有另外写明的 issuer、权限和规则取该服务器的。",
        ),
        Setting::AppId => (
            "无：必须给出",
            "应用的公开标识：飞书和 Lark 为开发者后台的 App ID（`cli_…`），蓝鲸为应用 ID，其他平台为 `client_id`。没有配置文件时，仅给出它就会形成一个应用和一个配置档。",
        ),
        Setting::AppKind => ("`self-built`", "飞书和 Lark：`self-built`（企业自建应用）或 `store`（商店应用）。"),
        Setting::TenantKey => ("无", "商店应用所在的企业；只有商店应用获取租户令牌时需要。"),
        Setting::AppSecret => (
            "由 `tokenward init` 加密保存在保险库中的密钥",
            "App Secret。从不作为参数（其他用户看得到参数），也不能写进文件。",
        ),
        Setting::AppSecretFile => {
            ("无", "只存放 App Secret 的文件，例如挂载到容器中的密钥。写在 `config.toml` 中时，相对于其所在目录。")
        }
        Setting::AppTicket => ("无", "平台推送给商店应用的最新 `app_ticket`。"),
        Setting::OpenUrl => (
            "品牌自己的主机；blueking 和 oauth2 与 `accounts_url` 相同",
            "接口调用发往哪里：飞书或 Lark 的开放平台主机，不带路径；蓝鲸的 API 网关；或其他平台的资源服务器。对飞书和 Lark 只给出一个主机时，`open.X` 与 `accounts.X` 可互相推出；在本机回环地址上两者相同。",
        ),
        Setting::AccountsUrl => (
            "品牌自己的主机；blueking 和 oauth2 必须给出",
            "令牌从哪里来：飞书或 Lark 的账号主机，不带路径；蓝鲸的令牌服务（bkoauth 的 `OAUTH_API_URL`）；或其他平台的 issuer。后两者可以带路径。`init` 也接受 `--issuer`。",
        ),
        Setting::TokenApi => (
            "feishu 为 `v3`，lark 为 `v2`，oauth2 为 `oauth2`；blueking 必须给出",
            "新登录所用的接口版本：feishu 和 lark 为 `v3`、`v2`、`oidc-v1` 或 `legacy-v1`；blueking 为 `ssm`、`auth-api` 或 `bkauth`。`init` 也接受 `--dialect`。",
        ),
        Setting::TokenUrl => {
            ("令牌接口自己的地址", "代替令牌接口的完整地址，用于网关和测试服务器。适用于 `v2` 和 `v3`。")
        }
        Setting::Fallback => {
            ("`true`", "飞书和 Lark：`v2`、`v3` 中的一个确认不存在时，是否改用另一个。`true` 或 `false`。")
        }
        Setting::Realm => ("无：`bkauth` 必须给出", "蓝鲸的 `bkauth`：地址中的 realm，`…/realms/REALM/oauth2/…`。"),
        Setting::BkEnvironment => {
            ("`prod`", "蓝鲸的 `auth-api`：令牌所属的环境 `env_name`，`prod` 或 `test`。其他令牌服务没有此项。")
        }
        Setting::Cookies => (
            "`ssm` 为 `bk_token`，`auth-api` 为 `bk_ticket rtx=bk_uid`",
            "蓝鲸的 `ssm` 和 `auth-api`：用什么证明用户身份，写作 `FIELD` 或 `FIELD=COOKIE`，以空格分隔：请求字段及其来源 cookie（bkoauth 的 `OAUTH_COOKIES_PARAMS`）。",
        ),
        Setting::BkToken => (
            "由 `login --user` 询问",
            "已在蓝鲸登录的用户的 cookie `bk_token`，用于 `login --user NAME`。属于密钥：从不作为参数，也不能写进文件。",
        ),
        Setting::BkTicket => ("由 `login --user` 询问", "同上，cookie 为 `bk_ticket`。"),
        Setting::AllowHttp => (
            "`false`",
            "蓝鲸：该应用自己的 `accounts_url` 和 `open_url` 是否可以是明文 `http`（现有的 SSM 多是如此）。网络上的任何中间人都能读到密钥、用户的 cookie 和每个令牌。打开期间 `status` 和 `doctor` 会一直显示。`true` 或 `false`。",
        ),
        Setting::BkUserGrant => (
            "`body`",
            "蓝鲸的 `auth-api`：如何请求用户的令牌：`body`（POST，JSON）或 `query`（GET，与 bkoauth 相同；cookie 在地址中）。",
        ),
        Setting::BkRefresh => {
            ("`get`", "蓝鲸的 `auth-api`：刷新所用的方法，`get` 或 `post`；两种方法的字段都在地址中。")
        }
        Setting::BkSecretInRefresh => {
            ("`false`", "蓝鲸的 `auth-api`：刷新时除请求头外，是否还在地址中带上 `app_secret`。`true` 或 `false`。")
        }
        Setting::BkTokenResource => (
            "无：公开资料没有说 `bkauth` 在这里需要它",
            "蓝鲸的 `bkauth`：请求令牌时另外指明的 `resource`（RFC 8707 section 2.2）：换取授权码、设备登录的轮询以及每次刷新。多个以逗号分隔。登录申请的内容见 `scopes`。",
        ),
        Setting::BkCodes => (
            "无：错误码没有公开；刷新被未知的错误码拒绝时，其结果未知",
            "蓝鲸的 `auth-api`：该部署的错误码各是什么含义。文件中为表 `[apps.NAME.bk_codes]`；变量中为 `CODE=MEANING`，以空格分隔。含义见下文。",
        ),
        Setting::ClientAuthentication => (
            "`basic`",
            "oauth2：客户端如何证明身份：`basic`（HTTP Basic）、`body`（在请求体中），或没有密钥的公开客户端 `none`。",
        ),
        Setting::AuthorizationEndpoint => {
            ("由 issuer 发现（RFC 8414）；`init` 会写下所发现的", "oauth2：用户登录的页面。")
        }
        Setting::TokenEndpoint => ("自动发现", "oauth2：签发和刷新令牌的地址。"),
        Setting::DeviceEndpoint => ("自动发现", "oauth2：`login --device` 从这里开始。"),
        Setting::RevocationEndpoint => ("自动发现", "oauth2：`logout --revoke` 在这里撤销令牌。"),
        Setting::IntrospectionEndpoint => ("自动发现", "oauth2：在这里可以查询访问令牌。"),
        Setting::UserinfoEndpoint => ("自动发现", "oauth2：在这里查询用户的名字。"),
        Setting::Rules => (
            "对 RFC 6749 的谨慎解读，见下文",
            "oauth2：服务器如何对待旧令牌。文件中为表 `[apps.NAME.rules]`；变量或参数中为 `KEY=VALUE`，以空格分隔。",
        ),
        Setting::RedirectUri => ("`http://127.0.0.1:9768/callback`", "重定向 URL，与开发者后台登记的一字不差。"),
        Setting::ReturnUrls => (
            "无：后端不能发起登录",
            "后端在 `tokenward serve` 发起的登录结束后，浏览器可以回到哪里：完整地址，以空格分隔，逐字比较；须为 `https`，本机回环地址可用 `http`。在文件中可写成列表。",
        ),
        Setting::Scopes => (
            "无；飞书和 Lark 始终加上 `offline_access`",
            "登录时申请的权限，以空格分隔；文件中也可以写成列表。配置档自己的权限取代应用的。",
        ),
        Setting::Key => (
            "无",
            "加密保险库的密钥：至少 16 个随机字节的文本，例如 `openssl rand -base64 32` 的输出。优先于 `TOKENWARD_KEY_FILE`。",
        ),
        Setting::KeyFile => ("主目录中的 `vault/key`，首次使用时生成", "存放保险库密钥的文件。"),
        Setting::Database => (
            "无：使用本机的保险库",
            "`tokenward serve` 的各节点共用的 PostgreSQL 数据库，形如 `postgres://USER:PASSWORD@HOST/NAME`。`--database` 接受不含密码的写法，`--database-file` 接受存放它的文件。",
        ),
        Setting::WebhookUrl => (
            "无：必须给出",
            "`tokenward serve` 把事件发往哪里：完整的 `https` 地址。事件带有签名，会重发直到接收方收到。",
        ),
        Setting::WebhookSecretFile => (
            "无：必须给出它或 `secret_variable`",
            "存放事件签名所用密钥的文件：`whsec_` 加上 24 到 64 个随机字节的 base64。更换密钥期间可放两个，每行一个。相对于 `config.toml` 所在目录。",
        ),
        Setting::WebhookSecretVariable => ("无", "存放同样内容的环境变量的名字；两个密钥以空格分隔。"),
        Setting::WebhookEvents => (
            "全部",
            "发送哪些事件，以空格分隔；文件中也可以写成列表：`login.refreshed`、`login.needs_login`、`login.refreshed_elsewhere`、`login.outcome_unknown`、`login.expires_soon`。",
        ),
        Setting::WebhookApps => ("所有应用", "只发送这些应用的登录的事件，以空格分隔；文件中也可以写成列表。"),
        Setting::WebhookAllowPrivate => (
            "`false`",
            "接收方的地址是否可以不属于公共互联网（回环、内网、链路本地），并且可用 `http`。`true` 或 `false`。",
        ),
        Setting::TenantHost => (
            "所给地址中的主机，否则为品牌的通用主机（会跳转到企业自己的域名）",
            "`wiki` 输出的地址所用的主机名，例如 `acme.feishu.cn`。",
        ),
        Setting::OnTrouble => (
            "无",
            "登录需要你处理（或即将需要）时，`watch` 所运行的程序。变量 `TOKENWARD_TROUBLE_PROFILE`、`TOKENWARD_TROUBLE_USER`、`TOKENWARD_TROUBLE_CODE` 和 `TOKENWARD_TROUBLE_TEXT` 告诉它发生了什么；它得不到令牌。",
        ),
        Setting::Lang => ("系统语言（`LC_ALL`、`LC_MESSAGES`、`LANG`），否则为英文", "界面语言：`en` 或 `zh`。"),
        Setting::Log => (
            "不记录日志",
            "写到标准错误的日志：`error`、`warn`、`info`、`debug`，或 `tokenward=debug` 这样的过滤条件（`trace` 只在开发构建中显示更多）。密钥从不写入日志。",
        ),
        Setting::ClockOffset => ("`0`", "将时钟偏移若干秒（可为负）。用于演示和测试。"),
        Setting::KillAt => (
            "从不",
            "让进程在轮换或创建页面的某一步杀掉自己。用于演示和崩溃测试；没有任何代价，因为在任何一步崩溃都没有代价。",
        ),
    }
}

const PREFACE: &str = "\
# Settings

**English** · [简体中文](zh/settings.md)

<!-- Printed from crates/tokenward/src/settings/setting_definitions.rs by `TOKENWARD_BLESS=1 cargo test --locked --workspace --lib settings_page`. Edit the table. -->

What is said nearest to the command holds: a flag before a variable, a variable before `config.toml`, the file before
the default. A variable that is set but empty counts as not set, except for secrets, where an empty value is an error.
No setting has to be in a file: `TOKENWARD_APP_ID` and `TOKENWARD_APP_SECRET` alone are a complete configuration.

| Variable | Flag | Key in `config.toml` | Default | Meaning |
|---|---|---|---|---|
";

const PREFACE_ZH: &str = "\
# 设置

[English](../settings.md) · **简体中文**

<!-- Printed from crates/tokenward/src/settings/setting_definitions.rs by `TOKENWARD_BLESS=1 cargo test --locked --workspace --lib settings_page`. Edit the table. -->

离命令最近的设置生效：参数优先于变量，变量优先于 `config.toml`，文件优先于默认值。
变量已设置但为空等于未设置；密钥例外，空值是错误。
任何设置都不必写进文件：只有 `TOKENWARD_APP_ID` 和 `TOKENWARD_APP_SECRET` 就是完整的配置。

| 变量 | 参数 | `config.toml` 中的键 | 默认值 | 含义 |
|---|---|---|---|---|
";

const AFTERWORD: &str = r#"
Flags that describe an app belong to `tokenward init`, which writes them into the file.

## Variables of the system

These are not Tokenward's own; it keeps to them as other programs do.

| Variable | Meaning |
|---|---|
| `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` | the proxy that requests go through, `http://` or `socks5h://`; small letters do as well. One that cannot be used leaves the requests that would go through it [unsent](../errors/TW0854.md) |
| `NO_PROXY` | hosts that are reached without it |
| `SSL_CERT_FILE` | a PEM file with the certificate authorities that are trusted, in place of the system's: for a company's own authority, or where the system has none |
| `SSL_CERT_DIR` | a folder with such files |

One that names a file which is missing, cannot be read or holds no certificate is told at every command that opens the vault.

## `config.toml`

In the home folder, mode 0600. It holds no secrets; an `app_secret` in it is refused. Unknown keys are named in a warning.

```toml
default_profile = "work"

[apps.work]
provider = "feishu"
app_id = "cli_a1b2c3d4e5f6"

[profiles.work]
app = "work"
scopes = "offline_access wiki:wiki docx:document"

# The same app, another person, fewer scopes.
[profiles.assistant]
app = "work"
scopes = ["offline_access", "wiki:wiki:readonly"]
```

`redirect_uri` and `scopes` may stand in `[apps.NAME]` too, for all profiles of the app.

An app of BlueKing serves many users; a user is named by `--user`, and their grant is kept as `PROFILE:USER`:

```toml
[apps.desk]
provider = "blueking"
app_id = "demo-app"
token_api = "ssm"
accounts_url = "https://bkssm.example.com"
open_url = "https://bkapi.example.com"

[profiles.desk]
app = "desk"
```

An installation's own codes of the `auth-api`, as far as its administrator knows them:

```toml
[apps.desk.bk_codes]
1308403 = "log-in"
1308401 = "check-secret"
```

| Meaning | What Tokenward makes of it |
|---|---|
| `log-in` | the refresh token or cookie is no longer good: the user logs in |
| `renew-access` | the access token is dead; it is refreshed |
| `check-secret`, `check-app` | the app's secret, or its permission, is wrong; nothing became of the login |
| `ask-administrator` | the user's account stands in the way |
| `wait`, `try-later` | too many requests; temporary failure |

A server that keeps to RFC 6749, with its rules row:

```toml
[apps.else]
provider = "oauth2"
app_id = "tokenward"
accounts_url = "https://login.example.com"
client_authentication = "none"

[apps.else.rules]
old_access = "stays"
replay = "punished"

[profiles.else]
app = "else"
```

### `[apps.NAME.rules]`

| Key | Values | Default | Meaning |
|---|---|---|---|
| `old_access` | `stays`, `dies` | `stays` | whether the access token lives on when a newer one is issued |
| `absent_refresh` | `keeps-old`, `ends` | `keeps-old` | what an answer without a refresh token means (RFC 6749 §6) |
| `replay` | `punished`, `harmless` | `punished` | whether sending a used refresh token again may end the whole login (RFC 9700 §4.14.2) |
| `replay_grace` | a span | `0s` | how long after its first use a replay is merely refused |
| `refresh_end` | `sliding`, `fixed` | `sliding` | whether a refresh moves the end of the refresh token |
| `access_life` | a span | `1h` | the life of an access token whose answer does not say |
| `refresh_life` | a span, `unknown` | `unknown` | the same for a refresh token |
| `margin` | a span | `5m` | how far ahead of its end an access token is refreshed, at most |
| `wall` | a span, `none` | `none` | the life of a consent that no refresh can lengthen |

A span is written `90s`, `10m`, `1h30m` or `30d`.
"#;

const AFTERWORD_ZH: &str = r#"
描述应用的参数属于 `tokenward init`，由它写入文件。

## 系统的变量

这些变量不是 Tokenward 自己的；它像其他程序一样遵守它们。

| 变量 | 含义 |
|---|---|
| `HTTPS_PROXY`、`HTTP_PROXY`、`ALL_PROXY` | 请求所经过的代理，`http://` 或 `socks5h://`；小写也可以。代理无法使用时，本应经过它的请求[不会发送](../../errors/TW0854.md) |
| `NO_PROXY` | 不经过代理的主机 |
| `SSL_CERT_FILE` | PEM 文件，其中是受信任的证书颁发机构，取代系统自带的：用于企业自己的机构，或系统中没有证书的情况 |
| `SSL_CERT_DIR` | 存放这类文件的目录 |

若所指的文件不存在、无法读取或不含证书，每个要打开保险库的命令都会提示。

## `config.toml`

位于主目录中，权限为 0600。
其中不含任何密钥；出现 `app_secret` 会被拒绝。
不认识的键会在警告中列出。

```toml
default_profile = "work"

[apps.work]
provider = "feishu"
app_id = "cli_a1b2c3d4e5f6"

[profiles.work]
app = "work"
scopes = "offline_access wiki:wiki docx:document"

# 同一个应用，另一位用户，权限更少。
[profiles.assistant]
app = "work"
scopes = ["offline_access", "wiki:wiki:readonly"]
```

`redirect_uri` 和 `scopes` 也可以写在 `[apps.NAME]` 中，对该应用的所有配置档生效。

蓝鲸的应用服务多个用户；用 `--user` 指明用户，其登录保存为 `PROFILE:USER`：

```toml
[apps.desk]
provider = "blueking"
app_id = "demo-app"
token_api = "ssm"
accounts_url = "https://bkssm.example.com"
open_url = "https://bkapi.example.com"

[profiles.desk]
app = "desk"
```

`auth-api` 的错误码因部署而异，可按管理员告知的含义填写：

```toml
[apps.desk.bk_codes]
1308403 = "log-in"
1308401 = "check-secret"
```

| 含义 | Tokenward 的处理 |
|---|---|
| `log-in` | 刷新令牌或 cookie 已失效：用户需要登录 |
| `renew-access` | 访问令牌已失效；会刷新 |
| `check-secret`、`check-app` | 应用的密钥或权限不对；登录没有受影响 |
| `ask-administrator` | 用户的账号有问题 |
| `wait`、`try-later` | 请求过多；暂时性故障 |

遵循 RFC 6749 的服务器，及其规则：

```toml
[apps.else]
provider = "oauth2"
app_id = "tokenward"
accounts_url = "https://login.example.com"
client_authentication = "none"

[apps.else.rules]
old_access = "stays"
replay = "punished"

[profiles.else]
app = "else"
```

### `[apps.NAME.rules]`

| 键 | 取值 | 默认值 | 含义 |
|---|---|---|---|
| `old_access` | `stays`、`dies` | `stays` | 签发新的访问令牌后，旧的是否仍有效 |
| `absent_refresh` | `keeps-old`、`ends` | `keeps-old` | 应答中没有刷新令牌意味着什么（RFC 6749 §6） |
| `replay` | `punished`、`harmless` | `punished` | 再次发送用过的刷新令牌是否可能使整个登录失效（RFC 9700 §4.14.2） |
| `replay_grace` | 时长 | `0s` | 首次使用后多久之内，重复发送只会被拒绝 |
| `refresh_end` | `sliding`、`fixed` | `sliding` | 刷新是否会推迟刷新令牌的失效时间 |
| `access_life` | 时长 | `1h` | 应答没有说明时，访问令牌的有效期 |
| `refresh_life` | 时长、`unknown` | `unknown` | 刷新令牌的有效期，同上 |
| `margin` | 时长 | `5m` | 最多提前多久刷新访问令牌 |
| `wall` | 时长、`none` | `none` | 授权的有效期，刷新无法延长 |

时长写作 `90s`、`10m`、`1h30m` 或 `30d`。
"#;
