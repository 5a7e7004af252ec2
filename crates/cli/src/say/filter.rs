//! Words of `--jq`, in builds that have it.

super::sentences! {
    jq_not_understood(what) { "not understood: {what}" "无法理解：{what}" }
    jq_failed(what) { "the call was done, but the expression fails on its answer: {what}" "调用已完成，但表达式处理应答时失败：{what}" }
    jq_at_end() { "the end of the expression" "表达式末尾" }
    jq_too_much(mebibytes) { "it needs more than {mebibytes} MiB of memory, or nests or calls itself too deeply" "它需要超过 {mebibytes} MiB 的内存，或者嵌套、递归过深" }
    jq_not_started(error) { "the process for --jq could not be started: {error}" "无法启动执行 --jq 的进程：{error}" }
}
