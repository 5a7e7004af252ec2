//! What the codes of wiki tell.

use tokenward_core::{Code, Words};

use crate::w;

code_words! {
        Code::WikiFile => (
            w("the Markdown file cannot be published as a page", "无法把该 Markdown 文件发布为页面"),
            w("fix the file; no page was created or changed", "请修正文件；没有创建或改动任何页面"),
        ),
        Code::WikiPicture => (
            w("an image of the file cannot be uploaded", "文件中有图片无法上传"),
            w(
                "fix the path in the file, or leave out images with --no-images; nothing was created",
                "请修正文件中的图片路径，或用 --no-images 不带图片；尚未创建任何内容",
            ),
        ),
        Code::WikiPlace => (
            w("it is not clear where the page should go", "没有说明页面放在哪里，或无法理解"),
            w(
                "use --personal, --space ID or --parent URL, or set it in the front matter (space, parent or personal)",
                "请给出 --personal、--space ID 或 --parent URL，或在文件的 front matter 中写明（space、parent 或 personal）",
            ),
        ),
        Code::WikiPageExists => (
            w("the file already has a page there", "该文件在此处已有页面"),
            w("`tokenward wiki update FILE` replaces its content", "`tokenward wiki update 文件` 可替换其内容"),
        ),
        Code::WikiPageEdited => (
            w("someone else changed the page", "页面已被他人修改"),
            w("check the page, then run again with --force", "请查看页面，再加 --force 运行"),
        ),
        Code::WikiBusy => (
            w("another process is publishing the same file", "另一个进程正在处理同一个文件"),
            w("wait for it, then run again", "请等它结束后再运行"),
        ),
        Code::WikiNoPage => (
            w("the file was not published from here", "该文件不是从这里发布的"),
            w("publish it with `tokenward wiki create FILE`", "请先用 `tokenward wiki create 文件` 创建页面"),
        ),
        Code::WikiPageUnclear => (
            w(
                "the response to creating the page was lost, and several pages could be it; nothing was written",
                "创建页面的应答丢失，且有多个页面可能是它；没有写入任何内容",
            ),
            w("delete the empty ones, and run again", "请删除其中的空页面，然后再次运行"),
        ),
        Code::WikiPicturesLeft => (
            w("the page is published, but some images are missing", "页面已发布，但缺少部分图片"),
            w(
                "run the same command again: it retries only those images; or change them in the file",
                "再次运行同一命令只会重试这些图片；或在文件中更换它们",
            ),
        ),
        Code::WikiImportRefused => (
            w("the provider refused to import the file", "平台不接受导入该文件"),
            w("leave out --import", "请去掉 --import"),
        ),
        Code::WikiImportFailed => (
            w("the provider has not finished importing the file", "平台没有完成导入"),
            w("run the same command again: it continues from there", "再次运行同一命令会接着进行"),
        ),
        Code::WikiMoveApplied => (
            w(
                "the file is imported, and someone has to approve its move into the wiki",
                "文件已导入，移入知识库需要他人批准",
            ),
            w("run the same command again once it is approved", "批准后再次运行同一命令"),
        ),
        Code::WikiBeyond => (
            w("the file exceeds a page's limits", "文件超出页面的上限"),
            w("fix the file; nothing was created or changed", "请修正文件；没有创建或改动任何页面"),
        ),
        Code::WikiRecord => (
            w("the record of published pages cannot be read or written", "页面记录无法读取或写入"),
            w(
                "fix the file named above; without the record, published pages are not recognized",
                "请处理上面指出的文件；没有记录就无法认出已发布的页面",
            ),
        ),
}
