"""The guide's code, run as it stands, in both languages."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Tuple

import pytest

from conftest import Stand
from test_old_script import config  # noqa: F401

DOCS = Path(__file__).parents[3] / "docs" / "guide"
SAY_YES = """
def _say_yes(document):
    import threading, urllib.request
    browser = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    threading.Thread(target=lambda: browser.open(document["authorization_url"], timeout=20).read()).start()
"""


def blocks(page: Path) -> List[Tuple[str, str]]:
    return re.findall(r"^```(\w+)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def block(page: Path, language: str, having: str) -> str:
    (found,) = [text for of, text in blocks(page) if of == language and having in text]
    return found


def run(code: str, stand: Stand, folder: Path, **more: str) -> str:
    """A person's browser says yes by itself, and the provider is the sandbox."""
    code = code.replace("https://open.feishu.cn", stand.sandbox.settings["TOKENWARD_OPEN_URL"])
    code = code.replace("http://localhost:9000/callback", stand.sandbox.settings["TOKENWARD_REDIRECT_URI"])
    code = code.replace("client.login(", "client.login(browser=False, show=_say_yes, ")
    code = code.replace('    save="token.json",\n', '    save="token.json",\n    browser=False,\n    show=_say_yes,\n')
    environment = {**stand.variables, "NO_PROXY": "*", "PYTHONIOENCODING": "utf-8", **more}
    done = subprocess.run(
        [sys.executable, "-c", SAY_YES + code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(params=["python.md", "zh/python.md"])
def page(request: pytest.FixtureRequest) -> Path:
    return DOCS / str(request.param)


def without_an_app(stand: Stand) -> Dict[str, str]:
    names = ("TOKENWARD_APP_ID", "TOKENWARD_APP_SECRET", "TOKENWARD_REDIRECT_URI")
    return {name: stand.variables.pop(name) for name in names}


def test_every_block_of_python_is_run_here(page: Path) -> None:
    assert len([text for language, text in blocks(page) if language == "python"]) == 6


def test_a_token(page: Path, logged_in: Stand, tmp_path: Path) -> None:
    assert run(block(page, "python", "min_ttl=600"), logged_in, tmp_path).strip()
    assert run(block(page, "python", "httpx.Client"), logged_in, tmp_path).split() == ["0", "0"]


def test_what_goes_wrong(page: Path, stand: Stand, tmp_path: Path) -> None:
    assert run(block(page, "python", "except tokenward.LoginRequired"), stand, tmp_path).startswith("TW0401 ")


def test_the_old_script(page: Path, stand: Stand, config: Path) -> None:  # noqa: F811
    assert run(block(page, "python", "install_old_script"), stand, config.parent) == "refreshed\n"
    words = block(page, "sh", "-m tokenward.refresh_user_access_token").split()[1:]
    values = {"APP_TOKEN": "app_access_token", "REFRESH_TOKEN": "refresh_token"}
    held = dict(line.split(" = ", 1) for line in config.read_text().splitlines() if " = " in line)
    words = [held[values[word]] if word in values else word for word in words]
    done = subprocess.run(
        [sys.executable, *words], cwd=config.parent, env=stand.variables, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and done.stdout.strip(), done.stderr


def test_a_dot_env_and_a_page_of_the_wiki(page: Path, stand: Stand, tmp_path: Path) -> None:
    app = without_an_app(stand)
    file = tmp_path / ".env"
    file.write_text(
        f"FEISHU_APP_ID={app['TOKENWARD_APP_ID']}\nFEISHU_APP_SECRET={app['TOKENWARD_APP_SECRET']}\n"
        f"FEISHU_REDIRECT_URI={app['TOKENWARD_REDIRECT_URI']}\n"
    )
    file.chmod(0o600)
    (tmp_path / "report.md").write_text("# Report\n\nAll is well.\n")
    name, address = run(block(page, "python", "from_env"), stand, tmp_path).splitlines()
    assert name and address.startswith("http")


def test_a_token_json_and_the_settings_of_an_mcp_server(page: Path, stand: Stand, tmp_path: Path) -> None:
    app = without_an_app(stand)
    settings = tmp_path / "mcp.json"
    settings.write_text(block(page, "json", "mcpServers"))
    settings.chmod(0o600)
    code = block(page, "python", "feishu.login")
    run(code, stand, tmp_path, FEISHU_APP_ID=app["TOKENWARD_APP_ID"], FEISHU_APP_SECRET=app["TOKENWARD_APP_SECRET"])
    saved = json.loads((tmp_path / "token.json").read_text())
    shown = json.loads(settings.read_text())["mcpServers"]["lark"]["env"]["USER_ACCESS_TOKEN"]
    assert saved["access_token"] == shown and saved["refresh_token"]
    assert os.stat(tmp_path / "token.json").st_mode & 0o777 == 0o600
