//! Words about files that other users of the machine can read, and folders that they can write.

use tokenward::links::LinkState;
use tokenward_core::Code;

use super::Lang;
super::sentences! {
    file_narrowed(file, was) { "other users could read {file} (mode {was}); now only you can read it (mode 600). If another user needs to read it, run `chmod {was} {file}`, then `tokenward link {file} --open-to-others`" "其他用户可以读取 {file}（权限 {was}）；现已改为仅你可读（权限 600）。若确需其他用户读取，请先运行 `chmod {was} {file}`，再运行 `tokenward link {file} --open-to-others`" }
    insist_on_folder(way) { "if everyone who can write to that folder is allowed to have your tokens, run `{way} --shared-folder`" "若你允许所有能写入该处的人得到你的令牌，请运行 `{way} --shared-folder`" }
    close_file(file) { "`chmod 600 {file}` makes it readable only for you" "`chmod 600 {file}` 可禁止他人访问" }
    insist_on_readers(way) { "if those users are allowed to have your tokens, run `{way} --open-to-others`" "若你允许他们得到你的令牌，请运行 `{way} --open-to-others`" }
    state_barred_folder() { "not written: folder open to others" "不写入：目录对他人开放" }
    state_barred_readers() { "open to others" "对他人开放" }
    advice_barred(detail) { "no new tokens are written into it: {detail}" "不会写入新令牌：{detail}" }
    advice_open(detail) { "{detail}: it becomes readable only for you when new tokens are written to it, or now with `tokenward link FILE`" "{detail}：写入新令牌时会改为仅你可读，也可立即运行 `tokenward link 文件`" }
    permitted_folder() { "tokens are written to it even though others can write to its folder, as you allowed (--shared-folder)" "按你的要求，即使他人可以写入其目录，仍会写入（--shared-folder）" }
    permitted_readers() { "tokens are written to it even though others can read it, as you allowed (--open-to-others)" "按你的要求，即使他人可以读取，仍会写入（--open-to-others）" }
    permitted_end(file) { "to undo this, run `tokenward unlink {file}`, then `tokenward link {file}` without the option" "依次运行 `tokenward unlink {file}` 和 `tokenward link {file}`（不加该选项），即可撤销" }
    insists_need_file() { "--shared-folder and --open-to-others are about a file: use --env-file FILE too" "--shared-folder 和 --open-to-others 针对文件：请同时给出 --env-file 文件" }
}

impl Lang {
    /// Why tokens in a linked file are not safe, in a word for a table.
    pub(crate) fn exposed_state(self, state: &LinkState) -> Option<String> {
        Some(match state.exposed.as_ref()?.code() {
            Code::SharedFolder => self.state_barred_folder(),
            _ => self.state_barred_readers(),
        })
    }

    /// What was permitted for a linked file, in sentences; none where nothing was.
    pub(crate) fn permitted(self, state: &LinkState) -> Vec<String> {
        let terms = state.link.terms;
        let mut words = Vec::new();
        words.extend(terms.shared_folder.then(|| self.permitted_folder()));
        words.extend(terms.open_to_others.then(|| self.permitted_readers()));
        words
    }

    /// Why they are not safe, and what to do.
    pub(crate) fn exposed_advice(self, state: &LinkState) -> Vec<String> {
        let Some(error) = &state.exposed else { return Vec::new() };
        let why = self.detail(error.detail().unwrap_or(self.happened(error.code())));
        match error.code() {
            Code::SharedFolder => vec![self.advice_barred(why), self.next_step(error.code()).to_owned()],
            _ => vec![self.advice_open(why)],
        }
    }
}
