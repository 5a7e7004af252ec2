//! What the engine, the system and libraries say in English of a failure's cause: shown in Chinese as far as it is known.
//!
//! Enters: a detail as text. Leaves: text. A detail that no template knows stays as it came: better in English than not at all.

/// A detail in Chinese, as far as it is known.
pub fn in_chinese(text: &str) -> Option<String> {
    chinese(text, NESTED)
}

/// A text by the first template that fits; its facts are looked up too.
fn chinese(text: &str, depth: usize) -> Option<String> {
    TEMPLATES.iter().find_map(|(english, chinese)| {
        let mut facts = facts(text, english)?.into_iter();
        // A template of facts alone fits only where one of them is known.
        let (mut told, mut is_known) = (String::new(), *english != PAIR);
        for (number, piece) in chinese.split("{}").enumerate() {
            if number > 0 {
                let fact = facts.next()?;
                let known = depth.checked_sub(1).and_then(|depth| self::chinese(fact, depth));
                is_known |= known.is_some();
                told.push_str(known.as_deref().unwrap_or(fact));
            }
            told.push_str(piece);
        }
        is_known.then_some(told)
    })
}

/// What stands in the places of a template, if the text is made by it.
fn facts<'a>(text: &'a str, template: &str) -> Option<Vec<&'a str>> {
    let mut pieces = template.split("{}");
    let mut rest = text.strip_prefix(pieces.next()?)?;
    let mut pieces = pieces.peekable();
    let mut found = Vec::new();
    while let Some(piece) = pieces.next() {
        let end = match (pieces.peek(), piece) {
            (None, "") => rest.len(),
            (None, last) => rest.len().checked_sub(last.len()).filter(|&end| rest.get(end..) == Some(last))?,
            (Some(_), piece) => rest.find(piece)?,
        };
        if end == 0 {
            return None;
        }
        found.push(&rest[..end]);
        rest = &rest[end + piece.len()..];
    }
    rest.is_empty().then_some(found)
}

/// `{}` stands for a fact, in the same order in both. The narrower before the wider.
const TEMPLATES: &[(&str, &str)] = &[
    ("since {}, provider code {}", "自 {} 起，平台错误码 {}"),
    ("since {}", "自 {} 起"),
    ("provider code {}", "平台错误码 {}"),
    ("another process got this answer", "应答由另一个进程收到"),
    (
        "the provider said so at {}; it is not asked again with the same id and secret before {}",
        "平台于 {} 如此答复；在 {} 之前不会用同样的 ID 和密钥再次询问",
    ),
    ("the provider said so at {}; it is not asked again before {}", "平台于 {} 如此答复；在 {} 之前不会再次询问"),
    ("it will be asked again from {}", "{} 之后会再次询问"),
    ("another process", "另一个进程"),
    ("another run has the same refresh token", "另一个正在运行的命令使用同一个刷新令牌"),
    ("{} holds another refresh token by now, which is left there", "{} 中已是另一个刷新令牌，保留未动"),
    ("in {}, {}: it is the same text as {}", "{} 中的 {}：与 {} 的内容相同"),
    ("in {}, {}: {}", "{} 中的 {}：{}"),
    ("in {}, {}", "{} 中的 {}"),
    ("the tokens under {} are those of {}", "{} 下的令牌属于 {}"),
    (
        "it has lost what was written last: the hand-out file of {} is newer; put vault.db-wal back where it was, restore a backup (tokenward vault restore), or log in again",
        "最后写入的内容丢失了：{} 的提供文件比它新；请把 vault.db-wal 放回原处，或恢复备份（tokenward vault restore），或重新登录",
    ),
    ("{} does not exist", "{} 不存在"),
    ("{} is a link to {}, which does not exist", "{} 是指向 {} 的符号链接，而目标不存在"),
    ("{} may not be written (mode {})", "{} 不允许写入（权限 {}）"),
    ("{} is open to {} (mode {})", "{} 对{}开放（权限 {}）"),
    ("every user of this machine", "本机所有用户"),
    ("another user could replace {}: {}", "其他用户可以把 {} 换成别的文件：{}"),
    ("{} is being written by another process", "另一个进程正在写入 {}"),
    ("it has {} bytes, and files above {} bytes are not edited", "文件有 {} 字节，超过 {} 字节的文件不会编辑"),
    ("{} is in several sections ({}); name one", "{} 出现在多个节中（{}）：请指定一个"),
    ("{} appears more than once (lines {}), with different values", "{} 不止一处（第 {} 行），且值不相同"),
    ("{} is not there and cannot be added: {}", "没有 {}，也无法添加：{}"),
    ("{} cannot be written: {}", "{} 无法写入：{}"),
    ("there is no token in it", "其中没有令牌"),
    ("the source contains several logins: {}", "其中有多条登录记录：{}"),
    ("only a comment preceded by white space may follow here", "此处之后只能是空白加注释"),
    ("this quoted name is not closed", "带引号的名字没有结束"),
    ("a name is missing here", "此处缺少名字"),
    ("this quote is not closed", "引号没有闭合"),
    ("this byte is not UTF-8; save the file as UTF-8", "此字节不是 UTF-8；请将文件存为 UTF-8"),
    ("a section such as [TOKEN] must come before the first key", "第一个键之前须有节，例如 [TOKEN]"),
    ("the ] of this section is missing", "此节名缺少 ]"),
    (
        "this line is neither a section, a key with = or :, nor a comment",
        "此行既不是节，也不是带 = 或 : 的键，也不是注释",
    ),
    ("the name before = or : is missing", "= 或 : 之前缺少名字"),
    ("this is not valid JSON: {}", "JSON 格式有误：{}"),
    ("this is not valid TOML: {}", "TOML 格式有误：{}"),
    ("there is no JSON value", "其中没有 JSON 内容"),
    ("it is not a finite number", "不是有限的数"),
    ("it would not read back as what was written", "写入后读回的内容会不同"),
    ("a value with white space at its ends or over several lines would change", "首尾有空白或跨多行的值会改变"),
    ("% has a special meaning in configparser", "configparser 对 % 另有解释"),
    ("this name cannot be a key", "此名字不能作为键"),
    ("this name cannot be a section", "此名字不能作为节名"),
    ("no section was named to put it into", "没有指定要写入的节"),
    ("a new key needs a name", "新的键须有名字"),
    ("a new variable needs a name of letters, digits and _", "新变量的名字只能含字母、数字和 _"),
    (
        "readers disagree about quotes, backslashes, $ and line breaks in a value",
        "各程序对值中的引号、反斜杠、$ 和换行解释不一",
    ),
    ("it is empty", "内容为空"),
    ("it holds a space, a control character or a non-ASCII character", "含有空格、控制字符或非 ASCII 字符"),
    (
        "it is a reference, an encrypted value or a placeholder, not a secret: nothing was sent. Put the secret itself there, or have the program that resolves the reference pass it in",
        "它是引用、密文或占位文字，而不是密钥：没有发送任何内容。请填入密钥本身，或由解析它的程序提供",
    ),
    // Users, names and apps.
    ("a user's name has 1 to 255 bytes and no control characters", "用户名须为 1 到 255 字节，且不含控制字符"),
    ("asked for {}, and the provider named nobody", "请求的是 {}，而平台没有说明是谁"),
    ("asked for {}, and the provider named {}", "请求的是 {}，而平台返回的是 {}"),
    ("nobody that the provider names", "平台没有说明的用户"),
    ("{} is no name of a profile", "{} 不是配置档名"),
    (
        "{} serves many users: name one as {}:user, or the app itself as {}:~app",
        "{} 供多个用户使用：请以 {}:用户 指定一个，或以 {}:~app 指定应用本身",
    ),
    ("the login of this profile belongs to the app {}, not to {}", "此配置档的登录属于应用 {}，而不是 {}"),
    ("the login of {} is a consent to another app than {} is now", "{} 的登录属于另一个应用，而不是现在的 {}"),
    (
        "the secret of the app {} is neither in the vault nor in the settings",
        "应用 {} 的 App Secret 既不在保险库中，也不在设置中",
    ),
    ("the app code {} has characters that no app code has", "app code {} 含有不允许的字符"),
    (
        "{} is not an API variant of BlueKing: use ssm, auth-api or bkauth",
        "{} 不是蓝鲸的接口类型：请用 ssm、auth-api 或 bkauth",
    ),
    ("bkauth needs the realm that the app belongs to", "bkauth 需要应用所属的 realm"),
    (
        "{} is not a name: use 1 to 64 letters, digits, '-', '_', '.' or '@', not starting with '-' or '.'",
        "{} 不是合法的名称：须为 1 到 64 个字母、数字、“-”、“_”、“.”或“@”，且不以“-”或“.”开头",
    ),
    (
        "{} scopes requested, but one login takes at most {} (offline_access is one of them)",
        "申请了 {} 个权限，一次登录最多 {} 个（offline_access 计入其中）",
    ),
    (
        "{} is not a scope: a scope is visible ASCII without quotes and backslashes",
        "{} 不是合法的权限名：只能用可见 ASCII 字符，不含引号和反斜杠",
    ),
    // What a provider or an app lacks.
    ("this provider has no grant without an authorization page", "此平台没有无需授权页的登录方式"),
    (
        "the v1 token endpoints know no device login; set token_api to v3 or v2",
        "v1 令牌接口不支持设备登录；请将 token_api 设为 v3 或 v2",
    ),
    ("the app's settings lack {}", "应用的设置中缺少{}"),
    ("an app ticket", "app_ticket"),
    ("a tenant key", "tenant_key"),
    ("a provider that takes login cookies", "接受登录 Cookie 的平台"),
    ("a tenant: only Feishu and Lark know tenant tokens", "租户：只有飞书和 Lark 有租户令牌"),
    ("an endpoint that tells a wrong secret without spending anything", "不消耗令牌即可验证密钥的接口"),
    ("a user info or introspection endpoint", "用户信息接口或 introspection 接口"),
    ("a server that withdraws tokens of this kind", "可撤销此类令牌的服务器"),
    ("a token service that can withdraw tokens", "可撤销令牌的令牌服务"),
    ("a realm (letters, digits, '-' and '_')", "realm（字母、数字、“-”和“_”）"),
    ("an issuer", "签发者地址（issuer）"),
    (
        "an app token that many may fetch: SSM's is kept as a grant of the app's own",
        "可多处获取的应用令牌：SSM 的应用令牌作为应用自己的登录保存",
    ),
    ("a token service that takes login cookies", "接受登录 Cookie 的令牌服务"),
    ("the provider refused the call", "平台拒绝了调用"),
    ("the provider did not answer: {}", "平台没有应答：{}"),
    ("the deadline passed before anything was sent", "时限已到，尚未发送任何内容"),
    ("{}: the answer is longer than {} bytes", "{}：应答超过 {} 字节"),
    ("{} (after the head of an answer: HTTP {})", "{}（已收到应答头：HTTP {}）"),
    // Other processes, and this one.
    ("process {} on {}, until {}", "进程 {}（位于 {}），直到 {}"),
    ("process {} on {}", "进程 {}（位于 {}）"),
    ("node {}, until {}", "节点 {}，直到 {}"),
    ("the task ended without a word", "任务意外结束"),
    ("no randomness: {}", "无法取得随机数：{}"),
    (
        "a database takes its key from TOKENWARD_KEY or TOKENWARD_KEY_FILE",
        "使用数据库时，密钥必须来自 TOKENWARD_KEY 或 TOKENWARD_KEY_FILE",
    ),
    (
        "a pattern is 1 to {} characters of a profile's name, with * for any",
        "请写 1 到 {} 个字符的配置档名字，可用 * 代表任意字符",
    ),
    // Files and folders.
    ("{} is no absolute path", "{} 不是绝对路径"),
    ("{} did not answer in time", "{} 未及时响应"),
    (
        "{} is a mount of its own, so it cannot be replaced as a whole; mount the folder it is in instead",
        "{} 是单独的挂载点，无法整体替换；请改为挂载它所在的目录",
    ),
    ("{} is changed by other programs faster than it can be written", "{} 被其他程序不断修改，来不及写入"),
    ("the text at {} is no JSON", "{} 处的文本不是 JSON"),
    ("the text that it is in is not there", "它所在的文本不存在"),
    ("{} is no place in a file of the format {}", "{} 不能作为位置：文件格式为 {}"),
    ("line {}, column {}: {} is {}, not a text", "第 {} 行第 {} 列：{} 是{}，不是文本"),
    ("column {}: {}", "第 {} 列：{}"),
    ("{} is {}, not a file", "{} 是{}，不是文件"),
    ("{} is {} and not a file", "{} 是{}，不是文件"),
    ("{} is larger than {} bytes", "{} 超过 {} 字节"),
    ("a folder", "目录"),
    ("a pipe", "管道"),
    ("a socket", "套接字"),
    ("a device", "设备"),
    ("a number", "数字"),
    ("a table", "表"),
    ("a list", "列表"),
    ("a date", "日期"),
    ("it is neither a file nor a folder", "既不是文件也不是目录"),
    ("{} belongs to user {}, not to user {} or root", "{} 属于用户 {}，而不属于用户 {} 或 root"),
    ("{} can be written by {} (mode {})", "{} 可由{}写入（权限 {}）"),
    ("the home folder {} does not exist (HOME); set TOKENWARD_HOME", "主目录 {} 不存在（HOME）；请设置 TOKENWARD_HOME"),
    // The vault, and its backups.
    (
        "there is a vault at {} already; restoring over it keeps the old one beside it, if that is asked for",
        "{} 处已有保险库；如果确认在其上恢复，旧的会保留在旁边",
    ),
    ("there is no vault from before a restore at {}", "{} 处没有恢复之前的保险库"),
    (
        "the key of a backup needs at least 16 characters that are no spaces and no dashes, and more than a few different ones; make one with: openssl rand -base64 32",
        "备份的密钥至少需要 16 个字符（不计空格和连字符），且不能只有寥寥几种；可用此命令生成：openssl rand -base64 32",
    ),
    ("{} was written by a newer version of Tokenward", "{} 由较新版本的 Tokenward 写入"),
    ("its database is damaged: {}", "其数据库已损坏：{}"),
    ("its schema is {}, and this version compares {}", "其结构版本为 {}，本版本比较的是 {}"),
    ("a write that was to be committed with it failed", "与其一同提交的写入失败"),
    ("nobody said whether it was stored: {}", "不清楚是否已写入：{}"),
    ("another program has the vault at {} open", "另一个程序正在使用 {} 处的保险库"),
    (
        "a call to it failed inside this program (a bug), and nothing of it was stored",
        "本程序内部调用失败（程序缺陷），没有写入任何内容",
    ),
    // Stores of other tools.
    ("there is no token of {}", "没有 {} 的令牌"),
    (
        "{} is encrypted, and its key is in the keyring ({}); this command prints the key: {}",
        "{} 已加密，密钥在系统密钥环中（{}）；此命令可输出密钥：{}",
    ),
    (
        "{} cannot be opened: there is no {} beside it, and {} cannot open it either; log in again",
        "{} 无法打开：旁边没有 {}，{} 也无法打开它；请重新登录",
    ),
    ("the key is not one of {}: {} belongs here", "密钥不是 {} 的：这里应为 {}"),
    ("32 bytes, plain or in base64,", "32 字节，原样或 base64"),
    ("a line of 64 hexadecimal digits", "一行 64 个十六进制数字"),
    ("{} does not open: the key is another one's, or the file is damaged", "{} 无法打开：密钥不匹配，或文件已损坏"),
    ("{} does not open: {}", "{} 无法打开：{}"),
    (
        "{} is encrypted with a password; pipe what this command prints into the standard input: {}",
        "{} 由密码加密；请把此命令的输出通过管道传入标准输入：{}",
    ),
    ("this is not as {} writes it: {}", "这不是 {} 写出的格式：{}"),
    ("a value of another kind", "值的类型不符"),
    ("it ends too early", "内容不完整"),
    ("it is no JSON", "不是 JSON"),
    ("it is shorter than any secret", "比任何密钥都短"),
    ("this is a provider's refusal (code {}), not a login", "这是平台的拒绝应答（错误码 {}），不是登录"),
    ("{} is no token: {}", "{} 不是令牌：{}"),
    ("{} holds no login in {}", "{} 在 {} 中没有登录"),
    ("{} (line {}, column {})", "{}（第 {} 行第 {} 列）"),
    ("{} (profile {})", "{}（配置档 {}）"),
    ("{} cannot be read: {}", "{} 无法读取：{}"),
    ("the access token that came had ended when it arrived", "收到的访问令牌在到达时已过期"),
    ("Network is unreachable (os error 101)", "网络不可达（系统错误 101）"),
    ("{} could not be reached in time: {}", "{} 连接超时：{}"),
    ("{} cannot be reached: {}", "无法连接 {}：{}"),
    ("{} did not answer within {} s", "{} 在 {} 秒内没有应答"),
    ("{} did not answer: {}", "{} 没有应答：{}"),
    ("{}: line {}, column {}: {}", "{}：第 {} 行第 {} 列：{}"),
    ("line {}, column {}: {}", "第 {} 行第 {} 列：{}"),
    ("connection closed before message completed", "连接在应答完成之前关闭"),
    ("Connection refused (os error 111)", "连接被拒绝（系统错误 111）"),
    ("No such file or directory (os error 2)", "文件或目录不存在（系统错误 2）"),
    ("Permission denied (os error 13)", "没有权限（系统错误 13）"),
    ("Address already in use (os error 98)", "地址已被占用（系统错误 98）"),
    (PAIR, "{}：{}"),
];

const PAIR: &str = "{}: {}";

/// How deep a fact may be a detail itself: a file's, a place's, the system's.
const NESTED: usize = 4;

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    #[test]
    fn what_the_engine_says_is_told_in_chinese_and_what_nobody_knows_stays() {
        for (said, told) in [
            ("since 2026-11-29 05:29:41 UTC, provider code 20064", "自 2026-11-29 05:29:41 UTC 起，平台错误码 20064"),
            ("x.ini does not exist", "x.ini 不存在"),
            (
                "127.0.0.1:1 cannot be reached: Connection refused (os error 111)",
                "无法连接 127.0.0.1:1：连接被拒绝（系统错误 111）",
            ),
            (
                "/srv/x.env is open to every user of this machine (mode 777)",
                "/srv/x.env 对本机所有用户开放（权限 777）",
            ),
            ("something that is said nowhere else", "something that is said nowhere else"),
            ("", ""),
        ] {
            assert_eq!(in_chinese(said).as_deref().unwrap_or(said), told);
        }
    }

    /// A reason that somebody adds to the engine is told in Chinese too, or this says that it is not.
    #[test]
    fn every_reason_of_the_engine_is_known() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut unknown = Vec::new();
        for file in sources(&crates) {
            let path = file.strip_prefix(&crates).unwrap().to_string_lossy().replace('\\', "/");
            // Those of settings and databases are sentences of their own (`words/settings.rs`, `words/platforms.rs`); a suite's are nobody's.
            if ["/settings/", "/bkoauth/", "/suite/", "tests"].iter().any(|part| path.contains(part)) {
                continue;
            }
            let text = std::fs::read_to_string(&file).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
            for reason in reasons(code) {
                let has_words = reason.split("{}").any(|piece| piece.chars().filter(|c| c.is_alphabetic()).count() > 4);
                let is_known = TEMPLATES.iter().any(|(english, _)| *english == reason);
                if has_words && !is_known && !TOLD_OTHERWISE.contains(&reason.as_str()) {
                    unknown.push(format!("{path}: {reason}"));
                }
            }
        }
        assert!(unknown.is_empty(), "reasons without Chinese:\n{}", unknown.join("\n"));
    }

    /// Reasons that are part of another, are told by a sentence of the catalogue, or are no words.
    const TOLD_OTHERWISE: &[&str] = &[
        "the app",
        "script",
        "Profile",
        // The name of a section.
        "TOKEN",
        "{}, until {}",
        "since {}{}",
        "error_description",
        "{} (after the head of an answer: HTTP {}{})",
    ];

    /// Every file of the engine.
    fn sources(crates: &Path) -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = ["core", "wire", "keeper", "vault", "files", "tokenward"]
            .iter()
            .map(|name| crates.join(name).join("src"))
            .collect();
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() { folders.push(entry) } else { files.push(entry) }
            }
        }
        files
    }

    /// The literals that become a detail: of errors' own sentences, and of what is handed over with a code. Facts are `{}`.
    fn reasons(code: &str) -> Vec<String> {
        let mut found = Vec::new();
        for mark in MARKS {
            for (_, behind) in code.match_indices(mark).map(|(at, _)| code[at..].split_at(mark.len())) {
                let end = behind.find(';').unwrap_or(behind.len());
                let Some(start) = behind[..end].find('"') else { continue };
                let literal = &behind[start + 1..];
                let mut text = String::new();
                let mut is_fact = false;
                for c in literal.chars().take_while(|c| *c != '"') {
                    match c {
                        '{' => {
                            is_fact = true;
                            text.push_str("{}");
                        }
                        '}' => is_fact = false,
                        c if !is_fact => text.push(c),
                        _ => {}
                    }
                }
                found.push(text);
            }
        }
        found
    }

    const MARKS: &[&str] = &[
        "#[error(",
        "with_detail(",
        "let detail =",
        "let why =",
        "let whose =",
        "let told =",
        "let who =",
        "unusable(format!(",
        "Lacking(",
        "const BORN_DEAD: &str =",
    ];

    /// No template is left of a sentence that is said no more, but for those of the system and of libraries.
    #[test]
    fn every_template_is_one_that_is_said() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let source: String = sources(&crates).iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
        // A literal that goes on in the next line.
        let source: String = source.split("\\\n").map(str::trim_start).collect();
        for (english, chinese) in TEMPLATES {
            assert_eq!(english.matches("{}").count(), chinese.matches("{}").count(), "{english}");
            let ours = !english.contains("os error") && !english.starts_with("connection closed");
            for piece in english.split("{}").filter(|piece| ours && piece.len() > 4) {
                let piece = piece.trim_matches([':', ' ']);
                assert!(source.contains(piece), "{english}: nobody says {piece:?}");
            }
        }
    }
}
