//! What the codes of proxy tell.

use tokenward_core::{Code, Words};

use crate::w;

code_words! {
        Code::ProxyOtherHost => (
            w("the request was meant for a host other than this proxy", "这个请求要访问的主机不是本代理"),
            w(
                "use the address that `tokenward proxy` shows as the base URL; --allow-host adds a name",
                "请把 `tokenward proxy` 显示的地址用作基础地址；可用 --allow-host 增加名字",
            ),
        ),
        Code::ProxyOtherOrigin => (
            w("a web page of another origin called the proxy", "其他来源的网页访问了代理"),
            w(
                "if the page is yours, start the proxy with --allow-origin",
                "如果网页是你自己的，请用 --allow-origin 启动代理",
            ),
        ),
        Code::ProxySecretMissing => (
            w("the proxy's local secret is missing or wrong", "缺少代理的本机密钥，或密钥不正确"),
            w(
                "use the whole address that `tokenward proxy` shows, or send the header X-Tokenward-Secret. With `tokenward proxy -- CMD`, check whether the program is given a token or secret of its own, and remove it (arguments override the environment)",
                "请使用 `tokenward proxy` 显示的完整地址，或发送请求头 X-Tokenward-Secret。若程序是用 `tokenward proxy -- 命令` 启动的，说明它还另外指定了令牌或密钥（参数优先于环境变量）：请去掉",
            ),
        ),
        Code::ProxyLoginCall => (
            w("the proxy does not forward logins", "代理不转发登录请求"),
            w(
                "log in with `tokenward login`; programs behind the proxy need no login of their own",
                "请用 `tokenward login` 登录；代理之后的程序无需自己登录",
            ),
        ),
        Code::ProxyOpenToOthers => (
            w("the proxy's address would be open to other machines", "代理的地址会对其他机器开放"),
            w(
                "listen on 127.0.0.1, or give --allow-remote together with --secret or --secret-file",
                "请监听 127.0.0.1，或同时使用 --allow-remote 与 --secret（或 --secret-file）",
            ),
        ),
        Code::ProxyLoop => (
            w("the proxy would forward a request to itself", "代理会把请求转发给自己，已拒绝"),
            w(
                "the app's open URL must be the provider's: `tokenward init --open-url URL`",
                "应用的 API 地址必须是平台自己的地址：`tokenward init --open-url URL`",
            ),
        ),
        Code::ProxyNotPermitted => (
            w("the proxy does not forward this", "代理不转发这样的内容"),
            w(
                "send GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS, and the local secret only at the start of the path (/s/SECRET/…) or in the header X-Tokenward-Secret",
                "请使用 GET、HEAD、POST、PUT、PATCH、DELETE 或 OPTIONS，并只在规定的位置发送本机密钥",
            ),
        ),
        Code::ProxyAnswerPacked => (
            w("the provider's response uses a compression that the proxy cannot inspect", "平台的应答采用了代理无法检查的压缩方式"),
            w(
                "use `tokenward api` for it, or tell the gateway's operator that uncompressed responses are requested",
                "请用 `tokenward api` 获取，或告知网关的管理者：请求的是未压缩的应答",
            ),
        ),
        Code::ProxyCallerStalled => (
            w("the caller stalled while sending its request", "调用方在发送请求时停滞"),
            w("send the request again, with its body without long pauses", "请重新发送请求，且不要中途停顿"),
        ),
}
