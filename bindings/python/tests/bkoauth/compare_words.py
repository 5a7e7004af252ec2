"""The table of ``compare.py`` in Chinese: a cell that was measured is said in other words, and what cannot be said is an error."""

import re

HEADS = {"Done": "操作"}
CASES = {
    "R1": "4 个进程同时首次为 alice 获取令牌；新令牌会使之前的失效",
    "R2": "同上；服务返回已有的令牌",
    "R3": "4 个进程在令牌即将到期时获取；刷新令牌只能用一次",
    "R4": "同上；刷新令牌不变，旧访问令牌失效",
    "R5": "两个线程、两位用户、两个 Cookie 字段",
    "D1": "返回 HTML 页面；服务不可达",
    "D2": "返回成功，但 `data` 为 `null`",
    "D3": "HTTP 500，响应体看似正常",
    "D4": "登录的是 alice，Cookie 是别人的",
    "D5": "匿名访客带有 Cookie",
    "D6": "服务在某位用户换取令牌时设置的 Cookie",
    "D7": "服务的证书不受信任",
    "D8": "auth api：网址中的密钥与刷新",
    "D9": "同一应用的测试部署，SSM",
    "D10": "第二台主机，有自己的数据库，auth api",
    "E1": "在 `get_access_token(request)` 外写 `except TokenAPIError`：没有登录、没有 Cookie、Cookie 无效",
}
CELLS = [
    (r"(\d) of (\d) hold a good token", r"\2 个中有 \1 个拿到可用的令牌"),
    (r", (\d) a dead one", r"，\1 个拿到失效的令牌"),
    (r", (\d) × ", r"，\1 个抛出 "),
    (r"; (\d) rows?", r"；表中有 \1 行"),
    (r"; the next call gets a good one", "；下一次调用拿到可用的令牌"),
    (r"; the next call gets a dead one", "；下一次调用拿到失效的令牌"),
    (r"alice gets the token of (\w+), and her row keeps it", r"alice 拿到 \1 的令牌，并存入她的数据行"),
    (r"alice gets the token of (\w+)", r"alice 拿到 \1 的令牌"),
    (r"`(\w+)` and `(\w+)`", r"`\1` 和 `\2`"),
    (r"(\d) of (\d) are caught", r"\2 个中有 \1 个被捕获"),
    (r"handed out as a token", "被当作令牌交出"),
    (r"`(\S+)` then gives the token of the app", r"此后 `\1` 返回应用的令牌"),
    (r"`(\S+)` then gives the token of (\w+)", r"此后 `\1` 返回 \2 的令牌"),
    (r"sent with the next user's request", "会随下一位用户的请求发出"),
    (r"not sent", "不会发出"),
    (r"the app's secret and the cookie are sent", "应用密钥和 Cookie 会发出"),
    (r"nothing is sent", "什么都不发送"),
    (r"in the address: ", "网址中有："),
    (r"no secret in an address", "网址中没有密钥"),
    (r"`, `", "`、`"),
    (r"; the refresh does not prove the app", "；刷新请求不带应用凭证"),
    (r"; the refresh proves the app", "；刷新请求带有应用凭证"),
    (r"production's token is good after the test deployment asked", "测试部署获取后，生产环境的令牌仍可用"),
    (r"production's token is dead after the test deployment asked", "测试部署获取后，生产环境的令牌失效"),
    (r"the first host's token is good after the second host asked", "第二台主机获取后，第一台的令牌仍可用"),
    (r"the first host's token is dead after the second host asked", "第二台主机获取后，第一台的令牌失效"),
]
NAMES = re.compile(r"`[^`]*`|\balice\b|\bxiaoming\b")


def in_chinese(table):
    """The same table, line by line."""
    lines = table.strip().split("\n")
    _, _, old, new = [cell.strip() for cell in lines[0].strip("|").split("|")]
    said = [f"| | {HEADS['Done']} | {old} | {new} |", lines[1]]
    for line in lines[2:]:
        number, _, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        said.append("| " + " | ".join([number, CASES[number], *map(_cell, cells)]) + " |")
    return "\n".join(said)


def _cell(text):
    for english, chinese in CELLS:
        text = re.sub(english, chinese, text)
    if re.search(r"[A-Za-z]{2}", NAMES.sub("", text).replace("Cookie", "")):
        raise ValueError(f"compare_words.py has no Chinese for: {text}")
    return text
