//! Words of `link` and its kin about what stays undone: another server's place, a login that has expired, a file that is not there.

super::sentences! {
    left_to_server(place, server, command) { "the same token was also at {place} and was left unchanged there, since it belongs to the server {server}: `{command}` links it too (add -p PROFILE for another login)" "{place} 处也是同一个令牌，它属于服务 {server}，因此保持原样：可用 `{command}` 一并关联（若为另一条登录记录，请加上 -p 配置档）" }
    left_where_it_is(place, command) { "the same token was also at {place} and was left unchanged there: `{command}` links it too (add -p PROFILE for another login)" "{place} 处也是同一个令牌，已保持原样：可用 `{command}` 一并关联（若为另一条登录记录，请加上 -p 配置档）" }
    other_token_left(place, command) { "another token is at {place} and was not linked: if it is one of your login too, `{command}` keeps it in sync (add -p PROFILE for another login)" "{place} 处是另一个令牌，未被关联：若它也属于你的登录，可用 `{command}` 保持同步（若为另一条登录记录，请加上 -p 配置档）" }
    token_replaced(place) { "the access token that was at {place} was not one that the vault knows, and was replaced" "{place} 处原有的访问令牌不在保险库中，已被替换" }
    token_may_be_meant(place, command) { "there is a token at {place}: if it is meant, use `{command}`" "{place} 处有一个令牌：如果指的就是它，请用 `{command}`" }
    value_may_be_meant(place, flags) { "the value at {place} may belong to another service; if the token of your login belongs there, say so with {flags}" "{place} 处的值可能属于其他服务；如果你的登录令牌应当放在那里，请用 {flags} 指明" }
    server_with_a_value(file, server) { "the MCP server \"{server}\" in {file} has a value for which nothing says that it is a token of your provider" "{file} 中 MCP 服务“{server}”的值看不出是你的平台的令牌" }
    file_is_tracked(file) { "{file} is tracked by git, so a commit would publish your tokens: `git rm -f --cached {file}`, then add it to .gitignore; or use a file without a token, see `tokenward help exec`" "{file} 已由 git 跟踪，提交会公开你的令牌：请运行 `git rm -f --cached {file}`，并把它加入 .gitignore；或改用不含令牌的文件，参见 `tokenward help exec`" }
    left_expired(profile, since) { "the access token of profile {profile} expired {since} and could not be refreshed now: the files get a new one with the next refresh" "配置档 {profile} 的访问令牌已于 {since}过期，暂时无法刷新：下次刷新后文件会得到新令牌" }
    refreshed_first(profile, generation) { "the access token of profile {profile} had expired, so the login was refreshed: token set {generation}" "配置档 {profile} 的访问令牌已过期，因此已刷新登录：第 {generation} 版令牌" }
    file_missing_tables() { "check the path; to a JSON or TOML file Tokenward adds no keys, so create it first with the settings of your program" "请检查路径；不会向 JSON 或 TOML 文件添加键，请先用程序自己的配置创建该文件" }
    unlinked_place(places, file, profile) { "{places} in {file} is no longer kept in sync with profile {profile}" "{file} 中的 {places} 不再与配置档 {profile} 同步" }
    token_of_profile(profile, them, link) { "profile {profile} is logged in as {them}: `{link}` keeps the file in sync with it" "配置档 {profile} 的登录就是 {them}：`{link}` 可让文件与之同步" }
}
