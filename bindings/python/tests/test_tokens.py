"""A token, got as a program gets it."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Dict

import pytest

import tokenward
from conftest import Sandbox, Stand


def test_a_token_of_the_login_that_the_command_made(logged_in: Stand) -> None:
    login = tokenward.open().profile()
    token = login.token()
    assert token == logged_in.run("token").stdout.strip()
    access = login.access()
    assert (access.token, access.generation) == (token, 1)
    assert token not in repr(access) + str(access) + repr(login)
    assert login.header() == {"Authorization": f"Bearer {token}"}


def test_what_is_awaited_is_the_same(logged_in: Stand) -> None:
    login = tokenward.open().profile()

    async def everything() -> "tuple[str, str, dict[str, str], object]":
        answer = await login.get_async("/open-apis/authen/v1/user_info")
        return await login.token_async(), (await login.access_async()).token, await login.header_async(), answer.json()

    token, same, header, info = asyncio.run(everything())
    assert token == same == login.token()
    assert header == login.header()
    assert info == login.get("/open-apis/authen/v1/user_info").json()


def test_a_token_that_is_due_is_refreshed_once_and_a_life_that_is_asked_for_is_given(logged_in: Stand) -> None:
    first = tokenward.open().profile().token()
    logged_in.later(7260)
    login = tokenward.open(environment=logged_in.variables).profile()
    second = login.access(min_ttl=600)
    assert second.token != first and second.generation == 2
    assert second.expires_at > time.time() + 7260 + 600
    assert login.access(newer_than=second).generation == 3
    # Whoever held the second one too is given what came of it.
    assert login.access(newer_than=second).generation == 3
    counters = logged_in.sandbox.counters()
    assert (counters["refreshes"], counters["replays"]) == (2, 0), counters


def test_many_threads_cause_one_exchange(logged_in: Stand) -> None:
    logged_in.later(7260)
    login = tokenward.open(environment=logged_in.variables).profile()
    gate, got = threading.Barrier(32), []

    def ask() -> None:
        gate.wait()
        got.append(login.token())

    threads = [threading.Thread(target=ask) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 32 and len(set(got)) == 1
    counters = logged_in.sandbox.counters()
    assert (counters["refreshes"], counters["replays"]) == (1, 0), counters


def test_nobody_is_logged_in(stand: Stand) -> None:
    with pytest.raises(tokenward.LoginRequired) as caught:
        tokenward.open().profile().token()
    error = caught.value
    assert (error.code, error.exit) == ("TW0401", 3)
    assert "tokenward login" in error.hint and error.kept
    assert str(error).startswith("TW0401: this profile is not logged in. Kept: ")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.exit) == (type(error), str(error), 3)


@pytest.mark.parametrize("variables", [{"TOKENWARD_LANG": "en"}, {"TOKENWARD_LANG": "", "LC_ALL": "", "LANG": "zh_CN.UTF-8"}])
def test_an_error_says_what_the_command_says_of_it(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, variables: Dict[str, str]
) -> None:
    """In the language of the environment, by one catalogue."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    chinese = "LANG" in variables
    told = json.loads(stand.run("--json", "token", env={**stand.variables, **variables}).stderr)["error"]
    with pytest.raises(tokenward.LoginRequired) as caught:
        tokenward.open().profile().token()
    error = caught.value
    assert error.message == told["message"] and told["next"][0] in error.hint, (str(error), told)
    assert ("保留" in str(error)) == chinese and ("Kept" in str(error)) == (not chinese)
    with pytest.raises(tokenward.LoginRequired) as raised:
        tokenward.command.run("token")
    assert (raised.value.message.split(chinese and "：" or ": ")[0], raised.value.kept) == (error.message, error.kept)
    # The commands of a hint mean the login that failed.
    with pytest.raises(tokenward.LoginRequired) as named:
        tokenward.open().profile("work").token()
    assert "tokenward login --profile work" in named.value.hint


def test_a_refusal_of_the_provider_brings_its_remedy(logged_in: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    logged_in.later(7260)
    login = tokenward.open(environment=logged_in.variables).profile()
    logged_in.sandbox.control("faults", {"kind": {"name": "code", "code": 20074}, "operation": "refresh"})
    monkeypatch.setenv("TOKENWARD_LANG", "zh")
    with pytest.raises(tokenward.AppSettingsWrong) as caught:
        login.token()
    assert "20074" in caught.value.message and "刷新 user_access_token" in caught.value.hint, str(caught.value)


def test_what_cannot_be_used_is_said(stand: Stand, tmp_path: Path) -> None:
    with pytest.raises(tokenward.SettingsWrong) as caught:
        tokenward.open().profile("no such name")
    assert caught.value.code == "TW0207" and "no such name" in str(caught.value)
    with pytest.raises(tokenward.SettingsWrong):
        tokenward.open(environment={"TOKENWARD_HOME": str(tmp_path / "empty")}).profile()
    with pytest.raises(ValueError, match="min_ttl"):
        tokenward.open().profile().token(min_ttl=-1)
    with pytest.raises(TypeError):
        tokenward.open().profile().token("soon")  # type: ignore[arg-type]


def test_what_cannot_be_used_is_said_in_chinese(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "config.toml").write_text('[apps.work]\napp_id = "cli_x"\n[profiles.work]\napp = "work"\n')
    monkeypatch.setenv("TOKENWARD_LANG", "zh")
    opened = tokenward.open(environment={"TOKENWARD_HOME": str(home)})
    with pytest.raises(tokenward.SettingsWrong) as caught:
        opened.profile("wrok")
    assert caught.value.message.startswith("没有配置档“wrok”；已有：work"), caught.value.message
    (home / "config.toml").write_text("default_profile = 3\n[apps\n")
    with pytest.raises(tokenward.SettingsWrong) as caught:
        tokenward.open(environment={"TOKENWARD_HOME": str(home)}).profile()
    assert "config.toml 第 2 行" in caught.value.message and "无法解析" in caught.value.message, caught.value.message


def test_trouble_of_the_provider_is_named_and_nothing_is_lost(logged_in: Stand) -> None:
    logged_in.later(7260)
    login = tokenward.open(environment=logged_in.variables).profile()
    logged_in.sandbox.control("faults", {"kind": {"name": "code", "code": 20050}, "operation": "refresh"})
    with pytest.raises(tokenward.TryAgainLater) as caught:
        login.token()
    assert caught.value.code == "TW0501" and caught.value.provider_code == 20050
    time.sleep(1.1)
    assert tokenward.open(environment=logged_in.variables).profile().token()


@pytest.mark.parametrize(("language", "said"), [("en", "no newer token yet: "), ("zh", "提前刷新失败，现有令牌仍可用：")])
def test_what_a_person_should_know_is_logged_in_the_commands_words(
    logged_in: Stand, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, language: str, said: str
) -> None:
    monkeypatch.setenv("TOKENWARD_LANG", language)
    # Due, and not at its end: the old token serves while the provider has trouble.
    logged_in.later(6900)
    logged_in.sandbox.control(
        "faults", {"kind": {"name": "code", "code": 20050}, "operation": "refresh", "times": None}
    )
    with caplog.at_level(logging.WARNING, logger="tokenward"):
        token = tokenward.open(environment=logged_in.variables).profile().token()
    assert said in caplog.text
    assert token not in caplog.text


def test_a_call_that_is_refused_says_why(logged_in: Stand) -> None:
    login = tokenward.open().profile()
    with pytest.raises(tokenward.CallRefused) as caught:
        login.get("/open-apis/no/such/path")
    assert caught.value.status == 404
    with pytest.raises(tokenward.TokenwardError) as foreign:
        login.get("https://example.com/")
    assert foreign.value.code.startswith("TW") and "example.com" in str(foreign.value)


def test_closed_and_used_again(logged_in: Stand) -> None:
    with tokenward.open() as logins:
        login = logins.profile()
        token = login.token()
    assert login.token() == token
    logins.close()
    del login, logins
    gc.collect()


def test_ctrl_c_is_heard_and_the_refresh_goes_on(logged_in: Stand) -> None:
    logged_in.later(7260)
    fault = {"kind": {"name": "delay", "milliseconds": 4000}, "operation": "refresh"}
    logged_in.sandbox.control("faults", fault)
    script = (
        "import signal, tokenward\n"
        # Whoever runs these tests in the background of a shell has it ignored, and children inherit that.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "login = tokenward.open().profile()\n"
        "try:\n"
        "    print('ready', flush=True)\n"
        "    login.token()\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], env=logged_in.variables, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        time.sleep(0.7)
        begun = time.monotonic()
        child.send_signal(signal.SIGINT)
        assert child.stdout.readline() == b"interrupted\n"
        assert time.monotonic() - begun < 2.0
        # The end of the process waits for the refresh.
        assert child.wait(timeout=20) == 0
    status = logged_in.run("token")
    assert status.returncode == 0
    counters = logged_in.sandbox.counters()
    assert (counters["refreshes"], counters["replays"]) == (1, 0), counters


# Python 3.12 warns of every fork beside a thread; the engine's thread is one that a child can do without.
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_forked_child_has_its_own(logged_in: Stand) -> None:
    login = tokenward.open().profile()
    token = login.token()
    login.get("/open-apis/authen/v1/user_info")
    for _ in range(3):
        child = os.fork()
        if child == 0:
            # The long way too: what the parent opened is not used here.
            good = login.token() == token and login.get("/open-apis/authen/v1/user_info").status == 200
            os._exit(0 if good else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert login.token() == token


def test_a_token_that_was_handed_out_is_had_in_microseconds(logged_in: Stand) -> None:
    login = tokenward.open().profile()
    login.token()
    times = []
    for _ in range(300):
        begun = time.perf_counter_ns()
        login.token()
        times.append(time.perf_counter_ns() - begun)
    # Of a build without optimisation; what one for people takes is in docs/performance.md. The long way takes milliseconds.
    assert min(times) < 1_000_000


@pytest.mark.parametrize("dialect", ["ssm", "auth-api"])
def test_at_blueking_the_header_is_the_gateways(
    dialect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = Sandbox("--provider", "blueking", "--dialect", dialect)
    try:
        stand = Stand(sandbox, tmp_path)
        login = tokenward.open(environment=stand.variables).profile("default:~app")
        header = login.header()
        assert list(header) == ["X-Bkapi-Authorization"]
        assert json.loads(header["X-Bkapi-Authorization"]) == {"access_token": login.token()}
        # A user of whom nothing is known never gets the app's.
        with pytest.raises(tokenward.TokenwardError):
            tokenward.open(environment=stand.variables).profile("default:nobody").token()
    finally:
        sandbox.end()
