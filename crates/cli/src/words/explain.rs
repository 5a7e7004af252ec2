//! What a code's exit code means, and how a code is written.

use tokenward_core::{Code, ExitClass};

use super::{Lang, w};

super::sentences! {
    exit_code(number, meaning) { "exit code {number}: {meaning}" "退出码 {number}：{meaning}" }
    bad_code() { "write a code as shown in brackets after an error, such as TW0401" "请写错误后面括号中的代码，例如 TW0401" }
}

/// The command that explains a code, as it stands behind `more:`. It is no advice, so it has not the marks of one.
pub(crate) fn explained_by(code: Code) -> String {
    format!("tokenward explain {code}")
}

impl Lang {
    /// What an exit code means, and what a script does about it.
    pub(crate) fn exit_class(self, class: ExitClass) -> &'static str {
        self.of(match class {
            ExitClass::Done => w("done; nothing needs to be done right away", "完成；无需立即处理"),
            ExitClass::Ours => w("a bug in Tokenward; report it", "程序内部错误；请反馈"),
            ExitClass::Usage => {
                w("wrong usage or configuration; change something on this machine", "用法或配置错误；需要在本机修改")
            }
            ExitClass::NeedsConsent => w("you have to log in", "需要登录"),
            ExitClass::TryLater => {
                w("a temporary failure, nothing is lost; try again later", "暂时性故障，没有损失；请稍后重试")
            }
            ExitClass::Unknown => {
                w("the outcome is unknown, everything is kept; try again later", "结果未知，全部保留；请稍后重试")
            }
            ExitClass::AppSettings => w(
                "rejected because of the app's settings at the provider; change them there",
                "因应用设置被平台拒绝；请在平台上修改",
            ),
        })
    }
}
