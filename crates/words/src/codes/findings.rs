//! What the doctor finds and is no trouble: what it is, and what to do about it, as the index of `docs/errors` has them.

use tokenward_core::{Code, Words};

use crate::w;

code_words! {
        Code::CheckPassed => (w("a check found nothing wrong", "检查未发现问题"), w("nothing to do", "无需处理")),
        Code::NotChecked => (
            w("something was not checked", "有一项没有检查"),
            w(
                "`tokenward doctor --online` asks the provider; it does not refresh",
                "`tokenward doctor --online` 可向平台询问，不会刷新令牌",
            ),
        ),
        Code::SettingDoubtful => (
            w("a setting is probably wrong", "有一项设置可能写错了"),
            w("correct the setting shown", "请改正结果中指出的设置"),
        ),
        Code::ScopesNotGranted => (
            w("the login lacks scopes that the settings request", "此登录缺少设置中要求的权限"),
            w("enable them for the app, then run `tokenward login`", "请先为应用开通，再运行 `tokenward login`"),
        ),
        Code::LoginEndsSoon => (
            w("the login expires soon", "登录即将到期"),
            w("run `tokenward refresh`, or log in again with `tokenward login` before that date", "请运行 `tokenward refresh` 延长；若是授权将满一年，请在到期前运行 `tokenward login`"),
        ),
        Code::AccessTokenDead => (
            w("the provider rejects the access token although it has not expired", "访问令牌尚未过期，但平台拒绝了它"),
            w("run `tokenward refresh`", "请运行 `tokenward refresh`"),
        ),
        Code::TurnUnderWay => (
            w("a refresh is in progress", "正在刷新"),
            w(
                "wait; `tokenward token` does so by itself; if that process was killed, the next command continues after the time shown",
                "请等待；`tokenward token` 会自动等待；若该进程已被终止，下一个命令会在结果中给出的时间之后接手",
            ),
        ),
        Code::AnswerWaits => (
            w("the provider's answer to a refresh is not processed yet", "平台的刷新应答等待处理"),
            w("run `tokenward refresh`", "请运行 `tokenward refresh`"),
        ),
        Code::SetAside => (
            w("tokens that came too late or were superseded are archived", "有令牌已存档（迟到或被取代）"),
            w("nothing to do; old ones are deleted automatically", "无需处理；旧的会自动清理"),
        ),
        Code::AnswerOfOtherVault => (
            w("a rescue slot holds an answer that does not belong to this vault", "应急存储区中的应答不属于本保险库"),
            w("restore the vault that made that refresh, if it still exists: `tokenward vault kept` lists the archived ones", "若当时的保险库还在，请用 `tokenward vault restore --undo` 换回"),
        ),
        Code::LoginUnfinished => (
            w("the provider answered a login, but it was not stored", "登录已得到应答，但尚未入库"),
            w("run `tokenward status`", "请运行 `tokenward status`"),
        ),
        Code::SetOnTrial => (
            w("an imported login has not been refreshed yet", "导入的登录尚未刷新"),
            w(
                "nothing to do: the next refresh verifies it, and if the provider refuses it, the previous login is restored automatically; `tokenward refresh` refreshes it now",
                "无需处理：下次刷新会验证它，若平台拒绝，会自动恢复之前的登录；`tokenward refresh` 可立即刷新",
            ),
        ),
        Code::LinkStale => (
            w("a linked file does not hold the current tokens", "关联文件中不是当前令牌"),
            w("run `tokenward token`", "请运行 `tokenward token`"),
        ),
        Code::LinkUnusable => (
            w("a linked file cannot be kept in sync", "关联文件无法保持同步"),
            w("fix the problem shown", "请处理结果中指出的问题"),
        ),
        Code::RoomShort => (w("the disk of the vault is nearly full", "保险库所在磁盘将满"), w("free some space", "请腾出空间")),
        Code::OpenToOthers => (
            w(
                "something private is, or was, open to other users",
                "本应只有属主能读取的内容正在或曾经对其他用户开放",
            ),
            w("restrict it with `chmod`, and check who could have read it", "请用 `chmod` 收紧权限，并确认有谁可能读取过"),
        ),
        Code::KeyNotUsed => (
            w("a key is given that the vault does not use", "提供了保险库没有使用的密钥"),
            w("unset it, or run `tokenward vault rekey --new-key-file FILE`", "请取消该设置，或运行 `tokenward vault rekey`"),
        ),
        Code::ClockWrong => (
            w("this machine's clock differs from the provider's", "本机时钟与平台不一致"),
            w("set the clock, then run `tokenward refresh`", "请校准时钟，然后运行 `tokenward refresh`"),
        ),
        Code::ClockWentBack => (
            w("stored times are in the future: the clock was set back", "保存的时间晚于现在：时钟被回拨过"),
            w("check the clock, then run `tokenward refresh`", "请校准时钟，然后运行 `tokenward refresh`"),
        ),
        Code::SecondOwner => (
            w("another program holds the same refresh token", "另一个程序持有同一个刷新令牌"),
            w("let only one of the two refresh it", "请只让其中一方负责刷新"),
        ),
        Code::OldCopy => (
            w("another program holds a used refresh token of this login", "另一个程序持有此登录已用过的刷新令牌"),
            w("remove that copy", "请删除该副本"),
        ),
        Code::LoginWithoutProfile => (
            w("a login has no profile", "保留了一个不属于任何配置档的登录"),
            w(
                "give it a profile with `tokenward adopt --login ID -p NAME`, or remove it with `tokenward logout --login ID`",
                "请用 `tokenward adopt --login ID -p 名称` 指定配置档，或用 `tokenward logout --login ID` 删除",
            ),
        ),
        Code::UserUnproven => (
            w("the user of this login is not known yet", "尚不清楚当前登录属于谁"),
            w("run `tokenward token`: the provider is asked", "请运行 `tokenward token`：届时会询问平台"),
        ),
        Code::SecondLogin => (
            w("one user has two logins of the same app", "同一用户对同一应用有两条登录记录"),
            w(
                "remove the one that no program uses with `tokenward logout --profile NAME --user USER`",
                "请用 `tokenward logout --profile 名称 --user 用户` 删除没有程序使用的那个",
            ),
        ),
        Code::NotOurs => (
            Words { en: "files of the vault belong to another user", zh: "保险库中有文件属于其他用户" },
            Words {
                en: "fix the owner with the `chown` command that `tokenward doctor` prints",
                zh: "请用 `tokenward doctor` 给出的 `chown` 命令改回属主",
            },
        ),
}

#[cfg(test)]
mod tests {
    use tokenward_core::ExitClass;

    use super::*;

    #[test]
    fn what_is_no_trouble_is_told_here_and_nothing_else() {
        for &code in Code::ALL {
            assert_eq!(words_of(code).is_some(), code.exit() == ExitClass::Done, "{code}");
        }
    }
}
