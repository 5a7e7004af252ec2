"""The Django app: label ``bkoauth``, whatever name it is imported under."""

from django.apps import AppConfig


class BkoauthConfig(AppConfig):
    name = __name__.rpartition(".")[0]
    label = "bkoauth"
    verbose_name = "bkoauth (Tokenward)"
    default_auto_field = "django.db.models.AutoField"

    def ready(self):
        from . import _init_function

        _init_function()
