"""The table ``bkoauth_access_token``, a copy of what the vault holds for those who read it.

The engine reads none of it as truth. ``refresh_token`` is empty in a row that is kept here, since whoever refreshed with it would end the
login. ``extra`` holds the mark of the vault that wrote the row.
"""

import datetime

from django.db import models
from django.utils import timezone

from . import django_conf


class AccessToken(models.Model):
    access_token = models.CharField("access token", max_length=255, unique=True)
    expires = models.DateTimeField("end of the access token")
    refresh_token = models.CharField("refresh token", max_length=255, null=True, blank=True)
    scope = models.TextField("scopes", null=True, blank=True)
    env_name = models.CharField("environment", max_length=255, db_index=True)
    user_id = models.CharField("user", max_length=64, null=True, blank=True, db_index=True)
    created_at = models.DateTimeField("created", auto_now_add=True)
    extra = models.TextField("mark of the keeper", null=True, blank=True)

    class Meta:
        app_label = "bkoauth"
        db_table = "bkoauth_access_token"
        verbose_name = "AccessToken"
        verbose_name_plural = "AccessToken"

    def __str__(self):
        """Without the token: this ends in logs."""
        return f"access token of {'the app' if self.user_id is None else 'the user ' + repr(self.user_id)}"

    @property
    def expires_soon(self):
        """Whether it ends within ``EXPIRES_SECONDS``."""
        return self.expires - self.now() < datetime.timedelta(seconds=django_conf.EXPIRES_SECONDS)

    def set_expires(self, expires_in):
        self.expires = self.now() + datetime.timedelta(seconds=expires_in)

    def now(self):
        return timezone.now()
