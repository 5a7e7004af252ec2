//! What the codes of identity tell.

use tokenward_core::{Code, Words};

use crate::w;

code_words! {
        Code::LoginOver => (
            w("the login of this token is no longer valid; nothing was imported", "该令牌的登录已失效；未导入任何登录"),
            w(
                "log in again with `tokenward login`: the vault knows this token, and its login was refused, logged out or superseded. `tokenward status` shows the current login",
                "请用 `tokenward login` 重新登录：保险库曾持有此令牌，其登录已被拒绝、已退出，或已被之后的登录取代。`tokenward status` 可查看正在使用的登录",
            ),
        ),
        Code::FormerUser => (
            w(
                "the file holds a logged-out login of a user other than the profile's current one",
                "文件中是已退出的登录，属于另一位用户，而非配置档当前的用户",
            ),
            w(
                "`tokenward link FILE --replace-user` writes the current login to it; `tokenward unlink FILE` removes the link",
                "`tokenward link 文件 --replace-user` 可把当前的登录写入该文件；`tokenward unlink 文件` 可解除关联",
            ),
        ),
        Code::EndedLogin => (
            w(
                "the login in the file is no longer valid, and it is not known to belong to the profile's user",
                "文件中的登录已失效，且无法确定是否属于配置档的用户",
            ),
            w(
                "`tokenward link FILE --replace-user` writes the profile's login to it; `tokenward unlink FILE` removes the link",
                "`tokenward link 文件 --replace-user` 可把配置档的登录写入该文件；`tokenward unlink 文件` 可解除关联",
            ),
        ),
        Code::TwoRefreshers => (
            w(
                "another bkoauth wrote to a row whose login Tokenward keeps",
                "另一个 bkoauth 改写了一行数据，而该行的登录由 Tokenward 维护",
            ),
            w(
                "call tokenward.install_as_bkoauth() in every process of the site: web, Celery, cron",
                "请在站点的每个进程（Web、Celery、定时任务）中调用 tokenward.install_as_bkoauth()",
            ),
        ),
        Code::TwoVaults => (
            w(
                "two vaults hand out tokens into one database, so each refreshes on its own",
                "两个保险库向同一个数据库写入令牌，各自刷新",
            ),
            w(
                "let only one host ask for tokens, or set TOKENWARD_HOME so that all processes use one vault",
                "请只让一台主机获取令牌，或用 TOKENWARD_HOME 让所有进程使用同一个保险库",
            ),
        ),
        Code::AnothersToken => (
            w(
                "the access token in the file belongs to a different user than the profile, or its user is not known",
                "文件中的访问令牌不属于配置档的用户，或无法得知属于谁",
            ),
            w(
                "link the file to its own user's profile with -p, or name the place with --access to overwrite it",
                "请用 -p 把文件关联到其用户自己的配置档；若要覆盖，请用 --access 指明位置",
            ),
        ),
        Code::Crosswise => (
            w("the tokens in the file are swapped", "文件中的两个令牌位置互换了"),
            w(
                "swap the two in the file; neither was sent or overwritten",
                "请在文件中对调两者；两个令牌都没有发送，也没有被覆盖",
            ),
        ),
        Code::DoubledKey => (
            w(
                "a token's key is in the file more than once, with different values",
                "文件中令牌的键不止一处，且值不相同",
            ),
            w(
                "keep the line that counts (programs read the last one) and delete the others; nothing was sent or written, because all of them would be overwritten",
                "请保留有效的一行（程序读取最后一个），删除其余各行；写入时会覆盖所有这些位置，因此没有发送任何请求，也没有写入",
            ),
        ),
        Code::AnotherInFile => (
            w(
                "the file holds a different refresh token than the one given, and the vault does not have it",
                "文件中的刷新令牌与 -r 给出的不同，也不在保险库中",
            ),
            w(
                "run the command without -r to use the one in the file, or delete it there first if it was already used; nothing was sent or written",
                "若要使用文件中的刷新令牌，请去掉 -r；若它已失效，请先在文件中删除。没有发送任何请求，也没有写入",
            ),
        ),
        Code::WrongKind => (
            w(
                "the place named for one kind of token holds the other kind",
                "指明的位置上是另一种令牌",
            ),
            w(
                "use --access for the access token's place and --refresh for the refresh token's",
                "请用 --access 指明访问令牌的位置，用 --refresh 指明刷新令牌的位置",
            ),
        ),
}
