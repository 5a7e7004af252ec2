//! Commands for programs that use a token, and for trying.

super::command_page::manual! {
    "exec" {
        "Replaces itself with the program, which gets a valid access token in its environment. The token is fetched once: a program that outlives it should use `tokenward proxy`, or call `tokenward token` again."
        "以 exec 方式运行程序（替换当前进程），并通过环境变量提供有效的访问令牌。令牌只取一次：运行时间超过令牌有效期的程序请使用 `tokenward proxy`，或再次调用 `tokenward token`。"
        "tokenward exec -- ./my-script" => "the token is in TOKENWARD_ACCESS_TOKEN" "令牌在 TOKENWARD_ACCESS_TOKEN 中"
        "tokenward exec --env FEISHU_TOKEN -- python app.py" => "in a variable of your choice" "使用自选的变量名"
        "tokenward exec --min-ttl 30m -- make report" => "valid for at least another half hour" "至少还有半小时有效期"
        "tokenward exec --env-file .env -- npm start" => "the login in this file" "使用该文件中的登录"
    }
    "proxy" {
        "Listens on this machine and passes requests on to the provider's API with a valid token in each. SDKs and MCP servers can run for as long as they like and never see a token. Callers must send the secret that it prints at startup."
        "在本机监听，把请求转发到平台接口，并为每个请求补上有效的令牌。SDK 和 MCP 服务想运行多久都可以，且看不到令牌。不知道所显示密钥的调用方会被拒绝。"
        "tokenward proxy" => "listen on 127.0.0.1:9770; the address is shown" "监听 127.0.0.1:9770，并显示地址"
        "tokenward proxy -- ./my-server" => "for one program: the proxy is set in its environment and stops when it exits" "只供一个程序使用：环境变量指向代理，代理随程序结束"
        "tokenward proxy work --listen 9800" => "the login of profile work, on another port" "使用配置档 work 的登录，换一个端口"
        "tokenward proxy --secret-file proxy.key" => "the same secret after every start" "每次启动使用相同的密钥"
    }
    "serve" {
        "Answers HTTP requests of programs that have an API key: read a token that is valid now, see the status of logins, import and end logins. Several nodes can share one PostgreSQL database behind a load balancer. Every token that is read is entered in an audit trail."
        "应答持有 API 密钥的程序的 HTTP 请求：读取当前有效的令牌、查看登录的状态、导入和结束登录。多个节点可以共用一个 PostgreSQL 数据库，放在负载均衡之后。每次读取令牌都记入审计记录。"
        "tokenward serve" => "on this machine, with its vault" "在本机提供服务，使用本机的保险库"
        "tokenward serve --database postgres://tokenward@db/tokenward" => "one node of several" "多个节点中的一个"
    }
    "serve key" {
        "Creates, lists and revokes the API keys of callers. Two keys can be valid at once: to replace one, create the next, switch the caller to it, then revoke the old one."
        "创建、列出和吊销调用方的 API 密钥。两个密钥可以同时有效：更换时先创建新的，让调用方改用新的，再吊销旧的。"
        "tokenward serve key create site" => "may read tokens" "可以读取令牌"
        "tokenward serve key list" => "who may call, and for what" "谁可以调用、有什么权限"
    }
    "serve key create" {
        "Creates an API key and prints it once; only a hash of it is stored. Without --allow it may read tokens and nothing else."
        "创建一个 API 密钥并只显示一次；存储的只是它的哈希。不加 --allow 时只能读取令牌。"
        "tokenward serve key create site --logins 'team-*' --expires-in 90d" => "tokens of some profiles, for 90 days" "某些配置档的令牌，90 天内有效"
        "tokenward serve key create operator --allow grants:read --allow grants:retire" => "see and end logins, read no token" "可查看和结束登录，不能读取令牌"
    }
    "serve key list" {
        "Lists the API keys with what they permit and how long they are valid. The keys themselves are not stored."
        "列出 API 密钥的权限和有效期。密钥本身并未存储。"
        "tokenward serve key list" => "all keys" "所有密钥"
        "tokenward serve key list --json" => "for programs" "供程序读取"
    }
    "serve key revoke" {
        "Revokes an API key by its id. It is refused from the next request on, on every node."
        "按 id 吊销 API 密钥。所有节点从下一个请求起拒绝它。"
        "tokenward serve key revoke 0190e5b0-7a3c-7d5e-9f10-3c2b1a0f4e6d" => "by the id from `list`" "id 见 `list`"
        "tokenward serve key revoke 0190e5b0-7a3c-7d5e-9f10-3c2b1a0f4e6d --json" => "for programs" "供程序读取"
    }
    "audit" {
        "Shows and checks the audit trail of the server: which key read the token of which login, and what else was done with it."
        "查看和检查服务的审计记录：哪个密钥读取了哪条登录记录的令牌，以及还做了什么。"
        "tokenward audit list --since 24h" => "what was done in the last day" "最近一天的操作"
        "tokenward audit verify" => "whether it is as it was written" "是否与写入时一致"
    }
    "audit list" {
        "Each entry says when, which caller, what was asked for, which login it was about and what came of it: done, or a code. Refused requests of known keys are entries too. The newest entries are shown, the newest last."
        "每条记录包括时间、调用方、操作、涉及的登录和结果（done 或错误码）。已知密钥被拒绝的请求也有记录。显示最新的若干条，最新的在最后。"
        "tokenward audit list --login work --since 7d" => "what was done with one login" "对一条登录记录做过什么"
        "tokenward audit list --caller site --limit 20" => "the last requests of one key" "一个密钥最近的请求"
        "tokenward audit list --json" => "for programs" "供程序读取"
    }
    "audit verify" {
        "Each entry of the trail is bound to the one before by a hash that is made with a key of the vault. So whoever can write to the database and has no key cannot change, remove or add an entry unnoticed."
        "每条记录都用保险库的密钥计算哈希，并与前一条相连。因此能写数据库但没有密钥的人，改动、删除或添加记录都会被发现。"
        "tokenward audit verify" => "of the vault of this machine" "本机保险库的审计记录"
        "tokenward audit verify --database postgres://tokenward@db/tokenward" => "of a database that nodes share" "各节点共用的数据库的审计记录"
    }
    "api" {
        "Makes one call to the provider's API with a valid token, which is sent to the app's own hosts and no others. A rate-limited call is retried later; a call whose response is lost is retried only if that is safe."
        "用有效的令牌调用一次平台接口；令牌只发往该应用自己的主机。被限流的调用会稍后重试；应答丢失的调用只在安全时重试。"
        "tokenward api /open-apis/authen/v1/user_info" => "who am I" "查询我的用户信息"
        "tokenward api /open-apis/wiki/v2/spaces --page-all --jq '.data.items[].name'" => "every page of a list, filtered" "读取列表的所有分页并过滤"
        "tokenward api /open-apis/im/v1/messages -q receive_id_type=email -d @message.json" => "send a body from a file" "从文件发送请求体"
        "tokenward api /open-apis/drive/v1/medias/TOKEN/download -o picture.png" => "download into a file" "下载到文件"
    }
    "wiki" {
        "Publishes Markdown files, with their images, to the Feishu or Lark wiki and keeps the pages up to date. Each file becomes exactly one page, even if a run is interrupted and started again."
        "把 Markdown 文件连同图片放进飞书或 Lark 的知识库，并保持页面最新。即使中断后重新运行，每个文件也只对应一个页面。"
        "tokenward wiki create notes.md --personal" => "a page in your own library" "在我的文档库中创建页面"
        "tokenward wiki create docs --personal" => "a folder: one page per file, with links between them" "整个目录：每个文件一个页面，彼此链接"
        "tokenward wiki update notes.md" => "bring the page up to date" "更新页面"
        "tokenward wiki list" => "the pages that were published from here" "从本机发布的页面"
    }
    "wiki create" {
        "Creates a page from a Markdown file and prints its URL. For a folder, it creates a page for each file, below the page of the file's folder, and links between the files become links between the pages. If a run is interrupted, run it again: it finishes the same pages."
        "把 Markdown 文件发布为页面并输出其地址。对于目录，每个文件成为一个页面，位于其目录的页面之下，文件之间的链接变为页面之间的链接。中断后再次运行会完成同样的页面。"
        "tokenward wiki create notes.md --personal --open" => "in your own library; the browser shows it" "在我的文档库中，并在浏览器中打开"
        "tokenward wiki create docs --space 7034502641455497244" => "a folder of files, into a space" "把整个目录放进知识库"
        "tokenward wiki create notes.md --parent https://acme.feishu.cn/wiki/TOKEN" => "below an existing page" "放在已有页面之下"
        "tokenward wiki create notes.md --personal --dry-run" => "show what would be created; sends nothing" "只说明将创建什么；不发送任何请求"
    }
    "wiki update" {
        "Replaces the content of a file's page. The old content is removed only once the new content is in place, and an unchanged file changes nothing; a page that someone else has edited is left alone unless you use --force."
        "替换文件所对应页面的内容。新内容写全之后才删除旧内容；文件没有变化时不做任何改动；若他人修改过页面，则需要 --force。"
        "tokenward wiki update notes.md" => "bring the page up to date" "更新页面"
        "tokenward wiki update docs" => "the pages of a folder's files" "目录中各文件的页面"
        "tokenward wiki update notes.md --dry-run" => "show what would change; sends nothing" "只说明将改动什么；不发送任何请求"
    }
    "wiki list" {
        "Lists the pages that were published from this machine, from a local record; the provider is not asked, so a page that was deleted there is still listed."
        "根据本机的记录列出从这里发布的页面；不询问平台，因此在平台上已删除的页面仍会列出。"
        "tokenward wiki list" => "every page: file, title, address, when it was written" "所有页面：文件、标题、地址、写入时间"
        "tokenward wiki list --profile work --json" => "those of one profile, for programs" "某个配置档的页面，供程序读取"
    }
    "sandbox" {
        "Runs a provider on this machine that rotates tokens as Feishu, BlueKing or an OAuth 2.0 server does, with a consent page, a clock that can be moved and failures on request. It needs no account and no network."
        "在本机运行一个像飞书、蓝鲸或 OAuth 2.0 服务器那样真正轮换令牌的模拟平台，带有授权页、可调整的时钟和可指定的故障。不需要账号，也不联网。"
        "tokenward sandbox" => "start it; it shows what to type next" "启动，并显示接下来输入什么"
        "tokenward sandbox --auto-consent -- ./my-test" => "run a test against the sandbox, which stops when the test ends" "针对沙箱运行测试；测试结束后沙箱随之退出"
        "tokenward sandbox --provider blueking --dialect ssm" => "simulate BlueKing" "模拟蓝鲸"
        "tokenward sandbox --access-life 30s" => "access tokens that expire after 30 seconds" "访问令牌 30 秒后过期"
    }
    "demo" {
        "Shows a login, a refresh, a crash at the worst moment and the recovery from it, on a sandbox in its own folder. Everything it starts stops when it exits."
        "在独立目录中的沙箱上演示登录、刷新、最坏时刻的崩溃以及恢复。演示启动的进程都会随之退出。"
        "tokenward demo" => "see it work" "观看演示"
        "tokenward demo --keep" => "keep its folder, to look around" "保留演示目录以便查看"
    }
}
