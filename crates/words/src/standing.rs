//! How a login stands, in a word or two.

use tokenward_core::{Doubt, Status, Words};

use crate::w;

/// A status in a word or two.
pub const fn status(status: Status) -> Words {
    match status {
        Status::Fresh => w("valid", "有效"),
        Status::Due => w("refreshes on next use", "下次使用时刷新"),
        Status::Rotating => w("refreshing", "正在刷新"),
        Status::InDoubt => w("outcome unknown", "结果未知"),
        Status::NeedsConsent => w("login required", "需要登录"),
        Status::Retired => w("logged out", "已退出"),
        _ => w("unknown", "未知"),
    }
}

/// Why an outcome is unknown, as a clause.
pub const fn doubt(doubt: Doubt) -> Words {
    match doubt {
        Doubt::NoAnswer => w("no answer came", "没有收到应答"),
        Doubt::OddAnswer => w("the answer could not be read", "应答无法解读"),
        Doubt::UnclearRefusal => w("the answer did not say what happened to it", "应答没有说明它是否已被使用"),
        Doubt::SenderDied => w("the process ended before a response was saved", "发送进程在保存应答前退出"),
        _ => w("the outcome is unknown", "结果未知"),
    }
}

/// Every one of both.
pub fn all() -> Vec<Words> {
    let stands = [Status::Fresh, Status::Due, Status::Rotating, Status::InDoubt, Status::NeedsConsent, Status::Retired];
    let doubts = [Doubt::NoAnswer, Doubt::OddAnswer, Doubt::UnclearRefusal, Doubt::SenderDied];
    stands.into_iter().map(status).chain(doubts.into_iter().map(doubt)).collect()
}
