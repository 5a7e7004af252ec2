//! What is said while a login is waited for.

super::sentences! {
    paste_any_time() { "did the browser not return by itself? Copy the last address from its address bar and paste it here, even if that page did not load" "浏览器没有自动跳转回来？可随时把浏览器最后停留的地址粘贴到这里并按回车（页面打不开也没关系）" }
    pasted_wrongly(what) { "{what}. Nothing is lost: paste the whole address again" "{what}。登录没有中断：请重新粘贴完整地址" }
    pasted_wrongly_waits(what) { "{what}. Still waiting for the browser; you can paste again" "{what}。仍在等待回调，也可以重新粘贴" }
    paste_code_alone() { "a code alone does not show which login it belongs to: paste the whole address, or code#state" "只有授权码无法确认它属于本次登录：请粘贴完整地址，或 授权码#state" }
    paste_no_line() { "--paste reads the address from stdin, and stdin ended before a line came" "--paste 从 stdin 读取地址，但 stdin 已结束，没有读到内容" }
    paste_no_line_next(command) { "run the command in a terminal; or have your program write the final address to tokenward's stdin as one line after the login; or use `{command} --device`, which needs no address" "请在终端中运行；或由你的程序在登录页跳转之后，把该地址作为一行写入 stdin；或使用 `{command} --device`，它不需要地址" }
    page_errors_console(url) { "does the page show an error? 20029: add exactly this redirect URL in the console (Security settings): {url}. 20027: enable the scopes that it names (Permissions) and publish a version. 20048: there is no app with this App ID; `tokenward doctor --online` checks it. Then open the login page again; this command still waits" "页面显示错误？20029：请在开发者后台“安全设置”中添加重定向 URL {url}，须完全一致。20027：请在“权限管理”中开通页面指出的权限，并发布版本。20048：App ID 不存在，`tokenward doctor --online` 可以核对。然后重新打开登录页；本命令仍在等待" }
    page_errors(url) { "does the page show an error? The redirect URL {url} and the scopes must be registered for the app. Then open the login page again; this command still waits" "页面显示错误？须先为该应用登记重定向 URL {url}、开通所需权限。处理后请重新打开登录页；本命令仍在等待" }
    callback_of_another_login() { "a callback for another login arrived and was ignored; still waiting for this login" "收到了另一次登录的回调，已忽略；仍在等待本次登录" }
    callback_incomplete() { "the callback contained neither a code nor an error and was ignored. Open the address again" "回调中既没有授权码，也没有错误信息，已忽略。请重新打开该地址" }
    no_browser_found() { "no browser could be opened on this machine" "本机没有可打开的浏览器" }
    in_ssh_session(address) { "this is an SSH session: the browser on your own computer cannot reach {address} by itself" "这是 SSH 会话：你自己电脑上的浏览器无法直接访问回调地址 {address}" }
    in_container(address) { "this is a container: a browser outside it cannot reach {address}" "这是容器环境：容器外的浏览器无法访问回调地址 {address}" }
    nobody_in_container() { "nobody could finish this login: there is no terminal, and a browser outside of this container cannot come back to it" "此处无法完成登录：没有终端；而这是容器环境，容器外的浏览器无法访问回调地址" }
    nobody_in_ssh_session() { "nobody could finish this login: there is no terminal, and your own browser cannot come back through this SSH session" "此处无法完成登录：没有终端；而这是 SSH 会话，你自己电脑上的浏览器无法访问回调地址" }
    nobody_in_build() { "nobody could finish this login: there is no terminal and no browser, and a build (CI is set) has nobody to log in" "此处无法完成登录：没有终端和浏览器，而这是构建任务（设置了 CI），没有人可以登录" }
    nobody_device(command) { "`{command} --device` shows a code to enter in any browser, and waits for that" "`{command} --device` 会显示一个可在任意浏览器中输入的验证码，并等待输入" }
    nobody_paste(command) { "`{command} --paste` shows the address, and reads the one at which the browser ended from stdin" "`{command} --paste` 会显示登录地址，并从标准输入读取浏览器最后停留的地址" }
    nobody_no_browser(command) { "`{command} --no-browser` prints the address and waits, where something brings the browser's answer here, such as a forwarded port" "`{command} --no-browser` 会输出地址并等待，适用于浏览器能够访问此处回调地址的情况（例如端口转发）" }
    device_instead(command) { "simpler here: end this with Ctrl-C and run `{command} --device`" "此处更简单的方式：按 Ctrl-C 结束，然后运行 `{command} --device`" }
    paste_or_device(command) { "is your browser on another machine? With `{command} --paste` you paste the last address from its address bar; `{command} --device` shows a code to enter on any device" "浏览器在另一台机器上？`{command} --paste` 可粘贴浏览器最后停留的地址，`{command} --device` 会显示可在任意设备上输入的验证码" }
    device_waits(span) { "waiting for you to enter the code (up to {span}; press Ctrl-C to cancel)" "正在等待你输入验证码（最多 {span}；按 Ctrl-C 放弃）" }
    device_left(span) { "waiting for you to enter the code · {span} left" "正在等待你输入验证码 · 剩余 {span}" }
    qr_too_wide(needed, width) { "the QR code needs {needed} columns, and this terminal has {width}: make it wider, or open the address above" "二维码需要 {needed} 列，而终端只有 {width} 列：请加宽终端，或直接打开上面的地址" }
    qr_device_is_smaller(command) { "`{command} --device --qr` shows a smaller one" "`{command} --device --qr` 的二维码更小" }
}
