//! Words of the other commands, and those that all of them share.

super::sentences! {
    error_head() { "error:" "错误：" }
    warning_head() { "warning:" "警告：" }
    detail_head() { "cause:" "原因：" }
    profile_head() { "profile:" "配置档：" }
    kept_head() { "kept:" "已保留：" }
    stands_head() { "now:" "现状：" }
    next_head() { "hint:" "下一步：" }
    provider_head() { "provider:" "平台返回：" }
    page_head() { "see:" "参见：" }
    retry_after(span) { "the provider asks you to wait {span}" "请等待 {span}后重试（平台的要求）" }
    missing_scopes(scopes) { "missing scopes (one of them may do): {scopes}" "缺少的权限（满足其一即可）：{scopes}" }
    no_such_command(name) { "unknown command {name}" "没有名为 {name} 的命令" }
    no_such_argument(name) { "unexpected argument {name}" "不支持参数 {name}" }
    argument_missing(name) { "{name} is missing" "缺少 {name}" }
    command_missing() { "a command is required" "缺少命令" }
    arguments_conflict(one, other) { "{one} cannot be used with {other}" "{one} 与 {other} 不能同时使用" }
    not_for_dotenv() { "this token contains a character that .env parsers interpret differently" "该令牌含有某些字符，不同的 .env 读取程序对它们的解释不一致" }
    not_for_dotenv_next() { "use `tokenward exec -- CMD`, or `tokenward token --format env` for a shell" "请使用 `tokenward exec -- 命令`，或在 shell 中使用 `tokenward token --format env`" }
    method_is_a_word() { "the method is a word before the path: `tokenward api POST /PATH`" "请求方法直接写在路径之前：`tokenward api POST /路径`" }
    jq_is_an_option() { "a jq expression goes into --jq" "jq 表达式请用 --jq 指定" }
    login_takes_no_token() { "`tokenward adopt -` imports a login from a token JSON on stdin, and `tokenward adopt FILE` from a file" "`tokenward adopt -` 从标准输入的 token JSON 导入登录，`tokenward adopt 文件` 从文件导入" }
    query_is_not_quiet() { "in `api`, -q means --query KEY=VALUE; use `--quiet` to hide notes" "在 `api` 中 -q 是 --query 键=值；不显示提示请用 `--quiet`" }
    value_missing(name) { "{name} needs a value" "{name} 需要一个值" }
    value_not_wanted(name) { "{name} takes no value" "{name} 不接受值" }
    value_not_among(value, name, known) { "invalid value \"{value}\" for {name}; possible values: {known}" "{name} 的值“{value}”无效，可用的值：{known}" }
    value_unusable(value, name, why) { "invalid value \"{value}\" for {name}: {why}" "“{value}”不能用于 {name}：{why}" }
    no_file_name(name) { "the text given as {name} is not a file name (it is not shown here)" "{name} 的值不是文件名（此处不显示该值）" }
    no_file_name_next() { "give an existing file; if the text is a secret, put it into a file first. If it really is a file name, write it as ./NAME" "请指定已存在的文件；若给出的是密钥或令牌，请先存入文件。若文件名确实如此，请写成 ./文件名" }
    no_file_name_seen() { "other users of this machine can read arguments, and shells save them in their history: if it was a secret, consider replacing it" "本机其他用户可以看到命令行参数，shell 也会记录下来：若给出的是密钥或令牌，请考虑更换" }
    not_unicode() { "an argument is not Unicode text" "有参数不是 Unicode 文本" }
    otherwise_wrong(kind) { "the command line is not valid ({kind})" "无法理解这条命令（{kind}）" }
    perhaps(name) { "did you mean {name}?" "你是不是想输入 {name}？" }
    bad_count() { "use a whole number from 1, without a unit" "请写从 1 开始的整数，不带单位" }
    no_time_unit(number) { "say {number}s or {number}d" "请写明单位：{number}s（秒）或 {number}d（天）" }
    bad_duration() { "use a duration such as 90s, 10m, 1h30m or 2d" "请写成 90s、10m、1h30m 或 2d" }
    bad_brand() { "use feishu or lark" "请写 feishu 或 lark" }
    bad_token_api() { "use v3, v2, oidc-v1 or legacy-v1; for BlueKing: ssm, auth-api or bkauth" "请写 v3、v2、oidc-v1 或 legacy-v1；蓝鲸请写 ssm、auth-api 或 bkauth" }
    bad_url() { "use a full URL, such as https://open.feishu.cn" "请写完整的地址，例如 https://open.feishu.cn" }
    bad_port() { "use a number from 0 to 65535" "请写 0 到 65535 之间的数字" }
    bad_name() { "use 1 to 64 letters, digits, '-', '_', '.' or '@', not starting with '-' or '.'" "请用 1 到 64 个字母、数字或 '-'、'_'、'.'、'@'，且不以 '-' 或 '.' 开头" }
    bad_variable_name() { "use letters, digits and '_', not starting with a digit" "请用字母、数字和 '_'，且不以数字开头" }
    usage_help_of(command) { "see `tokenward {command} --help`" "参见 `tokenward {command} --help`" }
    usage_help() { "see `tokenward --help` or `tokenward COMMAND --help`" "参见 `tokenward --help` 或 `tokenward 命令 --help`" }
    bad_variable(name, value) { "the variable {name} holds \"{value}\", which cannot be used" "环境变量 {name} 的值“{value}”无法使用" }
    answer_needed() { "an answer is needed" "请输入内容" }
    nobody_to_ask(what) { "cannot ask without a terminal: {what}" "当前不是交互式终端，无法询问：{what}" }
    give_it_by(ways) { "use {ways}" "请加上 {ways}" }
    no_answer() { "no answer was given" "没有收到输入" }
    file_not_written(file) { "{file} could not be written" "无法写入 {file}" }
    fact_commit() { "commit" "提交" }
    fact_platform() { "platform" "平台" }
    fact_json_schema() { "JSON schema" "JSON 版本" }
    interrupted_login(signal) { "cancelled ({signal}); the login was not finished, and one that was there before is unchanged" "已取消（{signal}）；登录没有完成，原有的登录保持不变" }
    interrupted_pages(signal) { "cancelled ({signal}); run the same command again to go on from here" "已取消（{signal}）；再次运行同一命令即可从此处继续" }
    interrupted_refresh(signal) { "cancelled ({signal}); nothing is lost: `tokenward status` shows the login" "已取消（{signal}）；没有丢失任何内容：`tokenward status` 可查看登录状态" }
    interrupted_watch(signal) { "stopped ({signal}); linked files are no longer kept in sync by this command" "已停止（{signal}）；本命令不再保持关联文件的同步" }
    interrupted(signal) { "cancelled ({signal}); nothing is lost" "已取消（{signal}）；没有丢失任何内容" }
    interrupt_waits(signal) { "{signal} received: a refresh is in progress; the command exits as soon as that is safe" "收到 {signal}：正在刷新令牌，完成后立即退出" }
    program_not_started(program) { "{program} was not found" "找不到程序 {program}" }
    program_failed(program) { "{program} could not be started" "无法启动程序 {program}" }

    token_in_arguments() { "other users of this machine can read tokens in arguments, and shells save them in their history; leave the tokens in the ini file, or use -r @FILE, or -r - with a line on stdin. `tokenward login` needs no token" "本机其他用户可以看到命令行参数中的令牌，shell 也会记录下来；请把令牌留在 ini 文件中，或用 -r @文件，或用 -r - 从 stdin 读取一行。`tokenward login` 则完全不需要" }
    script_by_profile(file, profile) { "the login in {file} belongs to profile {profile}, which refreshed it" "{file} 中的登录属于配置档 {profile}，已由该配置档刷新" }
    script_of_login(file, id) { "the refresh token for {file} belongs to the login {id}, which has no profile, so it is not known which app refreshes it" "{file} 中的刷新令牌属于登录 {id}；该登录不属于任何配置档，因此无法确定由哪个应用刷新" }
    give_profile(id) { "`tokenward adopt --login {id} -p NAME` gives it a profile" "`tokenward adopt --login {id} -p 名称` 可为它指定配置档" }
    script_healed_by_profile(file, profile) { "{file} held a used refresh token of profile {profile}; it now holds the profile's current tokens, and nothing was sent" "{file} 中是配置档 {profile} 已用过的刷新令牌；现已写入当前有效的令牌，没有发送任何请求" }
    script_healed(file) { "{file} held a refresh token that was already used; it now holds the current tokens, and nothing was sent" "{file} 中的刷新令牌已被用过；现已写入当前有效的令牌，没有发送任何请求" }
    script_app_token_ended(file) { "put a new app access token into {file} (app_access_token), or pass it with -a: it is valid for two hours, and `tokenward token --as app` prints one where the app is set up. If it is new, the two tokens may be swapped" "请把新的 app_access_token 写入 {file}，或用 -a 提供：它只有两小时有效；若应用已设置好，`tokenward token --as app` 会输出一个。若它并未过期，两个令牌可能位置互换了" }
    script_of_two_apps(file) { "the two tokens belong to different apps, or are swapped: provide the app access token of the app that the user consented to, in {file} (app_access_token) or with -a" "两个令牌属于不同的应用，或位置互换了：请在 {file} 中填写用户所授权的应用的 app_access_token，或用 -a 提供" }
    script_other_brand(file, other) { "the app belongs to the other platform: `tokenward refresh --config-file {file} --provider {other}`" "该应用属于另一个平台，请运行 `tokenward refresh --config-file {file} --provider {other}`" }
    script_login_again(file) { "the refresh token cannot be used any more: `tokenward login --env-file {file}` logs in and writes the file, where the app is set up; otherwise log in again the way you got it, and put the new one into {file} (refresh_token) or give it with -r" "此刷新令牌已无法使用：若应用已设置好，`tokenward login --env-file {file}` 可重新登录并写入该文件；也可按原来的方式登录，并把新的令牌写入 {file}（refresh_token），或用 -r 提供" }
    script_try_later(file) { "try again later: `tokenward refresh --config-file {file}`" "请稍后重试：`tokenward refresh --config-file {file}`" }
    script_if_it_stays(file) { "if it stays, the refresh token cannot be used any more: `tokenward login --env-file {file}` logs in and writes the file, where the app is set up; otherwise log in again the way you got it, and put the new one into {file} (refresh_token)" "若一直如此，则刷新令牌已无法使用：若应用已设置好，`tokenward login --env-file {file}` 可重新登录并写入该文件；也可按原来的方式登录，并把新的令牌写入 {file}（refresh_token）" }
    script_try_again(file) { "`tokenward refresh --config-file {file}` continues" "`tokenward refresh --config-file {file}` 可继续" }
    script_token_missing() { "a token is missing: it is neither in the file nor on the command line" "文件中没有所需的令牌，参数也未提供" }
    script_give_token() { "put it into the file, or give it: -a for the app access token, -r for the refresh token" "请写入文件，或在参数中提供：-a 为 app_access_token，-r 为刷新令牌" }
    script_link_needs_none(file) { "`tokenward link {file}` needs no app access token: the app's id and secret are enough, in the file or set up with `tokenward init`" "`tokenward link {file}` 不需要 app_access_token：有 App ID 和 App Secret 即可，写在文件中或已用 `tokenward init` 设置均可" }
    file_here_holds_login(file) { "{file} in this folder holds a login: `tokenward link {file}` makes it the profile's" "当前文件夹的 {file} 中有登录：`tokenward link {file}` 可使其成为配置档的登录" }
    file_here_was_logged_out(file) { "the login in {file} in this folder was logged out or replaced here: `tokenward login --env-file {file}` logs in and writes the tokens to it" "当前文件夹 {file} 中的登录已在本机退出或被取代：`tokenward login --env-file {file}` 可登录并把令牌写入其中" }
    file_is_no_profile(file) { "{file} is a file, and no profile" "{file} 是文件，不是配置档" }
    file_to_refresh(file) { "`tokenward link {file}` keeps the file in sync with a login; `tokenward refresh` then refreshes that" "`tokenward link {file}` 可让该文件与登录保持同步，之后用 `tokenward refresh` 刷新" }
    file_to_refresh_script(file) { "`tokenward link {file}` keeps the file in sync with a login; `tokenward refresh --config-file {file}` refreshes the login in it" "`tokenward link {file}` 可让该文件与登录保持同步；`tokenward refresh --config-file {file}` 可刷新其中的登录" }
    script_bad_token() { "that is not a token" "这不是令牌" }
    script_stands_in() { "it looks like a placeholder: put the token itself there; nothing was sent" "看起来是占位文字：请填入令牌本身；没有发送任何内容" }
    script_app_token_dead() { "the app access token is invalid or expired: one is valid for two hours" "提供的 app_access_token 无效或已过期（有效期两小时）" }
    script_copy_again() { "copy it again: a token has no spaces and no quotes" "请重新复制：令牌中没有空格和引号" }
    secret_not_read(what) { "the token could not be read from {what}" "无法从 {what} 读取令牌" }

    vault_saved(file) { "the encrypted backup is in {file}; keep it and its key in different places" "加密备份已写入 {file}；请把备份与其密钥分开保存" }
    vault_copy_key() { "the key of this backup, shown only once:" "备份密钥（只显示这一次）：" }
    ask_copy_key() { "Key of the backup (not shown)" "备份密钥（输入时不显示）" }
    copy_key_ways() { "--key-file FILE or --key-stdin" "--key-file 文件 或 --key-stdin" }
    copy_key_unreadable(file) { "the key of the backup cannot be read from {file}" "无法从 {file} 读取备份密钥" }
    give_readable_file() { "name an existing file that you can read" "请指定存在且有权读取的文件" }
    copy_key_unusable() { "the key of the backup cannot be used: it needs at least 16 characters, not counting spaces and dashes, and they must not be mostly the same" "备份密钥无法使用：除空格和横线外至少需要 16 个字符，且不能只是少数几个字符的重复" }
    vault_restored(file) { "the vault in {file} is now in use" "已从 {file} 恢复保险库" }
    vault_restored_old(folder) { "the previous vault is kept in {folder}" "此前使用的保险库保留在 {folder}" }
    vault_restored_alone(file) { "a backup holds no configuration: copy the config.toml of the backed-up home folder to {file}, or run `tokenward init` with the same app and profile names" "备份中不含配置：请把备份来源的数据目录中的 config.toml 复制到 {file}，或用相同的应用名和配置档名运行 `tokenward init`" }
    backup_without_folder(file, folder) { "the backup {file} cannot be written: the folder {folder} does not exist" "无法写入备份 {file}：目录 {folder} 不存在" }
    backup_not_written(file) { "the backup {file} could not be written" "无法写入备份 {file}" }
    backup_not_written_next() { "check the backup's folder and disk (is it mounted?), or name another file. The vault is unchanged" "请检查备份所在的目录和磁盘（是否已挂载），或换一个文件。保险库没有变化" }
    vault_rekeyed(count, source) { "{count} values are encrypted with a new data key; the vault opens with {source}" "已用新的数据密钥重新加密 {count} 项；今后的打开方式：{source}" }
    vault_key_of_service(service, file) { "the service ({service}) does not have the new key: run `TOKENWARD_KEY_FILE={file} tokenward service install` with the words you installed it with" "服务（{service}）还没有新密钥：请按安装时的参数运行 `TOKENWARD_KEY_FILE={file} tokenward service install`" }
    vault_key_unused(file) { "the key that the environment names is not used by this vault; to encrypt it with that key, run `tokenward vault rekey --new-key-file {file}`" "此保险库没有使用环境变量指定的密钥；要改用该密钥，请运行 `tokenward vault rekey --new-key-file {file}`" }
    vault_set_key_file(file) { "set TOKENWARD_KEY_FILE={file} from now on: without it the vault does not open" "今后请设置 TOKENWARD_KEY_FILE={file}：否则无法打开保险库" }
    vault_unset_key() { "unset TOKENWARD_KEY and TOKENWARD_KEY_FILE: the vault no longer needs them" "今后请取消设置 TOKENWARD_KEY 和 TOKENWARD_KEY_FILE" }
    ask_restore(folder) { "Replace the vault in {folder} with the backup?" "确定用备份替换 {folder} 中的保险库吗？" }
    file_exists(file) { "{file} exists and is not overwritten" "{file} 已存在，不会覆盖" }
    choose_other_file() { "choose another name" "请换一个文件名" }
    fact_engine() { "database" "数据库" }
    fact_schema() { "schema" "结构版本" }
    fact_grants() { "logins" "登录记录数" }
    fact_open_intents() { "refreshes in progress" "未完成的刷新" }

    sandbox_ready(url) { "the sandbox provider listens on {url}; press Ctrl-C to stop it" "沙箱服务已启动：{url}；按 Ctrl-C 结束" }
    sandbox_try(command) { "in another terminal, paste the lines below, then run: {command}" "请在另一个终端中粘贴以下各行，然后运行：{command}" }
    sandbox_kept(home) { "with those lines, everything is kept in {home}, separate from your real logins" "使用上述设置时，数据都在 {home}，与真实登录互不影响" }
    sandbox_clock(command) { "to let the access token expire, move the sandbox's clock: {command}" "要让访问令牌过期，可拨动沙箱时钟：{command}" }
    sandbox_clock_too(seconds) { "then move the clock of your programs too: export TOKENWARD_CLOCK_OFFSET={seconds}" "程序的时钟也要同样拨动：export TOKENWARD_CLOCK_OFFSET={seconds}" }
    sandbox_consent_auto() { "the consent page grants consent by itself; without a browser, fetch the address that `tokenward login --no-browser` prints: curl -sL ADDRESS" "授权页会自动同意；没有浏览器时，用 curl -sL 访问 `tokenward login --no-browser` 显示的地址即可" }
    sandbox_consent_click() { "the consent page waits for a click" "授权页需要点击同意" }
    sandbox_control(url) { "control (clock, faults, history, counters): {url}" "控制接口（时钟、故障、历史、计数）：{url}" }
    sandbox_lives(access, refresh) { "access tokens are valid for {access}, refresh tokens for {refresh}" "访问令牌有效期 {access}，刷新令牌 {refresh}" }
    sandbox_seed(seed) { "seed {seed}" "随机种子 {seed}" }
    sandbox_not_started() { "the sandbox could not be started" "沙箱无法启动" }

    sandbox_other_port() { "use --port PORT, where PORT and the four ports after it are free, or omit --port to pick free ones" "请用 --port 指定连续五个空闲端口中的第一个；不写 --port 则自动选择空闲端口" }

    man_written(count, folder) { "{count} man pages written to {folder}" "已向 {folder} 写入 {count} 个手册页" }
}
