//! The help in Chinese. The English is beside the arguments ([`crate::args`]); a test sees that no command and no
//! argument is without words here.

use std::borrow::Cow;

use clap::builder::StyledStr;
use clap::{Arg, ArgAction, Command, CommandFactory};

use super::Lang;
pub(crate) use super::help_layout::Depth;
use super::help_layout::laid_out;
use crate::args::{Cli, OF_BLUEKING, OF_FEISHU, OF_OAUTH2, Purpose, with_names_of_files};

/// The tree as it is shown: with examples and in groups, for a terminal of this width.
pub(crate) fn shown(lang: Lang, depth: Depth, width: Option<u16>) -> Command {
    laid_out(command(lang), lang, depth, width.map_or(READABLE, |width| usize::from(width).min(READABLE)))
}

/// The tree of commands with its help in this language.
pub(crate) fn command(lang: Lang) -> Command {
    let command = with_names_of_files(Cli::command()).after_help(match lang {
        Lang::En => EXIT_CODES_EN,
        Lang::Zh => EXIT_CODES_ZH,
    });
    // Its options stand under several headings, each of which would have columns of its own.
    let command = command.mut_subcommand("init", |init| init.next_line_help(true));
    let command = command.mut_subcommand("wiki", |wiki| {
        let scopes = wiki_scopes(lang);
        wiki.after_help(&scopes)
            .mut_subcommand("create", |create| create.after_help(&scopes))
            .mut_subcommand("update", |update| update.after_help(&scopes))
    });
    match lang {
        Lang::En => command,
        Lang::Zh => chinese(command, "").disable_version_flag(true).arg(
            Arg::new("version")
                .short('V')
                .long("version")
                .action(ArgAction::Version)
                .help("显示版本")
                .help_heading(EVERYWHERE)
                .display_order(LAST),
        ),
    }
}

/// The scopes of `wiki`, and those of `--import` besides (reference/feishu.md §12.4).
fn wiki_scopes(lang: Lang) -> String {
    let (scopes, import) = (Purpose::Wiki.scopes(), "docs:document:import wiki:node:move");
    match lang {
        Lang::En => {
            format!("Scopes: {scopes}; for --import also {import}. `tokenward login --scope '…'` adds what is missing")
        }
        Lang::Zh => {
            format!("所需权限：{scopes}；--import 另需 {import}。缺少的权限可用 `tokenward login --scope '…'` 增加")
        }
    }
}

/// A page of help with what the parser has in English alone: a word, and the colon behind a heading.
pub(crate) fn in_words(page: &str, lang: Lang) -> Cow<'_, str> {
    match lang {
        Lang::En => Cow::Borrowed(page),
        Lang::Zh => {
            let page = page.replace("[OPTIONS]", "[选项]");
            let heading =
                |line: &str| !line.starts_with(' ') && line.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            let lines = page.split('\n').map(|line| match line.strip_suffix(':').filter(|line| heading(line)) {
                Some(heading) => Cow::Owned(format!("{heading}：")),
                None => Cow::Borrowed(line),
            });
            Cow::Owned(lines.collect::<Vec<_>>().join("\n"))
        }
    }
}

fn chinese(mut command: Command, path: &str) -> Command {
    let about = words(path, "");
    let names: Vec<_> = command.get_arguments().map(|arg| arg.get_id().to_string()).collect();
    for name in names {
        let help = words(path, &name).or_else(|| words("", &name));
        if let Some(help) = help {
            command = command.mut_arg(name.as_str(), |arg| {
                let heading = match (arg.is_global_set(), arg.is_positional()) {
                    (true, _) => EVERYWHERE,
                    (false, true) => "参数",
                    (false, false) => match arg.get_help_heading() {
                        Some(OF_FEISHU) => "飞书和 Lark",
                        Some(OF_BLUEKING) => "蓝鲸",
                        Some(OF_OAUTH2) => "OAuth 2.0 服务器",
                        _ => "选项",
                    },
                };
                let (arg, note) = noted(arg);
                let default = arg.get_default_values().first().map(|value| value.to_string_lossy().into_owned());
                let takes_value = arg.get_action().takes_values();
                match default.filter(|_| takes_value) {
                    Some(value) => arg.hide_default_value(true).help(format!("{help}{note}；默认 {value}")),
                    None => arg.help(format!("{help}{note}")),
                }
                .help_heading(heading)
            });
        }
    }
    let subcommands: Vec<_> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in subcommands {
        let path = if path.is_empty() { name.clone() } else { format!("{path} {name}") };
        command = command.mut_subcommand(name, |sub| chinese(sub, &path));
    }
    if let Some(about) = about {
        command = command.about(StyledStr::from(about));
    }
    command
        .subcommand_help_heading("命令")
        .subcommand_value_name("命令")
        .disable_help_flag(true)
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .action(ArgAction::Help)
                .help("显示帮助")
                .help_heading(EVERYWHERE)
                .display_order(LAST),
        )
        .help_template(TEMPLATE)
}

/// What clap would add to an argument's line in English, its other names and its values, is taken out of it and said in
/// Chinese.
fn noted(mut arg: Arg) -> (Arg, String) {
    let mut note = String::new();
    if let Some(shown) = arg.get_visible_aliases().filter(|shown| !shown.is_empty()) {
        let other = shown.iter().map(|name| format!("--{name}")).collect::<Vec<_>>().join("、");
        note = format!("；也可写作 {other}");
        let all: Vec<_> = arg.get_all_aliases().into_iter().flatten().map(str::to_owned).collect();
        arg = arg.visible_alias(None).aliases(all);
    }
    let values = arg.get_possible_values();
    if !values.is_empty() && arg.get_action().takes_values() && !arg.is_hide_possible_values_set() {
        let values = values.iter().filter(|value| !value.is_hide_set());
        let values = values.map(|value| value.get_name().to_owned()).collect::<Vec<_>>().join("、");
        note = format!("{note}；可选 {values}");
        arg = arg.hide_possible_values(true);
    }
    (arg, note)
}

/// The words for an argument of a command, or for the command itself when the argument is empty.
fn words(command: &str, argument: &str) -> Option<&'static str> {
    WORDS
        .iter()
        .chain(super::profile::HELP)
        .chain(super::config::HELP)
        .find(|(path, name, _)| *path == command && *name == argument)
        .map(|(_, _, words)| *words)
}

/// The longest line of help, in columns; also where there is no terminal.
const READABLE: usize = 100;

const EVERYWHERE: &str = "全局选项";

/// After every argument that has a place by its declaration.
const LAST: usize = 1000;

const TEMPLATE: &str = "{about-with-newline}\n用法：{usage}\n\n{all-args}{after-help}";

const EXIT_CODES_EN: &str = "\
Exit codes: 0 done · 1 a bug in Tokenward · 2 wrong usage or configuration · 3 you have to log in · 4 temporary \
failure, try later · 5 outcome unknown, the login is kept · 6 rejected because of the app's settings";

const EXIT_CODES_ZH: &str = "\
退出码：0 完成 · 1 程序内部错误 · 2 用法或配置错误 · 3 需要登录 · 4 暂时性故障，稍后重试 · 5 结果未知，没有损失 · \
6 因应用设置被平台拒绝";

/// Command, argument (empty: the command itself), words. Arguments that every command takes stand under no command.
const WORDS: &[(&str, &str, &str)] = &[
    ("", "", "让 OAuth 登录一直有效：登录一次，令牌加密保存、自动刷新，随时交给你的程序使用"),
    ("", "profile", "要使用的配置档（TOKENWARD_PROFILE）"),
    ("", "user", "以哪个用户的身份运行：用于服务多个用户的蓝鲸应用"),
    ("", "home", "存放配置和保险库的目录（TOKENWARD_HOME）"),
    ("", "json", "在 stdout 输出 JSON 数据，在 stderr 输出 JSON 错误"),
    ("", "lang", "界面语言（TOKENWARD_LANG；默认按系统区域设置）"),
    ("", "utc", "用 UTC 显示时间，而不是本地时区"),
    ("", "verbose", "显示更多信息；-vv 还会显示内部动作，-vvv 包括所用库的"),
    ("", "quiet", "只输出数据和错误"),
    ("", "color", "何时使用颜色"),
    ("init", "", "设置应用：App ID、密钥和地址"),
    ("init", "app", "应用在配置中的名称（默认 default）"),
    (
        "init",
        "provider",
        "应用所在的平台：feishu、lark、blueking 或 oauth2（TOKENWARD_PROVIDER）；gitea 和 gitlab 是预先填好地址的 oauth2",
    ),
    ("init", "app_id", "App ID（cli_…）、应用编码（app code）或 client_id（TOKENWARD_APP_ID）"),
    ("init", "app_secret_stdin", "从 stdin 读取 App Secret（也可用环境变量 TOKENWARD_APP_SECRET）"),
    ("init", "app_secret_file", "从文件读取 App Secret 并加密保存"),
    ("init", "secret_file", "App Secret 留在此文件中，每次从中读取"),
    ("init", "app_kind", "飞书和 Lark：self-built（企业自建应用）或 store（商店应用）"),
    ("init", "tenant_key", "飞书和 Lark：商店应用所在企业的 tenant_key"),
    ("init", "fallback", "飞书和 Lark：v3 与 v2 之一不存在时是否改用另一个（true 或 false）"),
    ("init", "open_url", "API 地址：开放平台、蓝鲸网关或资源服务器（TOKENWARD_OPEN_URL）"),
    ("init", "accounts_url", "登录和令牌服务的地址：账号服务、蓝鲸令牌服务或 issuer（TOKENWARD_ACCOUNTS_URL）"),
    (
        "init",
        "token_api",
        "新登录使用的接口版本：v3、v2、oidc-v1 或 legacy-v1；蓝鲸为 ssm、auth-api 或 bkauth（TOKENWARD_TOKEN_API）",
    ),
    ("init", "token_url", "替代默认令牌接口的完整地址，用于飞书或 Lark 前面的网关"),
    ("init", "realm", "蓝鲸 bkauth：realm（TOKENWARD_REALM）"),
    ("init", "allow_http", "蓝鲸：允许该应用使用明文 http；途中的其他人可以读到内容（TOKENWARD_ALLOW_HTTP）"),
    ("init", "bk_env", "蓝鲸 auth-api：环境，prod 或 test（TOKENWARD_BK_ENV）"),
    (
        "init",
        "cookies",
        "蓝鲸：证明用户身份的登录 Cookie，写成 FIELD 或 FIELD=COOKIE；只写名称，不写值（TOKENWARD_COOKIES）",
    ),
    (
        "init",
        "client_authentication",
        "oauth2：客户端认证方式 basic、body，公共客户端用 none（TOKENWARD_CLIENT_AUTHENTICATION）",
    ),
    ("init", "authorization_endpoint", "oauth2：授权端点，服务器未公布时填写"),
    ("init", "token_endpoint", "oauth2：令牌端点，服务器未公布时填写"),
    ("init", "device_authorization_endpoint", "oauth2：设备登录端点，服务器未公布时填写"),
    ("init", "revocation_endpoint", "oauth2：撤销端点，服务器未公布时填写"),
    ("init", "introspection_endpoint", "oauth2：令牌查询端点，服务器未公布时填写"),
    ("init", "userinfo_endpoint", "oauth2：用户信息端点，服务器未公布时填写"),
    ("init", "rule", "oauth2：服务器如何对待旧令牌，如 old_access=dies；可重复（TOKENWARD_RULES）"),
    ("init", "redirect_uri", "为应用登记的重定向 URL"),
    ("init", "port", "登录回调使用的本机端口"),
    ("init", "scope", "每次登录都申请的权限；可重复"),
    ("init", "no_check", "不向平台验证 ID 和密钥，也不读取端点信息"),
    ("init", "yes", "不再确认，即使已有登录使用被替换的应用"),
    ("login", "", "登录，并保存令牌"),
    ("login", "app", "新配置档所属的应用；已有的配置档不变"),
    ("login", "scope", "在应用设置之外还要申请的权限；可重复，用空格或逗号分隔"),
    ("login", "purpose", "按用途申请权限（飞书和 Lark）；可重复"),
    ("login", "paste", "在别处的浏览器中授权后，粘贴地址栏里的最终地址，不在本机等待回调"),
    ("login", "device", "显示验证码，在另一台设备上输入"),
    ("login", "no_browser", "只在 stdout 输出授权地址并等待，不打开浏览器"),
    ("login", "qr", "同时用二维码显示地址"),
    ("login", "port", "回调使用的本机端口；相应的重定向 URL 须已登记"),
    ("login", "timeout", "等待登录完成的最长时间"),
    ("login", "force_consent", "即使平台会跳过授权页，也显示授权页"),
    ("login", "cookie_stdin", "蓝鲸：从 stdin 读取用户的登录 Cookie（值，或整行 Cookie 请求头）"),
    ("login", "cookie_file", "蓝鲸：从文件读取用户的登录 Cookie"),
    ("login", "env_file", "从此文件读取应用（FEISHU_APP_ID、FEISHU_APP_SECRET），写入令牌并保持同步"),
    ("login", "format", "文件格式：ini、env、properties、fish、json、toml 或 yaml；默认按文件名或内容判断"),
    (
        "login",
        "access",
        "访问令牌的位置：变量名（.env、fish）、键（.properties）、节.键（ini）、a.b.c（JSON、TOML、YAML）",
    ),
    ("login", "refresh", "刷新令牌的位置，写法相同"),
    ("login", "app_id_at", "App ID 的位置，写法相同"),
    ("login", "app_secret_at", "App Secret 的位置，写法相同"),
    ("login", "shared_folder", "即使他人可以写入文件所在的目录，并可能因此得到你的令牌，仍然写入"),
    ("login", "open_to_others", "即使他人可以读取该文件，仍然写入"),
    ("login", "provider", "文件中的应用尚未设置时，它所在的平台：feishu 或 lark"),
    ("token", "", "输出有效的访问令牌"),
    ("token", "identity", "令牌的身份：user（用户）、app（应用）或 tenant（租户）"),
    ("token", "min_ttl", "令牌至少还要有效多久，例如 90s、10m、1h"),
    ("token", "format", "输出格式：env 用于 shell，dotenv 用于 .env 文件（docker --env-file、python-dotenv）"),
    ("token", "env_file", "使用此关联文件的登录；含有令牌但尚未关联的文件会先建立关联"),
    ("refresh", "", "立即刷新访问令牌，即使它仍然有效"),
    (
        "refresh",
        "config_file",
        "改为刷新脚本 ini 文件中的登录：把两个新令牌写回文件，并输出访问令牌；使用 -a 或 -r 时，或尚无任何设置时，默认为 feishu-config.ini",
    ),
    ("refresh", "app_token", "该登录的 app_access_token：@文件、-（从 stdin 读取一行）或令牌本身；默认取自 ini 文件"),
    ("refresh", "refresh_token", "该登录的刷新令牌，写法同上"),
    ("refresh", "provider", "该登录的应用所在的平台：feishu 或 lark（TOKENWARD_PROVIDER）"),
    ("refresh", "open_url", "该登录使用的开放平台地址（TOKENWARD_OPEN_URL）"),
    ("status", "", "显示登录状态；不会刷新令牌"),
    ("list", "", "列出所有登录；不会刷新令牌"),
    ("doctor", "", "检查哪里有问题、该怎么办；不会刷新令牌"),
    ("doctor", "of", "要检查的配置档；默认检查当前配置档；其他配置档只在有问题时各显示一行"),
    ("doctor", "all", "完整检查每个配置档"),
    ("doctor", "online", "同时询问平台（不会刷新令牌）：是否接受该应用和访问令牌，以及平台的时间"),
    ("explain", "", "解释错误码（包括平台的错误码）的含义和处理办法"),
    ("explain", "code", "错误码或错误名：TW0401、20064（平台的）、invalid_grant"),
    ("exec", "", "运行程序，令牌通过环境变量提供"),
    ("exec", "env", "存放令牌的环境变量；可重复；默认为 TOKENWARD_ACCESS_TOKEN"),
    ("exec", "only_env", "只设置这些变量，不设置 @larksuite/cli 读取的变量"),
    ("exec", "min_ttl", "令牌至少还要有效多久，例如 90s、10m、1h"),
    ("exec", "command", "程序及其参数，写在 `--` 之后"),
    ("exec", "env_file", "使用此关联文件的登录；含有令牌但尚未关联的文件会先建立关联"),
    ("link", "", "让存有令牌的文件与登录保持同步"),
    ("link", "file", "文件：.env、.properties、fish、ini、JSON（包括 MCP 配置）、TOML 或 YAML"),
    ("link", "format", "文件格式：ini、env、properties、fish、json、toml 或 yaml；默认按文件名或内容判断"),
    (
        "link",
        "access",
        "访问令牌的位置：变量名（.env、fish）、键（.properties）、节.键（ini）、a.b.c（JSON、TOML、YAML）",
    ),
    ("link", "refresh", "刷新令牌的位置，写法相同"),
    ("link", "app_id_at", "App ID 的位置，写法相同"),
    ("link", "app_secret_at", "App Secret 的位置，写法相同"),
    ("link", "server", "MCP 服务的名称，用于文件中有多个的情况"),
    ("link", "shared_folder", "即使他人可以写入文件所在的目录，并可能因此得到你的令牌，仍然写入"),
    ("link", "open_to_others", "即使他人可以读取该文件，仍然写入"),
    ("link", "replace_user", "若文件中是另一位用户的登录，允许配置档改用该登录"),
    ("link", "create", "文件不存在时新建（权限 0600），并把占位文字替换为令牌"),
    ("link", "provider", "文件中的应用尚未设置时，它所在的平台：feishu 或 lark"),
    ("unlink", "", "停止同步；文件保持原样"),
    ("unlink", "file", "文件"),
    ("unlink", "server", "要解除哪个 MCP 服务的关联，用于文件有多项关联的情况"),
    ("unlink", "access", "要解除哪个访问令牌位置的关联（写法同 links 的输出），用于文件有多项关联的情况"),
    ("unlink", "refresh", "要解除哪个刷新令牌位置的关联"),
    ("unlink", "all", "解除该文件的所有关联，无论属于哪个配置档"),
    ("links", "", "显示关联文件的状态；不作任何更改"),
    ("links", "file", "只显示此文件的关联"),
    ("adopt", "", "从文件或其他工具导入登录；不指定来源时列出本机找到的登录"),
    ("adopt", "source", "存有令牌的文件、其他工具的存储，或用 - 从 stdin 读取令牌 JSON；省略时列出本机找到的登录"),
    ("adopt", "from", "来源属于哪个工具：auto、lark-mcp、lark-cli、oidc-agent 或 token-json；省略来源时使用本机的存储"),
    ("adopt", "account", "存储中有多条登录记录时选择一个：App ID、用户或位置的一部分"),
    ("adopt", "key_file", "存有该存储密钥的文件"),
    ("adopt", "login", "保险库中不属于任何配置档的登录（`list` 所示的 id）；之后由 -p 指定的配置档使用"),
    ("login", "replace_user", "允许配置档改用另一位用户的登录"),
    ("login", "write_over", "覆盖文件中他人的登录（原登录会保留）；--replace-user 也有同样作用"),
    ("link", "write_over", "用配置档的登录覆盖文件中他人的登录（原登录会保留）"),
    ("adopt", "replace_user", "允许配置档改用另一位用户的登录"),
    ("adopt", "no_link", "只导入一次，不与文件保持同步"),
    (
        "adopt",
        "bkoauth",
        "导入使用 bkoauth 的 Django 程序的表：SQLite 文件、写在 @文件 中的数据库地址，或用 - 从 stdin 读取一行",
    ),
    ("adopt", "offline", "不向令牌服务询问各个令牌属于哪个用户"),
    ("adopt", "utc_offset", "表中不带时区的时间使用的时区，例如 +08:00；Django 开启 USE_TZ 时为 UTC"),
    ("adopt", "dry_run", "只显示表中每一行会怎样处理，不做任何更改"),
    ("adopt", "undo", "撤销上次导入，恢复被它替换的登录"),
    ("adopt", "format", "文件格式：ini、env、properties、fish、json、toml 或 yaml；默认按文件名或内容判断"),
    (
        "adopt",
        "access",
        "访问令牌的位置：变量名（.env、fish）、键（.properties）、节.键（ini）、a.b.c（JSON、TOML、YAML）",
    ),
    ("adopt", "refresh", "刷新令牌的位置，写法相同"),
    ("adopt", "app_id_at", "App ID 的位置，写法相同"),
    ("adopt", "app_secret_at", "App Secret 的位置，写法相同"),
    ("adopt", "server", "MCP 服务的名称，用于文件中有多个的情况"),
    ("adopt", "provider", "来源中的应用尚未设置时，它所在的平台：feishu 或 lark"),
    ("adopt", "yes", "不再确认"),
    ("watch", "", "在前台保持文件同步并及时刷新令牌，直到按 Ctrl-C"),
    ("watch", "profiles", "要跟踪的配置档（默认为所有有关联文件的配置档）"),
    (
        "watch",
        "on_trouble",
        "登录需要你处理（或即将需要）时运行的程序；环境变量 TOKENWARD_TROUBLE_PROFILE、_USER、_CODE 和 _TEXT 说明情况（TOKENWARD_ON_TROUBLE）",
    ),
    ("watch", "notify", "同时显示桌面通知"),
    ("service", "", "把 `watch` 作为当前用户会话的服务运行"),
    ("service install", "", "把 `watch` 安装为当前用户会话的服务：立即启动，今后每次登录本机时也会启动"),
    ("service install", "profiles", "要跟踪的配置档（默认为所有有关联文件的配置档）"),
    ("service install", "on_trouble", "登录需要你处理时由 `watch` 运行的程序，同 `watch --on-trouble`"),
    ("service install", "no_notify", "不显示桌面通知"),
    ("service status", "", "显示服务是否已安装、是否在运行"),
    ("service remove", "", "停止服务并删除服务文件"),
    ("api", "", "用有效的令牌调用平台的接口"),
    ("api", "method", "GET、POST、PUT、PATCH、DELETE 或 HEAD；默认为 GET，有请求体时为 POST"),
    ("api", "target", "路径，例如 /open-apis/authen/v1/user_info，或该应用主机上的完整 URL"),
    ("api", "query", "查询参数；可重复"),
    ("api", "data", "请求体：JSON、@文件，或 - 表示 stdin"),
    ("api", "form", "multipart 表单字段；值写 @文件 则上传文件；可重复"),
    ("api", "header", "请求头；可重复"),
    ("api", "identity", "令牌的身份：user（用户）、app（应用）或 tenant（租户）"),
    ("api", "page_all", "读取列表的所有分页，合并为一个 JSON 文档输出"),
    ("api", "ndjson", "逐行输出列表的每一项，边读边输出"),
    ("api", "max_pages", "超过这么多页则报错停止"),
    ("api", "jq", "用 jq 表达式处理响应；字符串不带引号"),
    ("api", "include", "在 stderr 显示状态码和响应头；调用被拒绝时还显示响应正文"),
    ("api", "output", "把响应正文写入此文件；文件要么完整，要么不会创建"),
    ("api", "repeatable", "响应丢失时像 GET 一样重试：该调用不改变数据，或带有 client_token"),
    ("api", "timeout", "等待响应开始以及后续内容的最长时间"),
    ("api", "patience", "被限流时总共最多等待多久"),
    ("wiki", "", "把 Markdown 文件发布为知识库页面，并更新页面"),
    ("wiki list", "", "列出从本机发布的页面：文件、标题、地址、上次写入时间"),
    ("wiki create", "", "把 Markdown 文件或整个目录发布为知识库页面，并输出页面地址；中断后再次运行即可继续"),
    (
        "wiki create",
        "file",
        "Markdown 文件，其 front matter 可设置 title、space、parent 和 personal；或目录：每个文件成为一个页面，位于其目录的页面之下",
    ),
    ("wiki create", "open", "在浏览器中打开页面；地址照常输出"),
    ("wiki create", "title", "页面标题；默认取自 front matter、第一个一级标题或文件名"),
    ("wiki create", "import", "由平台导入文件：请求更少，但不含本机图片"),
    ("wiki create", "dry_run", "检查文件（包括平台的各项上限）并显示将创建什么；不发送任何请求"),
    ("wiki create", "again", "即使该文件在此处已有页面，也另建一个"),
    ("wiki create", "force", "即使页面已被他人修改，也继续完成"),
    ("wiki create", "personal", "我的文档库"),
    ("wiki create", "space", "知识库：ID、地址，或其中任一页面的地址"),
    ("wiki create", "parent", "父页面：token 或地址；地址同时指明知识库"),
    ("wiki create", "host", "输出地址所用的主机名，如 acme.feishu.cn（TOKENWARD_TENANT_HOST）"),
    ("wiki create", "no_images", "不上传图片：网络图片改为链接，其他改为文字"),
    ("wiki create", "images_from", "除文件所在目录外，图片所在的另一个目录"),
    ("wiki create", "allow_private_pictures", "允许从该主机下载图片，即使它不在公网（本机或公司内网）"),
    ("wiki update", "", "替换文件所对应页面的内容，或目录中各文件的页面内容"),
    ("wiki update", "file", "Markdown 文件，或存放它们的目录"),
    ("wiki update", "dry_run", "检查文件（包括平台的各项上限）并显示将改动什么；不发送任何请求"),
    ("wiki update", "force", "即使页面已被他人修改，也替换内容"),
    ("wiki update", "personal", "我的文档库"),
    ("wiki update", "space", "知识库：ID、地址，或其中任一页面的地址"),
    ("wiki update", "parent", "父页面：token 或地址；地址同时指明知识库"),
    ("wiki update", "host", "输出地址所用的主机名，如 acme.feishu.cn（TOKENWARD_TENANT_HOST）"),
    ("wiki update", "no_images", "不上传图片：网络图片改为链接，其他改为文字"),
    ("wiki update", "images_from", "除文件所在目录外，图片所在的另一个目录"),
    ("wiki update", "allow_private_pictures", "允许从该主机下载图片，即使它不在公网（本机或公司内网）"),
    ("logout", "", "退出登录：删除本机上的令牌；加 --revoke 则同时在平台撤销"),
    ("logout", "login", "不属于任何配置档的登录，用 `list` 所示的 id 指定"),
    ("logout", "revoke", "同时在平台撤销令牌"),
    ("logout", "yes", "不再确认"),
    ("logout", "force", "即使平台未确认撤销，也删除令牌"),
    ("proxy", "", "在本机运行代理，为访问平台接口的程序加上令牌"),
    ("proxy", "of", "使用哪个配置档的令牌"),
    (
        "proxy",
        "listen",
        "监听地址和端口，或只写端口；端口 0 自动选择空闲端口；默认为 127.0.0.1:9770，带程序运行时自动选择",
    ),
    ("proxy", "identity", "令牌的身份：user（用户）、app（应用）或 tenant（租户）"),
    (
        "proxy",
        "secret",
        "要求调用方提供密钥（默认）：启动时生成并显示一次，写在 URL 路径中，或放在请求头 X-Tokenward-Secret 中",
    ),
    ("proxy", "no_secret", "不要求密钥：本机上的任何程序和用户都能使用这条登录记录"),
    ("proxy", "secret_file", "要求调用方提供此文件中的密钥；文件不存在时生成并写入"),
    ("proxy", "allow_remote", "允许监听其他机器可以访问的地址；必须设置密钥，且网络可信"),
    ("proxy", "allow_host", "访问代理所用的其他主机名，例如 host.docker.internal；可重复"),
    ("proxy", "allow_origin", "允许从浏览器调用的网页来源，例如 http://localhost:3000；可重复"),
    ("proxy", "print_env", "只以 shell 语句输出设置，然后继续运行"),
    ("proxy", "command", "用这些设置运行的程序；程序结束后，代理随之退出"),
    ("serve", "", "以 HTTP 向其他机器上持有 API 密钥的程序提供令牌"),
    ("serve", "listen", "监听地址和端口，或只写端口；端口 0 自动选择空闲端口"),
    (
        "serve",
        "allow_remote",
        "不用 TLS 也允许监听其他机器可以访问的地址；往来内容没有加密，请在前面加一层带 TLS 的代理",
    ),
    ("serve", "tls_certificate", "PEM 格式的 TLS 证书（含证书链）：服务使用 HTTPS；文件变化后重新读取"),
    ("serve", "tls_key", "该证书的私钥，PEM 格式，不带密码"),
    ("serve", "tls_client_ca", "调用方证书的颁发机构，PEM 格式：只有持其证书的调用方才能连接（mTLS）"),
    ("serve", "hot_for", "令牌被读取后，在多长时间内提前刷新它，让下一个读取者不必等待"),
    ("serve", "refreshes_at_once", "本节点在后台同时刷新的登录数上限"),
    ("serve", "key_rate", "每个 API 密钥平均每分钟可向本节点发送的请求数；其六分之一可以一次发完"),
    ("serve", "offline_for", "数据库不可用时，内存中的令牌和 API 密钥在多长时间内仍可使用；0s 表示不使用"),
    ("serve", "expires_soon", "在登录到期前多久，以事件 login.expires_soon 通知各程序"),
    ("serve", "no_scheduler", "只在有人读取令牌时才刷新登录；其他节点仍会在后台刷新"),
    ("serve", "no_dashboard", "不提供管理页；默认可在 /dashboard 用 API 密钥查看和管理该密钥可用的登录"),
    (
        "serve",
        "database",
        "各节点共用的 PostgreSQL 数据库，形如 postgres://用户@主机/数据库名；密码请放在 TOKENWARD_DATABASE 或 --database-file 中；默认使用本机的保险库",
    ),
    ("serve", "database_file", "存放数据库 URL（含密码）的文件"),
    ("serve", "node_folder", "只属于本节点的目录，所在磁盘须在进程结束后仍保留；默认为主目录中的 `node`"),
    ("serve", "pooled", "数据库前有 pgbouncer 等以事务模式运行的连接池"),
    ("serve key", "", "管理调用方的 API 密钥"),
    ("serve key create", "", "创建一个 API 密钥；只显示一次"),
    ("serve key create", "name", "自取的名字，例如使用它的站点"),
    (
        "serve key create",
        "allow",
        "它的权限：token:read、token:refresh、grants:read、grants:import、grants:retire、login、metrics:read、events:read 或 webhooks:manage；可重复",
    ),
    ("serve key create", "app", "只限这个应用的登录；可重复；默认为所有应用"),
    ("serve key create", "logins", "只限这些配置档的登录；* 代表任意字符"),
    ("serve key create", "expires_in", "从现在起多久后失效，例如 90d；默认永不失效"),
    (
        "serve key create",
        "database",
        "各节点共用的 PostgreSQL 数据库，形如 postgres://用户@主机/数据库名；密码请放在 TOKENWARD_DATABASE 或 --database-file 中；默认使用本机的保险库",
    ),
    ("serve key create", "database_file", "存放数据库 URL（含密码）的文件"),
    ("serve key create", "node_folder", "只属于本节点的目录，所在磁盘须在进程结束后仍保留；默认为主目录中的 `node`"),
    ("serve key create", "pooled", "数据库前有 pgbouncer 等以事务模式运行的连接池"),
    ("serve key list", "", "列出 API 密钥，不含密钥本身"),
    (
        "serve key list",
        "database",
        "各节点共用的 PostgreSQL 数据库，形如 postgres://用户@主机/数据库名；密码请放在 TOKENWARD_DATABASE 或 --database-file 中；默认使用本机的保险库",
    ),
    ("serve key list", "database_file", "存放数据库 URL（含密码）的文件"),
    ("serve key list", "node_folder", "只属于本节点的目录，所在磁盘须在进程结束后仍保留；默认为主目录中的 `node`"),
    ("serve key list", "pooled", "数据库前有 pgbouncer 等以事务模式运行的连接池"),
    ("serve key revoke", "", "吊销一个 API 密钥，立即在所有节点生效"),
    ("serve key revoke", "id", "它的 id，见 `list`"),
    (
        "serve key revoke",
        "database",
        "各节点共用的 PostgreSQL 数据库，形如 postgres://用户@主机/数据库名；密码请放在 TOKENWARD_DATABASE 或 --database-file 中；默认使用本机的保险库",
    ),
    ("serve key revoke", "database_file", "存放数据库 URL（含密码）的文件"),
    ("serve key revoke", "node_folder", "只属于本节点的目录，所在磁盘须在进程结束后仍保留；默认为主目录中的 `node`"),
    ("serve key revoke", "pooled", "数据库前有 pgbouncer 等以事务模式运行的连接池"),
    ("audit", "", "列出或检查服务的审计记录"),
    ("audit list", "", "列出审计记录，最新的在最后"),
    ("audit list", "login", "只列出此登录的记录：配置档及其所有用户、单个用户（例如 work:=42），或登录的 id"),
    ("audit list", "caller", "只列出此调用方的记录：API 密钥的名字或 id；local 表示本命令行"),
    ("audit list", "since", "只列出多久以内的记录，例如 24h"),
    ("audit list", "limit", "最多列出多少条；取最新的"),
    (
        "audit list",
        "database",
        "各节点共用的 PostgreSQL 数据库，写作 postgres://用户@主机/数据库名；密码请放在 TOKENWARD_DATABASE 或 --database-file 中；默认为本机的保险库",
    ),
    ("audit list", "database_file", "存放数据库 URL（含密码）的文件"),
    ("audit list", "node_folder", "只属于本节点的目录，所在磁盘须在进程结束后仍保留；默认为主目录中的 `node`"),
    ("audit list", "pooled", "数据库前有 pgbouncer 等以事务模式运行的连接池"),
    ("audit verify", "", "检查审计记录是否有条目被他人改动、删除或添加"),
    (
        "audit verify",
        "database",
        "各节点共用的 PostgreSQL 数据库，形如 postgres://用户@主机/数据库名；密码请放在 TOKENWARD_DATABASE 或 --database-file 中；默认使用本机的保险库",
    ),
    ("audit verify", "database_file", "存放数据库 URL（含密码）的文件"),
    ("audit verify", "node_folder", "只属于本节点的目录，所在磁盘须在进程结束后仍保留；默认为主目录中的 `node`"),
    ("audit verify", "pooled", "数据库前有 pgbouncer 等以事务模式运行的连接池"),
    ("sandbox", "", "在本机启动一个模拟平台，用于试用和测试"),
    ("sandbox", "port", "监听端口；0 表示自动选择空闲端口"),
    ("sandbox", "redirect_uri", "应用已登记的重定向 URL"),
    ("sandbox", "auto_consent", "自动同意授权，无需点击；没有浏览器时，用 curl -L 地址 访问所显示的地址即可"),
    ("sandbox", "access_life", "访问令牌的有效期"),
    ("sandbox", "refresh_life", "刷新令牌的有效期"),
    ("sandbox", "seed", "随机数种子，用于重现一次运行"),
    ("sandbox", "provider", "模拟哪个平台：feishu、blueking 或 oauth2"),
    ("sandbox", "dialect", "蓝鲸的接口版本：ssm、auth-api 或 bkauth"),
    ("sandbox", "print_env", "只以 shell 语句输出设置，然后继续运行"),
    ("sandbox", "command", "要运行的程序，设置通过环境变量提供；程序结束后沙箱随之退出"),
    ("demo", "", "演示从登录到崩溃恢复的全过程，无需账号"),
    ("demo", "keep", "保留演示目录并显示其路径"),
    ("vault", "", "管理加密的保险库"),
    ("vault info", "", "显示保险库的位置、密钥来源和内容"),
    ("vault backup", "", "把保险库加密备份到文件；未提供密钥时自动生成，只显示一次"),
    ("vault backup", "key_file", "从文件读取备份密钥"),
    ("vault backup", "key_stdin", "从 stdin 读取备份密钥"),
    ("vault backup", "file", "要写入的文件（不能已存在）"),
    ("vault kept", "", "列出以前恢复时被替换的保险库，或删除其中一些"),
    ("vault kept", "remove", "永久删除这一个，以及只存在于其中的登录；可重复"),
    ("vault kept", "remove_all", "永久删除全部"),
    ("vault kept", "yes", "不再确认"),
    ("vault restore", "", "恢复加密备份；会先显示每条登录记录将会怎样"),
    (
        "vault restore",
        "file",
        "`vault backup` 写出的文件，或 `vault kept` 列出的保险库（--key-file：当时打开它的密钥）",
    ),
    ("vault restore", "undo", "撤销上次恢复；再运行一次则重新恢复"),
    ("vault restore", "dry_run", "只显示每条登录记录将会怎样，不做任何更改"),
    ("vault restore", "key_file", "从文件读取备份密钥"),
    ("vault restore", "key_stdin", "从 stdin 读取备份密钥"),
    ("vault restore", "yes", "不再确认，即使已有保险库（会存档保留）"),
    ("vault rekey", "", "用新的数据密钥重新加密保险库；若密钥文件是保险库自己的，也一并更换"),
    ("vault rekey", "new_key_file", "今后使用此文件中的密钥（TOKENWARD_KEY_FILE）"),
    ("vault rekey", "own_key", "今后使用保险库自己的密钥文件"),
    ("help", "", "显示一个命令的全部说明和示例"),
    ("help", "of", "命令；不写则列出所有命令"),
    ("completions", "", "输出 shell 的补全脚本"),
    ("completions", "shell", "shell 名称"),
    ("man", "", "输出手册页，或把全部手册页写入目录"),
    ("man", "out", "每个命令一页，写入此目录"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn visit(command: &Command, path: &str, seen: &mut Vec<(String, String)>) {
        seen.push((path.to_owned(), String::new()));
        for arg in command.get_arguments() {
            let name = arg.get_id().as_str();
            if name != "help" && name != "version" {
                let global = arg.is_global_set();
                seen.push((if global { String::new() } else { path.to_owned() }, name.to_owned()));
            }
        }
        for sub in command.get_subcommands() {
            let path = if path.is_empty() { sub.get_name().to_owned() } else { format!("{path} {}", sub.get_name()) };
            visit(sub, &path, seen);
        }
    }

    #[test]
    fn every_command_and_argument_has_chinese_words_and_no_words_are_left_over() {
        let mut seen = Vec::new();
        visit(&Cli::command(), "", &mut seen);
        for (path, name) in &seen {
            let words = words(path, name).unwrap_or_else(|| panic!("no words for {path:?} {name:?}"));
            assert!(words.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)) || name == "shell", "{words}");
        }
        for (path, name, _) in WORDS.iter().chain(crate::words::profile::HELP).chain(crate::words::config::HELP) {
            assert!(seen.contains(&((*path).to_owned(), (*name).to_owned())), "{path:?} {name:?} is no argument");
        }
    }

    #[test]
    fn the_chinese_tree_is_sound() {
        command(Lang::Zh).debug_assert();
        let help = command(Lang::Zh).try_get_matches_from(["tokenward", "login", "--help"]).unwrap_err().to_string();
        assert!(help.contains("用法：tokenward login") && help.contains("授权地址"), "{help}");
        for english in ["Options:", "Arguments:", "Commands:", "Global options"] {
            assert!(!help.contains(english), "{english}: {help}");
        }
    }

    /// What the parser's own help adds to an argument (other names, values, defaults) is added in Chinese or not at all.
    #[test]
    fn no_note_is_added_in_english() {
        fn each(command: &mut Command) {
            for help in [command.render_help().to_string(), command.render_long_help().to_string()] {
                for note in ["[default", "[alias", "[possible", "[env", "Possible values"] {
                    assert!(!help.contains(note), "{note}: {help}");
                }
            }
            command.get_subcommands_mut().for_each(each);
        }
        let mut all = command(Lang::Zh);
        all.build();
        each(&mut all);
    }

    /// The other names of an argument are told, and still taken.
    #[test]
    fn other_names_are_told_and_taken() {
        // Wide enough for any line.
        let told = command(Lang::Zh).term_width(1000).try_get_matches_from(["tokenward", "init", "--help"]);
        let told = told.unwrap_err().to_string();
        assert!(told.contains("；也可写作 --issuer"), "{told}");
        let taken = command(Lang::Zh).try_get_matches_from(["tokenward", "init", "--issuer", "https://a.example"]);
        assert!(taken.is_ok(), "{taken:?}");
    }
}
