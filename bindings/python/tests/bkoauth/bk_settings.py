"""The settings of the site under test. What a test wants otherwise comes by variables, since child processes read them too."""

import json
import os

SECRET_KEY = os.environ.get("SITE_SECRET", "demo-secret")
APP_CODE = os.environ.get("SITE_APP", "demo-app")
RUN_MODE = "PRODUCT"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    os.environ.get("SITE_BKOAUTH", "bkoauth"),
]
# A server of a test's own, as JSON; or a file.
SERVER = json.loads(os.environ.get("SITE_SERVER", "null"))
DATABASES = {
    "default": SERVER
    or {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("SITE_DATABASE", ":memory:"),
        "OPTIONS": {"timeout": 30},
        # The tests' own database is the file, so that threads and processes share it.
        "TEST": {"NAME": os.environ.get("SITE_DATABASE")},
    }
}
if SERVER and SERVER["ENGINE"].endswith("mysql"):
    import pymysql

    # Django asks for a version of mysqlclient.
    pymysql.version_info = (2, 2, 7, "final", 0)
    pymysql.install_as_MySQLdb()
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF = "bk_urls"
ALLOWED_HOSTS = ["*"]
USE_TZ = os.environ.get("SITE_USE_TZ", "1") == "1"
OAUTH_API_URL = os.environ.get("SITE_URL", "")
BKAUTH_BACKEND_TYPE = os.environ.get("SITE_BACKEND", "bk_token")
OAUTH_COOKIES_PARAMS = json.loads(os.environ.get("SITE_COOKIES", '{"bk_token": "bk_token"}'))
EXPIRES_SECONDS = 3600
DESK_API = os.environ.get("SITE_GATEWAY", "")
# Of blueapps.
RUN_VER = "open"
BK_LOGIN_URL = BK_LOGIN_INNER_URL = BK_PAAS_HOST = BK_PAAS_INNER_HOST = "http://127.0.0.1:9"
