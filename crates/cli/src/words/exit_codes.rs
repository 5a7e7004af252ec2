//! What a code's exit code means, and how a code is written.

use tokenward_core::{ExitClass, ProviderName, Remedy};

use super::{Lang, w};

super::sentences! {
    exit_code(number, meaning) { "exit code {number}: {meaning}" "退出码 {number}：{meaning}" }
    exit_of_finding(number) { "exit code {number}: a finding of `tokenward doctor`, not an error in itself" "退出码 {number}：`tokenward doctor` 的检查结果，本身不是错误" }
    explain_other_endpoint() { "if a script of yours refreshed by itself, the login may be fine: a refresh token belongs to the endpoint that issued it, so v2 may answer this to one that Tokenward got at v3. Let the script call `tokenward token` instead" "如果是你的脚本自行刷新时得到的，登录本身可能有效：刷新令牌属于签发它的接口，Tokenward 在 v3 换来的令牌，v2 可能就这样回答。请让脚本改为调用 `tokenward token`" }
    explain_old_copy() { "if a program of yours read it from a file, the file may hold an old copy and the login may be fine: `tokenward links` shows linked files that are out of date, and `tokenward link FILE` corrects one" "如果是你的程序从文件中读取的，文件里可能是旧副本，而登录本身有效：`tokenward links` 列出过时的关联文件，`tokenward link 文件` 可更正" }
    no_such_code(code) { "no code {code} is known: neither Tokenward nor a provider it speaks to is known to use it" "没有收录错误码 {code}：Tokenward 和它支持的平台都没有已知的这个错误码" }
    bad_code() { "use a code as shown in an error: TW0401, a provider code such as 20064, or a word such as invalid_grant" "请按错误中的写法填写：TW0401、平台错误码 20064，或 invalid_grant 这样的错误名" }
    is_http_status(status) { "{status} is an HTTP status: look up the code or word that the response names beside it" "{status} 是 HTTP 状态码：请查询应答中同时给出的错误码或错误名" }
    codes_that_begin_so(part, codes) { "codes that begin with {part}: {codes}" "以 {part} 开头的错误码：{codes}" }
    meaning_at_calls(provider, calls, meaning) { "{provider} ({calls}): {meaning}" "{provider}（{calls}）：{meaning}" }
    meaning_beside(provider, sentence, meaning) { "{provider}, with \"{sentence}\": {meaning}" "{provider}，并带有“{sentence}”：{meaning}" }
    feishu_and_lark() { "Feishu, Lark" "飞书、Lark" }
    blueking_alone() { "BlueKing" "蓝鲸" }
    other_servers() { "other OAuth servers" "其他 OAuth 服务器" }
    explain_report() { "if Tokenward shows this, report it with the complete error message; in a program of your own, correct the request" "若是 Tokenward 显示的，请附上其输出反馈；若出现在你自己的程序中，请修正请求" }
}

impl Lang {
    /// What can be done, for somebody who may have met the code anywhere.
    pub(crate) fn remedy_anywhere(self, remedy: Remedy) -> String {
        match remedy {
            Remedy::ReportBug => self.explain_report(),
            remedy => self.remedy(remedy).to_owned(),
        }
    }

    /// Between names in a row.
    pub(crate) const fn list_gap(self) -> &'static str {
        match self {
            Self::En => ", ",
            Self::Zh => "、",
        }
    }

    /// Who says a code or a word.
    pub(crate) fn who_says(self, provider: ProviderName) -> String {
        match provider {
            ProviderName::Feishu | ProviderName::Lark => self.feishu_and_lark(),
            ProviderName::BlueKing => self.blueking_alone(),
            ProviderName::OAuth2 => self.other_servers(),
        }
    }

    /// What an exit code means, and what a script does about it.
    pub(crate) fn exit_class(self, class: ExitClass) -> &'static str {
        self.of(match class {
            ExitClass::Done => w("success; no action is needed right now", "完成；无需立即处理"),
            ExitClass::Ours => w("a bug in Tokenward; report it", "程序内部错误；请反馈"),
            ExitClass::Usage => {
                w("wrong usage or configuration; change something on this machine", "用法或配置错误；需要在本机修改")
            }
            ExitClass::NeedsConsent => w("you have to log in", "需要登录"),
            ExitClass::TryLater => {
                w("a temporary failure; nothing is lost: try again later", "暂时性故障，没有损失；请稍后重试")
            }
            ExitClass::Unknown => {
                w("outcome unknown; the login is kept: try again later", "结果未知，全部保留；请稍后重试")
            }
            ExitClass::AppSettings => w(
                "rejected because of the app's settings at the provider; change them there",
                "因应用设置被平台拒绝；请在平台上修改",
            ),
        })
    }
}
