//! What the engine, the system and libraries say in English of a failure's cause: shown in Chinese as far as it is known, and in the
//! reader's time zone.
//!
//! Enters: a detail as text. Leaves: text. A detail that no template knows stays as it came: better in English than not at all.

use std::borrow::Cow;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Lang, in_zone};

impl Lang {
    /// A detail in this language.
    pub(crate) fn detail(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::En => Cow::Borrowed(text),
            Self::Zh => chinese(text, NESTED).map_or(Cow::Borrowed(text), Cow::Owned),
        }
    }
}

/// The same with its moments, which the engine gives in UTC (`told_moment`), in a zone.
pub(crate) fn in_local_time(text: &str, zone: &TimeZone) -> String {
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(end) = rest.find(" UTC") {
        let start = (0..=end).rev().nth(MOMENT.len()).filter(|&start| rest.is_char_boundary(start));
        let found = start.and_then(|start| Some((start, DateTime::strptime(FORMAT, &rest[start..end]).ok()?)));
        let found = found.and_then(|(start, at)| Some((start, at.to_zoned(TimeZone::UTC).ok()?.timestamp())));
        match found {
            Some((start, at)) => {
                told.push_str(&rest[..start]);
                told.push_str(&in_zone(at, zone, FORMAT));
            }
            None => told.push_str(&rest[..end + " UTC".len()]),
        }
        rest = &rest[end + " UTC".len()..];
    }
    told + rest
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
    ("the tokens under {} are those of {}", "{} 下的令牌属于 {}"),
    ("{} does not exist", "{} 不存在"),
    ("{} is a link to {}, which does not exist", "{} 是指向 {} 的链接，而目标不存在"),
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
    ("the source contains several logins: {}", "其中有多个登录：{}"),
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

/// As `told_moment` writes it.
const MOMENT: &str = "2026-11-20 11:29:57";
const FORMAT: &str = "%Y-%m-%d %H:%M:%S";

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
            assert_eq!(Lang::Zh.detail(said), told);
            assert_eq!(Lang::En.detail(said), said);
        }
    }

    #[test]
    fn moments_are_shown_in_the_zone() {
        let beijing = TimeZone::fixed(jiff::tz::offset(8));
        for (said, told) in [
            (
                "since 2026-11-29 05:29:41 UTC, provider code 20064",
                "since 2026-11-29 13:29:41 +08:00, provider code 20064",
            ),
            (
                "at 2026-11-29 23:29:41 UTC; until 2026-11-30 00:00:00 UTC",
                "at 2026-11-30 07:29:41 +08:00; until 2026-11-30 08:00:00 +08:00",
            ),
            ("times in UTC are not 日本 UTC", "times in UTC are not 日本 UTC"),
            ("日本日本日本日 UTC", "日本日本日本日 UTC"),
            (" UTC", " UTC"),
        ] {
            assert_eq!(in_local_time(said, &beijing), told);
            assert_eq!(in_local_time(said, &TimeZone::UTC), said);
        }
    }

    /// No template is left of a sentence that is said no more, but for those of the system and of libraries.
    #[test]
    fn every_template_is_one_that_is_said() {
        let mut source = String::new();
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut folders: Vec<PathBuf> = ["core", "wire", "keeper", "vault", "files", "tokenward"]
            .iter()
            .map(|name| crates.join(name).join("src"))
            .collect();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else {
                    source += &std::fs::read_to_string(entry).unwrap();
                }
            }
        }
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
