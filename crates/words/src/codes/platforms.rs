//! What the codes of platforms tell.

use tokenward_core::{Code, Words};

use crate::w;

code_words! {
        Code::TicketRefused => (
            w("the user's login cookie was rejected", "用户的登录 Cookie（bk_token / bk_ticket）被拒绝"),
            w(
                "have the user log in to BlueKing again; if that does not help, compare the cookie's name and the app with the token service",
                "请用户重新登录蓝鲸；若仍被拒绝，请核对 Cookie 名称、应用与令牌服务是否对应",
            ),
        ),
        Code::WrongUser => (
            w(
                "the tokens belong to a different user than the requested one, or to an unknown user",
                "令牌属于另一个用户，或平台没有说明属于谁",
            ),
            w(
                "compare the user name with the login cookie that was sent; the issued tokens are kept under their owner's name",
                "请核对用户名与所发送的登录 Cookie 是否一致；已签发的令牌保存在其所有者名下",
            ),
        ),
        Code::FileNotTrusted => (
            w(
                "a file that controls where secrets are sent could have been changed by someone else",
                "决定密钥去向的文件可能被他人写过",
            ),
            w(
                "check the file, then run `chown \"$(id -un)\" FILE` and `chmod go-w FILE`",
                "请检查该文件，然后改为自己所有并禁止他人写入",
            ),
        ),
        Code::AppInUse => (
            w(
                "another app is set up under that name, and a login uses it",
                "该名字已登记另一个应用，并且有人已用它登录",
            ),
            w(
                "name the second app with --app NAME, or replace the first with --yes",
                "第二个应用请用 --app 名称 另取名称，或用 --yes 替换第一个",
            ),
        ),
}
