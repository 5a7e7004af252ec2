"""What can be imported, from when on, and under which names."""

import sys
from unittest import mock

import pytest

import tokenward

SYMBOLS = {
    "bkoauth": "get_access_token get_access_token_by_user get_app_access_token refresh_token _init_function BkoauthConfig",
    "bkoauth.client": "OAuthClient OAuthClientEE BaseOAuthClient oauth_client",
    "bkoauth.exceptions": "TokenException TokenAPIError TokenNotExist",
    "bkoauth.utils": "get_client_ip transform_uin FancyDict",
    "bkoauth.jwt_client": "JWTClient jwt_invalid_view",
    "bkoauth.decorators": "apigw_required",
}

BEFORE_READY = """
import tokenward
tokenward.install_as_bkoauth()
from bkoauth import get_access_token, get_access_token_by_user, get_app_access_token, refresh_token
import bkoauth, bkoauth.client, bkoauth.exceptions, bkoauth.django_conf, bkoauth.utils
held = [get_access_token, get_access_token_by_user, get_app_access_token, refresh_token, bkoauth._init_function]
assert all(callable(one) for one in held)
import django
django.setup()
assert held[0] is bkoauth.get_access_token
from bkoauth.models import AccessToken
assert AccessToken.__module__ == "bkoauth.models" and AccessToken._meta.app_label == "bkoauth"
assert AccessToken._meta.db_table == "bkoauth_access_token"
from django.apps import apps
assert apps.get_app_config("bkoauth").module is bkoauth and type(apps.get_app_config("bkoauth")) is bkoauth.BkoauthConfig
print(bkoauth.__file__)
"""


def test_every_name_is_there():
    import importlib

    for module, names in SYMBOLS.items():
        found = importlib.import_module(module)
        assert [name for name in names.split() if not callable(getattr(found, name)) and name != "oauth_client"] == []
    import bkoauth.signals
    from bkoauth import django_conf

    assert callable(bkoauth.signals.update_user_access_token)
    assert django_conf.ENV_NAME == "prod" and django_conf.IS_BKOAUTH_IN_INSTALLED_APPS
    assert bkoauth.default_app_config == "bkoauth.BkoauthConfig"
    assert bkoauth.oauth_client is bkoauth.client.oauth_client


@pytest.mark.parametrize("spelling", ["bkoauth", "bkoauth.BkoauthConfig", "bkoauth.apps.BkoauthConfig"])
def test_functions_are_functions_before_the_apps_are_ready(site, spelling):
    done = site.run(BEFORE_READY, SITE_BKOAUTH=spelling)
    assert "tokenward" in done.stdout


QUIETLY = """
import warnings
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    import tokenward
    tokenward.install_as_bkoauth()
    import django
    django.setup()
print([str(one.message) for one in told if "bkoauth" in str(one.message)])
"""


@pytest.mark.parametrize("spelling", ["bkoauth", "bkoauth.BkoauthConfig", "bkoauth.apps.BkoauthConfig"])
def test_django_warns_of_nothing_in_the_app(site, spelling):
    assert site.run(QUIETLY, SITE_BKOAUTH=spelling).stdout == "[]\n"


def test_who_imported_bkoauth_too_early_is_named(tmp_path):
    import subprocess

    (tmp_path / "bkoauth").mkdir()
    (tmp_path / "bkoauth" / "__init__.py").write_text("def get_access_token(request): pass\n", encoding="utf-8")
    (tmp_path / "views.py").write_text("from bkoauth import get_access_token\n", encoding="utf-8")
    program = "import sys; sys.path.insert(0, sys.argv[1]); import views, tokenward; tokenward.install_as_bkoauth()"
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert f"by {tmp_path / 'views.py'}" in done.stderr and str(tmp_path / "bkoauth" / "__init__.py") in done.stderr


@pytest.mark.parametrize("spelling", ["bkoauth", "bkoauth.BkoauthConfig", "bkoauth.apps.BkoauthConfig"])
def test_no_migration_is_missing(site, spelling):
    program = """
import tokenward, sys
tokenward.install_as_bkoauth()
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "makemigrations", "--check", "--dry-run", "bkoauth"])
execute_from_command_line(["manage.py", "check", "--fail-level", "WARNING"])
"""
    assert "No changes detected" in site.run(program, SITE_BKOAUTH=spelling).stdout


def test_a_copy_inside_another_package_is_the_same(site):
    program = """
import sys, types
packages = types.ModuleType("packages"); packages.__path__ = []; sys.modules["packages"] = packages
import tokenward
for _ in range(3):
    tokenward.install_as_bkoauth()
    tokenward.install_as_bkoauth("packages.bkoauth")
assert sys.meta_path[0].find_spec("bkoauth") is not None
assert sum(type(finder) is type(sys.meta_path[0]) for finder in sys.meta_path) == 1
import django
django.setup()
import bkoauth, packages.bkoauth, packages.bkoauth.models, bkoauth.models
from packages.bkoauth.exceptions import TokenNotExist
from packages.bkoauth.client import oauth_client
import bkoauth.exceptions, bkoauth.client
assert packages.bkoauth is bkoauth and packages.bkoauth.models is bkoauth.models
assert TokenNotExist is bkoauth.exceptions.TokenNotExist and oauth_client is bkoauth.client.oauth_client
assert bkoauth.__spec__.name == "bkoauth" and bkoauth.models.__spec__.name == "bkoauth.models"
"""
    site.run(program)


def test_a_copy_may_be_the_only_one(site):
    program = """
import sys, types
packages = types.ModuleType("packages"); packages.__path__ = []; sys.modules["packages"] = packages
import tokenward
tokenward.install_as_bkoauth("packages.bkoauth")
import django
django.setup()
from django.apps import apps
assert apps.get_app_config("bkoauth").name == "packages.bkoauth"
from packages.bkoauth.models import AccessToken
assert AccessToken.objects.count() == 0
from packages.bkoauth import get_app_access_token
assert get_app_access_token().access_token
"""
    site.run(program, SITE_BKOAUTH="packages.bkoauth")


def test_who_comes_too_late_is_told(site):
    program = """
import sys, types
other = types.ModuleType("bkoauth"); other.__file__ = "/srv/bkoauth/__init__.py"; sys.modules["bkoauth"] = other
import tokenward
try:
    tokenward.install_as_bkoauth()
except RuntimeError as error:
    print(error)
"""
    told = site.run(program).stdout
    assert "was imported before install_as_bkoauth()" in told and "/srv/bkoauth/__init__.py" in told and "manage.py" in told


def test_the_folder_itself_is_no_module():
    with pytest.raises(ImportError, match="install_as_bkoauth"):
        __import__("tokenward.bkoauth")
    with pytest.raises(ValueError):
        tokenward.install_as_bkoauth("no name")


def test_what_tests_patch_is_what_is_called(site):
    import bkoauth
    from bkoauth import client

    with mock.patch.object(client.oauth_client, "get_access_token", return_value="patched"):
        assert bkoauth.get_access_token(None) == "patched"
    with mock.patch("bkoauth.client.oauth_client") as other:
        other.get_app_access_token.return_value = "patched"
        assert bkoauth.get_app_access_token() == "patched"
    with mock.patch("bkoauth.get_access_token_by_user", return_value="patched"):
        assert bkoauth.get_access_token_by_user("alice") == "patched"
    with mock.patch("bkoauth.django_conf.ENV_NAME", "test"):
        assert client.oauth_client.env_name == "test"
    assert client.oauth_client.env_name == "prod"
    assert bkoauth.get_app_access_token().access_token


def test_settings_are_read_when_they_are_needed(site, monkeypatch):
    import bkoauth
    from bkoauth import django_conf
    from bkoauth.exceptions import TokenAPIError
    from django.test import override_settings

    with override_settings(OAUTH_API_URL=""):
        with pytest.raises(TokenAPIError, match="OAUTH_API_URL") as told:
            bkoauth.get_app_access_token()
        assert told.value.code == "TW0204"
        # A variable goes before, set as late as that.
        monkeypatch.setenv("OAUTH_API_URL", site.url)
        assert bkoauth.get_app_access_token().access_token
    monkeypatch.setenv("OAUTH_COOKIES_PARAMS", '{"bk_token": "other"}')
    assert django_conf.OAUTH_COOKIES_PARAMS == {"bk_token": "other"}
    monkeypatch.setenv("OAUTH_COOKIES_PARAMS", "no json")
    assert django_conf.OAUTH_COOKIES_PARAMS == {"bk_token": "bk_token"}


def test_init_may_be_called_again():
    import bkoauth
    from django.contrib.auth.signals import user_logged_in

    before = len(user_logged_in.receivers)
    bkoauth._init_function()
    bkoauth._init_function()
    assert len(user_logged_in.receivers) == before
    assert "bkoauth.signals" in sys.modules
