"""The official Python SDK against the sandbox: nothing is changed but the domains.

Reads the sandbox's settings as JSON from stdin. `python lark_oapi_test.py VERSION`
"""

import importlib.metadata
import json
import sys
import urllib.error
import urllib.parse
import urllib.request

import lark_oapi as lark
from lark_oapi.api.authen.v1 import (
    CreateAccessTokenRequest,
    CreateAccessTokenRequestBody,
    CreateOidcAccessTokenRequest,
    CreateOidcAccessTokenRequestBody,
    CreateOidcRefreshAccessTokenRequest,
    CreateOidcRefreshAccessTokenRequestBody,
    CreateRefreshAccessTokenRequest,
    CreateRefreshAccessTokenRequestBody,
    GetUserInfoRequest,
)
from lark_oapi.api.wiki.v2 import ListSpaceRequest
from lark_oapi.core.exception import AccessTokenException, ObtainAccessTokenException

passed = failed = 0


def check(name, condition, seen=None):
    global passed, failed
    if condition:
        passed += 1
        print(f"ok   lark-oapi: {name}")
    else:
        failed += 1
        print(f"FAIL lark-oapi: {name}: {seen!r}")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def authorization_code(brand, app_id, redirect_uri, scope):
    """What a browser does, with a user who agrees to everything."""
    query = urllib.parse.urlencode(
        {"client_id": app_id, "response_type": "code", "redirect_uri": redirect_uri, "scope": scope, "state": "s"},
        quote_via=urllib.parse.quote,
    )
    opener = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))
    try:
        opener.open(f"{brand['accounts']}/open-apis/authen/v1/authorize?{query}")
    except urllib.error.HTTPError as answer:
        if answer.code != 302:
            raise
        return urllib.parse.parse_qs(urllib.parse.urlparse(answer.headers["location"]).query)["code"][0]
    raise AssertionError("the authorization page did not redirect")


def client_of(brand, app_id, app_secret, app_type=lark.AppType.SELF):
    return (
        lark.Client.builder()
        .app_id(app_id)
        .app_secret(app_secret)
        .app_type(app_type)
        .domain(brand["open"])
        .oauth_base_url(brand["accounts"])
        .enable_set_token(True)
        .log_level(lark.LogLevel.ERROR)
        .build()
    )


def with_user(token):
    return lark.RequestOption.builder().user_access_token(token).build()


def run(name, brand, settings):
    user, redirect_uri = settings["user"], settings["redirect_uri"]
    client = client_of(brand, brand["app_id"], brand["app_secret"])
    scope = "offline_access auth:user.id:read wiki:wiki"

    def code():
        return authorization_code(brand, brand["app_id"], redirect_uri, scope)

    def is_user(token):
        answer = client.authen.v1.user_info.get(GetUserInfoRequest.builder().build(), with_user(token))
        return answer.success() and answer.data.name == user["name"] and answer.data.open_id.startswith("ou_")

    # v3
    tokens = client.access_token.retrieve_by_authorization_code(code(), redirect_uri=redirect_uri)
    check(f"{name} v3 exchange", tokens.refresh_token and tokens.expires_in == 7200, tokens)
    check(f"{name} v3 scope", tokens.scope == "auth:user.id:read offline_access wiki:wiki", tokens.scope)
    check(f"{name} v3 user_info", is_user(tokens.access_token))
    turned = client.access_token.refresh(tokens.refresh_token)
    check(f"{name} v3 refresh", turned.refresh_token != tokens.refresh_token and is_user(turned.access_token))
    try:
        client.access_token.refresh(tokens.refresh_token)
        check(f"{name} v3 replay is refused", False, "it was taken")
    except AccessTokenException as error:
        check(f"{name} v3 replay is refused", "20064" in str(vars(error)), vars(error))

    # OIDC v1
    body = CreateOidcAccessTokenRequestBody.builder().grant_type("authorization_code").code(code()).build()
    answer = client.authen.v1.oidc_access_token.create(CreateOidcAccessTokenRequest.builder().request_body(body).build())
    check(f"{name} oidc v1 exchange", answer.success() and answer.data.refresh_expires_in == 2591999, answer.msg)
    check(f"{name} oidc v1 user_info", is_user(answer.data.access_token))

    def oidc_refresh(token):
        body = CreateOidcRefreshAccessTokenRequestBody.builder().grant_type("refresh_token").refresh_token(token).build()
        return client.authen.v1.oidc_refresh_access_token.create(
            CreateOidcRefreshAccessTokenRequest.builder().request_body(body).build()
        )

    turned = oidc_refresh(answer.data.refresh_token)
    check(f"{name} oidc v1 refresh", turned.success() and is_user(turned.data.access_token), turned.msg)
    replay = oidc_refresh(answer.data.refresh_token)
    check(f"{name} oidc v1 replay is refused", replay.code == 20038, replay.code)

    # legacy v1
    body = CreateAccessTokenRequestBody.builder().grant_type("authorization_code").code(code()).build()
    answer = client.authen.v1.access_token.create(CreateAccessTokenRequest.builder().request_body(body).build())
    check(f"{name} legacy v1 exchange", answer.success() and answer.data.name == user["name"], answer.msg)
    body = (
        CreateRefreshAccessTokenRequestBody.builder()
        .grant_type("refresh_token")
        .refresh_token(answer.data.refresh_token)
        .build()
    )
    turned = client.authen.v1.refresh_access_token.create(
        CreateRefreshAccessTokenRequest.builder().request_body(body).build()
    )
    check(f"{name} legacy v1 refresh", turned.success() and is_user(turned.data.access_token), turned.msg)

    # Tenant tokens: the SDK fetches them by itself.
    spaces = client.wiki.v2.space.list(ListSpaceRequest.builder().build())
    check(f"{name} tenant token, self-built app", spaces.success() and len(spaces.data.items) == 1, spaces.msg)
    store = client_of(brand, brand["store_app_id"], brand["store_app_secret"], lark.AppType.ISV)
    option = (
        lark.RequestOption.builder().app_ticket(brand["store_app_ticket"]).tenant_key(user["tenant_key"]).build()
    )
    spaces = store.wiki.v2.space.list(ListSpaceRequest.builder().build(), option)
    check(f"{name} tenant token, store app", spaces.success(), spaces.msg)

    bad = client.authen.v1.user_info.get(GetUserInfoRequest.builder().build(), with_user("eyJ.made.up"))
    check(f"{name} user_info refuses a made-up token", bad.code == 20005, bad.code)
    # An app of its own: the SDK caches tenant tokens by app id for the whole process.
    stranger = client_of(brand, "cli_nobody", "wrong")
    try:
        stranger.wiki.v2.space.list(ListSpaceRequest.builder().build())
        check(f"{name} tenant token is refused to strangers", False, "it was given")
    except ObtainAccessTokenException as error:
        check(f"{name} tenant token is refused to strangers", "10003" in str(vars(error)), vars(error))


def main():
    settings = json.load(sys.stdin)
    version = importlib.metadata.version("lark-oapi")
    check(f"version {version} is the pinned one", version == sys.argv[1], version)
    for name, brand in settings["brands"].items():
        run(name, brand, settings)


try:
    main()
except Exception as error:  # a crash is a failed check, with its reason
    import traceback

    traceback.print_exc()
    check("the script ran to its end", False, error)
print(f"passed={passed} failed={failed}")
sys.exit(1 if failed else 0)
