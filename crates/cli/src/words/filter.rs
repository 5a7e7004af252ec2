//! Words of `--jq`, in builds that have it.

super::sentences! {
    jq_not_understood(what) { "not understood: {what}" "无法理解：{what}" }
    jq_failed(what) { "the call succeeded, but the expression fails on its response: {what}" "调用已完成，但表达式处理响应时失败：{what}" }
    jq_at_end() { "the end of the expression" "表达式末尾" }
    jq_too_much(mebibytes) { "it needs more than {mebibytes} MiB of memory, or nests or calls itself too deeply" "它需要超过 {mebibytes} MiB 的内存，或者嵌套、递归过深" }
    jq_halted(code) { "it stopped with `halt({code})`" "表达式以 `halt({code})` 自行结束" }
    jq_halted_saying(code, words) { "it stopped with `halt_error` (exit code {code}): {words}" "表达式以 `halt_error` 自行结束（退出码 {code}）：{words}" }
    jq_killed(signal) { "its process was killed by signal {signal}" "执行它的进程被信号 {signal} 终止" }
    jq_died(code) { "its process exited with code {code}, which should not happen: please report the expression" "执行它的进程自行退出（退出码 {code}），这不应发生：请反馈该表达式" }
    jq_gone() { "its process is gone" "执行它的进程已不在" }
    jq_not_started(error) { "the process for --jq could not be started: {error}" "无法启动执行 --jq 的进程：{error}" }
}
