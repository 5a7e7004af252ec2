//! Words of `link`, `unlink`, `links`, `watch` and of what a linked file brings to other commands.

use std::path::Path;

use jiff::Timestamp;
use tokenward::links::{FileComparison, LinkOutcome, LinkReport, LinkState, WatchEvent};
use tokenward_core::{Code, Place, ProfileName, Slot, Status};

use super::Lang;
use tokenward_words::{is_gone, is_whole, quoted};

super::sentences! {
    file_missing(file) { "{file} does not exist" "{file} 不存在" }
    file_missing_next() { "check the path; `tokenward link FILE --create` creates the file, and so does `tokenward login --env-file FILE`" "请检查路径；`tokenward link 文件 --create` 可新建文件，`tokenward login --env-file 文件` 也可以" }
    did_you_mean(name) { "did you mean {name}?" "你是不是想输入 {name}？" }
    file_dangling(file, target) { "{file} is a symbolic link to {target}, which does not exist: create that file, or fix the symbolic link" "{file} 是指向 {target} 的符号链接，而目标不存在：请创建该文件，或修正符号链接" }
    file_no_file(file) { "{file} is not a file" "{file} 不是文件" }
    file_not_understood(file) { "{file} cannot be parsed, and is left unchanged" "无法解读 {file}，已保持原样" }
    file_not_understood_next() { "fix the line named above; if the file's format differs from what its name suggests, use --format" "请修正上面指出的那一行；若文件类型与名称不符，请用 --format 指定" }
    format_unclear(file) { "the format of {file} is not clear from its name or content" "从名称和内容都看不出 {file} 的格式" }
    format_unclear_next() { "use --format ini, env, properties, fish, json, toml or yaml" "请用 --format 指定 ini、env、properties、fish、json、toml 或 yaml" }
    no_token_place(file) { "{file} has no place for a token under any of the usual names" "{file} 中没有找到常用的令牌键名或变量名" }
    no_such_place(place, file) { "there is no place {place} in {file}" "{file} 中没有 {place} 这个位置" }
    places_of_that_name(places) { "places of that name: {places}" "同名的位置：{places}" }
    add_keys(command) { "where you are logged in already, `{command}` adds lines of the usual names and fills them" "如果已经登录，`{command}` 会添加常用名称的行并写入令牌" }
    fill_empty_keys(keys, login, link) { "{keys} is empty: `{login}` logs in and writes a token to it; where you are logged in already, use `{link}`" "{keys} 为空：`{login}` 可登录并把令牌写入该处；如果已经登录，请用 `{link}`" }
    name_places(example) { "say where the token is, for example {example}" "请指明令牌的位置，例如 {example}" }
    several_logins(file, count) { "{file} has places for {count} logins, and it is not clear which one to use" "{file} 中有 {count} 处登录记录，无法确定指的是哪一处" }
    name_places_once(command) { "name the places once, then run this command again: `{command}`" "请先指明一次位置，再重新运行本命令：`{command}`" }
    pick_with(flags) { "pick one with {flags}" "用 {flags} 选定" }
    no_such_server(file, server) { "{file} has no MCP server \"{server}\" with a token" "{file} 中没有带令牌的 MCP 服务“{server}”" }
    servers_of_file(names) { "the file's servers: {names}" "文件中的服务：{names}" }
    server_without_place(file, server) { "the MCP server \"{server}\" in {file} has no place for a token" "{file} 中的 MCP 服务“{server}”没有放置令牌的位置" }
    server_needs_no_token(names) { "the MCP server {names} is started by tokenward, which gives it the token: the file needs none" "MCP 服务 {names} 由 tokenward 启动，令牌由它提供：文件中无需写入令牌" }
    servers_with_tokens(names) { "servers with a token: {names}" "带令牌的服务：{names}" }
    place_is_token(flag) { "the value of {flag} looks like a token; use the token's place in the file, never the token itself" "{flag} 后面的内容像是令牌；它要的是令牌在文件中的位置，而不是令牌本身" }
    bad_place(flag, text, format) { "{flag}: \"{text}\" is not a place in a {format} file" "{flag}：“{text}”不是 {format} 文件中的位置" }
    place_is_reference(place) { "the value at {place} is a reference or an encrypted value, not a token: it is neither sent nor overwritten" "{place} 处是引用或密文，而不是令牌：既不会发送，也不会覆盖" }
    app_secret_stands_in(place) { "the value at {place} is a reference, an encrypted value or a placeholder, not a secret: it is not sent. Provide the secret itself, for example with `tokenward init --app-secret-stdin`" "{place} 处是引用、密文或占位文字，而不是密钥：不会发送。请提供密钥本身，例如用 `tokenward init --app-secret-stdin`" }
    place_is_stand_in(place) { "the value at {place} is a placeholder, not a token" "{place} 处是占位文字，而不是令牌" }
    comment_behind_value(place) { "the value at {place} has a comment behind it, which is read as part of the value in an ini file" "{place} 处的值后面有注释，ini 文件中它会被当作值的一部分" }
    comment_behind_value_next() { "put the comment on a line of its own, then run the same command again" "请把注释移到单独一行，再次运行同一命令" }
    place_is_stand_in_next(login, link) { "fill it in with `{login}`, or with `{link}` where you are logged in" "用 `{login}` 填入；若已登录，用 `{link}`" }
    add_argument(flag, list, file) { "add \"\" behind \"{flag}\" in {list} in {file}, then run this again" "请在 {file} 的 {list} 中“{flag}”之后加入 \"\"，然后再次运行" }
    add_key(pair, table, file) { "add {pair} to {table} in {file}, then run this again" "请在 {file} 的 {table} 中加入 {pair}，然后再次运行" }
    place_holds_either(place) { "the values at the access token's place and at {place} (the refresh token's) are the same: it is not clear which of the two tokens this is, so it is neither sent nor overwritten" "访问令牌和刷新令牌（{place}）两处是同一段文本：无法确定它是哪一种，既不会发送，也不会覆盖" }
    place_holds_more(place) { "the value at {place} holds more than a token, and it is not clear which part is the token" "{place} 处的值不只是令牌，无法确定哪一部分是令牌" }
    use_exec_for(name) { "run the program with `tokenward exec --env {name} -- PROGRAM`: it finds the token in {name}, and the file stays as it is" "请用 `tokenward exec --env {name} -- 程序` 运行该程序：它会在 {name} 中得到令牌，文件保持原样" }
    one_file_at_a_time(command) { "`tokenward {command}` takes one file: run it once for each" "`tokenward {command}` 一次只处理一个文件：请分别运行" }
    unlinked_gone(file) { "{file} does not exist any more" "{file} 已不存在" }
    use_exec() { "run the program with `tokenward exec`, which hands it the token without a file" "请用 `tokenward exec` 运行该程序：令牌直接交给它，不经过文件" }
    prose_not_written(file) { "{file} is a document, not a configuration file; no token is stored in it" "{file} 是供人阅读的文本，不会在其中保存令牌" }
    code_not_written(file, place) { "{file} is source code, and the value at {place} is not a quoted string" "{file} 是程序，{place} 处不是带引号的文本" }
    stray_stale(place, command) { "{place} holds an old token of this login and is not kept in sync: delete it, or keep it in sync too with `{command}`" "{place} 处是此登录的旧令牌，不会同步：请删除，或用 `{command}` 一并保持同步" }
    stray_copy(place, command) { "{place} also holds a token of this login and is not kept in sync: keep it in sync with `{command}`" "{place} 处也有此登录的令牌，但不会同步：可用 `{command}` 保持同步" }
    stray_named(place, command) { "judging by its name, {place} also holds a token of this login; the vault does not know that token, and it is not kept in sync: delete it, or keep it in sync with `{command}`" "从名称看，{place} 处也是此登录的令牌；其来源未知，不会同步：请删除，或用 `{command}` 保持同步" }
    access_nowhere(file, command) { "no access token of this login was found in {file}: if a program reads one there, name its place with `{command}`" "在 {file} 中没有找到此登录的访问令牌：若有程序从中读取，请用 `{command}` 指明位置" }
    twin_stays_behind(place, twin) { "the token at {place} is also at {twin}, inside a value that Tokenward cannot parse, and would not be updated there" "{place} 处的令牌也出现在 {twin} 处的文本中，而该文本的其余内容无法识别，该处的令牌将不会更新" }
    twin_stays_behind_next(twin) { "remove it at {twin}, or leave only the token there, then run the command again" "请删除 {twin} 处的令牌，或只保留令牌本身，然后重新运行命令" }
    stray_end(place) { "the expiry at {place} is in an unknown format and is left as it is: a program that reads it may take a valid token for an expired one" "{place} 处的到期时间写法无法识别，将保持原样：读取它的程序会把有效的令牌当作已过期" }
    stray_number(place) { "{place} seems to hold the token's expiry and is not kept in sync: its meaning is not clear from its name, or another value holds the same. A program that reads it may take a valid token for an expired one" "{place} 处与令牌的到期时间有关，但不会同步：从名称无法确定其含义，或已有其他值表示同一时间。读取它的程序可能会把有效的令牌当作已过期" }
    stray_encoded(place) { "{place} holds a token of this login in another form (percent-encoded, base64, hexadecimal, as a name or over several lines), and is not kept in sync: it becomes outdated with the next refresh" "{place} 处以其他形式（百分号编码、base64、十六进制、作为名称或跨多行）存有此登录的令牌，不会同步：下次刷新后即过时" }
    stray_stale_encoded(place) { "{place} holds an old token of this login in another form (percent-encoded, base64, hexadecimal, as a name or over several lines), and is not kept in sync: delete it, or write the current one there" "{place} 处以其他形式（百分号编码、base64、十六进制、作为名称或跨多行）存有此登录的旧令牌，不会同步：请删除，或改写为当前的令牌" }
    state_stale_beside(places) { "in sync, but there is an old token of this login at {places}" "已同步，但 {places} 处仍有此登录的旧令牌" }
    advice_stale_beside(place, command) { "delete the old token at {place}, or keep it in sync too with `{command}`" "请删除 {place} 处的旧令牌，或用 `{command}` 一并保持同步" }
    redirect_of_file(uri, place, file) { "the redirect URL is the one in {file}: {uri} ({place})" "重定向 URL 取自 {file}：{uri}（{place}）" }
    redirect_of_file_unused(uri, place, file) { "the redirect URL at {place} of {file} is not used, since another one is set: {uri}" "{file} 中 {place} 处的重定向 URL 未使用，因为已另行设置：{uri}" }
    redirect_of_file_bad(place, file) { "the value at {place} of {file} is not a URL that a login can return to" "{file} 中 {place} 处的内容不能用作登录的回调地址" }
    redirect_of_file_bad_next() { "write it as registered for the app, such as http://127.0.0.1:9768/callback, or delete the line" "请按为该应用登记的写法填写，例如 http://127.0.0.1:9768/callback，或删除这一行" }
    state_reference() { "a reference" "引用" }
    advice_reference() { "left unchanged: the value at the token's place is a reference or an encrypted value; run the program with `tokenward exec`" "保持原样：令牌位置上是引用或密文；请用 `tokenward exec` 运行该程序" }
    place_not_writable(place) { "no token can be stored at {place} in this file" "此文件的 {place} 处无法存放令牌" }
    or_app_in_file(file) { "or put FEISHU_APP_ID and FEISHU_APP_SECRET into {file}: they are taken from there" "或在 {file} 中写入 FEISHU_APP_ID 和 FEISHU_APP_SECRET：会从中读取" }
    app_of_no_file(file, app, id) { "{file} names no app; this login is for the app {app} ({id})" "{file} 没有指定应用；本次登录使用应用 {app}（{id}）" }
    app_from_file(id, file, profile) { "the app {id} of {file} is set up as profile {profile}; its secret is encrypted in the vault" "已将 {file} 中的应用 {id} 设置为配置档 {profile}；密钥已加密保存在保险库中" }
    places_and_more(told, count, more) { "{told} and {more} more ({count} in all)" "{told} 等，共 {count} 处（其中 {more} 处未列出）" }
    secret_not_in_file(file, key) { "{file} has no {key}" "{file} 中没有 {key}" }
    secret_misspelt_in_file(file, key, line, near) { "{file} has no {key} (line {line} has {near}: misspelt?)" "{file} 中没有 {key}（第 {line} 行是 {near}，是否拼写有误？）" }
    secret_empty_in_file(file, key) { "{key} in {file} is empty" "{file} 中的 {key} 为空" }
    secret_malformed_in_file(file, key) { "{key} in {file} holds a space, a control character or a non-ASCII character" "{file} 中的 {key} 含有空格、控制字符或非 ASCII 字符" }
    secret_is_reference(file, key) { "{key} in {file} is a reference or an encrypted value, not a secret: Tokenward does not resolve it" "{file} 中的 {key} 是引用或密文，而不是密钥：不会解析" }
    secret_is_reference_next(variable, init) { "set {variable} to the secret, or run `{init}` first" "请把密钥设为环境变量 {variable}，或先运行 `{init}`" }
    correct_secret_in_file(key, file, again) { "correct {key} in {file}, then run `{again}` again" "请改正 {file} 中的 {key}，然后再次运行 `{again}`" }
    app_not_saved(file) { "nothing was saved: the id and secret in {file} are refused; use --provider lark or feishu for the other platform" "没有保存：{file} 中的 App ID 和密钥被拒绝；可用 --provider lark 或 feishu 指定另一个平台" }
    nothing_saved_of_file() { "nothing was saved" "没有保存任何内容" }
    other_platform_of_file() { "if it is an app of the other platform, add --provider lark or --provider feishu" "如果该应用属于另一个平台，请加上 --provider lark 或 --provider feishu" }
    app_differs(file, id, profile, own) { "{file} belongs to the app {id}, and profile {profile} belongs to the app {own}: a token of one app is never sent with another's credentials" "{file} 属于应用 {id}，而配置档 {profile} 属于应用 {own}：一个应用的令牌不会与另一个应用的凭证一起发送" }
    app_differs_from_variable(file, id, variable, own) { "{file} belongs to the app {id}, and {variable} says {own}: a token of one app is never sent with another's credentials" "{file} 属于应用 {id}，而 {variable} 指定的是 {own}：一个应用的令牌不会与另一个应用的凭证一起发送" }
    unset_app_id(variable) { "unset {variable} and its secret for this file, and run the same command again" "请为此文件取消环境变量 {variable} 及其密钥，再次运行同一命令" }
    app_name_taken(file, id, name, own) { "{file} belongs to the app {id}, but the app named {name} is {own}" "{file} 属于应用 {id}，而名为 {name} 的应用是 {own}" }
    app_not_set_up_beside(file, id, variable, own) { "{file} belongs to the app {id}, which no profile uses, and {variable} of this shell says {own}" "{file} 属于应用 {id}，没有配置档使用该应用，而当前 shell 的 {variable} 指定的是 {own}" }
    unset_and_name_profile(variable) { "unset {variable} and its secret for this file, then give it a separate profile: run the same command with -p NAME" "请为此文件取消环境变量 {variable} 及其密钥，再为它单独建一个配置档：用 -p 名称 再次运行同一命令" }
    app_not_set_up(file, id) { "{file} belongs to the app {id}, which no profile uses" "{file} 属于应用 {id}，而没有配置档使用该应用" }
    name_new_profile() { "give it a separate profile: run the same command with -p NAME" "请为它单独建一个配置档：用 -p 名称 再次运行同一命令" }
    app_of_several(file, id, profiles) { "{file} belongs to the app {id}, which several profiles use: {profiles}" "{file} 属于应用 {id}，而有多个配置档使用该应用：{profiles}" }
    file_of_several(file, profiles) { "{file} holds the logins of several profiles: {profiles}" "{file} 中有多个配置档的登录：{profiles}" }
    name_profile() { "choose one with -p NAME" "请用 -p 名称 指定" }
    no_login_anywhere(profile, file) { "profile {profile} is not logged in, and {file} holds no login" "配置档 {profile} 尚未登录，{file} 中也没有登录" }
    log_in_first() { "run `tokenward login`, then this command again" "请先运行 `tokenward login`，再运行本命令" }
    log_in_into_file(way) { "`{way}` logs in and writes the tokens into it" "`{way}` 可登录并把令牌写入其中" }
    file_has_other_names(file) { "{file} is one of several names of one file (hard links). Only this name will show new tokens: link the others too" "{file} 是同一文件的多个名称（硬链接）之一。只有通过这个名称才能读到新令牌：请把其他名称也关联上" }
    login_in_file_ended(file) { "Tokenward no longer uses the login in {file}: it was logged out or replaced on this machine. Unless it was revoked, the tokens work until they expire" "Tokenward 已不再使用 {file} 中的登录：它已在本机退出或被取代。若没有撤销，其中的令牌到期前仍可使用" }
    login_in_file_over(file, why) { "the login in {file} is no longer valid: {why}" "{file} 中的登录已失效：{why}" }
    import_newer(file, command) { "{file} holds a newer login: `{command}` imports it, and no new login is needed" "{file} 中有更新的登录：`{command}` 会导入它，无需重新登录" }
    file_is_anothers(file, owner) { "the login in {file} belongs to profile {owner}" "{file} 中的登录属于配置档 {owner}" }
    file_is_anothers_next_its_own(way, owner) { "`{way} -p {owner}` keeps the file in sync with that profile" "`{way} -p {owner}` 可让文件与该配置档保持同步" }
    file_is_anothers_next_empty() { "to use another login in the file, empty the token's line first" "若要在文件中改用另一条登录记录，请先清空令牌那一行" }
    place_is_taken(other) { "another link already uses that place: {other}" "该位置已由另一项关联维护：{other}" }
    place_is_taken_next(file) { "remove that one with `tokenward unlink {file}`, or name another place with --access and --refresh" "请用 `tokenward unlink {file}` 解除，或用 --access 和 --refresh 指定其他位置" }
    place_is_of_profile(file, owner) { "{file} is linked to profile {owner} already, and one place can show one login" "{file} 已关联到配置档 {owner}，而一个位置只能显示一条登录记录" }
    place_to_profile(unlink, way, wanted) { "to give the place to profile {wanted}: run `{unlink}`, empty the token there, then run `{way} -p {wanted}`" "如要把该位置改给配置档 {wanted}：先运行 `{unlink}`，清空该处的令牌，再运行 `{way} -p {wanted}`" }
    place_elsewhere() { "to show both logins in it, name another place with --access and --refresh" "如要在其中同时显示两条登录记录，请用 --access 和 --refresh 指定另一处" }
    link_made_unwritten(file, profile) { "{file} is linked to profile {profile}, but could not be updated yet" "{file} 已关联到配置档 {profile}，但暂时无法同步" }
    link_kept(profile, places) { "kept in sync with profile {profile} from now on: {places}" "今后与配置档 {profile} 保持同步：{places}" }
    adopted_undo(profile) { "the login in the file was new to the vault and was imported; profile {profile} now uses it and refreshes it the next time a token is requested. `tokenward adopt --undo` undoes this" "文件中的登录此前未知，现已成为配置档 {profile} 的登录；下次取令牌时会先刷新一次。若之前另有登录，`tokenward adopt --undo` 可以恢复" }
    see_links() { "`tokenward links` lists them" "`tokenward links` 可查看全部关联" }
    link_it(file) { "`tokenward link {file}` creates one" "可用 `tokenward link {file}` 建立关联" }
    several_links(file, count, profiles) { "{file} has {count} links (profiles: {profiles})" "{file} 有 {count} 项关联（配置档：{profiles}）" }
    several_links_next() { "to remove all of them, use --all" "如需全部解除，请用 --all" }
    unlink_place(command, profile) { "`{command}` removes that one (profile {profile})" "`{command}` 可解除这一项（配置档 {profile}）" }
    no_such_link(file) { "{file} has no link at that place" "{file} 的这个位置没有关联" }
    server_is_free(command, server) { "the server {server} in the file has a place of its own: `{command}`" "文件中的服务 {server} 另有位置：`{command}`" }
    unlinked(file, profile) { "{file} is no longer kept in sync with profile {profile}" "{file} 不再与配置档 {profile} 同步" }
    unlinked_places(places, file, profile) { "{places} in {file} is no longer kept in sync with profile {profile}; other places in the file still are" "{file} 中的 {places} 不再与配置档 {profile} 同步；该文件的其他位置仍保持同步" }
    unlinked_stays() { "its content stays as it is and is outdated after the next refresh: its refresh token has then been used, so no program should refresh with it" "其中的内容保持原样，但下次刷新后即过时：届时其中的刷新令牌已被用掉，请勿再让程序用它刷新" }
    unlinked_logged_out() { "its content stays as it is, and no login is refreshed for it any more; unless the login was revoked, the tokens in it work until they expire" "其中的内容保持原样，也不会再为它刷新；若登录没有撤销，其中的令牌到期前仍可使用" }
    unlinked_access_stays() { "its content stays as it is; the access token in it expires within hours" "其中的内容保持原样；其中的访问令牌会在几小时内到期" }
    no_links() { "no file is linked; `tokenward link FILE` keeps a file in sync" "还没有关联文件；`tokenward link 文件` 可让文件保持同步" }
    head_file() { "FILE" "文件" }
    head_state() { "STATE" "状态" }
    head_delivered() { "LAST SYNC" "上次写入" }
    never() { "never" "从未" }

    state_in_step() { "in sync" "已同步" }
    state_expired(since) { "in sync; the access token expired {since}" "已同步；访问令牌已于 {since}过期" }
    advice_expired() { "the login has not been refreshed since; the next tokenward command that uses it refreshes it and updates the file; `tokenward service install` keeps the file valid all the time" "此后还没有刷新过：下一条使用此登录的 tokenward 命令会刷新并更新文件；`tokenward service install` 可让它一直有效" }
    link_who_refreshes() { "the file is updated when a tokenward command refreshes; `tokenward service install` keeps it valid all the time" "每当 tokenward 的命令刷新令牌时，都会更新此文件；`tokenward service install` 可让它一直有效" }
    state_over() { "in sync, but the login is no longer valid" "已同步，但登录已失效" }
    advice_over(profile) { "the login is no longer valid, and the tokens in the file expire with it: log in again with `tokenward login -p {profile}`; the file is then updated" "登录已失效，文件中的令牌过期后也无法再用：请用 `tokenward login -p {profile}` 重新登录，文件随之更新" }
    wrong_kind_refresh(place) { "there is a refresh token at {place}, where an access token should be: overwriting it would lose the login" "{place} 处应为访问令牌，实为刷新令牌：若覆盖，登录就会丢失" }
    wrong_kind_access(place) { "there is an access token at {place}, where a refresh token should be: it cannot be used to refresh" "{place} 处应为刷新令牌，实为访问令牌：无法用它刷新" }
    wrong_kind_next(flag, place) { "name it with {flag} {place}; if it is no longer needed, empty the value first" "请用 {flag} {place} 指明；若不再需要，请先清空该值" }
    state_behind() { "out of date" "部分过时" }
    state_stale(held) { "out of date: token set {held}" "过时：第 {held} 版令牌" }
    state_newer() { "newer than the vault" "比保险库新" }
    state_of_another(profile) { "login of {profile}" "属于 {profile}" }
    state_of_another_user(user) { "login of another user: {user}" "属于另一位用户：{user}" }
    state_of_other_owner(owner) { "file of another user of this machine ({owner}), with a new login" "文件属于本机另一用户（{owner}），其中的登录未知" }
    advice_of_another_user(user, profile, id, file) { "left unchanged: it is the login of {user}, which has no profile. `tokenward unlink {file}` and then `tokenward link {file} -p NEW` keep the two separate; `tokenward link {file} --replace-user` switches profile {profile} to the login of {user}; `tokenward logout --login {id}` removes it" "保持原样：其中是 {user} 的登录，已保存但不属于任何配置档。先 `tokenward unlink {file}`，再 `tokenward link {file} -p 新名称` 可将两者分开；`tokenward link {file} --replace-user` 可把配置档 {profile} 改为 {user} 的登录；`tokenward logout --login {id}` 可将其删除" }
    advice_of_other_owner(owner) { "left unchanged: the file belongs to the user {owner} of this machine; `tokenward adopt FILE` imports its login if you trust that user" "保持原样：文件属于本机用户 {owner}；若你信任该用户，可运行 `tokenward adopt 文件` 导入其中的登录" }
    file_of_another_user(file, them, profile, us) { "{file} holds the login of {them}, but profile {profile} belongs to {us}" "{file} 中是 {them} 的登录，而配置档 {profile} 属于 {us}" }
    login_of_another_user(them, profile, us) { "this is the login of {them}, but profile {profile} belongs to {us}" "这是 {them} 的登录，而配置档 {profile} 属于 {us}" }
    keep_apart(way) { "`{way} -p NAME`, with a new name, keeps the two separate" "`{way} -p 新名称` 可将两者分开" }
    replace_user_with(way, profile, them) { "`{way} --replace-user` switches profile {profile} to the login of {them}; its files are updated" "`{way} --replace-user` 可把配置档 {profile} 改为 {them} 的登录；其文件随之更新" }
    replace_user_as(way, profile, them) { "`{way} -p {profile} --replace-user` switches profile {profile} to the login of {them}; its files are updated" "`{way} -p {profile} --replace-user` 可把配置档 {profile} 改为 {them} 的登录；其文件随之更新" }
    drop_login(id, them) { "`tokenward logout --login {id}` removes the login of {them}" "`tokenward logout --login {id}` 可删除“{them}”的登录" }
    then_link(way) { "after one of the first two commands, run `{way} --create -p NAME` to write the tokens to the file" "完成前两项之一后，用 `{way} --create -p 名称` 把令牌写入文件" }
    then_link_anew(file, profile, unlink, way) { "{file} is linked to profile {profile}: the second command updates it. After the first, run `{unlink}`, empty the token there, then run `{way} -p NAME`" "{file} 已关联到配置档 {profile}：完成第二项后会自动更新；完成第一项后，请运行 `{unlink}`，清空该处的令牌，再运行 `{way} -p 名称`" }
    ask_replace_user(them, profile, us) { "Switch profile {profile} to the login of {them}? The login of {us} is kept without a profile" "要把配置档 {profile} 改为 {them} 的登录吗？{us} 的登录将不属于任何配置档" }
    replace_user_ways() { "--replace-user, or -p NAME for a separate profile" "`--replace-user`，或用 `-p 新名称` 另建配置档" }
    state_blank() { "no token there" "没有令牌" }
    state_malformed() { "not a token" "不是令牌" }
    state_unclear() { "more than a token" "不只是令牌" }
    advice_unclear() { "left unchanged: a value holds more than a token, or both places hold the same text; leave only the token there, or run `tokenward unlink FILE` and link it again" "保持原样：值不只是令牌，或两处是同一段文本，无法确定它是什么；请只保留令牌，或先 `tokenward unlink 文件` 再重新关联" }
    state_without_login() { "not logged in" "尚未登录" }
    state_unusable() { "unreadable" "无法读取" }
    advice_stale() { "it is updated the next time the login is used; to update it now, run `tokenward link FILE`" "下次使用该登录时自动更正，也可立即运行 `tokenward link 文件`" }
    advice_newer() { "it is imported the next time the login is used; to import it now, run `tokenward link FILE`" "下次使用该登录时导入，也可立即运行 `tokenward link 文件`" }
    advice_of_another(profile, file) { "left unchanged: it holds the login of profile {profile}; `tokenward unlink {file}` and then `tokenward link {file} -p {profile}` keep it in sync with that profile" "保持原样：其中是配置档 {profile} 的登录；先 `tokenward unlink {file}`，再 `tokenward link {file} -p {profile}`，即可与该配置档保持同步" }
    advice_unproven(profile) { "the provider is asked for the user the next time the login is used; to ask now, run `tokenward refresh --profile {profile}`" "下次使用该登录时会询问平台它属于谁，也可立即运行 `tokenward refresh --profile {profile}`" }
    advice_blank() { "left unchanged: the token's place is empty; `tokenward link FILE` fills it in" "保持原样：令牌位置为空；`tokenward link 文件` 会填入" }
    advice_malformed() { "left unchanged: the value at the token's place is not a token; `tokenward link FILE` replaces it" "保持原样：令牌位置上的内容不是令牌；`tokenward link 文件` 会替换它" }
    advice_without_login(profile) { "not logged in: run `tokenward login --profile {profile}`" "尚未登录：请运行 `tokenward login --profile {profile}`" }
    advice_not_written(words) { "could not be written last time and will be retried: {words}" "上次无法写入，会再次尝试：{words}" }

    outcome_in_step() { "is up to date already" "已是当前的令牌" }
    outcome_delivered(generation) { "now holds the current tokens, token set {generation}" "已写入当前令牌（第 {generation} 版）" }
    outcome_healed(held, generation) { "held used tokens (token set {held}); now holds the current ones, token set {generation}. Nothing was sent" "原为已用掉的第 {held} 版令牌；现已写入当前的第 {generation} 版，没有发送任何请求" }
    outcome_healed_anew(generation) { "held tokens of an earlier login; now holds the current ones, token set {generation}" "原为先前登录的令牌；现已写入当前令牌（第 {generation} 版）" }
    outcome_adopted() { "held a login that the vault did not know; it is imported" "其中的登录此前未知，已导入" }
    outcome_left(state) { "left as it is: {state}" "保持原样：{state}" }
    outcome_not_written(detail) { "could not be written ({detail}); the tokens are safe in the vault, and writing will be retried" "无法写入（{detail}）；令牌已在保险库中，稍后会再次尝试写入" }
    outcome_gone(state) { "{state}; the login is unharmed" "{state}，登录不受影响" }
    outcome_unusable(detail) { "cannot be read and is left unchanged ({detail})" "无法读取，已保持原样（{detail}）" }
    outcome_unproven(profile, file) { "left as it is: the user of the profile's new login is not known yet. `tokenward refresh --profile {profile}` asks the provider; `tokenward link {file}` then writes the tokens to the file" "保持原样：尚不清楚配置档的新登录属于谁。请先运行 `tokenward refresh --profile {profile}` 向平台询问，再运行 `tokenward link {file}` 写入令牌" }
    outcome_elsewhere() { "another process is working on it" "另一个进程正在处理" }

    state_gone() { "the file is gone" "文件已不存在" }
    file_missing_whole_next() { "check the path; to a JSON, TOML or YAML file Tokenward adds no keys, so create the file first, with a key for the token such as \"USER_ACCESS_TOKEN\": \"\"" "请检查路径；Tokenward 不会往 JSON、TOML 或 YAML 文件中添加键，请先创建文件并写好令牌的键，例如 \"USER_ACCESS_TOKEN\": \"\"" }
    advice_gone_whole(file) { "put the file back, and it is filled in again, or `tokenward unlink {file}` ends the link" "恢复该文件后会重新写入令牌；或用 `tokenward unlink {file}` 解除关联" }
    advice_gone(file) { "`tokenward unlink {file}` ends the link; `tokenward link {file} --create` makes the file anew" "`tokenward unlink {file}` 可解除关联；`tokenward link {file} --create` 可重新创建文件" }

    env_file_flags() { "--access, --refresh, --app-id-at, --app-secret-at and --format say where the tokens are in a file: use --env-file FILE too" "--access、--refresh、--app-id-at、--app-secret-at 和 --format 用于指明令牌在文件中的位置：请同时给出 --env-file 文件" }
    nothing_was_done() { "fix that first; you are not logged in, and nothing was changed" "请先处理；尚未登录，也未作任何更改" }
    logged_in_unwritten(file) { "you are logged in, and the login is safe in the vault; only {file} could not be written" "登录成功，已保存在保险库中；只是 {file} 无法写入" }
    logged_in_unwritten_next(way) { "fix the problem shown above, then run `{way} --create`: no new login is needed" "请处理上面指出的问题，然后运行 `{way} --create`：无需重新登录" }

    nothing_to_watch() { "no file is linked, so there is nothing to watch" "没有关联文件，无需监视" }
    nothing_to_watch_next() { "link a file: `tokenward link FILE`; or name the profiles to keep refreshed: `tokenward watch PROFILE`" "请先关联一个文件：`tokenward link 文件`；或写明要保持有效的配置档：`tokenward watch 配置档`" }
    watched_without_links(profile) { "profile {profile} has no linked file yet: its login is kept refreshed, and files linked later are picked up" "配置档 {profile} 还没有关联文件：会按时刷新其登录，有了文件之后会自动发现" }
    not_watched(profile) { "profile {profile} is no longer set up, so its files are no longer watched" "配置档 {profile} 已不在配置中，其文件不再跟踪" }
    watching() { "linked files are kept in sync; press Ctrl-C to stop" "正在保持文件同步；按 Ctrl-C 结束" }
    event_following(file, profile) { "{file}  watched for profile {profile}" "{file}  开始跟踪（配置档 {profile}）" }
    event_turned(profile, generation, span) { "profile {profile}  refreshed, token set {generation}; next in {span}" "配置档 {profile}  已刷新，第 {generation} 版令牌；下次在 {span}后" }
    event_failed(profile, what, code) { "profile {profile}  {what} ({code})" "配置档 {profile}  {what}（{code}）" }
    event_failed_again(profile, what, code, span) { "profile {profile}  {what} ({code}); retrying in {span}" "配置档 {profile}  {what}（{code}）；{span}后重试" }
    event_noticed(profile, what) { "profile {profile}  {what}" "配置档 {profile}  {what}" }
    event_blind(reason) { "this system does not report file changes ({reason}); files are checked every 30 s" "本系统不通知文件改动（{reason}）；每 30 秒检查一次" }
}

/// The command that keeps one more place of a file in step. `way` is the one that links the file.
pub(crate) fn keep_too(way: &str, (slot, place): &(Slot, Place), profile: &ProfileName) -> String {
    let flag = if *slot == Slot::RefreshToken { "--refresh" } else { "--access" };
    format!("{way} {flag} {} -p {profile}", quoted(&place.to_string()))
}

impl Lang {
    /// What to do about a file that is not there.
    pub(crate) fn next_of_missing(self, file: &Path) -> String {
        if is_whole(file) { self.file_missing_whole_next() } else { self.file_missing_next() }
    }

    /// A state in a word or two.
    pub(crate) fn link_state(self, found: &FileComparison) -> String {
        match found {
            FileComparison::InStep => self.state_in_step(),
            FileComparison::Over => self.state_over(),
            FileComparison::StaleBeside { places, encoded } => {
                let places = places.iter().map(|(_, place)| place).chain(encoded);
                self.state_stale_beside(places.map(ToString::to_string).collect::<Vec<_>>().join(self.list_gap()))
            }
            FileComparison::Behind => self.state_behind(),
            FileComparison::Stale { held, .. } => self.state_stale(held),
            FileComparison::Newer => self.state_newer(),
            FileComparison::OfAnother { profile } => self.state_of_another(profile),
            FileComparison::OfAnotherUser { user, .. } => {
                self.state_of_another_user(user.clone().unwrap_or_else(|| self.said().someone_unknown()))
            }
            FileComparison::OfFormerUser { user } => self.state_of_former_user(user),
            FileComparison::OfEndedLogin { user } => self.state_of_ended_login(user.as_deref()),
            FileComparison::Unproven { shows_it: true } => self.state_unproven(),
            FileComparison::Unproven { shows_it: false } => self.state_before_unproven(),
            FileComparison::OfOtherOwner { owner } => self.state_of_other_owner(owner),
            FileComparison::Blank => self.state_blank(),
            FileComparison::Malformed => self.state_malformed(),
            FileComparison::Unclear => self.state_unclear(),
            FileComparison::Reference => self.state_reference(),
            FileComparison::WithoutLogin => self.state_without_login(),
            FileComparison::Unusable(error) if error.detail().is_some_and(is_gone) => self.state_gone(),
            FileComparison::Unusable(_) => self.state_unusable(),
            _ => self.unknown(),
        }
    }

    /// What there is to do about a link, or to know.
    pub(crate) fn link_advice(self, state: &LinkState) -> Vec<String> {
        let mut advice = self.exposed_advice(state);
        let is_shut = state.exposed.as_ref().is_some_and(|error| error.code() == Code::SharedFolder);
        match &state.found {
            FileComparison::Behind | FileComparison::Stale { .. } if is_shut => {}
            FileComparison::Behind | FileComparison::Stale { .. } => advice.push(self.advice_stale()),
            FileComparison::StaleBeside { places, encoded } => {
                advice.extend(encoded.iter().map(|place| self.stray_stale_encoded(place)));
                let target = &state.link.target;
                let way = format!("tokenward link {}", quoted(&target.file.display().to_string()));
                let command = |stray| keep_too(&way, stray, &target.profile);
                advice.extend(places.iter().map(|stray| self.advice_stale_beside(&stray.1, command(stray))));
            }
            FileComparison::Newer => advice.push(self.advice_newer()),
            FileComparison::OfAnother { profile } => {
                let file = quoted(&state.link.target.file.display().to_string());
                advice.push(self.advice_of_another(profile, file));
            }
            FileComparison::Unproven { .. } => advice.push(self.advice_unproven(&state.link.target.profile)),
            FileComparison::OfAnotherUser { grant, user } => {
                let user = user.clone().unwrap_or_else(|| self.said().someone_unknown());
                let file = quoted(&state.link.target.file.display().to_string());
                advice.push(self.advice_of_another_user(user, &state.link.target.profile, grant, file));
            }
            FileComparison::OfFormerUser { .. } | FileComparison::OfEndedLogin { .. } => {
                let file = quoted(&state.link.target.file.display().to_string());
                let way = format!("tokenward link {file}");
                advice.extend([self.said().agree_to_user(way, &state.link.target.profile), self.stop_following(&file)]);
            }
            FileComparison::OfOtherOwner { owner } => advice.push(self.advice_of_other_owner(owner)),
            FileComparison::Blank => advice.push(self.advice_blank()),
            FileComparison::Malformed => advice.push(self.advice_malformed()),
            FileComparison::Unclear => advice.push(self.advice_unclear()),
            FileComparison::Reference => advice.push(self.advice_reference()),
            FileComparison::Over => advice.push(self.advice_over(&state.link.target.profile)),
            FileComparison::WithoutLogin => advice.push(self.advice_without_login(&state.link.target.profile)),
            FileComparison::Unusable(error) => {
                let detail = error.detail().unwrap_or_default();
                if is_gone(detail) {
                    let file = &state.link.target.file;
                    let shown = quoted(&file.display().to_string());
                    advice.push(if is_whole(file) { self.advice_gone_whole(shown) } else { self.advice_gone(shown) });
                } else {
                    advice.push(self.outcome_unusable(self.detail(detail)));
                }
            }
            _ => {}
        }
        if let (Some(trouble), FileComparison::Behind | FileComparison::Stale { .. }, None) =
            (&state.link.trouble, &state.found, &state.exposed)
        {
            advice.push(self.advice_not_written(self.detail(&trouble.words)));
        }
        advice
    }

    /// What became of a link that was looked after.
    pub(crate) fn link_outcome(self, report: &LinkReport) -> String {
        match &report.outcome {
            LinkOutcome::InStep => self.outcome_in_step(),
            LinkOutcome::Delivered { generation, .. } => self.outcome_delivered(generation),
            // The sets of one login are counted upwards.
            LinkOutcome::Healed { held, generation, .. } if held >= generation => self.outcome_healed_anew(generation),
            LinkOutcome::Healed { held, generation, .. } => self.outcome_healed(held, generation),
            LinkOutcome::Replaced { grant, user, is_kept, generation, .. } => {
                self.replaced(user.as_deref(), *grant, *is_kept, *generation)
            }
            LinkOutcome::GivenItsOwn { grant, user, .. } => self.given_its_own(user.as_deref(), *grant),
            LinkOutcome::Adopted { .. } => self.outcome_adopted(),
            LinkOutcome::Left(found @ FileComparison::Unusable(error)) if error.detail().is_some_and(is_gone) => {
                self.outcome_gone(self.link_state(found))
            }
            LinkOutcome::Left(FileComparison::Unusable(error)) => {
                self.outcome_unusable(self.detail(error.detail().unwrap_or_default()))
            }
            LinkOutcome::Left(FileComparison::Unproven { shows_it: false }) => {
                self.outcome_unproven(&report.profile, quoted(&report.file.display().to_string()))
            }
            LinkOutcome::Left(found) => self.outcome_left(self.link_state(found)),
            LinkOutcome::NotWritten(error) => self.outcome_not_written(self.detail(error.detail().unwrap_or_default())),
            _ => self.outcome_elsewhere(),
        }
    }

    /// Something that `watch` saw, in a line.
    pub(crate) fn watch_event(self, event: &WatchEvent, short: impl Fn(&Path) -> String, now: Timestamp) -> String {
        let span = |at: &Timestamp| self.span(u64::try_from(at.duration_since(now).as_secs()).unwrap_or(0));
        match event {
            WatchEvent::Following { profile, file } => self.event_following(short(file), profile),
            WatchEvent::Link(report) => format!("{}  {}", short(&report.file), self.link_outcome(report)),
            WatchEvent::Rotated { profile, generation, next, .. } => self.event_turned(profile, generation, span(next)),
            WatchEvent::Failed { profile, error, again } => {
                let (what, code) = (self.happened(error.code()), error.code());
                if let Some(again) = again {
                    return self.event_failed_again(profile, what, code, span(again));
                }
                format!("{} · {}", self.event_failed(profile, what, code), self.status(Status::NeedsConsent))
            }
            WatchEvent::Noticed { profile, notice } => self.event_noticed(profile, self.notice(notice)),
            WatchEvent::Blind { reason } => self.event_blind(reason),
            _ => self.said().other(),
        }
    }
}

/// Advice with this file's name where any file's stands.
pub(crate) fn of_this_file(advice: &str, file: &str) -> String {
    advice.replace("link FILE", &format!("link {file}")).replace("link 文件", &format!("link {file}"))
}
