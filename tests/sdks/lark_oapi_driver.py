"""Drives the official Python SDK through a login's life on the sandbox whose settings are in the environment."""

import base64
import hashlib
import os
import secrets
import urllib.error
import urllib.parse
import urllib.request
from importlib.metadata import version

import lark_oapi as lark
from lark_oapi.api.auth.v3 import InternalTenantAccessTokenRequest, InternalTenantAccessTokenRequestBody
from lark_oapi.api.authen.v1 import (
    CreateOidcAccessTokenRequest,
    CreateOidcAccessTokenRequestBody,
    CreateOidcRefreshAccessTokenRequest,
    CreateOidcRefreshAccessTokenRequestBody,
    GetUserInfoRequest,
)
from lark_oapi.core.exception import AccessTokenException

OPEN, ACCOUNTS = os.environ["TOKENWARD_OPEN_URL"], os.environ["TOKENWARD_ACCOUNTS_URL"]
APP_ID, APP_SECRET = os.environ["TOKENWARD_APP_ID"], os.environ["TOKENWARD_APP_SECRET"]
REDIRECT = os.environ["TOKENWARD_REDIRECT_URI"]
SDK = f"lark-oapi {version('lark-oapi')}"


class Stay(urllib.request.HTTPRedirectHandler):
    """The last redirect leads to the callback, whose address is what is wanted."""

    def redirect_request(self, request, fp, code, message, headers, url):
        return None if url.startswith(REDIRECT) else super().redirect_request(request, fp, code, message, headers, url)


def consent(**more):
    """A code from the consent page, which consents by itself."""
    state = secrets.token_urlsafe(12)
    query = urllib.parse.urlencode({
        "client_id": APP_ID, "response_type": "code", "redirect_uri": REDIRECT, "state": state,
        "scope": "offline_access", **more,
    })
    try:
        urllib.request.build_opener(Stay).open(f"{ACCOUNTS}/open-apis/authen/v1/authorize?{query}")
        raise AssertionError("the consent page did not redirect")
    except urllib.error.HTTPError as redirect:
        answer = urllib.parse.parse_qs(urllib.parse.urlsplit(redirect.headers["Location"]).query)
    assert answer["state"] == [state]
    return answer["code"][0]


def ok(what):
    print(f"   ok  {SDK}: {what}", flush=True)


def data(response):
    assert response.success(), f"{response.code} {response.msg}"
    return response.data


def client_builder():
    builder = lark.Client.builder().app_id(APP_ID).app_secret(APP_SECRET).log_level(lark.LogLevel.ERROR)
    return builder.domain(OPEN).oauth_base_url(ACCOUNTS)


client = client_builder().build()
# The SDK wants to be told that tokens will be given to it.
user_client = client_builder().enable_set_token(True).build()


def who(access_token):
    option = lark.RequestOption.builder().user_access_token(access_token).build()
    return data(user_client.authen.v1.user_info.get(GetUserInfoRequest.builder().build(), option))


verifier = secrets.token_urlsafe(48)
challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
first = client.access_token.retrieve_by_authorization_code(
    consent(code_challenge=challenge, code_challenge_method="S256"), redirect_uri=REDIRECT, code_verifier=verifier)
assert first.access_token and first.refresh_token and first.expires_in and first.refresh_token_expires_in
ok("v3 code exchange with PKCE")

second = client.access_token.refresh(first.refresh_token)
assert second.access_token != first.access_token and second.refresh_token != first.refresh_token
ok("v3 refresh")

try:
    client.access_token.refresh(first.refresh_token)
    raise AssertionError("a used refresh token was accepted")
except AccessTokenException as refused:
    assert refused.code in (20064, 20073), refused
ok("v3 refuses a used refresh token")

assert who(second.access_token).open_id.startswith("ou_")
ok("user_info")

body = CreateOidcAccessTokenRequestBody.builder().grant_type("authorization_code").code(consent()).build()
first = data(client.authen.v1.oidc_access_token.create(CreateOidcAccessTokenRequest.builder().request_body(body).build()))
assert first.refresh_token and first.refresh_expires_in > 7 * 86400
ok("OIDC v1 code exchange")

body = (CreateOidcRefreshAccessTokenRequestBody.builder().grant_type("refresh_token")
        .refresh_token(first.refresh_token).build())
request = CreateOidcRefreshAccessTokenRequest.builder().request_body(body).build()
second = data(client.authen.v1.oidc_refresh_access_token.create(request))
assert second.refresh_token != first.refresh_token and who(second.access_token).open_id
ok("OIDC v1 refresh")
again = client.authen.v1.oidc_refresh_access_token.create(request)
assert not again.success() and again.code in (20026, 20038), again.code
ok("OIDC v1 refuses a used refresh token")

body = InternalTenantAccessTokenRequestBody.builder().app_id(APP_ID).app_secret(APP_SECRET).build()
tenant = client.auth.v3.tenant_access_token.internal(InternalTenantAccessTokenRequest.builder().request_body(body).build())
assert tenant.success() and b"tenant_access_token" in tenant.raw.content
ok("tenant token")
