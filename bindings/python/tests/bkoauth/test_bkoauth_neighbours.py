"""Packages of PyPI, unmodified, that call ``bkoauth``: ``bkapi-client-core`` and ``blueapps``."""

import json
import logging

import pytest

import bkoauth
from bkoauth.exceptions import TokenAPIError, TokenNotExist

pytest.importorskip("bkapi_client_core")
from bkapi_client_core import config  # noqa: E402


@pytest.fixture
def desk(site, settings_override, monkeypatch):
    """A client of the gateway, as the SDKs of BlueKing's systems have them."""
    # It keeps what it once read of Django's settings, and each test is another app's.
    monkeypatch.setattr(config.settings, "_resolved", {})
    from bkapi_client_core.apigateway import APIGatewayClient, Operation, OperationGroup, bind_property

    gateway = site.sandbox.settings["TOKENWARD_OPEN_URL"].rstrip("/") + "/app"

    class Group(OperationGroup):
        whose = bind_property(Operation, name="whose", method="GET", path="/whose")

    class Client(APIGatewayClient):
        _api_name = "desk"
        api = bind_property(Group, name="api")

        def __init__(self, **options):
            super().__init__(endpoint=gateway, **options)

    settings = {
        "BK_APP_CODE": site.variables["SITE_APP"],
        "BK_APP_SECRET": site.variables["SITE_SECRET"],
    }
    site.sandbox.control("rules", {"keep_requests": True}, method="PATCH")
    with settings_override(**settings):
        yield site, Client


def sent(site):
    """The header of the last call of the gateway, and who it says is calling."""
    calls = [one for one in site.sandbox.control("requests")["requests"] if "/whose" in one["line"]]
    [header] = [value for name, value in calls[-1]["headers"] if name.lower() == "x-bkapi-authorization"]
    return json.loads(header)


def by_name(site, user):
    """The app's own rights, and the bare name of a user."""
    app, secret = site.variables["SITE_APP"], site.variables["SITE_SECRET"]
    return {"bk_app_code": app, "bk_app_secret": secret, "bk_username": user}


def test_a_call_in_a_users_name_carries_that_users_token_and_nothing_beside_it(desk):
    from bkapi_client_core.django_helper import get_client_by_request, get_client_by_username

    site, client = desk
    answer = get_client_by_request(client, site.request("alice")).api.whose()
    assert answer["data"]["user"]["username"] == "alice"
    row = bkoauth.get_access_token_by_user("alice")
    assert sent(site) == {"access_token": row.access_token}
    answer = get_client_by_username(client, "alice").api.whose()
    assert answer["data"]["user"]["username"] == "alice" and sent(site) == {"access_token": row.access_token}


def test_a_failure_is_not_turned_into_the_apps_own_rights(desk, settings_override, log):
    from bkapi_client_core.django_helper import get_client_by_request, get_client_by_username

    site, client = desk
    with pytest.raises(TokenNotExist) as told:
        get_client_by_username(client, "nobody")
    assert told.value.code == "TW0401"
    with pytest.raises(TokenAPIError) as told:
        get_client_by_request(client, site.request("alice", cookies_of="xiaoming"))
    assert told.value.code == "TW0412"
    with settings_override(OAUTH_API_URL="http://127.0.0.1:9"), pytest.raises(TokenAPIError) as told:
        get_client_by_request(client, site.request("alice"))
    assert told.value.code == "TW0502"
    # A logger that is switched off changes nothing about it.
    logging.getLogger("bkapi_client_core.django_helper").disabled = True
    try:
        with pytest.raises(TokenNotExist):
            get_client_by_username(client, "nobody")
    finally:
        logging.getLogger("bkapi_client_core.django_helper").disabled = False
    assert not [one for one in site.sandbox.control("requests")["requests"] if "/whose" in one["line"]]


def test_who_wants_the_old_way_has_it_and_it_is_told(desk, settings_override, log):
    from bkapi_client_core.django_helper import get_client_by_username

    site, client = desk
    with settings_override(TOKENWARD_BKOAUTH_FALLBACK=True):
        get_client_by_username(client, "nobody").api.whose()
    assert sent(site) == by_name(site, "nobody")
    told = [record for record in log.records if "TOKENWARD_BKOAUTH_FALLBACK" in record.getMessage()]
    assert [record.levelno for record in told] == [logging.ERROR] and "TW0401" in told[0].getMessage()


def test_a_site_without_a_token_service_is_as_it_was(desk, settings_override):
    from bkapi_client_core.django_helper import get_client_by_username

    site, client = desk
    with settings_override(OAUTH_API_URL=""):
        get_client_by_username(client, "alice").api.whose()
    assert sent(site) == by_name(site, "alice")


def test_blueapps_gets_the_token_of_the_last_user(site):
    """Its helper takes ``get_access_token_by_user`` out of bkoauth when it is imported."""
    pytest.importorskip("blueapps")
    program = """
import sys, types
import tokenward
tokenward.install_as_bkoauth()
import blueapps.account
class Users:
    objects = None
    username = "alice"
class All:
    def all(self): return self
    def order_by(self, _): return [Users]
Users.objects = All()
blueapps.account.get_user_model = lambda: Users
from blueapps.utils.sites.ieod import get_component_client_common_args
import django
django.setup()
import bkoauth
class Request:
    META, session, GET = {}, {}, {}
    COOKIES = {"bk_token": "bk_token-of-alice"}
    user = Users
bkoauth.get_access_token(Request)
print(get_component_client_common_args()["access_token"])
"""
    token = site.run(program, BK_APP_CONFIG_PATH="bk_config").stdout.strip()
    assert site.whose(token) == "alice"
