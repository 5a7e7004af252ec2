"""A generic OAuth 2.0 client that nobody here wrote (Authlib) against the plain provider and bkauth.

Reads the sandbox's settings as JSON from stdin. `python authlib_test.py VERSION`
"""

import importlib.metadata
import json
import os
import secrets
import sys

# The sandbox is on this machine, without TLS.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session

passed = failed = 0


def check(name, condition, seen=None):
    global passed, failed
    if condition:
        passed += 1
        print(f"ok   authlib: {name}")
    else:
        failed += 1
        print(f"FAIL authlib: {name}: {seen!r}")


def refused(call):
    """The error's word, if the call is refused."""
    try:
        call()
    except OAuthError as error:
        return error.error
    return None


def login(name, settings, where, client_id, client_secret, scope, method):
    """Code with PKCE, refresh with rotation, revocation; as the library does them by itself."""
    turned = []
    session = OAuth2Session(
        client_id,
        client_secret,
        scope=scope,
        redirect_uri=settings["redirect_uri"],
        token_endpoint_auth_method=method,
        code_challenge_method="S256",
        token_endpoint=where["token"],
        update_token=lambda token, refresh_token=None, access_token=None: turned.append(refresh_token),
    )
    session.trust_env = False
    verifier = secrets.token_urlsafe(48)
    url, state = session.create_authorization_url(where["authorize"], code_verifier=verifier)
    # What a browser does, with a user who agrees to everything.
    callback = session.get(url, withhold_token=True, allow_redirects=False).headers["location"]
    check(f"{name} callback", callback.startswith(settings["redirect_uri"]) and f"state={state}" in callback, callback)
    wrong = OAuth2Session(client_id, client_secret, token_endpoint_auth_method=method)
    wrong.trust_env = False
    first = session.fetch_token(where["token"], authorization_response=callback, code_verifier=verifier)
    check(f"{name} code with PKCE", first["token_type"] == "Bearer" and first["refresh_token"], first)
    again = refused(lambda: wrong.fetch_token(where["token"], authorization_response=callback, code_verifier=verifier))
    check(f"{name} a code is good once", again == "invalid_grant", again)

    # That ended the first login, so there is a second.
    url, state = session.create_authorization_url(where["authorize"], code_verifier=verifier)
    callback = session.get(url, withhold_token=True, allow_redirects=False).headers["location"]
    first = dict(session.fetch_token(where["token"], authorization_response=callback, code_verifier=verifier))
    second = dict(session.refresh_token(where["token"]))
    check(f"{name} refresh", second["access_token"] != first["access_token"], second)
    check(f"{name} rotation", second["refresh_token"] != first["refresh_token"], second)

    # The library refreshes by itself when its token has expired.
    session.token = {**second, "expires_at": 1}
    session.ensure_active_token(session.token)
    third = dict(session.token)
    check(f"{name} renewal by itself", third["refresh_token"] != second["refresh_token"] and turned, third)

    answer = session.revoke_token(where["revoke"], token=third["refresh_token"], token_type_hint="refresh_token")
    check(f"{name} revocation", answer.status_code == 200, answer.text)
    dead = refused(lambda: session.refresh_token(where["token"], refresh_token=third["refresh_token"]))
    check(f"{name} revoked for good", dead == "invalid_grant", dead)
    return session


def main():
    settings = json.load(sys.stdin)
    version = importlib.metadata.version("authlib")
    check(f"version {version}", version == sys.argv[1], version)

    plain = settings["plain"]
    reader = OAuth2Session()
    reader.trust_env = False
    said = reader.get(plain["issuer"] + "/.well-known/oauth-authorization-server", withhold_token=True).json()
    openid = reader.get(plain["issuer"] + "/.well-known/openid-configuration", withhold_token=True).json()
    check("discovery", said["issuer"] == plain["issuer"] == openid["issuer"], said)
    check("both documents agree", said["token_endpoint"] == openid["token_endpoint"], openid)
    where = {
        "authorize": said["authorization_endpoint"],
        "token": said["token_endpoint"],
        "revoke": said["revocation_endpoint"],
    }
    for method in ("client_secret_basic", "client_secret_post"):
        check(f"{method} is named", method in said["token_endpoint_auth_methods_supported"], said)
        login(f"plain {method}", settings, where, plain["client_id"], plain["client_secret"], "read profile", method)

    own = OAuth2Session(plain["client_id"], plain["client_secret"], scope="read")
    own.trust_env = False
    token = own.fetch_token(where["token"], grant_type="client_credentials")
    check("plain client credentials", token["access_token"] and "refresh_token" not in token, token)
    asked = own.introspect_token(said["introspection_endpoint"], token=token["access_token"]).json()
    check("plain introspection", asked["active"] and asked["client_id"] == plain["client_id"], asked)
    info = own.get(said["userinfo_endpoint"])
    check("plain userinfo wants a user", info.status_code == 403, info.text)

    blueking = settings["blueking"]
    base = blueking["bkauth"]
    where = {"authorize": base + "/authorize", "token": base + "/token", "revoke": base + "/revoke"}
    login("bkauth", settings, where, blueking["app_code"], blueking["app_secret"], None, "client_secret_post")
    own = OAuth2Session(blueking["app_code"], blueking["app_secret"])
    own.trust_env = False
    word = refused(lambda: own.fetch_token(where["token"], grant_type="client_credentials"))
    check("bkauth knows no client credentials", word == "unsupported_grant_type", word)

    print(f"passed={passed} failed={failed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
