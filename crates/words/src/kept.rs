//! What was kept of a login, whatever failed.

use tokenward_core::Words;
use tokenward_keeper::KeptState;

use crate::w;

/// What was kept.
pub const fn kept(kept: KeptState) -> Words {
    match kept {
        KeptState::Nothing => w("there was nothing to keep", "没有需要保留的内容"),
        KeptState::Everything => w("the login is unchanged", "登录保持不变"),
        KeptState::TokenUnspent => w("the refresh token was not used", "刷新令牌未被使用"),
        KeptState::AnswerInJournal => w(
            "the provider's answer is in the journal; the next run finishes the refresh",
            "平台的应答已在日志中；下次运行会完成刷新",
        ),
        KeptState::AnswerInRescueSlot => w(
            "the provider's answer is in the rescue slot; the next run finishes the refresh",
            "平台的应答已在应急存储区中；下次运行会完成刷新",
        ),
        KeptState::Doubt => w("the login is kept and marked as outcome unknown", "登录（已标记为“结果未知”）"),
        KeptState::NewTokens => w(
            "the new tokens are in the vault; run the command again to write them to the file (nothing is sent)",
            "新令牌已在保险库中；再次运行即可写入文件，不会重复发送",
        ),
        KeptState::Record => w("the login's history is kept (`tokenward doctor` shows it)", "登录的记录"),
        _ => w("everything known about the login is kept", "全部已知内容"),
    }
}
