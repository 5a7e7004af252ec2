//! Words of `service`, and of what `watch` tells a person.

super::sentences! {
    trouble_of(profile, words) { "profile {profile}: {words}" "配置档 {profile}：{words}" }
    trouble_program_missing(program) { "the program that is to notify you was not found: {program}" "找不到用来通知你的程序：{program}" }
    trouble_program_missing_next() { "give `--on-trouble` (`on_trouble` in config.toml) the full path of a program" "请在 `--on-trouble`（config.toml 中的 `on_trouble`）中写程序的完整路径" }
    trouble_program_closed(program) { "the program that is to notify you cannot be run: {program}" "用来通知你的程序无法运行：{program}" }
    trouble_program_closed_next(file) { "make it executable: `chmod +x {file}`" "请设为可执行：`chmod +x {file}`" }
    not_followed(profile, why, code) { "profile {profile} is not watched: {why} ({code})" "没有监视配置档 {profile}：{why}（{code}）" }
    trouble_untold(program, why) { "{program} should have notified you but failed: {why}" "{program} 未能通知你：{why}" }
    service_written(file) { "service file written: {file}" "已写入服务文件：{file}" }
    service_of_nothing_next() { "link a file: `tokenward link FILE`; or name the profiles to keep refreshed: `tokenward service install PROFILE`" "请先关联一个文件：`tokenward link 文件`；或写明要保持有效的配置档：`tokenward service install 配置档`" }
    service_runs() { "`tokenward watch` is running, and starts whenever you log in to this machine" "`tokenward watch` 已在运行，今后每次登录本机时都会启动" }
    service_log(command) { "its log: `{command}`" "查看日志：`{command}`" }
    service_lingers() { "on a server, `loginctl enable-linger` keeps it running while you are not logged in" "在服务器上，`loginctl enable-linger` 可让它在你退出登录后继续运行" }
    service_no_session(uid) { "this user has no systemd session here, as after su or sudo: as root run `loginctl enable-linger USER`, then as the user `export XDG_RUNTIME_DIR=/run/user/{uid}` and the commands below" "该用户在本机没有 systemd 会话（例如通过 su 或 sudo 切换而来）：请先以 root 运行 `loginctl enable-linger USER`，再以该用户运行 `export XDG_RUNTIME_DIR=/run/user/{uid}` 和下面的命令" }
    service_without_systemd() { "this machine was not started with systemd, so nothing starts the service" "本机不是由 systemd 启动的，因此服务不会启动" }
    service_watch_instead() { "without systemd, keep `tokenward watch` running yourself: in a terminal, or by `nohup tokenward watch >watch.log 2>&1 &`" "没有 systemd 时，请自行保持 `tokenward watch` 运行：放在一个终端中，或运行 `nohup tokenward watch >watch.log 2>&1 &`" }
    service_not_started(program) { "{program} was not found, so the service was not started; to start it:" "本机没有 {program}，服务尚未启动；启动方法：" }
    service_start_failed(why) { "the service was not started ({why}); to start it:" "服务未能启动（{why}）；启动方法：" }
    service_stop_failed(why) { "the service could not be stopped: {why}" "无法停止服务：{why}" }
    service_without(variable) { "{variable} is a secret and not written into the service file, so the service does not have it" "{variable} 是机密，不会写入服务文件，因此服务中没有这个变量" }
    service_without_next(variable) { "name a file with it instead: {variable}_FILE" "请改用文件：{variable}_FILE" }
    service_of_others(file) { "{file} was not written by `tokenward service install`, and is left as it is" "{file} 不是由 `tokenward service install` 写入的，未作改动" }
    service_of_others_next() { "move or delete that file, then run `tokenward service install` again" "请先移走该文件" }
    service_removed(file) { "the service is stopped and {file} is deleted" "服务已停止，{file} 已删除" }
    service_file_removed(file) { "{file} is deleted; if the service still runs, it ends with your session" "{file} 已删除；若服务仍在运行，会随会话一同结束" }
    service_not_there() { "the service is not installed; `tokenward service install` installs it" "服务尚未安装；`tokenward service install` 可安装" }
    fact_service_file() { "service file" "服务文件" }
    fact_service_running() { "running" "正在运行" }
    fact_service_starts() { "starts with your session" "随会话启动" }
    answer_yes() { "yes" "是" }
    answer_no() { "no" "否" }
}
