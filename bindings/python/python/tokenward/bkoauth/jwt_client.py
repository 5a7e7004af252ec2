"""What the API gateway says about a caller, in a signed header.

The key is ``APIGW_PUBLIC_KEY``. The one that ``bkoauth`` takes from the header ``X-Bkapi-Public-Key`` comes from whoever sent the request:
with it anybody who reaches the program directly is any user. ``TOKENWARD_BKOAUTH_KEY_FROM_HEADER = True`` takes it all the same, for a
program that nothing but the gateway can reach. Signatures are RSA's; no other algorithm is taken, whatever the header says.
"""

import base64
import binascii
import logging

from django.http import JsonResponse

from . import django_conf
from .utils import FancyDict

LOG = logging.getLogger("component")


class JWTClient:
    JWT_KEY_NAME = "HTTP_X_BKAPI_JWT"
    JWT_PUBLIC_KEY_HEADER_NAME = "HTTP_X_BKAPI_PUBLIC_KEY"
    ALGORITHM = "RS512"
    ALGORITHMS = ("RS512", "RS384", "RS256")

    def __init__(self, request):
        self.request = request
        self.raw_content = request.META.get(self.JWT_KEY_NAME, "")
        self.error_message = ""
        self.is_valid = False
        self.payload = {}
        self.headers = {}
        self.get_jwt_info()
        self.app = self.get_app_model()
        self.user = self.get_user_model()

    def get_app_model(self):
        return FancyDict(self.payload.get("app") or {})

    def get_user_model(self):
        return FancyDict(self.payload.get("user") or {})

    def get_jwt_info(self):
        """Reads the header. What is wrong with it is in ``error_message``."""
        try:
            import cryptography  # noqa: F401
            import jwt
        except ImportError:
            self.error_message = "PyJWT and cryptography are needed to check X-Bkapi-Jwt: pip install pyjwt cryptography"
            return False
        if not self.raw_content:
            self.error_message = "the request has no header X-Bkapi-Jwt: it did not come through the API gateway"
            return False
        key = self._get_jwt_public_key()
        if not key:
            self.error_message = "the setting APIGW_PUBLIC_KEY is empty: put the gateway's public key there"
            return False
        try:
            headers = jwt.get_unverified_header(self.raw_content)
            # The gateway names no audience that a program could know.
            payload = jwt.decode(self.raw_content, key, algorithms=list(self.ALGORITHMS), options={"verify_aud": False})
        except jwt.exceptions.ExpiredSignatureError:
            self.error_message = "X-Bkapi-Jwt has ended"
        except jwt.exceptions.ImmatureSignatureError:
            self.error_message = "X-Bkapi-Jwt is from the future: compare the clocks"
        except jwt.exceptions.InvalidKeyError:
            self.error_message = "APIGW_PUBLIC_KEY is no public key"
        except jwt.exceptions.PyJWTError:
            self.error_message = "X-Bkapi-Jwt is not signed by the gateway's key"
        except (ValueError, TypeError):
            self.error_message = "X-Bkapi-Jwt or APIGW_PUBLIC_KEY cannot be read"
        else:
            self.headers, self.payload, self.is_valid = headers, payload, True
        return self.is_valid

    def _get_jwt_public_key(self):
        sent = self.request.META.get(self.JWT_PUBLIC_KEY_HEADER_NAME, "")
        if sent and django_conf.KEY_FROM_HEADER:
            try:
                return base64.b64decode(sent, validate=True)
            except (binascii.Error, ValueError):
                pass
        return django_conf.APIGW_PUBLIC_KEY

    def __repr__(self):
        return f"<JWTClient is_valid={self.is_valid}>"


def jwt_invalid_view(request):
    """The answer where the statement is not good: HTTP 200, as ``bkoauth`` gives it."""
    LOG.warning("a call without a good X-Bkapi-Jwt: %s", request.jwt.error_message)
    return JsonResponse({"result": False, "data": None, "message": request.jwt.error_message})
