"""A failure is not turned into the app's own rights.

``bkapi_client_core`` catches whatever ``get_access_token`` raises, writes a line to its log and goes on with the app's secret and the bare
name of the user: a request that is another's in rights. Nothing that is raised passes its ``except Exception``. What it does in there is call
its module's ``logger``; so that one is wrapped, and raises the failure again. With ``TOKENWARD_BKOAUTH_FALLBACK = True`` it does not, and the
going on is logged as an error.

A site without a token service (``OAUTH_API_URL`` empty) has no keeper that could fail: there everything is as it was.
"""

import logging
import sys

from . import django_conf
from .exceptions import TokenException

LOG = logging.getLogger("component")
MODULE = "bkapi_client_core.django_helper"


def watch():
    """Called when a failure is about to leave: whoever would swallow it has been imported by then."""
    module = sys.modules.get(MODULE)
    logger = getattr(module, "logger", None)
    if logger is not None and not isinstance(logger, _Watched):
        module.logger = _Watched(logger)


class _Watched:
    """A logger that does not let a failure pass in silence."""

    def __init__(self, logger):
        self._logger = logger

    def __getattr__(self, name):
        return getattr(self._logger, name)

    def warning(self, message, *arguments, **options):
        failure = sys.exc_info()[1]
        if isinstance(failure, TokenException) and django_conf.OAUTH_API_URL:
            if not django_conf.FALLBACK:
                raise failure
            LOG.error(
                "bkapi_client_core goes on with the app's secret in the place of the user's token, as TOKENWARD_BKOAUTH_FALLBACK "
                "permits: %s",
                failure,
            )
        self._logger.warning(message, *arguments, **options)

    # What else a newer version may write it with.
    error = exception = warning
