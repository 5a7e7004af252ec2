//! Stories of the vault and its files.

use tokenward_core::Words;
use tokenward_core::ports::{StoreError, StoreFault};

use super::Lang;
impl Lang {
    /// What is wrong with the vault. A reason that the system gives stays as the system says it.
    pub(crate) fn vault_error(self, error: &StoreError) -> String {
        if self == Self::En {
            return error.to_string();
        }
        let (place, reason) = (&error.place, self.vault_reason(&error.reason));
        match &error.kind {
            StoreFault::ReadOnly => format!("{place} 处的保险库无法写入：{reason}"),
            StoreFault::Full => format!("{place} 处的保险库空间不足：{reason}"),
            StoreFault::Busy => format!("{place} 处的保险库正忙"),
            StoreFault::Unreadable => format!("{place} 处的保险库无法读取：{reason}"),
            StoreFault::Key { key } => format!("{place} 处的保险库无法用此密钥（{key}）打开：{reason}"),
            StoreFault::Newer { found, known } => {
                format!("{place} 处的保险库结构版本为 {found}，本程序只认识到 {known}")
            }
            StoreFault::NotPrivate { allowed } => format!("{place} 对其他用户开放（权限 {allowed}）"),
            StoreFault::NotOurs { owner, user } => {
                format!("{place} 属于用户 {owner}，而不属于用户 {user} 或 root")
            }
            StoreFault::Gone(grant) => format!("保险库中没有登录 {grant}"),
            StoreFault::Moved => "此登录已由其他进程继续处理".to_owned(),
            StoreFault::IntentOpen(_) => "此登录有一次刷新尚未完成".to_owned(),
            StoreFault::NoRefreshToken => "此登录没有刷新令牌".to_owned(),
            // A newer vault may say more.
            _ => error.to_string(),
        }
    }

    /// A reason of the vault's own, in this language; another one as it came.
    fn vault_reason(self, reason: &str) -> String {
        let own = REASONS.iter().find(|words| words.en == reason);
        own.map_or_else(|| self.detail(reason).into_owned(), |words| self.of(*words).to_owned())
    }
}

/// The vault's own reasons.
const REASONS: &[Words] = &[
    Words { en: "it is not a folder", zh: "它不是目录" },
    Words { en: "no files can be stored there (a kernel file system)", zh: "内核不在该处保存文件" },
    Words {
        en: "the folder's name is not valid UTF-8; choose another with TOKENWARD_HOME",
        zh: "目录名不是有效的 UTF-8；请用 TOKENWARD_HOME 另选一个",
    },
    Words {
        en: "something in it was encrypted with a data key that key.json does not hold; restore a backup",
        zh: "其中有内容由 key.json 中没有的数据密钥加密；请恢复备份",
    },
    Words {
        en: "the file is missing and the vault is not empty; put it back, or restore a backup",
        zh: "文件缺失，而保险库并非空的；请放回该文件，或恢复备份",
    },
    Words { en: "it was written but is missing", zh: "已经写入，但文件不存在" },
    Words {
        en: "every rescue slot holds an answer that waits to be moved into the journal",
        zh: "所有应急存储区都存有等待写入日志的应答",
    },
    Words {
        en: "the key belongs to another vault; put the vault.db and key.json of one vault together",
        zh: "该密钥属于另一个保险库；请把同一个保险库的 vault.db 和 key.json 放在一起",
    },
    Words {
        en: "another vault was put in its place while this program was running; start this program again",
        zh: "本程序运行期间，该位置换成了另一个保险库；请重新启动本程序",
    },
    Words { en: "it is missing or empty", zh: "文件缺失或为空" },
    Words { en: "the file system is read-only", zh: "文件系统是只读的" },
    Words { en: "key.json is damaged; restore a backup", zh: "key.json 已损坏；请恢复备份" },
];

super::sentences! {
    backup_to_stdout() { "a backup is not written to stdout" "备份不能写到标准输出" }
    backup_to_stdout_next() { "name a new file, `tokenward vault backup FILE`, and copy that: it is encrypted, and its key is printed on stdout unless you give one" "请指定一个新文件：`tokenward vault backup 文件`，然后复制该文件：它已加密；没有提供密钥时，密钥会输出到标准输出" }
    restore_in_copy() { "in the backup" "备份中" }
    restore_in_earlier() { "in the earlier vault" "之前的保险库中" }
    restore_here() { "here" "本机" }
    restore_nameless(user, app) { "a login without a profile ({user}, app {app})" "未归入配置档的登录（{user}，应用 {app}）" }
    restore_same(name, there) { "{name}: the same here and {there}" "{name}：本机与{there}相同" }
    restore_ends(name, here, there, coming) { "{name}: refreshed here {here}, {there} {coming}: the refresh token {there} is already used, so you have to log in again afterwards" "{name}：本机刷新于 {here}，{there}刷新于 {coming}；{there}的刷新令牌已用掉，恢复后需要重新登录" }
    restore_revives(name, here, there, coming) { "{name}: refreshed here {here}, {there} {coming}: the one {there} is newer, and the login would continue with it" "{name}：本机刷新于 {here}，{there}刷新于 {coming}；{there}的较新，恢复后此登录可继续使用" }
    restore_apart(name, here, there, coming) { "{name}: refreshed on both sides, here {here}, {there} {coming}: only one of them is still valid, most likely the later one" "{name}：分开后两边都刷新过，本机于 {here}，{there}于 {coming}；只有一边仍有效，多半是较晚的一边" }
    restore_another(name, here, there, coming) { "{name}: one login here ({here}) and another {there} ({coming}): the one here would be archived" "{name}：本机与{there}不是同一条登录记录（本机刷新于 {here}，{there}为 {coming}），本机的将存档" }
    restore_comes(name, there, coming) { "{name}: only {there}, refreshed {coming}" "{name}：仅在{there}，刷新于 {coming}" }
    restore_leaves(name, here) { "{name}: only here, refreshed {here}: it would be archived" "{name}：仅在本机，刷新于 {here}，将存档" }
    restore_script(name, here) { "{name}: a script's login, refreshed here {here}: it continues with the refresh token in the script's file" "{name}：脚本的登录，本机刷新于 {here}：可用脚本文件中的刷新令牌继续" }
    restore_unread(reason) { "the vault here cannot be read, so it cannot be compared: {reason}" "本机的保险库无法读取，因此无法比较：{reason}" }
    restore_damaged(there, count) { "damaged logins {there}: {count}" "{there}损坏的登录：{count} 个" }
    restore_keys(there, coming, here) { "API keys: {coming} {there}, {here} here" "API 密钥：{there} {coming} 个，本机 {here} 个" }
    restore_entries(there, coming, here) { "entries of the audit trail: {coming} {there}, {here} here" "审计记录：{there} {coming} 条，本机 {here} 条" }
    restore_entries_only_here(count, there) { "{count} of the entries here are not {there}; they are archived with this vault" "本机的审计记录中有 {count} 条不在{there}，将随此保险库存档" }
    restore_key_stays_revoked(name, id) { "API key {name} ({id}): revoked here, and stays revoked" "API 密钥 {name}（{id}）：已在本机吊销，恢复后仍然无效" }
    restore_key_leaves(name, id) { "API key {name} ({id}): only here; it is refused afterwards, and `tokenward serve key create` makes another" "API 密钥 {name}（{id}）：仅在本机，恢复后会被拒绝；可用 `tokenward serve key create` 另建" }
    restore_key_comes(name, id, there) { "API key {name} ({id}): only {there}; it is valid afterwards, and `tokenward serve key revoke {id}` revokes it" "API 密钥 {name}（{id}）：仅在{there}，恢复后有效；可用 `tokenward serve key revoke {id}` 吊销" }
    restored_keys(keys, entries) { "API keys in this vault: {keys}; entries of its audit trail: {entries}" "此保险库中的 API 密钥：{keys} 个；审计记录：{entries} 条" }
    restored_keys_revoked(names) { "revoked in the previous vault, and so in this one too: {names}" "已在此前的保险库中吊销，在这里也同样吊销：{names}" }
    restored_keys_refused(names) { "API keys that this vault does not have, and refuses: {names}. Create others with `tokenward serve key create NAME`" "此保险库中没有、因此会被拒绝的 API 密钥：{names}。请用 `tokenward serve key create 名字` 另建" }
    restored_keys_valid(names) { "API keys that only this vault has, and accepts: {names}. If one of them was revoked, run `tokenward serve key revoke ID`" "只有此保险库中有、因此会被接受的 API 密钥：{names}。其中若有已吊销的，请运行 `tokenward serve key revoke ID`" }
    restored_keys_unknown() { "the previous vault could not be read, so API keys that were revoked in it are valid here: `tokenward serve key list` lists them, and `tokenward serve key revoke ID` revokes one" "此前的保险库无法读取，因此在其中吊销过的 API 密钥在这里有效：`tokenward serve key list` 可列出，`tokenward serve key revoke ID` 可吊销" }
    restore_not_in_trail(reason) { "the audit trail has no entry of this: {reason}" "审计记录中没有记下这次恢复：{reason}" }
    archived_key_stdin() { "--key-stdin reads the key of a backup, and this is an archived vault" "--key-stdin 用于读取备份密钥，而这是存档的保险库" }
    archived_key_next() { "if it was encrypted with a key file, name that file: --key-file FILE" "如果它是用密钥文件加密的，请指定该文件：--key-file 文件" }
    archived_key_unused() { "this archived vault opens without --key-file: it has a key of its own" "这个存档的保险库有自己的密钥，不使用 --key-file" }
    archived_key_unused_next() { "leave out --key-file" "请去掉 --key-file" }
    restore_nobody() { "there is no login on either side" "两边都没有登录" }
    restore_costs() { "for logins listed above as already used or only here, you have to log in again afterwards; the current vault is kept, and `tokenward vault restore --undo` restores it" "上面列出的已用掉或仅存于此的登录，之后需要重新登录；现有的保险库会保留，`tokenward vault restore --undo` 可以恢复" }
    ask_restore_undo(folder) { "Replace the vault in {folder} with the earlier one?" "确定用之前的保险库替换 {folder} 中的保险库吗？" }
    restored_elsewhere() { "the vault that was backed up still has these logins if it exists: only one of the two may refresh, because a refresh on one side ends the login on the other. Use only this one from now on, or log in again here with `tokenward login`" "被备份的保险库如果仍在，其中也有这些登录：只能由其中一个刷新，因为一边刷新后，另一边的登录就会失效。今后请只使用这里的，或在这里用 `tokenward login` 重新登录" }
    restore_undone() { "the earlier vault is now in use" "现已改用之前的保险库" }
    restore_in_use(folder) { "another program has the vault in {folder} open; nothing was changed" "另一个程序正在使用 {folder} 中的保险库；没有任何改动" }
    restore_in_use_next() { "stop `tokenward serve`, `watch` and `proxy`, what `tokenward exec` runs, and programs that use the library; then restore again" "请停止 `tokenward serve`、`watch`、`proxy`、由 `tokenward exec` 运行的程序以及使用库的程序，然后重新恢复" }
    restore_way_back() { "to switch back to it, run `tokenward vault restore --undo`; `tokenward vault kept` lists the archived vaults, and deletes them only with --remove or --remove-all" "运行 `tokenward vault restore --undo` 可以恢复；`tokenward vault kept` 可查看并删除保留的保险库" }
    fact_kept_vaults() { "archived vaults" "存档的保险库" }
    kept_vaults_counted(count) { "{count} (`tokenward vault kept` shows them)" "{count} 个（`tokenward vault kept` 可查看）" }
    no_kept_vaults() { "there is no archived vault" "没有存档的保险库" }
    kept_vault_goes(folder, when, size) { "to be removed: {folder} (archived {when}, {size})" "将删除：{folder}（存档于 {when}，{size}）" }
    ask_remove_kept() { "Delete permanently, with every login that is in no other vault?" "确定永久删除吗？只存在于其中的登录也会一并删除" }
    kept_vaults_removed(count) { "removed: {count}" "已删除：{count} 个" }
    no_such_kept_vault(name) { "there is no archived vault named {name}" "没有名为 {name} 的存档保险库" }
    see_kept_vaults() { "`tokenward vault kept` lists them" "`tokenward vault kept` 可查看现有的" }
    kept_vaults_lie_in(folder) { "they are in {folder}; `tokenward vault kept --remove VAULT` removes one" "它们位于 {folder}；`tokenward vault kept --remove 名称` 可删除" }
    head_kept_vault() { "VAULT" "保险库" }
    head_kept_since() { "ARCHIVED" "存档时间" }
    head_kept_size() { "SIZE" "大小" }
    head_kept_back() { "RESTORE WITH" "恢复命令" }
    restore_unsynced(reason) { "it is done, but the disk did not confirm it ({reason}): a power loss now may undo it" "已经换好，但磁盘未确认写入（{reason}）：此时断电可能会退回到恢复之前的状态" }
    copy_removed(file) { "{file} was removed: its key could not be shown, so nobody could have opened it" "{file} 已删除：其密钥未能显示，没有人能打开它" }
    login_damaged_profile(name) { "log in again: `tokenward login --profile '{name}'` replaces the damaged login" "请重新登录：`tokenward login --profile '{name}'` 会替换损坏的登录" }
    login_damaged_copy() { "or restore an older backup: `tokenward vault restore FILE --dry-run` shows what that means for the others" "或恢复较早的备份：`tokenward vault restore 文件 --dry-run` 会说明对其他登录的影响" }
    vault_values_left(count) { "values that cannot be decrypted stay as they were, under the old data key: {count}" "无法打开的 {count} 项保持原样，仍用旧数据密钥" }
    vault_key_stays() { "the key that opens the vault has not changed: whoever has it can open this vault too. `tokenward vault rekey --new-key-file FILE` changes it" "打开保险库的密钥没有更换：持有它的人仍可打开。`tokenward vault rekey --new-key-file 文件` 可以更换" }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn every_error_of_the_vault_is_told_in_chinese_and_its_own_reasons_are_those_of_the_vault() {
        let place = "/home/ada/.tokenward/vault";
        let reason = || "it is not a folder".to_owned();
        let errors = [
            StoreError::read_only(place, reason()),
            StoreError::full(place, reason()),
            StoreError::busy(place),
            StoreError::unreadable(place, reason()),
            StoreError::key(place, "TOKENWARD_KEY", reason()),
            StoreError::newer(place, 9, 5),
            StoreError::not_private(place, "644"),
            StoreError::not_ours(place, 1, 2),
            StoreError::moved(),
            StoreError::no_refresh_token(),
        ];
        for error in errors {
            let told = Lang::Zh.vault_error(&error);
            assert!(!told.is_ascii() && !told.contains("folder\"") && !told.contains("it is no"), "{told}");
            assert_eq!(Lang::En.vault_error(&error), error.to_string());
        }
        // A reason that the vault does not give any more is nobody's.
        let mut source = String::new();
        let mut folders = vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../vault/src"))];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else {
                    source += &std::fs::read_to_string(entry).unwrap();
                }
            }
        }
        for words in REASONS {
            assert!(source.contains(words.en) && !words.zh.is_ascii(), "{}", words.en);
        }
    }
}
