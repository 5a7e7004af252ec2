"""The old script's import, function and flags."""

from __future__ import annotations

import configparser
import importlib
import json
import logging
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Dict

import pytest

import tokenward
from conftest import Stand, _opener


def app_token(stand: Stand) -> str:
    settings = stand.sandbox.settings
    body = {"app_id": settings["TOKENWARD_APP_ID"], "app_secret": settings["TOKENWARD_APP_SECRET"]}
    request = urllib.request.Request(
        settings["TOKENWARD_OPEN_URL"] + "/open-apis/auth/v3/app_access_token/internal",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with _opener.open(request) as answer:
        return str(json.loads(answer.read())["app_access_token"])


def refresh_token_of_a_login_elsewhere(stand: Stand, tmp_path: Path) -> str:
    """Somebody logged in with another program: this vault knows nothing of it."""
    file = tmp_path / "elsewhere.json"
    file.write_text('{"access_token": "", "refresh_token": ""}')
    file.chmod(0o600)
    there = Stand(stand.sandbox, tmp_path / "there")
    there.variables["TOKENWARD_TOKEN_API"] = "legacy-v1"
    there.log_in()
    assert there.run("link", str(file), "--create").returncode == 0
    return str(json.loads(file.read_text())["refresh_token"])


def tokens_in(file: Path) -> Dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(file)
    return dict(parser["TOKEN"])


@pytest.fixture
def config(stand: Stand, tmp_path: Path) -> Path:
    file = tmp_path / "work" / "feishu-config.ini"
    file.parent.mkdir()
    refresh = refresh_token_of_a_login_elsewhere(stand, tmp_path)
    file.write_text(
        f"# mine\n[TOKEN]\napp_access_token = {app_token(stand)}\nuser_access_token =\nrefresh_token = {refresh}\n"
    )
    file.chmod(0o600)
    return file


def test_the_file_is_refreshed_and_holds_both(stand: Stand, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tokens_in(config)
    monkeypatch.chdir(config.parent)
    monkeypatch.delitem(sys.modules, "REFRESH_USER_ACCESS_TOKEN", raising=False)
    tokenward.install_old_script()
    from REFRESH_USER_ACCESS_TOKEN import REFRESH_USER_ACCESS_TOKEN  # type: ignore[import-not-found]

    token = REFRESH_USER_ACCESS_TOKEN()
    after = tokens_in(config)
    assert token and token == after["user_access_token"]
    assert after["refresh_token"] != before["refresh_token"]
    assert config.read_text().startswith("# mine\n")
    again = REFRESH_USER_ACCESS_TOKEN(None, None, str(config))
    assert again == tokens_in(config)["user_access_token"] != token
    counters = stand.sandbox.counters()
    assert (counters["refreshes"], counters["replays"]) == (2, 0), counters


def test_a_file_of_before_is_healed_and_nothing_is_sent(
    stand: Stand, config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = config.read_text()
    from tokenward.refresh_user_access_token import REFRESH_USER_ACCESS_TOKEN

    token = REFRESH_USER_ACCESS_TOKEN(config_file=config)
    config.write_text(old)
    assert REFRESH_USER_ACCESS_TOKEN(config_file=config) == token
    assert "nothing was sent" in caplog.text
    assert stand.sandbox.counters()["refreshes"] == 1


def test_failure_is_none_and_its_reason_is_logged(
    stand: Stand, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from tokenward.refresh_user_access_token import REFRESH_USER_ACCESS_TOKEN, refresh

    missing = tmp_path / "nothing.ini"
    with caplog.at_level(logging.ERROR, logger="tokenward"):
        assert REFRESH_USER_ACCESS_TOKEN(config_file=str(missing)) is None
        assert REFRESH_USER_ACCESS_TOKEN("a-secret-app-token", "bad token with spaces", str(missing)) is None
    assert "TW0210" in caplog.text or "TW0204" in caplog.text
    assert "a-secret-app-token" not in caplog.text and "bad token with spaces" not in caplog.text
    assert not missing.exists()
    with pytest.raises(tokenward.TokenwardError):
        refresh(config_file=missing)


def test_a_refresh_token_that_is_refused_leaves_the_file(stand: Stand, config: Path) -> None:
    wrong = config.read_text().replace(tokens_in(config)["refresh_token"], "ur-no-such-refresh-token")
    config.write_text(wrong)
    from tokenward.refresh_user_access_token import REFRESH_USER_ACCESS_TOKEN

    assert REFRESH_USER_ACCESS_TOKEN(config_file=config) is None
    assert config.read_text() == wrong


def test_it_is_a_program_with_the_old_flags(stand: Stand, config: Path) -> None:
    module = [sys.executable, "-m", "tokenward.refresh_user_access_token"]
    held = tokens_in(config)

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*module, *words], cwd=config.parent, env=stand.variables, capture_output=True, text=True, timeout=60
        )

    done = run()
    assert (done.returncode, done.stdout.strip()) == (0, tokens_in(config)["user_access_token"]), done.stderr
    new = config.parent / "new.ini"
    words = ["-a", held["app_access_token"], "-r", tokens_in(config)["refresh_token"], "--config_file", str(new)]
    done = run(*words)
    assert done.returncode == 0, done.stderr
    assert tokens_in(new)["user_access_token"] == done.stdout.strip()
    assert run("--config_file", "no-such.ini").returncode == 2


def test_the_name_it_is_installed_under_is_the_callers() -> None:
    tokenward.install_old_script("my_old_refresh")
    assert importlib.import_module("my_old_refresh").REFRESH_USER_ACCESS_TOKEN is importlib.import_module(
        "tokenward.refresh_user_access_token"
    ).REFRESH_USER_ACCESS_TOKEN
