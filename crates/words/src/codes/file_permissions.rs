//! What the codes of file permissions tell.

use tokenward_core::{Code, Words};

use crate::w;

code_words! {
        Code::SharedFolder => (
            w(
                "another user of this machine could replace this file, so no token is written to it",
                "本机其他用户可以用别的文件替换它，因此不会写入令牌",
            ),
            w(
                "make the folder named above writable only for you (`chmod go-w FOLDER`), or allow it with `tokenward link FILE --shared-folder`",
                "请禁止他人写入上面指出的目录（`chmod go-w 目录`），或用 `tokenward link 文件 --shared-folder` 允许写入",
            ),
        ),
        Code::FileOpenToOthers => (
            w(
                "other users of this machine can read or write the file, so no token is written into it",
                "本机其他用户可以读取或写入该文件，因此不会写入令牌",
            ),
            w(
                "restrict it with `chmod 600 FILE`, or allow it with `tokenward link FILE --open-to-others`",
                "请运行 `chmod 600 文件` 禁止他人访问，或用 `tokenward link 文件 --open-to-others` 允许写入",
            ),
        ),
}
