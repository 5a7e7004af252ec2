//! Commands for files that hold tokens.

super::command_page::manual! {
    "link" {
        "Writes the tokens of a login into a file and keeps them in sync from now on: the file is read before each use and written after each refresh. Nothing else in it changes, comments included. If the file already holds a login, that login is imported into the vault."
        "把登录的令牌写入文件，并从此保持同步：每次使用前读取，每次刷新后写入。文件中的其他内容（包括注释）保持不变。若文件中已有登录，会将其导入保险库。"
        "tokenward link .env" => "the usual names are found" "自动识别常用变量名"
        "tokenward link mcp.json --server feishu" => "one MCP server of several" "文件中有多个 MCP 服务时选择一个"
        "tokenward link app.toml --access auth.token --refresh auth.refresh" => "name the places yourself" "自行指定位置"
        "tokenward link .env -p work --create" => "the login of profile work, in a new file" "把配置档 work 的登录写入新文件"
    }
    "unlink" {
        "Removes the link. The file stays as it is and is no longer read or written."
        "解除文件的关联。文件保持原样，此后不再读取或写入。"
        "tokenward unlink .env" => "no longer keep .env in sync" "不再同步 .env"
        "tokenward unlink mcp.json --server feishu" => "one MCP server of several" "多个 MCP 服务中的一个"
    }
    "links" {
        "Shows each linked file and whether it is in sync. Nothing is changed. The exit code is 2 if a file needs your attention."
        "显示每个关联文件以及是否同步。不作任何更改。有文件需要你处理时退出码为 2。"
        "tokenward links" => "all linked files" "所有关联文件"
        "tokenward links .env" => "one file" "只看一个文件"
    }
    "adopt" {
        "Imports a login that a file or another tool holds, so that you need not log in again. Without a source it shows what is found on this machine. If two programs use the same refresh token, the login ends for both, so make one of them stop using it."
        "导入文件或其他工具中的登录，无需重新登录。不指定来源时，显示本机找到的登录。同一个刷新令牌由两个程序使用会使登录失效，因此请只保留其中一个。"
        "tokenward adopt" => "show what is found here" "显示本机找到的登录"
        "tokenward adopt token.json" => "import the login of a file and keep it in sync" "导入文件中的登录并保持同步"
        "tokenward adopt --from lark-cli -p work" => "the login of another tool, as profile work" "把其他工具的登录作为配置档 work 导入"
        "tokenward adopt --undo" => "restore the login that was replaced" "换回被替换的登录"
    }
    "watch" {
        "Runs in the foreground until Ctrl-C: linked files are kept in sync as they and the logins change, and logins are refreshed before they expire."
        "在前台运行，直到按 Ctrl-C：关联文件随文件和登录的变化保持同步，登录在过期前刷新。"
        "tokenward watch" => "every profile that has links" "所有有关联文件的配置档"
        "tokenward watch work lab" => "these profiles" "指定的配置档"
        "tokenward watch --notify --on-trouble ~/bin/tell-me" => "notify me when a login needs attention" "登录需要我处理时通知我"
    }
    "service" {
        "Runs `watch` as a user service: a systemd user unit, or a launchd agent on macOS. It keeps linked files in sync and notifies you when a login needs your attention."
        "把 `watch` 作为当前用户会话的服务运行：systemd 用户单元，在 macOS 上为 launchd agent。它保持关联文件同步，并在登录需要你处理时通知你。"
        "tokenward service install" => "from now on, with notifications on the desktop" "从现在起运行，并显示桌面通知"
        "tokenward service status" => "is it installed and running" "是否已安装、是否在运行"
        "tokenward service remove" => "stop it and delete its file" "停止并删除服务文件"
    }
    "service install" {
        "Writes the service file, which you can read, and starts the service. The variables that point to this vault are written into it, but no secrets. If systemctl is not available, it prints what to type."
        "写入可供阅读的服务文件并启动服务。指向此保险库的环境变量会写入其中，机密不会。没有 systemctl 时会说明应输入的命令。"
        "tokenward service install" => "every profile that has linked files" "所有有关联文件的配置档"
        "tokenward service install work --on-trouble ~/bin/tell-me" => "one profile, and a program that tells you" "一个配置档，并用程序通知你"
        "tokenward service install --no-notify" => "without notifications on the desktop" "不显示桌面通知"
    }
    "service status" {
        "Shows where the service file is, whether the service runs, and whether it starts with your session."
        "显示服务文件的位置、服务是否在运行，以及是否随会话启动。"
        "tokenward service status" => "look at it" "查看"
        "tokenward service status --json" => "the same for a program" "供程序读取"
    }
    "service remove" {
        "Stops the service and deletes its file. Logins and linked files stay as they are."
        "停止服务并删除服务文件。登录和关联文件保持不变。"
        "tokenward service remove" => "stop it and delete its file" "停止并删除服务文件"
        "tokenward service remove --json" => "the same for a program" "供程序读取"
    }
}
