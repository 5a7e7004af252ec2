"""Settings that are wrong: a failure names the one that it is most likely owed to, and ``manage.py check`` tells them beforehand."""

import logging
import os

import pytest

import bkoauth
from bkoauth.exceptions import TokenAPIError, TokenException, TokenNotExist


def failure(request, kind=TokenException):
    with pytest.raises(kind) as told:
        bkoauth.get_access_token(request)
    return told.value


def test_a_request_with_another_cookie_blames_the_setting(site, settings_override, log):
    """The cookie's name is wrong, and the request says so: logging in again would bring the same cookie."""
    request = site.request("alice")
    with settings_override(OAUTH_COOKIES_PARAMS={"bk_token": "bk_tokn"}):
        error = failure(request, TokenNotExist)
        assert error.setting == "OAUTH_COOKIES_PARAMS" and not error.needs_login
        assert "asks for the cookie 'bk_tokn', and the request has 'bk_token'" in str(error)
    assert [record.levelno for record in log.records if "no access token" in record.getMessage()] == [logging.ERROR]
    # The cookies of another kind of site.
    request.COOKIES = {"bk_ticket": "bk_ticket-of-alice"}
    error = failure(request, TokenNotExist)
    assert error.setting == "OAUTH_COOKIES_PARAMS" and "'bk_ticket' is the cookie of sites that ask the auth api" in error.hint
    assert "BKAUTH_BACKEND_TYPE = 'bk_token' means SSM" in error.hint
    # Without any, the user is not logged in, and no setting is suspected.
    log.clear()
    for cookies in ({}, {"csrftoken": "x", "sessionid": "y"}):
        request.COOKIES = cookies
        error = failure(request, TokenNotExist)
        assert error.setting is None and error.needs_login and "OAUTH_COOKIES_PARAMS" not in str(error)
    assert {record.levelno for record in log.records if "no access token" in record.getMessage()} == {logging.WARNING}
    with settings_override(OAUTH_COOKIES_PARAMS={}):
        assert "OAUTH_COOKIES_PARAMS is empty" in failure(site.request("alice"), TokenNotExist).hint


def test_no_value_of_a_cookie_is_told(site, settings_override, log):
    request = site.request("alice")
    request.COOKIES.update(bk_ticket="bk_ticket-of-alice", evil="bk_token\n[ERROR]")
    with settings_override(OAUTH_COOKIES_PARAMS={"bk_token": "nothing"}):
        error = failure(request)
    for said in (str(error), repr(error), error.hint, log.text):
        assert "-of-alice" not in said and "evil" not in said and "[ERROR]\n" not in said


@pytest.mark.parametrize("backend", ["", "bk_ticket", "bk-token"])
def test_the_wrong_kind_of_service_blames_the_setting_and_not_the_address(site, settings_override, backend):
    """An SSM that is spoken to as the auth api has nothing there."""
    with settings_override(BKAUTH_BACKEND_TYPE=backend):
        for ask in (lambda: bkoauth.get_access_token(site.request("alice")), bkoauth.get_app_access_token):
            with pytest.raises(TokenAPIError) as told:
                ask()
            error = told.value
            assert (error.code, error.setting, error.needs_login) == ("TW0706", "BKAUTH_BACKEND_TYPE", False)
            assert "set BKAUTH_BACKEND_TYPE = 'bk_token'" in str(error) and "/auth_api/token/" in str(error)


def test_the_auth_api_that_is_spoken_to_as_ssm(make_site, settings_override):
    site = make_site("bk_ticket")
    with settings_override(BKAUTH_BACKEND_TYPE="bk_token"):
        error = failure(site.request("alice"), TokenAPIError)
        assert error.code == "TW0706" and "set BKAUTH_BACKEND_TYPE = 'bk_ticket'" in error.hint


def test_a_field_that_the_service_does_not_know_blames_the_setting(site, settings_override):
    """The service refuses; what it was sent is no field of its kind."""
    request = site.request("alice")
    with settings_override(OAUTH_COOKIES_PARAMS={"token": "bk_token"}):
        error = failure(request, TokenAPIError)
        assert (error.code, error.setting) == ("TW0411", "OAUTH_COOKIES_PARAMS")
        assert "knows users by 'bk_token'; OAUTH_COOKIES_PARAMS sends 'token'" in error.hint
    # The cookie of the right name is there, and another one's value is sent.
    request.COOKIES["bk_ticket"] = "bk_ticket-of-alice"
    with settings_override(OAUTH_COOKIES_PARAMS={"bk_token": "bk_ticket"}):
        error = failure(request, TokenAPIError)
        assert (error.code, error.setting) == ("TW0411", "OAUTH_COOKIES_PARAMS") and "the request has 'bk_token'" in error.hint
    # One that is no longer good is the user's business.
    request.COOKIES = {"bk_token": "nobody-has-it"}
    error = failure(request, TokenAPIError)
    assert (error.code, error.setting, error.needs_login) == ("TW0411", None, True)


def test_an_expired_cookie_beside_another_one_is_the_users_business(site):
    """A cookie of another BlueKing on a parent domain says nothing of the setting: the cookie that it names is there."""
    request = site.request("alice")
    request.COOKIES = {"bk_token": "expired", "bk_ticket": "of-another-bluekings"}
    error = failure(request, TokenAPIError)
    assert (error.code, error.setting, error.needs_login) == ("TW0411", None, True) and "OAUTH_COOKIES_PARAMS" not in str(error)
    # From the session it is there too.
    request.COOKIES, request.session = {"bk_ticket": "of-another-bluekings"}, {"bk_token": "expired"}
    assert failure(request, TokenAPIError).needs_login


def test_an_outage_is_not_told_as_a_wrong_setting(site, settings_override):
    """A service that says 5xx is there; one that gave tokens is the right one."""

    def asked(**kind):
        site.sandbox.control("faults", method="DELETE")
        site.sandbox.control("faults", {"kind": kind})
        error = failure(site.request("xiaoming"), TokenAPIError)
        assert (error.code, error.needs_login) == ("TW0602", False)
        return error

    for status in (502, 503):
        error = asked(name="html", status=status)
        assert error.setting is None and "BKAUTH_BACKEND_TYPE" not in str(error)
    # A page that says all is well is a wrong address, until tokens have come from there.
    assert asked(name="html", status=200).setting == "OAUTH_API_URL"
    site.sandbox.control("faults", method="DELETE")
    assert bkoauth.get_access_token(site.request("alice")).access_token
    assert asked(name="html", status=200).setting is None
    with settings_override(BKAUTH_BACKEND_TYPE="bk_ticket"):
        assert failure(site.request("alice"), TokenAPIError).setting == "BKAUTH_BACKEND_TYPE"


def test_an_app_that_the_service_does_not_know_names_what_was_sent(site, settings_override):
    with settings_override(SECRET_KEY="django-insecure-drawn"):
        error = failure(site.request("alice"), TokenAPIError)
        assert (error.code, error.setting) == ("TW0701", "BKAUTH_TOKEN_SECRET_KEY")
        assert "Django's SECRET_KEY is sent" in error.hint and "drawn" not in str(error)
        with settings_override(BKAUTH_TOKEN_SECRET_KEY="another"):
            error = failure(site.request("alice"))
            assert error.setting == "BKAUTH_TOKEN_SECRET_KEY" and "compare APP_CODE and BKAUTH_TOKEN_SECRET_KEY" in error.hint
        with settings_override(BKAUTH_TOKEN_SECRET_KEY=site.variables["SITE_SECRET"]):
            assert bkoauth.get_access_token(site.request("alice")).access_token


def test_a_setting_that_is_missing_is_named(site, settings_override):
    for name, other in (("APP_CODE", "BKAUTH_TOKEN_APP_CODE"), ("OAUTH_API_URL", "OAUTH_API_URL")):
        with settings_override(**{name: ""}):
            error = failure(site.request("alice"), TokenAPIError)
            assert (error.code, error.setting, error.needs_login) == ("TW0204", other, False)


def test_another_service_gets_no_login_of_this_one(make_site, settings_override, log):
    """OAUTH_API_URL changes: a refresh token goes to nobody but whom it is from, and the old address finds its logins again."""
    one = make_site()
    first = bkoauth.get_access_token(one.request("alice"))
    held = first.access_token
    two = make_site()
    two.sandbox.control("apps", {"brand": "blueking", "id": one.variables["SITE_APP"], "secret": one.variables["SITE_SECRET"]})
    two.sandbox.control("rules", {"keep_requests": True}, method="PATCH")
    with settings_override(**{**one.settings(), "OAUTH_API_URL": two.url, "TOKENWARD_HOME": str(one.home)}):
        log.clear()
        with pytest.raises(TokenNotExist):
            bkoauth.get_access_token_by_user("alice")
        row = bkoauth.get_access_token(two.request("alice"))
        assert two.whose(row.access_token) == "alice" and row.access_token != held
        assert bkoauth.get_access_token_by_user("alice").access_token == row.access_token
        told = [record.getMessage() for record in log.records if "another token service" in record.getMessage()]
        assert len(told) == 1 and f"TOKENWARD_BKOAUTH_PROFILE = {one.variables['SITE_APP']!r}" in told[0]
        assert "tokenward.W008" in found()
        # Who says that it is the same service is believed.
        with settings_override(TOKENWARD_BKOAUTH_PROFILE=one.variables["SITE_APP"]):
            assert bkoauth.get_access_token_by_user("alice").access_token == held
    with settings_override(**one.settings(), TOKENWARD_HOME=str(one.home)):
        assert bkoauth.get_access_token_by_user("alice").access_token == held
        assert "tokenward.W008" not in found()
    assert one.exchanges() == 1 and two.counters().get("refreshes", 0) == 0


def found():
    from django.core.checks import run_checks

    return sorted(one.id for one in run_checks() if one.id.startswith("tokenward"))


CASES = [
    ({}, []),
    ({"APP_CODE": ""}, ["tokenward.E002"]),
    ({"BKAUTH_TOKEN_APP_CODE": "x", "APP_CODE": ""}, []),
    ({"SECRET_KEY": "django-insecure-drawn"}, ["tokenward.W004"]),
    ({"SECRET_KEY": "django-insecure-drawn", "BKAUTH_TOKEN_SECRET_KEY": "x"}, []),
    ({"OAUTH_API_URL": ""}, ["tokenward.W002"]),
    ({"OAUTH_API_URL": "bkssm.example.com"}, ["tokenward.E004"]),
    ({"OAUTH_API_URL": "https://bkssm.example.com/api/v1/auth/access-tokens"}, ["tokenward.E004"]),
    ({"OAUTH_API_URL": "https://apigw.example.com/auth_api/token/", "BKAUTH_BACKEND_TYPE": "bk_ticket"}, ["tokenward.E004", "tokenward.W006"]),
    ({"OAUTH_API_URL": "http://bkssm.example.com:5000"}, ["tokenward.W001"]),
    ({"OAUTH_API_URL": "http://bkssm.example.com:5000", "TOKENWARD_BKOAUTH_ALLOW_HTTP": True}, []),
    ({"OAUTH_COOKIES_PARAMS": {}}, ["tokenward.W005"]),
    ({"OAUTH_COOKIES_PARAMS": ["bk_token"]}, ["tokenward.E005"]),
    ({"OAUTH_COOKIES_PARAMS": {"bk_ticket": "bk_ticket"}}, ["tokenward.W006"]),
    ({"OAUTH_COOKIES_PARAMS": {"bk_ticket": "bk_ticket", "rtx": "bk_uid"}, "BKAUTH_BACKEND_TYPE": ""}, []),
    ({"OAUTH_COOKIES_PARAMS": {"uin": "p_uin", "skey": "p_skey"}, "BKAUTH_BACKEND_TYPE": "bk_ticket"}, []),
    ({"BKAUTH_BACKEND_TYPE": ""}, ["tokenward.W006"]),
    ({"BKAUTH_BACKEND_TYPE": "BK_TOKEN"}, ["tokenward.W007"]),
    ({"TOKENWARD_BKOAUTH_STORE": "database"}, ["tokenward.E001"]),
    ({"TOKENWARD_BKOAUTH_PROFILE": "no name!"}, ["tokenward.E006"]),
    ({"TOKENWARD_HOME": "/dev/null/tokenward"}, ["tokenward.E007"]),
    ({"TOKENWARD_HOME": "vault"}, ["tokenward.E007"]),
    ({"TOKENWARD_HOME": "~/vault"}, ["tokenward.E007"]),
]


@pytest.mark.parametrize("settings, ids", CASES, ids=[" ".join(f"{name}={value}" for name, value in case[0].items()) for case in CASES])
def test_checks_tell_what_is_wrong(site, settings_override, settings, ids):
    with settings_override(**settings):
        assert found() == ids


@pytest.mark.parametrize("settings, ids", [case for case in CASES if case[1]], ids=[" ".join(case[0]) for case in CASES if case[1]])
def test_checks_are_told_in_chinese_too(site, settings_override, monkeypatch, settings, ids):
    from django.core.checks import run_checks

    def told():
        with settings_override(**settings):
            return {one.id: (one.msg, one.hint) for one in run_checks() if one.id in ids}

    monkeypatch.setenv("TOKENWARD_LANG", "en")
    english = told()
    monkeypatch.setenv("TOKENWARD_LANG", "zh")
    for number, sentences in told().items():
        for chinese, other in zip(sentences, english[number]):
            assert (chinese is None and other is None) or (chinese != other and any("\u4e00" <= letter <= "\u9fff" for letter in chinese)), chinese


def test_a_variable_that_is_no_object_is_told(site, monkeypatch):
    monkeypatch.setenv("OAUTH_COOKIES_PARAMS", "{bk_token: bk_token}")
    assert found() == ["tokenward.E005"]


def test_a_folder_of_another_user_is_told(site, tmp_path, settings_override):
    if os.geteuid() == 0:
        pytest.skip("nothing is closed to root")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with settings_override(TOKENWARD_HOME=str(closed / "home")):
        assert found() == ["tokenward.E007"]


def test_of_the_vaults_folder_the_setting_goes_before_the_variable(site, settings_override, tmp_path):
    other = tmp_path / "of-the-setting"
    with settings_override(TOKENWARD_HOME=str(other)):
        assert found() == [] and bkoauth.get_access_token(site.request("alice")).access_token
    assert (other / "bkoauth").is_dir() and not (site.home / "bkoauth").exists()


CHECK = """
import tokenward
tokenward.install_as_bkoauth()
tokenward.install_as_bkoauth("packages.bkoauth")
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "check"])
import django.core.checks
assert "tokenward" not in repr(django.core.checks.__loader__) and "tokenward" not in repr(django.core.checks.__spec__)
"""


def test_manage_py_check_tells_also_where_the_app_is_not_installed(site):
    done = site.run(CHECK, SITE_BKOAUTH="django.contrib.staticfiles")
    assert done.stderr.count("tokenward.W003") == 1 and "'bkoauth' is not in INSTALLED_APPS" in done.stderr
    assert "no issues" in site.run(CHECK).stdout
    # Whoever has loaded Django's checks before is told all the same.
    done = site.run("import django.core.checks\n" + CHECK, SITE_BKOAUTH="django.contrib.staticfiles")
    assert done.stderr.count("tokenward.W003") == 1
    # A site that asks for no tokens hears nothing of it.
    assert "no issues" in site.run(CHECK, SITE_BKOAUTH="django.contrib.staticfiles", SITE_URL="").stdout


PROJECT = """
import sys
sys.path.insert(0, sys.argv[1])
{line}
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "check"])
"""
LINES = "import tokenward; tokenward.install_as_bkoauth()"


def test_a_server_that_lacks_the_two_lines_is_told(site, tmp_path):
    desk = tmp_path / "desk"
    desk.mkdir()
    (desk / "__init__.py").write_text("")

    def check(line=LINES, settings="", server=""):
        text = f"{settings}\nfrom bk_settings import *\nWSGI_APPLICATION = 'desk.wsgi.application'\n"
        (desk / "settings.py").write_text(text, encoding="utf-8")
        # What is looked at is not loaded.
        (desk / "wsgi.py").write_text(f"{server}\nraise RuntimeError('loaded')\n", encoding="utf-8")
        return site.run(PROJECT.format(line=line), str(tmp_path), DJANGO_SETTINGS_MODULE="desk.settings").stderr

    told = check()
    assert told.count("tokenward.W009") == 1 and str(desk / "wsgi.py") in told and "WSGI_APPLICATION" in told
    assert "tokenward.W009" not in check(server=LINES)
    # The settings are loaded by the server too.
    assert "tokenward.W009" not in check(settings=LINES)
    assert "tokenward.W009" not in check(line="", settings=LINES)
    (desk / "wsgi.py").unlink()
    assert "tokenward.W009" not in site.run(PROJECT.format(line=LINES), str(tmp_path), DJANGO_SETTINGS_MODULE="desk.settings").stderr


def test_the_address_of_the_gateway_is_told_and_leads_to_no_login_page(site, settings_override):
    with settings_override(OAUTH_API_URL=site.sandbox.settings["TOKENWARD_OPEN_URL"]):
        error = failure(site.request("alice"), TokenAPIError)
    assert (error.code, error.setting, error.needs_login) == ("TW0411", "OAUTH_API_URL", False)
    assert "API gateway" in error.hint


def test_every_check_is_in_the_guide_and_the_other_way_round():
    import re
    from pathlib import Path

    from bkoauth import checks

    source = Path(checks.__file__).read_text(encoding="utf-8")
    ids = {f"tokenward.{number}" for number in re.findall(r'_(?:error|warning)\(\s*"([EW]\d{3})"', source)}
    docs = Path(__file__).resolve().parents[4] / "docs" / "guide"
    for page in (docs / "bkoauth.md", docs / "zh" / "bkoauth.md"):
        assert set(re.findall(r"tokenward\.[EW]\d{3}", page.read_text(encoding="utf-8"))) == ids


def test_a_hint_about_a_setting_is_in_the_language_of_the_environment(site, settings_override, monkeypatch, log):
    monkeypatch.setenv("TOKENWARD_LANG", "zh")
    wrong = (
        ({"OAUTH_COOKIES_PARAMS": {"bk_token": "bk_tokn"}}, "要求 Cookie 'bk_tokn'，而请求中的是 'bk_token'：很可能是此设置有误"),
        ({"OAUTH_COOKIES_PARAMS": {}}, "OAUTH_COOKIES_PARAMS 为空"),
        ({"OAUTH_COOKIES_PARAMS": {"token": "bk_token"}}, "它以 'bk_token' 识别用户；而 OAUTH_COOKIES_PARAMS 发送的是 'token'"),
        ({"BKAUTH_BACKEND_TYPE": "bk_ticket"}, "处没有令牌服务应答。BKAUTH_BACKEND_TYPE = 'bk_ticket' 表示 auth api"),
        ({"SECRET_KEY": "django-insecure-drawn"}, "Django 的 SECRET_KEY 被当作应用密钥发送"),
        ({"APP_CODE": ""}, "缺少设置 BKAUTH_TOKEN_APP_CODE [TW0204] (请将它或 APP_CODE 设为"),
        ({"OAUTH_API_URL": "http://token.example"}, "OAUTH_API_URL 是明文 http"),
        ({"TOKENWARD_BKOAUTH_STORE": "server"}, "只把登录保存在本机的保险库中"),
    )
    for settings, said in wrong:
        with settings_override(**settings):
            assert said in str(failure(site.request("alice"))), settings
    assert log.text.count("没有取得访问令牌：") == len(wrong) and "no access token" not in log.text
