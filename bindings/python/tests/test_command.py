"""What a person does, by the command that came with the package."""

from __future__ import annotations

import importlib.metadata
import json
import logging
import subprocess
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Dict

import pytest

import tokenward
from conftest import Stand, _opener
from tokenward import command, feishu


def say_yes(document: Dict[str, Any]) -> None:
    """A person with a browser on this machine."""
    threading.Thread(target=lambda: _opener.open(document["authorization_url"], timeout=20).read()).start()


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def end_of_the_browser(address: str) -> str:
    """A person whose browser cannot come back to this machine, and who copies where it ended."""
    browser = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay())
    while True:
        try:
            browser.open(address, timeout=20)
        except urllib.error.HTTPError as redirect:
            address = redirect.headers["Location"]
            if "code=" in address:
                return address


def test_logging_in_by_a_browser_and_by_a_pasted_address(stand: Stand) -> None:
    done = command.login(browser=False, show=say_yes)
    assert done["login"]["user"]["name"]
    assert tokenward.open().profile().token()
    assert command.logout()["profile"] == "default"
    with pytest.raises(tokenward.LoginRequired) as caught:
        command.status()
    assert caught.value.code == "TW0401" and "tokenward login" in caught.value.hint
    assert tokenward.login(paste=end_of_the_browser)["login"]["status"] == "valid"
    with pytest.raises(tokenward.SettingsWrong) as pasted:
        tokenward.login(paste=lambda address: "no address")
    assert pasted.value.code == "TW0208"


def test_logging_in_on_another_device(stand: Stand) -> None:
    shown: Dict[str, Any] = {}

    def confirm(document: Dict[str, Any]) -> None:
        shown.update(document)
        threading.Thread(target=lambda: _opener.open(document["verification_uri_complete"], timeout=20).read()).start()

    assert command.login(device=True, show=confirm)["login"]["status"] == "valid"
    assert shown["user_code"]


def test_status_and_doctor_are_data_and_spend_nothing(logged_in: Stand) -> None:
    login = tokenward.open().profile()
    status = login.status()
    assert (status["login"]["status"], status["login"]["generation"]) == ("valid", 1)
    findings = login.doctor()
    assert {"app", "login", "vault"} <= {finding["check"] for finding in findings}
    assert login.token() not in json.dumps([status, findings])
    assert logged_in.sandbox.counters()["refreshes"] == 0


def test_a_problem_that_the_doctor_finds_is_data_too(stand: Stand) -> None:
    problems = [finding for finding in command.doctor() if finding["severity"] == "problem"]
    assert "TW0401" in {problem["code"] for problem in problems}
    with pytest.raises(tokenward.TokenwardError) as caught:
        command.doctor("no such name")
    assert caught.value.exit == 2


def test_a_file_is_linked_kept_in_step_and_let_go(logged_in: Stand, tmp_path: Path) -> None:
    file = tmp_path / "-odd name.env"
    (link,) = command.link(file, create=True)
    assert link["outcome"] == "delivered"
    login = tokenward.open().profile()
    assert login.token() in file.read_text()
    newer = login.access(newer_than=login.access())
    assert newer.token in file.read_text()
    (stands,) = command.links(file)
    assert stands["state"] == "in-sync"
    assert len(command.unlink(file)) == 1
    with pytest.raises(tokenward.TokenwardError) as caught:
        command.links(file)
    assert caught.value.code == "TW0506"


def test_what_became_of_a_linked_file_is_told_in_a_sentence(
    logged_in: Stand, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "tokens.env"
    command.link(file, create=True)
    login = tokenward.open().profile()
    before = file.read_text()
    login.access(newer_than=login.access())
    # From a backup, or a checkout.
    file.write_text(before)
    with caplog.at_level(logging.WARNING, logger="tokenward"):
        token = login.token()
    assert token in file.read_text()
    assert f"{file} held used tokens (token set 1) and now holds the current ones" in caplog.text


def test_a_login_in_a_file_is_adopted(stand: Stand, tmp_path: Path) -> None:
    there = Stand(stand.sandbox, tmp_path / "there")
    there.log_in()
    file = tmp_path / "token.json"
    file.write_text('{"access_token": "", "refresh_token": ""}')
    file.chmod(0o600)
    assert there.run("link", str(file), "--create").returncode == 0
    text = file.read_text()
    assert command.adopt("-", input=text)["outcome"] == "new"
    assert command.adopt(file, link=False)["outcome"] == "known"
    # What is taken over is refreshed at its first use: nobody knows how long its tokens live, nor whose they are.
    assert tokenward.open().profile().access().generation == 2
    assert stand.sandbox.counters()["replays"] == 0


def test_one_call_logs_in_and_keeps_a_token_json(
    stand: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = {name: stand.variables.pop(name) for name in ("TOKENWARD_APP_ID", "TOKENWARD_APP_SECRET")}
    redirect = stand.variables.pop("TOKENWARD_REDIRECT_URI")
    for name in (*app, "TOKENWARD_REDIRECT_URI"):
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    login = feishu.login(
        app["TOKENWARD_APP_ID"],
        app["TOKENWARD_APP_SECRET"],
        redirect_uri=redirect,
        scopes=["wiki:wiki", "docx:document"],
        browser=False,
        show=say_yes,
    )
    saved = json.loads(Path("token.json").read_text())
    assert saved["access_token"] == login.token() and saved["refresh_token"]
    assert Path("token.json").stat().st_mode & 0o777 == 0o600
    assert set(login.status()["login"]["scopes"]) == {"wiki:wiki", "docx:document", "offline_access"}
    # Another program, another day: no variable, no login.
    again = tokenward.open().profile()
    assert again.name == app["TOKENWARD_APP_ID"]
    newer = again.access(newer_than=again.access()).token
    assert json.loads(Path("token.json").read_text())["access_token"] == newer
    secret = app["TOKENWARD_APP_SECRET"]
    told = "".join(path.read_text(errors="replace") for path in stand.home.rglob("*") if path.is_file())
    assert secret not in told and secret not in repr(login)


@pytest.fixture
def env_file(stand: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's `.env` with its app, and nothing set up on this machine."""
    settings = stand.sandbox.settings
    lines = {
        "FEISHU_APP_ID": settings["TOKENWARD_APP_ID"],
        "FEISHU_APP_SECRET": settings["TOKENWARD_APP_SECRET"],
        "FEISHU_REDIRECT_URI": settings["TOKENWARD_REDIRECT_URI"],
        "OTHER": "stays",
    }
    file = tmp_path / ".env"
    file.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    file.chmod(0o600)
    for name in ("TOKENWARD_APP_ID", "TOKENWARD_APP_SECRET", "TOKENWARD_REDIRECT_URI"):
        monkeypatch.delenv(name)
        stand.variables.pop(name)
    return file


def test_the_client_of_a_dot_env(stand: Stand, env_file: Path, tmp_path: Path) -> None:
    client = feishu.FeishuApiClient.from_env(env_file)
    with pytest.raises(tokenward.TokenwardError):
        client.get_user_token()
    client.login(browser=False, show=say_yes, scopes=["wiki:wiki", "docx:document", "drive:drive", "docs:document.media:upload"])
    token = client.get_user_token()
    assert token in env_file.read_text() and "OTHER=stays" in env_file.read_text()
    again = feishu.FeishuApiClient.from_env(env_file)
    assert again.get_user_info()["name"]
    assert again.get_user_token() == token
    assert stand.sandbox.counters()["refreshes"] == 0
    assert again.get_user_token(force_refresh=True) != token
    assert again.refresh_user_token() == client.get_user_token()
    assert client.get_user_token() in env_file.read_text()
    assert stand.sandbox.counters()["refreshes"] == 2
    for shown in (repr(client), repr(vars(client))):
        assert token not in shown


def test_a_page_that_is_there_gets_what_the_file_says_now(stand: Stand, env_file: Path, tmp_path: Path) -> None:
    """A script that runs each day has one page, at one address."""
    client = feishu.FeishuApiClient.from_env(env_file)
    client.login(browser=False, show=say_yes, purposes=["wiki"])
    report = tmp_path / "report.md"
    report.write_text("# Report\n\nMonday.\n")
    first = client.create_wiki_doc(report)
    assert first["changed"] and not client.create_wiki_doc(report)["changed"]
    report.write_text("# Report\n\nTuesday.\n")
    second = client.create_wiki_doc(report, title="Report")
    assert (second["url"], second["document_id"], second["changed"]) == (first["url"], first["document_id"], True)
    blocks = client._login().get(f"/open-apis/docx/v1/documents/{first['document_id']}/blocks").json()
    assert "Tuesday" in str(blocks) and "Monday" not in str(blocks)
    # As each run of the old client did.
    assert client.create_wiki_doc(report, again=True)["url"] != first["url"]


def test_a_dot_env_that_has_a_login_is_taken_over_as_it_is(stand: Stand, env_file: Path, tmp_path: Path) -> None:
    there = Stand(stand.sandbox, tmp_path / "there")
    for name in ("TOKENWARD_APP_ID", "TOKENWARD_APP_SECRET", "TOKENWARD_REDIRECT_URI"):
        there.variables.pop(name)
    there.log_in("--env-file", str(env_file))
    before = env_file.read_text()
    client = feishu.FeishuApiClient.from_env(env_file)
    assert env_file.read_text() == before and stand.sandbox.counters()["refreshes"] == 0
    # The first use refreshes it, once: nobody knows how long its tokens live, nor whose they are.
    token = client.get_user_token()
    assert client.get_user_info()["name"]
    assert token not in before and token in env_file.read_text()
    counters = stand.sandbox.counters()
    assert (counters["refreshes"], counters["replays"]) == (1, 0), counters


def test_a_command_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(command.sysconfig, "get_path", lambda *_, **__: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(tokenward.SettingsWrong) as caught:
        command.status()
    assert caught.value.code == "TW0209" and "pip install" in caught.value.hint


def test_the_command_that_came_along_is_the_one(stand: Stand) -> None:
    done = subprocess.run([command.find(), "--version"], capture_output=True, text=True)
    assert done.stdout.split()[:2] == ["tokenward", importlib.metadata.version("tokenward")]
