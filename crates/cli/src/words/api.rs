//! Words of `api`.

super::sentences! {
    bad_method() { "use GET, POST, PUT, PATCH, DELETE or HEAD" "请写 GET、POST、PUT、PATCH、DELETE 或 HEAD" }
    bad_target() { "use a path that begins with a slash, such as /open-apis/authen/v1/user_info, or a full URL" "请写以斜杠开头的路径，例如 /open-apis/authen/v1/user_info，或完整的 URL" }
    bad_pair() { "use NAME=VALUE" "请写成 名字=值" }
    bad_header() { "write `Name: value`" "请写成 `名字: 值`" }
    body_unreadable(what) { "the body cannot be read from {what}" "无法从 {what} 读取请求体" }
    body_not_json(what) { "{what} is not JSON" "{what} 不是 JSON" }
    body_give_type() { "fix it, or set its type with -H \"Content-Type: …\"; files go into a form with -F" "请修正，或用 -H \"Content-Type: …\" 说明类型；上传文件请用 -F 表单" }
    answer_not_text() { "the response is not text, and stdout is a terminal: write it to a file with -o FILE" "响应不是文本，而 stdout 是终端：请用 -o 文件 写入文件" }
    answer_not_json() { "the response is not JSON" "响应不是 JSON" }
    answer_no_pages_next() { "leave out --page-all" "请去掉 --page-all" }
    answer_no_list() { "this response has no single list to print line by line" "响应中没有可以逐行输出的单一列表" }
    answer_no_list_next() { "leave out --ndjson, and pick the list with --jq" "请去掉 --ndjson，用 --jq 选取列表" }
    answer_written(bytes, file) { "{bytes} bytes written to {file}" "已将 {bytes} 字节写入 {file}" }
    scope_login(command, scope) { "`{command}` adds {scope}; scopes granted earlier are kept" "`{command}` 会增加 {scope}；已授予的权限不会丢失" }
    scope_console(url) { "enable one of the scopes and publish a version: {url}" "请开通其中一个权限并发布版本：{url}" }
    scope_then_login(command) { "afterwards, as a user: `{command}`" "之后，若以用户身份调用：`{command}`" }
    call_foreign_host(host, own) { "{host} is not {own}" "{host} 不是 {own}" }
    call_header_ours(name) { "the header {name} is set by Tokenward itself" "请求头 {name} 由 Tokenward 设置" }
    call_waiting(span) { "rate limited by the provider; waiting {span}" "平台限流，等待 {span}" }
    call_renewing() { "the token was refused; refreshing it" "令牌被拒绝，正在刷新" }
    call_repeating() { "the response was unusable; sending the call again" "没有得到可用的响应，正在重发" }
    pages_too_many() { "there are more pages than allowed" "页数超过了上限" }
    pages_unnamed() { "the provider says that there are more pages but does not say where" "平台表示还有下一页，却没有给出 page_token" }
    pages_repeated() { "the provider names a page that was already read" "平台给出的 page_token 之前出现过" }
    call_wait(span) { "the provider asks you to wait {span}; --patience allows a longer wait" "平台要求等待 {span}；可用 --patience 允许更长的等待" }
}
