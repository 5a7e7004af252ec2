//! Words of `config`.

super::sentences! {
    no_such_key() { "there is no such key in config.toml" "config.toml 中没有这个键" }
    keys_are_shown() { "`tokenward config list` shows the keys that are set; keys are written as `default_profile`, `apps.NAME.app_id` or `profiles.NAME.scopes`" "`tokenward config list` 列出已设置的键；键写作 `default_profile`、`apps.名称.app_id` 或 `profiles.名称.scopes`" }
    key_of_a_secret() { "secrets are not kept in config.toml" "config.toml 中不保存 App Secret 等密钥" }
    key_of_a_secret_next() { "`tokenward init` asks for the secret and keeps it encrypted in the vault; or set TOKENWARD_APP_SECRET, or name a file with `secret_file`" "`tokenward init` 会询问 App Secret 并加密保存在保险库中；也可以设置 TOKENWARD_APP_SECRET，或用 `secret_file` 指定文件" }
    value_of_a_secret() { "this value looks like a token or a secret and was not written" "这个值看起来是令牌或密钥，没有写入" }
    key_not_set(key) { "{key} is not set in config.toml" "config.toml 中没有设置 {key}" }
    key_not_set_next(key) { "set it with `tokenward config set {key} VALUE`; otherwise the default applies" "可用 `tokenward config set {key} 值` 设置；不设置则使用默认值" }
    config_has_no_app(app) { "there is no app {app} in config.toml" "config.toml 中没有应用 {app}" }
    no_such_app_next(app) { "register it with `tokenward init --app {app}`" "请用 `tokenward init --app {app}` 登记" }
    no_such_profile_here(profile) { "there is no profile {profile} in config.toml" "config.toml 中没有配置档 {profile}" }
    no_such_profile_here_next(profile, app) { "name its app first: `tokenward config set profiles.{profile}.app {app}`" "请先指定它的应用：`tokenward config set profiles.{profile}.app {app}`" }
    init_makes_profile(profile) { "`tokenward init --profile {profile}` sets up the profile with its app" "`tokenward init --profile {profile}` 可设置该配置档及其应用" }
    key_is_variable(variable, key) { "{variable} is an environment variable; its key in config.toml is {key}" "{variable} 是环境变量，在 config.toml 中对应的键是 {key}" }
    key_is_variable_alone(variable) { "{variable} is an environment variable, and config.toml has no key for it" "{variable} 是环境变量，config.toml 中没有对应的键" }
    key_by_variable_next(variable) { "{variable} in the environment gives this value; `tokenward init` writes what the variables say to config.toml" "该值由环境变量 {variable} 给出；`tokenward init` 会把环境变量中的设置写入 config.toml" }
    key_is_required(key) { "{key} is required, so it was not removed" "{key} 是必需的，没有取消设置" }
    key_is_required_next(key) { "`tokenward config set {key} VALUE` changes it" "可用 `tokenward config set {key} 值` 修改" }
    profile_goes_by(profile) { "`tokenward profile remove {profile}` removes the profile" "`tokenward profile remove {profile}` 可移除该配置档" }
    key_set(key, value) { "{key} is set to {value}" "已将 {key} 设为 {value}" }
    key_was_so(key, value) { "{key} is {value} already" "{key} 已经是 {value}" }
    key_unset(key) { "{key} is no longer set; its default applies" "已取消设置 {key}，改用默认值" }
    key_was_unset(key) { "{key} was not set, so nothing was changed" "本来就没有设置 {key}，未做任何更改" }
    secret_file_is_here(key, file) { "a path in config.toml is relative to its folder; for the file in this folder, run `tokenward config set {key} {file}`" "config.toml 中的相对路径从它所在的文件夹算起；如要用当前文件夹中的文件，请运行 `tokenward config set {key} {file}`" }
    variable_before_key(variable, key) { "{variable} is set in the environment and overrides {key}" "环境变量 {variable} 已设置，优先于 {key}" }
    config_unchanged() { "config.toml is unchanged" "config.toml 未改动" }
    config_not_there(file) { "there is no {file} yet: run `tokenward init` to create it" "还没有 {file}：`tokenward init` 会创建它" }
    config_edited(file) { "{file} is saved" "已保存 {file}" }
    config_goes_on(file) { "continuing with your earlier edit, which was not valid ({file})" "继续编辑上次未能采用的文本（{file}）" }
    config_edit_again() { "Edit again?" "再次编辑吗？" }
    config_text_kept(file) { "config.toml is unchanged; your text is kept in {file}" "config.toml 未改动；你的文本保留在 {file}" }
    config_text_kept_next(file) { "run `tokenward config edit` again to continue with it, or delete {file}" "请再次运行 `tokenward config edit` 继续编辑，或删除 {file}" }
    config_changed_meanwhile() { "config.toml was changed by another program while it was being edited" "编辑期间 config.toml 被另一个程序改动" }
    editor_failed(editor, status) { "the editor {editor} exited with {status}" "编辑器 {editor} 以 {status} 结束" }
    no_editor() { "no editor is set, and there is no terminal for vi" "没有指定编辑器，也没有终端可运行 vi" }
    no_editor_next() { "set VISUAL or EDITOR, or use `tokenward config set KEY VALUE`" "请设置 VISUAL 或 EDITOR，或使用 `tokenward config set 键 值`" }
    head_key() { "KEY" "键" }
    head_value() { "VALUE" "值" }
    head_origin() { "FROM" "来源" }
    origin_environment() { "environment" "环境变量" }
    value_hidden() { "(not shown)" "（不显示）" }
}

/// The Chinese help of these commands.
pub(super) const HELP: &[(&str, &str, &str)] = &[
    ("config", "", "查看或修改设置（config.toml）"),
    ("config get", "", "输出一个键的值"),
    ("config get", "key", "键，例如 default_profile 或 apps.名称.app_id"),
    ("config set", "", "检查后设置一个键；注释保持原样"),
    ("config set", "key", "键，例如 default_profile 或 profiles.名称.scopes"),
    ("config set", "value", "值；列表以空格分隔，表写作 键=值"),
    ("config unset", "", "从文件中去掉一个键，改用默认值；注释保持原样"),
    ("config unset", "key", "键，例如 apps.名称.secret_file 或 profiles.名称.scopes"),
    ("config list", "", "列出已设置的键及其来源"),
    ("config edit", "", "用编辑器（VISUAL、EDITOR）编辑 config.toml；检查无误后才替换"),
    ("config path", "", "输出 config.toml 的位置"),
];
