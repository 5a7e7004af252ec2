//! Commands that look after what there is, and that help.

super::command_page::manual! {
    "profile" {
        "A profile is a name for a login: of one app, and of one user. Commands take it as -p NAME, and most also as their last argument; if none is given, the default profile is used."
        "配置档是一条登录记录的名字：属于一个应用和一位用户。命令用 -p 名称 指定配置档，多数命令也可以把它写在最后；不写则使用默认配置档。"
        "tokenward profile list" => "every profile, its app and its user" "所有配置档及其应用和用户"
        "tokenward profile use work" => "use it by default" "设为默认"
        "tokenward profile rename work office" => "rename it; login and linked files are kept" "登录和关联文件随之保留"
        "tokenward profile remove office" => "remove it with its login, after asking" "询问后移除配置档及其登录"
    }
    "profile list" {
        "Shows every profile in config.toml, including those that are not logged in. The default profile is marked with *."
        "列出 config.toml 中的所有配置档，包括尚未登录的。默认使用的带 *。"
        "tokenward profile list" => "all profiles" "所有配置档"
        "tokenward profile list --json" => "the same for a program" "供程序读取"
    }
    "profile use" {
        "Sets default_profile in config.toml. -p and TOKENWARD_PROFILE take precedence over it."
        "把 default_profile 写入 config.toml。-p 和 TOKENWARD_PROFILE 优先于它。"
        "tokenward profile use work" => "use work when no profile is given" "未指定时使用 work"
        "tokenward profile list && tokenward profile use default" => "look first" "先查看"
    }
    "profile rename" {
        "Renames a profile in config.toml and in the vault. Its login, its users' logins and its linked files are kept. If it is interrupted, run the same command again to finish."
        "在 config.toml 和保险库中给配置档改名。其登录、各用户的登录和关联文件随之保留。若中途被打断，再次运行同一命令即可完成。"
        "tokenward profile rename work office" => "work is called office from now on" "今后 work 叫做 office"
        "tokenward profile rename default feishu --json" => "for a program" "供程序使用"
    }
    "profile remove" {
        "Deletes a profile's login on this machine, removes the links of its files (the files stay as they are) and deletes the profile from config.toml. To revoke the login at the provider too, run `tokenward logout --revoke` first."
        "在本机删除配置档的登录，解除其文件的关联（文件保持原样），并从 config.toml 中移除配置档。若也要在平台撤销，请先运行 `tokenward logout --revoke`。"
        "tokenward profile remove office" => "after asking" "询问后移除"
        "tokenward profile remove office --yes" => "without asking" "不询问"
    }
    "profile attach" {
        "Assigns a profile to a login that has none: another user's login that was kept separately, or one whose profile was removed. `tokenward list` shows such logins."
        "为没有配置档的登录指定配置档：例如另行保留的另一位用户的登录，或失去配置档的登录。`tokenward list` 会列出它们。"
        "tokenward profile attach ming" => "the only login without a profile becomes ming" "唯一没有配置档的登录成为 ming"
        "tokenward profile attach ming 3f1c9a52" => "the one with this id" "指定 id 的登录"
    }
    "config" {
        "Shows and changes config.toml: apps, profiles and settings, without secrets. Keys are named as in the file: default_profile, apps.NAME.app_id, profiles.NAME.scopes. Comments and order stay."
        "查看和修改 config.toml：应用、配置档和设置，不含密钥。键名与文件中相同：default_profile、apps.名称.app_id、profiles.名称.scopes。注释和顺序保持不变。"
        "tokenward config list" => "what is set, and where" "已设置的键及其来源"
        "tokenward config get default_profile" => "one value, for a script" "输出一个值，供脚本使用"
        "tokenward config set profiles.work.scopes 'offline_access im:message'" => "check and set a value" "检查并设置一个值"
        "tokenward config edit" => "the whole file in your editor" "用编辑器修改整个文件"
    }
    "config get" {
        "Prints a key's value in config.toml. A variable that overrides it is reported on stderr. The exit code is 2 if the key is not set."
        "输出 config.toml 中某个键的值。若有优先于它的环境变量，会在 stderr 中说明。未设置时退出码为 2。"
        "tokenward config get apps.default.app_id" => "the App ID of the app default" "应用 default 的 App ID"
        "tokenward config get default_profile --json" => "with file and line" "连同文件和行号"
    }
    "config set" {
        "Sets a key. The whole file is validated first and is left unchanged if the value is not valid. Secrets are refused: `tokenward init` stores them encrypted."
        "设置一个键。写入前按读取时的规则检查整个文件；值无法使用时文件保持不变。不接受密钥：`tokenward init` 会将密钥加密保存。"
        "tokenward config set default_profile work" => "the profile that is used by default" "默认配置档"
        "tokenward config set apps.work.redirect_uri http://127.0.0.1:9000/callback" => "another redirect URL" "改用另一个重定向 URL"
        "tokenward config set on_trouble /usr/local/bin/notify-me" => "what `watch` runs when a login needs your attention" "登录需要你处理时 `watch` 运行的程序"
    }
    "config unset" {
        "Takes a key out of config.toml, so that its default applies again. The whole file is validated first, as with `config set`. A key that is not set is no error."
        "从 config.toml 中去掉一个键，使其恢复默认值。与 `config set` 一样先检查整个文件。键本来就没有设置不算错误。"
        "tokenward config unset profiles.work.scopes" => "ask for the scopes of the app again" "重新采用应用的权限设置"
        "tokenward config unset apps.work.secret_file" => "use the secret in the vault again" "重新使用保险库中的密钥"
    }
    "config list" {
        "Lists the keys in config.toml with their line numbers, and the environment variables that override them. Secret values are not shown."
        "列出 config.toml 中的键及其行号，以及优先于它们的环境变量。不显示密钥的值。"
        "tokenward config list" => "everything that is set" "所有已设置的内容"
        "tokenward config list --json" => "the same for a program" "供程序读取"
    }
    "config edit" {
        "Opens a copy of config.toml in the editor set in VISUAL or EDITOR (default: vi). The copy replaces the file if it is valid; otherwise it is kept, and the next `config edit` continues with it."
        "用 VISUAL 或 EDITOR 指定的编辑器（否则为 vi）打开 config.toml 的副本。副本检查无误后替换原文件；否则保留副本，下次运行 `config edit` 时继续编辑。"
        "tokenward config edit" => "the whole file" "整个文件"
        "EDITOR='code --wait' tokenward config edit" => "in another editor" "使用其他编辑器"
    }
    "config path" {
        "Prints where config.toml is, whether it exists or not."
        "输出 config.toml 的位置，无论它是否存在。"
        "tokenward config path" => "the file's name" "文件名"
        "cat \"$(tokenward config path)\"" => "show it" "显示其内容"
    }
    "vault" {
        "Manages the encrypted vault, which holds logins, tokens and app secrets."
        "维护存放登录、令牌和应用密钥的加密保险库。"
        "tokenward vault info" => "where it is, and what opens it" "位置和打开方式"
        "tokenward vault backup vault.bak" => "an encrypted backup; its key is shown once" "加密备份；密钥只显示一次"
        "tokenward vault restore vault.bak" => "restore the backup" "恢复备份"
    }
    "vault info" {
        "Shows where the vault is, what opens it and what it holds. It does not create one if there is none."
        "显示保险库的位置、打开方式（密钥来源）和其中的内容。没有保险库时不会新建。"
        "tokenward vault info" => "look at it" "查看"
        "tokenward vault info --json" => "the same for a program" "供程序读取"
    }
    "vault backup" {
        "Writes an encrypted backup to a new file. A backup holds the refresh tokens valid at that time; the next refresh makes them unusable, so a backup is mainly useful after a disk is lost."
        "把加密备份写入新文件。备份中是当时的刷新令牌，下次刷新后即失效，因此备份主要用于磁盘丢失之后。"
        "tokenward vault backup vault.bak" => "make a key and show it once" "生成密钥并只显示一次"
        "tokenward vault backup vault.bak --key-file backup.key" => "use the key in this file" "使用此文件中的密钥"
    }
    "vault restore" {
        "Restores a backup after showing what happens to each login. The previous vault is archived, and --undo restores it."
        "先说明每条登录记录将会怎样，再恢复备份。原有的保险库会保留在旁边，--undo 可以换回。"
        "tokenward vault restore vault.bak --dry-run" => "what would happen to each login" "每条登录记录将会怎样"
        "tokenward vault restore vault.bak" => "restore it, after asking" "询问后恢复"
        "tokenward vault restore --undo" => "restore the previous vault" "换回恢复之前的保险库"
    }
    "vault kept" {
        "Shows the vaults that restores have archived, or removes some of them for good."
        "列出恢复时保留在旁边的保险库，或永久删除其中一些。"
        "tokenward vault kept" => "show them" "列出"
        "tokenward vault kept --remove-all" => "remove all of them, after asking" "询问后全部删除"
    }
    "vault rekey" {
        "Re-encrypts the vault with a new data key, for example after someone else has seen its key file."
        "用新的数据密钥重新加密保险库，例如密钥文件被他人看到之后。"
        "tokenward vault rekey" => "new keys, opened as before" "更换密钥，打开方式不变"
        "tokenward vault rekey --new-key-file vault.key" => "open it with this file from now on" "今后用此文件打开"
        "tokenward vault rekey --own-key" => "open it with a key file of its own from now on" "今后用保险库自己的密钥文件打开"
    }
    "help" {
        "Explains a command in full: what it does, its arguments, examples, variables, files and exit codes. Without a command, lists all commands."
        "显示一个命令的全部说明：用途、参数、示例、环境变量、文件和退出码。不写命令时列出所有命令。"
        "tokenward help" => "every command" "所有命令"
        "tokenward help login" => "one of them" "其中一个"
        "tokenward help vault backup" => "a subcommand" "下级命令"
    }
    "completions" {
        "Prints a script that lets your shell complete commands, options and values. The examples install it for your user only; open a new shell afterwards."
        "输出脚本，使 shell 能补全命令、选项和值。示例只为你自己安装；之后请打开新的 shell。"
        "tokenward completions bash > ~/.local/share/bash-completion/completions/tokenward" => "bash, with the package bash-completion" "bash（需要软件包 bash-completion）"
        "tokenward completions zsh > ~/.zfunc/_tokenward" => "zsh; in ~/.zshrc: fpath+=~/.zfunc, before compinit" "zsh；在 ~/.zshrc 的 compinit 之前加入 fpath+=~/.zfunc"
        "tokenward completions fish > ~/.config/fish/completions/tokenward.fish" => "fish" "fish（放入该目录即可）"
    }
    "man" {
        "Prints the manual page, or writes the pages of all commands into a folder, where `man` finds them if it is in MANPATH."
        "输出手册页，或把所有命令的手册页写入目录；目录在 MANPATH 中时 `man` 即可找到。"
        "tokenward man | man -l -" => "read it" "阅读"
        "tokenward man --out ~/.local/share/man/man1" => "install all of them for your user" "为自己安装全部手册页"
    }
    "version" {
        "Shows the version of the program, as --version does; with --verbose also the commit that it was built from, where the build knew it, the platform, and the version of the JSON."
        "显示程序版本，与 --version 相同；加 --verbose 还会显示构建所用的提交（如果构建时知道）、平台和 JSON 的版本。"
        "tokenward version" => "for people" "供人阅读"
        "tokenward version --verbose" => "which build it is" "是哪一次构建"
        "tokenward version --json" => "for programs" "供程序读取"
    }
}
