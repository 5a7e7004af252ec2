//! Stories of the vault and its files.

use tokenward_core::{Code, Words};

/// Both sentences of a code, for those that are told here.
pub(super) const fn story(code: Code) -> Option<(Words, Words)> {
    Some(match code {
        Code::AnswerNotStored => (
            Words {
                en: "the provider's answer could not be stored anywhere, and the new tokens in it are lost",
                zh: "服务方的应答无处可存，其中的新令牌已丢失",
            },
            Words {
                en: "mend what the line above names, then run `tokenward refresh`: it asks once more; if the provider refuses, log in again with `tokenward login`",
                zh: "请处理上面指出的问题，然后运行 `tokenward refresh`：会再询问一次；若服务方拒绝，请用 `tokenward login` 重新登录",
            },
        ),
        Code::NotOurs => (
            Words { en: "files of the vault belong to another user", zh: "保险库中有文件属于其他用户" },
            Words {
                en: "give them back with the `chown` command that `tokenward doctor` prints",
                zh: "请用 `tokenward doctor` 给出的 `chown` 命令归还所有权",
            },
        ),
        _ => return None,
    })
}
