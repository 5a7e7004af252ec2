"""The ``config`` of a program made with blueapps."""

import os

from bk_settings import APP_CODE, RUN_VER, SECRET_KEY  # noqa: F401

BASE_DIR = os.path.dirname(os.path.abspath(__file__))
BK_URL = "http://127.0.0.1:9"
