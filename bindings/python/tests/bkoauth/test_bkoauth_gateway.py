"""Calls that come in from the API gateway: ``JWTClient`` and ``apigw_required``."""

import base64
import json
import time

import pytest

jwt = pytest.importorskip("jwt")
pytest.importorskip("cryptography")

from bkoauth.decorators import apigw_required  # noqa: E402
from bkoauth.jwt_client import JWTClient  # noqa: E402
from bkoauth.utils import FancyDict, get_client_ip, transform_uin  # noqa: E402


def keys():
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


PRIVATE, PUBLIC = keys()
OTHER_PRIVATE, OTHER_PUBLIC = keys()


class Request:
    def __init__(self, token, **meta):
        self.META = {"HTTP_X_BKAPI_JWT": token, **meta}


def statement(key=PRIVATE, algorithm="RS512", **claims):
    payload = {
        "iss": "APIGW",
        "nbf": time.time() - 300,
        "exp": time.time() + 600,
        "app": {"app_code": "desk", "verified": True},
        "user": {"username": "alice", "verified": True},
        **claims,
    }
    return jwt.encode(payload, key, algorithm=algorithm, headers={"kid": "desk"})


@apigw_required
def view(request):
    return request.jwt.user.username


@pytest.fixture(autouse=True)
def key_set(settings_override):
    with settings_override(APIGW_PUBLIC_KEY=PUBLIC):
        yield


def test_what_the_gateway_signed_is_believed():
    for algorithm in ("RS512", "RS256"):
        client = JWTClient(Request(statement(algorithm=algorithm)))
        assert client.is_valid and client.user.username == "alice" and client.app.app_code == "desk"
        assert client.payload["iss"] == "APIGW" and client.headers["kid"] == "desk" and client.error_message == ""
    assert JWTClient(Request(statement(aud="somebody"))).is_valid
    assert view(Request(statement())) == "alice"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "no statement",
        statement(OTHER_PRIVATE),
        statement(exp=time.time() - 10),
        statement(nbf=time.time() + 600),
        jwt.encode({"user": {"username": "alice"}}, "", algorithm="none"),
        jwt.encode({"user": {"username": "alice"}}, "a secret of thirty-two characters", algorithm="HS256"),
    ],
    ids=["nothing", "no statement", "another's key", "over", "not yet", "unsigned", "signed with a shared secret"],
)
def test_nothing_else_is(token):
    request = Request(token)
    client = JWTClient(request)
    assert not client.is_valid and client.error_message and client.payload == {} and client.user == {}
    answer = view(request)
    assert answer.status_code == 200 and json.loads(answer.content)["result"] is False


def test_a_key_that_came_with_the_request_proves_nothing(settings_override):
    """bkoauth lets whoever sends a key along be any user."""
    forged = Request(
        statement(OTHER_PRIVATE), HTTP_X_BKAPI_PUBLIC_KEY=base64.b64encode(OTHER_PUBLIC.encode()).decode()
    )
    assert not JWTClient(forged).is_valid
    with settings_override(APIGW_PUBLIC_KEY=""):
        client = JWTClient(forged)
        assert not client.is_valid and "APIGW_PUBLIC_KEY" in client.error_message
    with settings_override(TOKENWARD_BKOAUTH_KEY_FROM_HEADER=True):
        assert JWTClient(forged).is_valid


def test_small_things():
    assert transform_uin("o0123") == "123" and transform_uin("o12") == "o12"
    found = FancyDict(a=1)
    found.b = 2
    assert found.a == 1 and found["b"] == 2
    del found.b
    with pytest.raises(AttributeError):
        found.b
    request = Request("", HTTP_X_FORWARDED_FOR="10.0.0.1", REMOTE_ADDR="10.0.0.2")
    assert get_client_ip(request) == "10.0.0.1"
