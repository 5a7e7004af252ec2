//! What the codes of vault tell.

use tokenward_core::{Code, Words};

code_words! {
        Code::AnswerNotStored => (
            Words {
                en: "the provider's answer could not be stored anywhere, and the new tokens in it are lost",
                zh: "平台的应答无处可存，其中的新令牌已丢失",
            },
            Words {
                en: "fix the problem shown above, then run `tokenward refresh`: it asks the provider once more; if the provider refuses, log in again with `tokenward login`",
                zh: "请处理上面指出的问题，然后运行 `tokenward refresh`：会再询问一次；若平台拒绝，请用 `tokenward login` 重新登录",
            },
        ),
        Code::LoginDamaged => (
            Words {
                en: "a login in the vault is damaged; the others are intact",
                zh: "保险库中有登录已损坏；其他登录完好",
            },
            Words {
                en: "run `tokenward login --profile NAME`: the new login replaces the damaged one",
                zh: "请在该配置档下重新登录：新登录会替换损坏的登录",
            },
        ),
        Code::NothingToUndo => (
            Words {
                en: "there is no earlier vault to go back to",
                zh: "没有更早的保险库可以恢复",
            },
            Words {
                en: "`tokenward vault kept` lists the archived vaults; `tokenward vault restore FILE` restores a backup",
                zh: "`tokenward vault kept` 会列出存档的保险库；恢复备份请用 `tokenward vault restore 文件`",
            },
        ),
        Code::BackupUnreadable => (
            Words { en: "the vault backup cannot be opened", zh: "保险库的备份无法打开" },
            Words {
                en: "check that file and key belong together: `tokenward vault backup` printed the key, or was given it. If they do, the file is damaged: use another backup. The current vault is unchanged",
                zh: "请确认备份文件与密钥配套：密钥是 `tokenward vault backup` 输出的，或当时提供的。若确实配套，则文件已损坏：请换用其他备份。现有的保险库没有变化",
            },
        ),
        Code::HomeUnusable => (
            Words {
                en: "the data folder cannot be created or written",
                zh: "存放数据的目录无法创建或写入",
            },
            Words {
                en: "name a writable folder: set TOKENWARD_HOME, or use --home",
                zh: "请指定可写的目录：设置 TOKENWARD_HOME，或使用 --home",
            },
        ),
        Code::SystemShort => (
            Words {
                en: "the operating system's limits for this process are too low",
                zh: "操作系统给此进程的资源不足",
            },
            Words {
                en: "raise the limit on open files (`ulimit -n 64`, or LimitNOFILE= of a service), then run the command again; nothing was started",
                zh: "请提高打开文件数的上限（`ulimit -n 64`，或服务的 LimitNOFILE=），然后重试；尚未开始任何操作",
            },
        ),
}
