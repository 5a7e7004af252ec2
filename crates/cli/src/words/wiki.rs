//! Words of `wiki`.

use tokenward_core::Words;
use tokenward_wiki::{Flaw, Limit, Old, Standing};

use super::{Lang, w};

super::sentences! {
    bad_host() { "use a host such as acme.feishu.cn" "请写主机名，例如 acme.feishu.cn" }
    fact_title() { "title" "标题" }
    fact_space() { "space" "知识库" }
    fact_parent() { "parent" "父页面" }
    fact_pictures() { "images" "图片" }
    wiki_personal() { "your own library" "我的文档库" }
    wiki_space_of(node) { "the one that {node} is in" "{node} 所在的知识库" }
    wiki_pictures(local, web) { "{local} local or inline, {web} from the web" "本机或文中 {local} 张，网络 {web} 张" }
    fact_picture_hosts() { "images from" "图片来源" }
    fact_blocks() { "blocks" "内容块" }
    fact_page() { "page" "页面" }
    fact_update() { "update" "更新" }
    wiki_blocks(blocks) { "at least {blocks}" "至少 {blocks}" }
    wiki_would_change() { "the page's content would be replaced with the file's" "页面将换成文件的内容" }
    wiki_would_finish() { "the page is unfinished and would be finished" "页面尚未完成，将继续完成" }
    wiki_would_stay() { "the file has not changed; only --force would change the page" "文件与写入时一致；除非加 --force，否则不做改动" }
    wiki_dry_run() { "nothing was sent" "没有发送任何请求" }
    wiki_in_step() { "the page is up to date; nothing was changed" "页面内容与文件一致；没有改动" }
    wiki_fetching() { "fetching images" "下载图片" }
    wiki_converting() { "converting" "转换" }
    wiki_inserting() { "inserting blocks" "插入内容块" }
    wiki_uploading() { "uploading images" "上传图片" }
    wiki_importing() { "the provider imports the file" "平台正在导入文件" }
    wiki_picture_linked(url, reason) { "the image {url} was not fetched; it became a link: {reason}" "图片 {url} 未能下载，已改为链接：{reason}" }
    wiki_picture_not_public(url, host) { "the image {url} was not fetched; it became a link: {host} is not on the public internet; `--allow-private-pictures {host}` fetches from there" "图片 {url} 未下载，已改为链接：{host} 不在公网；加 `--allow-private-pictures {host}` 可从那里下载" }
    wiki_picture_stays(line, what, flaw) { "line {line}: the image \"{what}\" is not uploaded and stays as text: {flaw}" "第 {line} 行：图片“{what}”不会上传，按文字保留：{flaw}" }
    wiki_diagram(line, language) { "line {line}: the {language} diagram becomes a code block; the page does not render it" "第 {line} 行：{language} 图将成为代码块，页面不会绘制" }
    wiki_front_matter_left_out(lines) { "lines 1 to {lines} are read as front matter and are not on the page; if they are text, leave a blank line below the first rule" "第 1 至 {lines} 行被当作 front matter，不会出现在页面上；若它们是正文，请在第一条分隔线下空一行" }
    wiki_blank() { "the file has no text: the page shows only its title" "文件没有正文：页面只显示标题" }
    wiki_texts_cut(count) { "texts longer than the provider accepts were split: {count}" "有 {count} 段文字超出平台上限，已拆成多段" }
    wiki_link_without_login(address) { "a link's address contains a user name or password, which readers of the page would see; it is sent as {address}" "有链接的地址含用户名或密码，页面的读者会看到；发送时改为 {address}" }
    wiki_picture_dropped(destination) { "the image \"{destination}\" cannot be fetched; its text is used instead" "图片地址“{destination}”无法获取，已改为其说明文字" }
    wiki_picture_without_place(what) { "the provider's converter left no place for the image {what}" "平台转换时没有为图片 {what} 留出位置" }
    wiki_tables_cut(count) { "tables too large for one request were split between rows: {count}" "有 {count} 个表格超出单次请求上限，已按整行拆成多个表格" }
    wiki_resumed() { "an earlier run was interrupted; this one finishes it" "上次运行被中断，本次继续完成" }
    wiki_no_such_file() { "there is no such file: check the path; no page was created or changed" "没有这个文件：请检查路径；没有创建或改动任何页面" }
    wiki_file_changed() { "the file changed since that run: the page gets the new content" "文件自上次运行后有改动：页面将使用新内容" }
    wiki_looking() { "it is not known whether the page was created; looking for it" "不确定页面是否已经创建，正在查找" }
    wiki_found() { "it was created; no second one is needed" "页面已经创建，不会重复创建" }
    wiki_title_stays(page) { "the page keeps its title \"{page}\"; only its content is replaced" "页面标题仍为“{page}”；只替换内容" }
    wiki_local_pictures_stay(count) { "an import does not include local images: {count} left out" "导入不包含本机图片：{count} 张未上传" }
    wiki_perhaps_two(name) { "an answer was lost: an unused document \"{name}\" may be left in your own folder" "有一次应答丢失：你的个人空间里可能多出一个无用的文档“{name}”" }
    wiki_cut_blocks() { "the provider cut off everything beyond 20,000 blocks" "超过 20,000 块的内容已被平台截断" }
    wiki_cut_cells() { "the provider cut tables of more than 2,000 cells" "超过 2,000 个单元格的表格已被平台截断" }
    wiki_cut_columns() { "the provider cut tables of more than 100 columns" "超过 100 列的表格已被平台截断" }
    wiki_cut_paragraph() { "the provider cut paragraphs of more than 100,000 characters" "超过 100,000 字符的段落已被平台截断" }
    wiki_cut_other(code) { "the provider changed something during the import (provider code {code})" "平台导入时有所改动（代码 {code}）" }
    wiki_bad_front_matter(line) { "line {line} of the front matter cannot be used" "front matter 第 {line} 行无法使用" }
    wiki_flaw_missing() { "it does not exist" "不存在" }
    wiki_flaw_no_file() { "it is not a file" "不是文件" }
    wiki_flaw_empty() { "it is empty" "内容为空" }
    wiki_flaw_large(megabytes) { "it is larger than {megabytes} MB" "大于 {megabytes} MB" }
    wiki_flaw_no_picture() { "its content is not an image" "内容不是图片" }
    wiki_flaw_nul(at) { "it contains a NUL character (byte {at}), which text never has" "含有 NUL 字符（第 {at} 字节），文本中不应有该字符" }
    wiki_flaw_no_text(at) { "it is not UTF-8 text (byte {at})" "不是 UTF-8 文本（第 {at} 字节）" }
    wiki_flaw_quote() { "a quote is opened and not closed" "引号没有闭合" }
    wiki_flaw_personal() { "personal must be true or false" "personal 只能是 true 或 false" }
    wiki_flaw_two_spaces() { "personal and space cannot be used together" "personal 与 space 不能同时使用" }
    wiki_bad_place(text) { "\"{text}\" is neither an id nor the address of a space or page" "“{text}”既不是 ID，也不是知识库或页面的地址" }
    wiki_image_elsewhere(path) { "the image {path} is outside the file's folder and is not uploaded" "图片 {path} 不在文件所在目录内，不会上传" }
    wiki_image_elsewhere_next() { "check that others may see it; then name its folder with --images-from DIR, or leave out images with --no-images" "请先确认它可以公开给他人；然后用 --images-from 目录 指定所在目录，或用 --no-images 不带图片" }
    wiki_too_long(line, limit) { "the paragraph, list or table at line {line} is longer than the {limit} bytes that are converted at once: split it" "第 {line} 行处的段落、列表或表格超过一次可转换的 {limit} 字节：请拆成两段" }
    wiki_at(line, what) { "line {line}: {what}" "第 {line} 行：{what}" }
    wiki_beyond_title(found, most) { "the title has {found} characters, the limit is {most}: shorten it with --title, or in the file" "标题有 {found} 个字符，上限为 {most}：请用 --title 或在文件中改短" }
    wiki_beyond_heading(found, most) { "a heading has {found} characters, the limit is {most}: make it a paragraph" "有小标题长 {found} 个字符，上限为 {most}：请改为段落" }
    wiki_beyond_text(found, most) { "a text has {found} characters and cannot be split; the limit is {most}: split it yourself" "有文字长 {found} 个字符且无法拆分，上限为 {most}：请拆成两段" }
    wiki_beyond_columns(found, most) { "a table has {found} columns, the limit is {most}: make it narrower, or split it" "有表格 {found} 列，上限为 {most}：请减少列数或拆成两个" }
    wiki_beyond_row(found, most) { "a table row of {found} columns has more than the {most} blocks, 20 images or 1,000,000 characters of one request: make it narrower" "有表格一行 {found} 列，超出单次请求的 {most} 块、20 张图片或 1,000,000 个字符：请缩减该行" }
    wiki_beyond_depth(found, most) { "blocks are nested {found} levels deep (lists, quotes, tables and their content), the limit is {most}: flatten them" "块嵌套 {found} 层（列表、引用、表格及其中的内容），上限为 {most}：请减少层级" }
    wiki_beyond_blocks(found, most) { "the file has {found} blocks, the limit is {most}: split it into several files" "文件会产生 {found} 个内容块，上限为 {most}：请拆成多个文件" }
    wiki_beyond_pictures(found, most) { "the file has {found} images, and {most} can be uploaded per day: split it into several files" "文件有 {found} 张图片，每天最多上传 {most} 张：请拆成多个文件" }
    wiki_flaw_no_text_at_all() { "it has no text, and the page would be blank" "没有正文，页面会变成空白" }
    wiki_flaw_leads_elsewhere(to) { "it is a link to {to}, outside its folder" "它是指向目录之外 {to} 的链接" }
    wiki_holds_secret(file) { "{file} holds a token or the app's secret, which everybody who may read the page would see" "{file} 中有令牌或应用密钥，能查看该页面的人都会看到" }
    wiki_holds_secret_next() { "name the file that you mean, or take the token out of it; no page was created or changed" "请指定正确的文件，或先从中删除令牌；没有创建或改动任何页面" }
    wiki_leads_elsewhere_next(to) { "name {to} itself, if others may see it" "如果它可以公开给他人，请直接指定 {to}" }
    wiki_flaw_exchanged() { "it was replaced while it was read" "读取期间被替换" }
    wiki_flaw_elsewhere() { "it is outside the file's folder" "不在文件所在目录内" }
    wiki_flaw_no_address() { "its address cannot be fetched" "地址无法获取" }
    wiki_flaw_nested() { "it is in HTML inside a list or quote" "位于列表或引用内的 HTML 中" }
    wiki_scopes_missing(scopes) { "the login lacks required scopes: {scopes}" "登录缺少所需的权限：{scopes}" }
    wiki_scopes_login(command) { "run `{command}`, then the same command again; scopes granted earlier are kept" "运行 `{command}`，然后再次运行同一命令；已授予的权限不会丢失" }
    wiki_nothing_made() { "no page was created or changed" "没有创建或改动任何页面" }
    wiki_perhaps_made() { "it is not known whether the page was created" "不确定页面是否已经创建" }
    wiki_perhaps_made_next() { "run the same command again: it looks for the page first, and creates no second one" "再次运行同一命令：它会先查找该页面，不会重复创建" }
    head_title() { "TITLE" "标题" }
    wiki_listed(title, file, written) { "{title}  ({file}, {written})" "{title}（{file}，{written}）" }
    wiki_listed_of(title, file, written, profile) { "{title}  ({file}, {written}, profile {profile})" "{title}（{file}，{written}，配置档 {profile}）" }
    head_page() { "PAGE" "页面" }
    head_parent() { "PARENT" "父页面" }
    wiki_unfinished() { "(unfinished)" "（未完成）" }
    wiki_none_listed() { "no page has been published from here yet: run `tokenward wiki create FILE`" "还没有从这里发布过页面；可运行 `tokenward wiki create 文件`" }
    wiki_page_new() { "new" "新建" }
    wiki_page_whole() { "exists" "已有" }
    wiki_page_changed() { "would be updated" "将更新" }
    wiki_page_same() { "unchanged" "无改动" }
    wiki_page_begun() { "would be finished" "将继续完成" }
    wiki_page_none() { "has no page" "没有页面" }
    wiki_created(created, there) { "pages created: {created}; already there: {there}" "新建页面 {created} 个；已有 {there} 个" }
    wiki_updated(updated, same) { "pages updated: {updated}; unchanged: {same}" "更新页面 {updated} 个；无改动 {same} 个" }
    wiki_without_page(file) { "{file} has no page yet: `tokenward wiki create` on the same folder creates it" "{file} 还没有页面：对同一目录运行 `tokenward wiki create` 可创建" }
    wiki_not_with_folder(option) { "{option} is for a single file, and this is a folder" "{option} 只适用于单个文件，而这里给出的是目录" }
    wiki_in_file(file, what) { "{file}: {what}" "文件 {file}：{what}" }
    wiki_flaw_no_markdown() { "it contains no Markdown file" "其中没有 Markdown 文件" }
    wiki_not_opened() { "no browser was found to open the page" "未找到可打开页面的浏览器" }
    wiki_general_host(host) { "{host} leads to your company's own address; --host or TOKENWARD_TENANT_HOST prints that one" "{host} 会跳转到企业自己的域名；用 --host 或 TOKENWARD_TENANT_HOST 可直接输出该域名" }
    wiki_continues() { "run the same command again to continue: no page is made twice" "再次运行同一命令即可继续：不会重复创建页面" }
    wiki_again() { "run the same command again: it continues from there, and nothing is written twice" "再次运行同一命令会从那里接着进行，不会重复写入" }
    wiki_not_found_next() { "check the id; `tokenward api /open-apis/wiki/v2/spaces` lists your spaces with their ids" "请核对 ID；`tokenward api /open-apis/wiki/v2/spaces` 可列出你的知识库及其 ID" }
    wiki_refused_next() { "look up the provider's code in the API's documentation" "请在接口文档中查平台的错误码" }
    wiki_stands(what, address) { "the page shows {what}: {address}" "页面（{address}）目前显示{what}" }
    wiki_stands_more(stands) { "{stands} (an answer was lost; it may be one step further)" "{stands}（有一次应答丢失，可能又前进了一步）" }
    wiki_stands_blank() { "only its title" "仅有标题" }
    wiki_stands_old() { "its previous content, unchanged" "原有内容，没有改动" }
    wiki_stands_old_and(new) { "its previous content, unchanged, and below it {new}" "原有内容没有改动，其下方是{new}" }
    wiki_stands_rest_and(new) { "the rest of its previous content, and below it {new}" "原有内容的剩余部分，其下方是{new}" }
    wiki_stands_part(blocks, of) { "the first {blocks} of {of} blocks of the file" "文件 {of} 块中的前 {blocks} 块" }
    wiki_stands_text(pictures) { "all of the file except images (missing: {pictures})" "文件的全部内容，只缺 {pictures} 张图片" }
    wiki_stands_all() { "all of the file" "文件的全部内容" }
    wiki_import_too_large() { "the file is larger than the 20 MB that are imported: leave out --import" "文件超过导入上限 20 MB：请去掉 --import" }
    wiki_already(address) { "the file already has a page there: {address}" "该文件在此处已有页面：{address}" }
    wiki_already_next() { "`tokenward wiki update FILE` replaces its content; --again creates another page" "`tokenward wiki update 文件` 可替换其内容；--again 会另建一个页面" }
    wiki_gone(address) { "the page no longer exists: {address}" "页面已不存在：{address}" }
    wiki_gone_next() { "`tokenward wiki create FILE --again` creates another one" "`tokenward wiki create 文件 --again` 会另建一个页面" }
    wiki_several() { "the file has several pages" "该文件有多个页面" }
    wiki_several_next() { "choose one with --personal, --space or --parent, as when it was created" "请用创建时的 --personal、--space 或 --parent 指明是哪一个" }
    wiki_edited(address) { "someone else changed the page since Tokenward wrote it: {address}" "Tokenward 写入之后，该页面已被他人修改：{address}" }
    wiki_perhaps_edited(address) { "it is not known whether someone else changed the page: {address}" "无法确定该页面是否被他人修改过：{address}" }
    wiki_edited_next() { "check the page, copy what should stay into the file, then run again with --force" "请查看页面，把需要保留的内容并入文件，再加 --force 运行" }
    wiki_ambiguous_next() { "open them, delete the empty ones that are not needed, and run again" "请逐个打开，删除无用的空页面，然后再次运行" }
    wiki_pictures_left(count, address) { "the page is published, but images are missing ({count}): {address}" "页面已发布，但缺少 {count} 张图片：{address}" }
}

impl Lang {
    /// What is wrong with a file.
    pub(crate) fn wiki_flaw(self, flaw: &Flaw) -> String {
        match flaw {
            Flaw::Missing => self.wiki_flaw_missing(),
            Flaw::NotAFile => self.wiki_flaw_no_file(),
            Flaw::Empty => self.wiki_flaw_empty(),
            Flaw::TooLarge { megabytes } => self.wiki_flaw_large(megabytes),
            Flaw::NotAPicture => self.wiki_flaw_no_picture(),
            Flaw::NotText { at } => self.wiki_flaw_no_text(at),
            Flaw::Nul { at } => self.wiki_flaw_nul(at),
            Flaw::OpenQuote => self.wiki_flaw_quote(),
            Flaw::NeitherTrueNorFalse => self.wiki_flaw_personal(),
            Flaw::TwoSpaces => self.wiki_flaw_two_spaces(),
            Flaw::NoText => self.wiki_flaw_no_text_at_all(),
            Flaw::LeadsElsewhere { to } => self.wiki_flaw_leads_elsewhere(to.display()),
            Flaw::Exchanged => self.wiki_flaw_exchanged(),
            Flaw::Elsewhere => self.wiki_flaw_elsewhere(),
            Flaw::NoMarkdown => self.wiki_flaw_no_markdown(),
            Flaw::NoAddress => self.wiki_flaw_no_address(),
            Flaw::Nested => self.wiki_flaw_nested(),
            // What the system said, in its own language.
            other => other.to_string(),
        }
    }

    /// What goes beyond a limit, and what to do about it.
    pub(crate) fn wiki_beyond(self, limit: Limit, line: Option<usize>, found: usize) -> String {
        let most = limit.most();
        let what = match limit {
            Limit::Title => self.wiki_beyond_title(found, most),
            Limit::Heading => self.wiki_beyond_heading(found, most),
            Limit::Columns => self.wiki_beyond_columns(found, most),
            Limit::Row => self.wiki_beyond_row(found, most),
            Limit::Depth => self.wiki_beyond_depth(found, most),
            Limit::Blocks => self.wiki_beyond_blocks(found, most),
            Limit::Pictures => self.wiki_beyond_pictures(found, most),
            _ => self.wiki_beyond_text(found, most),
        };
        line.map_or(what.clone(), |line| self.wiki_at(line, what))
    }

    /// What a page shows now.
    pub(crate) fn wiki_standing(self, standing: &Standing, address: &str) -> String {
        let Standing { old, blocks, of, pictures, perhaps_more } = *standing;
        let new = match blocks {
            0 => None,
            _ if blocks < of => Some(self.wiki_stands_part(blocks, of)),
            _ if pictures > 0 => Some(self.wiki_stands_text(pictures)),
            _ => Some(self.wiki_stands_all()),
        };
        let what = match (old, new) {
            (Old::None, None) => self.wiki_stands_blank(),
            (Old::None, Some(new)) => new,
            (_, None) => self.wiki_stands_old(),
            (Old::Whole, Some(new)) => self.wiki_stands_old_and(new),
            (Old::Rest, Some(new)) => self.wiki_stands_rest_and(new),
        };
        let stands = self.wiki_stands(what, address);
        if perhaps_more { self.wiki_stands_more(stands) } else { stands }
    }

    /// What a provider's code means for a page (reference/feishu.md §12.5).
    pub(crate) fn wiki_code(self, code: i64) -> Option<&'static str> {
        CODES.iter().find(|(known, _)| *known == code).map(|(_, words)| self.of(*words))
    }

    /// What a call does, where its name is a word of English and no name of the provider's.
    pub(crate) fn wiki_call(self, call: &'static str) -> &'static str {
        CALLS.iter().find(|words| words.en == call).map_or(call, |words| self.of(*words))
    }

    /// What an import's status means (reference/feishu.md §12.2).
    pub(crate) fn wiki_job(self, status: i64) -> Option<&'static str> {
        JOBS.iter().find(|(known, _)| *known == status).map(|(_, words)| self.of(*words))
    }
}

const CALLS: &[Words] = &[
    w("convert", "转换"),
    w("create node", "新建页面"),
    w("upload", "上传"),
    w("get document", "读取文档"),
    w("get block", "读取内容块"),
    w("import", "导入"),
];

const CODES: &[(i64, Words)] = &[
    (
        131_003,
        w(
            "a wiki limit was reached: nodes in the space, nodes below one page, or nesting levels",
            "达到知识库上限：节点总数、同级页面数或层级",
        ),
    ),
    (131_004, w("the user is not valid here", "用户无效")),
    (131_005, w("the space or page does not exist", "知识库或页面不存在")),
    (131_006, w("no permission for the space or page", "没有该知识库或页面的权限")),
    (131_007, w("an internal error of the wiki", "知识库内部错误")),
    (1_770_002, w("the document does not exist", "文档不存在")),
    (1_770_003, w("the document was deleted", "文档已被删除")),
    (1_770_004, w("the document would have too many blocks", "文档的内容块过多")),
    (1_770_005, w("the text is nested too deeply", "内容嵌套过深")),
    (1_770_007, w("one block would have too many children", "同一内容块的子块过多")),
    (1_770_010, w("a table has too many columns", "表格列数过多")),
    (1_770_011, w("a table has too many cells", "表格单元格过多")),
    (1_770_032, w("no permission to write the document", "没有该文档的编辑权限")),
    (1_770_033, w("a paragraph is too long", "有段落过长")),
    (1_770_034, w("a request had too many cells", "单次请求的单元格过多")),
    (1_061_004, w("no permission to upload to the document", "没有向该文档上传的权限")),
    (1_061_061, w("the user's storage is full", "用户的存储空间已满")),
    (1_061_101, w("the company's storage is full", "企业的存储空间已满")),
    (1_069_902, w("no permission to import", "没有导入权限")),
];

const JOBS: &[(i64, Words)] = &[
    (100, w("the file is encrypted", "文件已加密")),
    (104, w("the company's storage is full", "企业的存储空间已满")),
    (105, w("the folder has too many items", "文件夹中的内容过多")),
    (108, w("the provider took too long", "平台处理超时")),
    (110, w("no permission", "没有权限")),
    (112, w("the format is not supported", "不支持该格式")),
    (113, w("the format is not supported", "不支持该格式")),
    (115, w("the file is too large", "文件过大")),
    (116, w("no permission for the folder", "没有目标文件夹的权限")),
    (117, w("the folder was deleted", "目标文件夹已被删除")),
    (118, w("the file extension does not match the content", "扩展名与内容不符")),
    (119, w("the folder does not exist", "目标文件夹不存在")),
    (120, w("the file extension does not match the content", "扩展名与内容不符")),
    (121, w("the uploaded file had expired", "上传的文件已过期")),
    (122, w("a copy is being made", "正在创建副本")),
    (129, w("the file is damaged", "文件已损坏")),
    (7000, w("the document would have too many blocks", "文档的内容块过多")),
    (7001, w("the text is nested too deeply", "内容嵌套过深")),
    (7002, w("the document would be too large", "文档过大")),
];
#[cfg(test)]
pub(super) fn all() -> Vec<Words> {
    CODES.iter().chain(JOBS).map(|(_, words)| *words).chain(CALLS.iter().copied()).collect()
}
