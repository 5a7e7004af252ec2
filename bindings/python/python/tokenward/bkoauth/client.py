"""The client and the site's own one, :data:`oauth_client`.

Enters: requests, names, rows. Leaves: rows with a good access token. The engine makes and refreshes the tokens; the table is brought up to date
with what it handed out (:mod:`._mirror`). An instance holds settings and nothing of any request.
"""

import logging
import time

from tokenward.errors import chosen

from . import _engine, _fallback, _mirror, _suspects, django_conf
from .exceptions import TokenException, TokenNotExist, of_request

LOG = logging.getLogger("component")


class _Setting:
    """An attribute that is a setting until something is assigned to it."""

    def __init__(self, read):
        self.read = read

    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        given = instance.__dict__.get(self.name)
        return self.read() if given is None else given

    def __set__(self, instance, value):
        instance.__dict__[self.name] = value

    def __delete__(self, instance):
        instance.__dict__.pop(self.name, None)


class BaseOAuthClient:
    """One app at one token service. What is not given is read from the settings at each call."""

    dialect = None
    app_code = _Setting(lambda: django_conf.BKAUTH_TOKEN_APP_CODE)
    secret_key = _Setting(lambda: django_conf.BKAUTH_TOKEN_SECRET_KEY)
    env_name = _Setting(lambda: django_conf.ENV_NAME)
    need_new_token = _Setting(lambda: django_conf.OAUTH_NEED_NEW_TOKEN)
    api_url = _Setting(lambda: django_conf.OAUTH_API_URL)
    auth_cookies_params = _Setting(lambda: django_conf.OAUTH_COOKIES_PARAMS)
    auth_params = _Setting(lambda: django_conf.OAUTH_PARAMS)

    def __init__(self, api_url=None, auth_cookies_params=None, **auth_params):
        self.api_url = api_url
        self.auth_cookies_params = auth_cookies_params
        self.auth_params = dict(auth_params) if api_url is not None or auth_params else None

    @property
    def is_enabled(self):
        return bool(django_conf.IS_BKOAUTH_IN_INSTALLED_APPS and self.api_url and self.auth_cookies_params)

    def get_app_access_token(self):
        return self._told(self._serve, None, lambda client: client.of_app())

    def get_access_token(self, request):
        return self._told(self._of_request, request)

    def get_access_token_by_user(self, user_id):
        return self._told(self._of_user, user_id)

    def refresh_token(self, token):
        return self._told(self._refresh, token)

    def _of_request(self, request):
        user = _engine.user_of(request)
        if user is None:
            raise of_request(_engine.nobody())
        app = self._app()
        parts = _engine.parts(app, request)
        return self._serve(str(user), lambda client: client.by_request(parts), app, request)

    def _of_user(self, user_id):
        if user_id is None or not str(user_id).strip():
            raise _engine.nobody()
        user = str(user_id)
        return self._serve(user, lambda client: client.by_user(user))

    def _refresh(self, token):
        user = token.user_id
        if user is not None and not user.strip():
            raise _engine.nobody()
        shown = token.access_token

        def newer(client):
            present = client.of_app() if user is None else client.by_user(user)
            # Whoever holds an older one is given the one that took its place.
            return client.refresh(present) if present.access_token == shown else present

        row = self._serve(user, newer)
        for field in ("access_token", "expires", "refresh_token", "scope", "extra"):
            setattr(token, field, getattr(row, field))
        if token.pk is None:
            token.pk = row.pk
        return token

    def _serve(self, user, ask, app=None, request=None):
        app = app or self._app()
        try:
            row = _mirror.serve(app, _engine.client(app), user, ask)
        except TokenException as error:
            raise self._refused(app, error, request)
        _engine.served(app)
        return row

    @staticmethod
    def _refused(app, error, request):
        _engine.refused(app, error)
        named = _suspects.name(error, app, request, lambda: _engine.client(app).home)
        return named if request is None else of_request(named)

    def _app(self):
        return _engine.at_its_service(self._app_as_set())

    def _app_as_set(self):
        if self.dialect is None:
            raise NotImplementedError("use OAuthClient or OAuthClientEE")
        return _engine.app_of(
            self.app_code, self.secret_key, self.api_url, self.dialect, self.env_name, self.auth_cookies_params, self.auth_params
        )

    def _get_app_access_token_data(self):
        return self._told(self._data, lambda client: client.of_app())

    def _get_access_token_data(self, request):
        if _engine.user_of(request) is None:
            return self._told(self._raise, of_request(_engine.nobody()))
        app = self._app()
        parts = _engine.parts(app, request)
        return self._told(self._data, lambda client: client.by_request(parts), app, request)

    def _get_refresh_token_data(self, refresh_token, env_name=None):
        refused = TokenNotExist(
            "a refresh token is not sent by hand: refresh_token(row) refreshes a login",
            code="TW0200",
            kept="nothing was sent",
            exit=2,
        )
        return self._told(self._raise, refused)

    def _data(self, ask, app=None, request=None):
        app = app or self._app()
        try:
            token = _engine.call(lambda: ask(_engine.client(app)))
        except TokenException as error:
            raise self._refused(app, error, request)
        _engine.served(app)
        left = max(0, int(token.expires_at - time.time()))
        return {"access_token": token.access_token, "expires_in": left, "refresh_token": "", "scope": token.scope or ""}

    @staticmethod
    def _raise(error):
        raise error

    @staticmethod
    def _told(work, *arguments):
        """A failure is logged where it happens: callers are known that swallow it."""
        try:
            return work(*arguments)
        except TokenException as error:
            # That a user is not logged in is everyday; a setting that is wrong is not.
            is_everyday = isinstance(error, TokenNotExist) and error.setting is None
            LOG.log(logging.WARNING if is_everyday else logging.ERROR, chosen("no access token: %s", "没有取得访问令牌：%s"), error)
            _fallback.watch()
            raise


class OAuthClient(BaseOAuthClient):
    """At the auth api of the internal editions."""

    dialect = "auth-api"


class OAuthClientEE(BaseOAuthClient):
    """At SSM, as the enterprise and community editions have it."""

    dialect = "ssm"


_of_site = {True: OAuthClientEE(), False: OAuthClient()}


def __getattr__(name):
    if name == "oauth_client":
        # Which one is a setting, and may be set after this was imported.
        return _of_site[django_conf.BACKEND_TYPE == "bk_token"]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
