"""What gunicorn loads."""

import tokenward

tokenward.install_as_bkoauth()

from django.core.wsgi import get_wsgi_application  # noqa: E402

application = get_wsgi_application()
