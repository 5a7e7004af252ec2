//! What each stable code tells, and what to do about it.
//!
//! The first sentence says what happened, the second what the person can do. A provider's refusal brings a remedy of
//! its own ([`crate::remedies`]), which then takes the second one's place.

use tokenward_core::{Code, Words};

use crate::w;

/// Makes the function that tells what each of these codes means: what happened, and what to do next.
macro_rules! code_words {
    ($(Code::$code:ident => $words_of:expr,)+) => {
        /// Both sentences of a code, for those that are told here.
        pub(super) const fn words_of(code: Code) -> Option<(Words, Words)> {
            Some(match code {
                $(Code::$code => $words_of,)+
                _ => return None,
            })
        }
    };
}

mod api;
mod file_permissions;
mod findings;
mod identity;
mod oauth_servers;
mod platforms;
mod proxy;
mod serve;
mod vault;
mod wiki;

/// What happened.
pub fn happened(code: Code) -> Words {
    words_of(code).0
}

/// What to do next.
pub fn next_step(code: Code) -> Words {
    words_of(code).1
}

/// What to do next where the console of Feishu and Lark is the place for it.
pub const fn next_in_console(code: Code) -> Option<Words> {
    Some(match code {
        Code::BadSecret => w(
            "copy it again from the console (Credentials & Basic Info): letters and digits only, no spaces or quotes",
            "请从开发者后台“凭证与基础信息”页重新复制：只含字母和数字，不带空格和引号",
        ),
        Code::NoRefreshToken => w(
            "enable offline_access and the refresh switch in the console, publish a version, then run `tokenward login`",
            "请在开发者后台开通 offline_access 权限、打开刷新开关并发布版本，然后运行 `tokenward login`",
        ),
        Code::AppCredentialsWrong => w(
            "copy both again from the console and run `tokenward init`",
            "请从开发者后台重新复制 App ID 和 App Secret，并运行 `tokenward init`",
        ),
        Code::AppSettings => w(
            "compare the provider's code below with the app's settings in the console",
            "请对照下方的平台错误码检查开发者后台中的应用设置",
        ),
        _ => return None,
    })
}

/// Stories that the journal knows better than the provider: its remedy for a used token says to look for a thief, where
/// the answer to our own send was lost.
pub const fn told_by_us(code: Code) -> bool {
    matches!(
        code,
        Code::AnswerLost
            | Code::ForeignSpender
            | Code::ConsentExpired
            | Code::ConsentDenied
            | Code::LoginTimedOut
            | Code::CodeRefused
            | Code::TicketRefused
            | Code::WrongUser
            | Code::OutcomeUnknown
            | Code::OddAnswer
            | Code::LoginAnswerOdd
            | Code::CallRefused
            | Code::ScopeNotGranted
            | Code::ScopeNotEnabled
            | Code::IdentityNotTaken
            | Code::NoSuchApi
            | Code::TokenStillRefused
            | Code::Redirected
    )
}

/// Both sentences of a code.
#[expect(clippy::too_many_lines, reason = "one row a code; a table reads better whole")]
fn words_of(code: Code) -> (Words, Words) {
    match code {
        Code::Internal => (
            w("Tokenward reached a state that should never occur", "Tokenward 进入了本不该出现的状态"),
            w(
                "report this with the complete error message; the login is kept",
                "请附上以上内容反馈给我们；登录仍然保留",
            ),
        ),
        Code::RequestRejected => (
            w("the provider rejected the request as malformed", "平台认为 Tokenward 的请求格式有误"),
            w(
                "check --token-api and --token-url if you set them; otherwise report this with the complete error message",
                "请附上以上内容反馈给我们；若设置过 --token-api 或 --token-url，请先核对",
            ),
        ),
        Code::Usage => (
            w("the command line is not valid", "无法理解这条命令"),
            w("see `tokenward --help`", "参见 `tokenward --help`"),
        ),
        Code::UnknownProfile => (
            w("there is no profile of that name", "没有这个名字的配置档（profile）"),
            w(
                "see the names with `tokenward list`, or make one with `tokenward init` and `tokenward login`",
                "用 `tokenward list` 查看已有名字，或用 `tokenward init` 和 `tokenward login` 新建",
            ),
        ),
        Code::ConfigUnreadable => (
            w("the configuration cannot be read", "无法读取配置文件"),
            w(
                "fix the line named above, or move the file away and run `tokenward init` again",
                "请修正上面指出的那一行，或移走该文件后重新运行 `tokenward init`",
            ),
        ),
        Code::BadSecret => (
            w("the secret is empty or malformed", "密钥（App Secret 等）为空或格式不对"),
            w(
                "copy it again from where the app is registered, without spaces or quotes",
                "请从注册该应用的平台重新复制，不带空格和引号",
            ),
        ),
        Code::SettingMissing => (
            w("a setting is missing, or the answer to a question", "缺少设置，或缺少对提问的回答"),
            w(
                "pass it as an option or an environment variable; `tokenward init --help` lists them",
                "请用参数或环境变量提供",
            ),
        ),
        Code::BadScopes => (
            w("these scopes cannot be requested", "无法申请这些权限（scope）"),
            w(
                "request at most 50, separated by spaces; scopes granted earlier are kept, so you can split the list over several logins",
                "一次最多申请 50 个，用空格分隔；用户的授权会累加，可分几次登录完成",
            ),
        ),
        Code::PortInUse => (
            w("the callback port is in use", "回调端口已被占用"),
            w(
                "stop the program that uses it (another login that is still waiting?), use --paste or --device, or choose another port with --port and register that redirect URL for the app",
                "请结束占用它的程序（是否有另一次登录仍在等待？），或改用 --paste 或 --device，或用 --port 换一个端口，并在注册该应用的平台登记新的重定向 URL",
            ),
        ),
        Code::BadSetting => (
            w("a setting has an invalid value", "有一项设置的值无法使用"),
            w("correct the setting named above", "请改正上面指出的设置"),
        ),
        Code::BadRedirectPaste => (
            w("what was pasted is not the redirect URL of this login", "粘贴的内容不是本次登录的重定向 URL"),
            w(
                "run the login again and paste the whole address from the browser's address bar",
                "请重新登录，并粘贴浏览器地址栏中的完整地址",
            ),
        ),
        Code::CommandNotFound => (
            w("the program to run was not found", "找不到要运行的程序"),
            w("check its name and PATH", "请检查程序名和 PATH"),
        ),
        Code::FileUnusable => (
            w("the token file cannot be read or must not be written", "存放令牌的文件无法读取，或不允许写入"),
            w(
                "fix the problem shown above; nothing was sent, and the file is unchanged",
                "请修正上面指出的问题；没有发送任何请求，文件保持原样",
            ),
        ),
        Code::OutputNotWritten => (
            w("the output could not be written", "输出无法写入"),
            w(
                "see to where the output goes (a full disk?) and run the command again: tokens that were obtained are in the vault",
                "请检查输出的去处（磁盘是否已满），然后再次运行该命令：已获取的令牌保存在保险库中",
            ),
        ),
        Code::VaultUnreadable => (
            w("the vault cannot be read", "无法读取保险库（vault）"),
            w(
                "check the disk and the folder, or restore a backup with `tokenward vault restore FILE`. Nothing was overwritten",
                "请检查磁盘和目录；可用 `tokenward vault restore 文件` 恢复备份。没有覆盖任何内容",
            ),
        ),
        Code::VaultKey => (
            w("the vault's key is missing or wrong", "保险库的密钥缺失或不匹配"),
            w(
                "provide the key the vault was created with, by file or variable; `tokenward explain TW0302` shows how",
                "请按建库时的方式（文件或环境变量）提供正确的密钥；`tokenward explain TW0302` 有说明",
            ),
        ),
        Code::VaultReadOnly => (
            w("the vault cannot be written", "无法写入保险库"),
            w(
                "make what is named above writable, or name another folder with TOKENWARD_HOME, and repeat the command; `tokenward doctor` names files of another user",
                "请让上面指出的文件或目录可写，或用 TOKENWARD_HOME 指定其他目录，然后重试；`tokenward doctor` 会指出属于其他用户的文件",
            ),
        ),
        Code::VaultFull => (
            w("the vault's disk is full", "保险库所在磁盘已满"),
            w("free some space and repeat the command", "请腾出空间后重试"),
        ),
        Code::VaultNewer => (
            w("the vault was written by a newer version of Tokenward", "保险库由较新版本的 Tokenward 写入"),
            w("use that version or a newer one", "请使用该版本或更新的版本"),
        ),
        Code::VaultOpenToOthers => (
            w(
                "the vault's folder or files are open to other users, and that could not be fixed",
                "保险库的目录或文件对其他用户开放，且无法修复",
            ),
            w(
                "as its owner, run `chmod -R go= FOLDER` on the folder named above",
                "请以属主身份运行 `chmod -R go= 目录`（目录即上面指出的目录）",
            ),
        ),
        Code::VaultBusy => (w("the vault is busy", "保险库正忙"), w("try again in a moment", "请稍后重试")),
        Code::NotLoggedIn => (
            w("this profile is not logged in", "这个配置档还没有人登录"),
            w("run `tokenward login`", "请运行 `tokenward login`"),
        ),
        Code::RefreshTokenRefused => (
            w("the provider rejected the refresh token", "平台拒绝了刷新令牌"),
            w(
                "log in again with `tokenward login`; the login's history is kept",
                "请用 `tokenward login` 重新登录；记录仍然保留",
            ),
        ),
        Code::RefreshTokenExpired => (
            w("the refresh token has expired", "刷新令牌已过期"),
            w(
                "log in again with `tokenward login`; a login that is used every few days does not expire this way",
                "请用 `tokenward login` 重新登录；每隔几天使用一次就不会这样过期",
            ),
        ),
        Code::ConsentExpired => (
            w(
                "the consent has expired: it lasts one year, and a refresh cannot extend it",
                "授权已满一年，刷新无法再延长",
            ),
            w("log in again with `tokenward login`", "请用 `tokenward login` 重新登录"),
        ),
        Code::ForeignSpender => (
            w(
                "the provider says that the refresh token was revoked or used, but Tokenward has not used it",
                "平台称刷新令牌已被撤销或使用，而 Tokenward 并未使用过它",
            ),
            w(
                "log in again with `tokenward login`. If the login was just imported from a file, the program that the file belongs to has most likely used the token; otherwise the consent was withdrawn, or another program or a copied file uses this login: `tokenward doctor --online` narrows it down",
                "请用 `tokenward login` 重新登录。若登录刚从文件导入，多半是该文件所属的程序已用掉这个令牌；否则多半是授权已被撤销，或有其他程序、被复制的文件在使用此登录：`tokenward doctor --online` 可以判断",
            ),
        ),
        Code::NoRefreshToken => (
            w(
                "there is no refresh token, and the access token expires too soon",
                "没有刷新令牌，而访问令牌的剩余有效期不够",
            ),
            w(
                "run `tokenward login` again; refresh tokens must be enabled where the app is registered",
                "请先在注册该应用的平台允许签发刷新令牌，再运行 `tokenward login`",
            ),
        ),
        Code::ConsentDenied => (
            w("access was denied on the consent page", "用户在授权页上选择了拒绝"),
            w("run `tokenward login` again and consent", "请重新运行 `tokenward login` 并同意授权"),
        ),
        Code::LoginTimedOut => (
            w("the login was not completed in time", "在规定时间内没有收到登录回调"),
            w(
                "run `tokenward login` again; if the page showed an error, fix it first: the redirect URL and the requested scopes must be allowed where the app is registered",
                "请重新运行 `tokenward login`；若页面显示了错误，请先处理：须先在注册该应用的平台登记重定向 URL、开通所申请的权限",
            ),
        ),
        Code::AnswerLost => (
            w(
                "the provider's response to an earlier refresh was lost, and the refresh token cannot be used again",
                "此前一次刷新的应答丢失，刷新令牌已无法再用",
            ),
            w(
                "log in again with `tokenward login`; `tokenward doctor` shows what happened",
                "请用 `tokenward login` 重新登录；`tokenward doctor` 会说明经过",
            ),
        ),
        Code::CodeRefused => (
            w("the provider rejected the authorization code", "平台拒绝了授权码"),
            w(
                "run `tokenward login` again: a code is valid once, for five minutes",
                "请重新运行 `tokenward login`：授权码只能用一次，五分钟内有效",
            ),
        ),
        Code::ProviderUnavailable => (
            w("the provider is temporarily unavailable", "平台暂时不可用"),
            w("try again later; nothing is lost", "请稍后重试；没有丢失任何内容"),
        ),
        Code::Unreachable => (
            w("the provider cannot be reached", "连接不上平台"),
            w("check network, proxy and the base URLs, then try again", "请检查网络、代理和地址设置后重试"),
        ),
        Code::NoUsableProxy => (
            w(
                "the environment names a proxy that cannot be used, so nothing was sent",
                "环境变量指定的代理无法使用，因此没有发送任何内容",
            ),
            w(
                "write it as http://HOST:PORT, https://…, socks5://… or socks5h://…, or unset the variable; put hosts that need no proxy into NO_PROXY",
                "请写成 http://主机:端口、https://…、socks5://… 或 socks5h://…，或去掉该变量；不需要代理的主机请写入 NO_PROXY",
            ),
        ),
        Code::RateLimited => (
            w("the provider's rate limit was reached", "触发了平台的限流"),
            w("wait and try again; nothing is lost", "请等待后重试；没有丢失任何内容"),
        ),
        Code::StillTurning => (
            w("another process is refreshing this login and has not finished", "另一个进程正在刷新此登录，尚未完成"),
            w("try again in a moment", "请稍后重试"),
        ),
        Code::FileNotWritten => (
            w("the file with the tokens could not be written", "存放令牌的文件写入失败"),
            w(
                "fix the problem shown above, then run the same command again; the file is unchanged",
                "请处理上面指出的问题，然后再次运行同一命令；文件保持原样",
            ),
        ),
        Code::LinkNotFound => (
            w("no file with that name is linked", "这个文件还没有关联"),
            w(
                "`tokenward links` shows the paths under which files were linked",
                "`tokenward links` 会显示各文件关联时使用的路径",
            ),
        ),
        Code::PlaceUnclear => (
            w("it is not clear where the tokens are in the file", "无法确定令牌在文件中的位置"),
            w("name the places of the tokens with --access and --refresh", "请用 --access 和 --refresh 指明令牌的位置"),
        ),
        Code::PlaceTaken => (
            w("another link already uses that place in the file", "该位置已由另一项关联维护"),
            w(
                "name another place, or remove the other link first: `tokenward unlink FILE`",
                "请换一个位置，或先解除另一项关联：`tokenward unlink 文件`",
            ),
        ),
        Code::AnotherProfile => (
            w("the login in the file is another profile's", "文件中的登录属于另一个配置档"),
            w(
                "use the profile that the line above names: one login may have many linked files",
                "请使用上面给出的配置档：一条登录记录可以关联多个文件",
            ),
        ),
        Code::NothingToAdopt => (
            w("there is no login to import, or no import to undo", "没有可以导入的登录，也没有可以撤销的导入"),
            w(
                "check which file holds the refresh token; to undo an import, see what is there: `tokenward list`",
                "请确认哪个文件存有刷新令牌；如要撤销导入，请先查看现有的登录：`tokenward list`",
            ),
        ),
        Code::AnotherApp => (
            w(
                "the file or store belongs to a different app than the profile",
                "文件或存储属于另一个应用，与配置档不符",
            ),
            w(
                "run the same command with -p and a new name, so that the app gets a profile of its own",
                "请用 -p 加新名称再次运行同一命令，为该应用单独建一个配置档",
            ),
        ),
        Code::AnotherUser => (
            w("the login belongs to a different user than the profile", "该登录属于另一位用户，与配置档的用户不符"),
            w(
                "run the same command with -p and a new name, or with --replace-user to switch the profile to that user",
                "请用 -p 加新名称再次运行同一命令；若确实要更换配置档的用户，请加 --replace-user",
            ),
        ),
        Code::UserNotTold => (
            w(
                "the provider cannot be asked right now which user this login belongs to, so its token is not handed out",
                "暂时无法向平台确认这条登录记录属于谁，因此不提供其令牌",
            ),
            w("try again in a moment; nothing is lost", "请稍后重试；没有丢失任何内容"),
        ),
        Code::StoreUnreadable => (
            w("the other tool's store cannot be read", "无法读取另一个工具的存储"),
            w(
                "check the path and the tool's version; `tokenward login` needs no store at all",
                "请检查路径和该工具的版本；`tokenward login` 则完全不需要它",
            ),
        ),
        Code::StoreKey => (
            w("the other tool's store is encrypted, and its key is needed", "另一个工具的存储已加密，需要它的密钥"),
            w(
                "put what the command above prints into a file and name it with --key-file (/dev/stdin for a pipe)",
                "请把上面命令的输出存入文件并用 --key-file 指定（管道可用 /dev/stdin）",
            ),
        ),
        Code::StorePassword => (
            w("the account is encrypted with a password that only you know", "该账户由只有你知道的密码加密"),
            w(
                "pipe it in: `oidc-add --print NAME | tokenward adopt -`",
                "请通过管道传入：`oidc-add --print 名称 | tokenward adopt -`",
            ),
        ),
        Code::StoreEmpty => (
            w("the source contains no login", "其中没有登录"),
            w(
                "check whether the tool is logged in, or log in here: `tokenward login`",
                "请确认该工具已登录，或在此登录：`tokenward login`",
            ),
        ),
        Code::StoreSeveral => (
            w("the source contains several logins", "其中有多条登录记录"),
            w(
                "pick one with --account and part of the text above",
                "请用 --account 选定一个，其值取上面所列文字的一部分",
            ),
        ),
        Code::StoreKeyGone => (
            w(
                "the key of the other tool's store is gone, so nobody can open it",
                "另一个工具的存储的密钥已丢失，无法打开",
            ),
            w("log in here instead: `tokenward login`", "请改为在此登录：`tokenward login`"),
        ),
        Code::OutcomeUnknown => (
            w("the outcome of the last refresh is unknown", "刷新的结果未知"),
            w(
                "run the command again later: Tokenward asks the provider once more as soon as that is safe; `tokenward status` shows the details",
                "请稍后再次运行：等到可以安全重试时，Tokenward 会再询问平台一次；没有删除任何内容",
            ),
        ),
        Code::OddAnswer => (
            w(
                "the provider's response contains no tokens or cannot be read; it was saved",
                "平台的应答中没有令牌，或无法解读；应答已保存",
            ),
            w(
                "run the command again later; if this persists, check the base URLs and report it",
                "请稍后再运行；若一直如此，请核对地址设置并反馈给我们",
            ),
        ),
        Code::AppCredentialsWrong => (
            w("the app's id or secret is wrong", "应用的 App ID 或 App Secret 不正确"),
            w(
                "copy both again from where the app is registered and run `tokenward init`",
                "请从注册该应用的平台重新复制两者，并运行 `tokenward init`",
            ),
        ),
        Code::BrandMismatch => (
            w("the app belongs to the other platform (Feishu or Lark)", "该应用属于另一个平台（飞书或 Lark）"),
            w("run `tokenward init` with the other --provider", "请换另一个 --provider 重新运行 `tokenward init`"),
        ),
        Code::RefreshSwitchedOff => (
            w("refreshing is switched off for this app", "该应用未开启令牌刷新"),
            w(
                "console: Security Settings → turn on \"Refresh user_access_token\", then publish a version and try again",
                "开发者后台：安全设置 → 打开“刷新 user_access_token”开关，发布版本后重试",
            ),
        ),
        Code::AppSettings => (
            w("the app's settings do not allow this", "应用的设置不允许这样做"),
            w(
                "compare the provider's response with the app's settings where it is registered",
                "请对照平台返回的内容，检查注册该应用的平台上的应用设置",
            ),
        ),
        Code::UserState => (
            w(
                "the user's account or the app's availability does not allow this",
                "用户账号状态或应用可用范围不允许这样做",
            ),
            w("ask the company's administrator", "请联系企业管理员"),
        ),
        Code::NoSuchEndpoint => (
            w("there is no provider endpoint at the configured address", "配置的地址上没有平台的接口"),
            w(
                "check --open-url, --accounts-url and --token-url",
                "请核对 `tokenward init` 的 --open-url、--accounts-url 和 --token-url",
            ),
        ),
        _ => [
            findings::words_of,
            wiki::words_of,
            api::words_of,
            proxy::words_of,
            platforms::words_of,
            serve::words_of,
            oauth_servers::words_of,
            vault::words_of,
            identity::words_of,
            file_permissions::words_of,
        ]
        .iter()
        .find_map(|words_of| words_of(code))
        .unwrap_or_else(|| {
            (
                w(UNTOLD, "这个错误码还没有说明"),
                w("run `tokenward explain` with the code", "请用 `tokenward explain` 查看该错误码"),
            )
        }),
    }
}

/// Stands for a code that nobody has written a sentence for; a test sees that none is left.
const UNTOLD: &str = "this code has no sentence yet";

/// Every row.
pub fn all() -> Vec<Words> {
    Code::ALL.iter().flat_map(|&code| [words_of(code).0, words_of(code).1]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_told() {
        for &code in Code::ALL {
            assert_ne!(words_of(code).0.en, UNTOLD, "{code}");
        }
    }
}
