//! Commands that set up, use and look at a login.

super::command_page::manual! {
    "" {
        "Tokenward keeps OAuth logins alive. You log in once; from then on it hands out a valid access token, refreshes it in time and exactly once, however many programs ask, and keeps what it needs through a crash."
        "Tokenward 让 OAuth 登录一直有效。登录一次之后，它随时给出有效的访问令牌；无论多少程序同时请求，都按时刷新且只刷新一次；即使崩溃，也保留继续所需的一切。"
        "tokenward init" => "register your app, once" "登记你的应用（一次）"
        "tokenward login" => "log in, once" "登录（一次）"
        "tokenward token" => "print a valid access token, whenever you need one" "随时输出有效的访问令牌"
        "tokenward demo" => "no account? see all of it work on this machine" "没有账号？先在本机看完整演示"
    }
    "init" {
        "Asks for the app's provider, id and secret, checks them at the provider and writes the app and a profile into config.toml. The secret is encrypted in the vault and is never an argument. Every question has an option or a variable, so it runs without a terminal too."
        "询问应用所在的平台、App ID 和 App Secret，向平台验证后把应用和一个配置档写入 config.toml。密钥加密保存在保险库中，从不作为命令行参数。每个问题都有对应的参数或环境变量，因此没有终端也能运行。"
        "tokenward init" => "answer questions interactively" "逐项询问"
        "tokenward init --provider feishu --app-id cli_a1b2c3 --app-secret-file secret.txt" => "without questions" "不询问"
        "tokenward init --provider oauth2 --issuer https://login.example.com --app-id my-app" => "any OAuth 2.0 server; its endpoints are discovered" "任意 OAuth 2.0 服务器；自动发现端点"
        "tokenward init --app second --profile second" => "a second app alongside the first" "在第一个应用之外再登记一个"
    }
    "login" {
        "Opens the provider's page in the browser, waits for your consent there, and stores the login in the vault. If there is no browser, --device shows a code for another device, and --paste lets you paste the final address from a browser on another machine."
        "在浏览器中打开平台的授权页，等待你同意，然后把登录存入保险库。没有浏览器时，--device 显示可在其他设备上输入的验证码，--paste 接收别处浏览器最后停留的地址。"
        "tokenward login" => "log in with the browser" "用浏览器登录"
        "tokenward login --device" => "log in with a code on another device" "在另一台设备上输入验证码登录"
        "tokenward login --for wiki" => "ask for all scopes that `tokenward wiki` needs" "申请 `tokenward wiki` 所需的全部权限"
        "tokenward login work --app work" => "a second login, as profile work" "另一条登录记录，作为配置档 work"
    }
    "token" {
        "Prints a valid access token and nothing else. A token that is about to expire is refreshed first, exactly once, however many programs ask at the same time."
        "只输出当前有效的访问令牌。即将过期时先刷新；无论多少程序同时请求，都只刷新一次。"
        "tokenward token" => "print a valid access token" "输出有效的访问令牌"
        "tokenward token --format header | curl -H @- https://open.feishu.cn/open-apis/" => "as a curl header that does not appear in the process list" "作为 curl 的请求头，不出现在进程列表中"
        "tokenward token --min-ttl 10m" => "one that is valid for at least ten more minutes" "至少还有十分钟有效期"
        "tokenward token --as tenant" => "the token of the tenant" "企业（tenant）的令牌"
    }
    "refresh" {
        "Refreshes the login now, whatever the age of its access token. `tokenward token` refreshes by itself when that is due, so this is seldom needed. With --config-file it refreshes the login in the ini file of an older script."
        "立即刷新，不论访问令牌新旧。`tokenward token` 会在需要时自动刷新，因此很少用到。使用 --config-file 时，刷新旧脚本 ini 文件中的登录。"
        "tokenward refresh" => "refresh the login now" "立即刷新"
        "tokenward refresh --config-file feishu-config.ini" => "the login in a script's ini file" "脚本 ini 文件中的登录"
    }
    "status" {
        "Shows one login: its user, how long its tokens are valid, when it will be refreshed next, and the files linked to it. It does not refresh and does not contact the provider. The exit code is 3 if you have to log in and 5 if an outcome is unknown."
        "显示一条登录记录：属于谁、令牌有效期、下次刷新时间以及与之关联的文件。不刷新，也不联网。需要登录时退出码为 3，结果未知时为 5。"
        "tokenward status" => "the login of the selected profile" "当前配置档的登录"
        "tokenward status work" => "of profile work" "配置档 work 的登录"
        "tokenward status --json" => "the same for a program" "供程序读取"
    }
    "list" {
        "Shows every login, and every profile that has none, one per line. It does not refresh and does not contact the provider."
        "列出所有登录以及没有登录的配置档，每个一行。不刷新，也不联网。"
        "tokenward list" => "all logins" "所有登录"
        "tokenward list --json" => "the same for a program" "供程序读取"
    }
    "whoami" {
        "Shows a profile's user, app and status on one line. It does not refresh and does not contact the provider; the exit code is that of `tokenward status`."
        "用一行显示配置档的登录属于谁、属于哪个应用以及状态。不刷新，也不联网；退出码与 `tokenward status` 相同。"
        "tokenward whoami" => "who am I" "当前登录的是谁"
        "tokenward whoami work --json" => "of another profile, for a program" "另一个配置档，供程序读取"
    }
    "doctor" {
        "Checks the settings, the vault, the logins, the linked files and the network, and says what is wrong and which command fixes it. It does not refresh. With --online it also queries the provider, using only calls that are free of charge."
        "检查设置、保险库、登录、关联文件和网络，说明哪里有问题以及用什么命令修复。不会刷新令牌。使用 --online 时还会向平台询问（同样不会刷新令牌）。"
        "tokenward doctor" => "what is wrong, and what to type next" "哪里有问题，接下来输入什么"
        "tokenward doctor --online" => "also ask the provider" "同时向平台询问"
        "tokenward doctor --all" => "every profile in full" "完整检查每个配置档"
    }
    "explain" {
        "Shows what an error code means, what was kept and what to do. It knows the codes of Tokenward, Feishu, Lark and BlueKing and the error codes of OAuth servers; a code whose meaning differs by provider is shown for each. It needs neither files nor a network."
        "说明错误码的含义、保留了什么以及怎么办。既包括 Tokenward 自己的错误码，也包括飞书、Lark 和蓝鲸的错误码，以及 OAuth 服务器的错误名；各平台含义不同时会分别列出。不需要文件，也不联网。"
        "tokenward explain TW0401" => "a code as shown after an error" "错误后面括号中的代码"
        "tokenward explain 20064" => "a code of Feishu, Lark or BlueKing" "飞书、Lark 或蓝鲸的错误码"
        "tokenward explain invalid_grant" => "an error word of OAuth" "OAuth 的错误名"
        "tokenward explain 0401 --json" => "the same for a program" "供程序读取"
    }
    "logout" {
        "Forgets a login: its tokens are deleted from the vault and from the token cache. With --revoke they are first revoked at the provider, if it supports that. Linked files keep their content."
        "删除登录：从保险库和令牌缓存中移除其令牌。使用 --revoke 时先由平台撤销（若平台支持）。关联文件保持原样。"
        "tokenward logout" => "forget the login, after asking" "询问后删除登录"
        "tokenward logout --revoke --yes" => "end it at the provider too, without asking" "同时在平台撤销，不询问"
        "tokenward logout --login 3f1c9a52" => "a login without a profile, by its id in `list`" "不属于任何配置档的登录（`list` 所示的 id）"
    }
}
