//! How a login stands: tables and what came of a refresh.

use jiff::Timestamp;
use tokenward::{KeptState, Notice};
use tokenward_core::{Doubt, Status};
use tokenward_words::Language;

use super::Lang;

super::sentences! {
    head_profile() { "PROFILE" "配置档" }
    head_app() { "APP" "应用" }
    head_user() { "USER" "用户" }
    head_status() { "STATUS" "状态" }
    head_generation() { "TOKEN SET" "令牌版本" }
    head_access() { "ACCESS TOKEN EXPIRES" "访问令牌到期" }
    head_refresh() { "LOGIN EXPIRES IF UNUSED" "闲置失效" }
    fact_profile() { "profile" "配置档" }
    fact_app() { "app" "应用" }
    fact_user() { "user" "用户" }
    fact_open_id() { "open_id" "open_id（用户标识）" }
    fact_tenant() { "company" "企业" }
    fact_status() { "status" "状态" }
    fact_generation() { "token set" "令牌版本" }
    fact_scopes() { "scopes" "权限" }
    fact_access() { "access token expires" "访问令牌到期时间" }
    fact_turn_at() { "refreshes at" "下次刷新时间" }
    fact_refresh() { "login expires if unused" "闲置失效时间" }
    fact_wall() { "login expires at the latest" "最迟失效时间" }
    fact_consented() { "logged in" "登录时间" }
    fact_turned() { "last refreshed" "上次刷新时间" }
    fact_issued_by() { "token endpoint" "令牌接口" }
    fact_story() { "details" "情况" }
    fact_key() { "vault key" "保险库密钥" }
    key_own_file(path) { "the vault's own key file {path}" "保险库自己的密钥文件 {path}" }
    key_given_file(path) { "the key file {path} (TOKENWARD_KEY_FILE)" "密钥文件 {path}（TOKENWARD_KEY_FILE）" }
    key_given() { "the variable TOKENWARD_KEY" "环境变量 TOKENWARD_KEY" }
    key_keyring() { "the keyring of the operating system" "操作系统的密钥环" }
    fact_vault() { "vault folder" "保险库目录" }
    none() { "none" "无" }
    unknown_life() { "an unknown time" "未知时长" }
    unknown() { "unknown" "未知" }
    no_profile() { "(no profile)" "（无配置档）" }
    nothing_listed() { "not logged in; run `tokenward login`, which sets up the app first where there is none" "目前没有登录；请运行 `tokenward login`：尚未设置应用时，会先进行设置" }
    nobody_yet(profiles) { "not logged in yet; profiles: {profiles}. Run `tokenward login`" "目前没有登录；已设置的配置档：{profiles}。请运行 `tokenward login`" }
    logged_out_hidden(count) { "logged out and not shown: {count} (-v shows them)" "已退出而未显示：{count} 个（-v 可显示）" }
    doubt_story(since, why) { "a refresh token was sent and {why} ({since}); Tokenward asks again when that is safe" "自 {since}起结果未知：刷新令牌已发出，但{why}；等到可以安全重试时，会再询问平台一次" }
    consent_story(since, code, what) { "{what} ({code}, {since})" "{what}（{code}），{since}" }
    consent_provider(code) { "provider code {code}" "平台错误码 {code}" }
    open_story(who, since, deadline) { "{who} began a refresh at {since}; its deadline is {deadline}" "{who}于 {since}开始刷新，期限 {deadline}" }
    refresh_soon(span) { "this login expires in {span} unless it is used; `tokenward refresh` extends it, and so does `tokenward token` once a refresh is due" "此登录将在 {span}后到期；`tokenward refresh` 可立即延长，到了刷新时间后 `tokenward token` 也可以" }
    wall_soon(span) { "this login expires in {span}, and a refresh cannot extend it: log in again before then" "此登录将在 {span}后失效，刷新无法延长：请提前重新登录" }
    turned(profile, generation) { "profile {profile}: refreshed, now token set {generation}" "配置档 {profile}：已刷新，现为第 {generation} 版令牌" }
    login_is_back(profile, generation, command) { "profile {profile}: nothing was refreshed; its previous login is used again, token set {generation}. `{command}` refreshes that" "配置档 {profile}：没有刷新；现已改回之前的登录，第 {generation} 版令牌。`{command}` 可刷新它" }
    turned_elsewhere(profile, generation) { "profile {profile}: another process refreshed it just now, token set {generation}" "配置档 {profile}：另一个进程刚刚刷新过，现为第 {generation} 版令牌" }
    good_for(span) { "the access token is valid for {span}" "访问令牌有效期还有 {span}" }
    notice_login_over(what, code, span) { "this login is no longer valid: {what} ({code}); its access token is valid for {span}" "此登录已失效：{what}（{code}）；访问令牌还可用 {span}" }
    restored_before(when) { "this vault was restored from a backup, {when}: most likely the login was refreshed after the backup was made" "此保险库是 {when}从备份恢复的，登录很可能在备份之后又刷新过" }
    followed_over(profile, what, code) { "the login of profile {profile} is no longer valid: {what} ({code})" "配置档 {profile} 的登录已失效：{what}（{code}）" }
    run_command(command) { "run `{command}`" "请运行 `{command}`" }
    no_vault_yet(folder) { "there is no vault yet at {folder}; the first login creates it" "{folder} 处还没有保险库；首次登录时会创建" }
    notice_clock() { "the clock was set back; a refresh corrected the stored times" "系统时钟被回拨：已通过刷新修正所存时间" }
    repaired(path, was, now) { "{path} was open to others (mode {was}); it is now {now}" "{path} 曾对其他用户开放（权限 {was}）；现已改为 {now}" }
    login_recovered(profile) { "an interrupted login of profile {profile} has been completed" "配置档 {profile} 此前中断的登录已完成" }
}

impl Lang {
    /// What the command and the Python package both say, in this language.
    pub(crate) const fn said(self) -> Language {
        match self {
            Self::En => Language::English,
            Self::Zh => Language::Chinese,
        }
    }

    /// A notice in a sentence.
    pub(crate) fn notice(self, notice: &Notice) -> String {
        match notice {
            // For how long the token lasts is told with what to run.
            Notice::LoginOver { code, .. } => self.noted(self.happened(*code), code),
            notice => self.said().notice(notice),
        }
    }

    /// That a login is over whose token is handed out, for how long the token lasts, and what to run.
    pub(crate) fn login_over(self, notice: &Notice, now: Timestamp, command: Option<&str>) -> Option<String> {
        let Notice::LoginOver { code, ends, .. } = notice else { return None };
        let left = u64::try_from(ends.duration_since(now).as_secs()).unwrap_or(0);
        let told = self.notice_login_over(self.happened(*code), code, self.span(left));
        Some(match command {
            Some(command) => format!("{told}{}{}", self.stop(), self.run_command(command)),
            None => told,
        })
    }

    /// A status in a word or two.
    pub(crate) fn status(self, status: Status) -> &'static str {
        self.of(tokenward_words::status(status))
    }

    /// Why an outcome is unknown, as a clause.
    pub(crate) fn doubt(self, doubt: Doubt) -> &'static str {
        self.of(tokenward_words::doubt(doubt))
    }

    /// What was kept.
    pub(crate) fn kept(self, kept: KeptState) -> &'static str {
        self.of(tokenward_words::kept(kept))
    }
}
