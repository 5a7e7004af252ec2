//! What the codes of api tell.

use tokenward_core::{Code, Words};

use crate::w;

code_words! {
        Code::CallRefused => (
            w("the API rejected the call", "接口拒绝了这次调用"),
            w(
                "look up the provider's code in the API's documentation; `-i` shows the whole response",
                "请在接口文档中查平台的错误码；加 `-i` 可查看完整响应",
            ),
        ),
        Code::ForeignHost => (
            w("the call would go to a host that does not belong to the app", "调用的地址不属于该应用"),
            w(
                "use the path alone (/open-apis/…), or set the app's host with `tokenward init --open-url URL`",
                "请只写路径（/open-apis/…），或用 `tokenward init --open-url URL` 设置应用的主机",
            ),
        ),
        Code::ScopeNotGranted => (
            w("the user has not granted the scope that the API needs", "用户未授予接口所需的权限"),
            w(
                "log in again with `tokenward login --scope SCOPE` for what is missing; scopes granted earlier are kept",
                "请用 --scope 带上缺少的权限重新登录；已授予的权限不会丢失",
            ),
        ),
        Code::ScopeNotEnabled => (
            w("the app has not enabled the scope that the API needs", "应用未开通接口所需的权限"),
            w("enable the scope where the app is registered", "请在注册该应用的平台开通该权限"),
        ),
        Code::IdentityNotTaken => (
            w("the API does not accept this kind of token", "接口不接受这种身份的令牌"),
            w(
                "try the other identity: --as user, --as tenant or --as app",
                "请换一种身份：--as user、--as tenant 或 --as app",
            ),
        ),
        Code::CallAnswerLost => (
            w("the call was sent and its response was lost", "调用已发出，但响应丢失"),
            w(
                "check whether it was done before you call again; the login is unchanged",
                "重新调用之前，请先查看是否已经执行；登录不变",
            ),
        ),
        Code::NoSuchApi => (
            w("the API has no such path, or it does not take this method", "没有这个接口，或它不支持该方法"),
            w(
                "compare the path and method with the API's documentation; paths begin with /open-apis/",
                "请与接口文档核对路径和方法；路径以 /open-apis/ 开头",
            ),
        ),
        Code::TokenStillRefused => (
            w("the token was refused although it was just refreshed", "令牌刚刚刷新，仍被拒绝"),
            w(
                "the API may require another identity: try --as tenant; otherwise run `tokenward login`",
                "该接口可能要求其他身份（--as tenant）；否则请运行 `tokenward login`",
            ),
        ),
        Code::Redirected => (
            w("the API redirects to another address, and no token is sent there", "接口要求跳转，而令牌不会发往别处"),
            w("use -i to see the address, and fetch it without a token", "请加 -i 查看目标地址，再用 curl 访问（不要带令牌）"),
        ),
        Code::BadFilter => (
            w("the filter cannot be used", "--jq 的过滤表达式无法使用"),
            w(
                "put the expression in single quotes; if the call changes nothing, look at the response without --jq first",
                "请用单引号括起表达式，并先不带 --jq 查看响应",
            ),
        ),
        Code::PagesWithoutEnd => (
            w("the list has more pages than allowed, or repeats itself", "列表翻页没有尽头"),
            w(
                "try again later, or page by hand with -q page_token=TOKEN; --max-pages allows longer lists",
                "请稍后重试，或用 -q page_token=TOKEN 手动翻页；很长的列表可用 --max-pages",
            ),
        ),
}
