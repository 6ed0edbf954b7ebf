"""The door granian knocks at."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from guildhall.core.stack import with_room

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guildhall.config.settings")
application = with_room(get_wsgi_application())
# Load all pages now: else the first person waits for it, and a mistake in one shows only then.
_ = get_resolver().url_patterns
