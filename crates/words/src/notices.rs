//! A notice of the engine as one sentence: what a person should know although a call succeeded.
//!
//! Enters: a notice, and the language. Leaves: the sentence, which the command shows on a terminal and the Python package logs. No secret is
//! in any of it (I4): a notice holds none.

use std::path::Path;

use tokenward_core::{Code, ProfileName, Subject, Words, told_moment};
use tokenward_keeper::{Error, Notice, Recovered};

use crate::sentences::sentences;
use crate::{detail_in_chinese, happened, oddity, quoted};

/// Which of both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Simplified Chinese.
    Chinese,
}

sentences! { "notice: "
    turn_failed(what, code) { "no newer token yet: {what} ({code}); the current token is still valid" "提前刷新失败，现有令牌仍可用：{what}（{code}）" }
    not_told(code) { "this token belongs to the profile's previous login: the provider could not be asked which user the new login belongs to. The new login is not used until that is known; Tokenward asks again on each call ({code})" "输出的是配置档之前登录的令牌：暂时无法向平台确认新登录属于谁。在得到答复之前不使用新登录；每次调用时会再次询问（{code}）" }
    odd(what) { "unusual response from the provider: {what}" "平台的应答有异常：{what}" }
    recovered() { "an earlier refresh was interrupted after its answer was saved; it is finished now" "之前的一次刷新在保存应答后中断；现已完成" }
    replayed() { "the outcome of an earlier refresh was unknown; the provider was asked again and has answered" "之前一次刷新的结果未知；已再次询问平台并得到应答" }
    rescue() { "the journal could not be written; the provider's response is kept in the rescue slot (vault/rescue). Check the disk's free space and permissions soon" "日志无法写入；应答已存入应急存储区。请尽快腾出空间" }
    parked() { "a late answer arrived after the login had been refreshed; its tokens are archived" "应答迟到，登录已刷新；其中的令牌已存档" }
    clock_back() { "the clock was set back; the next refresh that succeeds corrects the stored times" "系统时钟被回拨：下一次成功刷新时会修正所存时间" }
    elsewhere() { "another process has refreshed the token" "另一个进程已完成刷新" }
    shorter() { "the provider's tokens are valid for less time than was asked for" "平台的令牌有效期短于所要求的时间" }
    other() { "something unusual was noticed; nothing is lost" "发现异常情况；没有丢失任何内容" }
    link_closed(file, was) { "other users could read {file} (mode {was}); now only you can read it. If another user needs to read it, run `chmod {was} {file}`, then `tokenward link {file} --open-to-others`" "其他用户可以读取 {file}（权限 {was}）；现已改为仅你可读。若确需其他用户读取，请先运行 `chmod {was} {file}`，再运行 `tokenward link {file} --open-to-others`" }
    kept_aside(now, before, id) { "this login belongs to {now}, but the profile to {before}. The profile stays with {before}, and the login of {now} is kept without a profile (`tokenward adopt --login {id} -p NAME` gives it one)" "这条登录记录属于 {now}，而配置档属于 {before}：仍使用 {before} 的登录；{now} 的登录已保存，但不属于任何配置档（`tokenward adopt --login {id} -p 名称` 可指定配置档）" }
    link_of_another_user(file, user, profile) { "{file} holds the login of {user}, who is not the user of profile {profile}: the file is left unchanged, and so is the profile; see `tokenward links`" "{file} 中是 {user} 的登录，而 {user} 不是配置档 {profile} 的用户：文件保持原样，配置档不变；参见 `tokenward links`" }
    link_of_other_owner(file, owner) { "{file} belongs to another user of this machine ({owner}) and holds an unknown login: it is left unchanged; see `tokenward links`" "{file} 属于本机另一用户（{owner}），其中的登录未知：已保持原样；参见 `tokenward links`" }
    someone_unknown() { "an unknown user" "身份未知的用户" }
    link_healed(file, held) { "{file} held used tokens (token set {held}) and now holds the current ones" "{file} 原为已用掉的令牌（第 {held} 版），现已更正" }
    link_adopted(file) { "{file} held a login that was new to the vault; the profile now uses it (`tokenward adopt --undo` undoes this)" "{file} 中的登录此前未知，现已成为该配置档的登录（`tokenward adopt --undo` 可恢复之前的登录）" }
    link_not_written(file, detail) { "{file} could not be updated and will be retried: {detail}" "{file} 暂时无法同步，会再次尝试：{detail}" }
    stale_copy(file, places) { "{file} holds the current tokens; an old token of this login is left at {places}, where it is in another form or could not be written: delete it, or write the current one there" "{file} 中已是当前令牌；但 {places} 处仍有此登录的旧令牌，它以其他形式存放或无法写入：请删除，或改写为当前的令牌" }
    link_gone_whole(shown, file) { "the linked file {shown} does not exist: put it back, and it is filled in again, or `tokenward unlink {file}` ends the link" "关联文件 {shown} 不存在：恢复该文件后会重新写入令牌；或用 `tokenward unlink {file}` 解除关联" }
    link_gone(shown, file) { "the linked file {shown} does not exist: `tokenward unlink {file}` ends the link, `tokenward link {file} --create` makes the file anew" "关联文件 {shown} 不存在：`tokenward unlink {file}` 可解除关联，`tokenward link {file} --create` 可重新创建文件" }
    link_unusable(file, detail) { "the linked file {file} cannot be read and is left unchanged: {detail}" "关联文件 {file} 无法读取，已保持原样：{detail}" }
    link_of_another(file, profile) { "{file} holds the login of profile {profile} and is left unchanged; see `tokenward links`" "{file} 中是配置档 {profile} 的登录，已保持原样；参见 `tokenward links`" }
    link_blank(file) { "{file} has no token at its place and is left unchanged; `tokenward link FILE` fills it in" "{file} 的令牌位置为空，已保持原样；`tokenward link 文件` 会填入" }
    taken_back(adopted, generation) { "the provider refused the imported login (token set {adopted}); the previous one is restored, as token set {generation}" "平台拒绝了第 {adopted} 版令牌的登录；已恢复另一条登录，现为第 {generation} 版令牌" }
    another_user(before, now) { "the imported login belongs to another user: {now} instead of {before}" "导入的登录属于另一位用户：原为 {before}，现为 {now}" }
    replaced_kept(file, user, id) { "{file} held the login of {user}, which is kept without a profile (`tokenward adopt --login {id} -p NAME` gives it one); the file now holds the profile's login" "{file} 原为 {user} 的登录，已保存但不属于任何配置档（`tokenward adopt --login {id} -p 新名称` 可指定配置档）；现为该配置档的登录" }
    replaced_over(file, user) { "{file} held a login of {user} that is no longer valid; it now holds the profile's login" "{file} 原为 {user} 已失效的登录；现为该配置档的登录" }
    file_of_former_user(file, user, profile) { "{file} holds the login of {user}, who logged out; profile {profile} now belongs to another user, so the file is left as it is" "{file} 中是 {user} 的登录，而 {user} 已退出登录；配置档 {profile} 现属于另一位用户，文件保持原样" }
    file_ended_of_user(file, user, profile) { "{file} holds a login of {user} that is no longer valid; {user} is not the user of profile {profile}, so the file is left as it is" "{file} 中是 {user} 已失效的登录，而 {user} 并非配置档 {profile} 的用户：文件保持原样" }
    file_ended_of_nobody(file, profile) { "{file} holds a login that is no longer valid: its refresh token was refused or used before its user was known. It may belong to a different user than profile {profile}, so the file is left as it is" "{file} 中的登录已失效：在得知属于谁之前，其刷新令牌已被拒绝或用掉。它可能属于另一位用户，而非配置档 {profile} 的用户，因此文件保持原样" }
    given_its_own(file, user, profile) { "{file} holds the login of {user}, which was refreshed to find out its user. The file now holds the new tokens of {user}; profile {profile} is unchanged; see `tokenward links`" "{file} 中是“{user}”的登录；为得知属于谁，已将其刷新一次。文件中现为“{user}”的新令牌；配置档 {profile} 不变；参见 `tokenward links`" }
    agree_to_user(way, profile) { "`{way} -p {profile} --replace-user` writes the current login of profile {profile} to the file" "`{way} -p {profile} --replace-user` 可把配置档 {profile} 当前的登录写入该文件" }
    login_over(what, code, ends) { "this login is no longer valid: {what} ({code}); its access token expires at {ends}" "此登录已失效：{what}（{code}）；访问令牌到期时间：{ends}" }
}

impl Language {
    /// Picks the words.
    pub const fn of(self, words: Words) -> &'static str {
        match self {
            Self::English => words.en,
            Self::Chinese => words.zh,
        }
    }

    /// A notice in a sentence.
    pub fn notice(self, notice: &Notice) -> String {
        match notice {
            Notice::RotationFailed(error) => self.refresh_failed(error.code()),
            Notice::LoginOver { code, ends, .. } => self.login_over(self.of(happened(*code)), code, told_moment(*ends)),
            Notice::RotatedElsewhere => self.elsewhere(),
            Notice::Odd(odd) => self.odd(self.of(oddity(*odd))),
            Notice::Recovered(Recovered::Replay) => self.replayed(),
            Notice::Recovered(_) => self.recovered(),
            Notice::RescueSlotUsed => self.rescue(),
            Notice::Parked => self.parked(),
            Notice::ClockWentBack => self.clock_back(),
            Notice::ShorterThanAsked => self.shorter(),
            Notice::TakenBack { adopted, generation, .. } => self.taken_back(adopted, generation),
            Notice::KeptAside { before, now, grant } => {
                let name = |subject: &Option<Subject>| self.user(subject.as_ref().map(Subject::known_as));
                self.kept_aside(name(now), name(before), grant)
            }
            Notice::AnotherUser { before, now } => self.another_user(before.known_as(), now.known_as()),
            of_file => self.about_a_file(of_file),
        }
    }

    /// Of those about a linked file.
    fn about_a_file(self, notice: &Notice) -> String {
        match notice {
            Notice::LinkHealed { file, held } => self.link_healed(file.display(), held),
            Notice::LinkClosed { file, was } => self.link_closed(file.display(), format!("{was:o}")),
            Notice::LinkAdopted { file, .. } => self.link_adopted(file.display()),
            Notice::LinkNotWritten { file, error } => self.link_not_written(file.display(), self.why(error)),
            Notice::StaleCopy { file, places } => {
                let gap = self.of(Words { en: ", ", zh: "、" });
                let places = places.iter().map(ToString::to_string).collect::<Vec<_>>().join(gap);
                self.stale_copy(file.display(), places)
            }
            Notice::LinkUnusable { file, error } if error.detail().is_some_and(is_gone) => {
                let (shown, named) = (file.display(), quoted(&file.display().to_string()));
                if is_whole(file) { self.link_gone_whole(shown, named) } else { self.link_gone(shown, named) }
            }
            Notice::LinkUnusable { file, error } => self.link_unusable(file.display(), self.why(error)),
            Notice::LinkOfAnother { file, profile } => self.link_of_another(file.display(), profile),
            Notice::LinkBlank { file } => self.link_blank(file.display()),
            Notice::LinkOfAnotherUser { file, profile, user, .. } => {
                self.link_of_another_user(file.display(), self.user(user.as_deref()), profile)
            }
            Notice::LinkReplaced { file, user, grant, is_kept } => {
                let user = self.user(user.as_deref());
                if *is_kept {
                    self.replaced_kept(file.display(), user, grant)
                } else {
                    self.replaced_over(file.display(), user)
                }
            }
            Notice::LinkGivenItsOwn { file, profile, user, .. } => {
                self.given_its_own(file.display(), self.user(user.as_deref()), profile)
            }
            Notice::LinkOfEndedLogin { file, profile, user } => {
                let told = self.file_of_ended_login(&file.display().to_string(), user.as_deref(), profile);
                self.and_how_to_replace(&told, file, profile)
            }
            Notice::LinkOfFormerUser { file, profile, user } => {
                self.and_how_to_replace(&self.file_of_former_user(file.display(), user, profile), file, profile)
            }
            Notice::LinkOfOtherOwner { file, owner } => self.link_of_other_owner(file.display(), owner),
            _ => self.other(),
        }
    }

    /// That a token was handed out although something newer was due, and why that did not come.
    pub fn refresh_failed(self, code: Code) -> String {
        match code {
            // Nothing failed to be refreshed, and the token is not the present one.
            Code::UserNotTold => self.not_told(code),
            code => self.turn_failed(self.of(happened(code)), code),
        }
    }

    /// What a file shows whose login is over, with the profile that it is linked to.
    pub fn file_of_ended_login(self, file: &str, user: Option<&str>, profile: &ProfileName) -> String {
        match user {
            Some(user) => self.file_ended_of_user(file, user, profile),
            None => self.file_ended_of_nobody(file, profile),
        }
    }

    fn and_how_to_replace(self, told: &str, file: &Path, profile: &ProfileName) -> String {
        let way = self.agree_to_user(format!("tokenward link {}", quoted(&file.display().to_string())), profile);
        format!("{told}{}{way}", self.of(Words { en: "; ", zh: "；" }))
    }

    fn user(self, known: Option<&str>) -> String {
        known.map_or_else(|| self.someone_unknown(), ToOwned::to_owned)
    }

    fn why(self, error: &Error) -> String {
        let detail = error.detail().unwrap_or(self.of(happened(error.code())));
        match self {
            Self::English => detail.to_owned(),
            Self::Chinese => detail_in_chinese(detail).unwrap_or_else(|| detail.to_owned()),
        }
    }
}

/// Whether a file of that name is written by hand as a whole: to a JSON or TOML file no keys are added.
pub fn is_whole(file: &Path) -> bool {
    file.extension().and_then(|extension| extension.to_str()).is_some_and(|it| matches!(it, "json" | "jsonc" | "toml"))
}

/// Whether a linked file is not there any more, by what the engine says of it.
pub fn is_gone(detail: &str) -> bool {
    detail.ends_with(" does not exist") && !detail.contains(" is a link to ")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use tokenward_core::Oddity;
    use tokenward_keeper::KeptState;

    use super::*;

    #[test]
    fn a_notice_is_a_sentence_in_both_languages() {
        let file = PathBuf::from("/srv/.env");
        let error = |detail: &str| Error::with_detail(Code::BadSetting, KeptState::Everything, detail.to_owned());
        let told = [
            (
                Notice::Odd(Oddity::CutOff),
                "unusual response from the provider: the answer was cut off after the tokens; the tokens are kept",
                "平台的应答有异常：应答在令牌之后被截断；令牌已保留",
            ),
            (
                Notice::LinkUnusable { file: file.clone(), error: error("it is empty") },
                "the linked file /srv/.env cannot be read and is left unchanged: it is empty",
                "关联文件 /srv/.env 无法读取，已保持原样：内容为空",
            ),
            (
                Notice::LinkUnusable { file, error: error("/srv/.env does not exist") },
                "the linked file /srv/.env does not exist: `tokenward unlink /srv/.env` ends the link, `tokenward link /srv/.env --create` makes the file anew",
                "关联文件 /srv/.env 不存在：`tokenward unlink /srv/.env` 可解除关联，`tokenward link /srv/.env --create` 可重新创建文件",
            ),
            (
                Notice::LoginOver {
                    code: Code::ConsentExpired,
                    ends: "2026-11-20T11:29:57Z".parse().unwrap(),
                    profile: None,
                },
                "this login is no longer valid: {} (TW0405); its access token expires at 2026-11-20 11:29:57 UTC",
                "此登录已失效：{}（TW0405）；访问令牌到期时间：2026-11-20 11:29:57 UTC",
            ),
        ];
        for (notice, english, chinese) in told {
            let words = happened(Code::ConsentExpired);
            let code = Code::ConsentExpired.as_str();
            for (language, sentence) in [(Language::English, english), (Language::Chinese, chinese)] {
                let sentence = sentence.replace("{}", language.of(words)).replace("TW0405", code);
                assert_eq!(language.notice(&notice), sentence);
            }
        }
    }
}
