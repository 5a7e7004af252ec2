//! Words of `--jq`, in builds that have it.

super::sentences! {
    jq_not_understood(what) { "not understood: {what}" "无法理解：{what}" }
    jq_failed(what) { "the call was done, but the expression fails on its answer: {what}" "调用已完成，但表达式处理应答时失败：{what}" }
    jq_at_end() { "the end of the expression" "表达式末尾" }
}
